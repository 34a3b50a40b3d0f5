"""What people learn: marketers from returned dispositions, sellers from the leads they work.

Only pursued leads teach (an unpursued one says nothing about the lead), unless an
audit looks at some of the others. Beliefs are logistic in the score, two coefficients
per marketer, updated by an extended Kalman step.
"""

from __future__ import annotations

from typing import Any

from sim.compiled import compiled
from sim.draws import Stream, uniform
from sim.rules.arithmetic import logit, sigmoid
from sim.rules.lists import append, dispositions_of, remove
from sim.rules.scoring import CENTER, SCALE, forget_scores, read_intent, set_low_bar
from sim.state import N_RETURNED, VIABLE, WON

RETURN = int(Stream.DISPOSITION_RETURN)
LEAST_WEIGHT = 0.02  # neither fit nor intent ever leaves the score


@compiled
def trust_lead(w: Any, lead: Any) -> None:
    """Trust of who first called a lead moves towards what it turned out to be (viable or not)."""
    caller = w.sellers[lead.developer if lead.developer >= 0 else lead.seller]
    rate = 1.0 - 0.5 ** (1.0 / w.params[0].trust_half_life)
    good = 1.0 if lead.marks & VIABLE else 0.0
    caller.trust += rate * (good - caller.trust)


@compiled
def report_back(w: Any, index: int) -> None:
    """A pursued marketing lead's fate is decided: sales has learnt from it, perhaps somebody tells marketing."""
    lead = w.leads[index]
    if lead.marketer < 0:
        return
    trust_lead(w, lead)
    if uniform(w.keys[RETURN], lead.key, 0) < w.params[0].feedback:
        append(w.leads, w.lists[dispositions_of(w.org[0])], index)


@compiled
def report_audit(w: Any, index: int) -> None:
    """An unpursued lead expired: perhaps it is checked what it would have been."""
    lead = w.leads[index]
    if uniform(w.keys[RETURN], lead.key, 1) < w.params[0].audit_share:
        append(w.leads, w.lists[dispositions_of(w.org[0])], index)


@compiled
def learn(m: Any, score: float, outcome: float, weight: float) -> None:
    """One extended Kalman step on P(opportunity | pursued, score) = σ(a + b·z)."""
    z = (score - CENTER) / SCALE
    chance = sigmoid(m.belief_a + m.belief_b * z)
    slope = chance * (1.0 - chance)
    # Gain for an observation of variance slope / weight.
    ga = (m.belief_aa + m.belief_ab * z) * slope
    gb = (m.belief_ab + m.belief_bb * z) * slope
    variance = slope * (ga + gb * z) + slope / weight
    if variance <= 0.0:
        return
    error = outcome - chance
    ka = ga / variance
    kb = gb / variance
    m.belief_a += ka * error
    m.belief_b += kb * error
    m.belief_aa -= ka * ga
    m.belief_ab -= ka * gb
    m.belief_bb -= kb * gb


@compiled
def read_dispositions(w: Any) -> None:
    """Month end: marketers read what came back: own leads fully, others' as far as visible."""
    p = w.params[0]
    org = w.org[0]
    line = w.lists[dispositions_of(org)]
    n = 0.0
    agreement = 0.0  # of outcomes with what fit said more than intent
    difference = 0.0
    good_ones = 0.0
    opened = 0.0
    wins = 0.0
    w.returned[:, :] = 0.0
    while line.head >= 0:
        index = line.head
        remove(w.leads, line, index)
        lead = w.leads[index]
        pursued = lead.attempts > 0
        good = lead.opened > 0.0 if pursued else (lead.marks & VIABLE) != 0
        outcome = 1.0 if good else 0.0
        score = lead.score - lead.inflation
        m = w.marketers[lead.marketer]
        # Own leads count fully: here what the team's table will not show of them.
        if p.visibility < 1.0:
            learn(m, score, outcome, 1.0 - p.visibility)
        place = min(int(score * N_RETURNED), N_RETURNED - 1)
        w.returned[place, 0] += 1.0
        w.returned[place, 1] += outcome
        if lead.opened > 0.0:
            won = 1.0 if lead.stage == WON else 0.0
            m.win_rate += p.win_rate_learning * (1.0 - p.visibility) * (won - m.win_rate)
            opened += 1.0
            wins += won
        # The scoring model compares what it saw of fit with what it saw of intent.
        more_fit = lead.seen_fit - read_intent(w, lead, logit(lead.intent))
        agreement += outcome * more_fit
        difference += more_fit
        good_ones += outcome
        n += 1.0
    if n > 0.0 and p.visibility > 0.0:
        read_team_table(w, opened, wins)
    if n > 0.0:
        # A gradient step on the log-likelihood of the weight, slower when few came back.
        step = p.score_learning * n / (n + p.score_learning_returns)
        gradient = (agreement - good_ones / n * difference) / n
        org.weight = min(max(org.weight + step * gradient, LEAST_WEIGHT), 1.0 - LEAST_WEIGHT)


@compiled
def read_team_table(w: Any, opened: float, wins: float) -> None:
    """Every marketer reads the team's returns, by score, with the weight of visibility."""
    p = w.params[0]
    for i in range(w.org[0].marketers):
        m = w.marketers[i]
        for place in range(N_RETURNED):
            seen = w.returned[place, 0]
            if seen > 0.0:
                learn(m, (place + 0.5) / N_RETURNED, w.returned[place, 1] / seen, p.visibility * seen)
        if opened > 0.0:
            rate = 1.0 - (1.0 - p.win_rate_learning * p.visibility) ** opened
            m.win_rate += rate * (wins / opened - m.win_rate)


@compiled
def learn_month(w: Any) -> None:
    """Month end: dispositions, beliefs about wins, the score's memory and the low bar."""
    org = w.org[0]
    read_dispositions(w)
    forget_scores(w)
    set_low_bar(w)
    month = w.months[org.month]
    slope = 0.0
    for i in range(org.marketers):
        slope += w.marketers[i].belief_b
    month.belief_slope = slope / org.marketers if org.marketers > 0 else 0.0
    month.weight = org.weight

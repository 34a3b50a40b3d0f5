"""Marketers: a weekly plan, then qualify on demand, nurture, generate, and hand over.

Nothing here says "over-qualify" or "push at month end": a marketer hands a lead over
when it is felt to be worth more now than after further nurture, given pay, beliefs,
the bar in force and integrity. What pay does to bars, nurturing and volume emerges.
"""

from __future__ import annotations

import math
from typing import Any

from sim.compiled import compiled, inlined
from sim.draws import Stream, uniform
from sim.memory import fetch_ahead
from sim.rules.arithmetic import logit, sigmoid
from sim.rules.feeling import feel_marketer
from sim.rules.handover import hand_over
from sim.rules.lists import append, pool_of, queue_of, remove
from sim.rules.nurturing import RAISES, lift_of_touch, news, revealed, touched
from sim.rules.scoring import (
    CENTER,
    SCALE,
    STEEPNESS,
    Standing,
    intent_at,
    reliance,
    remember_score,
    set_bars,
    standing,
    to_score,
)
from sim.rules.winning import deal_hours, project_chance, win_logit
from sim.rules.workload import begin_day, record_event, seconds, spend, touch_hours, volume
from sim.state import (
    AGREED,
    DUPLICATE,
    GENERATING,
    HOUR,
    INTENT_FIELDS,
    MARKETER,
    NURTURING,
    QUALIFYING,
    RECYCLED,
    SEARCH,
    WEEK,
)

RULE = int(Stream.SCORE_RULE)
OWNED_BY_MARKETING = 0
IMPOSSIBLE = 1e12
# A marketer's week is planned on own counts; before there are any, on these many leads of the usual kind.
USUAL_LEADS, USUAL_GAP, LEAST_GAP = 5.0, 0.15, 0.02


@inlined
def believed_opportunity(m: Any, score: float) -> float:
    """Believed chance that a pursued lead of this score becomes an opportunity."""
    return sigmoid(m.belief_a + m.belief_b * (score - CENTER) / SCALE)


@inlined
def until_won(m: Any, cycle: float) -> float:
    """Discount factor to the win of a lead of this cycle, days; 0 for whom no win pays."""
    return m.soon * math.exp(-m.discounting * cycle / 63.0) if m.pays_wins else 0.0


@inlined
def felt_value(w: Any, m: Any, score: float, acv: float, later: float) -> float:
    """Felt euros of handing over a lead of true score ``score``, given it counts as an MQL.

    ``later`` is the discount factor to its win (:func:`until_won`).
    """
    return felt_value_at(w, m, believed_opportunity(m, score), acv, later)


@inlined
def felt_value_at(w: Any, m: Any, chance: float, acv: float, later: float) -> float:
    """:func:`felt_value` where the lead, once pursued, becomes an opportunity with this ``chance``."""
    p = w.params[0]
    org = w.org[0]
    value = m.pay_mql
    accepted = min(1.0, p.accepted_ratio * chance)
    value += org.pursue_rate * m.soon * (m.pay_accepted * accepted + m.pay_opportunity * chance)
    if m.pays_wins:
        value += org.pursue_rate * later * chance * m.win_rate * (m.pay_won + m.pay_acv * acv)
    return value + p.intrinsic * org.reference_mql * chance / org.usual_chance


@inlined
def bar_for(w: Any, lead: Any) -> float:
    """Score at which this lead formally counts as an MQL."""
    return w.org[0].bar_agreed if lead.marks & AGREED else w.org[0].bar


@inlined
def pushing_cost(w: Any, m: Any, lead: Any, gap: float) -> float:
    """Felt cost of passing a lead that is ``gap`` below the bar: only the score's owner can."""
    p = w.params[0]
    if gap <= 0.0:
        return 0.0
    if p.score_owner != OWNED_BY_MARKETING:
        return IMPOSSIBLE
    cost = p.pushing_cost * w.org[0].reference_mql * m.integrity * (1.0 + p.visibility) * gap * gap
    return 2.0 * cost if lead.marks & AGREED else cost


@inlined
def value_now(w: Any, m: Any, lead: Any, score: float, later: float) -> float:
    """Felt euros of handing the lead over at this score, pushed over the bar if need be."""
    cost = pushing_cost(w, m, lead, bar_for(w, lead) - score)
    most = felt_value_at(w, m, 1.0, lead.acv, later)
    if cost >= most:  # not even for a certain opportunity: its chance need not be worked out
        return most - cost
    return felt_value(w, m, score, lead.acv, later) - cost


@inlined
def gain_of_warmth(w: Any, lead: Any) -> float:
    """What one more of the log-odds of intent adds to the weighted reading of this lead's record."""
    p = w.params[0]
    trusted = reliance(p.intent_spread, p.score_noise, lead.fields, INTENT_FIELDS)
    return (1.0 - w.org[0].weight) * trusted / max(p.intent_spread, 1e-9)


@inlined
def score_expected(w: Any, lead: Any, seen: Standing, cold: float) -> float:
    """Score that a marketer expects once touches have left ``cold`` of the intent that is missing."""
    warmer = 1.0 - (1.0 - seen.shown) * cold
    return to_score(seen.raw + gain_of_warmth(w, lead) * (logit(warmer) - seen.warmth))


@inlined
def touches_to(w: Any, lead: Any, seen: Standing, bar: float) -> float:
    """Touches after which the score expected is at ``bar``: a whole number, infinite where none would do."""
    p = w.params[0]
    gain = gain_of_warmth(w, lead)
    if gain <= 0.0 or p.nurture_gain <= 0.0 or p.nurture_gain >= 1.0:
        return math.inf
    warmer = sigmoid(seen.warmth + (logit(bar) / STEEPNESS - seen.raw) / gain)
    cold = (1.0 - warmer) / max(1.0 - seen.shown, 1e-12)
    touches = math.log(max(cold, 1e-300)) / math.log1p(-p.nurture_gain)
    return float(math.ceil(min(touches, 1e6)))


@inlined
def value_nurtured(
    w: Any, m: Any, lead: Any, seen: Standing, later: float, touches: float, cold: float, wait: float
) -> float:
    """Felt euros of ``touches`` more touches and handing over then.

    The touches leave ``cold`` of the intent that is missing; ``wait`` is the discount factor to the last.
    """
    score = score_expected(w, lead, seen, cold)
    return wait * value_now(w, m, lead, score, later) - touches * touch_hours(w.params[0]) * m.hour_value


@inlined
def value_informed(w: Any, m: Any, lead: Any, seen: Standing, later: float) -> float:
    """Felt euros of a touch that reveals one more field: good news or bad, as likely; nobody hands bad news over."""
    p = w.params[0]
    spread = (1.0 - w.org[0].weight) * news(p, lead.fields)
    if spread <= 0.0:
        return -1.0
    good = max(value_now(w, m, lead, to_score(seen.raw + spread), later), 0.0)
    bad = max(value_now(w, m, lead, to_score(seen.raw - spread), later), 0.0)
    return m.next_touch * 0.5 * (good + bad) - touch_hours(p) * m.hour_value


@inlined
def decide(w: Any, i: int, index: int, seen: Standing) -> None:
    """Hand a qualified lead over, keep it for nurturing, or let it cool."""
    p = w.params[0]
    m = w.marketers[i]
    lead = w.leads[index]
    bar = bar_for(w, lead)
    score = seen.score
    later = until_won(m, lead.cycle)
    now = value_now(w, m, lead, score, later)
    left = p.nurture_limit - lead.touches
    wait = -1.0
    if left > 0 and p.nurture_form != RAISES:
        wait = value_informed(w, m, lead, seen, later)
    elif left > 0:
        wait = value_nurtured(w, m, lead, seen, later, 1.0, 1.0 - p.nurture_gain, m.next_touch)
        # Once the next touch alone is worth waiting for, nothing hangs on those after it.
        if score < bar and left > 1 and not (wait > now and wait > 0.0):
            needed = touches_to(w, lead, seen, bar)
            if 1.0 < needed <= left:
                cold = (1.0 - p.nurture_gain) ** needed
                wait = max(wait, value_nurtured(w, m, lead, seen, later, needed, cold, m.next_touch**needed))
    m.score_sum += score
    m.pool_n += 1.0
    m.pool_gap += max(bar - score, 0.0)
    if now >= wait and now > 0.0:
        shown = max(score, bar)
        m.handed_over += 1.0
        hand_over(w, i, index, shown, shown - score)
    elif wait > 0.0:
        lead.next_time = w.org[0].day + p.nurture_wait_days
        append(w.leads, w.lists[pool_of(i)], index)
    else:
        lead.stage = RECYCLED


@inlined
def qualify(w: Any, i: int, index: int) -> None:
    """Look at one captured lead: complete the record, score it, decide."""
    p = w.params[0]
    org = w.org[0]
    m = w.marketers[i]
    lead = w.leads[index]
    spend(w, MARKETER, m, QUALIFYING, seconds(p.qualify))
    lead.marketing_seconds += seconds(p.qualify)
    record_event(w, MARKETER, m)
    if lead.marks & DUPLICATE:
        spend(w, MARKETER, m, SEARCH, seconds(p.duplicate))
    month = w.months[org.month]
    month.qualified += 1.0
    if uniform(w.keys[RULE], lead.key, 0) < p.shared_definition:
        lead.marks |= AGREED
        month.agreed += 1.0
    seen = standing(w, lead, org.day)
    remember_score(w, seen.score)
    sample_validity(w, lead, seen)
    decide(w, i, index, seen)


@inlined
def sample_validity(w: Any, lead: Any, seen: Standing) -> None:
    """Count a fresh score against the lead's true quality (for the correlation reported)."""
    p = w.params[0]
    if lead.key % 4:  # every fourth lead is sample enough
        return
    month = w.months[w.org[0].month]
    score = seen.score
    quality = project_chance(p, seen.intent) * sigmoid(win_logit(p, lead, seen.intent, deal_hours(p), 0.0))
    month.score_n += 1.0
    month.score_x += score
    month.score_y += quality
    month.score_xx += score * score
    month.score_yy += quality * quality
    month.score_xy += score * quality


@inlined
def nurture(w: Any, i: int, index: int) -> None:
    """One touch: it costs hours and raises intent or reveals it; then decide again."""
    p = w.params[0]
    day = w.org[0].day
    m = w.marketers[i]
    lead = w.leads[index]
    amount = seconds(touch_hours(p))
    spend(w, MARKETER, m, NURTURING, amount)
    lead.marketing_seconds += amount
    lead.touches += 1
    if p.nurture_form == RAISES:
        lead.intent = touched(p, intent_at(p, lead, day))
        lead.intent_time = day
    else:
        lead.fields = revealed(lead.fields)
    decide(w, i, index, standing(w, lead, day))


@compiled
def plan_week(w: Any, i: int) -> None:
    """Mondays: split free hours by the marginal felt value of an hour of each activity.

    Each term counts with its own marginal effect: a lead term only through
    generating, an MQL term through new MQLs and leads lifted over the bar, a win term
    through new MQLs and better ones. A common factor of pay cancels.
    """
    p = w.params[0]
    org = w.org[0]
    m = w.marketers[i]
    feel_marketer(w, i)
    # Leads of one more generating hour: the slope of the chance to capture, where work and demand are at reference.
    per_hour = 0.0
    if p.generation_reference > 0.0:
        missed = max(1.0 - p.capture_share, 1e-12)
        per_hour = p.candidates_per_day * missed * -math.log(missed) / p.generation_reference
        per_hour *= p.generation_elasticity * volume(p) * m.skill
    share = (m.handed_over + USUAL_LEADS * (1.0 - p.bar_quantile)) / (m.leads_seen + USUAL_LEADS)
    mean_score = (m.score_sum + USUAL_LEADS * CENTER) / (m.pool_n + USUAL_LEADS)
    gap = (m.pool_gap + USUAL_LEADS * USUAL_GAP) / (m.pool_n + USUAL_LEADS)
    good = max(org.bar, mean_score)
    later = until_won(m, p.cycle_days)
    usual = felt_value(w, m, good, p.acv, later)
    value_generate = per_hour * (m.pay_lead + share * usual)
    m.hour_value = value_generate
    # One touch lifts a score by this much; below the bar that brings an MQL nearer.
    lift = lift_of_touch(p, org.weight)
    crossing = min(1.0, lift / max(gap, LEAST_GAP))
    gain_quality = felt_value(w, m, good + lift, p.acv, later) - usual
    gain_crossing = crossing * usual * max(1.0 - share, 0.0)
    if p.nurture_form != RAISES:  # news makes no lead better, and is good half of the time
        gain_quality = 0.0
        gain_crossing *= 0.5
    value_nurture = (gain_quality + gain_crossing) / max(touch_hours(p), 1e-6)
    mean = 0.5 * (abs(value_generate) + abs(value_nurture))
    if mean > 0.0:
        wish = sigmoid((value_generate - value_nurture) / (p.split_temperature * mean))
        wish = min(max(wish, p.split_floor), 1.0 - p.split_floor)
        m.split += min(max(wish - m.split, -p.split_step), p.split_step)
    m.handed_over *= p.plan_memory
    m.leads_seen *= p.plan_memory
    m.score_sum *= p.plan_memory
    m.pool_n *= p.plan_memory
    m.pool_gap *= p.plan_memory


@inlined
def marketer_day(w: Any, i: int) -> None:
    """Phase 2, one marketer: plan on Mondays, qualify on demand, nurture, generate."""
    p = w.params[0]
    org = w.org[0]
    m = w.marketers[i]
    begin_day(w, MARKETER, m, p.marketer_fixed)
    if org.day % WEEK == 0:
        if i == 0:
            set_bars(w)
        plan_week(w, i)
    following = min(i + 1, org.marketers - 1)
    fetch_ahead(w.leads, w.lists[queue_of(following)].head)
    fetch_ahead(w.leads, w.lists[pool_of(following)].head)
    queue = w.lists[queue_of(i)]
    reserve = m.left - int(p.qualify_share * m.left)
    while queue.head >= 0 and m.left > reserve:
        index = queue.head
        fetch_ahead(w.leads, w.leads[index].next)
        remove(w.leads, queue, index)
        if org.day - w.leads[index].born > p.patience_days:  # too old to be looked at: let it cool
            w.leads[index].stage = RECYCLED
        else:
            qualify(w, i, index)
    pool = w.lists[pool_of(i)]
    reserve = int(m.split * m.left)
    while pool.head >= 0 and m.left > reserve and w.leads[pool.head].next_time <= org.day:
        index = pool.head
        fetch_ahead(w.leads, w.leads[index].next)
        remove(w.leads, pool, index)
        nurture(w, i, index)
    hours = m.left / HOUR
    spend(w, MARKETER, m, GENERATING, m.left)
    m.generation_hours = hours * m.skill * volume(p)
    org.generation += m.generation_hours
    month = w.months[org.month]
    month.split += m.split
    month.effort_marketer += m.effort


@compiled
def move_bars(w: Any) -> None:
    """Month end: an unagreed bar gives way to felt pay; an agreed one to what sellers pursue.

    Unagreed: the bar moves by how much more an average marketer feels for handing the
    lead at the bar over now than after one more touch, if the score is marketing's.
    Agreed: both sides want a certain share of what is handed over to be pursued; the
    further sellers stay below it, the higher the bar is set.
    """
    p = w.params[0]
    org = w.org[0]
    if org.marketers > 0 and p.score_owner == OWNED_BY_MARKETING:
        pull = 0.0
        lift = lift_of_touch(p, org.weight)
        for i in range(org.marketers):
            m = w.marketers[i]
            later = until_won(m, p.cycle_days)
            now = felt_value(w, m, org.bar, p.acv, later)
            warmer = felt_value(w, m, org.bar + lift, p.acv, later)
            wait = m.next_touch * warmer - touch_hours(p) * m.hour_value
            cost = pushing_cost_of_step(w, m)
            pull += math.tanh((now - wait - cost) / max(abs(now), 1e-9) * p.bar_pull)
        org.bar_level -= p.bar_drift * pull / org.marketers
        org.bar_level = min(max(org.bar_level, 0.02), 0.98)
    if org.mql_month >= 1.0:
        pursued = min(org.pursued_month / org.mql_month, 1.0)
        wanted = p.bar_quantile + p.bar_reach * (p.bar_goal - pursued)
        org.bar_agreed_level += p.bar_learning * (min(max(wanted, 0.02), 0.98) - org.bar_agreed_level)
    org.mql_month = 0.0
    org.pursued_month = 0.0
    month = w.months[org.month]
    month.bar_level = org.bar_level
    month.bar_agreed_level = org.bar_agreed_level


@compiled
def pushing_cost_of_step(w: Any, m: Any) -> float:
    """Felt cost of lowering one's own formal bar a step for everybody."""
    p = w.params[0]
    return p.pushing_cost * w.org[0].reference_mql * m.integrity * (1.0 + p.visibility) * p.bar_step * p.bar_step

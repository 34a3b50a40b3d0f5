"""Pay: counting what terms pay for, what people feel of it, and what they are paid.

Felt share of a pool of N: N^−γ / (1 − ρ·visibility), at most 1, times
(1 + peer·visibility). γ = 1 is Holmström's 1/N; ρ is complementarity.
Sources: Holmström 1982; Kandel & Lazear 1992; Adams 2002; Friebel et al. 2017.
"""

from __future__ import annotations

import math
from typing import Any

from sim.compiled import compiled
from sim.rules.arithmetic import sigmoid
from sim.state import (
    DEVELOPER,
    MARKETER,
    MONTH,
    N_PERIODS,
    PAY_ATTAINMENT,
    PAY_BASE,
    PAY_DUE,
    PAY_QUARTERS,
    PAY_RECENT,
    PAY_VARIABLE,
    QUARTER,
    SELLER,
    SUCCESS,
    YEAR,
)

COMPANY = 4
LEAST_UNSURE = 0.04  # of a period: on its last days the end is known but for the deals of a day or two
MONTHS_REMEMBERED = 6.0
DAYS_TO_OPPORTUNITY = 15.0  # after which marketing sees what became of a lead, about three weeks
RETENTION_QUARTERS = 2.0  # mean delay of what a customer who stays pays its seller
INDIVIDUAL, POD, TEAM, WHOLE = 0, 1, 2, 3
LEAD, MQL_EVENT, MEETING, ACCEPTED_LEAD, OPEN, WON_DEAL, WON_ACV, RETAINED, EXPANDED, REVENUE = range(10)
WON_DEAL_LOW, WON_ACV_LOW = 10, 11


@compiled
def count(w: Any, role: int, worker: int, event: int, amount: float) -> None:
    """Credit a person (and the team) with ``amount`` of an event."""
    for period in range(N_PERIODS):
        w.counts[worker, period, event] += amount
        w.pooled[role, period, event] += amount


@compiled
def count_company(w: Any, event: int, amount: float) -> None:
    """Credit the company with ``amount`` of an event (once, however many people took part)."""
    for period in range(N_PERIODS):
        w.pooled[COMPANY, period, event] += amount


@compiled
def credited(w: Any, lead: Any, role: int) -> int:
    """Worker of a role who is credited with winning this lead; −1: nobody."""
    if role == MARKETER:
        return w.marketers[lead.marketer].worker if lead.marketer >= 0 else -1
    who = lead.seller if role == SELLER else lead.developer
    return w.sellers[who].worker if who >= 0 else -1


@compiled
def heads(w: Any, role: int) -> int:
    """Number of people of a role."""
    org = w.org[0]
    if role == MARKETER:
        return org.marketers
    if role == DEVELOPER:
        return org.developers
    if role == SELLER:
        return org.sellers - org.developers
    return org.managers


@compiled
def first_worker(w: Any, role: int) -> int:
    """Index of the first person of a role among all workers."""
    first = 0
    for before in range(role):
        first += heads(w, before)
    return first


@compiled
def felt_share(w: Any, role: int, scope: int) -> float:
    """Share of a pooled payment that a person feels as the result of own work."""
    p = w.params[0]
    if scope == INDIVIDUAL:
        return 1.0
    if scope == POD:
        n = float(min(w.org[0].pod, heads(w, role)))
    elif scope == TEAM:
        n = float(heads(w, role))
    else:
        n = float(w.org[0].workers)
    share = max(n, 1.0) ** -p.share_exponent / (1.0 - p.complementarity * p.visibility)
    return min(share, 1.0) * (1.0 + p.peer_pressure * p.visibility)


@compiled
def margin(term: Any, projected: float, spread: float) -> float:
    """How much one more unit pays, relative to the plain rate, given where the period will end.

    ``projected`` is the attainment expected at period end, ``spread`` how unsure that
    is. Above target the accelerator counts, above the cap nothing, below the cliff
    nothing but the hope of the lump at the cliff.
    """
    if term.target <= 0.0 and term.on_quota == 0:
        return 1.0
    width = max(spread * 0.55, 1e-3)
    factor = 1.0 + (term.accelerator - 1.0) * sigmoid((projected - 1.0) / width)
    if term.cap > 0.0:
        factor *= 1.0 - sigmoid((projected - term.cap) / width)
    if term.cliff > 0.0:
        above = sigmoid((projected - term.cliff) / width)
        factor = factor * above + term.cliff * above * (1.0 - above) / width
    return factor


@compiled
def length_of(term: Any) -> int:
    """Days of a term's period."""
    return MONTH if term.period == 0 else (QUARTER if term.period == 1 else YEAR)


@compiled
def target_of(term: Any, quota: float) -> float:
    """Units at which a term's target is met in its period; 0: it has none."""
    return quota * length_of(term) / QUARTER if term.on_quota else term.target


@compiled
def zone_now(w: Any, term: Any, role: int, worker: int, quota: float) -> float:
    """Margin of one more unit in the period that runs: so far, plus the usual pace, unsure until its end."""
    target = target_of(term, quota)
    if target <= 0.0:
        return 1.0
    length = length_of(term)
    rest = 1.0 - w.org[0].day % length / length
    so_far = amount_of(w, term, role, worker, first_worker(w, role), term.event)
    expected = (so_far + term.reference * length / YEAR * rest) / target
    return margin(term, expected, w.params[0].quota_spread * math.sqrt(max(rest, LEAST_UNSURE)))


@compiled
def zone_later(w: Any, term: Any, quota: float, now: float) -> float:
    """Margin of one more unit after this quarter: of a fresh period, or ``now`` if the same one runs on."""
    target = target_of(term, quota)
    length = length_of(term)
    if target <= 0.0 or w.org[0].day % length < length - QUARTER:
        return now
    return margin(term, term.reference * length / YEAR / target, w.params[0].quota_spread)


@compiled
def felt_pay_at(w: Any, s: Any, day: float) -> float:
    """Felt pay for a euro won on ``day`` relative to the plain rate: this quarter's, or that of the next."""
    return s.pay_factor if int(day) // QUARTER <= w.org[0].day // QUARTER else s.pay_later


@compiled
def felt_pay_kept(w: Any, s: Any, day: float) -> float:
    """The same of a deal that may be held back: the better of ``day`` and of next quarter, discounted."""
    wait = QUARTER - w.org[0].day % QUARTER
    return max(felt_pay_at(w, s, day), s.pay_later * math.exp(-s.discounting * wait / QUARTER))


@compiled
def effort_of(w: Any, felt: float) -> float:
    """Share of free time worked with effort, for felt pay relative to reference."""
    p = w.params[0]
    relative = (p.effort_motive + max(felt, 0.0)) / (p.effort_motive + 1.0)
    return min(1.0, p.effort_base * relative**p.effort_elasticity)


@compiled
def feel_marketer(w: Any, i: int) -> None:
    """What a marketer now feels for one event of each kind, and the effort that follows."""
    m = w.marketers[i]
    m.pay_lead = 0.0
    m.pay_mql = 0.0
    m.pay_accepted = 0.0
    m.pay_opportunity = 0.0
    m.pay_won = 0.0
    m.pay_acv = 0.0
    felt = 0.0
    for k in range(w.felt_terms.shape[1]):
        term = w.felt_terms[MARKETER, k]
        if term.event < 0:
            continue
        share = felt_share(w, MARKETER, term.scope)
        value = term.rate * share * zone_now(w, term, MARKETER, m.worker, 0.0)
        felt += value * term.reference
        if term.event == LEAD:
            m.pay_lead += value
        elif term.event == MQL_EVENT:
            m.pay_mql += value
        elif term.event == ACCEPTED_LEAD or term.event == MEETING:
            m.pay_accepted += value
        elif term.event == OPEN:
            m.pay_opportunity += value
        elif term.event == WON_DEAL:
            m.pay_won += value
        elif term.event == WON_ACV or term.event == REVENUE:
            m.pay_acv += value
    m.pays_wins = 1 if m.pay_won > 0.0 or m.pay_acv > 0.0 else 0
    m.soon = math.exp(-m.discounting * DAYS_TO_OPPORTUNITY / QUARTER)
    m.next_touch = math.exp(-m.discounting * w.params[0].nurture_wait_days / QUARTER)
    m.felt = felt / w.earnings[MARKETER, 1] if w.earnings[MARKETER, 1] > 0.0 else 0.0
    m.effort = effort_of(w, m.felt)


@compiled
def feel_seller(w: Any, j: int) -> None:
    """What a seller (or development representative) feels for a euro won, and the effort that follows."""
    s = w.sellers[j]
    p = w.params[0]
    role = s.role
    rate = 0.0
    rate_later = 0.0
    retained = 0.0
    low = 0.0
    months = 0.0
    felt = 0.0
    felt_later = 0.0
    plain = 0.0
    for k in range(w.felt_terms.shape[1]):
        term = w.felt_terms[role, k]
        if term.event < 0:
            continue
        share = felt_share(w, role, term.scope)
        zone = zone_now(w, term, role, s.worker, s.quota)
        later = zone_later(w, term, s.quota, zone)
        value = term.rate * share
        felt += value * zone * term.reference
        felt_later += value * later * term.reference
        plain += value * term.reference
        if term.event == WON_DEAL:
            value /= max(p.acv, 1e-9)
        if term.event == WON_ACV or term.event == WON_DEAL or term.event == REVENUE:
            rate += value * zone
            rate_later += value * later
            low += value * zone * (term.low_multiplier - 1.0)
            months = max(months, 1.0 * term.clawback_months)
        elif term.event == RETAINED:
            retained += value * zone
            delayed = math.exp(-RETENTION_QUARTERS * s.discounting)
            rate += value * zone * delayed
            rate_later += value * later * delayed
    s.pay_rate = rate
    s.rate_later = rate_later
    s.retained_rate = retained
    s.clawback = months
    s.low_multiplier = 1.0 + low / rate if rate > 0.0 else 1.0
    # The level of pay moves effort; its shape (accelerator, cap, cliff) moves what is worth doing.
    s.pay_factor = felt / plain if plain > 0.0 else 1.0
    s.pay_later = felt_later / plain if plain > 0.0 else 1.0
    s.felt = felt / w.earnings[role, 1] if w.earnings[role, 1] > 0.0 else 0.0
    s.effort = effort_of(w, s.felt)


@compiled
def feel_manager(w: Any, i: int) -> None:
    """Effort of a success manager."""
    c = w.managers[i]
    felt = 0.0
    for k in range(w.felt_terms.shape[1]):
        term = w.felt_terms[SUCCESS, k]
        if term.event < 0:
            continue
        zone = zone_now(w, term, SUCCESS, c.worker, 0.0)
        felt += term.rate * felt_share(w, SUCCESS, term.scope) * zone * term.reference
    c.felt = felt / w.earnings[SUCCESS, 1] if w.earnings[SUCCESS, 1] > 0.0 else 0.0
    c.effort = effort_of(w, c.felt)


@compiled
def term_pay(term: Any, amount: float, quota: float) -> float:
    """Euros a term pays for ``amount`` units in its period (target, cliff, cap, accelerator)."""
    target = target_of(term, quota)
    if target <= 0.0:
        return term.rate * amount
    attained = amount / target
    if attained < term.cliff:
        return 0.0
    if term.cap > 0.0:
        attained = min(attained, term.cap)
    return term.rate * target * (min(attained, 1.0) + term.accelerator * max(attained - 1.0, 0.0))


@compiled
def amount_of(w: Any, term: Any, role: int, worker: int, first: int, event: int) -> float:
    """Units of an event a term pays a person for: own, or the average of the pool."""
    if event == REVENUE:  # nobody makes revenue alone
        return w.pooled[COMPANY, term.period, event] / w.org[0].workers
    if term.scope == INDIVIDUAL:
        return w.counts[worker, term.period, event]
    if term.scope == POD:
        n = heads(w, role)
        start = (worker - first) // w.org[0].pod * w.org[0].pod
        stop = min(start + w.org[0].pod, n)
        total = 0.0
        for i in range(start, stop):
            total += w.counts[first + i, term.period, event]
        return total / (stop - start)
    if term.scope == TEAM:
        return w.pooled[role, term.period, event] / heads(w, role)
    return w.pooled[COMPANY, term.period, event] / w.org[0].workers


@compiled
def pay_person(w: Any, role: int, worker: int, quota: float, period: int) -> float:
    """Variable pay of one person for the periods of kind ``period`` that end now."""
    first = first_worker(w, role)
    earned = 0.0
    for k in range(w.paid_terms.shape[1]):
        term = w.paid_terms[role, k]
        if term.event < 0 or term.period != period:
            continue
        amount = amount_of(w, term, role, worker, first, term.event)
        earned += term_pay(term, amount, quota)
        if term.low_multiplier != 1.0:
            low = WON_ACV_LOW if term.event == WON_ACV else WON_DEAL_LOW
            if term.event == WON_ACV or term.event == WON_DEAL:
                earned += term.rate * (term.low_multiplier - 1.0) * amount_of(w, term, role, worker, first, low)
    # Claw-backs are taken from variable pay only, and wait until there is some.
    taken = min(w.pay[worker, PAY_DUE], max(earned, 0.0))
    w.pay[worker, PAY_DUE] -= taken
    earned = max(earned, 0.0) - taken
    w.pay[worker, PAY_VARIABLE] += earned
    w.pay[worker, PAY_RECENT] += earned / MONTHS_REMEMBERED
    return earned


@compiled
def pay_level(w: Any, role: int, worker: int) -> float:
    """Recent pay of a person relative to on-target earnings."""
    usual = usual_pay(w, role)
    return w.pay[worker, PAY_RECENT] / usual if usual > 0.0 else 1.0


@compiled
def usual_pay(w: Any, role: int) -> float:
    """On-target earnings of a role, € a month."""
    p = w.params[0]
    if role == MARKETER:
        return p.marketer_earnings / 12.0
    if role == DEVELOPER:
        return p.developer_earnings / 12.0
    if role == SELLER:
        return p.seller_earnings / 12.0
    return p.success_earnings / 12.0


@compiled
def pay_period(w: Any, period: int) -> None:
    """Pay everybody the terms of this kind of period, then begin the next."""
    org = w.org[0]
    month = w.months[org.month]
    for i in range(org.marketers):
        month.pay_marketer += pay_person(w, MARKETER, w.marketers[i].worker, 0.0, period)
    for j in range(org.sellers):
        s = w.sellers[j]
        if s.role == DEVELOPER:
            month.pay_developer += pay_person(w, DEVELOPER, s.worker, 0.0, period)
        else:
            month.pay_seller += pay_person(w, SELLER, s.worker, s.quota, period)
    for i in range(org.managers):
        month.pay_success += pay_person(w, SUCCESS, w.managers[i].worker, 0.0, period)
    w.counts[:, period, :] = 0.0
    w.pooled[:, period, :] = 0.0


@compiled
def pay_base(w: Any) -> None:
    """Base pay of a month."""
    org = w.org[0]
    month = w.months[org.month]
    worker = 0
    for role in range(4):
        for _ in range(heads(w, role)):
            w.pay[worker, PAY_BASE] += w.earnings[role, 0]
            recent = w.pay[worker, PAY_RECENT]
            w.pay[worker, PAY_RECENT] = recent + (w.earnings[role, 0] - recent) / MONTHS_REMEMBERED
            month.base_pay += w.earnings[role, 0]
            worker += 1


@compiled
def close_quarter(w: Any) -> None:
    """Measure attainment against quota, then set the next quotas (asymmetric ratchet)."""
    p = w.params[0]
    org = w.org[0]
    month = w.months[org.month]
    for j in range(org.developers, org.sellers):
        s = w.sellers[j]
        attained = s.won_quarter / s.quota if s.quota > 0.0 else 0.0
        if org.day - s.hired >= p.ramp_months * 21.0:
            month.attainment_n += 1.0
            month.attainment += attained
            month.attainment_squared += attained * attained
            if attained >= 1.0:
                month.at_quota += 1.0
            w.pay[s.worker, PAY_ATTAINMENT] += attained
            w.pay[s.worker, PAY_QUARTERS] += 1.0
        gap = s.won_quarter - s.quota
        s.quota = max(s.quota + (p.quota_ratchet_up if gap > 0.0 else p.quota_ratchet_down) * gap, 0.05 * p.quota)
        s.won_quarter = 0.0

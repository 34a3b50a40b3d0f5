"""Pay: counting what terms pay for, and what people are paid for it."""

from __future__ import annotations

from typing import Any

from sim.compiled import compiled
from sim.rules.scoring import set_low_bar
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
INDIVIDUAL, POD, TEAM, WHOLE = 0, 1, 2, 3
LEAD, MQL_EVENT, MEETING, ACCEPTED_LEAD, OPEN, WON_DEAL, WON_ACV, RETAINED, EXPANDED, REVENUE = range(10)
WON_DEAL_LOW, WON_ACV_LOW = 10, 11


@compiled
def count(w: Any, role: int, worker: int, event: int, amount: float) -> None:
    """Credit a person (and the team) with ``amount`` of an event."""
    for period in range(N_PERIODS):
        w.counts[worker, event, period] += amount
        w.pooled[role, event, period] += amount


@compiled
def count_company(w: Any, event: int, amount: float) -> None:
    """Credit the company with ``amount`` of an event (once, however many people took part)."""
    for period in range(N_PERIODS):
        w.pooled[COMPANY, event, period] += amount


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
def length_of(term: Any) -> int:
    """Days of a term's period."""
    return MONTH if term.period == 0 else (QUARTER if term.period == 1 else YEAR)


@compiled
def target_of(term: Any, quota: float) -> float:
    """Units at which a term's target is met in its period; 0: it has none."""
    return quota * length_of(term) / QUARTER if term.on_quota else term.target


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
    if term.scope == INDIVIDUAL:
        return w.counts[worker, event, term.period]
    if term.scope == POD:
        n = heads(w, role)
        start = (worker - first) // w.org[0].pod * w.org[0].pod
        stop = min(start + w.org[0].pod, n)
        total = 0.0
        for i in range(start, stop):
            total += w.counts[first + i, event, term.period]
        return total / (stop - start)
    if term.scope == TEAM:
        return w.pooled[role, event, term.period] / heads(w, role)
    return w.pooled[COMPANY, event, term.period] / w.org[0].workers


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
            earned += term.rate * (term.low_multiplier - 1.0) * amount_of(w, term, role, worker, first, low)
    # Claw-backs are taken from variable pay only, and wait until there is some.
    taken = min(w.pay[worker, PAY_DUE], max(earned, 0.0))
    w.pay[worker, PAY_DUE] -= taken
    earned = max(earned, 0.0) - taken
    w.pay[worker, PAY_VARIABLE] += earned
    w.pay[worker, PAY_RECENT] += earned / w.params[0].pay_memory_months
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
    w.counts[:, :, period] = 0.0
    w.pooled[:, :, period] = 0.0


@compiled
def change_pay(w: Any) -> None:
    """The plan that a programme brings comes into force; the former one stays for claw-backs of what it paid.

    Every period of both plans ends today and has just been paid, so nothing is left to settle.
    """
    for role in range(w.paid_terms.shape[0]):
        for k in range(w.paid_terms.shape[1]):
            swap_terms(w.paid_terms[role, k], w.other_paid[role, k])
            swap_terms(w.felt_terms[role, k], w.other_felt[role, k])
        for column in range(2):
            former = w.earnings[role, column]
            w.earnings[role, column] = w.other_earnings[role, column]
            w.other_earnings[role, column] = former
    w.org[0].low_quantile = w.plan[0].low_quantile
    set_low_bar(w)


@compiled
def swap_terms(a: Any, b: Any) -> None:
    """Exchange what two terms say."""
    a.event, b.event = b.event, a.event
    a.scope, b.scope = b.scope, a.scope
    a.period, b.period = b.period, a.period
    a.clawback_months, b.clawback_months = b.clawback_months, a.clawback_months
    a.on_quota, b.on_quota = b.on_quota, a.on_quota
    a.rate, b.rate = b.rate, a.rate
    a.target, b.target = b.target, a.target
    a.cliff, b.cliff = b.cliff, a.cliff
    a.cap, b.cap = b.cap, a.cap
    a.accelerator, b.accelerator = b.accelerator, a.accelerator
    a.low_multiplier, b.low_multiplier = b.low_multiplier, a.low_multiplier
    a.reference, b.reference = b.reference, a.reference


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
            w.pay[worker, PAY_RECENT] = recent + (w.earnings[role, 0] - recent) / w.params[0].pay_memory_months
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

"""What people feel of their pay: the share of a pool, the zone of a plan, and the effort that follows.

Felt share of a pool of N: N^−γ / (1 − ρ·visibility), at most 1, times
(1 + peer·visibility). γ = 1 is Holmström's 1/N; ρ is complementarity.
Sources: Holmström 1982; Kandel & Lazear 1992; Adams 2002; Friebel et al. 2017.
"""

from __future__ import annotations

import math
from typing import Any

from sim.compiled import compiled, inlined
from sim.rules.arithmetic import sigmoid
from sim.rules.pay import (
    ACCEPTED_LEAD,
    INDIVIDUAL,
    LEAD,
    MEETING,
    MQL_EVENT,
    OPEN,
    POD,
    RETAINED,
    REVENUE,
    TEAM,
    WON_ACV,
    WON_DEAL,
    amount_of,
    first_worker,
    heads,
    length_of,
    target_of,
)
from sim.state import MARKETER, QUARTER, SUCCESS, YEAR

LEAST_UNSURE = 0.04  # of a period: on its last days the end is known but for the deals of a day or two


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


@inlined
def felt_pay_at(w: Any, s: Any, day: float) -> float:
    """Felt pay for a euro won on ``day`` relative to the plain rate: this quarter's, or that of the next."""
    next_quarter = (w.org[0].day // QUARTER + 1) * QUARTER
    return s.pay_factor if day < next_quarter else s.pay_later


@inlined
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
    m.soon = math.exp(-m.discounting * w.params[0].opportunity_days / QUARTER)
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
            delayed = math.exp(-p.retained_quarters * s.discounting)
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

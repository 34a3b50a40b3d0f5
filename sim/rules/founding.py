"""The first morning of an organisation: people at their seats and customers of the past."""

from __future__ import annotations

import math
from typing import Any

from sim.compiled import compiled
from sim.draws import Stream, normal, uniform
from sim.rules.arithmetic import logit, sigmoid
from sim.rules.feeling import feel_manager, feel_marketer, feel_seller
from sim.rules.lists import accounts_of, append
from sim.rules.pay import heads, usual_pay
from sim.rules.scoring import STEEPNESS, set_bars, set_low_bar
from sim.rules.staffing import begin_seat, draw_person
from sim.state import DEVELOPER, MARKETER, N_BINS, N_ROLES, PAY_RECENT, SELLER, SUCCESS, YEAR

INITIAL = int(Stream.CUSTOMER_INITIAL)
RAMP = int(Stream.TRAIT_RAMP)
OPENING_SPREAD = 0.35  # between the records of customers of the past


@compiled
def found(w: Any) -> None:
    """Fill a fresh world: scores, marketers, sellers, managers, customers."""
    p = w.params[0]
    org = w.org[0]
    for i in range(N_BINS):
        # Before any lead is scored: what scores look like when readings are half reliable.
        x = math.log((i + 0.5) / (N_BINS - i - 0.5)) / STEEPNESS
        w.histogram[i] = math.exp(-0.5 * x * x / 0.36) * 0.5
    org.fit_logit = logit(p.fit_mean)
    org.intent_logit = logit(p.intent_mean)
    org.usual_chance = sigmoid(p.belief_intercept)
    set_bars(w)
    set_low_bar(w)
    worker = 0
    for i in range(org.marketers):
        m = w.marketers[i]
        m.key = (MARKETER << 20) + i
        m.worker = worker
        worker += 1
        draw_person(w, m, MARKETER)
        m.split = p.split_start
        m.belief_a = p.belief_intercept
        m.belief_b = p.belief_slope
        m.belief_aa = p.belief_spread * p.belief_spread
        m.belief_bb = p.belief_spread * p.belief_spread
        m.win_rate = p.win_rate_start
        feel_marketer(w, i)
        m.generation_hours = p.generation_reference / max(org.marketers, 1)
        org.generation += m.generation_hours
    org.brand = p.generation_reference if org.marketers > 0 else 0.0
    settled = settled_territory(p)
    for j in range(org.sellers):
        s = w.sellers[j]
        s.role = DEVELOPER if j < org.developers else SELLER
        within = j if j < org.developers else j - org.developers
        s.key = (s.role << 20) + within
        s.worker = worker
        worker += 1
        begin_seat(w, j)
        s.hired = -YEAR * p.opening_tenure_years * uniform(w.keys[RAMP], s.key, 0)
        s.territory = settled
        s.quota = p.quota
        feel_seller(w, j)
    for i in range(org.managers):
        c = w.managers[i]
        c.key = (SUCCESS << 20) + i
        c.worker = worker
        worker += 1
        draw_person(w, c, SUCCESS)
        feel_manager(w, i)
    worker = 0
    for role in range(N_ROLES):
        for _ in range(heads(w, role)):
            w.pay[worker, PAY_RECENT] = usual_pay(w, role)
            worker += 1
    found_customers(w)


@compiled
def settled_territory(p: Any) -> float:
    """Share of a territory left when about an hour a day is spent in it."""
    a = 0.3
    for _ in range(200):
        a += p.territory_refresh * (1.0 - a) - p.territory_use * a**p.territory_power
        a = min(max(a, 0.0), 1.0)
    return a


@compiled
def found_customers(w: Any) -> None:
    """Customers won before the first day: keyed attributes, scaled to the opening ARR."""
    p = w.params[0]
    org = w.org[0]
    n = org.customers
    total = 0.0
    for index in range(n):
        c = w.customers[index]
        c.key = (1 << 52) + index
        spread = p.acv_spread
        c.arr = p.acv * math.exp(spread * normal(w.keys[INITIAL], index, 0) - 0.5 * spread * spread)
        c.fit = sigmoid(logit(p.fit_mean) + p.opening_fit + p.fit_spread * normal(w.keys[INITIAL], index, 1))
        c.since = -YEAR * p.opening_customer_years * uniform(w.keys[INITIAL], index, 2)
        # What was handed over in the past does not depend on today's levers.
        c.missing = p.opening_missing + OPENING_SPREAD * (uniform(w.keys[INITIAL], index, 3) - 0.5)
        c.onboarded = 1
        c.left = -1.0
        c.lead = -1
        c.seller = -1
        c.marketer = -1
        c.manager = -1
        c.next = -1
        c.previous = -1
        if org.sellers > org.developers:
            c.seller = org.developers + index % (org.sellers - org.developers)
        total += c.arr
    scale = p.opening_arr / total if total > 0.0 else 0.0
    for index in range(n):
        c = w.customers[index]
        c.arr *= scale
        c.won_acv = c.arr
        c.demand = p.opening_demand_months * c.arr * p.demand_monthly
        org.arr += c.arr
        if org.managers > 0:
            c.manager = index % org.managers
            w.managers[c.manager].accounts += 1
            append(w.customers, w.lists[accounts_of(org, c.manager)], index)
    org.living = n

"""Success managers and customers: onboarding, care, expansion, renewal.

Expansion has three gates: demand must have ripened, care must find it, and somebody
who can sell must be told (visibility). Churn follows fit, discount, overselling and
what the hand-over note left out.
"""

from __future__ import annotations

import math
from typing import Any

from sim.compiled import compiled, inlined
from sim.draws import Stream, uniform
from sim.memory import fetch_ahead
from sim.rules.feeling import feel_manager
from sim.rules.lists import accounts_of, append, arrivals_of, remove
from sim.rules.pay import EXPANDED, RETAINED, REVENUE, WON_ACV, WON_DEAL, count, count_company, credited
from sim.rules.workload import begin_day, end_day, record_event, seconds, spend
from sim.state import CARE, DEVELOPER, MARKETER, MONTH, PAY_DUE, SELLER, SUCCESS, WEEK, YEAR

CHURN = int(Stream.CUSTOMER_CHURN)
FOUND = int(Stream.EXPANSION_SIGNAL)
TOLD = int(Stream.EXPANSION_PASS)


@inlined
def onboard(w: Any, i: int, index: int) -> None:
    """Onboard one customer; late if more than 30 calendar days after winning."""
    p = w.params[0]
    org = w.org[0]
    c = w.managers[i]
    spend(w, SUCCESS, c, CARE, seconds(p.onboarding))
    record_event(w, SUCCESS, c)
    customer = w.customers[index]
    if org.day - customer.since <= MONTH:
        customer.onboarded = 1
    append(w.customers, w.lists[accounts_of(org, i)], index)


@inlined
def visit(w: Any, i: int, index: int) -> None:
    """One care visit: perhaps it finds ripe demand; perhaps somebody is told and it is sold."""
    p = w.params[0]
    org = w.org[0]
    c = w.managers[i]
    month = w.months[org.month]
    customer = w.customers[index]
    spend(w, SUCCESS, c, CARE, seconds(p.care))
    turn = customer.visits
    customer.visits += 1
    ripe = min(1.0, customer.demand / (p.expansion_ripe * customer.arr)) if customer.arr > 0.0 else 0.0
    if uniform(w.keys[FOUND], customer.key, turn) >= p.expansion_find * ripe:
        return
    month.signals += 1.0
    told = p.expansion_told + (1.0 - p.expansion_told) * p.expansion_visible * p.visibility
    if uniform(w.keys[TOLD], customer.key, turn) >= told:
        return
    month.signals_passed += 1.0
    spend(w, SUCCESS, c, CARE, seconds(p.expansion))
    record_event(w, SUCCESS, c)
    sold = customer.demand * p.expansion_take
    customer.demand -= sold
    customer.arr += sold
    org.arr += sold
    month.expansion_arr += sold
    count(w, SUCCESS, c.worker, EXPANDED, sold)
    count_company(w, EXPANDED, sold)
    if customer.seller >= 0:
        count(w, SELLER, w.sellers[customer.seller].worker, EXPANDED, sold)


@inlined
def manager_day(w: Any, i: int) -> None:
    """Phase 4, one success manager: onboard who waits, then visit customers in turn."""
    p = w.params[0]
    org = w.org[0]
    c = w.managers[i]
    if org.day % WEEK == 0:
        feel_manager(w, i)
    begin_day(w, SUCCESS, c, p.success_fixed)
    arrivals = w.lists[arrivals_of(org, i)]
    while arrivals.head >= 0 and c.left > 0:
        index = arrivals.head
        remove(w.customers, arrivals, index)
        if w.customers[index].left < 0.0:
            onboard(w, i, index)
    accounts = w.lists[accounts_of(org, i)]
    fetch_ahead(w.customers, w.lists[accounts_of(org, min(i + 1, org.managers - 1))].head)
    turns = accounts.count
    while accounts.head >= 0 and c.left > 0 and turns > 0:
        index = accounts.head
        fetch_ahead(w.customers, w.customers[index].next)
        remove(w.customers, accounts, index)
        if w.customers[index].left < 0.0:
            visit(w, i, index)
            append(w.customers, accounts, index)
            turns -= 1
    end_day(w, SUCCESS, c)


@inlined
def churn_hazard(p: Any, customer: Any, day: float) -> float:
    """Monthly hazard of leaving."""
    risk = p.churn_monthly * math.exp(p.churn_fit * (p.fit_center - customer.fit))
    risk *= 1.0 + p.churn_discount * customer.discount
    risk *= max(1.0 + p.churn_missing * (customer.missing - 0.5), 0.0)
    if customer.oversold:
        risk *= 1.0 + p.churn_oversold
    if not customer.onboarded:
        risk *= 1.0 + p.churn_not_onboarded
    if day - customer.since < YEAR:
        risk *= p.churn_first_year
    return risk


@compiled
def claw_back(w: Any, customer: Any, months: float) -> None:
    """Take back what terms with a claw-back paid for this win: those in force when it was won."""
    changed = w.plan[0].pay_day
    # The last minute of the eve is the first of the day itself.
    former = changed > 0 and customer.since <= changed <= w.org[0].day
    for role in (MARKETER, DEVELOPER, SELLER):
        worker = credited(w, w.leads[customer.lead], role)
        if worker < 0:
            continue
        for k in range(w.paid_terms.shape[1]):
            term = w.other_paid[role, k] if former else w.paid_terms[role, k]
            if term.event >= 0 and term.scope == 0 and term.clawback_months > months:
                if term.event == WON_ACV:
                    w.pay[worker, PAY_DUE] += term.rate * customer.won_acv
                elif term.event == WON_DEAL:
                    w.pay[worker, PAY_DUE] += term.rate


@inlined
def renew(w: Any) -> None:
    """Month end: every customer pays, grows a little new demand, and stays or leaves."""
    p = w.params[0]
    org = w.org[0]
    month = w.months[org.month]
    for index in range(org.customers):
        customer = w.customers[index]
        if customer.left >= 0.0:
            continue
        month.revenue += customer.arr / 12.0
        if customer.lead >= 0:
            month.cohort_arr += customer.arr
        risk = churn_hazard(p, customer, org.day)
        if uniform(w.keys[CHURN], customer.key, org.month) < 1.0 - math.exp(-risk):
            leave(w, index)
            continue
        grown = customer.arr * p.demand_monthly * max(1.0 + p.demand_fit * (customer.fit - 0.5), 0.0)
        customer.demand += grown - p.demand_decay * customer.demand
        if customer.manager >= 0:
            count(w, SUCCESS, w.managers[customer.manager].worker, RETAINED, customer.arr / 12.0)
        if customer.seller >= 0:
            count(w, SELLER, w.sellers[customer.seller].worker, RETAINED, customer.arr / 12.0)
        count_company(w, RETAINED, customer.arr / 12.0)
    count_company(w, REVENUE, month.revenue)


@compiled
def leave(w: Any, index: int) -> None:
    """A customer leaves: its ARR is lost, claw-backs fall due. It leaves its line when its turn comes."""
    org = w.org[0]
    month = w.months[org.month]
    customer = w.customers[index]
    month.churned_arr += customer.arr
    if customer.lead >= 0:
        month.cohort_lost += customer.arr
        claw_back(w, customer, (org.day - customer.since) / MONTH)
    org.arr -= customer.arr
    org.living -= 1
    customer.left = org.day
    if customer.manager >= 0:
        w.managers[customer.manager].accounts -= 1
    customer.arr = 0.0
    customer.demand = 0.0

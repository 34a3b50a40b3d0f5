"""From discovery to the close: what a seller does with an accepted lead, and what comes of it."""

from __future__ import annotations

import math
from typing import Any

from sim.compiled import compiled, inlined
from sim.draws import Stream, normal, uniform
from sim.rules.arithmetic import sigmoid
from sim.rules.capability import complete_record
from sim.rules.contacting import multiplier_of
from sim.rules.feeling import feel_seller, felt_pay_at, felt_pay_kept
from sim.rules.handover import jump
from sim.rules.learning import report_back
from sim.rules.lists import append, arrivals_of, deals_of, remove
from sim.rules.pay import OPEN, WON_ACV, WON_ACV_LOW, WON_DEAL, WON_DEAL_LOW, count, count_company, credited
from sim.rules.scoring import intent_at
from sim.rules.winning import deal_hours, project_chance, see_chance, still_worth, win_logit
from sim.rules.workload import class_of_contact, now_of, record_event, seconds, spend
from sim.state import (
    ALL_FIELDS,
    AMENDED,
    DEALING,
    DEVELOPER,
    DISCOVERED,
    DISQUALIFIED,
    HOUR,
    KNOWN,
    LOST,
    MARKETER,
    OPPORTUNITY,
    OVERSOLD,
    QUARTER,
    REAL,
    SELLER,
    UNVIABLE,
    WON,
)

PROJECT = int(Stream.LEAD_PROJECT)
DETECT = int(Stream.DISCOVERY_DETECT)
SIGNAL = int(Stream.SELLER_SIGNAL)
STEP = int(Stream.DEAL_STEP)
CLOSING = int(Stream.DEAL_CLOSE)
MANAGER = int(Stream.CUSTOMER_MANAGER)
NOTE = int(Stream.HANDOVER_NOTE)
SELLERS_CAN_AMEND = 2


@inlined
def skill_now(p: Any, person: Any, day: float) -> float:
    """Skill of a seller, ramping up after hiring."""
    if p.ramp_months <= 0.0:
        return person.skill
    ramp = min(1.0, p.ramp_start + (1.0 - p.ramp_start) * (day - person.hired) / (p.ramp_months * 21.0))
    return person.skill * ramp


@inlined
def likely_close(p: Any, lead: Any) -> float:
    """Day on which a deal closes if each step that is left succeeds."""
    return lead.next_time + (p.steps - lead.steps) * lead.cycle / (p.steps + 1.0)


@inlined
def hoped_value(w: Any, s: Any, lead: Any) -> float:
    """Expected ACV a seller sees in a deal, in units of felt reference pay at its likely close (€)."""
    return lead.chance * lead.acv * multiplier_of(w, s, lead) * felt_pay_at(w, s, likely_close(w.params[0], lead))


@inlined
def kept_value(w: Any, s: Any, lead: Any) -> float:
    """The same if the deal may be held back until a new quarter: what keeping it open is judged by."""
    hoped = lead.chance * lead.acv * multiplier_of(w, s, lead)
    return hoped * felt_pay_kept(w, s, likely_close(w.params[0], lead))


@inlined
def class_of_deal(w: Any, lead: Any, kind: int) -> int:
    """Hours on a deal that, on the true state, is not worth the rest are unviable pursuit."""
    return kind if still_worth(w, lead, (lead.marks & REAL) != 0) else UNVIABLE


@compiled
def give_up(w: Any, j: int, index: int, stage: int) -> None:
    """A lead leaves the seller's deals without a win."""
    remove(w.leads, w.lists[deals_of(w.org[0], j)], index)
    w.leads[index].stage = stage
    report_back(w, index)


@inlined
def discover(w: Any, j: int, index: int) -> None:
    """Discovery meeting: complete the record, learn whether there is a project, open or not."""
    p = w.params[0]
    org = w.org[0]
    s = w.sellers[j]
    lead = w.leads[index]
    month = w.months[org.month]
    complete_record(w, SELLER, s, lead)
    amount = seconds(p.discovery)
    spend(w, SELLER, s, class_of_contact(lead), amount)
    lead.sales_seconds += amount
    record_event(w, SELLER, s)
    now = now_of(w, s)
    lead.marks |= DISCOVERED
    intent = intent_at(p, lead, now)
    lead.intent = intent
    lead.intent_time = now
    if uniform(w.keys[PROJECT], lead.key, 0) < project_chance(p, intent):
        lead.marks |= REAL
    elif uniform(w.keys[DETECT], lead.key, 0) < p.detect_probability:
        give_up(w, j, index, DISQUALIFIED)
        return
    truth = win_logit(p, lead, intent, deal_hours(p), s.log_skill)
    see_chance(lead, truth + s.optimism + p.signal_noise * normal(w.keys[SIGNAL], lead.key, 0))
    lead.next_time = now + lead.cycle / (p.steps + 1.0)
    if kept_value(w, s, lead) < p.open_bar:
        give_up(w, j, index, DISQUALIFIED)
        return
    lead.stage = OPPORTUNITY
    lead.opened = now
    month.opportunities += 1.0
    count(w, SELLER, s.worker, OPEN, 1.0)
    count_company(w, OPEN, 1.0)
    if lead.marketer >= 0:
        month.opportunities_marketing += 1.0
        count(w, MARKETER, w.marketers[lead.marketer].worker, OPEN, 1.0)
    if lead.developer >= 0:
        count(w, DEVELOPER, w.sellers[lead.developer].worker, OPEN, 1.0)


@inlined
def advance(w: Any, j: int, index: int) -> None:
    """One step of a deal: it succeeds or must be tried again; the seller sees a little clearer."""
    p = w.params[0]
    s = w.sellers[j]
    lead = w.leads[index]
    if lead.fields >> KNOWN & ALL_FIELDS != ALL_FIELDS:  # a predecessor knew, and left
        complete_record(w, SELLER, s, lead)
    amount = seconds(p.step)
    spend(w, SELLER, s, class_of_deal(w, lead, DEALING), amount)
    lead.sales_seconds += amount
    record_event(w, SELLER, s)
    now = now_of(w, s)
    real = (lead.marks & REAL) != 0
    chance = p.step_not_real
    if real:
        chance = sigmoid(p.step_intercept + p.step_intent * (lead.intent - p.intent_center))
    tried = lead.steps + lead.failures
    if uniform(w.keys[STEP], lead.key, tried) < chance:
        lead.steps += 1
        lead.next_time = now + lead.cycle / (p.steps + 1.0)
    else:
        lead.failures += 1
        lead.next_time = now + p.retry_days
    truth = win_logit(p, lead, lead.intent, lead.sales_seconds / HOUR, s.log_skill)
    if not real:
        truth += p.win_not_real
    see_chance(lead, lead.signal + p.signal_learning * (truth + p.optimism_kept * s.optimism - lead.signal))
    sunk = min(1.0, lead.sales_seconds / HOUR / (2.0 * deal_hours(p)))  # all of it at twice the usual hours
    bar = p.exit_bar * (1.0 - p.sunk_cost * sunk)
    if lead.failures >= p.failure_limit or kept_value(w, s, lead) < bar:
        lose(w, j, index)


@compiled
def lose(w: Any, j: int, index: int) -> None:
    """An opportunity ends without a win."""
    month = w.months[w.org[0].month]
    month.decided += 1.0
    give_up(w, j, index, LOST)


@compiled
def deepen(w: Any, j: int, index: int) -> None:
    """One more piece of work on an open deal: hours with diminishing returns."""
    p = w.params[0]
    s = w.sellers[j]
    lead = w.leads[index]
    amount = seconds(p.deepen)
    spend(w, SELLER, s, class_of_deal(w, lead, DEALING), amount)
    lead.sales_seconds += amount


@inlined
def close(w: Any, j: int, index: int) -> None:
    """Negotiate and close: decide on discount and promises, then win or lose."""
    p = w.params[0]
    org = w.org[0]
    s = w.sellers[j]
    lead = w.leads[index]
    amount = seconds(p.close)
    spend(w, SELLER, s, class_of_deal(w, lead, DEALING), amount)
    lead.sales_seconds += amount
    record_event(w, SELLER, s)
    now = now_of(w, s)
    if lead.next_time > org.day + 0.999:  # pulled forward: the buyer was not due to decide yet
        lead.discount = p.close_discount
    hours = lead.sales_seconds / HOUR
    x = win_logit(p, lead, lead.intent, hours, math.log(skill_now(p, s, org.day)))
    if not lead.marks & REAL:
        x += p.win_not_real
    if promises_too_much(p, s, lead, x):
        lead.marks |= OVERSOLD
        w.months[org.month].oversold += 1.0
        x += p.oversell_gain
    if uniform(w.keys[CLOSING], lead.key, 0) < sigmoid(x):
        win(w, j, index, now)
    else:
        lose(w, j, index)


@inlined
def leave_chance(p: Any, lead: Any, months: float) -> float:
    """Chance a seller sees that this customer leaves within so many months."""
    risk = (
        p.churn_monthly * math.exp(p.churn_fit * (p.fit_center - lead.fit)) * (1.0 + p.churn_discount * lead.discount)
    )
    return 1.0 - math.exp(-risk * p.churn_first_year * months)


@compiled
def promises_too_much(p: Any, s: Any, lead: Any, x: float) -> bool:
    """Whether the seller oversells: the gain in felt pay against conscience and claw-back."""
    chance = sigmoid(x)
    gain = (sigmoid(x + p.oversell_gain) - chance) * s.pay_rate
    leaving = leave_chance(p, lead, max(s.clawback, p.leave_months)) * p.churn_oversold
    risk = chance * leaving * ((s.pay_rate if s.clawback > 0.0 else 0.0) + s.retained_rate)
    return gain - risk > p.oversell_cost * s.integrity


@compiled
def win(w: Any, j: int, index: int, now: float) -> None:
    """A deal is won: booked, credited, perhaps its score amended, and handed to success."""
    org = w.org[0]
    s = w.sellers[j]
    lead = w.leads[index]
    month = w.months[org.month]
    remove(w.leads, w.lists[deals_of(org, j)], index)
    lead.stage = WON
    acv = lead.acv * (1.0 - lead.discount)
    month.wins += 1.0
    month.decided += 1.0
    month.new_arr += acv
    month.list_arr += lead.acv
    month.discount_cost += lead.acv - acv
    month.cycle_days += (now - lead.opened) * 365.0 / 252.0
    if lead.marketer >= 0:
        month.marketing_wins += 1.0
        amend(w, s, lead)
    low = lead.marketer >= 0 and lead.score < org.low_bar
    if low:
        month.low_wins += 1.0
    for role in (SELLER, DEVELOPER, MARKETER):
        worker = credited(w, lead, role)
        if worker >= 0:
            credit(w, role, worker, acv, low)
    count_company(w, WON_DEAL, 1.0)
    count_company(w, WON_ACV, acv)
    if low:
        count_company(w, WON_DEAL_LOW, 1.0)
        count_company(w, WON_ACV_LOW, acv)
    s.won_quarter += acv
    feel_seller(w, j)
    report_back(w, index)
    add_customer(w, j, index, acv, now)


@compiled
def credit(w: Any, role: int, worker: int, acv: float, low: bool) -> None:
    """Credit one person with a win."""
    count(w, role, worker, WON_DEAL, 1.0)
    count(w, role, worker, WON_ACV, acv)
    if low:
        count(w, role, worker, WON_DEAL_LOW, 1.0)
        count(w, role, worker, WON_ACV_LOW, acv)


@inlined
def amend(w: Any, s: Any, lead: Any) -> None:
    """A seller who owns the score understates it if the multiplier beats conscience."""
    p = w.params[0]
    org = w.org[0]
    if p.score_owner != SELLERS_CAN_AMEND or lead.score < org.low_bar or s.low_multiplier <= 1.0:
        return
    gain = (s.low_multiplier - 1.0) * s.pay_rate
    if gain > p.amend_cost * s.integrity * (lead.score - org.low_bar):
        lead.score = org.low_bar - 1e-6
        lead.marks |= AMENDED
        w.months[org.month].amended += 1.0


@compiled
def writes_note(w: Any, s: Any, lead: Any, acv: float) -> bool:
    """Whether the hand-over note gets written: a written process demands it, or pay is at risk."""
    p = w.params[0]
    if uniform(w.keys[NOTE], lead.key, 0) < p.process:
        return True
    at_risk = (s.pay_rate if s.clawback > 0.0 else 0.0) + s.retained_rate
    leaving = leave_chance(p, lead, max(s.clawback, p.leave_months)) * p.churn_missing * p.note_coverage
    hour = p.quota / (QUARTER * p.day_hours * (1.0 - p.seller_fixed)) * s.pay_rate  # what a free hour at quota brings
    return leaving * at_risk * acv > p.note * hour


@compiled
def add_customer(w: Any, j: int, index: int, acv: float, now: float) -> None:
    """The won lead becomes a customer, with what success is told of it."""
    p = w.params[0]
    org = w.org[0]
    s = w.sellers[j]
    lead = w.leads[index]
    i = org.customers
    org.customers += 1
    org.living += 1
    c = w.customers[i]
    c.key = lead.key
    c.arr = acv
    c.won_acv = acv
    c.fit = lead.fit
    c.since = now
    c.discount = lead.discount
    c.left = -1.0
    c.lead = index
    c.seller = j
    c.marketer = lead.marketer
    c.oversold = 1 if lead.marks & OVERSOLD else 0
    c.missing = 1.0
    c.next = -1
    c.previous = -1
    c.manager = -1
    if writes_note(w, s, lead, acv):
        spend(w, SELLER, s, DEALING, seconds(p.note))
        c.missing = 1.0 - p.note_coverage
    org.arr += acv
    if org.managers > 0:
        c.manager = jump(MANAGER, lead.key, org.managers, w.keys)
        w.managers[c.manager].accounts += 1
        append(w.customers, w.lists[arrivals_of(org, c.manager)], i)


@inlined
def in_close_window(w: Any) -> bool:
    """Whether quarter end is near enough to discount for it."""
    return QUARTER - w.org[0].day % QUARTER <= w.params[0].close_window_days


@inlined
def pulls_forward(w: Any, s: Any, lead: Any) -> bool:
    """Whether a seller discounts to close this quarter rather than wait.

    Compared, in felt pay for a euro of list price: closing now, at a discount but with
    better odds, and closing after the remaining wait at the rate that holds then,
    discounted. The gain must be worth asking for a discount, which no seller likes.
    """
    p = w.params[0]
    if not in_close_window(w) or lead.stage != OPPORTUNITY or lead.steps < p.steps or s.pay_rate <= 0.0:
        return False
    chance_now = sigmoid(lead.signal + p.win_discount * p.close_discount)
    now = chance_now * (1.0 - p.close_discount) * s.pay_rate
    wait = max(lead.next_time - w.org[0].day, 0.0)
    until = QUARTER - w.org[0].day % QUARTER
    rate_then = s.pay_rate if wait < until else s.rate_later
    then = lead.chance * rate_then * math.exp(-s.discounting * wait / QUARTER)
    return now - then > p.discount_cost * s.integrity

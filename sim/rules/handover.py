"""Hand-over: a lead becomes an MQL, is routed, and its record crosses or does not."""

from __future__ import annotations

import math
from typing import Any

from sim.compiled import compiled, inlined
from sim.draws import Stream, exponential, uniform
from sim.rules.capability import cross_over
from sim.rules.lists import append, inbox_of
from sim.rules.pay import MQL_EVENT, count, count_company
from sim.rules.winning import worth_its_hours
from sim.rules.workload import now_of, record_event, seconds, spend
from sim.state import AGREED, EXPIRED, MARKETER, MQL, NURTURING, OBLIGED, QUALIFYING, UNPURSUED, VIABLE

TIME = int(Stream.HANDOVER_TIME)
ROUTE = int(Stream.HANDOVER_ROUTE)
OWED = int(Stream.HANDOVER_OBLIGED)


@inlined
def jump(key: int, entity: int, buckets: int, keys: Any) -> int:
    """Bucket of an entity, stable when buckets are added (jump consistent hash).

    With one more bucket only 1/(n + 1) of the entities move, all to the new one.
    Source: Lamping & Veach 2014.
    """
    here, following, step = -1, 0, 0
    while following < buckets:
        here = following
        u = uniform(keys[key], entity, step)
        following = int(math.floor((here + 1) / u)) if (here + 1) / u < buckets else buckets
        step += 1
    return here


@inlined
def receiver(w: Any, lead_key: int) -> int:
    """Who gets an MQL: a development representative if there are any, else a seller; −1 if nobody."""
    org = w.org[0]
    if org.developers > 0:
        return jump(ROUTE, lead_key, org.developers, w.keys)
    if org.sellers > 0:
        return jump(ROUTE, lead_key, org.sellers, w.keys)
    return -1


@inlined
def hand_over(w: Any, i: int, index: int, shown: float, inflation: float) -> None:
    """Marketer ``i`` passes lead ``index`` on with the score shown."""
    p = w.params[0]
    org = w.org[0]
    m = w.marketers[i]
    lead = w.leads[index]
    month = w.months[org.month]
    spend(w, MARKETER, m, QUALIFYING, seconds(p.handover))
    lead.marketing_seconds += seconds(p.handover)
    record_event(w, MARKETER, m)
    lead.stage = MQL
    lead.score = shown
    lead.inflation = inflation
    lead.handover = now_of(w, m)
    lead.response = -1.0
    cross_over(w, lead, lead.handover, 0)
    if worth_its_hours(w, lead, lead.handover):
        lead.marks |= VIABLE
        month.viable_mqls += 1.0
    month.mqls += 1.0
    month.inflation += inflation
    month.touches += lead.touches
    count(w, MARKETER, m.worker, MQL_EVENT, 1.0)
    count_company(w, MQL_EVENT, 1.0)
    if lead.marks & AGREED:
        org.mql_month += 1.0
    to = receiver(w, lead.key)
    if to < 0:
        expire(w, lead)
        return
    delay = 0.0
    if uniform(w.keys[TIME], lead.key, 0) >= p.process * p.technology:
        delay = p.sla_hours / 24.0 * exponential(w.keys[TIME], lead.key, 1)
    lead.next_time = lead.handover + delay
    if uniform(w.keys[OWED], lead.key, 0) < p.follow_up_obligation:
        lead.marks |= OBLIGED
        month.obliged += 1.0
    lead.seller = to
    append(w.leads, w.lists[inbox_of(org, to)], index)


@compiled
def expire(w: Any, lead: Any) -> None:
    """An MQL nobody ever pursued: the hours spent on it were wasted."""
    p = w.params[0]
    org = w.org[0]
    lead.stage = EXPIRED
    month = w.months[org.month]
    month.expired += 1.0
    # Moved to the class of unpursued work: it was looked at and handed over once, the rest of its time was nurturing.
    qualifying = seconds(p.qualify) + seconds(p.handover)
    w.hours[org.month, MARKETER, QUALIFYING] -= qualifying
    w.hours[org.month, MARKETER, NURTURING] -= lead.marketing_seconds - qualifying
    w.hours[org.month, MARKETER, UNPURSUED] += lead.marketing_seconds

"""The market: who is offered each day, who is captured, and with which attributes."""

from __future__ import annotations

import math
from typing import Any

from sim.compiled import compiled, inlined
from sim.draws import Stream, middle_normal, settled_normal, uniform
from sim.memory import fetch_line
from sim.rules.arithmetic import sigmoid
from sim.rules.capability import capture_fields
from sim.rules.lists import append, queue_of
from sim.rules.pay import count, count_company
from sim.rules.scoring import read_fit
from sim.state import DUPLICATE, FROM_MARKETING, MARKETER, PROSPECT

OFFER = int(Stream.MARKET_OFFER)
CAPTURE = int(Stream.MARKET_CAPTURE)
FIT = int(Stream.LEAD_FIT)
INTENT = int(Stream.LEAD_INTENT)
ACV = int(Stream.LEAD_ACV)
CYCLE = int(Stream.LEAD_CYCLE)
OWNER = int(Stream.LEAD_OWNER)
COPY = int(Stream.LEAD_DUPLICATE)
NOISE = int(Stream.SCORE_NOISE)
LEAD_CAPTURED = 0
AT_ONCE = 64  # leads drawn in one go: near memory holds them until they are set


@inlined
def offered(w: Any, day: int) -> int:
    """Number of candidates in the market on ``day``: the mean, rounded up or down by a keyed draw."""
    mean = w.params[0].candidates_per_day
    whole = int(math.floor(mean))
    return whole + (1 if uniform(w.keys[OFFER], day, 0) < mean - whole else 0)


@inlined
def capture_chance(w: Any) -> float:
    """Chance that a candidate is captured, from yesterday's generating work and the demand stock."""
    p = w.params[0]
    org = w.org[0]
    if p.capture_share <= 0.0 or p.generation_reference <= 0.0:
        return 0.0
    fresh = (org.generation / p.generation_reference) ** p.generation_elasticity
    brand = (org.brand / p.generation_reference) ** p.generation_elasticity
    strength = (1.0 - p.brand_share) * fresh + p.brand_share * brand
    return 1.0 - (1.0 - p.capture_share) ** strength


@compiled
def draw_luck(w: Any, first: int, last: int) -> None:
    """Draw all that makes the leads ``first`` to ``last`` − 1 differ: pure functions of their keys, which are set.

    Normals wait in the fields that :func:`set_attributes` makes of them. The loops have no branch and call
    nothing, so the compiler draws for several leads at once.
    """
    for index in range(first, last):
        lead = w.leads[index]
        lead.fit = middle_normal(uniform(w.keys[FIT], lead.key, 0))
        lead.intent = middle_normal(uniform(w.keys[INTENT], lead.key, 0))
        lead.acv = middle_normal(uniform(w.keys[ACV], lead.key, 0))
        lead.cycle = middle_normal(uniform(w.keys[CYCLE], lead.key, 0))
        lead.seen_fit = middle_normal(uniform(w.keys[NOISE], lead.key, 0))
        lead.misread = middle_normal(uniform(w.keys[NOISE], lead.key, 1))
    for index in range(first, last):
        lead = w.leads[index]
        lead.fields = capture_fields(w, lead.key)


@compiled
def set_attributes(w: Any, lead: Any, time: float, intent_logit: float) -> None:
    """Set every field of a new lead whose luck is drawn."""
    p = w.params[0]
    key = lead.key
    z = settled_normal(lead.fit, w.keys[FIT], key, 0)
    rho = p.fit_intent_correlation
    z_intent = rho * z + math.sqrt(1.0 - rho * rho) * settled_normal(lead.intent, w.keys[INTENT], key, 0)
    lead.fit = sigmoid(w.org[0].fit_logit + p.fit_spread * z)
    lead.intent = sigmoid(intent_logit + p.intent_spread * z_intent)
    lead.intent_time = time
    spread = p.acv_spread
    lead.acv = p.acv * math.exp(spread * settled_normal(lead.acv, w.keys[ACV], key, 0) - 0.5 * spread * spread)
    lead.cycle = p.cycle_days * math.exp(p.cycle_spread * settled_normal(lead.cycle, w.keys[CYCLE], key, 0))
    lead.seen_fit = read_fit(w, lead, settled_normal(lead.seen_fit, w.keys[NOISE], key, 0))
    lead.misread = settled_normal(lead.misread, w.keys[NOISE], key, 1)
    lead.born = w.org[0].day
    lead.marketer = -1
    lead.developer = -1
    lead.seller = -1
    lead.response = -1.0
    lead.next = -1
    lead.previous = -1
    lead.stage = PROSPECT
    lead.source = FROM_MARKETING
    lead.marks = 0
    lead.score = lead.inflation = lead.signal = lead.chance = lead.discount = 0.0
    lead.handover = lead.next_time = lead.opened = 0.0
    lead.attempts = lead.touches = lead.steps = lead.failures = 0
    lead.marketing_seconds = lead.sales_seconds = 0


@inlined
def owner_of(w: Any, u: float) -> int:
    """Marketer to whom a captured lead falls: in proportion to generating work."""
    shares = w.shares
    n = w.org[0].marketers
    target = u * shares[n - 1]
    low, high = 0, n - 1
    while low < high:
        middle = (low + high) >> 1
        above = shares[middle] > target
        high = middle if above else high
        low = low if above else middle + 1
    return low


@inlined
def offer_candidates(w: Any) -> None:
    """Phase 1 of a day: the market offers candidates; marketing captures some of them."""
    p = w.params[0]
    org = w.org[0]
    day = org.day
    chance = capture_chance(w)
    org.brand += (org.generation - org.brand) / p.brand_memory_days
    org.generation = 0.0
    if org.marketers == 0 or chance <= 0.0:
        return
    total = 0.0
    for i in range(org.marketers):
        total += w.marketers[i].generation_hours
        w.shares[i] = total
    if total <= 0.0:  # brand alone brought them: nobody's work in particular
        for i in range(org.marketers):
            w.shares[i] = i + 1.0
    month = w.months[org.month]
    first = org.leads
    for j in range(offered(w, day)):
        # Every candidate is noted in the next record, which who is not captured leaves to the next: no branch to guess.
        key = (day << 20) + j
        w.leads[org.leads].key = key
        org.leads += int(uniform(w.keys[CAPTURE], key, 0) < chance)
    for index in range(first, org.leads):
        if (index - first) % AT_ONCE == 0:
            draw_luck(w, index, min(index + AT_ONCE, org.leads))
        lead = w.leads[index]
        key = lead.key
        owner = owner_of(w, uniform(w.keys[OWNER], key, 0))
        m = w.marketers[owner]
        line = w.lists[queue_of(owner)]
        fetch_line(w.leads, line.tail)
        fetch_line(w.counts, (m.worker, LEAD_CAPTURED, 0))
        set_attributes(w, lead, float(day), org.intent_logit)
        if uniform(w.keys[COPY], key, 0) < p.duplicate_share * p.technology * (1.0 - p.process):
            lead.marks |= DUPLICATE
        lead.marketer = owner
        append(w.leads, line, index)
        month.leads += 1.0
        m.leads_seen += 1.0
        count(w, MARKETER, m.worker, LEAD_CAPTURED, 1.0)
        count_company(w, LEAD_CAPTURED, 1.0)

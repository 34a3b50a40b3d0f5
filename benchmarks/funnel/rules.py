"""The rules of the yardstick and its kernel, in the idiom of this project.

A rule is a small compiled function on one record. The kernel holds loops and calls of rules,
nothing else. Every constant and rule the kernel uses stands in this file or under ``sim/``,
because those are the sources its disk cache looks at.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.compiled import entry_point, inlined
from sim.draws import Stream, normal, uniform
from sim.memory import borrowed

# Compiled code sees the fields of a record as attributes; type checkers do not, hence Any.
Record = Any
Records = Any

OPEN, WON, LOST, EXPIRED, CHURNED = 0, 1, 2, 3, 4
NOBODY = -1

# A lead's id says who captured it and when, so that no other agent's luck can change it.
IDS_PER_MARKETER_DAY = 64
IDS_PER_DAY = IDS_PER_MARKETER_DAY * 2**20

LEADS_FULL, INBOX_FULL = -1, -2

ARRIVAL = int(Stream.MARKET_OFFER)
QUALITY = int(Stream.LEAD_FIT)
SCORE = int(Stream.SCORE_NOISE)
OWNER = int(Stream.LEAD_OWNER)
ADVANCE = int(Stream.DEAL_STEP)
LOSS = int(Stream.DEAL_CLOSE)
CHURN = int(Stream.CUSTOMER_CHURN)


@inlined
def logistic(x: float) -> float:
    """Probability of a yes at log-odds ``x``."""
    return 1.0 / (1.0 + math.exp(-x))


@inlined
def arrivals(rate: float, u: float) -> int:
    """Poisson quantile of ``u``, at most 63 because a marketer has 64 ids a day."""
    number = 0
    probability = math.exp(-rate)
    below = probability
    while u > below and number < IDS_PER_MARKETER_DAY - 1:
        number += 1
        probability *= rate / number
        below += probability
    return number


@inlined
def capture(lead: Record, marketer: int, number: int, day: int, setting: Record, keys: NDArray[np.uint64]) -> None:
    """Capture a lead as a marketer: its quality is hidden, its score is a noisy view of it."""
    lead.id = day * IDS_PER_DAY + marketer * IDS_PER_MARKETER_DAY + number
    # The product can round up to the number of sellers itself: the last seller takes that lead.
    lead.seller = min(int(uniform(keys[OWNER], lead.id, 0) * setting.sellers), setting.sellers - 1)
    lead.quality = normal(keys[QUALITY], lead.id, 0)
    lead.score = logistic(lead.quality + setting.score_noise * normal(keys[SCORE], lead.id, 0))
    lead.last_touch = day
    lead.touches = 0
    lead.stage = 0
    lead.status = OPEN


@inlined
def priority(score: float, last_touch: int, day: int, setting: Record) -> float:
    """Score times freshness; freshness halves after ``freshness_days`` without a touch."""
    return float(score * (setting.freshness_days / (setting.freshness_days + (day - last_touch))))


@inlined
def touch(lead: Record, day: int, setting: Record, keys: NDArray[np.uint64]) -> None:
    """Touch a lead as a seller: it may advance, it may be lost; a win goes before a loss."""
    advance = logistic(
        setting.advance_base + setting.advance_quality * lead.quality - setting.advance_stage * lead.stage
    )
    loss = logistic(setting.loss_base - setting.loss_quality * lead.quality + setting.loss_touch * lead.touches)
    advanced = uniform(keys[ADVANCE], lead.id, lead.touches) < advance
    gone = uniform(keys[LOSS], lead.id, lead.touches) < loss
    lead.touches += 1
    lead.last_touch = day
    if advanced:
        lead.stage += 1
    if lead.stage == setting.advances_to_win:
        lead.status = WON
    elif gone:
        lead.status = LOST


@inlined
def expires(last_touch: int, day: int, setting: Record) -> bool:
    """Whether a lead has been left untouched for too long."""
    return bool(day - last_touch >= setting.days_to_expiry)


@inlined
def note(slip: Record, lead: Record, row: int) -> None:
    """Write down what has to be known of a lead while it waits."""
    slip.row = row
    slip.score = lead.score
    slip.last_touch = lead.last_touch


@inlined
def leaves(lead: Record, month: int, setting: Record, keys: NDArray[np.uint64]) -> bool:
    """Whether a customer, which is a lead that was won, leaves at the end of this month."""
    if uniform(keys[CHURN], lead.id, month) < setting.churn_per_month:
        lead.status = CHURNED
        return True
    return False


# ------------------------------------------------------------------------------ days


@inlined
def rank(value: float, row: int, values: NDArray[np.float64], rows: NDArray[np.int64], held: int) -> int:
    """Insert a row among the best so far, best first, the older lead first among equals.

    Returns the row that found no place: the one pushed out, ``row`` itself, or ``NOBODY``.
    """
    last = len(rows) - 1
    out = NOBODY
    place = held
    if held > last:
        if value < values[last] or (value == values[last] and row > rows[last]):
            return row
        out = rows[last]
        place = last
    while place > 0 and (values[place - 1] < value or (values[place - 1] == value and rows[place - 1] > row)):
        values[place] = values[place - 1]
        rows[place] = rows[place - 1]
        place -= 1
    values[place] = value
    rows[place] = row
    return out


@inlined
def choose(
    seller: Record,
    desk: NDArray[np.int64],
    inbox: Records,
    leads: Records,
    day: int,
    setting: Record,
    values: NDArray[np.float64],
    rows: NDArray[np.int64],
) -> None:
    """Put today's best open leads on the seller's desk and all others in the inbox; drop the rest.

    Yesterday's desk goes first: most of it is best again today, so that few of the leads in
    the inbox still pass, and the pass over them is little more than a comparison each.
    """
    held = 0
    for place in range(seller.desk):
        row = desk[place]
        lead = leads[row]
        if lead.status != OPEN:
            continue
        if expires(lead.last_touch, day, setting):
            lead.status = EXPIRED
            continue
        rank(priority(lead.score, lead.last_touch, day, setting), row, values, rows, held)
        held += 1
    kept = 0
    for place in range(seller.inbox):
        slip = inbox[place]
        row = slip.row
        if expires(slip.last_touch, day, setting):
            leads[row].status = EXPIRED
            continue
        out = rank(priority(slip.score, slip.last_touch, day, setting), row, values, rows, held)
        if out == NOBODY:
            held += 1
        elif out == row:
            inbox[kept] = slip
            kept += 1
        else:
            note(inbox[kept], leads[out], out)
            kept += 1
    for place in range(held):
        desk[place] = rows[place]
    seller.desk = held
    seller.inbox = kept


@inlined
def work(
    seller: Record,
    desk: NDArray[np.int64],
    leads: Records,
    day: int,
    setting: Record,
    keys: NDArray[np.uint64],
    customers: NDArray[np.int64],
    n_customers: int,
) -> int:
    """Touch every lead on the desk; return the number of customers, the new ones added."""
    for place in range(seller.desk):
        lead = leads[desk[place]]
        touch(lead, day, setting, keys)
        seller.touches += 1
        if lead.status == WON:
            seller.won += 1
            customers[n_customers] = desk[place]
            n_customers += 1
    return n_customers


@inlined
def month_end(
    customers: NDArray[np.int64],
    n_customers: int,
    leads: Records,
    day: int,
    setting: Record,
    keys: NDArray[np.uint64],
) -> int:
    """Let customers leave at the end of a month; return how many stay."""
    month = day // setting.days_per_month
    kept = 0
    for place in range(n_customers):
        row = customers[place]
        if not leaves(leads[row], month, setting, keys):
            customers[kept] = row
            kept += 1
    return kept


@entry_point
def kernel(
    settings: Records,
    keys: NDArray[np.uint64],
    leads: Records,
    sellers: Records,
    marketers: Records,
    desks: NDArray[np.int64],
    inboxes: Records,
    customers: NDArray[np.int64],
    values: NDArray[np.float64],
    rows: NDArray[np.int64],
) -> int:
    """Run all days; return the number of leads, or why the arrays are too small."""
    setting = settings[0]
    keys, leads, sellers, marketers = borrowed(keys), borrowed(leads), borrowed(sellers), borrowed(marketers)
    desks, inboxes, customers = borrowed(desks), borrowed(inboxes), borrowed(customers)
    values, rows = borrowed(values), borrowed(rows)
    n_leads = 0
    n_customers = 0
    for day in range(setting.days):
        for m in range(setting.marketers):
            number = arrivals(setting.leads_per_day, uniform(keys[ARRIVAL], m, day))
            if n_leads + number > len(leads):
                return LEADS_FULL
            marketers[m].leads += number
            for i in range(number):
                lead = leads[n_leads]
                capture(lead, m, i, day, setting, keys)
                seller = sellers[lead.seller]
                if seller.inbox == inboxes.shape[1]:
                    return INBOX_FULL
                note(inboxes[lead.seller, seller.inbox], lead, n_leads)
                seller.inbox += 1
                n_leads += 1
        for s in range(setting.sellers):
            desk, inbox = borrowed(desks[s]), borrowed(inboxes[s])
            choose(sellers[s], desk, inbox, leads, day, setting, values, rows)
            n_customers = work(sellers[s], desk, leads, day, setting, keys, customers, n_customers)
        if (day + 1) % setting.days_per_month == 0:
            n_customers = month_end(customers, n_customers, leads, day, setting, keys)
    return n_leads

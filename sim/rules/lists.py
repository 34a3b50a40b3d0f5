"""Waiting lines inside the records: first in, first out, removal anywhere in constant time.

Each marketer has a queue of leads to qualify and a pool to nurture, each seller an
inbox and a list of deals, each success manager customers to onboard and to care for.
A lead (or a customer) stands in at most one line.
"""

from __future__ import annotations

from typing import Any

from sim.compiled import inlined
from sim.memory import fetch_ahead

TOGETHER = 4  # lines walked side by side


@inlined
def append(records: Any, line: Any, index: int) -> None:
    """Put record ``index`` at the end of ``line``."""
    records[index].next = -1
    records[index].previous = line.tail
    if line.tail >= 0:
        records[line.tail].next = index
    else:
        line.head = index
    line.tail = index
    line.count += 1


@inlined
def remove(records: Any, line: Any, index: int) -> None:
    """Take record ``index`` out of ``line``."""
    before = records[index].previous
    after = records[index].next
    if before >= 0:
        records[before].next = after
    else:
        line.head = after
    if after >= 0:
        records[after].previous = before
    else:
        line.tail = before
    records[index].next = -1
    records[index].previous = -1
    line.count -= 1


@inlined
def queue_of(marketer: int) -> int:
    """Line of leads waiting to be qualified."""
    return 2 * marketer


@inlined
def pool_of(marketer: int) -> int:
    """Line of leads being nurtured."""
    return 2 * marketer + 1


@inlined
def inbox_of(org: Any, seller: int) -> int:
    """Line of leads handed to a seller or development representative."""
    return 2 * (org.marketers + seller)


@inlined
def deals_of(org: Any, seller: int) -> int:
    """Line of accepted leads and open opportunities of a seller."""
    return 2 * (org.marketers + seller) + 1


@inlined
def arrivals_of(org: Any, manager: int) -> int:
    """Line of customers waiting to be onboarded."""
    return 2 * (org.marketers + org.sellers + manager)


@inlined
def accounts_of(org: Any, manager: int) -> int:
    """Line of customers in care, next visit first."""
    return 2 * (org.marketers + org.sellers + manager) + 1


@inlined
def dispositions_of(org: Any) -> int:
    """Line of leads whose outcome was reported back this month."""
    return 2 * (org.marketers + org.sellers + org.managers)


@inlined
def fetch_lines(w: Any, j: int) -> None:
    """Have the leads near that sellers ``j`` to ``j`` + 3 look at today; nothing depends on it but speed.

    The walk along one line waits for memory at every lead. Four lines side by side wait together.
    """
    org = w.org[0]
    last = org.sellers - 1
    second, third, fourth = min(j + 1, last), min(j + 2, last), min(j + 3, last)
    a, b = w.lists[inbox_of(org, j)].tail, w.lists[inbox_of(org, second)].tail
    c, d = w.lists[inbox_of(org, third)].tail, w.lists[inbox_of(org, fourth)].tail
    for line in (inbox_of(org, j), inbox_of(org, second), inbox_of(org, third), inbox_of(org, fourth)):
        fetch_ahead(w.leads, w.lists[line].head)
    looked = 0
    while looked < TOGETHER * w.params[0].attention and max(a, b, c, d) >= 0:
        looked += due(w, a) + due(w, b) + due(w, c) + due(w, d)
        a, b, c, d = fetch(w, a, False), fetch(w, b, False), fetch(w, c, False), fetch(w, d, False)
    a, b = w.lists[deals_of(org, j)].head, w.lists[deals_of(org, second)].head
    c, d = w.lists[deals_of(org, third)].head, w.lists[deals_of(org, fourth)].head
    while max(a, b, c, d) >= 0:
        a, b, c, d = fetch(w, a, True), fetch(w, b, True), fetch(w, c, True), fetch(w, d, True)


@inlined
def due(w: Any, index: int) -> int:
    """Whether something can be done about a lead today (0 or 1)."""
    return int(index >= 0 and w.leads[index].next_time <= w.org[0].day)


@inlined
def fetch(w: Any, index: int, forwards: bool) -> int:
    """The next lead of a line, or the one before; −1 at its end. Of deals, walked forwards, all is asked for."""
    if index < 0:
        return -1
    if not forwards:
        return w.leads[index].previous
    fetch_ahead(w.leads, index)
    return w.leads[index].next

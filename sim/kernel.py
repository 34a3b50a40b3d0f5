"""The compiled engine: the phases of a day as one loop. Nothing but loops and calls of rules."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from sim.compiled import compiled, entry_point
from sim.rules.calendar import begin_of_day, end_of_day
from sim.rules.founding import found
from sim.rules.lists import TOGETHER, deals_of, fetch_lines
from sim.rules.marketing import marketer_day
from sim.rules.selling import make_seller_day, seller_begin, seller_day, seller_end, seller_perform
from sim.rules.success import manager_day
from sim.rules.tasks import Choice, choose_task
from sim.state import CUSTOMERS_FULL, LEADS_FULL, TASKS_FULL


@compiled
def lacking(w: Any) -> int:
    """Which arrays could run out of room today: 0, or LEADS_FULL + CUSTOMERS_FULL + TASKS_FULL."""
    p = w.params[0]
    org = w.org[0]
    blocks = math.ceil(p.day_hours / p.prospect) + 1.0
    new_leads = math.floor(p.candidates_per_day) + 1.0 + org.sellers * blocks
    deals = 0
    longest = 0
    for j in range(org.sellers):
        here = w.lists[deals_of(org, j)].count
        deals += here
        longest = max(longest, here)
    full = 0
    if org.leads + new_leads > w.leads.shape[0]:
        full += LEADS_FULL
    if org.customers + deals > w.customers.shape[0]:
        full += CUSTOMERS_FULL
    # Deals handed over today have no task before tomorrow.
    if longest + p.attention + 2 > w.tasks.shape[0]:
        full += TASKS_FULL
    return full


def make_run_days(seller_day: Callable[[Any, int], None]) -> Callable[[Any, int], int]:
    """The loop over days, with this day of a seller in it."""

    @compiled
    def run(w: Any, stop: int) -> int:
        """Run until day ``stop`` or until an array must grow; return the day reached."""
        org = w.org[0]
        while org.day < stop and lacking(w) == 0:
            begin_of_day(w)
            for i in range(org.marketers):
                marketer_day(w, i)
            for j in range(org.sellers):
                if j % TOGETHER == 0:
                    fetch_lines(w, j)
                seller_day(w, j)
            for i in range(org.managers):
                manager_day(w, i)
            end_of_day(w)
        return org.day

    return run


_run_days = make_run_days(seller_day)


@entry_point
def run_days(w: Any, stop: int) -> int:
    """Run until day ``stop`` or until an array must grow; return the day reached."""
    return _run_days(w, stop)


@cache
def run_days_choosing(choose: Choice) -> Callable[[Any, int], int]:
    """:func:`run_days` under another compiled task-choice rule (compiled once a process)."""
    return make_run_days(make_seller_day(choose))


# Entry points of the Mesa engine and of the first morning: the same rules, called one by one.


@entry_point
def found_world(w: Any) -> None:
    """Fill a fresh world."""
    found(w)


@entry_point
def full_arrays(w: Any) -> int:
    """Which arrays must grow before today (see :func:`lacking`)."""
    return lacking(w)


@entry_point
def market_phase(w: Any) -> None:
    """Phase 1 of a day."""
    begin_of_day(w)


@entry_point
def marketer_phase(w: Any, i: int) -> None:
    """Phase 2 of one marketer."""
    marketer_day(w, i)


@entry_point
def seller_phase(w: Any, j: int) -> None:
    """Phase 3 of one seller under the default task-choice rule."""
    seller_day(w, j)


@cache
def seller_phase_choosing(choose: Choice) -> Callable[[Any, int], None]:
    """Phase 3 of one seller under another compiled task-choice rule."""
    return make_seller_day(choose)


@entry_point
def seller_morning(w: Any, j: int) -> None:
    """Begin of a seller's day, for policies written in Python."""
    seller_begin(w, j)


@entry_point
def seller_task(w: Any, j: int, k: int) -> None:
    """One task of a seller's day, for policies written in Python."""
    seller_perform(w, j, k)


@entry_point
def seller_choice(w: Any, j: int) -> int:
    """The default rule's choice, for policies that amend it."""
    return choose_task(w, j)


@entry_point
def seller_evening(w: Any, j: int) -> None:
    """End of a seller's day, for policies written in Python."""
    seller_end(w, j)


@entry_point
def manager_phase(w: Any, i: int) -> None:
    """Phase 4 of one success manager."""
    manager_day(w, i)


@entry_point
def closing_phase(w: Any) -> None:
    """Phases 5 and 6, and the turn of the day."""
    end_of_day(w)

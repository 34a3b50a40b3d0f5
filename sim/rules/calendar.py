"""What happens at the ends of months and quarters, and the order of a day's phases."""

from __future__ import annotations

from typing import Any

from sim.compiled import compiled, inlined
from sim.rules.learning import learn_month
from sim.rules.market import offer_candidates
from sim.rules.marketing import move_bars
from sim.rules.pay import change_pay, close_quarter, pay_base, pay_period
from sim.rules.programme import programme_week
from sim.rules.staffing import turn_over
from sim.rules.success import renew
from sim.state import MONTH, QUARTER, WEEK, YEAR


@inlined
def begin_of_day(w: Any) -> None:
    """Set the calendar, then phase 1: the market offers candidates."""
    org = w.org[0]
    org.month = org.day // MONTH
    if org.day % MONTH == 0:
        w.months[org.month].opening_arr = org.arr
    offer_candidates(w)


@inlined
def end_of_day(w: Any) -> None:
    """Phases 5 to 7: month end, quarter end, a programme's week; then the next day."""
    org = w.org[0]
    month = w.months[org.month]
    following = org.day + 1
    if following % MONTH == 0:
        renew(w)
        expectations(w)
        learn_month(w)
        move_bars(w)
        turn_over(w)
        pay_base(w)
        pay_period(w, 0)
        if following % QUARTER == 0:
            pay_period(w, 1)
            close_quarter(w)
        if following % YEAR == 0:
            pay_period(w, 2)
        if following == w.plan[0].pay_day:
            change_pay(w)
    if following % WEEK == 0:
        programme_week(w)
    month.arr = org.arr
    month.customers = org.living
    org.day = following


@compiled
def expectations(w: Any) -> None:
    """Month end: marketers see what share of recent MQLs was pursued at all."""
    org = w.org[0]
    month = w.months[org.month]
    if month.mqls > 0.0:
        seen = min(month.pursued / month.mqls, 1.0)
        org.pursue_rate += w.params[0].pursuit_learning * (seen - org.pursue_rate)

"""Sums over a window of months of one run: what measures are computed from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import state as S
from sim.parameters import Params

NAN = math.nan


@dataclass(frozen=True)
class Window:
    """Sums over a window of months of one run.

    Attributes
    ----------
    total : dict of str to float
        Sum of every monthly count.
    first, last : records
        Monthly records of the first and last month.
    hours : array, shape (role, class)
        Seconds.
    start : int
        First month, counted from the first simulated day.
    months : float
        Length of the window.
    params : Params
        Of the run.
    people : array, shape (worker, column) or None
        Pay since the first measured day; None for a single month.
    monthly : records
        The monthly records themselves.
    new_pay : float
        Share of the months under the pay plan that a programme brings.
    """

    total: dict[str, float]
    first: Any
    last: Any
    hours: NDArray[np.int64]
    start: int
    months: float
    params: Params
    people: NDArray[np.float64] | None
    monthly: Any
    new_pay: float = 0.0

    @property
    def last_whole(self) -> Any:
        """Monthly record of the last month that is over; None if there is none."""
        return self.monthly[int(self.months) - 1] if self.months >= 1 else None

    @property
    def years(self) -> float:
        """Length of the window in years."""
        return self.months / 12.0


def ratio(a: float, b: float) -> float:
    """A / b, or NaN when there is nothing to divide by."""
    return a / b if b else NAN


def compound(monthly_factor: NDArray[np.float64], months: float) -> float:
    """Annualised product of monthly factors."""
    if len(monthly_factor) == 0 or not np.all(np.isfinite(monthly_factor)):
        return NAN
    product = 1.0
    for factor in monthly_factor:
        product *= float(factor)
    return product ** (12.0 / months) if months and product >= 0 else NAN


def window(world: S.World, params: Params, start: int, stop: int, whole: bool) -> Window:
    """Months ``start`` to ``stop`` (exclusive) of a run; ``whole`` includes pay by person."""
    monthly = np.asarray(world.months[start:stop])
    days = min(int(world.org["day"][0]), stop * S.MONTH) - start * S.MONTH
    rows = monthly.view(np.float64).reshape(len(monthly), -1).tolist()
    total: dict[str, float] = dict(zip(S.MONTH_NAMES, map(sum, zip(*rows, strict=True)), strict=True))
    return Window(
        total=total,
        first=monthly[0],
        last=monthly[-1],
        hours=world.hours[start:stop].sum(axis=0),
        start=start,
        months=days / S.MONTH,
        params=params,
        people=np.asarray(world.pay) if whole else None,
        monthly=monthly,
        new_pay=_new_pay(int(world.plan["pay_day"][0]), start * S.MONTH, days),
    )


def _new_pay(pay_day: int, start: int, days: int) -> float:
    """Share of ``days`` days from ``start`` on that lie under the new pay plan; −1: there is none."""
    return min(max(start + days - pay_day, 0), days) / days if pay_day >= 0 and days > 0 else 0.0


def payroll(w: Window) -> float:
    """Base and variable pay of everybody, €, loaded."""
    variable = sum(w.total[f"pay_{role}"] for role in S.ROLE_NAMES)
    return (w.total["base_pay"] + variable) * w.params.people.loading

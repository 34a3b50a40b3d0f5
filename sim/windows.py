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
        Monthly records of the first month and of the last one that has begun.
    hours : array, shape (role, class)
        Seconds.
    start : int
        First month, counted from the first simulated day.
    months : float
        Length of the window; a begun month counts by its days.
    params : Params
        Of the run.
    people : array, shape (worker, column) or None
        Pay since the first measured day; None for a single month.
    monthly : records
        The monthly records themselves, of months that have begun.
    new_pay : float
        Share of the whole months under the pay plan that a programme brings.
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
    def whole(self) -> Any:
        """Monthly records of the months that are over: pay, revenue and churn are booked at their ends."""
        return self.monthly[: int(self.months)]

    @property
    def years(self) -> float:
        """Length of the window in years."""
        return self.months / 12.0

    @property
    def whole_years(self) -> float:
        """Length of the months that are over, in years."""
        return len(self.whole) / 12.0

    def booked(self, name: str) -> float:
        """Sum of a monthly count over the months that are over."""
        return float(sum(self.whole[name].tolist()))


def ratio(a: float, b: float) -> float:
    """A / b, or NaN when there is nothing to divide by."""
    return a / b if b else NAN


def compound(monthly_factor: NDArray[np.float64]) -> float:
    """Annualised product of monthly factors."""
    if len(monthly_factor) == 0 or not np.all(np.isfinite(monthly_factor)):
        return NAN
    product = 1.0
    for factor in monthly_factor:
        product *= float(factor)
    return product ** (12.0 / len(monthly_factor)) if product >= 0 else NAN


def begun(world: S.World) -> int:
    """Months that have begun since the first simulated day; the one that begins tomorrow has not."""
    return -(-int(world.org["day"][0]) // S.MONTH)


def window(world: S.World, params: Params, start: int, stop: int, whole: bool) -> Window:
    """Months ``start`` to ``stop`` (exclusive), as far as they have begun; ``whole`` includes pay by person."""
    stop = min(stop, begun(world))
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
        new_pay=_new_pay(int(world.plan["pay_day"][0]), start * S.MONTH, days // S.MONTH * S.MONTH),
    )


def _new_pay(pay_day: int, start: int, days: int) -> float:
    """Share of ``days`` days from ``start`` on that lie under the new pay plan; −1: there is none."""
    return min(max(start + days - pay_day, 0), days) / days if pay_day >= 0 and days > 0 else 0.0


def payroll(w: Window) -> float:
    """Base and variable pay of everybody, €, loaded."""
    variable = sum(w.total[f"pay_{role}"] for role in S.ROLE_NAMES)
    return (w.total["base_pay"] + variable) * w.params.people.loading

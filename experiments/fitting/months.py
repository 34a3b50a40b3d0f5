"""Calendar months of a series of days: counts, days watched, quarters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.fitting.estimate import Floats

MONTH = 365.25 / 12.0


@dataclass(frozen=True)
class Months:
    """The calendar months from a first to a last day.

    Attributes
    ----------
    start : array of float
        First day of each month, and of the one after the last.
    first, last : float
        The days between which everything is seen, both included.
    """

    start: Floats
    first: float
    last: float

    @property
    def n(self) -> int:
        """How many."""
        return len(self.start) - 1

    @property
    def names(self) -> list[str]:
        """As 2024-01."""
        return [str(np.datetime64(int(day), "D").astype("datetime64[M]")) for day in self.start[:-1]]

    @property
    def exposure(self) -> Floats:
        """Days watched of each month, in months of mean length."""
        begin, end = np.maximum(self.start[:-1], self.first), np.minimum(self.start[1:], self.last + 1)
        return np.asarray(np.maximum(end - begin, 0.0) / MONTH)

    def counts(self, days: Floats) -> Floats:
        """How many of the days fall into each month."""
        return self.sums(days, np.ones(len(days)))

    def sums(self, days: Floats, weight: Floats) -> Floats:
        """Sum of weights by month."""
        known = np.isfinite(days) & np.isfinite(weight) & (days >= self.start[0]) & (days < self.start[-1])
        place = np.searchsorted(self.start, days[known], side="right") - 1
        return np.bincount(place, weights=weight[known], minlength=self.n).astype(float)


def months(first: float, last: float) -> Months:
    """Months from the one of a first day to the one of a last day."""
    begin = _month(first)
    bounds = np.arange(begin, _month(last) + 2).astype("datetime64[M]").astype("datetime64[D]").astype(float)
    return Months(bounds, first, last)


def _month(day: float) -> int:
    return int(np.datetime64(int(day), "D").astype("datetime64[M]").astype(int))


def add_months(day: float, n: int) -> float:
    """First day of the month so many months after the month of a day."""
    return float(np.datetime64(_month(day) + n, "M").astype("datetime64[D]").astype(int))


def month_of_year(days: Floats) -> NDArray[np.int64]:
    """1 to 12."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1


def shown(day: float) -> str:
    """A day as 2024-01-31."""
    return str(np.datetime64(int(day), "D"))

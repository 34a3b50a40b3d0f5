"""Intervals of means and of paired differences.

Two arms that run on the same draws meet the same leads with the same luck, so their
difference is judged run by run: replication 7 of one arm against replication 7 of the
other. What both share cancels, and the interval of the difference is narrower than that
of two independent samples by the factor √:attr:`Contrast.variance_reduction`.

Sums are exact (:func:`math.fsum`), so the order of the runs does not change a bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % t interval.

    Attributes
    ----------
    mean, sd : float
        Mean and sample standard deviation (n − 1) of the values that are there.
    low, high : float
        Bounds of the interval of the mean; NaN with fewer than two values.
    n : int
        Number of values; missing ones (NaN, infinite) are left out.
    """

    mean: float
    sd: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Contrast:
    """The paired difference of an arm from its baseline, arm − baseline.

    Attributes
    ----------
    difference : float
        Mean of the differences of the pairs.
    low, high : float
        Bounds of its 95 % t interval; NaN with fewer than two pairs.
    probability_positive : float
        Probability that the true mean difference is above zero, given the runs: with a
        flat prior on the mean and on the logarithm of the spread the posterior is a t
        with n − 1 degrees of freedom around ``difference`` with scale sd/√n, so this is
        T_{n−1}(difference·√n / sd): one minus the one-sided p of the paired t test.
        When all differences are equal it is 1, ½ or 0 by their sign.
    variance_reduction : float
        (var(arm) + var(baseline)) / var(arm − baseline): how many times as many
        unpaired replications the same interval would take. Infinite when all
        differences are equal and the arms vary, NaN when nothing varies.
    n : int
        Number of complete pairs.
    left_out : int
        Pairs left out because one or both values are missing.
    """

    difference: float
    low: float
    high: float
    probability_positive: float
    variance_reduction: float
    n: int
    left_out: int = 0


@dataclass(frozen=True)
class Share:
    """Which share of a mean difference one of its parts makes; it can be negative, or more than one.

    Attributes
    ----------
    share : float
        Mean of the part over mean of the whole; NaN where the whole cannot be told from zero.
    low, high : float
        Bounds of its 95 % interval (Fieller 1954).
    n : int
        Number of complete pairs.
    """

    share: float
    low: float
    high: float
    n: int


def share_of(part: Iterable[float] | ArrayLike, whole: Iterable[float] | ArrayLike) -> Share:
    """Share of the differences ``whole`` that their parts ``part`` make; the i-th values of both are of one pair."""
    above, below = _vector(part), _vector(whole)
    complete = np.isfinite(above) & np.isfinite(below)
    above, below = above[complete], below[complete]
    n = int(complete.sum())
    if n < 2:
        return Share(math.nan, math.nan, math.nan, n)
    a, b = math.fsum(above) / n, math.fsum(below) / n
    t2 = float(stdtrit(n - 1, 0.5 + LEVEL / 2)) ** 2 / (n * (n - 1))
    aa = t2 * math.fsum((above - a) ** 2)
    bb = t2 * math.fsum((below - b) ** 2)
    ab = t2 * math.fsum((above - a) * (below - b))
    lead = b * b - bb
    if lead <= 0.0:  # the interval of the whole holds zero: any share goes
        return Share(math.nan, math.nan, math.nan, n)
    middle = (a * b - ab) / lead
    half = math.sqrt(max(middle * middle - (a * a - aa) / lead, 0.0))
    return Share(a / b, middle - half, middle + half, n)


def interval(values: Iterable[float] | ArrayLike) -> Interval:
    """Mean and 95 % t interval of ``values``; missing ones are left out."""
    found = _vector(values)
    found = found[np.isfinite(found)]
    mean, sd = _moments(found)
    half = _half_width(sd, found.size)
    return Interval(mean, sd, mean - half, mean + half, int(found.size))


def contrast(baseline: Iterable[float] | ArrayLike, arm: Iterable[float] | ArrayLike) -> Contrast:
    """Paired difference ``arm − baseline``; the i-th values of both form a pair.

    Raises
    ------
    ValueError
        The two have different lengths.
    """
    before, after = _vector(baseline), _vector(arm)
    if before.size != after.size:
        raise ValueError(f"pairs need two equal lengths, not {before.size} and {after.size}")
    complete = np.isfinite(before) & np.isfinite(after)
    n = int(complete.sum())
    before, after = before[complete], after[complete]
    difference, sd = _moments(after - before)
    half = _half_width(sd, n)
    return Contrast(
        difference=difference,
        low=difference - half,
        high=difference + half,
        probability_positive=_probability_positive(difference, sd, n),
        variance_reduction=ratio(_moments(before)[1] ** 2 + _moments(after)[1] ** 2, sd**2),
        n=n,
        left_out=int(complete.size) - n,
    )


def _vector(values: Iterable[float] | ArrayLike) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    listed = values if hasattr(values, "__array__") else list(values)  # type: ignore[arg-type]
    return np.asarray(listed, dtype=np.float64).reshape(-1)


def _moments(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float]:
    """Mean and sample standard deviation; NaN where there are too few values."""
    n = values.size
    if n == 0:
        return math.nan, math.nan
    if (values == values[0]).all():  # the division below would leave a rounding error as spread
        return float(values[0]), 0.0 if n > 1 else math.nan
    mean = math.fsum(values) / n
    return mean, math.sqrt(math.fsum((values - mean) ** 2) / (n - 1))


def _half_width(sd: float, n: int) -> float:
    if n < 2:
        return math.nan
    return float(stdtrit(n - 1, 0.5 + LEVEL / 2)) * sd / math.sqrt(n)


def _probability_positive(difference: float, sd: float, n: int) -> float:
    if n < 2:
        return math.nan
    if sd == 0.0:
        return 0.5 + 0.5 * float(np.sign(difference))
    return float(stdtr(n - 1, difference * math.sqrt(n) / sd))


def ratio(above: float, below: float) -> float:
    """``above`` / ``below``; infinite over nothing, NaN where both are nothing."""
    if below == 0.0:
        return math.nan if above == 0.0 else math.inf
    return above / below

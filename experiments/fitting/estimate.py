"""A number from data: value, 95 % interval, how many rows it rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEVEL = 0.95
RESAMPLES = 300
SEED = 20_240_229  # of every resampling: the same export gives the same fit


@dataclass(frozen=True)
class Estimate:
    """What the data say of one number.

    Attributes
    ----------
    value, low, high : float
        Estimate and its 95 % interval; NaN where the data do not tell.
    n : int
        Rows (months, sellers) that it rests on.
    se : float
        Standard error on the scale on which the number is matched (log or logit); NaN if unknown.
    """

    value: float
    low: float
    high: float
    n: int
    se: float = math.nan

    def plain(self) -> dict[str, Any]:
        """As it stands in ``fit.json``."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n}


NOTHING = Estimate(math.nan, math.nan, math.nan, 0)


def from_draws(value: float, draws: Floats, n: int, scale: str = "log") -> Estimate:
    """Percentile interval of resampled values; their spread on the scale is the standard error."""
    draws = draws[np.isfinite(draws)]
    if not math.isfinite(value) or len(draws) < 20:
        return Estimate(value, math.nan, math.nan, n)
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(value), float(low), float(high), n, float(np.std(on_scale(draws, scale))))


def on_scale(values: Any, scale: str) -> Any:
    """Values where they are compared: logarithm of what is positive, logit of a share."""
    if scale == "log":
        return np.log(np.maximum(values, 1e-12))
    if scale == "logit":
        inside = np.clip(values, 1e-6, 1 - 1e-6)
        return np.log(inside / (1 - inside))
    return values


def wilson(hits: float, n: float) -> Estimate:
    """A share of n with Wilson's interval."""
    if n <= 0:
        return NOTHING
    z = 1.959964
    p = hits / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    se = 1.0 / math.sqrt(max(n * p * (1 - p), 0.5))
    return Estimate(p, max(centre - half, 0.0), min(centre + half, 1.0), int(n), se)


def mean_of(values: Floats) -> Estimate:
    """Mean of positive amounts; bias-corrected bootstrap where few, else normal."""
    n = len(values)
    if n < 2 or float(np.std(values)) == 0.0:
        return Estimate(float(values.mean()) if n else math.nan, math.nan, math.nan, n)
    mean, se = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(n)
    if 8 <= n <= 3_000:
        from scipy import stats

        rng = np.random.default_rng(SEED)
        found = stats.bootstrap((values,), np.mean, n_resamples=999, method="BCa", rng=rng).confidence_interval
        return Estimate(mean, float(found.low), float(found.high), n, se / mean)
    return Estimate(mean, mean - 1.96 * se, mean + 1.96 * se, n, se / mean)


def log_spread_of(values: Floats) -> Estimate:
    """Standard deviation of logarithms, with the interval that their kurtosis allows."""
    n = len(values)
    if n < 8:
        return Estimate(math.nan, math.nan, math.nan, n)
    logs = np.log(values)
    centred = logs - logs.mean()
    variance = float((centred**2).sum()) / (n - 1)
    if variance <= 0:
        return Estimate(0.0, math.nan, math.nan, n)
    kurtosis = float((centred**4).mean()) / float((centred**2).mean()) ** 2
    se = 0.5 * math.sqrt(max(kurtosis - (n - 3) / (n - 1), 0.1) / n)  # of the log of the sd
    sd = math.sqrt(variance)
    return Estimate(sd, sd * math.exp(-1.96 * se), sd * math.exp(1.96 * se), n, se)


def quantiles_of(values: Floats, at: Sequence[float]) -> list[float]:
    """Quantiles as plain numbers; NaN of nothing."""
    return [float(q) for q in np.quantile(values, at)] if len(values) else [math.nan] * len(at)

"""Quantiles, payback and rate of return of made-up cash flows."""

from __future__ import annotations

import numpy as np

from analysis.money.results import BreakEven, Estimate, Fan, Payback, Rate


def fan(values: np.ndarray) -> Fan:
    low, q10, q50, q90, high = np.quantile(values, (0.025, 0.1, 0.5, 0.9, 0.975), axis=0)
    return Fan(*(tuple(map(float, row)) for row in (values.mean(axis=0), low, q10, q50, q90, high)))


def estimate(values: np.ndarray) -> Estimate:
    low, q10, q50, q90, high = map(float, np.quantile(values, (0.025, 0.1, 0.5, 0.9, 0.975)))
    mean, half = float(values.mean()), float(1.96 * values.std() / len(values) ** 0.5)
    positive = float((values > 0).mean())
    return Estimate(mean, low, high, q10, q50, q90, mean - half, mean + half, positive, len(values))


def payback_of(cumulative: np.ndarray) -> Payback:
    def month(row: np.ndarray) -> float:
        below = np.flatnonzero(row < 0)
        return 1.0 if not below.size else float(below[-1] + 2) if below[-1] + 1 < row.size else np.inf

    months = np.array([month(row) for row in cumulative])
    found = [None if not np.isfinite(q) else float(q) for q in np.quantile(months, (0.1, 0.5, 0.9), method="nearest")]
    of_mean = month(cumulative.mean(axis=0))
    return Payback(float(np.isfinite(months).mean()), *found, int(of_mean) if np.isfinite(of_mean) else None)


def rate_of(net: np.ndarray) -> Rate:
    """Rate of return of the mean cash flow, by bisection; none where none is positive."""
    mean = net.mean(axis=0)
    powers = np.arange(1, len(mean) + 1) / 12

    def value(rate: float) -> float:
        return float(mean @ (1.0 + rate) ** -powers)

    low, high = 0.0, 1.0
    if np.count_nonzero(np.diff(np.sign(mean[mean != 0.0]))) != 1 or value(low) < 0:
        return Rate(0.0, None, None, None, None)
    if value(high) > 0:
        return Rate(0.5, 0.1, 0.4, 0.9, high)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if value(low) * value(middle) > 0 else (low, middle)
    return Rate(0.5, 0.1, 0.4, 0.9, low)


def break_even_of(planned: float, gross: np.ndarray, spent: float) -> BreakEven:
    """Planned cost at which gross value is spent: of the mean, and of single runs."""
    if spent == 0.0:
        return BreakEven(*[None] * 6)
    each = planned * gross / spent
    return BreakEven(float(each.mean()), *(float(q) for q in np.quantile(each, (0.025, 0.1, 0.5, 0.9, 0.975))))

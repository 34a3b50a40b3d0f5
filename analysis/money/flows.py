"""Arithmetic of cash flows: present value, payback, internal rate of return, and their spread over runs.

Conventions: flows fall at the end of their month; a yearly rate r discounts month m by
(1 + r)^(m/12); tax is proportional, so a loss earns its relief (it offsets other profit).
Everything is linear in the flows, so the present value of the mean is the mean of present values.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, stdtrit

from analysis.money.results import QUANTILES, BreakEven, Components, Estimate, Fan, Payback, Rate
from analysis.paired import LEVEL
from analysis.uncertainty import nested

Array = NDArray[np.float64]
Groups = NDArray[np.int64]
HIGHEST_RATE = 1.0  # a year; beyond it a rate only says how small and early the outlay is


def discount(months: int, yearly: float) -> Array:
    """Factor of each month's end, shape (months,)."""
    factors: Array = (1.0 + yearly) ** (-np.arange(1, months + 1) / 12.0)
    return factors


def present_value(flows: Array, yearly: float) -> Any:
    """Value today of monthly flows; the last axis is the month."""
    return flows @ discount(flows.shape[-1], yearly)


def tail_value(arr_gain: Array, margin: Array, churn: Array, months: int, yearly: float) -> Array:
    """Value today of what is left of an ARR gain after the horizon, as it churns away.

    Parameters
    ----------
    arr_gain, margin : array, shape (run,)
        ARR above the status quo at the end, €; share of it that stays after its costs and tax.
    churn : array, shape (run,)
        Share of ARR that leaves in a month.
    """
    kept = (1.0 - np.clip(churn, 0.0, 1.0)) / (1.0 + yearly) ** (1.0 / 12.0)
    value: Array = arr_gain / 12.0 * margin * kept / np.maximum(1.0 - kept, 1e-6) * discount(months, yearly)[-1]
    return value


def payback_month(flows: Array) -> float:
    """First month from which cumulated flows stay at or above zero; NaN if there is none, or nothing flows."""
    summed = np.cumsum(flows)
    if not np.any(flows) or summed[-1] < 0.0:
        return math.nan
    below = np.flatnonzero(summed < 0.0)
    return float(below[-1] + 2) if len(below) else float(np.flatnonzero(flows)[0] + 1)


def internal_rate(flows: Array) -> float:
    """Yearly internal rate of return, where there is exactly one; else NaN.

    Exactly one there is where cumulated flows change sign once, from below to above zero
    (Norstrøm 1972: a sufficient condition for one positive rate). A rate above
    ``HIGHEST_RATE`` is given as that: it is compared with what capital costs, and there the
    comparison is decided.
    """
    summed = np.cumsum(flows)
    signs = np.sign(summed[summed != 0.0])
    if len(signs) < 2 or signs[0] > 0 or signs[-1] < 0 or np.count_nonzero(np.diff(signs)) != 1:
        return math.nan

    def value(rate: float) -> float:
        return float(present_value(flows, rate))

    return HIGHEST_RATE if value(HIGHEST_RATE) >= 0.0 else float(brentq(value, 0.0, HIGHEST_RATE))


# ---------------------------------------------------------------- spread over runs


def estimate(values: Array, groups: Groups) -> Estimate:
    """A number over runs; runs of a group share their parameters."""
    there = np.isfinite(values)
    known = values[there]
    if not len(known):
        nothing = math.nan
        return Estimate(nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, 0)
    low, q10, q50, q90, high = (float(q) for q in np.quantile(known, QUANTILES))
    mean_low, mean_high = mean_bounds(known, groups[there])
    mean = math.fsum(known.tolist()) / len(known)
    return Estimate(mean, low, high, q10, q50, q90, mean_low, mean_high, float((known > 0.0).mean()), len(known))


def mean_bounds(values: Array, groups: Groups) -> tuple[float, float]:
    """95 % interval of the mean: as many observations as there are groups."""
    means = by_group(values, groups)
    if len(means) < 2:
        return math.nan, math.nan
    half = float(stdtrit(len(means) - 1, 0.5 + LEVEL / 2)) * float(means.std(ddof=1)) / math.sqrt(len(means))
    return float(means.mean()) - half, float(means.mean()) + half


def by_group(values: Array, groups: Groups) -> Array:
    """Mean of each group, in the order of the groups' numbers."""
    return np.array([values[groups == g].mean() for g in np.unique(groups)])


def expected(values: Array, groups: Groups) -> tuple[float, float, float, float]:
    """What this client should expect: mean, 95 % interval over its parameters (luck averaged out), P(> 0)."""
    found = nested(values, groups.astype(float))
    return found.mean, found.low, found.high, found.probability_positive


def share_above(values: Array, groups: Groups, level: float = 0.5) -> tuple[float, float, float, float]:
    """Share of draws with a mean above zero: value, 95 % interval (Agresti), and P(share > ``level``)."""
    means = by_group(values, groups)
    n, hits = len(means), float((means > 0.0).sum())
    center = (hits + 2.0) / (n + 4.0)
    error = math.sqrt(center * (1.0 - center) / (n + 4.0))
    probability = float(ndtr((center - level) / error))
    return hits / n, max(center - 1.96 * error, 0.0), min(center + 1.96 * error, 1.0), probability


def fan(values: Array) -> Fan:
    """Mean and quantiles over runs of a trajectory, shape (run, month)."""
    low, q10, q50, q90, high = np.quantile(values, QUANTILES, axis=0)
    mean = values.mean(axis=0)
    return Fan(*(tuple(float(v) for v in line) for line in (mean, low, q10, q50, q90, high)))


def components(margin: Array, pay: Array, programme: Array, tax_rate: float) -> Components:
    """Means by month of the parts of a cash flow, shape (run, month) each; costs are negative."""
    parts = [each.mean(axis=0) for each in (margin, pay, programme)]
    tax = -tax_rate * sum(parts)
    net = sum(parts) + tax
    return Components(*(tuple(float(v) for v in line) for line in (*parts, tax, net)))


def payback(flows: Array) -> Payback:
    """Payback over runs, shape (run, month). A run that never pays back counts as later than all."""
    months = np.array([payback_month(run) for run in flows])
    late = np.where(np.isfinite(months), months, np.inf)
    q10, q50, q90 = (
        float(q) if math.isfinite(q) else None for q in np.quantile(late, [0.1, 0.5, 0.9], method="inverted_cdf")
    )
    of_mean = payback_month(flows.mean(axis=0))
    share = float(np.isfinite(months).mean())
    return Payback(share, q10, q50, q90, int(of_mean) if math.isfinite(of_mean) else None)


def rate(flows: Array) -> Rate:
    """Internal rate of return over the runs that have one."""
    rates = np.array([internal_rate(run) for run in flows])
    known = rates[np.isfinite(rates)]
    of_mean = internal_rate(flows.mean(axis=0))
    q10, q50, q90 = (float(q) for q in np.quantile(known, [0.1, 0.5, 0.9])) if len(known) else (None, None, None)
    return Rate(len(known) / len(rates), q10, q50, q90, of_mean if math.isfinite(of_mean) else None)


def break_even(planned: float, before_cost: Array, spent: Array) -> BreakEven:
    """External cost, as planned, at which nothing would be gained.

    Parameters
    ----------
    planned : float
        External cost as planned.
    before_cost, spent : array, shape (run,)
        Present value of all else, and of the external cost as it came (above zero), both after tax.
    """
    if not planned or not np.all(spent > 0.0):
        return BreakEven(*[None] * 6)
    each = np.quantile(planned * before_cost / spent, QUANTILES)
    return BreakEven(float(planned * before_cost.mean() / spent.mean()), *(float(q) for q in each))

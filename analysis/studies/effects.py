"""Effects in a design: paired differences between its cells, and differences of differences.

A cell is what some coordinates of the points (and the arm) have in common; its value in a
replication is the mean over its points. An effect is taken replication by replication, so
what all points share in a replication cancels.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from analysis import catalogue
from analysis.paired import Contrast, contrast, ratio
from sim.parameters import ParameterError, nearest


def cells(runs: pd.DataFrame, measure: str, keys: Sequence[str], at: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Mean of a measure by replication (rows) and cell (columns: values of ``keys``).

    A cell of a replication in which a run failed or has no value is missing: its mean would
    be over other points than in the other replications.

    Raises
    ------
    ParameterError
        There is no such measure, coordinate or value.
    """
    for name in (measure, *keys, *(at or {})):
        if name not in runs:
            raise ParameterError(f"{name}: no such column among the runs.{nearest(name, map(str, runs.columns))}")
    chosen = runs
    for key, value in (at or {}).items():
        chosen = chosen[chosen[key] == find(chosen[key], key, value)]
    values = chosen[measure].astype(float)
    if "failed" in chosen:
        values = values.mask(chosen["failed"].to_numpy(dtype=bool))
    grouped = values.groupby([chosen["replication"], *(chosen[key] for key in keys)])
    means = grouped.mean().where(grouped.count() == grouped.size())
    # A pivot table would average once more, over the cells that are there only.
    return means.unstack(list(keys)) if keys else means.to_frame()  # noqa: PD010


def find(column: pd.Series[Any], key: str, value: Any) -> Any:
    """The value of a coordinate that ``min``, ``max`` or a value stands for.

    Raises
    ------
    ParameterError
        It does not occur.
    """
    found = pd.unique(column).tolist()
    if value in ("min", "max") and value not in found:
        return min(found) if value == "min" else max(found)
    if value not in found:
        shown = ", ".join(map(str, found[:12]))
        raise ParameterError(f"{key}={value!r}: not in this study, which has {shown}.{nearest(str(value), shown)}")
    return value


def effect(
    runs: pd.DataFrame, measure: str, between: Mapping[str, Sequence[Any]], at: Mapping[str, Any] | None = None
) -> Contrast:
    """How a measure changes from one cell to another.

    Parameters
    ----------
    runs : DataFrame
        One row per run, with the coordinates of its point.
    measure : str
        Column of the measure.
    between : mapping of str to (from, to)
        Coordinates (``arm`` too) and their two values; ``min`` and ``max`` are the ends,
        ``best`` the value with the best mean. With two coordinates it is the difference
        of the first one's effect between the values of the second, and so on.
    at : mapping
        Coordinates held at a value; others are averaged over.

    Returns
    -------
    Contrast
        Over replications. ``best`` is chosen on one half of the replications and judged on
        the other, both ways: the best of many flatters itself on the runs that chose it.
    """
    keys = list(between)
    table = cells(runs, measure, keys, at)
    if len(keys) == 1:
        table.columns = pd.MultiIndex.from_arrays([table.columns])
    ends = {key: [_end(runs, key, value) for value in pair] for key, pair in between.items()}
    half = np.arange(len(table)) % 2 == 1
    total = pd.Series(0.0, index=table.index)
    summed = []
    for picks in product((0, 1), repeat=len(keys)):
        sign = (-1) ** (len(keys) - sum(picks))
        labels = [ends[key][pick] for key, pick in zip(keys, picks, strict=True)]
        summed.append(_cell(table, measure, labels, half))
        total += sign * summed[-1]
    # On draws of their own the variances of the cells would add up.
    apart = math.fsum(float(cell[total.notna()].var()) for cell in summed) if total.notna().sum() > 1 else math.nan
    found = contrast(np.zeros(len(total)), total.to_numpy())
    return dataclasses.replace(found, variance_reduction=ratio(apart, float(total.var())))


def _end(runs: pd.DataFrame, key: str, value: Any) -> Any:
    return value if value == "best" and value not in set(runs[key]) else find(runs[key], key, value)


def _cell(table: pd.DataFrame, measure: str, labels: list[Any], half: np.ndarray[Any, Any]) -> pd.Series[float]:
    if "best" not in labels:
        return _column(table, labels)
    chosen = pd.Series(math.nan, index=table.index)
    for fold in (half, ~half):
        there = best(table[~fold], measure, labels)
        if there is not None:
            chosen[fold] = _column(table, there)[fold]
    return chosen


def _column(table: pd.DataFrame, labels: Sequence[Any]) -> pd.Series[float]:
    if tuple(labels) not in table.columns:
        raise ParameterError(f"{', '.join(map(str, labels))}: no point of this study is there.")
    found: pd.Series[float] = table[tuple(labels)]
    return found


def best(table: pd.DataFrame, measure: str, labels: Sequence[Any]) -> list[Any] | None:
    """The cell with the best mean among those that agree with ``labels`` where these are not ``best``."""
    means: dict[tuple[Any, ...], float] = {
        tuple(column): float(mean)
        for column, mean in zip(table.columns, table.mean(), strict=True)
        if all(label in ("best", value) for label, value in zip(labels, column, strict=True)) and math.isfinite(mean)
    }
    if not means:
        return None
    ordered = sorted(means, key=lambda column: means[column])
    return list(ordered[0] if catalogue.measure(measure).better == "down" else ordered[-1])

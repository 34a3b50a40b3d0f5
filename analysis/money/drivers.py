"""What moves the value of a programme: its swing variables, and where it loses.

All of it is about draws: the value of a draw is the mean over its runs, so luck is half
averaged out, and what a variable explains is judged against chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr

from analysis import discovery
from analysis.factors import any_value
from analysis.money.results import Losing, Region, Swing, Threshold, ToCollect
from analysis.money.words import how, words
from analysis.numbers import LANGUAGES
from analysis.texts import texts
from sim.parameters import ParameterError

Array = NDArray[np.float64]
Label = Callable[[str], tuple[Mapping[str, str], str]]  # words in both languages, and the unit
MOST = 10  # bars of a tornado
FACTS = 5  # to collect


def swings(
    table: pd.DataFrame, values: Array, label: Label, source: Mapping[str, str], grade: Mapping[str, str]
) -> tuple[Swing, ...]:
    """Bars of the tornado, the widest explanation first: a straight line through ranks, one variable at a time.

    Parameters
    ----------
    table : DataFrame
        One row a draw.
    values : array, shape (draw,)
        NPV of each draw.
    """
    found = []
    n = len(values)
    if not np.ptp(values) > 0.0:  # nothing to explain
        return ()
    numeric = [name for name in table if pd.api.types.is_numeric_dtype(table[name])]
    varied = [name for name in numeric if table[name].nunique() >= 3]
    for name in varied:
        column = table[name]
        x = column.to_numpy(dtype=float)
        r = float(np.corrcoef(column.rank(), pd.Series(values).rank())[0, 1])
        if not math.isfinite(r):
            continue
        slope, intercept = np.polyfit(x, values, 1)
        low, high = (float(q) for q in np.quantile(x, [0.1, 0.9]))
        # Less what chance explains (adjusted R²): among a hundred variables some correlate by luck.
        share = max(1.0 - (1.0 - r * r) * (n - 1) / max(n - 2, 1), 0.0)
        named, unit = label(str(name))
        found.append(
            Swing(
                str(name), named, unit, low, high, float(intercept + slope * low), float(intercept + slope * high),
                share, r, chance_of(r, n, len(varied)), source.get(str(name), "assumed"), grade.get(str(name), "-"),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda swing: (-swing.variance_share, swing.key))[:MOST])


def chance_of(r: float, draws: int, variables: int) -> float:
    """Probability that the strongest of so many independent variables, none of which matters, correlates like ``r``.

    Student's t of a rank correlation, Šidák's correction for the number of variables.
    """
    freedom = draws - 2
    if freedom < 1:  # two points always lie on a line
        return 1.0
    t = abs(r) * math.sqrt(freedom / max(1.0 - r * r, 1e-300))
    alone = min(2.0 * float(stdtr(freedom, -t)), 1.0)
    return -math.expm1(variables * math.log1p(-alone)) if alone < 1.0 else 1.0


def to_collect(bars: Sequence[Swing]) -> tuple[ToCollect, ...]:
    """The facts whose collection would narrow the answer most; what explains no more than chance is none."""
    return tuple(
        ToCollect(bar.key, bar.label, bar.variance_share, how(bar.key), bar.by_chance)
        for bar in bars[:FACTS]
        if bar.variance_share > 0.0
    )


def losing(table: pd.DataFrame, values: Array, label: Label, seed: int) -> Losing:
    """Where the value is below zero, in boxes that were judged on draws they have not seen."""
    lose = values < 0.0
    try:
        found = discovery.discover(table, lose, most=2, mass=0.1, seed=seed)
    except ParameterError:  # the library of the extra is not there
        return Losing(float(lose.mean()), len(values), (), None, None, False)
    checked = found.checked
    return Losing(
        float(lose.mean()),
        len(values),
        tuple(_region(box, label) for box in found.boxes),
        None if checked is None else checked.density,
        None if checked is None else checked.base,
        checked is not None and checked.holds,
    )


def _region(box: discovery.Box, label: Label) -> Region:
    sides = []
    for r in box.restrictions:
        named, unit = label(r.factor)
        sides.append(Threshold(r.factor, named, unit, r.low, r.high, tuple(map(str, r.levels))))
    text = {language: _told(sides, language) for language in LANGUAGES}
    return Region(tuple(sides), text, box.coverage, box.density, box.mass)


def _told(sides: Sequence[Threshold], language: str) -> str:
    told, value = words()["sides"][language], any_value(texts(language))
    parts = []
    for side in sides:
        open_ended = "high" if side.low is None else "low" if side.high is None else "both"
        form = "levels" if side.levels else open_ended
        ends = {"low": side.low, "high": side.high}
        values = {name: "" if end is None else value(side.key, end) for name, end in ends.items()}
        values["levels"] = ", ".join(value(side.key, level) for level in side.levels)
        parts.append(told[form].format(what=side.label[language], **values))
    return str(told["and"]).join(parts)

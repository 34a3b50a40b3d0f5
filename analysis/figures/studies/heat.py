"""A measure over two factors, as paired differences from one of its rows, columns or cells."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from analysis import catalogue
from analysis.figures.studies.canvas import DOWN, UP, StudyCanvas, canvas
from analysis.figures.style import INK, QUIET, RC, Shape
from analysis.gate import verdict
from analysis.paired import contrast
from analysis.studies import Named
from analysis.studies.effects import cells, find


@mpl.rc_context(RC)  # type: ignore[arg-type]
def heat(named: Named, given: Mapping[str, Any], shape: Shape = "wide") -> Figure:
    """A panel per measure; a cell whose interval touches zero is grey.

    The study's file gives ``x``, ``y``, ``measures``, ``against`` (coordinates of the
    reference; what it does not name is as in the cell itself) and ``at``.
    """
    measures = given["measures"]
    columns = 1 if shape == "narrow" else min(2, len(measures))
    rows = -(-len(measures) // columns)
    drawn = canvas(named, given, shape, rows * 3.3, key=0.22)
    axes = drawn.grid(rows, columns)
    for place, ax in enumerate(axes):
        ax.set_visible(place < len(measures))
        if place < len(measures):
            _panel(drawn, named, ax, measures[place], given)
    drawn.note(named.words("studies.heat.unclear"))
    return drawn.figure


def _panel(drawn: StudyCanvas, named: Named, ax: Axes, measure: str, given: Mapping[str, Any]) -> None:
    x, y = given["x"], given["y"]
    scale, unit = drawn.scaled(measure, difference=True)
    table = cells(named.runs, measure, [y, x], given.get("at"))
    chosen = {key: find(named.runs[key], key, value) for key, value in given.get("against", {}).items()}
    found = {
        (row, column): contrast(table[chosen.get(y, row), chosen.get(x, column)], table[row, column])
        for row, column in map(tuple, table.columns)
    }
    means = pd.Series({place: scale * each.difference for place, each in found.items()}).unstack()  # noqa: PD010
    told = {place: verdict(each, drawn.unit_of(measure)) in ("up", "down") for place, each in found.items()}
    unclear = ~pd.Series(told).unstack(fill_value=False)  # noqa: PD010
    means, unclear = means.sort_index(ascending=False), unclear.sort_index(ascending=False)
    better = catalogue.measure(measure).better
    ends = (UP, DOWN) if better == "down" else (DOWN, UP)
    shades = LinearSegmentedColormap.from_list("gtm", [ends[0], "#ffffff", ends[1]])
    limit = float(np.nanmax(np.abs(means.to_numpy()))) or 1.0
    digits = 0 if limit >= 20 else 1 if limit >= 2 else 2
    shown = means.map(lambda value: drawn.write.decimal(value, digits, signed=True))
    sns.heatmap(
        means, ax=ax, cmap=shades, center=0, vmin=-limit, vmax=limit, annot=shown if means.size <= 49 else False,
        fmt="",        annot_kws={"size": 8}, cbar=means.size > 49, linewidths=1.0, linecolor="white", mask=unclear,
    )  # fmt: skip
    ax.set_facecolor("#e6e8eb")
    for (i, j), grey in np.ndenumerate(unclear.to_numpy()):
        if grey and means.size <= 49:
            ax.text(j + 0.5, i + 0.5, str(shown.iloc[i, j]), ha="center", va="center", size=8, color=QUIET)
    ax.set_title("\n".join(textwrap.wrap(f"{drawn.title_of(measure)} ({unit})", 44)), color=INK, size=9)
    ax.set_xticklabels([named.value(x, value) for value in means.columns], rotation=0)
    ax.set_yticklabels([named.value(y, value) for value in means.index], rotation=0)
    ax.set_xlabel("\n".join(textwrap.wrap(named.label(x), 44)))
    ax.set_ylabel("\n".join(textwrap.wrap(named.label(y), 40)))

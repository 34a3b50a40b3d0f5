"""A measure along a factor: a line per arm or per value of another factor, with 95 % bands."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.factors import declaration_of
from analysis.figures.studies.canvas import StudyCanvas, canvas, colours, zero_line
from analysis.figures.style import RC, Shape
from analysis.paired import interval
from analysis.studies import Named
from analysis.studies.effects import cells
from analysis.texts import capital


@mpl.rc_context(RC)  # type: ignore[arg-type]
def lines(named: Named, given: Mapping[str, Any], shape: Shape = "wide") -> Figure:
    """A panel per measure.

    The study's file gives ``x`` (a factor), ``hue`` (``arm`` or a factor), ``measures`` and, if
    paired differences are to be drawn, ``against``: ``{arm: siloed}`` or ``{factor: value}``; with ``log`` the axis of
    ``x`` doubles from mark to mark.
    """
    hue, measures = given.get("hue", "arm"), given["measures"]
    against = dict(given.get("against", {}))
    columns = 1 if shape == "narrow" else min(2, len(measures))
    rows = -(-len(measures) // columns)
    series = [v for v in _values(named.runs[hue]) if against.get(hue) != v]
    wide = 1 if shape == "narrow" else 2
    drawn = canvas(named, given, shape, rows * 2.7, key=0.12 + 0.19 * -(-len(series) // wide))
    axes = drawn.grid(rows, columns)
    shades = dict(zip(series, colours(named, hue, series), strict=True))
    for place, ax in enumerate(axes):
        ax.set_visible(place < len(measures))
        if place < len(measures):
            _panel(drawn, named, ax, measures[place], given, shades)
    handles = [
        Line2D([], [], color=colour, linewidth=2, marker="o", markersize=4, label=_legend(named, hue, value))
        for value, colour in shades.items()
    ]
    drawn.key(handles, wide)
    return drawn.figure


def _panel(
    drawn: StudyCanvas,
    named: Named,
    ax: Axes,
    measure: str,
    given: Mapping[str, Any],
    shades: Mapping[Any, str],
) -> None:
    x, hue, against = given["x"], given.get("hue", "arm"), dict(given.get("against", {}))
    scale, unit = drawn.scaled(measure, difference=bool(against))
    table = difference_table(named.runs, measure, x, hue, against)
    for value, colour in shades.items():
        found = [interval(table[column]) for column in table.columns if column[0] == value]
        places = [column[1] for column in table.columns if column[0] == value]
        low, high = ([scale * getattr(each, end) for each in found] for end in ("low", "high"))
        ax.fill_between(places, low, high, color=colour, alpha=0.18, linewidth=0)
        ax.plot(places, [scale * each.mean for each in found], color=colour, linewidth=2, marker="o", markersize=4)
    if against:
        zero_line(ax)
        reference = " · ".join(named.value(key, value) for key, value in against.items())
        title = drawn.words("studies.lines.difference", measure=drawn.title_of(measure), baseline=reference, unit=unit)
    else:
        title = drawn.words("studies.lines.level", measure=drawn.title_of(measure), unit=unit)
    title = title.replace(" ()", "")
    ax.set_title("\n".join(textwrap.wrap(title, 44)), color="#1f2933", size=9)
    declared = declaration_of(x)
    percent = declared is not None and declared.unit == "fraction"
    label = named.label(x) + (" (%)" if percent else "")
    ax.set_xlabel("\n".join(textwrap.wrap(label, 52)))
    if given.get("log"):
        ax.set_xscale("log", base=2)
        ax.set_xticks(sorted({column[1] for column in table.columns}))
        ax.minorticks_off()
    drawn.ticks(ax.xaxis, 0.01 if percent else 1.0)
    drawn.ticks(ax.yaxis, signed=bool(against))
    ax.grid(axis="y")
    sns.despine(ax=ax, left=True)


def difference_table(
    runs: pd.DataFrame, measure: str, x: str, hue: str, against: Mapping[str, Any]
) -> pd.DataFrame:  # fmt: skip
    """By replication: a column for each value of ``hue`` and ``x``, less the reference where there is one."""
    table = cells(runs, measure, [hue, x])
    if not against:
        return table
    (key, value), *_ = against.items()
    if key == hue:
        return pd.DataFrame({column: table[column] - table[value, column[1]] for column in table.columns})
    if key == x:
        return pd.DataFrame({column: table[column] - table[column[0], value] for column in table.columns})
    # The reference is a value of a third key: within every series and place, the others against it.
    third = cells(runs, measure, [hue, x, key])
    others = [v for v in pd.unique(runs[key]) if v != value]
    return pd.DataFrame(
        {c: sum(third[(*c, v)] for v in others) / len(others) - third[(*c, value)] for c in table.columns}
    )


def _values(column: pd.Series[Any]) -> list[Any]:
    found = pd.unique(column).tolist()
    return found if isinstance(found[0], str) else sorted(found)


def _legend(named: Named, hue: str, value: Any) -> str:
    shown = named.value(hue, value)
    return capital(shown) if hue == "arm" else f"{named.label(hue)}: {shown}"

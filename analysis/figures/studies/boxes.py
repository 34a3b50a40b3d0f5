"""Boxes of scenario discovery: which part of each factor's range lies inside."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.discovery import Box, Restriction
from analysis.figures.studies.canvas import StudyCanvas, canvas
from analysis.figures.style import ARMS, INK, PALE, QUIET, RC, Shape
from analysis.studies import Named, regions
from analysis.studies.regions import Region


@mpl.rc_context(RC)  # type: ignore[arg-type]
def boxes(named: Named, given: Mapping[str, Any], shape: Shape = "wide") -> Figure:
    """A panel per region: for each factor that restricts its first box, the part of the sample inside.

    The study's file gives ``regions`` by the names that its answer uses.
    """
    asked = {name: named.spec["answer"]["regions"][name] for name in given["regions"]}
    found = {name: regions.region(named.runs, each, named.study.baseline) for name, each in asked.items()}
    sides = [max(1, len(each.found.boxes[0].restrictions)) if each.told else 1 for each in found.values()]
    drawn = canvas(named, given, shape, 0.85 * len(found) + 0.62 * sum(sides))
    axes = drawn.grid(len(found), 1, height_ratios=[0.8 + side for side in sides])
    points = regions.coordinates(named.runs)
    for ax, name, colour in zip(axes, asked, (ARMS[1], ARMS[0], *ARMS[2:]), strict=False):
        _panel(drawn, named, ax, named.said(asked[name]["what"]), found[name], points, colour)
    return drawn.figure


def _panel(
    drawn: StudyCanvas, named: Named, ax: Axes, what: str, found: Region, points: pd.DataFrame, colour: str
) -> None:
    words, write = named.words, named.write
    ax.set_xlim(0, 1)
    ax.set_xticks([])
    sns.despine(ax=ax, left=True, bottom=True)
    wide = 30 if drawn.narrow else 62
    if not found.told:
        ax.set_yticks([])
        ax.text(0, 0.5, words("studies.regions.blank"), transform=ax.transAxes, color=QUIET, va="center", size=9)
        ax.set_title("\n".join(textwrap.wrap(what, wide)), color=INK, size=9.5)
        return
    box: Box = found.found.boxes[0]
    told = words(
        "studies.regions.title", density=write.percent(box.density, 0), base=write.percent(found.found.base, 0),
        coverage=write.percent(box.coverage, 0),
    )  # fmt: skip
    ax.set_title("\n".join(textwrap.wrap(f"{what}: {told}", wide)), color=INK, size=9.5)
    labels = []
    for row, side in enumerate(box.restrictions):
        ax.barh(row, 1.0, color=PALE, height=0.34)
        for start, width in spans(side, points[side.factor]):
            ax.barh(row, width, left=start, color=colour, height=0.34)
        ax.text(
            0,
            row + 0.22,
            regions.ends_in_words(side, named.value, named.words),
            va="top",
            ha="left",
            size=8,
            color=QUIET,
        )
        labels.append("\n".join(textwrap.wrap(named.label(side.factor), 24 if drawn.narrow else 44)))
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.35, -0.4)


def spans(side: Restriction, column: pd.Series[Any]) -> list[tuple[float, float]]:
    """Where a restriction lies, as (start, width) in shares of the sampled points."""
    if side.levels:
        levels: Sequence[Any] = sorted(pd.unique(column), key=str)
        return [(place / len(levels), 1 / len(levels)) for place, each in enumerate(levels) if each in side.levels]
    low = 0.0 if side.low is None else float(np.mean(column < side.low))
    high = 1.0 if side.high is None else float(np.mean(column <= side.high))
    return [(low, high - low)]

"""Firms sorted by their results, and the gap that makes beside the effect in the same firm."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures.studies.canvas import DOWN, UP, canvas
from analysis.figures.style import BASELINE, INK, QUIET, RC, Shape
from analysis.studies import Named, firms
from experiments.panels import BOTTOM, TOP


@mpl.rc_context(RC)  # type: ignore[arg-type]
def sorting(named: Named, given: Mapping[str, Any], shape: Shape = "wide") -> Figure:
    """Left: one panel of firms from slow to fast. Right: the gap by sorting and the causal effect."""
    measure, arm = given["measure"], given["arm"]
    found = firms.sorting(named.runs, measure, named.study.baseline, arm)
    first = firms.panels(named.runs, measure, named.study.baseline).iloc[0].dropna()
    narrow = shape == "narrow"
    drawn = canvas(named, given, shape, 5.4 if narrow else 3.0, key=0.62 if narrow else 0.3)
    ax, right = drawn.grid(2, 1) if narrow else drawn.grid(1, 2, width_ratios=[1.5, 1])
    scale, unit = drawn.scaled(measure, difference=False)
    ranked = scale * np.sort(first.to_numpy())
    n = len(ranked)
    shades = np.full(n, BASELINE, dtype=object)
    shades[: round(BOTTOM * n)] = DOWN
    shades[n - round(TOP * n) :] = UP
    ax.vlines(range(n), 0, ranked, color=list(shades), linewidth=max(0.8, 140 / n))
    ax.axhline(0, color=QUIET, linewidth=0.8)
    ax.set_xticks([])
    ax.set_xlabel(named.words("studies.sorting.sorted"))
    ax.set_title(f"{drawn.title_of(measure)} ({unit})", size=9, color=INK)
    drawn.ticks(ax.yaxis)
    sns.despine(ax=ax, bottom=True)
    scale, unit = drawn.scaled(measure, difference=True)
    rows = ((found.gap, named.words("studies.sorting.gap"), BASELINE),
            (found.causal, named.words("studies.sorting.causal"), "#009e73"))  # fmt: skip
    for row, (each, _, colour) in enumerate(rows):
        right.barh(row, scale * each.difference, height=0.5, color=colour)
        right.plot([scale * each.low, scale * each.high], [row, row], color=INK, linewidth=1.6)
        right.annotate(
            drawn.write.decimal(scale * each.difference, 1, signed=True), (scale * max(each.high, 0), row), (5, 0),
            textcoords="offset points", va="center", size=10, weight="bold",
        )  # fmt: skip
    right.set_yticks(range(2), ["\n".join(textwrap.wrap(name, 22)) for _, name, _ in rows])
    right.set_ylim(1.6, -0.6)
    right.axvline(0, color=QUIET, linewidth=0.8)
    right.margins(x=0.22)
    right.set_title(f"{drawn.title_of(measure)} ({unit})", size=9, color=INK)
    drawn.ticks(right.xaxis)
    sns.despine(ax=right, left=True)
    names = ("top", "middle", "bottom")
    handles = [
        Line2D([], [], color=colour, linewidth=3, label=named.words(f"studies.sorting.{name}"))
        for name, colour in zip(names, (UP, BASELINE, DOWN), strict=True)
    ]
    drawn.key(handles, 1 if narrow else 3)
    return drawn.figure

"""From no lever to all levers: exact Shapley shares of the gap."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure

from analysis.figures.studies.canvas import DOWN, UP, canvas
from analysis.figures.style import BASELINE, INK, QUIET, RC, Shape
from analysis.studies import Named
from analysis.studies.answers import shares


@mpl.rc_context(RC)  # type: ignore[arg-type]
def waterfall(named: Named, given: Mapping[str, Any], shape: Shape = "wide") -> Figure:
    """A row per lever, where the one before ends; whiskers are 95 % intervals over replications."""
    measure = given["measure"]
    gap, found, exact = shares(named, measure)
    drawn = canvas(named, given, shape, 0.5 + 0.52 * (len(exact) + 1))
    (ax,) = drawn.grid(1, 1)
    scale, unit = drawn.scaled(measure, difference=True)
    at, labels = 0.0, []
    order = sorted(exact, key=lambda name: -exact[name])
    for row, name in enumerate(order):
        size = scale * exact[name]
        ax.barh(row, size, left=at, height=0.56, color=UP if size >= 0 else DOWN)
        low, high = (at + scale * end for end in (found[name].low, found[name].high))
        ax.plot([low, high], [row, row], color=INK, linewidth=1.6)
        ax.plot([at + size] * 2, [row - 0.28, row + 1.28], color=QUIET, linewidth=0.8)
        shown = drawn.write.decimal(size, 2, signed=True)
        ax.annotate(shown, (max(at + size, at, high), row), (5, 0), textcoords="offset points", va="center", size=9)
        at += size
        labels.append(named.label(name))
    total = scale * gap.difference
    ax.barh(len(order), total, height=0.56, color=BASELINE)
    ax.plot([scale * gap.low, scale * gap.high], [len(order)] * 2, color=INK, linewidth=1.6)
    ax.annotate(
        drawn.write.decimal(total, 2, signed=True), (max(total, 0, scale * gap.high), len(order)), (5, 0),
        textcoords="offset points", va="center", size=9, weight="bold",
    )  # fmt: skip
    labels.append(named.words("studies.share.end"))
    width = 20 if shape == "narrow" else 36
    ax.set_yticks(range(len(labels)), ["\n".join(textwrap.wrap(label, width)) for label in labels])
    ax.invert_yaxis()
    ax.axvline(0, color=QUIET, linewidth=1.0)
    ax.margins(x=0.14)
    ax.set_xlabel(named.words("studies.share.axis", measure=drawn.title_of(measure), unit=unit))
    drawn.ticks(ax.xaxis, signed=True)
    ax.grid(axis="x")
    sns.despine(ax=ax, left=True)
    return drawn.figure

"""Splits of a budget in three, on a triangle, with the splits that may be the best one."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from analysis import catalogue
from analysis.figures.studies.canvas import canvas
from analysis.figures.style import INK, PALE, QUIET, RC, Shape
from analysis.studies import Named
from analysis.studies.effects import cells

RESAMPLES = 2_000
LEVEL = 0.95
CORNERS = np.array([[0.5, np.sqrt(0.75)], [0.0, 0.0], [1.0, 0.0]])  # of the first, second and third share


@mpl.rc_context(RC)  # type: ignore[arg-type]
def ternary(named: Named, given: Mapping[str, Any], shape: Shape = "wide") -> Figure:
    """One marker a split, coloured by the difference of a measure from the worst one; ringed where it may be the best.

    The study's file gives ``parts`` (three coordinates that sum to 1), ``split`` (the
    coordinate that names the split), ``measure`` and ``marked``, splits that are named.
    """
    measure, split = given["measure"], given["split"]
    table = cells(named.runs, measure, [split])
    means = table.mean()
    places = named.runs.drop_duplicates(split).set_index(split)[given["parts"]].loc[means.index]
    down = catalogue.measure(measure).better == "down"
    drawn = canvas(named, given, shape, 4.4 if shape == "wide" else 4.0, key=0.42)
    (ax,) = drawn.grid(1, 1)
    scale, unit = drawn.scaled(measure, difference=True)
    where = places.to_numpy() @ CORNERS
    size = 235.0 if shape == "wide" else 135.0  # points along an edge
    steps = max(1, round((np.sqrt(1 + 8 * len(means)) - 3) / 2))
    lattice = np.abs(steps * places.to_numpy() - np.round(steps * places.to_numpy())).max(axis=1) < 1e-6
    side = np.where(lattice, 1.0, 0.2) * (size / steps) ** 2  # hexagons that just touch, small ones between them
    margin = 1 / (np.sqrt(3) * steps)  # from the centre of a hexagon to its tip
    colour = scale * (means - (means.max() if down else means.min()))
    shades = "viridis_r" if down else "viridis"
    dots = ax.scatter(where[:, 0], where[:, 1], c=colour, s=side, cmap=shades, marker="h", linewidth=0)
    good = means.index.isin(candidates(table, down=down))
    ax.scatter(
        where[good, 0], where[good, 1], s=side[good], facecolor="none", edgecolor="#d55e00", linewidth=1.8, marker="h"
    )
    _frame(ax, [named.label(part) for part in given["parts"]], drawn.write.percent, margin)
    for name in given.get("marked", []):
        if name in means.index:
            x, y = where[means.index.get_loc(name)]
            ax.plot(x, y, marker="*", markersize=13, color="white", markeredgecolor=INK, markeredgewidth=1)
            ax.annotate(
                str(name), (x, y), (-margin if x < 0.5 else 1 + margin, y + 0.13), ha="right" if x < 0.5 else "left",
                va="center", size=9, arrowprops={"arrowstyle": "-", "color": QUIET, "linewidth": 0.8},
            )  # fmt: skip
    bar = drawn.figure.colorbar(dots, ax=ax, shrink=0.62, pad=0.06)
    bar.outline.set_visible(False)
    drawn.ticks(bar.ax.yaxis, signed=True)
    title = named.words("studies.ternary.bar", measure=drawn.title_of(measure), unit=unit)
    bar.set_label(title, size=8.5, color=QUIET)
    ring = named.words("studies.ternary.inside")
    drawn.key(
        [Line2D([], [], marker="h", markersize=10, markerfacecolor="none", markeredgecolor="#d55e00", linestyle="",
                label="\n".join(textwrap.wrap(ring, 46 if shape == "narrow" else 90)))], 1,
    )  # fmt: skip
    return drawn.figure


def candidates(table: pd.DataFrame, *, down: bool, seed: int = 1) -> list[Any]:
    """The splits that together are the best one in 95 % of resampled replications, likeliest first.

    Replications are resampled whole, so what splits share in a replication stays shared.
    """
    values = table.dropna().to_numpy()
    if not len(values):
        return []
    drawn = np.random.default_rng(seed).integers(len(values), size=(RESAMPLES, len(values)))
    weights: NDArray[np.float64] = np.apply_along_axis(np.bincount, 1, drawn, minlength=len(values)) / len(values)
    means = weights @ values
    best = np.argmin(means, axis=1) if down else np.argmax(means, axis=1)
    counts = np.bincount(best, minlength=values.shape[1]) / RESAMPLES
    order = np.argsort(-counts, kind="stable")
    enough = int(np.searchsorted(np.cumsum(counts[order]), LEVEL)) + 1
    return [table.columns[place] for place in order[:enough]]


def _frame(ax: Axes, names: list[str], percent: Any, margin: float) -> None:
    ax.set_aspect("equal")
    ax.set_axis_off()
    ends = np.vstack([CORNERS, CORNERS[:1]])
    ax.plot(*ends.T, color=PALE, linewidth=1, zorder=0)
    away = margin + 0.02
    for (x, y), dy, name in zip(CORNERS, (away, -away, -away), names, strict=True):
        label = "\n".join(textwrap.wrap(f"{percent(1.0, 0)} {name}", 26))
        ax.text(x, y + dy, label, ha="center", va="bottom" if dy > 0 else "top", size=9.5, color=INK)
    ax.set_xlim(-0.1 - margin, 1.1 + margin)
    ax.set_ylim(-0.1 - margin, CORNERS[0, 1] + 0.1 + margin)

"""Sensitivity indices of one measure with their intervals."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.factors import factor_label
from analysis.figures.studies.canvas import DOWN, UP, titled
from analysis.figures.style import INK, QUIET, RC, Shape
from analysis.summary import Study
from analysis.texts import texts

MOST = 12


@mpl.rc_context(RC)  # type: ignore[arg-type]
def indices(study: Study, table: pd.DataFrame, kind: str, what: str, language: str, shape: Shape = "wide") -> Figure:
    """The strongest factors: Sobol' first and total order, or Morris' mean effect with the spread beside it.

    Parameters
    ----------
    table : DataFrame
        Indices of one measure, as :mod:`analysis.sensitivity` gives them.
    kind : {"sobol", "morris"}
        Which.
    what : str
        Name of the measure.
    """
    words = texts(language)
    shown = table.sort_values(_marks(kind)[-1][0] if kind == "sobol" else "mu_star", ascending=False).head(MOST)
    height = 0.5 + 0.4 * len(shown)
    drawn = titled(
        study, language, words(f"studies.sensitivity.title.{kind}", measure=what), shape, height, key=0.24 * 2
    )
    (ax,) = drawn.grid(1, 1)
    marks = _marks(kind)
    for row, (_, each) in enumerate(shown.iterrows()):
        for column, colour, shift in marks:
            half = each.get(f"{column}_conf", float("nan"))
            if math.isfinite(half):
                ax.plot([each[column] - half, each[column] + half], [row + shift] * 2, color=colour, linewidth=2)
            ax.plot(each[column], row + shift, "o", markersize=6, color=colour)
    width = 24 if shape == "narrow" else 46
    ax.set_yticks(range(len(shown)), ["\n".join(textwrap.wrap(factor_label(f, words), width)) for f in shown["factor"]])
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.axvline(0, color=QUIET, linewidth=0.9, linestyle=(0, (3, 2)), zorder=0)
    if kind == "sobol":
        ax.set_xlabel(words("studies.sensitivity.share"))
    drawn.ticks(ax.xaxis)
    ax.grid(axis="x")
    ax.tick_params(axis="y", labelcolor=INK)
    sns.despine(ax=ax, left=True)
    handles = [
        Line2D([], [], marker="o", color=colour, linewidth=2, label=words(f"studies.sensitivity.{column}"))
        for column, colour, _ in marks
    ]
    drawn.key(handles, 1 if shape == "narrow" else 2)
    return drawn.figure


def _marks(kind: str) -> Sequence[tuple[str, str, float]]:
    if kind == "sobol":
        return (("S1", UP, -0.14), ("ST", DOWN, 0.14))
    return (("mu_star", UP, -0.14), ("sigma", DOWN, 0.14))

"""Distributions of the paired differences of the headline measures."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.catalogue import PICTURED
from analysis.figures.style import INK, QUIET, RC, Canvas, Shape
from analysis.gate import judged
from analysis.numbers import numbers
from analysis.summary import Study, paired_differences
from analysis.texts import texts

SCALE = {"fraction": 100.0, "€": 1e-3}


@mpl.rc_context(RC)  # type: ignore[arg-type]
def differences(study: Study, language: str, shape: Shape = "wide") -> Figure:
    """A panel per measure, a row per arm: replications as dots, their density, the mean's interval, the zero line."""
    measures, arms = pictured(study), study.others
    columns = 1 if shape == "narrow" else 3
    rows = -(-len(measures) // columns)
    canvas = Canvas(study, language, shape, 0.2 + rows * (0.95 + 0.55 * len(arms)), _title(study, language))
    axes = canvas.grid(rows, columns)
    tables = {arm: paired_differences(study.runs, study.baseline, arm) for arm in arms}
    for ax, measure in zip(axes, measures, strict=False):
        _panel(canvas, ax, measure, tables, named=len(arms) > 1 and (axes.index(ax) % columns == 0))
    for ax in axes[len(measures) :]:
        ax.set_visible(False)
    return canvas.figure


def _panel(canvas: Canvas, ax: Axes, measure: str, tables: dict[str, pd.DataFrame], *, named: bool) -> None:
    unit = canvas.unit_of(measure)
    scale = SCALE.get(unit, 1.0)
    for row, (arm, table) in enumerate(tables.items()):
        values = scale * table[measure].dropna().to_numpy()
        found = canvas.study.contrast(measure, arm)
        colour = canvas.colour(arm)
        if values.size > 4 and np.ptp(values) > 0:
            _ridge(ax, values, row, colour)
        spread = 0.11 * np.cos(2.4 * np.arange(values.size))
        ax.scatter(
            values, row + 0.2 + spread, s=6, color=colour, alpha=0.32, linewidth=0, rasterized=values.size > 1000
        )
        ax.plot([scale * found.low, scale * found.high], [row, row], color=INK, linewidth=3.2, solid_capstyle="butt")
        ax.plot(
            scale * found.difference, row, "o", markersize=6, color="white", markeredgecolor=INK, markeredgewidth=1.8
        )
    ax.axvline(0, color=QUIET, linewidth=1.1, linestyle=(0, (3, 2)), zorder=0)
    ax.set_ylim(len(tables) - 0.55, -0.62)
    ax.set_yticks(range(len(tables)), [canvas.label(arm, 16) for arm in tables] if named else [""] * len(tables))
    known = canvas.words.find("figures.differences.units").get(unit, canvas.words.unit(unit))
    title = canvas.title_of(measure)
    ax.set_title(
        canvas.words("figures.differences.panel", measure=title, unit=known) if known else title, color=INK, size=9
    )
    ax.margins(x=0.08)
    ax.locator_params(axis="x", nbins=4)
    canvas.ticks(ax.xaxis, signed=True)
    sns.despine(ax=ax, left=True)


def _ridge(ax: Axes, values: np.ndarray[tuple[int], np.dtype[np.float64]], row: int, colour: str) -> None:
    """A density above the line, as high in every panel."""
    from scipy.stats import gaussian_kde

    margin = 0.15 * np.ptp(values)
    places = np.linspace(values.min() - margin, values.max() + margin, 160)
    density = gaussian_kde(values)(places)
    ax.fill_between(
        places, row - 0.06, row - 0.06 - 0.44 * density / density.max(), color=colour, alpha=0.3, linewidth=0
    )


def pictured(study: Study) -> list[str]:
    """Headline measures that the study has differences of."""
    return [name for name in PICTURED if any(study.contrast(name, arm).n for arm in study.others)]


def _title(study: Study, language: str) -> str:
    words, write = texts(language), numbers(language)
    if len(study.others) != 1:
        return words("figures.differences.title.several", baseline=words.arm(study.baseline))
    measures = pictured(study)
    told = sum(judged(study, name, study.others[0]) in {"up", "down"} for name in measures)
    return words("figures.differences.title.pair", told=write.decimal(told, 0), all=write.decimal(len(measures), 0))


def differences_caption(study: Study, language: str) -> str:
    """One sentence on what the figure shows."""
    words = texts(language)
    baseline = words.arm(study.baseline)
    if len(study.others) != 1:
        return words("figures.differences.caption_several", baseline=baseline)
    return words("figures.differences.caption", arm=words.arm(study.others[0]), baseline=baseline)

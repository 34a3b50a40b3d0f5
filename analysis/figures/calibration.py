"""Figures of a calibration: priors against posteriors, and what draws show against what is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures.style import ARMS, INK, PALE, QUIET, RC, render
from analysis.texts import Texts, texts

MOST = 20
HEIGHT = 0.3  # inches a row


def draw(found: Mapping[str, Any], folder: Path, language: str = "en") -> list[Path]:
    """Draw both figures of a calibration (the content of ``calibration.json``) into ``folder``/figures."""
    words = texts(language)
    target = folder / "figures"
    target.mkdir(exist_ok=True)
    paths = []
    for name, figure in (("posterior", posterior(found, words)), ("predictive", predictive(found, words))):
        paths.append(target / f"{name}.svg")
        paths[-1].write_bytes(render(figure, "svg"))
    return paths


@mpl.rc_context(RC)  # type: ignore[arg-type]
def posterior(found: Mapping[str, Any], words: Texts) -> Figure:
    """The numbers that narrowed or moved most, in normal scores of their priors: 90 % before and after."""
    rows = found["parameters"][:MOST]
    figure, ax = _canvas(len(rows) + len(found["forms"]), words("calibrate.figures.posterior"))
    labels = []
    for k, row in enumerate(rows):
        middle, half = row["moved"], 1.645 * row["narrowed"]
        _span(ax, k, (-1.645, 1.645), PALE, 7)
        _span(ax, k, (middle - half, middle + half), ARMS[0], 3)
        ax.plot(middle, k, "o", color=ARMS[0], markersize=5)
        labels.append(row["name"])
    for k, form in enumerate(found["forms"], len(rows)):
        (first, p), (second, q) = form["probability"].items()
        ax.text(0.0, k, f"{first} {p:.0%}  ·  {second} {q:.0%}", ha="center", va="center", color=INK, fontsize=8.5)
        labels.append(form["name"])
    _finish(ax, labels, words("calibrate.figures.posterior_axis"))
    _key(ax, words)
    return figure


@mpl.rc_context(RC)  # type: ignore[arg-type]
def predictive(found: Mapping[str, Any], words: Texts) -> Figure:
    """Every pattern: 90 % of what draws of the prior and of the posterior show, over what is accepted."""
    rows = found["targets"]
    figure, ax = _canvas(len(rows), words("calibrate.figures.predictive"))
    for k, row in enumerate(rows):
        low, high = row["accepted"]
        half = 0.5 * (high - low)

        def scaled(value: float, target: float = row["target"], half: float = half) -> float:
            return (value - target) / half

        ax.barh(k, scaled(high) - scaled(low), left=scaled(low), height=0.8, color="#e8f1ea", zorder=0)
        if row["prior"] is not None:
            _span(ax, k, (scaled(row["prior"][0]), scaled(row["prior"][2])), PALE, 7)
        _span(ax, k, (scaled(row["posterior"][0]), scaled(row["posterior"][2])), ARMS[0], 3)
        ax.plot(scaled(row["mean"]), k, "o", color=ARMS[0], markersize=5)
    ax.set_xlim(-4, 4)
    _finish(ax, [f"{row['id']} {words.fact(row['label'])}" for row in rows], words("calibrate.figures.predictive_axis"))
    _key(ax, words)
    return figure


def _canvas(rows: int, title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.6, 1.1 + HEIGHT * rows), layout="constrained")
    ax = figure.subplots()
    ax.set_title(title, color=INK, fontweight="bold")
    return figure, ax


def _span(ax: Axes, row: int, ends: tuple[float, float], colour: str, width: float) -> None:
    ax.plot(ends, (row, row), color=colour, linewidth=width, solid_capstyle="butt")


def _finish(ax: Axes, labels: list[str], axis: str) -> None:
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.axvline(0.0, color=QUIET, linewidth=0.9, linestyle=(0, (3, 2)), zorder=0)
    ax.set_xlabel(axis)
    ax.tick_params(axis="y", labelcolor=INK)
    sns.despine(ax=ax, left=True)


def _key(ax: Axes, words: Texts) -> None:
    handles = [
        Line2D([], [], color=PALE, linewidth=7, label=words("calibrate.before")),
        Line2D([], [], color=ARMS[0], linewidth=3, marker="o", label=words("calibrate.after")),
    ]
    ax.legend(handles=handles, loc="lower right", frameon=False, fontsize=8.5)

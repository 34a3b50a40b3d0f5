"""ARR growth by arm, with every replication and the interval of the mean."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from analysis.figures.style import INK, RC, Canvas, Shape
from analysis.gate import GROWTH, judged
from analysis.numbers import numbers
from analysis.summary import Study, by_pair
from analysis.texts import texts


@mpl.rc_context(RC)  # type: ignore[arg-type]
def growth(study: Study, language: str, shape: Shape = "wide") -> Figure:
    """Dots: replications; ring and bar: mean and its 95 % interval, named on the line."""
    arms = study.arms
    canvas = Canvas(study, language, shape, 0.8 + 0.85 * len(arms), _title(study, language))
    (ax,) = canvas.grid(1, 1)
    values = {arm: 100 * by_pair(study.runs, arm)[GROWTH].dropna().to_numpy() for arm in arms}
    for row, arm in enumerate(arms):
        found = study.interval(GROWTH, arm)
        colour = canvas.colour(arm)
        # Spread by rank, not by chance: the figure must come out the same every time.
        lift = row + 0.14 * np.cos(2.4 * np.arange(values[arm].size))
        ax.scatter(values[arm], lift, s=9, color=colour, alpha=0.28, linewidth=0, rasterized=values[arm].size > 2000)
        ax.plot([100 * found.low, 100 * found.high], [row, row], color=INK, linewidth=3.2, solid_capstyle="butt")
        ax.plot(100 * found.mean, row, "o", markersize=9, color="white", markeredgecolor=colour, markeredgewidth=2.6)
        text = canvas.write.percent(found.mean, canvas.write.digits(found.low, found.high, "fraction"))
        ax.annotate(
            text,
            (100 * found.mean, row),
            (0, 14),
            textcoords="offset points",
            ha="center",
            weight="bold",
            color=colour,
            bbox={"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
        )
    ax.set_yticks(range(len(arms)), [canvas.label(arm) for arm in arms], color=INK)
    ax.set_ylim(len(arms) - 0.5, -0.62)
    ax.set_xlabel(canvas.words("figures.growth.axis"))
    ax.grid(axis="x")
    canvas.ticks(ax.xaxis)
    sns.despine(ax=ax, left=True)
    return canvas.figure


def _title(study: Study, language: str) -> str:
    words, write = texts(language), numbers(language)
    if not study.others:
        return words("figures.growth.title.alone", arm=words.arm(study.baseline))
    baseline = words.arm(study.baseline)
    verdicts = [judged(study, GROWTH, arm) for arm in study.others]
    if len(verdicts) > 1:
        told = sum(found in {"up", "down"} for found in verdicts)
        return words(
            "figures.growth.title.several",
            baseline=baseline,
            told=write.decimal(told, 0),
            all=write.decimal(len(verdicts), 0),
        )
    return words(f"figures.growth.title.{verdicts[0]}", arm=words.arm(study.others[0]), baseline=baseline)


def growth_caption(study: Study, language: str) -> str:
    """One sentence on what the figure shows."""
    words, write = texts(language), numbers(language)
    means = {arm: study.interval(GROWTH, arm) for arm in study.arms}
    if len(study.arms) > 2:
        known = [found.mean for found in means.values() if found.n]
        low, high = (write.percent(bound) for bound in (min(known, default=np.nan), max(known, default=np.nan)))
        return words("figures.growth.caption.several", low=low, high=high, baseline=words.arm(study.baseline))
    first = means[study.baseline]
    if not study.others:
        digits = write.digits(first.low, first.high, "fraction")
        low, high, after = (write.percent(value, digits) for value in (first.low, first.high, first.mean))
        return words("figures.growth.caption.alone", arm=words.arm(study.baseline), after=after, low=low, high=high)
    arm = study.others[0]
    pair = study.contrast(GROWTH, arm)
    digits = write.digits(pair.low, pair.high, "fraction")
    return words(
        "figures.growth.caption.pair",
        arm=words.arm(arm),
        baseline=words.arm(study.baseline),
        after=write.percent(means[arm].mean, digits),
        before=write.percent(first.mean, digits),
        difference=write.points(pair.difference, digits),
        low=write.decimal(100 * pair.low, digits, signed=True),
        high=write.points(pair.high, digits),
    )

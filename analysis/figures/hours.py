"""The hours account as stacked bars: all paid time, and the wasted part by cause."""

from __future__ import annotations

import math
from collections.abc import Mapping

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from analysis import hours as account
from analysis.catalogue import USEFUL, WASTED_CLASSES
from analysis.figures.style import CAUSES, INK, KINDS, RC, Canvas, Shape
from analysis.gate import WASTED, judged
from analysis.numbers import numbers
from analysis.summary import Study
from analysis.texts import capital, texts

CUSTOMERS = tuple(name for name in USEFUL if name not in {"coordination", "administration"})


@mpl.rc_context(RC)  # type: ignore[arg-type]
def hours(study: Study, language: str, shape: Shape = "wide") -> Figure:
    """Above, where all paid hours go; below, what wastes them."""
    arms = study.arms
    canvas = Canvas(
        study, language, shape, (2.3 if shape == "wide" else 3.3) + 1.1 * len(arms), _title(study, language)
    )
    above, below = canvas.grid(2, 1)
    words = canvas.words
    means = {arm: account.shares(study, arm).mean() for arm in arms}
    groups = {
        "customers": words("kinds.customers"),
        "coordination": words("classes.coordination"),
        "necessary": words("kinds.necessary"),
        "wasted": words("kinds.wasted"),
    }
    members = {
        "customers": CUSTOMERS,
        "coordination": ("coordination",),
        "necessary": ("administration",),
        "wasted": WASTED_CLASSES,
    }
    whole = {arm: {key: float(mean[list(members[key])].sum()) for key in groups} for arm, mean in means.items()}
    causes = {arm: {key: float(mean[key]) for key in CAUSES} for arm, mean in means.items()}
    _stack(canvas, above, whole, groups, KINDS, totals=False)
    _stack(canvas, below, causes, {key: words(f"classes.{key}") for key in CAUSES}, CAUSES, totals=True)
    canvas.head(above, words("figures.hours.account"))
    canvas.head(below, words("figures.hours.causes"))
    return canvas.figure


def _stack(
    canvas: Canvas,
    ax: Axes,
    parts: Mapping[str, Mapping[str, float]],
    names: Mapping[str, str],
    colours: Mapping[str, str],
    *,
    totals: bool,
) -> None:
    """One bar per arm; a segment says its share where there is room for it."""
    totalled = [sum(row.values()) for row in parts.values()]
    longest = max((total for total in totalled if math.isfinite(total)), default=1.0) or 1.0
    room = longest * (0.13 if canvas.narrow else 0.055)
    for row, arm in enumerate(parts):
        left = 0.0
        for key, share in parts[arm].items():
            ax.barh(
                row, 100 * share, left=100 * left, height=0.62, color=colours[key], edgecolor="white", linewidth=0.8
            )
            if share >= room:
                text = canvas.write.decimal(100 * share, 1)
                ax.text(
                    100 * (left + share / 2), row, text, ha="center", va="center", color=_on(colours[key]), size=8.5
                )
            left += share
        if totals:
            ax.text(
                100 * (left + longest * 0.012), row, canvas.write.percent(left, 1), va="center", weight="bold", size=9
            )
    ax.set_yticks(range(len(parts)), [canvas.label(arm) for arm in parts], color=INK)
    ax.set_ylim(len(parts) - 0.5, -0.5)
    ax.set_xlim(0, 100 * longest * (1.14 if totals else 1.0))
    ax.set_xticks([])
    handles = [Patch(color=colours[key], label=capital(names[key])) for key in names]
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.0, -0.02),
        ncols=1 if canvas.narrow else 2 if len(names) <= 4 else 3,
        borderaxespad=0.2,
        handlelength=1.0,
        handleheight=1.0,
        columnspacing=1.4,
    )
    sns.despine(ax=ax, left=True, bottom=True)


def _on(colour: str) -> str:
    """Ink or white, whichever stands out on a colour."""
    red, green, blue = to_rgb(colour)
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"


def _title(study: Study, language: str) -> str:
    words, write = texts(language), numbers(language)
    if len(study.others) != 1:
        return words("figures.hours.title.unknown")
    arm = study.others[0]
    return words(
        f"figures.hours.title.{judged(study, WASTED, arm)}",
        arm=words.arm(arm),
        after=write.percent(study.interval(WASTED, arm).mean),
        before=write.percent(study.interval(WASTED, study.baseline).mean),
    )


def hours_caption(study: Study, language: str) -> str:
    """One sentence on what the figure shows."""
    words, write = texts(language), numbers(language)
    wasted = [
        words(
            "figures.hours.caption_arm",
            share=write.percent(account.share(study, arm, WASTED_CLASSES).mean, 1),
            arm=words.arm(arm),
        )
        for arm in study.arms
    ]
    cause = account.largest_cause(study, study.baseline)
    return words(
        "figures.hours.caption",
        wasted=words.listed(wasted),
        arm=words.arm(study.baseline),
        cause=words(f"classes.{cause}"),
        share=write.percent(account.share(study, study.baseline, [cause]).mean, 1),
    )

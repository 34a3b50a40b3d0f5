"""ARR over time, one fan per arm."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from analysis.figures.style import BASELINE, INK, RC, Canvas, Shape, columns_for
from analysis.gate import verdict
from analysis.numbers import numbers
from analysis.paired import Contrast, contrast
from analysis.summary import Study
from analysis.texts import texts

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


@mpl.rc_context(RC)  # type: ignore[arg-type]
def trajectory(study: Study, language: str, shape: Shape = "wide") -> Figure:
    """A panel per arm: median, the middle half of the runs, and nine in ten; the baseline's median dashed."""
    fans = {arm: _fan(study, arm) for arm in study.arms}
    columns = columns_for(study, shape)
    height = 0.35 + (2.3 if columns == 1 else 2.9) * -(-len(fans) // columns)
    key = 0.5 if shape == "narrow" else 0.27
    canvas = Canvas(study, language, shape, height, _title(study, language), key)
    axes = canvas.panels()
    words = canvas.words
    top = max(float(fan[0.95].max()) for fan in fans.values())
    scale = next(scale for scale in (1e12, 1e9, 1e6, 1.0) if top >= scale or scale == 1.0)
    for ax, (arm, fan) in zip(axes, fans.items(), strict=True):
        colour = canvas.colour(arm)
        months = fan.index.to_numpy(dtype=float)
        ax.fill_between(months, fan[0.05], fan[0.95], color=colour, alpha=0.16, linewidth=0)
        ax.fill_between(months, fan[0.25], fan[0.75], color=colour, alpha=0.34, linewidth=0)
        ax.plot(months, fan[0.5], color=colour, linewidth=2.2)
        if arm != study.baseline:
            reference = fans[study.baseline][0.5]
            ax.plot(
                reference.index.to_numpy(dtype=float), reference, color=BASELINE, linewidth=1.4, linestyle=(0, (4, 2))
            )
        ax.set_title(words.arm_title(arm), color=colour, weight="bold")
        end = canvas.write.decimal(fan[0.5].iloc[-1] / scale, 1)
        ax.annotate(
            end,
            (months[-1], fan[0.5].iloc[-1]),
            (4, 0),
            textcoords="offset points",
            va="center",
            weight="bold",
            color=colour,
        )
        ax.grid(axis="y")
        ax.margins(x=0.02)
        canvas.ticks(ax.yaxis, scale)
        canvas.ticks(ax.xaxis)
        sns.despine(ax=ax, left=True)
    unit = words.find("figures.trajectory.units")[int(scale)]
    canvas.label_axes(axes, words("figures.trajectory.month"), words("figures.trajectory.axis", unit=unit))
    _key(canvas)
    return canvas.figure


def _key(canvas: Canvas) -> None:
    """What line and bands mean, in the colour of no arm."""
    words = canvas.words
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=INK, linewidth=2.2, label=words("figures.trajectory.median")),
        Patch(color=INK, alpha=0.38, linewidth=0, label=words("figures.trajectory.half")),
        Patch(color=INK, alpha=0.16, linewidth=0, label=words("figures.trajectory.most")),
    ]
    if canvas.study.others:
        label = words("figures.trajectory.reference", baseline=words.arm(canvas.study.baseline))
        handles.append(Line2D([], [], color=BASELINE, linewidth=1.4, linestyle=(0, (4, 2)), label=label))
    canvas.key(handles, columns=2 if canvas.narrow else 4)


def _fan(study: Study, arm: str) -> pd.DataFrame:
    assert study.monthly is not None
    mine = study.monthly[study.monthly["arm"] == arm]
    runs = mine.pivot_table(index="month", columns="replication", values="arr")
    return runs.quantile(np.asarray(LEVELS), axis=1).T


def _end(study: Study) -> int:
    assert study.monthly is not None
    return int(study.monthly["month"].max())


def _difference(study: Study, arm: str) -> Contrast:
    """Paired difference of ARR at the end of the last month."""
    assert study.monthly is not None
    last = study.monthly[study.monthly["month"] == _end(study)]
    keys = [key for key in ("point", "replication") if key in last]
    ends = {one: last[last["arm"] == one].set_index(keys)["arr"] for one in (study.baseline, arm)}
    return contrast(*ends[study.baseline].align(ends[arm], join="outer"))


def _title(study: Study, language: str) -> str:
    words, write = texts(language), numbers(language)
    month = write.decimal(_end(study), 0)
    if len(study.others) != 1:
        return words("figures.trajectory.title.unknown", month=month)
    arm = study.others[0]
    found = _difference(study, arm)
    low, high = sorted((abs(found.low), abs(found.high)))
    return words(
        f"figures.trajectory.title.{verdict(found, '€')}",
        month=month,
        range=write.between(low, high, "€", short=False),
        arm=words.arm(arm),
        baseline=words.arm(study.baseline),
    )


def trajectory_caption(study: Study, language: str) -> str:
    """One sentence on what the figure shows."""
    words, write = texts(language), numbers(language)
    ends = [
        words(
            "figures.trajectory.caption_arm",
            amount=write.euro(float(_fan(study, arm)[0.5].iloc[-1])),
            arm=words.arm(arm),
        )
        for arm in study.arms
    ]
    return words("figures.trajectory.caption", month=write.decimal(_end(study), 0), amounts=words.listed(ends))

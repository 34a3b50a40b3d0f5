"""The funnel by arm: how many a month reach each stage, and what share of the stage before."""

from __future__ import annotations

import math

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure

from analysis.figures.style import INK, QUIET, RC, Canvas, Shape
from analysis.gate import judged
from analysis.numbers import numbers
from analysis.summary import Study
from analysis.texts import texts

# What sellers find themselves comes in at this stage: it is no part of the one before.
OTHER_SOURCE = "accepted"
STAGES = ("leads", "mqls", "pursued", "accepted", "opportunities", "wins")


@mpl.rc_context(RC)  # type: ignore[arg-type]
def funnel(study: Study, language: str, shape: Shape = "wide") -> Figure:
    """Bars by stage and arm on a linear scale; the numbers stand beside them, small ones too."""
    arms, stages = study.arms, recorded(study)
    canvas = Canvas(study, language, shape, 0.5 + len(stages) * (0.26 * len(arms) + 0.2), _title(study, language))
    (ax,) = canvas.grid(1, 1)
    words, write = canvas.words, canvas.write
    most = max((_mean(study, stage, arm) for stage in stages for arm in arms), default=1.0) or 1.0
    height = 0.8 / len(arms)
    for place, stage in enumerate(stages):
        for row, arm in enumerate(arms):
            amount = _mean(study, stage, arm)
            y = place - 0.4 + height * (row + 0.5)
            ax.barh(y, amount, height=0.9 * height, color=canvas.colour(arm))
            text = write.decimal(amount, 1 if amount < 100 else 0)
            before = _mean(study, stages[place - 1], arm) if place and stage != OTHER_SOURCE else math.nan
            if before > 0:
                share = write.percent(amount / before, 0 if amount / before >= 0.1 else 1)
                text += f"  ({share})" if canvas.narrow else "  ·  " + words("figures.funnel.previous", share=share)
            ax.text(amount + most * 0.012, y, text, va="center", size=8.5, color=INK if not place else QUIET)
            if not place and amount > 0.4 * most:
                ax.text(most * 0.015, y, words.arm_title(arm), va="center", size=9, weight="bold", color="white")
    ax.set_yticks(range(len(stages)), [words(f"figures.funnel.stages.{stage}") for stage in stages], color=INK)
    ax.set_ylim(len(stages) - 0.5, -0.5)
    ax.set_xlim(0, most * (1.3 if canvas.narrow else 1.2))
    ax.set_xlabel(words("figures.funnel.axis"))
    canvas.ticks(ax.xaxis)
    if canvas.narrow:
        ax.locator_params(axis="x", nbins=4)
    ax.grid(axis="x")
    sns.despine(ax=ax, left=True, bottom=True)
    return canvas.figure


def recorded(study: Study) -> list[str]:
    """Stages the study has measures of."""
    return [stage for stage in STAGES if stage in study.measures]


def _mean(study: Study, stage: str, arm: str) -> float:
    return study.interval(stage, arm).mean


def _title(study: Study, language: str) -> str:
    words, write = texts(language), numbers(language)
    wins = {arm: _mean(study, "wins", arm) for arm in study.arms}
    if not all(math.isfinite(found) for found in wins.values()):
        return words("figures.funnel.title.unknown")
    shown = {arm: write.decimal(found, 1) for arm, found in wins.items()}
    if len(wins) > 2:
        low, high = (write.decimal(pick(wins.values()), 1) for pick in (min, max))
        return words("figures.funnel.title.several", low=low, high=high)
    if not study.others:
        return words("figures.funnel.title.alone", arm=words.arm(study.baseline), after=shown[study.baseline])
    arm = study.others[0]
    return words(
        "figures.funnel.title.pair",
        arm=words.arm(arm),
        baseline=words.arm(study.baseline),
        after=shown[arm],
        before=shown[study.baseline],
    )


def funnel_caption(study: Study, language: str) -> str:
    """One sentence on what the figure shows."""
    words, write = texts(language), numbers(language)
    changes = {
        (stage, arm): abs(_mean(study, stage, arm) / _mean(study, stage, study.baseline) - 1.0)
        for stage in recorded(study)
        for arm in study.others
        if judged(study, stage, arm) in {"up", "down"} and _mean(study, stage, study.baseline) > 0
    }
    if not changes:
        return words("figures.funnel.caption_alone")
    stage, arm = max(changes, key=lambda key: changes[key])
    before, after = _mean(study, stage, study.baseline), _mean(study, stage, arm)
    digits = 1 if max(before, after) < 100 else 0
    return words(
        "figures.funnel.caption",
        stage=words(f"figures.funnel.stages.{stage}"),
        arm=words.arm(arm),
        baseline=words.arm(study.baseline),
        before=write.decimal(before, digits),
        after=write.decimal(after, digits),
    )

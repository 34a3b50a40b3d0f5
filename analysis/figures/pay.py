"""Pay against performance, seller by seller."""

from __future__ import annotations

import math

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from analysis.figures.style import RC, Canvas, Shape, columns_for
from analysis.numbers import numbers
from analysis.summary import Study
from analysis.texts import texts


@mpl.rc_context(RC)  # type: ignore[arg-type]
def pay(study: Study, language: str, shape: Shape = "wide") -> Figure:
    """A panel per arm: each seller's variable pay over the business won, and how closely one follows the other."""
    columns = columns_for(study, shape)
    height = 0.3 + (2.5 if columns == 1 else 3.1) * -(-len(study.arms) // columns)
    canvas = Canvas(study, language, shape, height, _title(study, language))
    axes = canvas.panels()
    words = canvas.words
    for ax, arm in zip(axes, study.arms, strict=True):
        mine = sellers(study, arm)
        x, y = mine["won_acv"] / 1e3, mine["variable_pay"] / 1e3
        # Thousands of dots: as a picture inside the drawing, or the file would be megabytes.
        sns.scatterplot(x=x, y=y, ax=ax, s=9, alpha=0.22, linewidth=0, color=canvas.colour(arm), rasterized=True)
        r = canvas.write.decimal(correlation(study, arm), 2)
        ax.set_title(words("figures.pay.panel", arm=words.arm_title(arm), r=r), color=canvas.colour(arm), weight="bold")
        ax.locator_params(axis="x", nbins=5)
        canvas.ticks(ax.xaxis)
        canvas.ticks(ax.yaxis)
        ax.grid()
        sns.despine(ax=ax, left=True, bottom=True)
    canvas.label_axes(axes, words("figures.pay.x"), words("figures.pay.y"))
    axes[0].set(xlim=(0, None), ylim=(0, None))  # once all panels, which share their axes, are filled
    return canvas.figure


def sellers(study: Study, arm: str) -> pd.DataFrame:
    """Rows of the arm's sellers."""
    assert study.people is not None
    return study.people[(study.people["arm"] == arm) & (study.people["role"].astype(str) == "seller")]


def correlation(study: Study, arm: str) -> float:
    """Correlation of variable pay and won ACV over sellers and replications; NaN where one does not vary."""
    found = sellers(study, arm)[["won_acv", "variable_pay"]].dropna().to_numpy(dtype=float)
    if len(found) < 3 or min(np.ptp(found, axis=0)) == 0:
        return math.nan
    return float(np.corrcoef(found.T)[0, 1])


def _title(study: Study, language: str) -> str:
    words, write = texts(language), numbers(language)
    known = {arm: correlation(study, arm) for arm in study.arms}
    shown = {arm: write.decimal(r, 2) for arm, r in known.items()}
    if not study.others:
        return words("figures.pay.title.alone", after=shown[study.baseline])
    if len(study.others) > 1:
        finite = [r for r in known.values() if math.isfinite(r)]
        low, high = (write.decimal(pick(finite, default=math.nan), 2) for pick in (min, max))
        return words("figures.pay.title.several", low=low, high=high)
    arm = study.others[0]
    return words(
        "figures.pay.title.pair",
        arm=words.arm(arm),
        baseline=words.arm(study.baseline),
        after=shown[arm],
        before=shown[study.baseline],
    )


def pay_caption(_study: Study, language: str) -> str:
    """One sentence on what the figure shows."""
    return texts(language)("figures.pay.caption")

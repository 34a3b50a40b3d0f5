"""Verdicts on the article's claims: values and intervals from runs, never from the claim."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.paired import interval
from analysis.studies.firms import Sorting
from analysis.summary import by_pair
from analysis.uncertainty import nested
from experiments.claims.register import WORKDAY, Claim

Verdict = Literal["holds", "sorting", "conditions", "not_reproduced", "context"]
# A published gap counts as shown by sorting from three fifths of it on, as 15 of 24 points (docs/evidence.md, V1).
ENOUGH_OF_A_GAP = 0.6


@dataclass(frozen=True)
class Found:
    """A value with its 95 % interval; NaN where there is none."""

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n: int = 0


@dataclass(frozen=True)
class Judged:
    """A claim and its verdict.

    Attributes
    ----------
    claim : Claim
        What is claimed.
    verdict : str
        What the model says of it.
    found : Found
        In the organisation asked about; of a sorting claim what alignment changes in the same firm.
    beside : Found
        In the corner that the essay describes; of a sorting claim the gap by sorting; of a programme the other one.
    """

    claim: Claim
    verdict: Verdict
    found: Found = Found()
    beside: Found = Found()


def change(claim: Claim, runs: pd.DataFrame, per_draw: int = 0, draws: int = 0) -> Found:
    """What the worlds of a claim differ by, in its unit.

    Parameters
    ----------
    runs : DataFrame
        One row a run; the worlds are the arms.
    per_draw, draws : int
        Replications that share a draw of a posterior, and how many draws there are; 0 where parameters are fixed.
    """
    before, after = (by_pair(runs, world)[claim.measure] for world in claim.worlds)
    values = (after - before).to_numpy() * scale(claim, before.to_numpy())
    if not per_draw:
        each = interval(values)
        return Found(each.mean, each.low, each.high, each.n)
    groups = before.index.get_level_values("replication").to_numpy() // per_draw % draws
    wide = nested(values, groups)
    return Found(wide.mean, wide.low, wide.high, wide.n)


def share(claim: Claim, runs: pd.DataFrame, world: str) -> Found:
    """Share of firms with an outcome, over firms: their parameters and their luck."""
    per_firm = runs[runs["arm"] == world].groupby("point")[claim.measure].mean()
    each = interval(1.0 - per_firm.to_numpy() if claim.change == "rest" else per_firm.to_numpy())
    return Found(each.mean, each.low, each.high, each.n)


def scale(claim: Claim, before: NDArray[np.float64]) -> float:
    """Factor from a difference of the measure to the unit of the claim."""
    if claim.change == "share_of_level":
        level = float(np.nanmean(before))
        return 1.0 / level if level else math.nan
    return {"points": 1.0, "k€": 1e-3, "hours": WORKDAY}[claim.change]


def reached(claim: Claim, found: Found) -> bool:
    """Whether the effect is at least as large as claimed, and surely of that sign."""
    if math.isinf(claim.low):
        return bool(found.value <= claim.high and found.high < 0.0)
    return bool(found.value >= claim.low and found.low > 0.0)


def judge_contrast(claim: Claim, found: Found, corner: Found) -> Judged:
    """Holds in the organisation, in the essay's corner only, or in neither."""
    verdict: Verdict = (
        "holds" if reached(claim, found) else "conditions" if reached(claim, corner) else "not_reproduced"
    )
    return Judged(claim, verdict, found, corner)


def judge_sorting(claim: Claim, shown: Sorting) -> Judged:
    """Whether firms sorted by results show the gap, and whether alignment makes it in the same firm."""
    causal = Found(shown.causal.difference, shown.causal.low, shown.causal.high, shown.causal.n)
    gap = Found(shown.gap.difference, shown.gap.low, shown.gap.high, shown.gap.n)
    if reached(claim, causal):
        return Judged(claim, "holds", causal, gap)
    sorts = gap.value >= ENOUGH_OF_A_GAP * claim.low and causal.value < 0.5 * gap.value
    return Judged(claim, "sorting" if sorts else "not_reproduced", causal, gap)


def judge_programme(claim: Claim, found: Found, other: Found) -> Judged:
    """Whether the share is surely not above what is claimed, or inside it where a range is."""
    inside = found.value >= claim.low if math.isfinite(claim.low) else found.high <= claim.high
    return Judged(claim, "holds" if inside and found.value <= claim.high else "not_reproduced", found, other)


def judge(
    claims: list[Claim],
    contrasts: Mapping[str, Found],
    corners: Mapping[str, Found],
    sortings: Mapping[str, Sorting],
    programmes: Mapping[str, tuple[Found, Found]],
) -> list[Judged]:
    """Verdicts on all claims, given by id what their worlds differ by, what sorting and what programmes show."""
    judged = []
    for claim in claims:
        if claim.kind == "contrast":
            judged.append(judge_contrast(claim, contrasts[claim.id], corners[claim.id]))
        elif claim.kind == "sorting":
            judged.append(judge_sorting(claim, sortings[claim.id]))
        elif claim.kind == "programme":
            judged.append(judge_programme(claim, *programmes[claim.id]))
        else:
            judged.append(Judged(claim, "context"))
    return judged

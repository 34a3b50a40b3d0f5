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
    settled : bool
        False where an interval reaches past the figure that decides, so that more seeds could give a better verdict.
    """

    claim: Claim
    verdict: Verdict
    found: Found = Found()
    beside: Found = Found()
    settled: bool = True


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
    """Whether the whole interval is at least as large as claimed, and of that sign: the mean is not enough."""
    if math.isinf(claim.low):
        return bool(found.high <= claim.high and found.high < 0.0)
    return bool(found.low >= claim.low and found.low > 0.0)


def reachable(claim: Claim, found: Found) -> bool:
    """Whether some of the interval is as large as claimed, and of that sign."""
    if math.isinf(claim.low):
        return bool(found.low <= claim.high and found.low < 0.0)
    return bool(found.high >= claim.low and found.high > 0.0)


def judge_contrast(claim: Claim, found: Found, corner: Found) -> Judged:
    """Holds in the organisation, in the essay's corner only, or in neither."""
    if reached(claim, found):
        return Judged(claim, "holds", found, corner)
    if reached(claim, corner):
        return Judged(claim, "conditions", found, corner, settled=not reachable(claim, found))
    settled = not (reachable(claim, found) or reachable(claim, corner))
    return Judged(claim, "not_reproduced", found, corner, settled)


def judge_sorting(claim: Claim, shown: Sorting) -> Judged:
    """Whether firms sorted by results surely show the gap, and alignment surely makes less than half of it."""
    causal = Found(shown.causal.difference, shown.causal.low, shown.causal.high, shown.causal.n)
    gap = Found(shown.gap.difference, shown.gap.low, shown.gap.high, shown.gap.n)
    if reached(claim, causal):
        return Judged(claim, "holds", causal, gap)
    enough = ENOUGH_OF_A_GAP * claim.low
    if gap.low >= enough and causal.high < 0.5 * gap.low:
        return Judged(claim, "sorting", causal, gap, settled=not reachable(claim, causal))
    sorts = gap.high >= enough and causal.low < 0.5 * gap.high
    return Judged(claim, "not_reproduced", causal, gap, settled=not (sorts or reachable(claim, causal)))


def judge_programme(claim: Claim, found: Found, other: Found) -> Judged:
    """Whether the whole interval of the share lies inside what is claimed (a range, or all below a bound)."""
    low = claim.low if math.isfinite(claim.low) else 0.0
    # An interval of a share of few firms may reach below nothing.
    if max(found.low, 0.0) >= low and found.high <= claim.high:
        return Judged(claim, "holds", found, other)
    return Judged(claim, "not_reproduced", found, other, settled=found.high < low or found.low > claim.high)


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

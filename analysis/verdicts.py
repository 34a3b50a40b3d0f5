"""Verdicts on stylised facts: what runs show against what is accepted, and what a pass would take.

Where replications go with draws of a posterior, a value is its expectation over draws, its
interval covers what the draws leave open as well as luck, and a fact that fails is asked
which draws come closer: no parameter is moved for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from analysis.paired import LEVEL, interval
from analysis.uncertainty import nested
from experiments.validation import Fact, Seen

Verdict = Literal["pass", "fail", "cannot"]
Where = Literal["inside", "below", "above", ""]
NOTHING = "there is nothing to measure in these runs"
TOLD = 3  # parameters named at most
FEWEST = 4  # values of which a rank correlation is asked
Groups = NDArray[np.int64]  # number of a draw, one a run


@dataclass(frozen=True)
class Moved:
    """A parameter that goes with a value over draws: its rank correlation."""

    parameter: str
    correlation: float


@dataclass(frozen=True)
class Needed:
    """What a pass would take, as far as draws of a posterior tell, or the firms of panels.

    Attributes
    ----------
    kind : {"draws", "firms"}
        What it was learnt from.
    n : int
        Draws or firms that gave a value.
    passing : float
        Share of draws whose own mean is accepted (luck of its few replications included); NaN of firms.
    moved : tuple of Moved
        Parameters whose rank correlation with the value can be told from chance, strongest first: at 5 % in all,
        Bonferroni over the parameters.
    """

    kind: Literal["draws", "firms"]
    n: int
    passing: float
    moved: tuple[Moved, ...]


@dataclass(frozen=True)
class Finding:
    """A fact and its verdict.

    Attributes
    ----------
    fact : Fact
        What is judged.
    verdict : {"pass", "fail", "cannot"}
        Whether the mean lies in the accepted range.
    value, low, high : float
        Mean and its 95 % interval; NaN where there is none.
    n : int
        Runs, panels or draws that gave a value.
    settled : bool
        Whether the whole interval gives the same verdict.
    where : {"inside", "below", "above", ""}
        Where the mean lies; empty where there is none.
    seen : Seen, optional
        What the runs show.
    reason : str
        Why nothing can be said; empty if something can.
    needed : Needed, optional
        What a pass would take; None where parameters are the same in all runs, or nothing was measured.
    """

    fact: Fact
    verdict: Verdict
    value: float
    low: float
    high: float
    n: int
    settled: bool
    where: Where = ""
    seen: Seen | None = None
    reason: str = ""
    needed: Needed | None = None


def judge(fact: Fact, seen: Seen | str, groups: Groups | None = None, drawn: pd.DataFrame | None = None) -> Finding:
    """Verdict on what the runs show.

    Parameters
    ----------
    seen : Seen or str
        One value per run or panel; or why nothing can be measured.
    groups : array, optional
        Which draw of a posterior each run went with.
    drawn : DataFrame, optional
        A row a draw (or a firm, if the fact is about a panel), a column a parameter.
    """
    if isinstance(seen, str):
        return Finding(fact, "cannot", math.nan, math.nan, math.nan, 0, settled=False, reason=seen)
    needed = None
    if groups is None:
        found = interval(seen.values)
        value, low, high, n = found.mean, found.low, found.high, found.n
    else:
        wide = nested(seen.values, groups.astype(float))
        value, low, high, n = wide.mean, wide.low, wide.high, wide.groups
    if n == 0:
        return judge(fact, NOTHING)
    if drawn is not None:
        needed = need(fact, seen, groups, drawn)
    mean_inside = fact.low <= value <= fact.high
    all_inside = fact.low <= low and high <= fact.high
    outside = high < fact.low or low > fact.high
    passed = all_inside if fact.sure else mean_inside
    return Finding(
        fact, "pass" if passed else "fail", value, low, high, n,
        settled=all_inside if passed else outside,
        where="inside" if mean_inside else "below" if value < fact.low else "above",
        seen=seen, needed=needed,
    )  # fmt: skip


def need(fact: Fact, seen: Seen, groups: Groups | None, drawn: pd.DataFrame) -> Needed | None:
    """Which draws pass, and which parameters the value of a draw, or of a firm, goes with."""
    if groups is None:
        return None if seen.each is None else Needed("firms", len(seen.each), math.nan, moved(seen.each, drawn))
    means = pd.Series(seen.values).groupby(groups).mean()
    means = means[np.isfinite(means)]
    passing = float(((means >= fact.low) & (means <= fact.high)).mean())
    return Needed(
        "draws", len(means), passing, moved(np.asarray(means, dtype=np.float64), drawn.iloc[means.index.to_numpy()])
    )


def moved(values: NDArray[np.float64], drawn: pd.DataFrame) -> tuple[Moved, ...]:
    """Parameters (columns, a row a value) whose rank correlation with the values can be told from chance."""
    there = np.isfinite(values)
    numbers = drawn.select_dtypes("number")[there]
    numbers = numbers.loc[:, numbers.max() > numbers.min()]
    if there.sum() < FEWEST or not np.ptp(values[there]) > 0.0:
        return ()
    found = []
    for name, column in numbers.items():
        told = spearmanr(column.to_numpy(dtype=float), values[there])
        if told.pvalue * numbers.shape[1] < 1.0 - LEVEL:
            found.append(Moved(str(name), float(told.statistic)))
    return tuple(sorted(found, key=lambda each: -abs(each.correlation))[:TOLD])


def counts(findings: Iterable[Finding]) -> Mapping[str, int]:
    """How many facts pass, fail and cannot be judged, and how many of these verdicts an interval leaves open."""
    found = list(findings)
    verdicts: Sequence[str] = [finding.verdict for finding in found]
    counted = {verdict: verdicts.count(verdict) for verdict in ("pass", "fail", "cannot")}
    return {**counted, "open": sum(not finding.settled for finding in found if finding.verdict != "cannot")}

"""Where something happens, over the points of a study: boxes, and the factors that decide."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from analysis import catalogue, discovery
from analysis.numbers import numbers
from analysis.paired import LEVEL
from analysis.studies import effects
from analysis.summary import KEYS, measure_columns
from analysis.texts import Texts, capital
from sim.parameters import ParameterError

RELATIONS = {"above": np.greater, "below": np.less, "at_least": np.greater_equal, "at_most": np.less_equal}
SHOWN = 6


@dataclass(frozen=True)
class Region:
    """Interesting points, the boxes around them, and how sure it is which points are interesting.

    Attributes
    ----------
    found : Discovery
        The boxes.
    settled : float
        Share of points whose 95 % interval lies on one side of the threshold; NaN with a single
        replication.
    """

    found: discovery.Discovery
    settled: float

    @property
    def told(self) -> bool:
        """Whether a box may be told: it holds on points that it has not seen."""
        checked = self.found.checked
        return bool(self.found.boxes) and checked is not None and checked.holds


@dataclass(frozen=True)
class Deciding:
    """How a factor goes with an outcome: rank correlation and its 95 % interval, for all factors together."""

    factor: str
    correlation: float
    low: float
    high: float


def outcome(runs: pd.DataFrame, asked: Mapping[str, Any], baseline: str) -> pd.DataFrame:
    """One row a point, one column a replication: a measure of an arm, or its difference from the baseline."""
    arm = asked.get("arm", baseline)
    table = effects.cells(runs, asked["measure"], ["point"], {"arm": arm})
    if arm != baseline:
        table = table - effects.cells(runs, asked["measure"], ["point"], {"arm": baseline})
    return table.T


def coordinates(runs: pd.DataFrame, factors: Sequence[str] | None = None) -> pd.DataFrame:
    """The factors of every point: those named, or all columns that are neither keys nor measures."""
    measures = set(measure_columns(runs))
    names = list(factors or (name for name in runs if name not in KEYS and name not in measures))
    return runs.drop_duplicates("point").set_index("point")[names].sort_index()


def region(runs: pd.DataFrame, asked: Mapping[str, Any], baseline: str, factors: Sequence[str] | None = None) -> Region:
    """The points whose mean outcome is on one side of a threshold, and boxes around them.

    Parameters
    ----------
    asked : mapping
        ``measure``, ``arm`` (then it is the paired difference from the baseline) and one of
        ``above``, ``below``, ``at_least``, ``at_most`` with a threshold.
    factors : sequence of str, optional
        Columns to search; by default every factor.
    """
    relation = next((name for name in RELATIONS if name in asked), None)
    if relation is None:
        raise ParameterError(f"a region needs one of {', '.join(RELATIONS)} with a threshold.")
    threshold = float(asked[relation])
    table = outcome(runs, asked, baseline).dropna(how="all")
    means = table.mean(axis=1).to_numpy()
    interesting = RELATIONS[relation](means, threshold)
    n = table.notna().sum(axis=1).to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        half = norm.ppf(0.5 + LEVEL / 2) * table.std(axis=1, ddof=1).to_numpy() / np.sqrt(n)
    settled = float((np.abs(means - threshold) > half).mean()) if (n > 1).all() and len(n) else math.nan
    points = coordinates(runs, factors).loc[table.index]
    return Region(discovery.discover(points, np.asarray(interesting, dtype=bool)), settled)


def as_mapping(found: Region) -> dict[str, Any]:
    """Plain values of a region."""
    return {**discovery.as_mapping(found.found), "settled": found.settled, "told": found.told}


def deciding(runs: pd.DataFrame, asked: Mapping[str, Any], baseline: str) -> list[Deciding]:
    """The factors that go with an outcome most, by rank correlation over points, strongest first.

    Only those whose interval leaves out zero stay; the level is shared among all factors
    (Bonferroni), because the strongest of a hundred is looked at.
    """
    table = outcome(runs, asked, baseline).dropna(how="all")
    means = table.mean(axis=1).to_numpy()
    factors = coordinates(runs).loc[table.index].select_dtypes(np.number)
    names = [str(name) for name in factors if np.ptp(factors[name].to_numpy(dtype=float)) > 0]
    if len(means) < 5 or not np.ptp(means) > 0:
        return []
    half = norm.ppf(1 - (1 - LEVEL) / (2 * max(1, len(names)))) / math.sqrt(len(means) - 3)
    found = []
    for name in names:
        rho = _rank_correlation(factors[name].to_numpy(dtype=float), means)
        z = math.atanh(min(max(rho, -1 + 1e-12), 1 - 1e-12))
        found.append(Deciding(name, rho, math.tanh(z - half), math.tanh(z + half)))
    told = [each for each in found if each.low > 0 or each.high < 0]
    return sorted(told, key=lambda each: -abs(each.correlation))[:SHOWN]


def _rank_correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])


# ---------------------------------------------------------------- words


def asked_in_words(asked: Mapping[str, Any], baseline: str, words: Texts) -> str:
    """What is asked of a region: a measure of an arm, or its difference, on one side of a threshold."""
    write = numbers(words.language)
    relation = next(name for name in RELATIONS if name in asked)
    arm, unit = asked.get("arm", baseline), catalogue.measure(asked["measure"]).unit
    names = {
        "measure": capital(words.measure(asked["measure"])),
        "arm": words.arm(arm),
        "baseline": words.arm(baseline),
    }
    if arm == baseline:
        return words(f"studies.asked.{relation}.level", threshold=write.value(asked[relation], unit), **names)
    threshold = write.difference(asked[relation], unit)
    return words(f"studies.asked.{relation}.difference", threshold=threshold, **names)


def in_words(
    found: Region, what: str, label: Callable[[str], str], value: Callable[[str, Any], str], words: Texts
) -> str:
    """Boxes as sentences; none is told that does not hold on unseen points."""
    write = numbers(words.language)
    search, told = found.found, found.told
    blanks = {
        "what": what,
        "points": write.decimal(search.points, 0),
        "hits": write.decimal(search.hits, 0),
        "base": write.percent(search.base, 0),
    }
    sentences = [words("studies.regions.base", **blanks)]
    if not told or search.checked is None:
        why = "few" if search.checked is None and not search.boxes else "none"
        return " ".join([*sentences, words(f"studies.regions.{why}", **blanks)])
    for place, box in enumerate(search.boxes):
        sides = words.listed([side_in_words(side, label, value, words) for side in box.restrictions])
        sentences.append(
            words(
                f"studies.regions.{'first' if place == 0 else 'next'}",
                sides=sides,
                density=write.percent(box.density, 0),
                mass=write.percent(box.mass, 0),
                coverage=write.percent(box.coverage, 0),
                what=what,
            )
        )
    checked = search.checked
    sentences.append(
        words(
            "studies.regions.checked",
            density=write.percent(checked.density, 0),
            low=write.percent(checked.low, 0),
            high=write.percent(checked.high, 0),
            base=write.percent(checked.base, 0),
        )
    )
    return " ".join(sentences)


def side_in_words(
    side: discovery.Restriction, label: Callable[[str], str], value: Callable[[str, Any], str], words: Texts
) -> str:
    """A restriction as part of a sentence, with the factor's name and its quasi-p-values."""
    quasi = max(p for p in (side.quasi_p_low, side.quasi_p_high) if p is not None)
    return words(
        "studies.regions.side", factor=label(side.factor), ends=ends_in_words(side, value, words), name=side.factor,
        p=_quasi(quasi, words),
    )  # fmt: skip


def ends_in_words(side: discovery.Restriction, value: Callable[[str, Any], str], words: Texts) -> str:
    """What a restriction allows."""
    if side.levels:
        return " / ".join(value(side.factor, level) for level in side.levels)
    which = "between" if None not in (side.low, side.high) else "above" if side.high is None else "below"
    ends = {name: value(side.factor, end) for name, end in (("low", side.low), ("high", side.high)) if end is not None}
    return words(f"studies.regions.{which}", **ends)


def _quasi(p: float, words: Texts) -> str:
    write = numbers(words.language)
    return f"< {write.decimal(0.001, 3)}" if p < 0.001 else f"= {write.decimal(p, 3)}"


def deciding_in_words(ranked: list[Deciding], label: Callable[[str], str], words: Texts) -> str:
    """The factors that decide, with the sign of each."""
    write = numbers(words.language)
    if not ranked:
        return words("studies.deciding.none")
    parts = [
        words(
            "studies.deciding.factor", factor=label(each.factor), name=each.factor,
            correlation=write.decimal(each.correlation, 2, signed=True),
        )
        for each in ranked
    ]  # fmt: skip
    return words("studies.deciding.listed", parts="; ".join(parts))

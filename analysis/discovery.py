"""Where does something happen? Scenario discovery by PRIM (Friedman & Fisher 1999), by ema_workbench.

Among points that are of interest or not, PRIM peels slices off the space of factors until a
box is left in which interesting points are dense (Bryant & Lempert 2010). A box is told by
its *coverage* (share of the interesting points that lie in it), its *density* (share of its
points that are interesting) and, per restriction, the *quasi-p-value*: the chance that the
box would be as dense if that restriction told nothing. It is called quasi because the same
points chose the restriction; so the whole search is repeated on three quarters of the points
and judged on the last one, in turn.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest, ks_2samp

from sim.parameters import ParameterError

FEWEST = 10  # interesting points, and others, without which no search is worth while
SIGNIFICANT = 0.05
PARTS = 4  # of the points, each judged once by a search of the others
MOST_RESTRICTIONS = 4
MOST_SCREENED = 12  # factors handed to PRIM
Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class Restriction:
    """One side of a box.

    Attributes
    ----------
    factor : str
        Name of the factor.
    low, high : float or None
        Bounds of a number, None where it is not restricted.
    levels : tuple
        Allowed values of a factor of words or truths; empty for a number.
    quasi_p_low, quasi_p_high : float or None
        Quasi-p-values of the two bounds; of words, the first.
    """

    factor: str
    low: float | None = None
    high: float | None = None
    levels: tuple[Any, ...] = ()
    quasi_p_low: float | None = None
    quasi_p_high: float | None = None

    def holds(self, points: pd.DataFrame) -> Truths:
        """Which points satisfy it."""
        column = points[self.factor]
        if self.levels:
            return column.isin(self.levels).to_numpy(dtype=bool)
        inside = np.ones(len(points), dtype=bool)
        if self.low is not None:
            inside &= column.to_numpy() >= self.low
        if self.high is not None:
            inside &= column.to_numpy() <= self.high
        return inside


@dataclass(frozen=True)
class Box:
    """A part of the space of factors.

    Attributes
    ----------
    restrictions : tuple of Restriction
        What a point of it satisfies, the most telling first.
    coverage, density, mass : float
        Share of all interesting points in it; share of its points that are interesting;
        share of all points in it. Points of earlier boxes are in none of the three numerators.
    inside, hits : int
        Points in it, and interesting ones among them.
    """

    restrictions: tuple[Restriction, ...]
    coverage: float
    density: float
    mass: float
    inside: int
    hits: int

    def holds(self, points: pd.DataFrame) -> Truths:
        """Which points lie in it."""
        inside = np.ones(len(points), dtype=bool)
        for restriction in self.restrictions:
            inside &= restriction.holds(points)
        return inside


@dataclass(frozen=True)
class Checked:
    """The same search on three quarters of the points, judged on the last quarter, in turn.

    Attributes
    ----------
    density, low, high : float
        Density of the first box in points it has not seen, with its 95 % interval (Wilson).
    coverage : float
        Share of the unseen interesting points in it.
    base : float
        Share of interesting points among all: what a box that tells nothing would have.
    """

    density: float
    low: float
    high: float
    coverage: float
    base: float

    @property
    def holds(self) -> bool:
        """Whether a box is denser than no box, beyond doubt."""
        return self.low > self.base


@dataclass(frozen=True)
class Discovery:
    """What a search found.

    Attributes
    ----------
    points, hits : int
        Points searched, and interesting ones among them.
    boxes : tuple of Box
        In the order in which they were found; each among the points outside the earlier ones.
    checked : Checked or None
        None where there was too little to search.
    """

    points: int
    hits: int
    boxes: tuple[Box, ...]
    checked: Checked | None

    @property
    def base(self) -> float:
        """Share of interesting points."""
        return self.hits / self.points if self.points else math.nan


def discover(
    points: pd.DataFrame, interesting: Truths, most: int = 2, mass: float = 0.05, peel: float = 0.05, seed: int = 1
) -> Discovery:
    """Boxes in which interesting points are dense.

    Parameters
    ----------
    points : DataFrame
        One row a point, one column a factor: numbers, words or truths.
    interesting : array of bool
        Which points are.
    most : int
        Boxes at most.
    mass : float
        Smallest share of the points that a box may hold.
    peel : float
        Share of a box's points peeled off at a time.
    seed : int
        Of the parts.

    Raises
    ------
    ParameterError
        ema_workbench is not installed.
    ValueError
        Lengths differ.
    """
    if len(points) != len(interesting):
        raise ValueError(f"{len(points)} points, but {len(interesting)} verdicts on them")
    factors = points.reset_index(drop=True).loc[:, points.nunique().to_numpy() > 1]
    truths = np.asarray(interesting, dtype=bool)
    hits = int(truths.sum())
    if min(hits, len(truths) - hits) < FEWEST or factors.empty:
        return Discovery(len(truths), hits, (), None)
    boxes = tuple(_search(factors, truths, most, mass, peel))
    return Discovery(len(truths), hits, boxes, _checked(factors, truths, mass, peel, seed))


def _search(points: pd.DataFrame, truths: Truths, most: int, mass: float, peel: float) -> Iterator[Box]:
    telling = points[_screened(points, truths)]
    numbers = telling.select_dtypes(np.number, exclude=bool)
    # The library cannot paste whole numbers back, nor peel truths.
    plain = telling.astype({name: float if name in numbers else object for name in telling})
    base = float(truths.mean())
    with _quiet():
        prim = _prim().Prim(plain, truths.astype(float), threshold=1e-9, mass_min=mass, peel_alpha=peel)
        left = np.ones(len(truths), dtype=bool)
        for _ in range(most):
            found = prim.find_box()
            place = None if found is None or not len(found.yi) else _chosen(found)
            if place is None:
                return
            found.select(place)
            box = _box(telling, found, place, len(truths))
            if box.density <= base:
                return
            yield box
            left[found.yi] = False
            if truths[left].sum() < FEWEST:
                return


def _screened(points: pd.DataFrame, truths: Truths) -> list[str]:
    """The factors that tell interesting points from others best, by themselves.

    PRIM looks at every factor at every step, and among a hundred that tell nothing it finds some
    that seem to. What a factor tells is the largest distance between the distributions of it
    among interesting points and among others.
    """
    told = {str(name): _distance(points[name], truths) for name in points}
    return sorted(told, key=lambda name: (-told[name], name))[:MOST_SCREENED]


def _distance(column: pd.Series[Any], truths: Truths) -> float:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return float(ks_2samp(column[truths], column[~truths], method="asymp").statistic)
    shares = pd.crosstab(column, truths, normalize="columns")
    return float((shares[True] - shares[False]).abs().sum() / 2)


def _chosen(found: Any) -> int | None:
    """Place on the peeling trajectory: the best balance of coverage and density, density counting twice (F½).

    Counted alike, a box of nearly everything would win wherever cases are not rare.

    From there, restrictions are dropped, the least telling first, until few are left and each
    has a quasi-p-value of 5 % or less.
    """
    steps = found.peeling_trajectory
    coverage, density = steps["coverage"], steps["density"]
    balance = 1.25 * coverage * density / (coverage + 0.25 * density).clip(lower=1e-12)
    place = int(balance.astype(float).idxmax())
    while found.qp[place]:
        told = {name: min(p for p in ps if p >= 0) for name, ps in found.qp[place].items()}
        weakest = max(told, key=lambda name: told[name])
        if told[weakest] <= SIGNIFICANT and len(told) <= MOST_RESTRICTIONS:
            return place
        found.drop_restriction(weakest, place)
        place = len(found.peeling_trajectory) - 1
    return None


def _box(points: pd.DataFrame, found: Any, place: int, total: int) -> Box:
    row, limits, quasi = found.peeling_trajectory.iloc[place], found.box_lims[place], found.qp[place]
    restrictions = [_restriction(points[name], limits[name].tolist(), ps) for name, ps in quasi.items()]
    restrictions.sort(key=lambda r: min(p for p in (r.quasi_p_low, r.quasi_p_high) if p is not None))
    return Box(
        tuple(restrictions), float(row["coverage"]), float(row["density"]), int(row["n"]) / total, int(row["n"]),
        int(row["k"]),
    )  # fmt: skip


def _restriction(column: pd.Series[Any], limits: list[Any], quasi: list[float]) -> Restriction:
    name = str(column.name)
    if isinstance(limits[0], set | frozenset):
        return Restriction(name, levels=tuple(sorted(limits[0], key=str)), quasi_p_low=float(quasi[0]))
    low, high = (None if p < 0 else float(limit) for limit, p in zip(limits, quasi, strict=True))
    return Restriction(name, low, high, (), *(None if p < 0 else float(p) for p in quasi))


def _checked(points: pd.DataFrame, truths: Truths, mass: float, peel: float, seed: int) -> Checked | None:
    """Search all parts but one, judge on that one, for every part; the parts have as many interesting points."""
    draws = np.random.default_rng(seed).random(len(truths))
    part = np.empty(len(truths), dtype=int)
    part[np.lexsort((draws, truths))] = np.arange(len(truths)) % PARTS
    inside = hits = 0
    for unseen in (part == number for number in range(PARTS)):
        box = next(_search(points[~unseen].reset_index(drop=True), truths[~unseen], 1, mass, peel), None)
        if box is None:
            continue
        held = box.holds(points[unseen])
        inside += int(held.sum())
        hits += int(truths[unseen][held].sum())
    if not inside:
        return None
    wilson = binomtest(hits, inside).proportion_ci(method="wilson")
    return Checked(hits / inside, float(wilson.low), float(wilson.high), hits / int(truths.sum()), float(truths.mean()))


def as_mapping(found: Discovery) -> dict[str, Any]:
    """Plain values for ``boxes.json``."""
    checked = found.checked
    return {
        "points": found.points,
        "interesting": found.hits,
        "checked_on_unseen_points": None if checked is None else {**vars(checked), "holds": checked.holds},
        "boxes": [
            {**_without(vars(box), "restrictions"), "restrictions": [dict(vars(side)) for side in box.restrictions]}
            for box in found.boxes
        ],
    }


def _without(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != key}


@contextmanager
def _quiet() -> Iterator[None]:
    """The library warns of optional parts of its own and logs every step."""
    logging.getLogger("EMA").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _prim() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from ema_workbench.analysis import prim
    except ImportError:
        raise ParameterError(
            "discover needs ema_workbench; install the extra: pip install 'gtm-sim[research]'."
        ) from None
    return prim

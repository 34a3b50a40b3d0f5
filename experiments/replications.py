"""How many replications: a fixed number, or as many as an answer takes.

*Precision* goes on until the half-width of the 95 % interval of the chosen contrast is
small enough; *decision* until the sign of the difference is clear or the difference is
provably immaterial. Both look ahead (Hoad, Robinson & Davies 2010): a goal that is met
must stay met while a few more replications are added, because an interval is sometimes
narrow by luck. What is asked for next depends on the results of the replications before
and on nothing else, so a study that is cut off goes the same way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from experiments.runner import Numbers
from experiments.store import Store
from sim.parameters import ParameterError, nearest

RULES = ("fixed", "precision", "decision")
LEVEL = 0.95
TINY = 1e-300
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Rule:
    """When replications suffice.

    Attributes
    ----------
    name : {"fixed", "precision", "decision"}
        What is aimed at.
    measure, arm : str
        The contrast: difference of ``arm`` from the baseline; with a single arm its mean.
    half_width : float
        Of the 95 % interval, in the unit of the measure.
    probability : float
        That the sign of the difference, or its being immaterial, is right.
    immaterial : float
        Differences smaller than this do not matter.
    start, look_ahead : int
        Replications before the first look, and how many more a goal must stay met.
    """

    name: str
    measure: str = ""
    arm: str = ""
    half_width: float = math.nan
    probability: float = math.nan
    immaterial: float = 0.0
    start: int = 10
    look_ahead: int = 5

    def met(self, values: Values) -> NDArray[np.bool_]:
        """Whether the goal is met with the first n of the values, for every n from 1; missing ones do not count."""
        there = np.isfinite(values)
        x = np.where(there, values, 0.0) - np.where(there, values[there][0] if there.any() else 0.0, 0.0)
        n = np.cumsum(there)
        enough = n >= 2
        m = np.where(enough, n, 2)
        mean = np.cumsum(x) / m
        error = np.sqrt(np.maximum(np.cumsum(x * x) / m - mean * mean, 0.0) / (m - 1))  # of the mean
        mean = mean + (values[there][0] if there.any() else 0.0)
        if self.name == "precision":
            return np.asarray(enough & (stdtrit(m - 1.0, 0.5 + LEVEL / 2) * error <= self.half_width))
        inside = _below(self.immaterial, mean, error, m) - _below(-self.immaterial, mean, error, m)
        below = _below(0.0, mean, error, m)
        return enough & ((np.maximum(below, 1.0 - below) >= self.probability) | (inside >= self.probability))

    def wanted(self, values: Values) -> int:
        """How many replications there should be, given those that there are; no more than there are: enough."""
        met = self.met(values)
        n = self.start
        while n <= len(values):
            ahead = n + self._ahead(n)
            missed = np.flatnonzero(~met[n - 1 : ahead])
            if not len(missed):
                return ahead
            n += int(missed[0]) + 1
        return len(values) + max(self.look_ahead, len(values) // 4, 1)

    def _ahead(self, n: int) -> int:
        return self.look_ahead * max(n, 100) // 100


def _below(bound: float, mean: Values, error: Values, n: NDArray[Any]) -> Values:
    """Probability that the true mean lies below a bound: a t with n − 1 degrees of freedom around the mean."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (bound - mean) / error
    t = np.where(error > 0, t, np.where(bound > mean, np.inf, np.where(bound < mean, -np.inf, 0.0)))
    return np.asarray(stdtr(n - 1.0, t))


def rule(given: Mapping[str, Any], arms: Sequence[str], measures: Sequence[str]) -> Rule:
    """A checked rule from what the command line says under ``replications``.

    Raises
    ------
    ParameterError
        A key is wrong.
    """
    name = given["name"]
    if name not in RULES:
        raise ParameterError(f"replications={name!r}: allowed are {', '.join(RULES)}.{nearest(str(name), RULES)}")
    if name == "fixed":
        return Rule("fixed")
    measure = str(given["measure"])
    if measures and measure not in measures:
        raise ParameterError(f"replications.measure={measure!r}: no such measure.{nearest(measure, measures)}")
    arm = given["arm"] or arms[min(1, len(arms) - 1)]
    if arm not in arms:
        known = ", ".join(arms)
        raise ParameterError(f"replications.arm={arm!r}: the arms are {known}.{nearest(str(arm), arms)}")
    if len(arms) > 1 and arm == arms[0]:
        raise ParameterError(f"replications.arm={arm!r}: that is the baseline; name what is compared with it.")
    if name == "decision" and len(arms) < 2:
        raise ParameterError("replications=decision: two arms are needed; a single one has replications=precision.")
    if name == "precision" and given["half_width"] is None:
        raise ParameterError(f"replications.half_width: say how wide, in the unit of {measure}, as in 0.002.")
    return Rule(
        name=name,
        measure=measure,
        arm=str(arm),
        half_width=math.nan if name == "decision" else _number(given, "half_width", TINY, math.inf),
        probability=_number(given, "probability", 0.5, 1.0),
        immaterial=_number(given, "immaterial", 0.0, math.inf),
        start=int(_number(given, "start", 2, 1_000_000)),
        look_ahead=int(_number(given, "look_ahead", 0, 1_000_000)),
    )


def _number(given: Mapping[str, Any], key: str, low: float, high: float) -> float:
    value = given[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        shown = "more than 0" if low == TINY else f"from {low:g} to {high:g}" if high < math.inf else f"from {low:g} up"
        raise ParameterError(f"replications.{key}={value!r}: a number {shown} is needed.")
    return float(value)


class Replications:
    """Which runs of a plan are wanted, as results come in.

    Parameters
    ----------
    chosen : Rule
        When replications suffice.
    store : Store
        Where results are.
    """

    def __init__(self, chosen: Rule, store: Store) -> None:
        self._rule = chosen
        self._store = store
        self._plan = store.plan
        most = self._plan.seeds
        self._counts = np.full(self._plan.points.count, most if chosen.name == "fixed" else min(chosen.start, most))

    def numbers(self) -> Numbers:
        """Numbers of all runs that are wanted so far, rising."""
        arms = len(self._plan.model.arms)
        if (self._counts == self._plan.seeds).all():
            return np.arange(self._plan.runs)
        points = np.repeat(np.arange(len(self._counts)), self._counts * arms)
        first = np.repeat(np.cumsum(self._counts * arms) - self._counts * arms, self._counts * arms)
        return np.asarray(points * (self._plan.seeds * arms) + np.arange(len(points)) - first)

    def rounds(self) -> Iterator[Numbers]:
        """What is missing, until nothing more is wanted; between two rounds all of it is run."""
        undecided = np.arange(len(self._counts))
        while True:
            missing = self._store.missing(self.numbers())
            if len(missing):
                yield missing
                continue
            if self._rule.name == "fixed":
                return
            undecided = np.array([point for point in undecided.tolist() if self._grow(point)], dtype=np.int64)
            if not len(undecided):
                return

    def _grow(self, point: int) -> bool:
        """Ask for more replications of a point if they do not suffice; whether it did."""
        count = int(self._counts[point])
        wanted = min(self._rule.wanted(self._differences(point, count)), self._plan.seeds)
        self._counts[point] = max(count, wanted)
        return wanted > count

    def _differences(self, point: int, count: int) -> Values:
        return self._of(point, count, self._rule.arm) - (
            self._of(point, count, self._plan.model.arms[0]) if len(self._plan.model.arms) > 1 else 0.0
        )

    def _of(self, point: int, count: int, arm: str) -> Values:
        place = self._plan.model.arms.index(arm)
        here = self._plan.numbers(np.full(count, point), np.arange(count), np.full(count, place))
        return np.where(self._store.failed[here], np.nan, self._store.watched[here])

    def saved(self) -> dict[str, int] | None:
        """Runs that stopping and pairing saved; None for a fixed number of replications.

        By pairing: how many runs more the same intervals would have taken on unpaired draws.
        """
        if self._rule.name == "fixed":
            return None
        arms = len(self._plan.model.arms)
        pairing = 0.0
        for point, count in enumerate(self._counts.tolist() if arms > 1 else []):
            one, other = (self._of(point, count, arm) for arm in (self._plan.model.arms[0], self._rule.arm))
            both = np.isfinite(one) & np.isfinite(other)
            if both.sum() >= 2 and (spread := float(np.var((other - one)[both]))) > 0:
                pairing += (float(np.var(one[both]) + np.var(other[both])) / spread - 1.0) * both.sum() * arms
        return {"stopping": self._plan.runs - int(self._counts.sum()) * arms, "pairing": round(pairing)}

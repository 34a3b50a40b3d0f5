"""Stylised facts, C1–C10 that the model is calibrated to and what is kept out (C11, V1–V11): what is run for them.

A :class:`Fact` says which organisations have to be run, how one number per run (or per
panel of firms) is read from them, and which numbers are accepted. Sources and grades stand in
docs/evidence.md, the re-enactments in :mod:`experiments.held_out`. Nothing here, and no
parameter, is moved so that a fact passes: what fails is reported as failed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments import patterns
from sim.configuration import find, read
from sim.engine import simulate
from sim.measures import measure_run
from sim.parameters import ParameterError, Params, nearest

Unit = Literal["", "%", "points", "days"]
Values = NDArray[np.float64]
Runs = Sequence[pd.DataFrame]
Window = tuple[int, int]
ABOVE_ZERO = math.nextafter(0.0, 1.0)
MOST_CHANGE = 1.0  # a ratio to next to nothing says nothing: relative changes are cut here where many firms are drawn


@dataclass(frozen=True)
class Setting:
    """The organisation that is judged.

    Attributes
    ----------
    profile : str
        Its name: smb, mid_market and enterprise have calibration targets of their own.
    params : Params
        Its parameters as it is today.
    """

    profile: str
    params: Params


@dataclass(frozen=True)
class Seen:
    """What the runs show: one value per run or panel, and what a reader should know besides.

    Attributes
    ----------
    values : array
        One number per run, or per panel of firms.
    note : str
        A clause with blanks (``{arr:+%}``, see :mod:`analysis.facts`), so that any language can fill it.
    told : mapping
        Numbers for the blanks.
    each : array, optional
        Of a panel, one number per firm that the value is made of.
    """

    values: Values
    note: str = ""
    told: Mapping[str, float | tuple[float, ...]] = field(default_factory=dict)
    each: Values | None = None


@dataclass(frozen=True)
class Fact:
    """One stylised fact, or one part of it.

    Attributes
    ----------
    id, label : str
        Number in docs/evidence.md (with a letter where it has parts), and words.
    target : str
        What is expected and accepted, in words; empty where ``aim`` and the accepted range say it.
    unit : {"", "%", "points", "days"}
        How the value is written; relative changes and points are kept as fractions.
    low, high : float
        Accepted range of the mean.
    worlds : callable
        Organisations to run, given the :class:`Setting`.
    read : callable
        :class:`Seen` from their runs: a frame per world and window, indexed by seed, or by panel and firm.
    windows : tuple of (int, int)
        Measured months (from, to) that are read one by one; empty: all of them together.
    panel : bool
        Whether it is about many firms (:mod:`experiments.panels`), not about one organisation.
    sure : bool
        Whether the whole interval must lie in the accepted range, not just the mean.
    cannot : str
        Why nothing can be measured; empty if something can.
    aim : float
        The value expected, where it is one number; else NaN.
    otherwise : str
        What would have to be different in the model for a pass, where the mechanism says so.
    """

    id: str
    label: str
    target: str
    unit: Unit = ""
    low: float = -math.inf
    high: float = math.inf
    worlds: Callable[[Setting], list[Params]] = lambda setting: [setting.params]
    read: Callable[[Runs], Seen] = lambda runs: Seen(np.full(len(runs[0]), math.nan))
    windows: tuple[Window, ...] = ()
    panel: bool = False
    sure: bool = False
    cannot: str = ""
    aim: float = math.nan
    otherwise: str = ""


# ---------------------------------------------------------------- reading runs


def column(run: pd.DataFrame, measure: str) -> Values:
    """A measure, one value per run."""
    return run[measure].to_numpy(dtype=float)


def relative(after: Values, before: Values) -> Values:
    """What ``after`` adds to ``before``, as a share of it, run by run; NaN where there is nothing to compare with."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(before > 0.0, after / before - 1.0, math.nan)


def mean(values: Values) -> float:
    """Mean of the values that are there."""
    found = values[np.isfinite(values)]
    return float(found.mean()) if found.size else math.nan


def preset(group: str, name: str) -> dict[str, object]:
    """What a shipped preset says."""
    return read(find(group, name))


# ---------------------------------------------------------------- the calibration patterns as facts


def calibrated(profile: str) -> list[Fact]:
    """C1–C10, as :mod:`experiments.patterns` states them; a pattern with two measures has two parts."""
    known = [p for p in patterns.patterns(profile) if p.id != "aux"]
    times = pd.Series([p.id for p in known]).value_counts()
    seen: dict[str, int] = {}
    facts = []
    for p in known:
        part = seen[p.id] = seen.get(p.id, -1) + 1
        worlds, reader = _slope(p.measure) if p.measure in patterns.SLOPES else _level(p.measure)
        facts.append(
            Fact(
                id=p.id + ("abcdefgh"[part] if times[p.id] > 1 else ""),
                label=p.label,
                target="",
                aim=p.target,
                unit="days" if p.measure.endswith("_days") else "",
                low=p.low,
                high=p.high,
                worlds=worlds,
                read=reader,
            )
        )
    return facts


Enacted = tuple[Callable[[Setting], list[Params]], Callable[[Runs], Seen]]


def _level(measure: str) -> Enacted:
    return lambda setting: [setting.params], lambda runs: Seen(column(runs[0], measure))


def _slope(name: str) -> Enacted:
    def worlds(setting: Setting) -> list[Params]:
        return [patterns.with_hours(setting.params, name, factor) for factor in (patterns.MORE, patterns.FEWER)]

    def reader(runs: Runs) -> Seen:
        return Seen(patterns.elasticity(column(runs[0], "new_arr"), column(runs[1], "new_arr")))

    return worlds, reader


def choose(facts: Sequence[Fact], asked: Iterable[str]) -> list[Fact]:
    """The facts named; ``V4`` means all its parts, nothing named means all.

    Raises
    ------
    ParameterError
        There is no such fact.
    """
    names = list(asked)
    wholes = {fact.id.rstrip("abcdefgh") for fact in facts}
    known = {fact.id for fact in facts} | wholes
    for name in names:
        if name not in known:
            raise ParameterError(f"facts={name}: no such fact; known are C1 to C11, V1 to V11.{nearest(name, known)}")
    return [f for f in facts if not names or f.id in names or f.id.rstrip("abcdefgh") in names]


# ---------------------------------------------------------------- running


Job = tuple[Params, int]
Index = pd.Index | pd.MultiIndex


@dataclass(frozen=True)
class Subject:
    """What is run: organisations, each with the seed of its luck.

    Attributes
    ----------
    settings, seeds : tuples
        The organisation and the root seed of every run.
    index : Index
        How the runs are called in the frames: by seed, or by panel and firm.
    """

    settings: tuple[Setting, ...]
    seeds: tuple[int, ...]
    index: Index

    @classmethod
    def of(cls, settings: Sequence[Setting], seeds: Sequence[int]) -> Subject:
        """One organisation, or one draw of it for every seed."""
        return cls(tuple(settings), tuple(seeds), pd.Index(list(seeds), name="seed"))


class Enactment:
    """All that a list of facts needs to have run, each organisation once per seed.

    Parameters
    ----------
    facts : sequence of Fact
        What is to be measured.
    subject, firms : Subject
        What facts about one organisation are run on, and facts about a panel of firms.
    """

    def __init__(self, facts: Sequence[Fact], subject: Subject, firms: Subject) -> None:
        self.facts = facts
        self.subjects = {False: subject, True: firms}
        self.reasons: dict[str, str] = {}
        self.worlds: dict[str, list[list[Params]]] = {}
        self.jobs: dict[Job, set[Window | None]] = {}
        for fact in facts:
            self._plan(fact)

    def _plan(self, fact: Fact) -> None:
        subject = self.subjects[fact.panel]
        if fact.cannot:
            self.reasons[fact.id] = fact.cannot
            return
        try:
            made = {setting: fact.worlds(setting) for setting in dict.fromkeys(subject.settings)}
        except ParameterError as error:
            self.reasons[fact.id] = str(error)
            return
        self.worlds[fact.id] = [made[setting] for setting in subject.settings]
        for worlds, seed in zip(self.worlds[fact.id], subject.seeds, strict=True):
            for params in worlds:
                self.jobs.setdefault((params, seed), set()).update(fact.windows or (None,))

    @property
    def runs(self) -> int:
        """How many runs it takes."""
        return len(self.jobs)

    def run(
        self,
        executor: Literal["serial", "local"] = "local",
        workers: int | None = None,
        report: Callable[[int], None] = lambda _: None,
    ) -> dict[str, Seen | str]:
        """What the runs show of every fact, by its id; a reason where nothing can be measured.

        ``report`` hears how many more runs are done.
        """
        done: dict[Job, dict[Window | None, Mapping[str, float]]] = {}

        def finish(answers: Iterable[dict[Window | None, Mapping[str, float]]]) -> None:
            for job, answer in zip(self.jobs, answers, strict=True):
                done[job] = answer
                report(1)

        if executor == "serial":
            finish(map(_run, self.jobs.items()))
        else:
            with ThreadPoolExecutor(workers) as pool:
                finish(pool.map(_run, self.jobs.items()))
        return {fact.id: self.reasons.get(fact.id) or self._read(fact, done) for fact in self.facts}

    def _read(self, fact: Fact, done: Mapping[Job, Mapping[Window | None, Mapping[str, float]]]) -> Seen:
        subject, worlds = self.subjects[fact.panel], self.worlds[fact.id]
        frames = [
            pd.DataFrame(
                [done[made[k], seed][window] for made, seed in zip(worlds, subject.seeds, strict=True)], subject.index
            )
            for k in range(len(worlds[0]))
            for window in (fact.windows or (None,))
        ]
        return fact.read(frames)


def _run(job: tuple[Job, set[Window | None]]) -> dict[Window | None, Mapping[str, float]]:
    """Measures of one run, of its whole horizon (None) or of windows of it."""
    (params, seed), windows = job
    result = simulate(params, seed)
    burnt = params.horizon.burn_in_months
    return {
        window: result.measures
        if window is None
        else measure_run(result.world, params, burnt + window[0], burnt + window[1])
        for window in windows
    }

"""Judging the model by its stylised facts: C1–C10, which it is calibrated to, and what is kept out (C11, V1–V11).

A :class:`Fact` says which organisations have to be run, how one number per seed is read
from their runs, and which numbers are accepted. Sources and grades stand in
docs/evidence.md, the re-enactments in :mod:`experiments.held_out`. Nothing here, and no
parameter, is moved so that a fact passes: what fails is reported as failed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from experiments import patterns
from sim.engine import simulate_many
from sim.parameters import ParameterError, Params, nearest

Verdict = Literal["pass", "fail", "cannot"]
Unit = Literal["", "%", "points", "days"]
Where = Literal["inside", "below", "above", ""]
Values = NDArray[np.float64]
LEVEL = 0.95
NOTHING = "there is nothing to measure in these runs"


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
    """What the runs show: one value per seed, and what a reader should know besides.

    Attributes
    ----------
    values : array
        One number per seed.
    note : str
        A clause with blanks (``{arr:+%}``, see :mod:`analysis.facts`), so that any language can fill it.
    told : mapping
        Numbers for the blanks.
    """

    values: Values
    note: str = ""
    told: Mapping[str, float | tuple[float, ...]] = field(default_factory=dict)


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
        Accepted range of the mean over seeds.
    worlds : callable
        Organisations to run, given the :class:`Setting`.
    read : callable
        :class:`Seen` from their runs: a frame per world, indexed by seed.
    slopes : bool
        Whether the elasticities of :func:`experiments.patterns.observe` are needed.
    sure : bool
        Whether the whole interval must lie in the accepted range, not just the mean.
    cannot : str
        Why nothing can be measured; empty if something can.
    aim : float
        The value expected, where it is one number; else NaN.
    """

    id: str
    label: str
    target: str
    unit: Unit = ""
    low: float = -math.inf
    high: float = math.inf
    worlds: Callable[[Setting], list[Params]] = lambda setting: [setting.params]
    read: Callable[[Sequence[pd.DataFrame]], Seen] = lambda runs: Seen(np.full(len(runs[0]), math.nan))
    slopes: bool = False
    sure: bool = False
    cannot: str = ""
    aim: float = math.nan


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
        Mean over seeds and its 95 % t interval; NaN where there is none.
    n : int
        Seeds that gave a value.
    settled : bool
        Whether the whole interval gives the same verdict.
    where : {"inside", "below", "above", ""}
        Where the mean lies; empty where there is none.
    seen : Seen, optional
        What the runs show.
    reason : str
        Why nothing can be said; empty if something can.
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


def interval(values: Values) -> tuple[float, float, float, int]:
    """Mean, both bounds of its 95 % t interval, and the number of values that are there."""
    found = values[np.isfinite(values)]
    n = int(found.size)
    if n == 0:
        return math.nan, math.nan, math.nan, 0
    mean = math.fsum(found) / n
    if n == 1:
        return mean, math.nan, math.nan, 1
    half = float(special.stdtrit(n - 1, (1.0 + LEVEL) / 2.0)) * float(found.std(ddof=1)) / math.sqrt(n)
    return mean, mean - half, mean + half, n


def judge(fact: Fact, seen: Seen) -> Finding:
    """Verdict on what the runs show."""
    value, low, high, n = interval(seen.values)
    if n == 0:
        return unmeasured(fact, NOTHING)
    mean_inside = fact.low <= value <= fact.high
    all_inside = fact.low <= low and high <= fact.high
    outside = high < fact.low or low > fact.high
    passed = all_inside if fact.sure else mean_inside
    return Finding(
        fact, "pass" if passed else "fail", value, low, high, n,
        settled=all_inside if passed else outside,
        where="inside" if mean_inside else "below" if value < fact.low else "above",
        seen=seen,
    )  # fmt: skip


def unmeasured(fact: Fact, reason: str) -> Finding:
    """The finding that nothing can be said."""
    return Finding(fact, "cannot", math.nan, math.nan, math.nan, 0, settled=False, reason=reason)


# ---------------------------------------------------------------- the calibration patterns as facts


def calibrated(profile: str) -> list[Fact]:
    """C1–C10, as :mod:`experiments.patterns` states them; a pattern with two measures has two parts."""
    known = [p for p in patterns.patterns(profile) if p.id != "aux"]
    times = pd.Series([p.id for p in known]).value_counts()
    seen: dict[str, int] = {}
    facts = []
    for p in known:
        part = seen[p.id] = seen.get(p.id, -1) + 1
        facts.append(
            Fact(
                id=p.id + ("abcdefgh"[part] if times[p.id] > 1 else ""),
                label=p.label,
                target="",
                aim=p.target,
                unit="days" if p.measure.endswith("_days") else "",
                low=p.low,
                high=p.high,
                read=_reader(p.measure),
                slopes=p.measure in patterns.SLOPES,
            )
        )
    return facts


def _reader(measure: str) -> Callable[[Sequence[pd.DataFrame]], Seen]:
    return lambda runs: Seen(runs[0][measure].to_numpy(dtype=float))


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


def validate(
    setting: Setting,
    facts: Sequence[Fact],
    seeds: Sequence[int],
    executor: Literal["serial", "local"] = "local",
    workers: int | None = None,
    report: Callable[[int], None] = lambda _: None,
) -> list[Finding]:
    """Run what the facts need, every organisation once and on the same seeds, and judge.

    Parameters
    ----------
    setting : Setting
        The organisation.
    facts : sequence of Fact
        What is judged.
    seeds : sequence of int
        Seeds of the runs; contrasts are paired within a seed.
    executor, workers
        As in :func:`sim.simulate_many`.
    report : callable
        Hears how many more runs are done.
    """
    done: dict[Params, pd.DataFrame] = {}
    if any(fact.slopes for fact in facts):
        # The elasticities' organisations are run by the patterns; the organisation as it is comes with them.
        done[setting.params] = patterns.observe(
            setting.params, seeds, workers=1 if executor == "serial" else workers
        ).loc[list(seeds)]
        report(len(list(patterns.worlds(setting.params))) * len(seeds))
    findings = []
    for fact in facts:
        if fact.cannot:
            findings.append(unmeasured(fact, fact.cannot))
            continue
        try:
            worlds = fact.worlds(setting)
        except ParameterError as error:
            findings.append(unmeasured(fact, str(error)))
            continue
        missing = [world for world in dict.fromkeys(worlds) if world not in done]
        if missing:
            runs = simulate_many(missing, seeds, executor, workers)
            for point, world in enumerate(missing):
                done[world] = runs[runs["point"] == point].set_index("seed").loc[list(seeds)]
            report(len(runs))
        findings.append(judge(fact, fact.read([done[world] for world in worlds])))
    return findings


def runs_needed(setting: Setting, facts: Sequence[Fact]) -> int:
    """How many organisations :func:`validate` runs on each seed."""
    worlds = set()
    for fact in facts:
        if not fact.cannot:
            try:
                worlds |= set(fact.worlds(setting))
            except ParameterError:
                continue
    slopes = any(fact.slopes for fact in facts)
    return len(worlds) + (len(list(patterns.worlds(setting.params))) - 1 if slopes else 0)


def counts(findings: Iterable[Finding]) -> Mapping[str, int]:
    """How many facts pass, fail and cannot be judged."""
    verdicts = [finding.verdict for finding in findings]
    return {verdict: verdicts.count(verdict) for verdict in ("pass", "fail", "cannot")}

"""The audit: three answers to each question become ranges of levers and of readiness.

A lever's centre is the mean over all answers that speak of it. Its spread has two parts: what
one answer on a scale of five is worth (:data:`COARSE` of the lever's span, more where somebody
has not answered), and half of the gap between the teams. Where teams disagree, nobody knows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.files import read
from sim.parameters import is_number, nearest

FILE = Path(__file__).with_name("audit.yaml")
TEAMS = ("marketing", "sales", "management")
LOWEST, HIGHEST = 1.0, 5.0
COARSE = 0.12  # sd of one answer, as share of a lever's span: half a step of the scale. Judgement.
UNANSWERED = 0.5  # relative rise of that for each team that is silent. Judgement.
LONGEST = 500  # characters of words
NOBODY_KNOWS = ("", "-", "–", "—", "?", "n/a", "na", "n.a.", "ns/nc", "ns", "nc", "no sé", "don't know")  # no answer


@dataclass(frozen=True)
class Heard:
    """What was answered to one question: numbers by team, or words by team; the gap as share of the scale."""

    answers: Mapping[str, float]
    said: Mapping[str, str]

    @property
    def gap(self) -> float | None:
        """Largest less smallest answer, as share of the scale; None with fewer than two."""
        values = self.answers.values()
        return (max(values) - min(values)) / (HIGHEST - LOWEST) if len(values) > 1 else None


@dataclass(frozen=True)
class Range:
    """A lever as the audit sees it: a bell between the ends of its span.

    Attributes
    ----------
    mean, sd, low, high : float
        Of the bell before it is cut at ``low`` and ``high``, the ends of the span.
    gap : float
        Mean gap between the teams, as share of the scale.
    questions : tuple of str
        Questions behind it.
    """

    mean: float
    sd: float
    low: float
    high: float
    gap: float
    questions: tuple[str, ...]

    def at(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values at quantiles ``u``."""
        a, b = (self.low - self.mean) / self.sd, (self.high - self.mean) / self.sd
        found: NDArray[np.float64] = stats.truncnorm(a, b, self.mean, self.sd).ppf(u)
        return np.clip(found, self.low, self.high)


@cache
def questions() -> Mapping[str, Mapping[str, Any]]:
    """Every question by its id."""
    found: Mapping[str, Mapping[str, Any]] = read(FILE)["questions"]
    return found


def heard(given: Mapping[str, Any], wrong: list[str]) -> dict[str, Heard]:
    """Answers by question; what is wrong with them is added to ``wrong``."""
    found: dict[str, Heard] = {}
    unknown = [str(team) for team in given if team not in TEAMS]
    known = ", ".join(TEAMS)
    wrong += [f"audit.{team}: unknown; answers come from {known}.{nearest(team, TEAMS)}" for team in unknown]
    numbers: dict[str, dict[str, float]] = {name: {} for name in questions()}
    words: dict[str, dict[str, str]] = {name: {} for name in questions()}
    for team in (team for team in TEAMS if given.get(team) is not None):
        answers = given[team]
        if not isinstance(answers, Mapping):
            wrong.append(f"audit.{team}={answers!r}: a mapping of questions to answers is needed.")
            continue
        for name, answer in answers.items():
            key = f"audit.{team}.{name}"
            if name not in questions():
                hint = nearest(str(name), questions())
                wrong.append(f"{key}: no such question; known are {', '.join(questions())}.{hint}")
            elif answer is None or str(answer).strip().casefold() in NOBODY_KNOWS:
                continue
            elif questions()[name].get("words"):
                words[name][team] = str(answer)[:LONGEST]
            elif not is_number(answer) or not LOWEST <= answer <= HIGHEST:
                wrong.append(
                    f"{key}={answer!r}: a number from {LOWEST:g} to {HIGHEST:g} is needed; leave out what nobody knows."
                )
            else:
                numbers[name][team] = float(answer)
    for name in questions():
        if numbers[name] or words[name]:
            found[name] = Heard(numbers[name], words[name])
    return found


def ranges(answers: Mapping[str, Heard]) -> dict[str, Range]:
    """Levers and readiness that the answers speak of."""
    told: dict[str, list[tuple[str, Heard, tuple[float, float]]]] = {}
    for name, one in answers.items():
        for lever, ends in questions()[name].get("sets", {}).items():
            if one.answers:
                told.setdefault(lever, []).append((name, one, (float(ends[0]), float(ends[1]))))
    return {lever: _range(entries) for lever, entries in told.items()}


def _range(entries: list[tuple[str, Heard, tuple[float, float]]]) -> Range:
    values, noise, gaps = [], [], []
    ends = [end for _, _, span in entries for end in span]
    low, high = min(ends), max(ends)
    for _, one, (first, last) in entries:
        values += [first + (a - LOWEST) / (HIGHEST - LOWEST) * (last - first) for a in one.answers.values()]
        noise.append(COARSE * (1.0 + UNANSWERED * (len(TEAMS) - len(one.answers))))
        gaps.append(one.gap or 0.0)
    gap = sum(gaps) / len(gaps)
    spread = math.hypot(sum(noise) / len(noise), gap / 2.0) * (high - low)
    names = tuple(name for name, _, _ in entries)
    return Range(sum(values) / len(values), spread, low, high, gap, names)

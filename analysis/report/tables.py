"""Rows of the report's tables: numbers already written in the report's language."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis import catalogue, hours
from analysis.gate import Verdict, judged
from analysis.numbers import DASH, LARGE, Numbers
from analysis.paired import Contrast, Interval
from analysis.summary import Study
from analysis.texts import Texts, capital


@dataclass(frozen=True)
class Cell:
    """A value and the interval under it."""

    value: str
    interval: str = ""


@dataclass(frozen=True)
class MeasureRow:
    """One measure of two arms and their difference.

    Attributes
    ----------
    name, label : str
        Name in the files; name for people.
    before, after, difference : Cell
        Baseline, arm, paired difference.
    probability, pairing, reading : str
        P(true mean difference > 0); variance reduction; the verdict in a word.
    tone : {"good", "bad", "plain", ""}
        Whether the difference is welcome, for emphasis beside the word.
    """

    name: str
    label: str
    before: Cell
    after: Cell
    difference: Cell
    probability: str
    pairing: str
    reading: str
    tone: str


@dataclass(frozen=True)
class WasteRow:
    """One cause, or a sum of causes: share of paid time by arm, and differences from the baseline."""

    label: str
    shares: tuple[str, ...]
    differences: tuple[Cell, ...]


class Tables:
    """Makes the rows of a study's tables in one language."""

    def __init__(self, study: Study, words: Texts, write: Numbers) -> None:
        self.study, self.words, self.write = study, words, write

    def measures(self, arm: str) -> list[tuple[str, list[MeasureRow]]]:
        """The headline table of an arm by group; measures the study has not are left out."""
        groups = [
            (
                self.words(f"report.measures.groups.{group}"),
                [self.measure(name, arm) for name in names if self._has(name)],
            )
            for group, names in catalogue.GROUPS.items()
        ]
        return [(group, rows) for group, rows in groups if rows]

    def remaining(self, arm: str) -> list[MeasureRow]:
        """Measures that are neither in the headline table nor hours by role and class."""
        return [
            self.measure(name, arm)
            for name in self.study.measures
            if name not in catalogue.HEADLINE and catalogue.hours_class(name) is None
        ]

    def _has(self, name: str) -> bool:
        return name in self.study.measures

    def measure(self, name: str, arm: str) -> MeasureRow:
        """The row of a measure."""
        unit = catalogue.measure(name).unit
        before, after = self.levels([self.study.interval(name, one) for one in (self.study.baseline, arm)], unit)
        found = self.study.contrast(name, arm)
        judgement = judged(self.study, name, arm)
        return MeasureRow(
            name=name,
            label=capital(self.words.measure(name)),
            before=before,
            after=after,
            difference=self.difference(found, unit),
            probability=self.write.probability(found.probability_positive),
            pairing=self.pairing(found),
            reading=self.reading(name, judgement),
            tone=tone(name, judgement),
        )

    def levels(self, found: Sequence[Interval], unit: str) -> list[Cell]:
        """Means with their intervals, all with the digits of the least certain."""
        known = [one for one in found if math.isfinite(one.low)]
        digits = min((self.write.digits(one.low, one.high, unit) for one in known if one.low < one.high), default=None)
        return [self._level(one, unit, digits) for one in found]

    def _level(self, found: Interval, unit: str, digits: int | None) -> Cell:
        mean = self.write.value(found.mean, unit, digits)
        if not found.low < found.high:  # no interval, or all runs alike
            return Cell(mean)
        if unit == "€":
            return Cell(mean, self._range(self.write.between(found.low, found.high, unit)))
        factor = 100.0 if unit == "fraction" else 1.0
        low, high = (self.write.decimal(factor * bound, digits or 0) for bound in (found.low, found.high))
        return Cell(mean, self.words("report.range", low=low, high=high))

    def difference(self, found: Contrast, unit: str) -> Cell:
        """A paired difference with its interval."""
        if not found.low < found.high:
            return Cell(self.write.difference(found.difference, unit))
        digits = self.write.digits(found.low, found.high, unit)
        between = self.write.between(found.low, found.high, unit, signed=True)
        return Cell(self.write.difference(found.difference, unit, digits), self._range(between))

    def _range(self, between: str) -> str:
        return between if self.words.language == "en" else f"de {between}"

    def pairing(self, found: Contrast) -> str:
        """How many times the unpaired runs; the factor says how much pairing saved."""
        value = found.variance_reduction
        if value > LARGE:
            return f"> {self.write.decimal(LARGE, 0)} ×"
        return DASH if not math.isfinite(value) else f"{self.write.decimal(value, 1 if value < 10 else 0)} ×"

    def reading(self, name: str, judgement: Verdict) -> str:
        """The verdict in a word."""
        if judgement in {"equal", "unclear", "unknown"}:
            return self.words(f"report.measures.{judgement}")
        return self.words("report.measures." + {"good": "better", "bad": "worse"}.get(tone(name, judgement), "differs"))

    def waste(self) -> list[tuple[str, list[WasteRow], WasteRow]]:
        """(explanation, causes, their sum) by what the hours rest on; the necessary block last, not counted."""
        kinds = [
            (
                self.words(f"report.waste.{kind}"),
                [self.cause(name) for name in names],
                self.sum_of(f"kinds.{kind}", names),
            )
            for kind, names in catalogue.WASTED.items()
        ]
        block = ("administration",)
        return [*kinds, (self.words("report.waste.necessary"), [], self.sum_of("kinds.necessary", block))]

    def cause(self, name: str) -> WasteRow:
        """The row of one cause."""
        return self.sum_of(f"classes.{name}", (name,))

    def all_waste(self) -> WasteRow:
        """The row of all wasted time."""
        return self.sum_of("report.waste.total", catalogue.WASTED_CLASSES)

    def sum_of(self, label: str, classes: Sequence[str]) -> WasteRow:
        """The row of some classes together."""
        return WasteRow(
            label=capital(self.words(label)),
            shares=tuple(self.write.percent(hours.share(self.study, arm, classes).mean) for arm in self.study.arms),
            differences=tuple(
                self.difference(hours.share_contrast(self.study, arm, classes), "fraction") for arm in self.study.others
            ),
        )

    def waste_by_role(self) -> list[tuple[str, list[str]]]:
        """(role, wasted share of its paid time in each arm); roles nobody has are left out."""
        rows = []
        for role in catalogue.ROLES:
            found = [hours.share(self.study, arm, catalogue.WASTED_CLASSES, role) for arm in self.study.arms]
            if any(interval.n for interval in found):
                rows.append((self.words(f"roles.{role}"), [self.write.percent(interval.mean) for interval in found]))
        return rows


def tone(name: str, judgement: Verdict) -> str:
    """Whether a told difference is good or bad for the organisation."""
    if judgement not in {"up", "down"}:
        return ""
    better = catalogue.measure(name).better
    return "plain" if not better else "good" if better == judgement else "bad"

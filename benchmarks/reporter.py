"""What benchmark modules report to: it prints tables and keeps the figures for the JSON file."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Ratio:
    """One measured ratio: a value a round, and what it should be."""

    values: tuple[float, ...]
    at_least: float | None = None
    at_most: float | None = None

    @property
    def median(self) -> float:
        """Median over the rounds."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the median meets the target; None when there is no target."""
        if self.at_least is None and self.at_most is None:
            return None
        return (self.at_least is None or self.median >= self.at_least) and (
            self.at_most is None or self.median <= self.at_most
        )

    @property
    def target(self) -> str:
        """The target in words."""
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return "" if self.at_most is None else f"at most {self.at_most:g}"

    def as_dict(self) -> dict[str, Any]:
        """Return the ratio as it stands in the JSON file."""
        return {
            "median": round(self.median, 4),
            "lowest": round(min(self.values), 4),
            "highest": round(max(self.values), 4),
            "rounds": len(self.values),
            "target": self.target or None,
            "met": self.met,
        }


@dataclass(slots=True)
class Reporter:
    """Collects what the benchmark modules measure.

    Parameters
    ----------
    quick
        Asks modules for a smoke run: few rounds, no large sizes.
    """

    quick: bool = False
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    _section: str = ""

    def section(self, name: str, title: str) -> None:
        """Start the section of a module; what follows belongs to it."""
        self._section = name
        self.sections[name] = {"title": title, "facts": {}, "ratios": {}}
        print(f"\n{title}\n{'=' * len(title)}")

    def fact(self, name: str, value: bool | int | str, *, required: bool = False) -> None:
        """Report something that is not a time: equality of bits, the amount of work done.

        A required fact that is false counts as a missed target.
        """
        self.sections[self._section]["facts"][name] = value
        if required and not value:
            self.missed.append(f"{self._section}: {name}")
        print(f"{name.replace('_', ' ')}: {value}")

    def ratios(self, rows: dict[str, Ratio]) -> None:
        """Report ratios, as one table."""
        width = max(map(len, rows))
        print(f"\n{'ratio':<{width}}  {'median':>8}  {'lowest':>8}  {'highest':>8}  target")
        for name, row in rows.items():
            verdict = "" if row.met is None else f"{row.target}: {'met' if row.met else 'MISSED'}"
            figures = "  ".join(f"{value:8.2f}" for value in (row.median, min(row.values), max(row.values)))
            print(f"{name:<{width}}  {figures}  {verdict}".rstrip())
            self.sections[self._section]["ratios"][name] = row.as_dict()
            if row.met is False:
                self.missed.append(f"{self._section}: {name}")

    def write(self, path: Path, machine: dict[str, Any]) -> None:
        """Write everything reported so far."""
        content = {"format": 1, "machine": machine, "quick": self.quick, "benchmarks": self.sections}
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def ratio(values: Sequence[float], *, at_least: float | None = None, at_most: float | None = None) -> Ratio:
    """Return a ratio from its values, one a round, with its target if it has one."""
    return Ratio(tuple(values), at_least, at_most)

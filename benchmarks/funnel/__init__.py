"""The frozen yardstick: one reduced funnel written in Mesa, in SimPy, in C and in our own idiom."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.reporter import Reporter


def run(reporter: Reporter) -> None:
    """Measure the four programs against each other."""
    # Imported here so that the parts of the yardstick can be used without Mesa and SimPy.
    from benchmarks.funnel.bench import measure

    measure(reporter)

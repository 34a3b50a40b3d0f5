"""Figures of named studies, each a function of a study, of its entry in the study's file, and a shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from matplotlib.figure import Figure

from analysis.figures.studies.boxes import boxes
from analysis.figures.studies.heat import heat
from analysis.figures.studies.lines import lines
from analysis.figures.studies.sorting import sorting
from analysis.figures.studies.ternary import ternary
from analysis.figures.studies.waterfall import waterfall
from analysis.figures.style import Shape, render
from analysis.studies import Named
from sim.parameters import ParameterError, nearest

__all__ = ["DRAWINGS", "draw", "drawing"]

KINDS: tuple[Literal["svg", "png"], ...] = ("svg", "png")
DRAWINGS: dict[str, Callable[[Named, Mapping[str, Any], Shape], Figure]] = {
    "lines": lines,
    "heat": heat,
    "waterfall": waterfall,
    "ternary": ternary,
    "sorting": sorting,
    "boxes": boxes,
}


def drawing(named: Named, given: Mapping[str, Any], shape: Shape = "wide") -> Figure:
    """One figure as a study's file describes it.

    Raises
    ------
    ParameterError
        There is no such kind of figure, or it asks for something that the runs do not have.
    """
    kind = str(given.get("kind"))
    if kind not in DRAWINGS:
        raise ParameterError(f"figures: kind={kind!r}: known are {', '.join(DRAWINGS)}.{nearest(kind, DRAWINGS)}")
    return DRAWINGS[kind](named, given, shape)


def draw(named: Named, folder: Path, shape: Shape = "wide") -> list[Path]:
    """Save the figures of a study as ``figures/<name>.svg`` and ``.png``; return their paths."""
    place = folder / "figures"
    place.mkdir(exist_ok=True)
    written = []
    for name, given in named.spec["figures"].items():
        figure = drawing(named, given, shape)
        for kind in KINDS:
            path = place / f"{name}.{kind}"
            path.write_bytes(render(figure, kind))
            written.append(path)
    return written

"""Figures for slides and reports, each a function of a study and a language.

>>> figure = growth(analysis.load(folder), "es")           # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from analysis import hours as account
from analysis.figures.differences import differences, differences_caption, pictured
from analysis.figures.funnel import funnel, funnel_caption, recorded
from analysis.figures.growth import growth, growth_caption
from analysis.figures.hours import hours, hours_caption
from analysis.figures.pay import pay, pay_caption
from analysis.figures.style import Shape, render
from analysis.figures.trajectory import trajectory, trajectory_caption
from analysis.gate import GROWTH
from analysis.summary import Study

__all__ = [
    "FIGURES", "Drawing", "differences", "draw", "funnel", "growth", "hours", "pay", "render", "trajectory",
]  # fmt: skip


@dataclass(frozen=True)
class Drawing:
    """One of the figures.

    Attributes
    ----------
    draw : callable
        ``draw(study, language, shape) -> Figure``.
    caption : callable
        One sentence on what it shows.
    possible : callable
        Whether a study has what it takes.
    """

    draw: Callable[[Study, str, Shape], Figure]
    caption: Callable[[Study, str], str]
    possible: Callable[[Study], bool]


def _any(study: Study, measure: str) -> bool:
    """Whether every arm has at least one value of a measure."""
    return all(study.interval(measure, arm).n for arm in study.arms)


def _monthly(study: Study) -> bool:
    return (
        study.monthly is not None
        and "arr" in study.monthly
        and all(study.monthly.loc[study.monthly["arm"] == arm, "arr"].notna().any() for arm in study.arms)
    )


FIGURES = {
    "growth": Drawing(growth, growth_caption, lambda study: _any(study, GROWTH)),
    "trajectory": Drawing(trajectory, trajectory_caption, _monthly),
    "hours": Drawing(hours, hours_caption, lambda study: account.recorded(study) and _any(study, GROWTH)),
    "funnel": Drawing(funnel, funnel_caption, lambda study: bool(recorded(study)) and _any(study, recorded(study)[0])),
    "differences": Drawing(differences, differences_caption, lambda study: bool(pictured(study))),
    "pay": Drawing(pay, pay_caption, lambda study: study.people is not None and not study.people.empty),
}


def draw(study: Study, language: str = "en") -> list[Path]:
    """Save all figures that the study allows as ``figures/<name>.svg`` and ``.png``; return their paths."""
    folder = study.folder / "figures"
    folder.mkdir(exist_ok=True)
    written = []
    for name, figure in FIGURES.items():
        drawn = figure.draw(study, language, "wide") if figure.possible(study) else None
        for kind in ("svg", "png"):
            path = folder / f"{name}.{kind}"
            if drawn is None:
                path.unlink(missing_ok=True)  # an older study's figure would pass for this one's
            else:
                path.write_bytes(render(drawn, kind))
                written.append(path)
    return written

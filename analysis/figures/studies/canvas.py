"""The canvas of studies: a source line that counts points, scales of measures, colours of series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from analysis.figures.style import ARMS, BASELINE, QUIET, Canvas, Shape
from analysis.studies import Named
from analysis.summary import Study

SCALE = {"fraction": 100.0, "€": 1e-3}
UP, DOWN = "#0072b2", "#d55e00"


class StudyCanvas(Canvas):
    """A figure of a study with many points."""

    def _source(self) -> str:
        manifest = self.study.manifest
        version = str(manifest.get("versions", {}).get("gtm-sim", ""))
        return self.words(
            "studies.source",
            program=f"gtm {version}" if version[:1].isdigit() else "gtm",
            study=self.study.name,
            points=self.write.decimal(self.study.runs["point"].nunique(), 0),
            n=self.write.decimal(self.study.replications, 0),
            seed=manifest.get("seed", "—"),
            hash=str(manifest.get("configuration_hash", "—"))[:8],
        )

    def note(self, text: str) -> None:
        """A line above the source line."""
        self.figure.text(self._left, self._foot + 0.005, text, size=8, color=QUIET, va="bottom")

    def scaled(self, measure: str, *, difference: bool) -> tuple[float, str]:
        """What a measure is multiplied with when it is drawn, and the name of the unit then."""
        unit = self.unit_of(measure)
        name = self.words.find("figures.differences.units").get(unit, self.words.unit(unit))
        return SCALE.get(unit, 1.0), "%" if unit == "fraction" and not difference else str(name)


def canvas(named: Named, given: Mapping[str, Any], shape: Shape, height: float, key: float = 0.0) -> StudyCanvas:
    """An empty canvas with the title that the study's file gives."""
    return titled(named.study, named.language, named.said(given["title"]), shape, height, key)


def titled(study: Study, language: str, title: str, shape: Shape, height: float, key: float = 0.0) -> StudyCanvas:
    """An empty canvas."""
    return StudyCanvas(study, language, shape, height, title, key)


def colours(named: Named, key: str, values: Sequence[Any]) -> list[str]:
    """A colour for each value: the baseline grey, the others told apart."""
    if key == "arm":
        others = named.study.others
        return [BASELINE if v == named.study.baseline else ARMS[others.index(v) % len(ARMS)] for v in values]
    return [ARMS[place % len(ARMS)] for place in range(len(values))]


def zero_line(ax: Axes) -> None:
    """Where nothing differs."""
    ax.axhline(0, color=QUIET, linewidth=1.0, linestyle=(0, (3, 2)), zorder=0)

"""One look for all figures: palette, type, title, source line, and files that repeat bit for bit."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import Formatter

from analysis import catalogue
from analysis.numbers import Numbers, numbers
from analysis.summary import Study
from analysis.texts import capital, texts

Shape = Literal["wide", "narrow"]

INK, QUIET, PALE = "#1f2933", "#5f6c7b", "#d9dee4"
# Okabe and Ito's colours, told apart with any common colour vision. The baseline is always grey.
BASELINE = "#6b7280"
ARMS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c564b", "#f0e442")
# Useful work in blues, the assumed block in grey; waste by what it rests on: counted events in
# oranges, automatable steps in purple, slack pale.
KINDS = {"customers": "#4292c6", "coordination": "#9ecae1", "necessary": "#bcc4cd", "wasted": "#d55e00"}
CAUSES = {
    "unviable": "#8f3b00",
    "search": "#d55e00",
    "correction": "#f28e2b",
    "dispute": "#f6b26b",
    "unpursued": "#e7c9a0",
    "manual": "#8e6bb0",
    "idle": "#d3d7dc",
}
RC = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": PALE,
    "axes.labelcolor": QUIET,
    "axes.labelsize": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#eceff3",
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    # The same drawing gives the same file: ids are hashed, letters are outlines.
    "svg.hashsalt": "gtm",
    "svg.fonttype": "path",
}
WIDTH = {"wide": 8.0, "narrow": 4.1}
LETTERS = {"wide": 68, "narrow": 34}  # of a title line
TITLE, SOURCE, LINE, NOTE = 13.0, 7.0, 0.25, 0.135  # points and inches


class Canvas:
    """A figure in the making: text in the study's language, colours by arm, title and source.

    Parameters
    ----------
    study : Study
        What is drawn.
    language : {"en", "es"}
        Language of all text.
    shape : {"wide", "narrow"}
        For a slide or a page, or for a phone.
    height : float
        Height in inches, without title and source line.
    title : str
        What is seen, in words.
    key : float
        Height in inches kept free for a legend above the source line.
    """

    def __init__(self, study: Study, language: str, shape: Shape, height: float, title: str, key: float = 0.0) -> None:
        self.study, self.shape = study, shape
        self.words, self.write = texts(language), numbers(language)
        self.narrow = shape == "narrow"
        lines = textwrap.wrap(capital(title), LETTERS[shape])
        source = textwrap.wrap(self._source(), LETTERS[shape] * 2)
        head, foot = 0.16 + LINE * len(lines), 0.1 + NOTE * len(source)
        total = height + head + foot + key
        self._foot = foot / total
        self.figure = Figure(figsize=(WIDTH[shape], total), layout="constrained")
        left = self._left = 0.1 / WIDTH[shape]
        self.figure.text(
            left, 1 - 0.06 / total, "\n".join(lines), size=TITLE, weight="bold", va="top", linespacing=1.25
        )
        self.figure.text(left, 0.05 / total, "\n".join(source), size=SOURCE, color=QUIET, va="bottom", linespacing=1.3)
        engine = self.figure.get_layout_engine()
        if engine is not None:
            engine.set(  # type: ignore[call-arg]
                rect=(left, (foot + key) / total, 1 - 2 * left, height / total),
                w_pad=0.0,
                h_pad=0.06,
                wspace=0.03,
                hspace=0.05,
            )

    def _source(self) -> str:
        manifest = self.study.manifest
        version = str(manifest.get("versions", {}).get("gtm-sim", ""))
        return self.words(
            "figures.source",
            program=f"gtm {version}" if version[:1].isdigit() else "gtm",
            study=self.study.name,
            n=self.write.decimal(self.study.replications, 0),
            seed=manifest.get("seed", "—"),
            hash=str(manifest.get("configuration_hash", "—"))[:8],
        )

    def key(self, handles: Sequence[Artist], columns: int) -> None:
        """A legend for the whole figure, above the source line."""
        self.figure.legend(
            handles=list(handles),
            loc="lower left",
            bbox_to_anchor=(self._left, self._foot),
            ncols=columns,
            borderaxespad=0.1,
            borderpad=0.0,
        )

    def head(self, ax: Axes, text: str) -> None:
        """Title of a panel, broken where a phone needs it."""
        ax.set_title("\n".join(textwrap.wrap(text, 32)) if self.narrow else text, color=INK)

    def grid(self, rows: int, columns: int, **options: object) -> list[Axes]:
        """Panels, row by row."""
        made = self.figure.subplots(rows, columns, squeeze=False, **options)  # type: ignore[call-overload]
        return list(np.asarray(made).flat)

    def panels(self) -> list[Axes]:
        """A panel per arm on common axes; only those at the left and at the foot have labels."""
        arms, columns = self.study.arms, columns_for(self.study, self.shape)
        axes = self.grid(-(-len(arms) // columns), columns, sharex=True, sharey=True)
        for place, ax in enumerate(axes):
            ax.set_visible(place < len(arms))
            ax.tick_params(labelbottom=place + columns >= len(arms))
        return axes[: len(arms)]

    def label_axes(self, axes: Sequence[Axes], x: str, y: str) -> None:
        """Name the axes of panels, where they stand at the left and at the foot."""
        columns = columns_for(self.study, self.shape)
        for place, ax in enumerate(axes):
            ax.set_xlabel(x if place + columns >= len(axes) else "")
            ax.set_ylabel(y if place % columns == 0 else "")

    def colour(self, arm: str) -> str:
        """Colour of an arm, the same in every figure."""
        return BASELINE if arm == self.study.baseline else ARMS[self.study.others.index(arm) % len(ARMS)]

    def label(self, arm: str, width: int = 18) -> str:
        """Name of an arm, broken into lines."""
        return "\n".join(textwrap.wrap(self.words.arm_title(arm), width))

    def ticks(self, axis: Axis, scale: float = 1.0, *, signed: bool = False) -> None:
        """Write the ticks of an axis as numbers of the language, divided by ``scale``."""
        axis.set_major_formatter(Ticks(self.write, scale, signed=signed))

    def title_of(self, measure: str) -> str:
        """Name of a measure with a capital."""
        return capital(self.words.measure(measure))

    def unit_of(self, measure: str) -> str:
        """Unit of a measure."""
        return catalogue.measure(measure).unit


def columns_for(study: Study, shape: Shape) -> int:
    """How many panels of arms stand side by side."""
    count = len(study.arms)
    return 1 if shape == "narrow" else 2 if count == 4 else min(3, count)


class Ticks(Formatter):
    """Ticks with as many decimals as tell neighbours apart."""

    def __init__(self, write: Numbers, scale: float, *, signed: bool) -> None:
        self.write, self.scale, self.signed = write, scale, signed

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """The labels of all ticks of an axis."""
        places = [value / self.scale for value in values]
        steps = [abs(b - a) for a, b in pairwise(places) if b != a]
        digits = next((d for d in range(5) if all(abs(round(step, d) - step) < 1e-9 for step in steps)), 5)
        return [self.write.decimal(place, digits, signed=self.signed) for place in places]

    def __call__(self, x: float, pos: int | None = None) -> str:  # noqa: ARG002
        """The label of one tick."""
        return self.format_ticks([x])[0]


def render(figure: Figure, kind: Literal["svg", "png"]) -> bytes:
    """The bytes of a figure, the same every time."""
    buffer = io.BytesIO()
    metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    with mpl.rc_context(RC):  # type: ignore[arg-type]
        _settle(figure)
        figure.savefig(buffer, format=kind, metadata=metadata, dpi=200)
    return buffer.getvalue()


def _settle(figure: Figure) -> None:
    """Lay the panels out once and for all.

    The solver's last bits depend on where its variables lie in memory, and ids in an SVG are
    hashes of positions: rounded, they are the same in every process.
    """
    engine = figure.get_layout_engine()
    if not isinstance(engine, ConstrainedLayoutEngine):
        return
    engine.execute(figure)  # what a first drawing would begin with; the rest of it is not needed
    figure.set_layout_engine("none")
    for ax in figure.axes:
        ax.set_position([round(float(edge), 5) for edge in ax.get_position().bounds])  # type: ignore[arg-type]

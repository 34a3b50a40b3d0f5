"""Figures of the report on inaction: what waiting costs, what moves the answer, where the gain comes from."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from analysis.figures.style import ARMS, BASELINE, CAUSES, INK, PALE, QUIET, RC, WIDTH, Shape, Ticks, render
from analysis.inaction.teller import Teller
from analysis.inaction.words import words
from analysis.money.results import Estimate, Programme, Result, Start
from analysis.texts import capital

MAIN, LATER, BAD = "#0b4f6c", ("#3d7ea6", "#7fb2d1", "#b9d5e5"), ARMS[1]
MOST_SWINGS = 6  # bars of the tornado
LABEL = 46  # letters of a line of a label, on a wide figure


class Drawing:
    """A figure in the making, in one language and shape."""

    def __init__(self, result: Result, tell: Teller, shape: Shape, height: float) -> None:
        self.result, self.tell, self.narrow = result, tell, shape == "narrow"
        self.say, self.write = words(tell.language), tell.write
        self.figure = Figure(figsize=(WIDTH[shape], height), layout="constrained")
        self.ax: Axes = self.figure.subplots()

    def wrap(self, text: str) -> str:
        """A label broken into lines."""
        return "\n".join(textwrap.wrap(capital(text), 20 if self.narrow else LABEL))

    def money(self, axis: Axis, values: Sequence[float], label: str) -> None:
        """Write the ticks of an axis as amounts and name their unit; an upright axis above it, where it fits."""
        scale, name = self.tell.unit_of(max(map(abs, values), default=1.0))
        axis.set_major_formatter(Ticks(self.write, scale, signed=False))
        axis.set_major_locator(MaxNLocator(4 if self.narrow else 7))
        if axis is self.ax.yaxis:
            self.ax.set_title(f"{label} ({name})", size=9, color=QUIET)
        else:
            axis.set_label_text(f"{label} ({name})")

    def key(self, handles: Sequence[Line2D | Patch], columns: int) -> None:
        """A legend below the axes."""
        self.figure.legend(handles=list(handles), loc="outside lower left", ncols=1 if self.narrow else columns)


def start_name(tell: Teller, start: Start) -> str:
    """How a start is called: now, in three months, never."""
    say = words(tell.language)
    if start.delay_months is None:
        return say("starts.never")
    return say("starts.now") if start.delay_months == 0 else say("starts.later", months=start.delay_months)


def _programme(result: Result) -> Programme:
    return result.programmes[0]


def inaction(result: Result, tell: Teller, shape: Shape) -> Figure:
    """Cumulated cash flow against going on as today: now with its spread, later starts as means."""
    drawing = Drawing(result, tell, shape, 4.0 if shape == "narrow" else 2.6)  # a narrow key takes seven lines
    ax, say = drawing.ax, drawing.say
    starts = [start for start in _programme(result).starts if start.delay_months is not None]
    now = starts[0].cumulative
    months = np.arange(1, len(now.mean) + 1)
    ax.fill_between(months, now.q025, now.q975, color=MAIN, alpha=0.13, linewidth=0)
    ax.fill_between(months, now.q10, now.q90, color=MAIN, alpha=0.22, linewidth=0)
    handles: list[Line2D | Patch] = []
    for start, colour in zip(starts, (MAIN, *LATER, *ARMS), strict=False):
        width = 2.4 if start.delay_months == 0 else 1.6
        ax.plot(months, start.cumulative.mean, color=colour, linewidth=width)
        handles.append(Line2D([], [], color=colour, linewidth=width, label=capital(start_name(tell, start))))
    ax.axhline(0.0, color=BASELINE, linewidth=1.4, linestyle=(0, (4, 2)))
    handles.append(Line2D([], [], color=BASELINE, linewidth=1.4, linestyle=(0, (4, 2)), label=say("starts.never_line")))
    handles.append(Patch(color=MAIN, alpha=0.32, linewidth=0, label=say("figures2.eighty")))
    handles.append(Patch(color=MAIN, alpha=0.13, linewidth=0, label=say("figures2.ninetyfive")))
    drawing.money(ax.yaxis, [*now.q025, *now.q975], say("figures2.cumulative"))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(say("figures2.month"))
    ax.grid(axis="y")
    ax.margins(x=0.01)
    drawing.key(handles, 4)
    return drawing.figure


def _intervals(drawing: Drawing, rows: Sequence[tuple[str, Estimate, str]], label: str) -> None:
    """Estimates below each other: mean, 80 and 95 % of what may come."""
    ax = drawing.ax
    for place, (_, found, colour) in enumerate(rows):
        ax.plot([found.low, found.high], [place, place], color=colour, linewidth=2.0, alpha=0.45)
        ax.plot([found.q10, found.q90], [place, place], color=colour, linewidth=6.0, alpha=0.45, solid_capstyle="butt")
        ax.plot(found.mean, place, "o", color=colour, markersize=6.5)
        shown = drawing.tell.short(found.mean)
        ax.annotate(shown, (found.mean, place), (0, 7), textcoords="offset points", ha="center", size=8.5, color=INK)
    ax.axvline(0.0, color=BASELINE, linewidth=1.0)
    ax.set_yticks(range(len(rows)), [drawing.wrap(name) for name, _, _ in rows])
    ax.set_ylim(len(rows) - 0.45, -0.65)
    ax.tick_params(axis="y", labelcolor=INK)
    drawing.money(ax.xaxis, [found.low for _, found, _ in rows] + [found.high for _, found, _ in rows], label)
    ax.grid(axis="x")


def delay(result: Result, tell: Teller, shape: Shape) -> Figure:
    """Net present value by start."""
    starts = [start for start in _programme(result).starts if start.delay_months is not None]
    drawing = Drawing(result, tell, shape, 0.9 + 0.5 * len(starts))
    rows = [(start_name(tell, start), start.npv, MAIN) for start in starts]
    _intervals(drawing, rows, drawing.say("figures2.npv"))
    return drawing.figure


def _drawable(label: str, name: str) -> str:
    """A client's label where the font of figures has all its letters, else its key."""
    known = get_font(findfont(str(RC["font.family"]))).get_charmap()
    return label if all(ord(letter) in known for letter in label) else name


def programmes(result: Result, tell: Teller, shape: Shape) -> Figure:
    """Net present value of each programme, begun now."""
    drawing = Drawing(result, tell, shape, 0.9 + 0.5 * len(result.programmes))
    rows = [(_drawable(one.label, one.name), one.starts[0].npv, MAIN) for one in result.programmes]
    _intervals(drawing, rows, drawing.say("figures2.npv"))
    return drawing.figure


def tornado(result: Result, tell: Teller, shape: Shape) -> Figure:
    """What the NPV is expected to be at the ends of each variable's range."""
    programme = _programme(result)
    swings = programme.tornado[:MOST_SWINGS]
    lines = 0.2 if shape == "narrow" else 0.13  # inches, for names of variables take several
    tall = max((len(swing.label[tell.language]) for swing in swings), default=0) // (20 if shape == "narrow" else LABEL)
    drawing = Drawing(result, tell, shape, 1.0 + (0.3 + lines * min(tall, 3)) * len(swings))
    ax, say = drawing.ax, drawing.say
    middle = programme.starts[0].npv.mean
    for place, swing in enumerate(swings):
        for value, colour in ((swing.npv_low, LATER[1]), (swing.npv_high, MAIN)):
            ax.barh(place, value - middle, left=middle, color=colour, height=0.6)
    ax.axvline(middle, color=INK, linewidth=1.0)
    ax.axvline(0.0, color=BAD, linewidth=1.2, linestyle=(0, (4, 2)))
    ax.set_yticks(range(len(swings)), [drawing.wrap(swing.label[tell.language]) for swing in swings])
    ax.tick_params(axis="y", labelcolor=INK, labelsize=8)
    ax.invert_yaxis()
    drawing.money(
        ax.xaxis, [0.0, *(x for swing in swings for x in (swing.npv_low, swing.npv_high))], say("figures2.npv")
    )
    ax.grid(axis="x")
    handles: list[Line2D | Patch] = [
        Patch(color=LATER[1], label=say("figures2.low_end")),
        Patch(color=MAIN, label=say("figures2.high_end")),
        Line2D([], [], color=BAD, linestyle=(0, (4, 2)), label=say("figures2.zero")),
    ]
    drawing.key(handles, 3)
    return drawing.figure


def today(result: Result, tell: Teller, shape: Shape) -> Figure:
    """ARR month by month, going on as today."""
    drawing = Drawing(result, tell, shape, 3.1 if shape == "narrow" else 2.6)
    ax, say, fan = drawing.ax, drawing.say, result.status_quo.monthly["arr"]
    months = np.arange(1, len(fan.mean) + 1)
    ax.fill_between(months, fan.q025, fan.q975, color=BASELINE, alpha=0.16, linewidth=0)
    ax.fill_between(months, fan.q10, fan.q90, color=BASELINE, alpha=0.28, linewidth=0)
    ax.plot(months, fan.q50, color=INK, linewidth=2.2)
    drawing.money(ax.yaxis, fan.q975, "ARR")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(say("figures2.month"))
    ax.grid(axis="y")
    ax.margins(x=0.01)
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=INK, linewidth=2.2, label=say("figures2.median")),
        Patch(color=BASELINE, alpha=0.44, linewidth=0, label=say("figures2.eighty")),
        Patch(color=BASELINE, alpha=0.16, linewidth=0, label=say("figures2.ninetyfive")),
    ]
    drawing.key(handles, 3)
    return drawing.figure


def waste(result: Result, tell: Teller, shape: Shape) -> Figure:
    """Wasted hours a year by role, in the colours of their causes."""
    rows = result.status_quo.waste
    roles = list(dict.fromkeys(row.role for row in rows))
    drawing = Drawing(result, tell, shape, 1.15 + 0.45 * len(roles))
    ax, say = drawing.ax, drawing.say
    causes = [cause for cause in CAUSES if any(row.cause == cause for row in rows)]
    label = {row.cause: row.cause_label[tell.language] for row in rows}
    named = {row.role: row.role_label[tell.language] for row in rows}
    left = np.zeros(len(roles))
    for cause in causes:
        hours = np.array([sum(r.hours.mean for r in rows if (r.role, r.cause) == (role, cause)) for role in roles])
        ax.barh(range(len(roles)), hours, left=left, color=CAUSES[cause], height=0.6)
        left += hours
    ax.set_yticks(range(len(roles)), [drawing.wrap(named[role]) for role in roles])
    ax.tick_params(axis="y", labelcolor=INK)
    ax.invert_yaxis()
    ax.xaxis.set_major_formatter(Ticks(drawing.write, 1.0, signed=False))
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.set_xlabel(say("figures2.hours"))
    ax.grid(axis="x")
    drawing.key([Patch(color=CAUSES[cause], label=capital(label[cause])) for cause in causes], 3)
    return drawing.figure


def parts(result: Result, tell: Teller, shape: Shape) -> Figure:
    """What each part of the programme adds, and the pay plan re-priced beside the pay plan lived by."""
    found = _programme(result).decomposition
    assert found is not None
    lang = tell.language
    say = words(lang)
    rows = [(part.label[lang], part.npv, LATER[0]) for part in found.parts] if len(found.parts) > 1 else []
    rows.append((say("figures2.whole"), found.whole, MAIN))
    for name, one in (("payout_only", found.payout_only), ("behaviour_on", found.behaviour_on)):
        if one is not None:
            rows.append((say(f"figures2.{name}"), one, QUIET))
    drawing = Drawing(result, tell, shape, 0.9 + 0.5 * len(rows))
    _intervals(drawing, rows, say("figures2.npv_before_cost"))
    if found.payout_only is not None:
        drawing.ax.axhline(len(rows) - 2.5 if found.behaviour_on else len(rows) - 1.5, color=PALE, linewidth=1.2)
    return drawing.figure


FIGURES: dict[str, Callable[[Result, Teller, Shape], Figure]] = {
    "inaction": inaction, "delay": delay, "tornado": tornado, "today": today, "waste": waste, "parts": parts,
    "programmes": programmes,
}  # fmt: skip


def available(result: Result) -> list[str]:
    """Names of the figures that the result allows, in order."""
    programme = _programme(result)
    there = {
        "tornado": bool(programme.tornado),
        "waste": bool(result.status_quo.waste),
        "parts": programme.decomposition is not None,
        "programmes": len(result.programmes) > 1,
    }
    return [name for name in FIGURES if there.get(name, True)]


def draw(name: str, result: Result, tell: Teller, shape: Shape = "wide") -> Figure:
    """One of :func:`available`."""
    with mpl.rc_context(RC):  # type: ignore[arg-type]
        return FIGURES[name](result, tell, shape)


def svg(name: str, result: Result, tell: Teller, shape: Shape = "wide") -> str:
    """One of :func:`available` as SVG."""
    return render(draw(name, result, tell, shape), "svg").decode("utf-8")

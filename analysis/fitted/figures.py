"""Figures of a fit: volumes with their forecast, times to a win, sizes, sellers, the test."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from analysis.figures.style import ARMS, BASELINE, INK, PALE, RC, WIDTH, Shape
from analysis.fitted.rows import Found, finite
from analysis.fitted.words import words
from analysis.numbers import Numbers, numbers
from analysis.texts import Texts

BLUE, ORANGE = ARMS[0], ARMS[1]
Drawer = Callable[[Axes, Found, Texts, Numbers, bool], None]


def available(content: Found) -> list[str]:
    """Names of the figures that the content allows, in order."""
    found = content["estimates"]
    return [
        name
        for name, there in (
            ("volume", found["leads"] or found["opportunities"] or found["wins"]),
            ("cycle", found["deal"] or found["lead_won"]),
            ("sizes", len(found["amounts"]["histogram"]["counts"]) > 0),
            ("sellers", found["sellers"] and len(found["sellers"]["each"]) > 1),
            ("backtest", any(row["ahead"] == 1 for row in content["back_test"]["rows"])),
        )
        if there
    ]


@mpl.rc_context(RC)  # type: ignore[arg-type]
def draw(name: str, content: Found, language: str, shape: Shape = "wide") -> Figure:
    """One of :func:`available`."""
    say, write = words(language), numbers(language)
    height = 2.9 if name != "backtest" else 1.2 + 1.7 * len(_tested(content))
    figure = Figure(figsize=(WIDTH[shape], height), layout="constrained")
    figure.suptitle(_title(name, content, say), x=0.01, ha="left", size=12, weight="bold", color=INK)
    if name == "backtest":
        _back_test(figure, content, say, write, shape == "narrow")
        return figure
    drawer: Drawer = {"volume": _volume, "cycle": _cycle, "sizes": _sizes, "sellers": _sellers}[name]
    drawer(figure.subplots(), content, say, write, shape == "narrow")
    return figure


def caption(name: str, content: Found, language: str) -> str:
    """One sentence on what a figure shows."""
    say = words(language)
    return say(f"figures.{name}.caption", what=_counted(content, say).lower() if name == "volume" else "")


def _title(name: str, content: Found, say: Texts) -> str:
    if name == "volume":
        return say("figures.volume.title", what=_counted(content, say).lower()).capitalize()
    if name == "sellers":
        return say("figures.sellers.title", what=say(f"figures.sellers.{_seller_kind(content)}"))
    return say(f"figures.{name}.title")


def _which(content: Found) -> str:
    found = content["estimates"]
    return next(name for name in ("leads", "opportunities", "wins") if found[name])


def _counted(content: Found, say: Texts) -> str:
    which = _which(content)
    return say(f"what.{'mqls' if which == 'leads' and content['estimates']['leads_are'] == 'mql' else which}")


def _ticks(ax: Axes, write: Numbers, digits: int = 0, *, percent: bool = False) -> None:
    shown = write.percent if percent else write.decimal
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: shown(value, digits)))


def _months(ax: Axes, names: list[str], narrow: bool) -> None:
    every = max(1, math.ceil(len(names) / (6 if narrow else 14)))
    ax.set_xticks(range(0, len(names), every), names[::every], rotation=45 if narrow else 30, ha="right")


def _volume(ax: Axes, content: Found, say: Texts, write: Numbers, narrow: bool) -> None:
    which = _which(content)
    found = content["estimates"][which]
    names, counts = list(found["months"])[-48:], np.array(found["counts"], dtype=float)[-48:]
    coming = [row for row in content["forecast"] if row["what"] == which]
    ax.bar(range(len(names)), counts, width=0.75, color=BLUE, alpha=0.75)
    for place, row in enumerate(coming, len(names)):
        ax.bar(place, row["high95"] - row["low95"], bottom=row["low95"], width=0.75, color=PALE)
        ax.bar(place, row["high80"] - row["low80"], bottom=row["low80"], width=0.75, color=BASELINE, alpha=0.6)
        ax.plot([place - 0.38, place + 0.38], [row["mean"]] * 2, color=INK)
    _months(ax, [*names, *(row["month"] for row in coming)], narrow)
    ax.set_ylabel(say("figures.volume.axis", what=_counted(content, say).lower()))
    ax.set_ylim(bottom=0)
    _ticks(ax, write)
    ax.grid(axis="y")


def _cycle(ax: Axes, content: Found, say: Texts, write: Numbers, narrow: bool) -> None:  # noqa: ARG001
    found = content["estimates"]["deal"] or content["estimates"]["lead_won"]
    curve = {name: np.array(values, dtype=float) for name, values in found["curve"].items()}
    ax.fill_between(curve["days"], curve["low"], curve["high"], step="post", color=BLUE, alpha=0.2, linewidth=0)
    ax.step(curve["days"], curve["won"], where="post", color=BLUE, linewidth=2, label=say("figures.cycle.won"))
    if curve["lost"].any():
        ax.step(
            curve["days"], curve["lost"], where="post", color=ORANGE, linestyle="--", label=say("figures.cycle.lost")
        )
        ax.legend(loc="center right")
    ax.set(xlabel=say("figures.cycle.x"), ylabel=say("figures.cycle.y"), xlim=(0, None), ylim=(0, None))
    _ticks(ax, write, 0, percent=True)
    ax.grid()


def _sizes(ax: Axes, content: Found, say: Texts, write: Numbers, narrow: bool) -> None:  # noqa: ARG001
    shown = content["estimates"]["amounts"]["histogram"]
    edges, counts = np.array(shown["edges"], dtype=float), np.array(shown["counts"], dtype=float)
    ax.bar(
        edges[:-1], counts, width=np.diff(edges), align="edge", color=BLUE, alpha=0.75, edgecolor="white", linewidth=0.5
    )
    ax.set_xscale("log")
    ax.set(xlabel=say("figures.sizes.x"), ylabel=say("figures.sizes.y"))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: write.decimal(value, 0)))
    ax.xaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    _ticks(ax, write)


def _seller_kind(content: Found) -> str:
    return "win_rate" if content["estimates"]["sellers"]["each"][0]["win_rate"] else "wins"


def _sellers(ax: Axes, content: Found, say: Texts, write: Numbers, narrow: bool) -> None:  # noqa: ARG001
    each = content["estimates"]["sellers"]["each"]
    kind = _seller_kind(content)
    for place, one in enumerate(each):
        if kind == "win_rate":
            value, low, high = (finite(one["win_rate"][key]) for key in ("value", "low", "high"))
        else:
            value = finite(one["wins_a_month"])
            half = 1.96 / math.sqrt(max(one["won"], 1))
            low, high = value * math.exp(-half), value * math.exp(half)
        ax.plot([place, place], [low, high], color=BASELINE, linewidth=1.6)
        ax.plot(place, value, "o", color=BLUE, markersize=5)
    ax.set_xticks(
        range(0, len(each), max(1, len(each) // 15)),
        [str(each[n]["seller"]) for n in range(0, len(each), max(1, len(each) // 15))],
    )
    ax.set_ylabel(say(f"figures.sellers.{kind}"))
    ax.set_ylim(bottom=0)
    _ticks(ax, write, 0 if kind == "win_rate" else 1, percent=kind == "win_rate")
    ax.grid(axis="y")


def _tested(content: Found) -> list[str]:
    return list(dict.fromkeys(row["what"] for row in content["back_test"]["rows"] if row["ahead"] == 1))


def _back_test(figure: Figure, content: Found, say: Texts, write: Numbers, narrow: bool) -> None:
    whats = _tested(content)
    axes: Any = figure.subplots(len(whats), 1, squeeze=False)
    for ax, what in zip(axes[:, 0], whats, strict=True):
        rows = [row for row in content["back_test"]["rows"] if row["what"] == what and row["ahead"] == 1]
        for place, row in enumerate(rows):
            ax.bar(place, row["high95"] - row["low95"], bottom=row["low95"], width=0.6, color=PALE)
            ax.bar(place, row["high80"] - row["low80"], bottom=row["low80"], width=0.6, color=BASELINE, alpha=0.6)
            ax.plot(place, row["came"], "o", color=BLUE if row["inside95"] else ORANGE, markersize=6)
        _months(ax, [row["month"] for row in rows], narrow)
        ax.set_title(say(f"what.{what}"), color=INK)
        ax.set_ylim(bottom=0)
        _ticks(ax, write)
        ax.grid(axis="y")

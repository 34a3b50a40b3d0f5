"""Facts about many firms (V1, V8, V9): firms drawn from the priors or from a posterior, each with luck of its own.

A *panel* is so many firms, all drawn anew; panels are therefore independent, and an interval
over panels covers which firms there are as well as their luck. What the priors say of one
uncertain organisation is taken for how firms differ: an assumption, since nobody has
measured that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.studies.definition import definition
from experiments.studies.plan import firms, uncertain
from experiments.validation import (
    ABOVE_ZERO,
    MOST_CHANGE,
    Fact,
    Runs,
    Seen,
    Setting,
    Subject,
    Values,
    column,
    mean,
    preset,
    relative,
)
from sim.engine import run_seed
from sim.measures import FAILURE_BELOW, SUCCESS_FROM
from sim.parameters import Declaration, Params, replace, value_of

TOP, BOTTOM = 0.2, 0.3  # "best in class" and "laggards" of Aberdeen's studies
YEAR = 12
# Five levels and four changes, as in Bain's panel.
YEARS = tuple((start, start + YEAR) for start in range(0, 5 * YEAR, YEAR))
GAIN, KEPT = 0.10, 3  # a gain in productivity that counts, and in how many of the four years it must come
DIP, LATER = (0, 9), (24, 36)  # months in which a tool costs most, and in which what it brings has come


# ---------------------------------------------------------------- the firms


def levers() -> list[str]:
    """What firms choose differently before anybody changes anything: the dials of alignment, as in the study."""
    return list(definition("sorting").spec["design"].get("of_arm") or ())


def names(params: Params) -> dict[str, Declaration]:
    """What firms differ by: everything uncertain, readiness for programmes included, and their alignment."""
    return uncertain([replace(params, {"programme.name": "change"})], levers())


def population(
    setting: Setting,
    panels: Sequence[int],
    size: int,
    draw: Callable[[Params, int], Params] | None = None,
    draws: int = 0,
) -> Subject:
    """Panels of firms.

    Parameters
    ----------
    setting : Setting
        The organisation around which firms are drawn.
    panels : sequence of int
        Root seed of each panel.
    size : int
        Firms of a panel.
    draw, draws : callable, int
        Puts a draw of a posterior, by its number below ``draws``, in the place of the priors of what it names.
    """
    named = names(setting.params)
    settings: list[Setting] = []
    seeds: list[int] = []
    for root in panels:
        random = np.random.default_rng(root)
        drawn = firms(setting.params, named, size, random)
        for i in range(size):
            firm = replace(setting.params, {name: values[i] for name, values in drawn.items()})
            firm = draw(firm, int(random.integers(draws))) if draw else firm
            settings.append(Setting(setting.profile, firm))
            seeds.append(run_seed(root, i))
    index = pd.MultiIndex.from_product([range(len(panels)), range(size)], names=["panel", "firm"])
    return Subject(tuple(settings), tuple(seeds), index)


def drawn(subject: Subject) -> pd.DataFrame:
    """What the firms differ by: a row a firm, a column a parameter."""
    named = names(subject.settings[0].params) if subject.settings else {}
    return pd.DataFrame({name: [value_of(setting.params, name) for setting in subject.settings] for name in named})


def by_panel(run: pd.DataFrame, values: Values) -> NDArray[np.float64]:
    """Values of firms as a table: a row a panel, a column a firm."""
    return values.reshape(len(run.index.unique("panel")), -1)


def averaged(run: pd.DataFrame, values: Values) -> Values:
    """Mean of each panel over its firms that have a value; NaN where none has."""
    table = by_panel(run, values)
    there = np.isfinite(table)
    count = there.sum(axis=1)
    return np.where(count > 0, np.where(there, table, 0.0).sum(axis=1) / np.maximum(count, 1), math.nan)


# ---------------------------------------------------------------- V1: sorting


def ends(ranked: NDArray[np.float64]) -> tuple[Values, Values]:
    """Mean of the bottom 30 % and of the top fifth of every row, whose values ascend."""
    count = ranked.shape[1]
    top, bottom = max(1, round(TOP * count)), max(1, round(BOTTOM * count))
    return ranked[:, :bottom].mean(axis=1), ranked[:, -top:].mean(axis=1)


def align(setting: Setting) -> list[Params]:
    """V1: a firm for a year, and the same firm at the last stage of alignment."""
    firm = replace(setting.params, {"horizon.months": YEAR, "programme.name": "none"})
    stage = preset("alignment", str(preset("arm", "information_only")["alignment"]))
    return [firm, replace(firm, {f"alignment.{key}": value for key, value in stage.items()})]


def sort(runs: Runs) -> tuple[Values, Values, float]:
    """Gap between the ends of each panel, what alignment changes in the same firm, mean spread between firms."""
    before, after = (by_panel(run, column(run, "revenue_growth")) for run in runs)
    bottom, top = ends(np.sort(before, axis=1))
    return top - bottom, (after - before).mean(axis=1), float(before.std(axis=1, ddof=1).mean())


def read_gap(runs: Runs) -> Seen:
    """Growth of the top fifth less growth of the bottom 30 %."""
    gap, causal, spread = sort(runs)
    return Seen(
        gap,
        "growth of a year differs between firms by a standard deviation of {spread:+pp}; full alignment changes it in "
        "the same firm by {causal:+pp}",
        {"spread": spread, "causal": mean(causal)},
    )


def read_causal(runs: Runs) -> Seen:
    """What alignment does in the same firm, as a share of the gap."""
    gap, causal, _ = sort(runs)
    return Seen(
        np.divide(causal, gap, out=np.full(len(gap), math.nan), where=gap > 0.0),
        "the gap by sorting is {gap:+pp}, the effect in the same firm {causal:+pp}",
        {"gap": mean(gap), "causal": mean(causal)},
    )


# ---------------------------------------------------------------- V8: technology without process


def untreated(setting: Setting) -> Params:
    """A firm that changes nothing, for as long as any fact about panels looks."""
    return replace(setting.params, {"horizon.months": YEARS[-1][1], "programme.name": "none"})


def tool(setting: Setting) -> list[Params]:
    """V8: a firm without a programme, and the same firm that gives everybody a tool."""
    programme = {f"programme.{key}": value for key, value in preset("programme", "technology_first").items()}
    return [untreated(setting), replace(setting.params, {"horizon.months": LATER[1], **programme})]


def outcome(kind: str) -> Callable[[Runs], Seen]:
    """Reader of the share of programmes with an outcome: success, part or failure."""

    def reader(runs: Runs) -> Seen:
        realised = column(runs[3], "programme_realised")
        share = {
            "success": realised >= SUCCESS_FROM,
            "part": (realised >= FAILURE_BELOW) & (realised < SUCCESS_FROM),
            "failure": realised < FAILURE_BELOW,
        }[kind]
        return Seen(
            averaged(runs[3], np.where(np.isfinite(realised), share, math.nan)),
            "three years after the start a mean of {realised:%} of what was planned is in force; readiness is drawn "
            "from its priors",
            {"realised": mean(realised)},
            np.where(np.isfinite(realised), share, math.nan),
        )

    return reader


def read_tool(window: int) -> Callable[[Runs], Seen]:
    """Reader of what the tool changes of all firms' new ARR in the first months (0) or later (1)."""

    def reader(runs: Runs) -> Seen:
        before, after = (by_panel(run, column(run, "new_arr")).sum(axis=1) for run in (runs[window], runs[2 + window]))
        profits = column(runs[2 + window], "gtm_profit") - column(runs[window], "gtm_profit")
        return Seen(
            relative(after, before),
            "in months {first:g} to {last:g}; profit of the middle firm changes by {profit:+0} k€ a year",
            {
                "first": (DIP, LATER)[window][0] + 1,
                "last": (DIP, LATER)[window][1],
                "profit": float(np.median(profits)) / 1000.0,
            },
        )

    return reader


# ---------------------------------------------------------------- V9: the base rate of improvement


def gains(runs: Runs) -> NDArray[np.float64]:
    """Relative change of productivity from year to year, shape (firms, years): new and expansion ARR for each € of pay.

    People are as many in every year and customers more, so revenue for each € of pay (Bain's
    ratio, of firms that hire as they grow) would rise by itself. What people sell anew does not.
    """
    return yearly_changes([1.0 / column(run, "pay_per_new_arr") for run in runs])


def yearly_changes(levels: Sequence[Values]) -> NDArray[np.float64]:
    """Relative changes from each year to the next, shape (firms, years), cut at ± 100 %."""
    changes = [relative(after, before) for before, after in pairwise(levels)]
    return np.clip(np.stack(changes, axis=1), -MOST_CHANGE, MOST_CHANGE)


def read_base_rate(what: str) -> Callable[[Runs], Seen]:
    """Reader of the mean change, of the share of years with a gain, or of the share of firms that keep gaining."""

    def reader(runs: Runs) -> Seen:
        changes = gains(runs)
        number: Mapping[str, Values] = {
            "mean": np.array([mean(firm) for firm in changes]),
            "gain": (changes > GAIN).mean(axis=1),
            "kept": ((changes > GAIN).sum(axis=1) >= KEPT).astype(float),
        }
        return Seen(
            averaged(runs[0], number[what]),
            "productivity is new and expansion ARR for each € of pay; its change in a year has a standard deviation of "
            "{spread:%}; of new ARR alone it changes by {new:+%} a year, of revenue, since nobody is hired, by "
            "{revenue:+%}",
            {
                "spread": float(np.nanstd(changes)),
                "new": mean(yearly_changes([column(run, "new_arr") for run in runs])),
                "revenue": mean(np.stack([column(run, "revenue_growth") for run in runs])),
            },
            number[what],
        )

    return reader


def left_alone(setting: Setting) -> list[Params]:
    """V9: the firm as it is."""
    return [untreated(setting)]


# ---------------------------------------------------------------- the facts

HIRING = (
    "firms would have to hire as their customers become more: here the same people sell expansion to ever more of them"
)

SORTING = (
    Fact("V1a", "growth gap by sorting alone", "24 points (15 to 40)", "points", 0.15, 0.40,
         align, read_gap, panel=True),
    Fact("V1b", "effect of alignment as a share of that gap", "far smaller: below half", "%", high=0.5,
         worlds=align, read=read_causal, panel=True),
)  # fmt: skip
TOOLS = (
    Fact("V8a", "technology without process: programmes that succeed", "", "", 0.20, 0.40,
         tool, outcome("success"), (DIP, LATER), panel=True, aim=0.30),
    Fact("V8b", "the same: reach part of what was planned", "", "", 0.34, 0.54,
         tool, outcome("part"), (DIP, LATER), panel=True, aim=0.44),
    Fact("V8c", "the same: fail", "", "", 0.16, 0.36,
         tool, outcome("failure"), (DIP, LATER), panel=True, aim=0.26),
    Fact("V8d", "the same: a dip of new ARR first", "below 0", "%", high=-ABOVE_ZERO,
         worlds=tool, read=read_tool(0), windows=(DIP, LATER), panel=True),
    Fact("V8e", "the same: about nothing later", "0, accept −3 to +3 %", "%", -0.03, 0.03,
         tool, read_tool(1), (DIP, LATER), panel=True),
)  # fmt: skip
BASE_RATE = (
    Fact("V9a", "untreated firms: change of productivity in a year", "0, accept −5 to +5 %", "%", -0.05, 0.05,
         left_alone, read_base_rate("mean"), YEARS, panel=True, otherwise=HIRING),
    Fact("V9b", "the same: gain over 10 % in a year", "", "", 0.09, 0.29,
         left_alone, read_base_rate("gain"), YEARS, panel=True, otherwise=HIRING, aim=0.19),
    Fact("V9c", "the same: in three years of four", "", "", 0.0, 0.10,
         left_alone, read_base_rate("kept"), YEARS, panel=True, otherwise=HIRING, aim=0.05),
)  # fmt: skip

"""What is on the screen after some runs: levels, paired differences, and whether they can be told from zero.

Nothing is reckoned here that the report does not reckon: the runs become a study in memory,
and means, intervals, rows and the headline come from :mod:`analysis`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from analysis import catalogue, hours
from analysis.figures.funnel import STAGES
from analysis.gate import headline, verdict
from analysis.numbers import Numbers, numbers
from analysis.paired import contrast, interval
from analysis.report.tables import Tables
from analysis.summary import Study, summarise
from analysis.texts import texts
from experiments.tables import plain
from workshop.explorer.choice import ARMS

BANDS = (0.05, 0.25, 0.5, 0.75, 0.95)  # of the fan, as in the report: 90 % and 50 % of runs, the median
# What is shown, in this order; the first three of each card are what a person asks for first.
CARDS = {
    "money": (
        "revenue_growth", "new_arr", "gtm_profit", "pay_marketing", "pay_sales", "pay_per_new_arr", "net_retention",
    ),
    "funnel": (*STAGES, "win_rate", "first_response_hours"),
    "gaming": (
        "threshold_shift", "score_inflation", "scores_amended_share", "low_score_win_share",
        "last_month_of_quarter_share", "never_followed_up_share",
    ),
    "time": ("wasted_time_share", "selling_time_share"),
}  # fmt: skip
SHOWN = tuple(name for names in CARDS.values() for name in names)
HOURS = tuple(f"hours_{role}_{kind}" for role in catalogue.ROLES for kind in catalogue.CLASSES)


@dataclass(frozen=True)
class Run:
    """What is kept of one run.

    Attributes
    ----------
    measures : dict of str to float
        As of the run.
    arr : array of float, one a measured month
        ARR at the end of the month, €.
    """

    measures: dict[str, float]
    arr: NDArray[np.float64]


def study_of(pairs: Sequence[tuple[int, Run, Run]]) -> Study:
    """A study in memory from pairs of runs: (replication, baseline, other arm)."""
    rows = [
        {"point": 0, "arm": arm, "replication": replication, "failed": False}
        | {name: run.measures[name] for name in (*SHOWN, *HOURS)}
        for replication, *both in sorted(pairs, key=lambda pair: pair[0])
        for arm, run in zip(ARMS, both, strict=True)
    ]
    runs = pd.DataFrame(rows)
    summary = summarise(runs, "compare", ARMS[0], SHOWN)
    return Study(Path(), {"baseline": ARMS[0], "arms": list(ARMS)}, runs, summary)


def picture(pairs: Sequence[tuple[int, Run, Run]], of: int, language: str) -> dict[str, Any]:
    """Everything on the screen after ``pairs`` of ``of`` replications, as plain values for JSON."""
    study = study_of(pairs)
    words, write = texts(language), numbers(language)
    tables = Tables(study, words, write)
    other = ARMS[1]
    found: dict[str, Any] = {
        "kind": "picture",
        "n": len(pairs),
        "of": of,
        "headline": headline(study, language).text,
        "measures": {name: _measure(tables, name, other) for name in SHOWN},
        "hours": _hours(tables),
        **_fans(pairs, write),
    }
    plain_found: dict[str, Any] = plain(found)
    return plain_found


def _measure(tables: Tables, name: str, arm: str) -> dict[str, Any]:
    """One measure: words of its row, and what a drawing of it needs."""
    row = tables.measure(name, arm)
    study = tables.study
    levels = [study.interval(name, one) for one in (study.baseline, arm)]
    gap = study.contrast(name, arm)
    return {
        "cells": [[cell.value, cell.interval] for cell in (row.before, row.after, row.difference)],
        "levels": [[one.mean, one.low, one.high] for one in levels],
        "difference": [gap.difference, gap.low, gap.high],
        "reading": row.reading,
        "tone": row.tone,
    }


def _hours(tables: Tables) -> dict[str, Any]:
    """Share of paid time of every class."""
    before, after = (hours.shares(tables.study, arm) for arm in ARMS)
    found: dict[str, Any] = {}
    for kind in catalogue.CLASSES:
        values = [frame[kind].to_numpy() for frame in (before, after)]
        means, gap = [interval(each).mean for each in values], contrast(*values)
        cell, told = tables.difference(gap, "fraction"), verdict(gap, "fraction")
        word = "equal" if gap.low == gap.high == 0.0 else told if told in {"unclear", "unknown"} else "differs"
        found[kind] = {
            "shares": means,
            "cells": [*(tables.write.percent(mean) for mean in means), cell.value, cell.interval],
            "reading": tables.words(f"report.measures.{word}"),
        }
    return found


def _fans(pairs: Sequence[tuple[int, Run, Run]], write: Numbers) -> dict[str, Any]:
    """Bands of ARR over the months, lowest first; their common scale; and the bands of the last month in words."""
    both = ([first for _, first, _ in pairs], [second for _, _, second in pairs])
    fans = {
        arm: np.quantile(np.stack([run.arr for run in runs]), BANDS, axis=0)
        for arm, runs in zip(ARMS, both, strict=True)
    }
    everything = np.concatenate([bands.ravel() for bands in fans.values()])
    ticks = np.asarray(MaxNLocator(4).tick_values(float(everything.min()), float(everything.max()))).tolist()
    return {
        "fans": {arm: bands.tolist() for arm, bands in fans.items()},
        "scale": {
            "low": ticks[0],
            "high": ticks[-1],
            "ticks": [{"at": at, "text": write.euro(at, short=True)} for at in ticks],
        },
        "bands": {
            arm: [write.euro(value, short=True) for value in bands[:, -1].tolist()] for arm, bands in fans.items()
        },
    }

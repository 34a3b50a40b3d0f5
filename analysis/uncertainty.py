"""Intervals that cover parameters as well as luck, and which share of a spread is whose.

Replications come in groups that share a draw of the posterior. By the law of total
variance the spread of a result over groups is that of its expectation over parameters plus
what luck leaves in the mean of a group (a nested analysis of variance).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from analysis.gate import GROWTH, WASTED
from analysis.numbers import numbers
from analysis.paired import LEVEL
from analysis.summary import Study, by_pair, expansion_share_of_gap, measure_columns
from analysis.texts import capital, texts

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Nested:
    """A result over draws of the posterior and luck.

    Attributes
    ----------
    mean : float
        Over all.
    parameters, luck : float
        Variance of the expected result over draws; variance of a single run around it.
    low, high : float
        95 % interval of the expected result: parameters, and what luck leaves in the mean.
    probability_positive : float
        That the expected result is above zero.
    groups, n : int
        Draws and runs that gave a value.
    """

    mean: float
    parameters: float
    luck: float
    low: float
    high: float
    probability_positive: float
    groups: int
    n: int

    @property
    def share(self) -> float:
        """Share of the variance of a single run that is parameters."""
        total = self.parameters + self.luck
        return self.parameters / total if total > 0.0 else math.nan


def nested(values: Array, groups: Array) -> Nested:
    """Decompose ``values``, one a run; runs of the same group share their parameters.

    Missing values are left out, and groups with none.
    """
    there = np.isfinite(values)
    frame = pd.DataFrame({"value": values[there], "group": groups[there]})
    by_group = frame.groupby("group")["value"]
    sizes, means = by_group.size().to_numpy(dtype=float), by_group.mean().to_numpy()
    g, n = len(sizes), int(there.sum())
    if g < 2:
        mean = float(frame["value"].mean()) if n else math.nan
        return Nested(mean, math.nan, math.nan, math.nan, math.nan, math.nan, g, n)
    spare = n - g
    within = float(((frame["value"] - by_group.transform("mean")) ** 2).sum())
    luck = within / spare if spare else 0.0
    mean = float(means.mean())
    parameters = max(float(means.var(ddof=1)) - luck * float(np.mean(1.0 / sizes)), 0.0)
    # The true expectation of a firm like these: its parameters, and what remains of luck in the mean.
    width = math.sqrt(parameters + (parameters + luck * float(np.mean(1.0 / sizes))) / g)
    half = float(stdtrit(g - 1, 0.5 + LEVEL / 2)) * width
    positive = float(stdtr(g - 1, mean / width)) if width > 0.0 else 0.5 + 0.5 * float(np.sign(mean))
    return Nested(mean, parameters, luck, mean - half, mean + half, positive, g, n)


def widened(summary: Mapping[str, Any], runs: pd.DataFrame, baseline: str, per_draw: int, draws: int) -> dict[str, Any]:
    """A summary whose intervals cover parameters too; ``uncertainty`` says which share is whose.

    Parameters
    ----------
    summary : mapping
        As of :func:`analysis.summary.summarise`.
    runs : DataFrame
        One row a run; replication r goes with draw (r // ``per_draw``) modulo ``draws``.
    """
    arms = [str(arm) for arm in runs["arm"].drop_duplicates()]
    tables = {arm: by_pair(runs, arm)[measure_columns(runs)] for arm in arms}
    groups = tables[baseline].index.get_level_values("replication").to_numpy() // per_draw % draws
    found = {**summary, "arms": {arm: dict(entries) for arm, entries in summary["arms"].items()}, "contrasts": []}
    shares = []
    for arm, entries in found["arms"].items():
        for name, entry in entries.items():
            each = nested(tables[arm][name].to_numpy(), groups)
            entries[name] = {**entry, "mean": each.mean, "low": each.low, "high": each.high}
    for entry in summary["contrasts"]:
        difference = tables[entry["arm"]][entry["measure"]] - tables[baseline][entry["measure"]]
        each = nested(difference.to_numpy(), groups)
        found["contrasts"].append(
            {
                **entry,
                "difference": each.mean,
                "low": each.low,
                "high": each.high,
                "probability_positive": each.probability_positive,
            }
        )
        shares.append(
            {"measure": entry["measure"], "arm": entry["arm"], "share": each.share, **dataclasses.asdict(each)}
        )
    found["expansion_share_of_gap"] = {
        arm: dataclasses.asdict(expansion_share_of_gap(tables[baseline], tables[arm], groups))
        for arm in summary["expansion_share_of_gap"]
    }
    return {**found, "uncertainty": shares}


def by_form(
    runs: pd.DataFrame, baseline: str, arm: str, measure: str, per_draw: int, draws: pd.DataFrame, forms: Sequence[str]
) -> list[dict[str, Any]]:
    """The difference of an arm under each variant of each rival form, over the draws that have it."""
    tables = {each: by_pair(runs, each)[measure] for each in (baseline, arm)}
    difference = (tables[arm] - tables[baseline]).to_numpy()
    groups = tables[baseline].index.get_level_values("replication").to_numpy() // per_draw % len(draws)
    found = []
    for name in forms:
        if name not in draws:
            continue
        variant = draws[name].to_numpy()[groups]
        values = {}
        for each in dict.fromkeys(variant.tolist()):
            mine = nested(difference[variant == each], groups[variant == each])
            error = math.sqrt((mine.parameters + mine.luck / per_draw) / mine.groups) if mine.groups > 1 else math.nan
            values[str(each)] = {"mean": mine.mean, "error": error, "groups": mine.groups}
        found.append({"measure": measure, "arm": arm, "form": name, "variants": values})
    return found


def dependence(
    runs: pd.DataFrame, baseline: str, arm: str, measure: str, per_draw: int, draws: pd.DataFrame
) -> dict[str, float]:
    """Rank correlation of each number with the difference of an arm (``arm`` = ``baseline``: its level), over draws."""
    table = by_pair(runs, arm)[measure]
    values = table - by_pair(runs, baseline)[measure] if arm != baseline else table
    groups = table.index.get_level_values("replication").to_numpy() // per_draw % len(draws)
    means = pd.Series(values.to_numpy()).groupby(groups).mean()
    numbers_of = draws.select_dtypes("number").iloc[means.index.to_numpy()].reset_index(drop=True)
    found = numbers_of.corrwith(means.reset_index(drop=True), method="spearman")
    return {str(name): float(value) for name, value in found.items() if math.isfinite(value)}


def lines(study: Study, language: str) -> list[str]:
    """What a reader should know about the intervals of a study, in sentences; none where parameters are fixed."""
    if "uncertainty" not in study.summary:
        return []
    words, write = texts(language), numbers(language)
    told = study.summary["posterior"]
    found = [words("uncertainty.lead", draws=write.decimal(told["draws"], 0), each=write.decimal(told["per_draw"], 0))]
    found += [
        words(
            "uncertainty.line",
            measure=capital(words.measure(entry["measure"])),
            arm=words.arm(entry["arm"]),
            share=write.percent(entry["share"], 0),
        )
        for entry in study.summary["uncertainty"]
        if entry["measure"] in (GROWTH, WASTED) and entry["share"] is not None and math.isfinite(entry["share"])
    ]
    for entry in study.summary["forms"]:
        values = "; ".join(
            f"{variant} {write.decimal(100.0 * each['mean'], 2, signed=True)} ± "
            f"{write.decimal(196.0 * (each['error'] or math.nan), 2)}"
            for variant, each in entry["variants"].items()
        )
        label, arm = capital(words.measure(entry["measure"])), words.arm(entry["arm"])
        found.append(words("uncertainty.form", measure=label, arm=arm, name=entry["form"], values=values))
    return found

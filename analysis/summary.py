"""Finished studies: what their files say, and the summary of their runs.

``summary.json`` holds nothing that is not in ``runs.parquet``: per arm and measure the
mean with its interval, per measure and arm the paired difference from the baseline, and
which share of the gap in net new ARR runs through expansion.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from analysis.paired import Contrast, Interval, Share, contrast, interval, share_of

Statistic = TypeVar("Statistic", Interval, Contrast, Share)

NET_NEW_ARR = {"new_arr": 1.0, "expansion_arr": 1.0, "churned_arr": -1.0}
KEYS = ("point", "arm", "replication", "seed", "failed", "error")


def summarise(runs: pd.DataFrame, study: str, baseline: str, measures: Sequence[str] | None = None) -> dict[str, Any]:
    """Summary of ``runs`` in the form of ``summary.json``.

    Parameters
    ----------
    runs : DataFrame
        One row per run, as in ``runs.parquet``. Failed runs count as missing.
    study, baseline : str
        Name of the study; the arm that all others are compared with.
    measures : sequence of str, optional
        Columns to summarise; by default every column of numbers that is neither a key
        nor a varied factor (a dotted name).

    Raises
    ------
    ValueError
        The baseline is not among the arms, or a run is there twice.
    """
    arms = [str(arm) for arm in runs["arm"].drop_duplicates()]
    if baseline not in arms:
        raise ValueError(f"baseline '{baseline}' is not among the arms: {', '.join(arms)}")
    names = list(measures) if measures is not None else measure_columns(runs)
    tables = {arm: by_pair(runs, arm)[names] for arm in arms}
    return {
        "study": study,
        "arms": {
            arm: {name: dataclasses.asdict(interval(table[name])) for name in names} for arm, table in tables.items()
        },
        "contrasts": [
            {"measure": name, "arm": arm, "baseline": baseline, **_entries(_paired(tables[baseline], table, name))}
            for name in names
            for arm, table in tables.items()
            if arm != baseline
        ],
        "expansion_share_of_gap": {
            arm: dataclasses.asdict(expansion_share_of_gap(tables[baseline], table))
            for arm, table in tables.items()
            if arm != baseline and set(NET_NEW_ARR) <= set(names)
        },
    }


def expansion_share_of_gap(before: pd.DataFrame, after: pd.DataFrame, groups: Any = None) -> Share:
    """Share of the difference in net new ARR (new and expansion less churned) that expansion makes.

    ``groups``: which draw of a posterior each pair goes with; pairs of a draw then count once.
    """
    gap = after.sub(before)[list(NET_NEW_ARR)]
    if groups is not None:
        gap = gap.groupby(groups).mean()
    return share_of(gap["expansion_arr"], sum(sign * gap[name] for name, sign in NET_NEW_ARR.items()))


def measure_columns(runs: pd.DataFrame) -> list[str]:
    """Names of the columns that hold measures."""
    return [
        name
        for name in runs.columns
        if name not in KEYS
        and "." not in name
        and pd.api.types.is_numeric_dtype(runs[name])
        and not pd.api.types.is_bool_dtype(runs[name])
    ]


def by_pair(runs: pd.DataFrame, arm: str) -> pd.DataFrame:
    """The measures of one arm's runs, indexed by what makes a pair: design point and replication."""
    keys = [key for key in ("point", "replication") if key in runs]
    mine = runs[runs["arm"] == arm]
    table = mine.set_index(keys)[measure_columns(runs)].astype(float)
    if table.index.has_duplicates:
        raise ValueError(f"arm '{arm}' has the same replication twice")
    if "failed" in mine:
        table[mine["failed"].to_numpy(dtype=bool)] = np.nan
    return table.sort_index()


def paired_differences(runs: pd.DataFrame, baseline: str, arm: str) -> pd.DataFrame:
    """Differences arm − baseline of all measures, one row per pair; missing where a run is."""
    return by_pair(runs, arm).sub(by_pair(runs, baseline))


def _paired(before: pd.DataFrame, after: pd.DataFrame, name: str) -> Contrast:
    left, right = before[name].align(after[name], join="outer")
    return contrast(left, right)


def _entries(found: Contrast) -> dict[str, Any]:
    entries = dataclasses.asdict(found)
    del entries["left_out"]  # the promise of summary.json; the manifest counts failed runs
    return entries


@dataclass(frozen=True, eq=False)
class Study:
    """A finished study in memory.

    Attributes
    ----------
    folder : Path
        Where it was loaded from.
    manifest, summary : mapping
        What ``manifest.json`` and ``summary.json`` say.
    runs : DataFrame
        One row per run.
    monthly, people : DataFrame or None
        One row per run and month, per run and person, where they were recorded.
    """

    folder: Path
    manifest: Mapping[str, Any]
    runs: pd.DataFrame
    summary: Mapping[str, Any]
    monthly: pd.DataFrame | None = None
    people: pd.DataFrame | None = None

    @property
    def name(self) -> str:
        """Name of the study."""
        return str(self.summary["study"])

    @property
    def baseline(self) -> str:
        """The arm that all others are compared with."""
        return str(self.manifest.get("baseline") or next(iter(self.summary["arms"])))

    @cached_property
    def arms(self) -> tuple[str, ...]:
        """All arms, the baseline first, the others in the order in which they were asked for."""
        found = list(self.summary["arms"])
        asked = [arm for arm in self.manifest.get("arms", found) if arm in found]
        return (self.baseline, *(arm for arm in asked if arm != self.baseline))

    @property
    def others(self) -> tuple[str, ...]:
        """All arms but the baseline."""
        return self.arms[1:]

    @property
    def replications(self) -> int:
        """Number of replications of an arm at a point, failed ones included."""
        return int(self.runs["replication"].nunique())

    @property
    def failed(self) -> int:
        """Number of runs that failed."""
        return int(self.runs["failed"].sum()) if "failed" in self.runs else 0

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Names of all measures of the summary."""
        return tuple(self.summary["arms"][self.baseline])

    def interval(self, measure: str, arm: str) -> Interval:
        """Mean and interval of a measure in an arm; NaN where the summary has none."""
        entry = self.summary["arms"].get(arm, {}).get(measure)
        return _restore(Interval, entry)

    def contrast(self, measure: str, arm: str) -> Contrast:
        """Paired difference of an arm from the baseline; NaN where the summary has none."""
        return _restore(Contrast, self._contrasts.get((measure, arm)))

    def expansion_share_of_gap(self, arm: str) -> Share:
        """Which share of the gap of an arm to the baseline runs through expansion; NaN where it cannot be said."""
        return _restore(Share, self.summary.get("expansion_share_of_gap", {}).get(arm))

    @cached_property
    def _contrasts(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        return {(entry["measure"], entry["arm"]): entry for entry in self.summary["contrasts"]}


def _restore(kind: type[Statistic], entry: Mapping[str, Any] | None) -> Statistic:
    names = [field.name for field in dataclasses.fields(kind) if field.name != "left_out"]
    found = entry or {"n": 0}
    values: dict[str, Any] = {name: math.nan if found.get(name) is None else found[name] for name in names}
    return kind(**values)


def load(folder: Path | str) -> Study:
    """Load a finished study from its folder.

    Raises
    ------
    FileNotFoundError
        A file of a finished study is missing; the message names it.
    """
    folder = Path(folder)
    runs = _table(folder, "runs")
    if runs is None:
        raise FileNotFoundError(f"{folder}: no runs.parquet there; is this the folder of a finished study?")
    return Study(
        folder=folder,
        manifest=_json(folder / "manifest.json"),
        runs=runs,
        summary=_json(folder / "summary.json"),
        monthly=_table(folder, "monthly"),
        people=_table(folder, "people"),
    )


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(f"{path.parent}: no {path.name} there; is this the folder of a finished study?")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def _table(folder: Path, name: str) -> pd.DataFrame | None:
    """One Parquet file, or a folder of them, as a frame; arms as plain text."""
    path = next((path for path in (folder / f"{name}.parquet", folder / name) if path.exists()), None)
    if path is None:
        return None
    table = pd.read_parquet(path)
    return table.assign(arm=table["arm"].astype(str)) if "arm" in table else table

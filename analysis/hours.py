"""The hours account: what share of paid time goes where, run by run."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import pandas as pd

from analysis.catalogue import CLASSES, ROLES, WASTED_CLASSES
from analysis.paired import Contrast, Interval, contrast, interval
from analysis.summary import Study, by_pair


def recorded(study: Study) -> bool:
    """Whether the study has hours by role and class."""
    return any(name.startswith("hours_") for name in study.runs.columns)


@lru_cache(maxsize=64)
def shares(study: Study, arm: str, role: str | None = None) -> pd.DataFrame:
    """Share of paid time by class, one row per run; of one role or of everybody.

    A run without paid hours, or a failed one, has missing shares.
    """
    table = by_pair(study.runs, arm)
    roles = ROLES if role is None else (role,)
    hours = pd.DataFrame(
        {
            kind: table.reindex(columns=[f"hours_{one}_{kind}" for one in roles]).sum(axis=1, min_count=1)
            for kind in CLASSES
        }
    ).fillna(0.0)
    paid = hours.sum(axis=1)
    return hours.div(paid.where(paid > 0), axis=0)


def share(study: Study, arm: str, classes: Iterable[str], role: str | None = None) -> Interval:
    """Mean share of paid time of some classes together."""
    return interval(shares(study, arm, role)[list(classes)].sum(axis=1, skipna=False))


def share_contrast(study: Study, arm: str, classes: Iterable[str]) -> Contrast:
    """Paired difference of that share from the baseline."""
    names = list(classes)
    before, after = (shares(study, one)[names].sum(axis=1, skipna=False) for one in (study.baseline, arm))
    return contrast(*before.align(after, join="outer"))


def largest_cause(study: Study, arm: str) -> str:
    """The wasted class with the largest mean share."""
    return str(shares(study, arm)[list(WASTED_CLASSES)].mean().idxmax())

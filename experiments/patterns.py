"""The calibration patterns C1–C10: what is known of siloed organisations, and what a profile shows.

Sources and grades stand in docs/evidence.md. C1–C8 are levels of siloed runs; C9 and
C10 are slopes, re-enacted: people get a fifth more or fewer free hours, nothing else
changes, and the elasticity of new ARR is compared with meta-analyses. No contrast
between siloed and shared pay enters.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.engine import simulate_many
from sim.parameters import Params, replace

PROFILES = ("smb", "mid_market", "enterprise")


@dataclass(frozen=True)
class Pattern:
    """One pattern and what is accepted.

    Attributes
    ----------
    id, label : str
        Number in the evidence register, and words.
    measure : str
        Name of a measure, or ``elasticity_sales`` / ``elasticity_marketing``.
    target, low, high : float
        Central value and accepted range.
    weight : float
        How much a miss counts in the search (auxiliary patterns count less).
    """

    id: str
    label: str
    measure: str
    target: float
    low: float
    high: float
    weight: float = 1.0


def _around(target: float, width: float) -> tuple[float, float, float]:
    return target, target - width, target + width


def patterns(profile: str) -> list[Pattern]:
    """Patterns of a profile: smb, mid_market or enterprise (essay is judged as mid_market)."""
    column = PROFILES.index(profile) if profile in PROFILES else 1

    def of(*values: float) -> float:
        return values[column]

    cycle = of(35, 75, 160)
    leads = of(730, 1020, 1005)
    mqls = of(255, 255, 200)
    return [
        Pattern("C1", "MQL to SQL", "mql_to_sql", 0.18, 0.10, 0.28),
        Pattern("C2", "win rate by deal size", "win_rate", *_around(of(0.27, 0.21, 0.17), 0.05)),
        Pattern("C3", "sales cycle in days", "cycle_days", cycle, 0.6 * cycle, 1.4 * cycle),
        Pattern("C4", "selling time", "selling_time_share", *_around(0.30, 0.07)),
        Pattern("C5", "MQLs never followed up", "never_followed_up_share", 0.55, 0.35, 0.75),
        Pattern("C6", "gross retention", "gross_retention", *_around(of(0.88, 0.91, 0.93), 0.03)),
        Pattern("C6", "net retention", "net_retention", *_around(of(0.98, 1.04, 1.07), 0.03)),
        Pattern("C7", "mean attainment", "attainment_mean", 0.60, 0.50, 0.70),
        Pattern("C7", "sellers at quota", "at_quota_share", 0.28, 0.20, 0.45),
        Pattern("C8", "expansion share of new ARR", "expansion_share", *_around(of(0.27, 0.42, 0.58), 0.12)),
        Pattern("C9", "elasticity of new ARR to selling hours", "elasticity_sales", 0.34, 0.20, 0.50),
        Pattern("C10", "elasticity of new ARR to marketing hours", "elasticity_marketing", 0.12, 0.05, 0.25),
        Pattern("aux", "leads a month", "leads", leads, 0.5 * leads, 1.5 * leads, 0.3),
        Pattern("aux", "MQLs a month", "mqls", mqls, 0.5 * mqls, 1.5 * mqls, 0.5),
        Pattern("aux", "lead to MQL", "lead_to_mql", of(0.35, 0.25, 0.20), 0.10, 0.45, 0.3),
        Pattern("aux", "SQL to opportunity", "sql_to_opportunity", 0.60, 0.40, 0.75, 0.5),
        Pattern("aux", "marketing-sourced wins", "marketing_sourced_share", *_around(of(0.65, 0.45, 0.30), 0.15), 0.5),
        Pattern("aux", "ARR growth", "revenue_growth", *_around(of(0.25, 0.22, 0.17), 0.06), 0.5),
        Pattern("aux", "score validity", "score_validity", 0.45, 0.20, 0.70, 0.3),
        Pattern("aux", "touches per MQL", "touches_per_mql", 1.0, 0.2, 3.0, 0.2),
    ]


# Re-enactments of C9 and C10: which fixed block changes, and by which factor on free hours.
SLOPES = {"elasticity_sales": "workload.seller_fixed", "elasticity_marketing": "workload.marketer_fixed"}
MORE, FEWER = 1.2, 0.8
STEEPEST = 3.0  # ratios of runs in which next to nothing was sold say nothing: elasticities are cut here


def elasticity(more: NDArray[np.float64], fewer: NDArray[np.float64]) -> NDArray[np.float64]:
    """Elasticity of new ARR, run by run, from runs with more and with fewer hours; NaN where nothing was sold."""
    ratio = np.where((more > 0.0) & (fewer > 0.0), more, math.nan) / np.where(fewer > 0.0, fewer, 1.0)
    return np.clip(np.log(ratio) / math.log(MORE / FEWER), -STEEPEST, STEEPEST)


def with_hours(params: Params, slope: str, factor: float) -> Params:
    """The organisation in which the people of a slope have ``factor`` times their free hours."""
    key = SLOPES[slope]
    fixed = getattr(params.workload, key.partition(".")[2])
    return replace(params, {key: max(1.0 - (1.0 - fixed) * factor, 0.0)})


def worlds(params: Params, slopes: bool = True) -> Iterator[tuple[str, Params]]:
    """The organisations that the patterns need: as it is, and with more or fewer free hours."""
    yield "", params
    if slopes:
        for name in SLOPES:
            for factor in (MORE, FEWER):
                yield name, with_hours(params, name, factor)


def observe(params: Params, seeds: Sequence[int], slopes: bool = True, workers: int | None = None) -> pd.DataFrame:
    """Values of every pattern's measure: one row per seed (elasticities are paired within a seed).

    Columns are the measures of :func:`sim.simulate_many` plus the two elasticities.
    """
    named = list(worlds(params, slopes))
    runs = simulate_many([p for _, p in named], list(seeds), workers=workers)
    seen = runs[runs["point"] == 0].drop(columns="point").set_index("seed")
    if slopes:
        for first, name in ((1, "elasticity_sales"), (3, "elasticity_marketing")):
            more, fewer = (runs[runs["point"] == point]["new_arr"].to_numpy() for point in (first, first + 1))
            seen[name] = elasticity(more, fewer)
    return seen


def misses(profile: str, values: Mapping[str, float]) -> list[Pattern]:
    """Patterns whose accepted range the mean values miss."""
    return [p for p in patterns(profile) if p.measure in values and not p.low <= values[p.measure] <= p.high]


def distance(profile: str, values: Mapping[str, float]) -> float:
    """Weighted squared distance to the targets, in units of half the accepted range.

    The outer fifth of a range and what lies beyond counts extra: the search first gets
    everything inside, with room for what other seeds will show.
    """
    total = 0.0
    for p in patterns(profile):
        value = values.get(p.measure)
        if value is None:
            continue
        if not math.isfinite(value):
            total += 100.0 * p.weight
            continue
        half = (p.high - p.target) if value > p.target else (p.target - p.low)
        gap = abs(value - p.target) / half
        total += p.weight * (gap**2 + 30.0 * max(gap - 0.8, 0.0))
    return total

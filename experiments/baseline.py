"""Search for default values of a profile that meet the calibration patterns, inside the priors.

Covariance matrix adaptation (the ``cma`` library) moves quantiles of the declared
priors; every candidate is judged on the same few seeds, the result on fresh ones. It
finds one believable point per profile, not a posterior: that is another command's
work. Nothing about siloed against shared pay enters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.patterns import distance, misses, observe, patterns
from sim import state as S
from sim.engine import Result, simulate
from sim.parameters import Event, Params, Role, declarations, replace, value_of
from sim.parameters.pay import WON_ACV_LOW
from sim.parameters.priors import prior_of

# What is searched: parameters that no source pins down and that move levels or slopes.
SEARCHED = (
    "market.capture_share", "market.generation_elasticity", "market.intent_mean", "market.project_intercept",
    "market.win_intercept", "market.win_intent", "market.win_hours", "market.readiness_mean", "market.cycle_days",
    "customers.churn_monthly", "customers.demand_monthly", "workload.seller_fixed", "workload.step", "workload.triage",
    "people.skill_spread", "market.win_skill", "market.acv_spread", "behaviour.bar_quantile", "behaviour.bar_drift",
    "behaviour.pushing_cost",
    "behaviour.nurture_gain", "behaviour.score_noise", "behaviour.call_base", "behaviour.call_bar",
    "behaviour.accept_bar", "behaviour.open_bar", "behaviour.reach_probability", "behaviour.first_talk_noise",
    "behaviour.detect_probability", "behaviour.step_intercept", "behaviour.territory_refresh",
    "behaviour.territory_use", "behaviour.territory_yield", "behaviour.territory_intent", "behaviour.find_hope",
    "behaviour.expansion_find", "behaviour.expansion_told", "behaviour.expansion_take",
)  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """One point of the search: values by dotted name, its distance and what it showed."""

    values: dict[str, float]
    distance: float
    shown: dict[str, float]


def point(params: Params, quantiles: Sequence[float], names: Sequence[str] = SEARCHED) -> dict[str, float]:
    """Values at the given quantiles of the priors, centred on the profile's own values."""
    values = {}
    for name, q in zip(names, quantiles, strict=True):
        value, known = float(prior_of(params, name).ppf(min(max(q, 1e-4), 1 - 1e-4))), declarations()[name]
        values[name] = min(max(value, known.low), known.high)
    return values


def start(params: Params, names: Sequence[str] = SEARCHED) -> list[float]:
    """Quantiles of the profile's own values in the priors: where the search begins."""
    quantiles = [float(prior_of(params, name).cdf(value_of(params, name))) for name in names]
    return [min(max(q, 0.03), 0.97) for q in quantiles]


def judge(profile: str, params: Params, values: Mapping[str, float], seeds: Sequence[int]) -> Candidate:
    """Run a candidate and measure its distance to the patterns."""
    shown = means(observe(replace(params, values), seeds))
    return Candidate(dict(values), distance(profile, shown), shown)


def means(seen: pd.DataFrame) -> dict[str, float]:
    """Mean of every column."""
    return {str(name): float(value) for name, value in seen.mean().items()}


def search(
    profile: str,
    params: Params,
    evaluations: int,
    seeds: Sequence[int] = (1, 2, 3, 4, 5, 6),
    root: int = 1,
    report: Callable[[Candidate], None] | None = None,
) -> Candidate:
    """Best candidate found in so many evaluations; ``report`` hears of each one judged."""
    import cma

    options = {"seed": root, "verbose": -9, "bounds": [0.0, 1.0], "maxfevals": evaluations, "popsize": 16}
    strategy = cma.CMAEvolutionStrategy(start(params), 0.12, options)
    best: Candidate | None = None
    n = 0
    while not strategy.stop() and n < evaluations:
        asked = strategy.ask()
        found = [judge(profile, params, point(params, q), seeds) for q in asked]
        strategy.tell(asked, [c.distance for c in found])
        for candidate in found:
            n += 1
            if best is None or candidate.distance < best.distance:
                best = candidate
            if report is not None:
                report(candidate)
    assert best is not None
    return best


def confirm(profile: str, params: Params, seeds: Sequence[int]) -> pd.DataFrame:
    """Every pattern on fresh seeds: id, label, value, sd, target, low, high, met."""
    seen = observe(params, seeds)
    missed = {p.measure for p in misses(profile, means(seen))}
    rows = [
        {
            "id": p.id, "label": p.label, "value": float(seen[p.measure].mean()), "sd": float(seen[p.measure].std()),
            "target": p.target, "low": p.low, "high": p.high, "met": p.measure not in missed,
        }
        for p in patterns(profile)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def rounded(value: float, digits: int = 4) -> float:
    """Value with so many significant digits: what goes into a file is what was judged."""
    if value == 0.0 or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def reference(params: Params, seeds: Sequence[int]) -> dict[str, object]:
    """Reference performance of a profile, measured on its siloed runs, per head and year.

    See :class:`sim.parameters.Reference`. Written into the profile's file, it prices
    cost-neutral pay plans.
    """
    return reference_of(params, [simulate(params, seed) for seed in seeds])


def reference_of(params: Params, results: Sequence[Result]) -> dict[str, object]:
    """:func:`reference` of runs that are there, without what they cannot tell (no quarter ended, nothing won)."""
    years = params.horizon.months / 12.0
    pooled = np.mean([r.pooled for r in results], axis=0) / years
    months = np.concatenate([np.asarray(r.world.months[params.horizon.burn_in_months :]) for r in results])
    n = float(months["attainment_n"].sum())
    people = params.people
    heads = (people.marketers, people.developers, people.sellers, people.success_managers)
    rows: dict[str, object] = {role.name: _row(pooled[role], heads[role]) for role in Role if heads[role] > 0}
    rows["company"] = _row(pooled[S.N_ROLES], sum(heads))
    won = float(pooled[Role.seller, Event.won_acv])
    mean = float(months["attainment"].sum()) / n if n > 0.0 else 0.0
    if mean > 0.0:
        rows["attainment_mean"] = rounded(mean)
        rows["attainment_sd"] = rounded(
            math.sqrt(max(float(months["attainment_squared"].sum()) / n - mean * mean, 0.0))
        )
    if won > 0.0:
        rows["low_share"] = rounded(float(pooled[Role.seller, WON_ACV_LOW]) / won)
    return rows


def _row(amounts: NDArray[np.float64], heads: int) -> dict[str, float]:
    """Amounts per head by event name."""
    return {event.name: rounded(float(amounts[event]) / heads) for event in Event if amounts[event]}

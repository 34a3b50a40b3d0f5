"""The worlds of the analytic limits: everybody alike, nobody learns or refuses; and how chances are compared.

Seeds are fixed. Each statistical comparison is exact (binomial) or on known distributions
and fails a right model with probability ALPHA; there are about twenty of them, so a change
of draws that leaves the model right breaks one about once in fifty times.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

import sim
from sim.engine import Result
from sim.parameters import Params
from sim.state import World

ALPHA = 1e-3

# Nobody differs, nobody leaves, nobody learns, nobody refuses; every working day is whole.
ALIKE: dict[str, object] = {
    "market.fit_spread": 0.0, "market.intent_spread": 0.0, "market.acv_spread": 0.0, "market.cycle_spread": 0.0,
    "market.fit_intent_correlation": 0.0, "market.readiness_mean": 0.0, "market.readiness_spread": 0.0,
    "market.intent_half_life_days": 10_000.0, "market.generation_elasticity": 0.0, "market.win_delay": 0.0,
    "market.win_fit": 0.0, "market.win_intent": 0.0, "market.win_hours": 0.0, "market.win_skill": 0.0,
    "market.project_intent": 0.0,
    "people.skill_spread": 0.0, "people.marketer_skill_spread": 0.0, "people.integrity_spread": 0.0,
    "people.discount_spread": 0.0, "people.optimism_mean": 0.0, "people.optimism_spread": 0.0,
    "people.turnover": 0.0, "people.ramp_months": 0.0,
    "behaviour.effort_elasticity": 0.0, "behaviour.effort_base": 1.0, "behaviour.nurture_limit": 0,
    "behaviour.bar_quantile": 0.0, "behaviour.bar_drift": 0.0, "behaviour.bar_learning": 0.0,
    "behaviour.call_bar": 0.0, "behaviour.accept_bar": 0.0, "behaviour.open_bar": 0.0, "behaviour.exit_bar": 0.0,
    "behaviour.step_intent": 0.0, "behaviour.reach_delay": 0.0, "behaviour.view_noise": 0.0,
    "behaviour.dispute_gap": 1.0, "behaviour.patience_days": 1000.0, "behaviour.attention": 500,
    "behaviour.close_discount": 0.0, "behaviour.oversell_gain": 0.0, "behaviour.territory_yield": 0.0,
    "workload.record": 0.0, "workload.handover": 0.0, "workload.triage": 0.0,
    "alignment.sla_hours": 0.0, "alignment.shared_definition": 0.0, "alignment.coordination_hours": 0.0,
    "capability.technology": 0.0,
    "horizon.burn_in_months": 0,
}  # fmt: skip


def organisation(settings: dict[str, object], **changes: object) -> Params:
    dotted = {name.replace("__", "."): value for name, value in changes.items()}
    return sim.load("mid_market", "siloed", {**settings, **dotted})


def is_binomial(hits: int, n: int, chance: float) -> None:
    """Exact two-sided test at ALPHA."""
    p = stats.binomtest(int(hits), int(n), chance).pvalue
    assert p > ALPHA, f"{hits} of {n} = {hits / n:.4f} against {chance:.4f}: p = {p:.2g}"


def leads_of(world: World) -> np.ndarray[Any, Any]:
    return np.array(world.leads[: int(world.org["leads"][0])])


def customers_of(world: World) -> np.ndarray[Any, Any]:
    return np.array(world.customers[: int(world.org["customers"][0])])


def total(result: Result, name: str) -> int:
    return int(np.asarray(result.world.months[name]).sum())

"""gtm: an agent-based simulation of go-to-market organisations.

>>> import sim
>>> params = sim.load("mid_market", arm="siloed", overrides={"alignment.visibility": 0.8})
>>> result = sim.simulate(params, seed=7)
>>> result.measures["revenue_growth"]  # doctest: +SKIP

Names are resolved on first use, so that a program that only needs parameters starts
without the compiler.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.agents import Customer, Lead, Marketer, Seller, SuccessManager, Task
    from sim.configuration import load
    from sim.engine import Result, run_seed, simulate, simulate_many
    from sim.measures import MEASURES, Measure
    from sim.model import GTMModel
    from sim.parameters import ParameterError, Params

_WHERE = {
    "Customer": "sim.agents", "Lead": "sim.agents", "Marketer": "sim.agents", "Seller": "sim.agents",
    "SuccessManager": "sim.agents", "Task": "sim.agents", "load": "sim.configuration", "Result": "sim.engine",
    "run_seed": "sim.engine", "simulate": "sim.engine", "simulate_many": "sim.engine", "MEASURES": "sim.measures",
    "Measure": "sim.measures", "GTMModel": "sim.model", "ParameterError": "sim.parameters",
    "Params": "sim.parameters",
}  # fmt: skip

__all__ = [
    "MEASURES", "Customer", "GTMModel", "Lead", "Marketer", "Measure", "ParameterError", "Params", "Result",
    "Seller", "SuccessManager", "Task", "load", "run_seed", "simulate", "simulate_many",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'sim' has no attribute '{name}'")
    value = getattr(importlib.import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

"""Organisations whose people believe in another pay plan than the one they are paid by.

Pay does two things: it costs something and reaches some people rather than others, and it
makes people behave. With ``felt`` these are two levers. Where the plan that is paid changes
and the plan that is felt does not, everybody decides as before and only money moves; where
both change, behaviour moves too. What follows from pay received whatever was expected of it
(sellers whose earnings collapse leave) belongs to the plan that is paid.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sim
from experiments.models import Kind, Organisation, Ran, Value, reported
from sim.parameters import Incentives, Params

FELT = "felt"


@dataclass(frozen=True)
class Believed:
    """Parameters, and the pay plan that people believe in."""

    params: Params
    felt: Incentives | None


@dataclass(frozen=True)
class Believing(Organisation):
    """An organisation with the factor ``felt``: the name of a pay plan."""

    @classmethod
    def of(cls, model: Organisation) -> Believing:
        """The same organisation, with that factor."""
        return cls(**{f.name: getattr(model, f.name) for f in dataclasses.fields(Organisation)})

    def kind(self, factor: str) -> Kind:
        """What is declared about a factor."""
        return Kind() if factor == FELT else super().kind(factor)

    def check(self, factor: str, value: Value) -> None:
        """Refuse a value that the factor cannot have."""
        super().check("incentives" if factor == FELT else factor, value)

    def prepare(self, arm: str, values: Mapping[str, Value]) -> Any:
        """Parameters of an arm at a point, and the plan that is felt there."""
        rest = {name: value for name, value in values.items() if name != FELT}
        params = super().prepare(arm, rest)
        if FELT not in values:
            return Believed(params, None)
        believed: Params = super().prepare(arm, {**rest, "incentives": values[FELT]})
        return Believed(params, believed.incentives)

    def address(self, prepared: Any) -> bytes:
        """Hash of all that the numbers depend on, but for the seed; as without ``felt`` where both plans agree."""
        if prepared.felt in (None, prepared.params.incentives):
            return super().address(prepared.params)
        return super().address(prepared)

    def run(self, prepared: Any, seed: int, monthly: bool) -> Ran:
        """One run."""
        if prepared.felt is None:
            return super().run(prepared.params, seed, monthly)
        return reported(sim.simulate(prepared.params, seed=seed, engine=self.engine, felt=prepared.felt), monthly)

"""What calibration compares: C1–C8 on siloed runs, C9–C11 as re-enactments of their own designs.

A :class:`Reenacted` organisation runs as one arm each of those designs: as it is, with more
or fewer free hours (C9, C10), on flat pay with and without a team bonus (C11a), with and
without ceiling and ratchet (C11b). No contrast between siloed and shared pay is among them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

import sim
from experiments import held_out, patterns
from experiments.models import Organisation, Ran, Value
from experiments.patterns import Pattern
from experiments.validation import MOST_CHANGE, Setting
from sim.parameters import Params

LUCK = "luck"  # pseudo-factor: whose luck a point meets, so that points share none
AS_IS = "as_is"
LEVELS = (AS_IS,)
# Half of an accepted range is read as two standard deviations of the tolerance; what the model leaves out adds a
# quarter of such a half.
SIDES, DISCREPANCY = 2.0, 0.25


def targets(profile: str) -> list[Pattern]:
    """C1–C11 of a profile (what the search for default values only glances at does not count here)."""
    facts = {fact.id: fact for fact in held_out.HELD_OUT}
    return [p for p in patterns.patterns(profile) if p.id != "aux"] + [
        Pattern(name, facts[name].label, measure, facts[name].aim, facts[name].low, facts[name].high)
        for name, measure in (("C11a", "team_bonus"), ("C11b", "ceiling"))
    ]


def spread(pattern: Pattern) -> float:
    """Standard deviation allowed between target and model: tolerance and discrepancy."""
    return 0.5 * (pattern.high - pattern.low) * math.hypot(1.0 / SIDES, DISCREPANCY)


WORLDS: dict[str, Callable[[Params], Params]] = {
    AS_IS: lambda params: params,
    "sales_more": lambda params: patterns.with_hours(params, "elasticity_sales", patterns.MORE),
    "sales_fewer": lambda params: patterns.with_hours(params, "elasticity_sales", patterns.FEWER),
    "marketing_more": lambda params: patterns.with_hours(params, "elasticity_marketing", patterns.MORE),
    "marketing_fewer": lambda params: patterns.with_hours(params, "elasticity_marketing", patterns.FEWER),
    "flat": held_out.flat,
    "bonus": lambda params: held_out.team_bonus(params, held_out.FIELD_BONUS, held_out.POD),
    "held": lambda params: held_out.ceiling(Setting("", params))[0],
    "free": lambda params: held_out.ceiling(Setting("", params))[1],
}
# Output of each pair of worlds: the first against the second.
PAIRS = {
    "elasticity_sales": ("sales_more", "sales_fewer"),
    "elasticity_marketing": ("marketing_more", "marketing_fewer"),
    "team_bonus": ("bonus", "flat"),
    "ceiling": ("free", "held"),
}


@dataclass(frozen=True)
class Lucky:
    """Parameters, and whose luck they meet."""

    params: Params
    luck: int


@dataclass(frozen=True)
class Reenacted(Organisation):
    """An organisation whose arms are the worlds of the patterns."""

    worlds: tuple[str, ...] = LEVELS

    @classmethod
    def of(cls, model: Organisation, worlds: tuple[str, ...]) -> Reenacted:
        """The first arm of ``model`` in these worlds."""
        return cls(**{f.name: getattr(model, f.name) for f in dataclasses.fields(Organisation)}, worlds=worlds)

    @property
    def arms(self) -> tuple[str, ...]:
        """The worlds."""
        return self.worlds

    def prepare(self, arm: str, values: Mapping[str, Value]) -> Any:
        """Parameters of a world at a point, and its luck."""
        rest = {name: value for name, value in values.items() if name != LUCK}
        params = super().prepare(next(iter(self.files)), rest)
        return Lucky(WORLDS[arm](params), int(values.get(LUCK, 0)))

    def run(self, prepared: Any, seed: int, monthly: bool) -> Ran:
        """One run."""
        return super().run(prepared.params, sim.run_seed(seed, prepared.luck), monthly)


def outputs(runs: pd.DataFrame) -> pd.DataFrame:
    """What is compared, a row each point and replication (index ``point``, ``replication``); NaN where a run failed.

    Parameters
    ----------
    runs : DataFrame
        As in ``runs.parquet`` of :class:`Reenacted` runs; ratios are paired within a replication.
    """
    tables = {
        str(world): table.set_index(["point", "replication"])
        for world, table in runs.groupby(runs["arm"].astype(str), sort=False)
    }
    levels = [p.measure for p in patterns.patterns("mid_market") if p.id != "aux" and p.measure not in PAIRS]
    found = tables[AS_IS][levels].copy()
    for name, (after, before) in PAIRS.items():
        if after in tables:
            a, b = tables[after]["new_arr"], tables[before]["new_arr"].reindex(tables[after].index)
            if name in patterns.SLOPES:
                found[name] = patterns.elasticity(a.to_numpy(), b.to_numpy())
            else:
                found[name] = ((a / b.where(b > 0.0)).where(a > 0.0) - 1.0).clip(-MOST_CHANGE, MOST_CHANGE)
    return found.sort_index()

"""The arms of a client: going on as today, each programme at each start, and its parts."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import sim
from experiments.calibration.posterior import Prepared, Uncertain
from experiments.inaction.client import Client
from experiments.inaction.programmes import DIALS, Plan, parts_of
from experiments.models import Organisation, Ran, code_of_a_file
from sim import state as S
from sim.parameters import Params, replace
from sim.parameters.programme import STAYS

NEVER = "never"
DELAYS = (0, 3, 6, 12)  # months: now, one quarter, two, four
PAYOUT = "payout"
MONTHLY = (
    "arr", "revenue", "new_arr", "churned_arr", "margin", "pay", "programme", "profit", "wasted_hours", "wasted_money",
)  # fmt: skip


@dataclass(frozen=True)
class Arm:
    """What one arm is.

    Attributes
    ----------
    label : str
        Name in ``runs.parquet``.
    plan : int
        Index of the programme; −1: none.
    delay : int
        Months until it starts.
    parts : tuple of str
        Which parts of it are done: ``pay``, ``agreements``, ``capability``.
    silent : bool
        Paid by the new plan, believing in the old one.
    """

    label: str
    plan: int = -1
    delay: int = 0
    parts: tuple[str, ...] = ()
    silent: bool = False


@dataclass(frozen=True)
class ClientModel(Uncertain):
    """A client whose replications draw everything that is not given."""

    silent: tuple[str, ...] = ()

    def code(self) -> str:
        """Hash of the code that runs: the model's, and what is done here to its parameters and its months."""
        return super().code() + code_of_a_file(Path(__file__))

    def run(self, prepared: Prepared, seed: int, monthly: bool) -> Ran:  # type: ignore[override]
        """One run with the draw of its replication, and the money of its months."""
        params = self.drawn_for(prepared, self.places[seed])
        felt = params.incentives if prepared.arm in self.silent else None
        result = sim.simulate(params, seed=seed, engine=self.engine, felt=felt)
        return Ran(result.measures, ledger(result) if monthly else None)

    def drawn_for(self, prepared: Prepared, replication: int) -> Params:
        """Parameters of an arm with the draw of a replication."""
        return ahead(self.params_of(prepared.arm, prepared.params, self.draw_of(replication)))


def ahead(params: Params) -> Params:
    """The same with a programme that takes no lever back: what is beyond the plan stays."""
    plan = params.programme
    changes: dict[str, Any] = {}
    for theme, dials in ((params.alignment, DIALS["agreements"]), (params.capability, DIALS["capability"])):
        for dial in dials:
            planned, today = getattr(plan, dial), getattr(theme, dial)
            beyond = today <= planned if dial == "sla_hours" else today >= planned  # a delay is better short
            if planned != STAYS and beyond:
                changes[f"programme.{dial}"] = STAYS
    return replace(params, changes) if plan.name != "none" and changes else params


def hourly(params: Params) -> np.ndarray[Any, Any]:
    """Loaded cost of a paid hour by role, at on-target earnings."""
    people = params.people
    year = (people.marketer_earnings, people.developer_earnings, people.seller_earnings, people.success_earnings)
    return np.array(year) * people.loading / (S.YEAR * params.workload.day_hours)


def ledger(result: sim.Result) -> pd.DataFrame:
    """One row a measured month: revenue, margin, loaded pay, external cost, wasted hours and their cost."""
    params = result.params
    start, stop = params.horizon.burn_in_months, params.horizon.burn_in_months + params.horizon.months
    months = np.asarray(result.world.months[start:stop])
    hours = np.asarray(result.world.hours[start:stop])[:, :, S.FIRST_WASTE :].sum(axis=2) / S.HOUR
    pay = (months["base_pay"] + sum(months[f"pay_{role}"] for role in S.ROLE_NAMES)) * params.people.loading
    margin = months["revenue"] * params.market.gross_margin
    people = params.people
    fixed = (people.marketing_spend_share + people.overhead_share) * params.customers.opening_arr / 12.0
    return pd.DataFrame(
        {
            "month": np.arange(1, stop - start + 1),
            "arr": months["arr"],
            "revenue": months["revenue"],
            "new_arr": months["new_arr"],
            "churned_arr": months["churned_arr"],
            "margin": margin,
            "pay": pay,
            "programme": months["programme_cost"],
            "profit": margin - pay - months["programme_cost"] - fixed,
            "wasted_hours": hours.sum(axis=1),
            "wasted_money": hours @ hourly(params),
        }
    )


def arms(client: Client, horizon: int) -> tuple[Arm, ...]:
    """Every arm that is run: never, and of each programme all starts, all sets of its parts, and its pay silent."""
    found = [Arm(NEVER)]
    for i, plan in enumerate(client.programmes):
        parts = parts_of(planned(client, plan))
        found += [Arm(f"{plan.name}_{delay}", i, delay, parts) for delay in DELAYS if delay < horizon]
        sets = [some for size in range(1, len(parts)) for some in combinations(parts, size)]
        found += [Arm(f"{plan.name}_only_{'_'.join(some)}", i, 0, some) for some in sets]
        if "pay" in parts:
            found.append(Arm(f"{plan.name}_{PAYOUT}", i, 0, ("pay",), silent=True))
    return tuple(found)


def planned(client: Client, plan: Plan) -> Params:
    """The profile under the client's pay with a programme: its plan is what counts here."""
    return client.load({"programme": plan.overrides})


def params_of(client: Client, arm: Arm, center: Params, horizon: int) -> Params:
    """Parameters of an arm at the centre of what is uncertain."""
    changes: dict[str, Any] = {"horizon.months": horizon}
    if arm.plan >= 0:
        plan = client.programmes[arm.plan]
        programme = planned(client, plan).programme
        for name in programme.__dataclass_fields__:
            changes[f"programme.{name}"] = getattr(programme, name)
        changes["programme.name"] = "change"
        changes["programme.cost"] = plan.cost
        changes["programme.start_months"] = float(arm.delay)
        for part, dials in DIALS.items():
            if part not in arm.parts:
                changes |= dict.fromkeys((f"programme.{dial}" for dial in dials), STAYS)
        if "pay" not in arm.parts:
            changes["programme.incentives"] = None
    return replace(center, changes)


def model(
    client: Client, center: Params, draws: Path, chosen: tuple[Arm, ...], root: int, replications: int, horizon: int
) -> ClientModel:
    """What the runner runs; ``draws`` is the file of the draws."""
    given = {name: value for name, value in client.overrides.items() if name != "incentives"}
    base = {arm.label: params_of(client, arm, center, horizon) for arm in chosen}
    plain = Organisation(
        organisation=str(client.get("profile")),
        files=dict.fromkeys(base, "siloed"),
        common=given,
        own={},
        configs=client.configs,
        base=base,
    )
    made = ClientModel.of(plain, draws, root, replications)
    assert isinstance(made, ClientModel)
    return dataclasses.replace(made, silent=tuple(arm.label for arm in chosen if arm.silent))

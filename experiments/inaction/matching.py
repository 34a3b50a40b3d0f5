"""The deals won and the churn that a client gives, met by short runs: at its centre and in every draw.

Neither is a parameter. How many deals sellers win sets their *pace*
(:mod:`experiments.fitting.scaling`): a seller who wins a third as many takes three times as
long over each, and meets a third as many who may buy. So a client with fewer or larger deals
keeps what makes a working day of the profile, where a thinner market alone would leave its
sellers idle, living on what they find for themselves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.baseline import reference_of
from experiments.fitting.scaling import LONGER, MORE, moved
from experiments.inaction import audit
from experiments.inaction.client import Client
from sim.engine import Result, run_seed, simulate
from sim.parameters import Params, declarations, replace, value_of
from sim.parameters.reference import EVENTS

MONTHS, ROOT = 12, 11  # of the short runs
PASSES, DRAW_PASSES = 3, 2
FEWEST, MOST, MOST_OF_A_DRAW = 4, 64, 16  # runs in a pass
# Luck is which sellers one has: their wins differ by some 60 %, the mean of so many by 3 %, of a draw's by 10 %.
SELLERS, SELLERS_OF_A_DRAW = 300, 40
WINS = 1_000  # that the centre's runs should see, where sellers win but few: 3 % too
SLOWEST, QUICKEST = math.log(1 / 50), math.log(20)  # pace against the profile's
STEP = 5.0  # and times in one pass
LEAVING = "customers.churn_monthly"


def columns(client: Client) -> tuple[str, ...]:
    """Parameters that are moved until runs show what the file gives: those of the pace, the hazard of leaving."""
    pace = (*LONGER, *MORE) if "new_deals_year" in client.values else ()
    return (*pace, LEAVING) if "churn_year" in client.values else pace


def center(client: Client) -> Params:
    """Status quo of a client: the profile at its size and pace, then what the file and the audit give.

    Plans are priced by what the runs show.
    """
    wins, pace, changes = client.values.get("new_deals_year"), 0.0, dict[str, Any]()
    sellers = client.values["people.sellers"]
    enough = FEWEST if wins is None else min(max(math.ceil(max(SELLERS / sellers, WINS / wins)), FEWEST), MOST)
    with ThreadPoolExecutor() as pool:
        for _ in range(PASSES):
            at = replace(_at(client, pace, changes), {"horizon.months": MONTHS})
            runs = list(pool.map(lambda r, at=at: simulate(at, run_seed(ROOT, r)), range(enough)))
            shown = np.mean([_shown(run) for run in runs], axis=0)
            quicker, leaving = _factors(client, shown)
            pace = min(max(pace + math.log(quicker), SLOWEST), QUICKEST)
            if "churn_year" in client.values:
                known, now = declarations()[LEAVING], at.customers.churn_monthly
                changes[LEAVING] = min(max(now * leaving, known.low), known.high)
            if sum(float(run.world.months["attainment_n"].sum()) for run in runs) > 0 and shown[0] > 0.0:
                changes |= _priced(at, {f"reference.{name}": row for name, row in reference_of(at, runs).items()})
    return _at(client, pace, changes)


def met(client: Client, params: Params, table: pd.DataFrame) -> pd.DataFrame:
    """Draws around a client's centre ``params``, moved until short runs of each show the wins and churn of the file.

    Each draw gets a pace and a hazard of leaving of its own; what is not given moves nothing. Every draw has luck of
    its own, so that the mean over draws owes nothing to one market.
    """
    moving = columns(client)
    if not moving:
        return table
    found = table.assign(**{name: float(value_of(params, name)) for name in moving if name not in table})
    short = replace(params, {"horizon.months": MONTHS})
    n = min(max(math.ceil(SELLERS_OF_A_DRAW / params.people.sellers), FEWEST), MOST_OF_A_DRAW)
    with ThreadPoolExecutor() as pool:
        for _ in range(DRAW_PASSES):
            rows = [replace(short, {str(k): v for k, v in row.items()}) for row in found.to_dict("records")]
            seeds = [[run_seed(ROOT, i * n + r) for r in range(n)] for i in range(len(rows))]
            shown = pool.map(lambda at, own: np.mean([_shown(simulate(at, s)) for s in own], axis=0), rows, seeds)
            factors = np.array([_factors(client, one) for one in shown])
            for name in moving:
                by = factors[:, 1] if name == LEAVING else factors[:, 0] if name in MORE else 1.0 / factors[:, 0]
                found[name] = (found[name] * by).clip(declarations()[name].low, declarations()[name].high)
    return found


def _at(client: Client, pace: float, changes: Mapping[str, Any]) -> Params:
    """The client at a pace (a logarithm), with what runs have shown so far."""
    profile = client.profile()
    x = {"pace": pace}
    if deal := client.values.get("deal_size"):
        x["deal"] = math.log(deal / profile.market.acv)
    base = replace(profile, moved(profile, client.values["people.sellers"], x))
    heard = {lever: r.mean for lever, r in audit.ranges(client.answers).items()}
    given = {key: value for key, value in client.overrides.items() if key != "incentives"}
    plan = client.profile({"incentives": client.pay}).incentives
    pay = {f"incentives.{f}": getattr(plan, f) for f in plan.__dataclass_fields__}
    return replace(replace(base, {**heard, **given}), {**pay, **changes})


def _shown(run: Result) -> NDArray[np.float64]:
    """Wins a month and gross retention of a run."""
    return np.array([run.measures["wins"], run.measures["gross_retention"]])


def _factors(client: Client, shown: NDArray[np.float64]) -> NDArray[np.float64]:
    """Times that pace and the hazard of leaving have to grow by; 1 where the file says nothing or runs show none."""
    wins, churn = client.values.get("new_deals_year"), client.values.get("churn_year")
    seen, kept = shown
    pace = wins / MONTHS / seen if wins and seen > 0.0 else 1.0
    leaving = math.log1p(-churn) / math.log(kept) if churn and 0.0 < kept < 1.0 else 1.0
    return np.array([min(max(factor, 1.0 / STEP), STEP) for factor in (pace, leaving)])


def _priced(params: Params, rows: Mapping[str, Any]) -> dict[str, Any]:
    """Reference amounts as measured; an event that nobody had keeps the scaled amount, so that it has a price."""
    found: dict[str, Any] = {}
    for name, row in rows.items():
        before = getattr(params.reference, name.partition(".")[2])
        if isinstance(row, Mapping):
            found[name] = tuple(row.get(event, was) for event, was in zip(EVENTS, before, strict=True))
        else:
            found[name] = row
    return found

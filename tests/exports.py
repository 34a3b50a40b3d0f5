"""Exports of simulated organisations, as a CRM would give them: the truth behind them is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim import state as S
from sim.engine import advance, months_of
from sim.parameters import Params
from sim.world import build

FIRST = np.datetime64("2022-01-03")
CALENDAR = 365.0 / 252.0


@dataclass(frozen=True)
class Exported:
    """Both tables."""

    leads: pd.DataFrame
    deals: pd.DataFrame


def export(params: Params, seed: int) -> Exported:
    """Run an organisation day by day and write down what its CRM would hold on the last evening.

    Only what began after the burn-in is exported, as if the CRM had been introduced then.
    """
    world = build(params, seed, months_of(params))
    start, end = params.horizon.burn_in_months * S.MONTH, months_of(params) * S.MONTH
    room = 1 << 20
    ended = np.full(room, np.nan)
    owner = np.full(room, -1, dtype=np.int64)
    over = np.zeros(room, dtype=bool)
    advance(world, start)
    for day in range(start, end + 1):
        if day > start:
            advance(world, day)
        n = int(world.org["leads"][0])
        stage = np.asarray(world.leads["stage"][:n])
        seller = np.asarray(world.leads["seller"][:n])
        opened = stage == S.OPPORTUNITY
        generation = np.asarray(world.sellers["generation"])
        owner[:n][opened] = seller[opened] * 100 + generation[seller[opened]]
        done = (stage == S.WON) | (stage == S.LOST)
        new = done & ~over[:n]
        ended[:n][new] = day - 0.5 if day > start else np.nan  # in the course of that day
        unseen = new & (owner[:n] < 0)
        owner[:n][unseen] = seller[unseen] * 100 + generation[seller[unseen]]
        over[:n] |= done
    n = int(world.org["leads"][0])
    table = np.asarray(world.leads[:n])
    return Exported(_leads(table, ended[:n], start), _deals(table, ended[:n], owner[:n], start))


def _date(day: np.ndarray) -> np.ndarray:
    known = np.isfinite(day)
    whole = np.floor(np.where(known, day, 0) * CALENDAR).astype("timedelta64[D]")
    return np.where(known, FIRST + whole, np.datetime64("NaT"))


def _leads(table: np.ndarray, ended: np.ndarray, start: int) -> pd.DataFrame:
    chosen = (table["source"] == S.FROM_MARKETING) & (table["born"] >= start)
    rows, end = table[chosen], ended[chosen]
    won = rows["stage"] == S.WON
    opened = (rows["opened"] > 0) & np.isin(rows["stage"], (S.OPPORTUNITY, S.WON, S.LOST))
    return pd.DataFrame(
        {
            "Lead ID": rows["key"],
            "Created Date": _date(rows["born"].astype(float)),
            "Lead Source": "Web",
            "Converted Date": _date(np.where(opened, rows["opened"], np.nan)),
            "Won Date": _date(np.where(won, end, np.nan)),
        }
    )


def _deals(table: np.ndarray, ended: np.ndarray, owner: np.ndarray, start: int) -> pd.DataFrame:
    chosen = (table["opened"] >= start) & np.isin(table["stage"], (S.OPPORTUNITY, S.WON, S.LOST))
    rows, end, who = table[chosen], ended[chosen], owner[chosen]
    stage = np.select([rows["stage"] == S.WON, rows["stage"] == S.LOST], ["Closed Won", "Closed Lost"], "Negotiation")
    # A deal that opens and ends within one day is dated by that day.
    end = np.where(np.isfinite(end), np.maximum(end, np.floor(rows["opened"])), np.nan)
    return pd.DataFrame(
        {
            "Opportunity ID": rows["key"],
            "Created Date": _date(rows["opened"]),
            "Close Date": _date(end),
            "Stage": stage,
            "Amount": np.round(rows["acv"] * (1.0 - rows["discount"]), 2),
            "Opportunity Owner": [f"Seller {n}" for n in who],
        }
    )

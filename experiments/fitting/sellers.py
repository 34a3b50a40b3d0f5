"""Sellers: how many are at work, how far they differ, how much each carries. Numbers, no names."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize

from experiments.fitting.cleaning import LOST, OPEN, WON
from experiments.fitting.estimate import NOTHING, Estimate, Floats, wilson
from experiments.fitting.months import MONTH

GONE, GAPS = 60.0, 4.0  # silent for so many days, and so many times their usual gap: no longer at work
LIVELY = 14.0  # silent for longer, and for more than twice their usual gap: perhaps no longer at work
CARRIED = 3.0  # open deals of the usual seller, from which on having none is telling
WINDOW = 90.0  # last days over which sellers at work are averaged
FEWEST, DECIDED = 4, 10  # sellers, and decided deals of each, that a spread needs
SHOWN = 30
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(21)


@dataclass(frozen=True)
class Sellers:
    """What deals say of their owners.

    Attributes
    ----------
    active : Estimate
        Sellers at work at the end; the interval goes from those who were active lately to
        the most in the last 90 days.
    seen : int
        Owners that appear at all.
    win_spread : Estimate
        Standard deviation between sellers of the log-odds of winning, chance taken out.
    volume_spread : Estimate
        The same of the logarithm of wins a month.
    load : Estimate
        Open deals that one seller carries.
    decided_per_month : float
        Deals that one seller brings to an end in a month.
    top_fifth : float
        Share of wins of the best fifth of sellers.
    each : list
        Number, decided deals, win rate with interval, wins a month, of each seller.
    """

    active: Estimate
    seen: int
    win_spread: Estimate
    volume_spread: Estimate
    load: Estimate
    decided_per_month: float
    top_fifth: float
    each: list[dict[str, Any]]


def sellers(deals: pd.DataFrame, then: pd.DataFrame, until: float) -> Sellers | None:
    """Estimate all of it; None where no deal has an owner.

    Parameters
    ----------
    deals, then : DataFrame
        All deals, and as they stood on the last day on which deals were still added: who is at work, and with how many
        open ones, is told on that day.
    until : float
        That day.
    """
    owned, carried = (frame[frame["owner"] >= 0] for frame in (deals, then))
    if carried.empty:
        return None
    spells = _spells(carried, until)
    if spells.empty:
        return None
    active = _active(spells, until)
    won, decided = _ended(carried, spells)
    at_work = np.maximum((spells["last"] - spells["first"]).to_numpy() / MONTH, 1.0)
    lost_known = bool((deals["outcome"] == LOST).any())
    win_spread = win_spread_of(*_ended(owned, spells)) if lost_known else NOTHING
    long_enough = at_work >= 2.0
    many = long_enough.sum() >= FEWEST and won[long_enough].sum() >= 5 * FEWEST
    volume = _volume_spread(won[long_enough], at_work[long_enough]) if many else NOTHING
    order = np.argsort(-won, kind="stable")
    each = [
        {
            "seller": n, "decided": int(decided[place]), "won": int(won[place]),
            "wins_a_month": float(won[place] / at_work[place]),
            "win_rate": wilson(won[place], decided[place]).plain() if lost_known else None,
        }
        for n, place in enumerate(order[:SHOWN], 1)
    ]  # fmt: skip
    best = won[order[: max(1, round(0.2 * len(order)))]].sum()
    return Sellers(
        active, len(spells), win_spread, volume, _load(carried, until),
        float(decided.sum() / at_work.sum()), float(best / won.sum()) if won.sum() else math.nan, each,
    )  # fmt: skip


def _ended(owned: pd.DataFrame, spells: pd.DataFrame) -> tuple[Floats, Floats]:
    """Wins, and deals that ended, of each owner."""
    return _by_owner(owned, owned["outcome"] == WON, spells), _by_owner(owned, owned["outcome"] != OPEN, spells)


def _by_owner(owned: pd.DataFrame, chosen: pd.Series[bool], spells: pd.DataFrame) -> Floats:
    """How many rows are chosen, of each owner in the order of the spells."""
    return np.asarray(chosen.groupby(owned["owner"]).sum().reindex(spells.index), dtype=float)


def win_spread_of(won: Floats, decided: Floats) -> Estimate:
    """Spread of sellers' log-odds of winning, from those with enough deals."""
    enough = decided >= DECIDED
    return _win_spread(won[enough], decided[enough]) if enough.sum() >= FEWEST else NOTHING


def _spells(owned: pd.DataFrame, cutoff: float) -> pd.DataFrame:
    """First and last day on which anything of a seller's happened."""
    dates = owned[["created", "closed"]]
    found = pd.DataFrame({"owner": owned["owner"], "first": dates.min(axis=1), "last": dates.max(axis=1)}).dropna()
    spells = found.groupby("owner").agg(first=("first", "min"), last=("last", "max"), rows=("first", "size"))
    gap = (spells["last"] - spells["first"]) / (spells["rows"] - 1).clip(lower=1)
    silent = cutoff - spells["last"]
    carried = (owned["outcome"] == OPEN).groupby(owned["owner"]).sum().reindex(spells.index)
    # Where sellers carry deals, one who carries none has handed them over, though some may end in the own name.
    gone = (carried == 0) & (float(carried[silent <= GONE].median()) >= CARRIED)
    spells["lively"] = ~gone & (silent <= np.maximum(LIVELY, 2.0 * gap))
    spells.loc[~gone & (silent <= np.maximum(GONE, GAPS * gap)), "last"] = cutoff
    return spells


def _active(spells: pd.DataFrame, cutoff: float) -> Estimate:
    # Who owns next to nothing is a manager or a mistake, not a seller.
    usual = spells[spells["rows"] >= 0.05 * float(spells["rows"].median())]
    begin = max(cutoff - WINDOW, float(usual["first"].min()))
    days = np.arange(begin, cutoff + 1)
    at_work = np.array([((usual["first"] <= day) & (usual["last"] >= day)).sum() for day in days], dtype=float)
    end = at_work[-min(len(at_work), 30) :]
    fewest = min(float(end.min()), float(usual["lively"].sum()))
    return Estimate(float(round(end.mean())), fewest, float(max(end.max(), at_work.max())), len(usual))


def _load(owned: pd.DataFrame, cutoff: float) -> Estimate:
    """Open deals of a seller on the last day (stale ones left out: nobody carries them)."""
    times = (owned["closed"] - owned["created"]).dropna()
    if times.empty:
        return NOTHING
    stale = cutoff - 3.0 * float(times.quantile(0.95)) - 1.0
    carried = owned[(owned["outcome"] == OPEN) & (owned["created"] >= stale)].groupby("owner").size().to_numpy(float)
    if not len(carried):
        return NOTHING
    low, high = np.quantile(carried, [0.25, 0.75])
    return Estimate(float(np.median(carried)), float(low), float(high), len(carried))


def _win_spread(won: Floats, decided: Floats) -> Estimate:
    """Between-seller sd of a logit, chance of each seller's own deals integrated out."""

    def likelihood(x: Floats) -> float:
        logits = x[0] + np.exp(x[1]) * NODES[:, None]
        log_p = won * -np.logaddexp(0, -logits) + (decided - won) * -np.logaddexp(0, logits)
        return -_integrated(log_p)

    return _profile(likelihood, float(np.log((won.sum() + 0.5) / (decided.sum() - won.sum() + 0.5))), len(won))


def _volume_spread(won: Floats, at_work: Floats) -> Estimate:
    """Between-seller sd of log wins a month, Poisson noise integrated out."""

    def likelihood(x: Floats) -> float:
        mean = np.exp(np.clip(x[0] + np.exp(x[1]) * NODES[:, None], -30, 30)) * at_work
        return -_integrated(won * np.log(mean) - mean)

    return _profile(likelihood, float(np.log((won.sum() + 0.5) / at_work.sum())), len(won))


def _integrated(log_p: Floats) -> float:
    """Log likelihood of all sellers, each one's own deviation integrated out (nodes are rows)."""
    highest = log_p.max(axis=0)
    return float((highest + np.log((WEIGHTS[:, None] * np.exp(log_p - highest)).sum(axis=0))).sum())


def _profile(likelihood: Any, start: float, n: int) -> Estimate:
    """Maximum of a likelihood of (mean, log sd), and the values of the sd within 1.92 of it."""
    grid = np.log(np.concatenate([[0.02], np.linspace(0.05, 2.5, 50)]))
    values, mean = [], start
    for log_sd in grid:
        found = optimize.minimize_scalar(
            lambda m, s=log_sd: likelihood(np.array([m, s])), bounds=(mean - 2, mean + 2), method="bounded"
        )
        mean = float(found.x)
        values.append(float(found.fun))
    score = np.array(values)
    inside = np.exp(grid[score <= score.min() + 1.92])
    best = float(np.exp(grid[int(score.argmin())]))
    low, high = float(inside.min()), float(inside.max())
    return Estimate(best, 0.0 if low <= 0.05 else low, high, n, math.log(max(high, 0.06) / max(low, 0.05)) / 3.92)

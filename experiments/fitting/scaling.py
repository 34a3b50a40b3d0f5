"""From a base profile to one of another size and speed: what the export does not hold, scaled coherently.

Two numbers carry a profile over. *Size* is the number of sellers: everybody else, the
base of customers and the market go with it. *Pace* is how many opportunities a seller
has in a month: an organisation of pace 2 meets twice as many leads and candidates and
does each task in half the time, so a day of it is two days of the base. Bars in euros and
prices go with the size of deals.
"""

from __future__ import annotations

import math
from typing import Any

from experiments.baseline import rounded
from sim.parameters import Event, Params, declarations, replace

# Hours of one event: all of workload but shares of a day and the length of the day.
TASKS = (
    "qualify", "nurture", "handover", "triage", "contact", "discovery", "step", "deepen", "close", "prospect", "note",
    "search", "question", "correction", "dispute", "dispute_agreed", "duplicate", "record", "onboarding", "care",
    "expansion",
)  # fmt: skip
LONGER = (*(f"workload.{task}" for task in TASKS), "market.win_hours_scale")  # where less is done in a day
MORE = ("market.candidates_per_day", "behaviour.territory_refresh")  # where more is
BARS = ("call_bar", "accept_bar", "open_bar", "exit_bar")
USUAL = 0.25  # win rate of the profiles
ROWS = ("marketer", "developer", "seller", "success", "company")
OTHERS = ("marketers", "developers", "success_managers")


def sized(base: Params, sellers: int) -> dict[str, Any]:
    """Changes that give an organisation of so many sellers in the proportions of the base."""
    factor = sellers / base.people.sellers
    changes: dict[str, Any] = {"people.sellers": sellers}
    for role in OTHERS:
        heads = getattr(base.people, role)
        changes[f"people.{role}"] = max(1, round(heads * factor)) if heads else 0
    marketing = changes["people.marketers"] / max(base.people.marketers, 1)
    changes["market.generation_reference"] = rounded(base.market.generation_reference * marketing)
    return changes


def moved(base: Params, sellers: int, x: dict[str, float], finds: bool = True) -> dict[str, Any]:
    """Changes for a point of the search, held within the declared bounds.

    Parameters
    ----------
    base : Params
        The base profile.
    sellers : int
        Sellers of the organisation.
    x : dict
        ``volume``, ``pace``, ``cycle``, ``cycle_spread``, ``deal``, ``deal_spread`` as logarithms of a factor on the
        base; ``win`` as a shift in log-odds. What is missing stays as in the base.
    finds : bool
        Whether sellers find customers of their own; False where every win comes from a lead.
    """
    return {key: _held(key, value) for key, value in _wanted(base, sellers, x, finds).items()}


def beyond(base: Params, sellers: int, x: dict[str, float], finds: bool = True) -> dict[str, float]:
    """What the point would have needed outside the declared bounds: dotted name and value wanted.

    The model knows no cycle below a business day, for one.
    """
    wanted = _wanted(base, sellers, x, finds)
    return {key: float(value) for key, value in wanted.items() if _held(key, value) != value}


def _held(key: str, value: Any) -> Any:
    known = declarations().get(key)
    return value if known is None else min(max(value, known.low), known.high)


def _wanted(base: Params, sellers: int, x: dict[str, float], finds: bool) -> dict[str, Any]:
    changes = sized(base, sellers)
    size = sellers / base.people.sellers
    pace, deal = math.exp(x.get("pace", 0.0)), math.exp(x.get("deal", 0.0))
    market, behaviour = base.market, base.behaviour
    changes["market.candidates_per_day"] = rounded(
        market.candidates_per_day * size * pace * math.exp(x.get("volume", 0.0)), 6
    )
    for task in TASKS:
        changes[f"workload.{task}"] = rounded(getattr(base.workload, task) / pace)
    changes["market.win_hours_scale"] = rounded(market.win_hours_scale / pace)
    changes["behaviour.territory_refresh"] = rounded(behaviour.territory_refresh * pace)
    changes["behaviour.attention"] = max(1, round(behaviour.attention * pace))
    changes["market.win_intercept"] = rounded(market.win_intercept + x.get("win", 0.0), 6)
    changes["market.cycle_days"] = rounded(market.cycle_days * math.exp(x.get("cycle", 0.0)), 6)
    changes["market.cycle_spread"] = rounded(market.cycle_spread * math.exp(x.get("cycle_spread", 0.0)), 6)
    changes["market.acv"] = rounded(market.acv * deal, 6)
    changes["market.acv_spread"] = rounded(market.acv_spread * math.exp(x.get("deal_spread", 0.0)), 6)
    for bar in BARS:
        changes[f"behaviour.{bar}"] = rounded(getattr(behaviour, bar) * deal)
    # What sellers win in a year, against the base: quota and the base of customers go with it.
    won = pace * deal * _more_wins(x.get("win", 0.0))
    changes["people.quota"] = rounded(base.people.quota * won)
    changes["customers.opening_arr"] = rounded(base.customers.opening_arr * size * won)
    if not finds:
        changes["behaviour.territory_yield"] = 0.0
    changes.update(_reference(base, pace, pace * math.exp(x.get("volume", 0.0)), won))
    return changes


def _more_wins(shift: float) -> float:
    """How many times as many deals are won after a shift of the log-odds, from a usual win rate."""
    return 1.0 / (USUAL + (1.0 - USUAL) * math.exp(-0.75 * shift))


def _reference(base: Params, pace: float, leads: float, won: float) -> dict[str, tuple[float, ...]]:
    """Amounts a year about right for the new size, until they are measured: plans are priced with them."""
    counted = {Event.lead_captured: leads, Event.mql: leads}
    factors = [counted.get(event, pace if event <= Event.won_deal else won) for event in Event]
    rows = {name: getattr(base.reference, name) for name in ROWS}
    return {f"reference.{name}": tuple(a * f for a, f in zip(row, factors, strict=True)) for name, row in rows.items()}


def organisation(base: Params, sellers: int, x: dict[str, float], finds: bool = True) -> Params:
    """The organisation of a point of the search."""
    return replace(base, moved(base, sellers, x, finds))

"""What is uncertain about a client, as a table of draws: a row is one way the client may be.

A client is a scaled profile: :func:`experiments.fitting.scaling.moved` carries size and deals
over, and two corrections on short runs meet the wins and the churn that the file gives. Draws
come from the profile's posterior; where none is shipped, human nature comes from that of
``mid_market`` and everything else from its prior around the profile. What a fitted profile
has from an export is drawn from the interval of the fit. Each draw keeps its
distance from the profile when it is carried to the client. Given values are never drawn.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from experiments.baseline import reference_of
from experiments.calibration import posterior
from experiments.calibration.space import shared_names, space
from experiments.fitting.scaling import bounds, moved
from experiments.inaction import audit
from experiments.inaction.client import Client
from experiments.studies.plan import value_of
from sim.configuration import configs_folders, find, sources
from sim.engine import run_seed, simulate
from sim.parameters import PLAN_THEMES, Params, declared, replace
from sim.parameters.priors import distribution
from sim.parameters.reference import EVENTS

HUMAN = "mid_market"  # whose posterior of human nature is lent
MATCHING_SEEDS, MATCHING_MONTHS, PASSES = 4, 12, 3
ROOT = 11  # of the matching runs
COST = "money.cost_factor"  # external cost relative to plan; no parameter of the model
# Never drawn: how long a programme is planned, and how it is led, is what is under discussion.
DECIDED = ("programme.duration_months", "programme.mandate")


@dataclass(frozen=True)
class Drawn:
    """The client as parameters, and the draws around it.

    Attributes
    ----------
    center : Params
        The client's status quo, everything at its centre.
    table : DataFrame
        One row a draw, one column a parameter.
    cost : array, shape (programme, draw)
        External cost relative to plan.
    source : mapping of str to str
        Of each column: ``audit``, ``fitted`` or ``assumed``; ``fitted`` also of what is read off and not drawn.
    posterior : str
        Where the draws come from.
    """

    center: Params
    table: pd.DataFrame
    cost: NDArray[np.float64]
    source: dict[str, str]
    posterior: str


def center(client: Client) -> Params:
    """Status quo of a client: the profile at its size, then what the file and the audit give."""
    profile = client.profile()
    x: dict[str, float] = {}
    if deal := client.values.get("deal_size"):
        x["deal"] = math.log(deal / profile.market.acv)
    sellers = client.values["people.sellers"]
    scaled = moved(profile, sellers, x)
    heard = {lever: r.mean for lever, r in audit.ranges(client.answers).items()}
    base = replace(profile, scaled)
    given = {key: value for key, value in client.overrides.items() if key != "incentives"}
    base = replace(base, {**heard, **given})
    plan = client.profile({"incentives": client.pay}).incentives
    return matched(client, replace(base, {f"incentives.{f}": getattr(plan, f) for f in plan.__dataclass_fields__}))


def matched(client: Client, params: Params) -> Params:
    """Candidates and churn moved until short runs show the wins and the churn of the file; then plans are priced."""
    short = {"horizon.months": MATCHING_MONTHS}
    wins, churn = client.values.get("new_deals_year"), client.values.get("churn_year")
    with ThreadPoolExecutor() as pool:
        for _ in range(PASSES):
            at = replace(params, short)
            seeds = [run_seed(ROOT, r) for r in range(MATCHING_SEEDS)]
            runs = list(pool.map(lambda seed, at=at: simulate(at, seed), seeds))
            changes: dict[str, Any] = {}
            seen = {name: float(np.mean([r.measures[name] for r in runs])) for name in ("wins", "gross_retention")}
            if wins and seen["wins"] > 0.0:
                factor = min(max((wins / MATCHING_MONTHS / seen["wins"]) ** 1.3, 0.2), 5.0)
                changes["market.candidates_per_day"] = _within("market.candidates_per_day", params, factor)
            if churn and 0.0 < seen["gross_retention"] < 1.0:
                factor = min(max(math.log1p(-churn) / math.log(seen["gross_retention"]), 0.2), 5.0)
                changes["customers.churn_monthly"] = _within("customers.churn_monthly", params, factor)
            rows = {}
            if sum(float(r.world.months["attainment_n"].sum()) for r in runs) > 0 and seen["wins"] > 0:
                rows = {f"reference.{name}": value for name, value in reference_of(at, runs).items()}
            params = replace(params, {**changes, **_priced(params, rows)})
    return params


def _priced(params: Params, rows: dict[str, Any]) -> dict[str, Any]:
    """Reference amounts as measured; an event that nobody had keeps the scaled amount, so that it has a price."""
    found: dict[str, Any] = {}
    for name, row in rows.items():
        before = getattr(params.reference, name.partition(".")[2])
        if isinstance(row, dict):
            found[name] = tuple(row.get(event, was) for event, was in zip(EVENTS, before, strict=True))
        else:
            found[name] = row
    return found


def _within(key: str, params: Params, factor: float) -> float:
    known = bounds()[key]
    return min(max(float(value_of(params, key)) * factor, known.low), known.high)


def draw(client: Client, params: Params, n: int, seed: int) -> Drawn:
    """``n`` draws around the client whose status quo is ``params``."""
    profile = client.profile()
    table, where = _posterior(client, profile, n, seed)
    given = set(client.overrides)
    table = table[[name for name in table if name not in given]]
    table = pd.DataFrame({str(name): _carried(str(name), table[name], profile, params) for name in table})
    told = fitted(client)
    table = table[[name for name in table if name not in told or "low" in told[name]]]
    source = dict.fromkeys(map(str, table), "assumed") | dict.fromkeys(told, "fitted")
    spans = audit.ranges(client.answers)
    asked = {
        f"{theme}.{name}": d
        for theme, name, d, _ in declared()
        if theme in PLAN_THEMES and d.prior and f"{theme}.{name}" not in (*spans, *DECIDED)
    }
    cube = stats.qmc.LatinHypercube(len(spans) + len(asked) + len(client.programmes), rng=np.random.default_rng(seed))
    u = cube.random(n).T
    for (lever, span), at in zip(spans.items(), u, strict=False):
        if lever not in given:
            table[lever] = span.at(at)
            source[lever] = "audit"
    for (name, d), at in zip(asked.items(), u[len(spans) :], strict=False):
        table[name] = np.clip(distribution(d.prior).ppf(at), d.low, d.high)
        source[name] = "assumed"
    costs = [_cost(plan.cost, plan.cost_low, plan.cost_high, at) for plan, at in
             zip(client.programmes, u[len(spans) + len(asked) :], strict=True)]  # fmt: skip
    return Drawn(params, table, np.array(costs), source, where)


def fitted(client: Client) -> dict[str, dict[str, Any]]:
    """What the profile has from an export and nobody has given since: 95 % intervals by parameter, where there are."""
    known = {"new_deals_year": "market.candidates_per_day", "churn_year": "customers.churn_monthly"}
    given = {*client.overrides, *(name for key, name in known.items() if key in client.values)}
    return {
        name: source for name, source in sources(client.get("profile"), client.configs).items() if name not in given
    }


def _posterior(client: Client, profile: Params, n: int, seed: int) -> tuple[pd.DataFrame, str]:
    organisation = find("organisation", client.get("profile"), configs=client.configs)
    name, told = organisation.stem, sources(organisation)
    file = posterior.beside(organisation)
    if file is not None and not told:
        draws = posterior.read(file)
        return draws.iloc[np.arange(n) % len(draws)].reset_index(drop=True), f"posterior of {name}"
    human = posterior.read(configs_folders()[-1] / "behaviour" / f"posterior_{HUMAN}.parquet")
    rows = human.iloc[np.arange(n) % len(human)].reset_index(drop=True)
    lent = [column for column in rows if column in shared_names() and column not in told]
    own = space(profile, [c for c in space(profile).names if c not in lent and c not in told])
    within = [key for key in told if "low" in told[key]]
    u = stats.qmc.LatinHypercube(len(own.names) + len(within), rng=np.random.default_rng(seed + 1)).random(n)
    table = pd.DataFrame(own.values(stats.norm.ppf(u[:, : len(own.names)])))
    for key, at in zip(within, u[:, len(own.names) :].T, strict=True):
        table[key] = _in_interval(float(value_of(profile, key)), told[key]["low"], told[key]["high"], at)
    known = f"{HUMAN} (human nature), priors of {name} (all else)"
    if told:
        known = f"the fit of {name} (what its export tells), {known}"
    return pd.concat([table, rows[lent]], axis=1), known


def _in_interval(value: float, low: float, high: float, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """A bell around a fitted value with these 95 % ends, of logarithms where these are the more symmetric."""
    z = stats.norm.ppf(u) / (2.0 * stats.norm.ppf(0.975))
    logs = low > 0.0 and abs(math.sqrt(low * high) - value) < abs((low + high) / 2.0 - value)
    found: NDArray[np.float64] = value * np.exp(z * math.log(high / low)) if logs else value + z * (high - low)
    return found


def _carried(name: str, column: pd.Series[Any], profile: Params, params: Params) -> Any:
    """A column at the client's size: as far from its centre as it was from the profile's."""
    if name not in bounds() or not pd.api.types.is_numeric_dtype(column):
        return column
    was, now, known = float(value_of(profile, name)), float(value_of(params, name)), bounds()[name]
    moved_by = column * (now / was) if was > 0.0 and now > 0.0 else column + (now - was)
    inside = (column if was == now else moved_by).clip(known.low, known.high)
    return inside.round().astype(int) if pd.api.types.is_integer_dtype(column) else inside


def _cost(cost: float, low: float, high: float, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """External cost relative to plan, triangular over what the file says."""
    if cost == 0.0 or low == high:
        return np.ones(len(u))
    found: NDArray[np.float64] = stats.triang((cost - low) / (high - low), low, high - low).ppf(u) / cost
    return found

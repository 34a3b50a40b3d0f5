"""What is uncertain about a client, as a table of draws: a row is one way the client may be.

Draws come from the profile's posterior; where none is shipped, human nature comes from that
of ``mid_market`` and everything else from its prior around the profile. What a fitted profile
has from an export is drawn from the interval of the fit. Each draw keeps its distance from
the profile when it is carried to the client, and is then moved until its runs show the wins
and the churn of the file (:mod:`experiments.inaction.matching`). Given values are never drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from experiments.calibration import posterior
from experiments.calibration.space import shared_names, space
from experiments.inaction import audit, matching
from experiments.inaction.client import Client
from sim.configuration import configs_folders, find, sources
from sim.parameters import PLAN_THEMES, Params, declarations, declared, value_of
from sim.parameters.priors import distribution

CANDIDATES = "market.candidates_per_day"
HUMAN = "mid_market"  # whose posterior of human nature is lent
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
        Of each column: ``audit``, ``fitted``, ``matched`` (to the wins or the churn of the file) or ``assumed``;
        ``fitted`` also of what is read off and not drawn.
    posterior : str
        Where the draws come from.
    """

    center: Params
    table: pd.DataFrame
    cost: NDArray[np.float64]
    source: dict[str, str]
    posterior: str


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
    table = matching.met(client, params, table)
    # Hours keep their origin, being drawn before the pace is; what an export or nothing told is the client's own now.
    own = (CANDIDATES, matching.LEAVING)
    source |= {name: "matched" for name in matching.columns(client) if name in own or source.get(name) != "assumed"}
    return Drawn(params, table, np.array(costs), source, where)


def fitted(client: Client) -> dict[str, dict[str, Any]]:
    """What the profile has from an export and nobody has given since: 95 % intervals by parameter, where there are."""
    given = {*client.overrides, *matching.columns(client)}
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
    if name not in declarations() or not pd.api.types.is_numeric_dtype(column):
        return column
    was, now, known = float(value_of(profile, name)), float(value_of(params, name)), declarations()[name]
    moved_by = column * (now / was) if was > 0.0 and now > 0.0 else column + (now - was)
    inside = (column if was == now else moved_by).clip(known.low, known.high)
    return inside.round().astype(int) if pd.api.types.is_integer_dtype(column) else inside


def _cost(cost: float, low: float, high: float, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """External cost relative to plan, triangular over what the file says."""
    if cost == 0.0 or low == high:
        return np.ones(len(u))
    found: NDArray[np.float64] = stats.triang((cost - low) / (high - low), low, high - low).ppf(u) / cost
    return found

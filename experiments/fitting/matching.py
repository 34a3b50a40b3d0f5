"""Parameters whose simulation says what the export says.

A handful of numbers is matched, each by the one parameter that moves it most and the
others hardly (:data:`PAIRS`); everything else comes from the base profile. The search is
a bounded least-squares one (``scipy.optimize.least_squares``) on siloed runs with common
seeds, from a slope measured once. Intervals of parameters carry over those of the data
and the noise of the runs, given the rest of the base: they do not hold what the base
itself may be wrong about.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from experiments.fitting.estimate import Estimate, Floats, on_scale
from experiments.fitting.scaling import organisation
from sim import state as S
from sim.engine import Result, run_seed, simulate
from sim.parameters import Event, Params, replace

CALENDAR = 365.0 / 252.0
MONTHS, BURN_IN = 18, 6
ROOT = 5  # seeds of the matching: not those on which the base was found or confirmed
WINS = 1_500  # that every evaluation simulates: 3 % of doubt in the odds of winning
FEWEST_RUNS, MOST_RUNS = 2, 16
EVALUATIONS = 5
MOST_SELLERS = 40  # larger organisations are matched on one of as many sellers: moments are per head


@dataclass(frozen=True)
class Pair:
    """A number of the export and the parameter that is moved to meet it.

    Attributes
    ----------
    moment, x : str
        What kind of number; name of the coordinate of the search.
    scale : {"log", "logit"}
        On which both are compared.
    slope : float
        How much the number moves with the coordinate, roughly.
    low, high : float
        Bounds of the coordinate.
    parameter : str
        Dotted name of what is moved.
    """

    moment: str
    x: str
    scale: str
    slope: float
    low: float
    high: float
    parameter: str


PAIRS = (
    Pair("volume", "volume", "log", 0.8, math.log(0.02), math.log(50), "market.candidates_per_day"),
    Pair("flow", "pace", "log", 0.95, math.log(0.02), math.log(60), "workload"),
    # Leads and wins with nothing known in between: leads a seller give the pace, wins a lead the chance of winning.
    Pair("load", "pace", "log", 1.0, math.log(0.02), math.log(60), "workload"),
    Pair("yield", "win", "log", 0.65, -6.0, 8.0, "market.win_intercept"),
    Pair("win_rate", "win", "logit", 0.7, -6.0, 8.0, "market.win_intercept"),
    Pair("cycle", "cycle", "log", 0.85, math.log(0.02), math.log(20), "market.cycle_days"),
    Pair("cycle_spread", "cycle_spread", "log", 0.6, math.log(0.1), math.log(5), "market.cycle_spread"),
    Pair("deal", "deal", "log", 1.0, math.log(1e-4), math.log(1e4), "market.acv"),
    Pair("deal_spread", "deal_spread", "log", 0.8, math.log(0.1), math.log(4), "market.acv_spread"),
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """What is to be met: per seller where it is a flow.

    Attributes
    ----------
    pair : Pair
        The number and its parameter.
    what : str
        What exactly is counted: ``leads``, ``mqls``, ``opportunities``, ``wins``, ….
    estimate : Estimate
        Value, interval and standard error on the pair's scale.
    """

    pair: Pair
    what: str
    estimate: Estimate


@dataclass(frozen=True)
class Match:
    """The end of the search.

    Attributes
    ----------
    x : dict of str to float
        Coordinates found, 0 for those not searched.
    spread : dict of str to float
        Their standard errors.
    reached : dict of str to Estimate
        What the organisation shows of each moment; the interval is that of the runs.
    at_bound : tuple of str
        Coordinates that wanted to go further.
    runs : int
        Simulated in all.
    """

    x: dict[str, float]
    spread: dict[str, float]
    reached: dict[str, Estimate]
    at_bound: tuple[str, ...]
    runs: int


def observe(result: Result) -> dict[str, float]:
    """All numbers that could be matched, of one run."""
    measures, world, params = result.measures, result.world, result.params
    start = params.horizon.burn_in_months * S.MONTH
    customers = np.asarray(world.customers)[: int(world.org["customers"][0])]
    new = customers[(customers["lead"] >= 0) & (customers["since"] >= start)]
    leads = np.asarray(world.leads)[new["lead"]]
    deal_days = np.maximum((new["since"] - leads["opened"]) * CALENDAR, 0.5)
    from_marketing = leads["marketer"] >= 0
    months = max(params.horizon.months, 1)
    lead_days = np.maximum((new["since"] - leads["born"])[from_marketing] * CALENDAR, 0.5)
    mql_days = np.maximum((new["since"] - leads["handover"])[from_marketing] * CALENDAR, 0.5)
    sold = new["won_acv"]
    sellers = max(params.people.sellers, 1)
    found = {what: measures[what] / sellers for what in ("leads", "mqls", "opportunities", "wins")}
    found["marketing_wins"] = float(from_marketing.sum()) / months / sellers
    found["win_rate"] = measures["win_rate"]
    for name, days in (("deal_days", deal_days), ("lead_days", lead_days), ("mql_days", mql_days)):
        found[name] = float(np.median(days)) if len(days) else math.nan
        found[f"{name}_spread"] = float(np.std(np.log(days))) if len(days) > 1 else math.nan
    found["deal_size"] = float(sold.mean()) if len(sold) else math.nan
    found["deal_size_spread"] = float(np.std(np.log(sold))) if len(sold) > 1 else math.nan
    found["last_month_of_quarter_share"] = measures["last_month_of_quarter_share"]
    return found


def run_many(params: Sequence[Params], seeds: Sequence[int]) -> list[list[dict[str, float]]]:
    """What every organisation shows with every seed."""
    jobs = [(p, seed) for p in params for seed in seeds]
    with ThreadPoolExecutor() as pool:
        seen = list(pool.map(lambda job: observe(simulate(*job)), jobs))
    return [seen[n * len(seeds) : (n + 1) * len(seeds)] for n in range(len(params))]


def seeds_for(wins: float, months: float = MONTHS, root: int = ROOT, most: int = MOST_RUNS) -> list[int]:
    """As many runs as give :data:`WINS` wins, where ``wins`` are won in a month."""
    runs = math.ceil(WINS / max(wins * months, 1.0))
    return [run_seed(root, n) for n in range(min(max(runs, FEWEST_RUNS), most))]


def match(base: Params, sellers: int, targets: Sequence[Target], finds: bool = True) -> Match:
    """Search the coordinates of all targets; ``finds``: whether sellers find customers of their own."""
    if not targets:
        return Match({}, {}, {}, (), 0)
    small = min(sellers, MOST_SELLERS)
    seeds = seeds_for(small * usual_wins(base, targets))
    horizon = {"horizon.months": MONTHS, "horizon.burn_in_months": BURN_IN, "horizon.days": 0}
    pairs = [target.pair for target in targets]
    runs = 0

    def shown(points: Sequence[Floats]) -> list[tuple[Floats, Floats]]:
        """Moments on their scales, and the standard error of their means, at each point."""
        nonlocal runs
        asked = [replace(organisation(base, small, _named(pairs, x), finds), horizon) for x in points]
        seen = run_many(asked, seeds)
        runs += len(asked) * len(seeds)
        return [_moments(targets, runs_of) for runs_of in seen]

    wanted = np.array([float(on_scale(t.estimate.value, t.pair.scale)) for t in targets])
    low, high = np.array([p.low for p in pairs]), np.array([p.high for p in pairs])
    # A first step by the usual slopes; its own slopes are then measured there.
    zero = np.zeros(len(pairs))
    (first, _) = shown([zero])[0]
    usual = np.array([p.slope for p in pairs])
    coupled = np.diag(usual)
    names = [p.x for p in pairs]
    if "volume" in names and "pace" in names:  # an organisation of twice the pace meets twice the leads
        coupled[names.index("volume"), names.index("pace")] = 1.0
    x = np.clip(np.linalg.solve(coupled, np.where(np.isfinite(first), wanted - first, 0.0)), low * 0.9, high * 0.9)
    steps = np.where(x > 0, -0.2, 0.2)
    found = shown([x, *(x + step * np.eye(len(pairs))[n] for n, step in enumerate(steps))])
    here = found[0][0]
    slopes = np.array([(found[n + 1][0] - here) / step for n, step in enumerate(steps)]).T
    slopes = np.where(np.isfinite(slopes), slopes, 0.0)
    for n, slope in enumerate(usual):  # a parameter that does nothing here is left to the usual slope
        slopes[n, n] = slopes[n, n] if slopes[n, n] > 0.25 * slope else slope
    weight = 1.0 / np.maximum(np.array([t.estimate.se if math.isfinite(t.estimate.se) else 0.05 for t in targets]), 0.02)
    known: dict[bytes, tuple[Floats, Floats]] = {x.tobytes(): found[0]}

    def missed(point: Floats) -> Floats:
        key = point.tobytes()
        if key not in known:
            known[key] = shown([point])[0]
        gap = known[key][0] - wanted
        return np.asarray(np.where(np.isfinite(gap), gap, 2.0) * weight)

    end = optimize.least_squares(
        missed, np.clip(x, low + 1e-6, high - 1e-6), jac=lambda _: slopes * weight[:, None], bounds=(low, high),
        max_nfev=EVALUATIONS, xtol=1e-3, ftol=1e-3,
    )  # fmt: skip
    moments, noise = known[end.x.tobytes()]
    errors = np.hypot(1.0 / weight, noise)
    inverse = np.linalg.pinv(slopes)
    spread = np.sqrt(np.diag(inverse @ np.diag(errors**2) @ inverse.T))
    reached = {p.moment: _reached(p, value, error, len(seeds)) for p, value, error in zip(pairs, moments, noise, strict=True)}
    at_bound = tuple(p.x for p, value in zip(pairs, end.x, strict=True) if min(value - p.low, p.high - value) < 0.02)
    return Match(_named(pairs, end.x), _named(pairs, spread), reached, at_bound, runs)


def usual_wins(base: Params, targets: Sequence[Target]) -> float:
    """Wins of one seller in a month, roughly: as the export says, or as the base does."""
    won = base.reference.seller[Event.won_deal] / 12.0
    for t in targets:
        if t.what in ("wins", "marketing_wins"):
            return t.estimate.value
        if t.what == "opportunities":
            won *= t.estimate.value / max(base.reference.seller[Event.opportunity] / 12.0, 1e-9)
    return won


def _named(pairs: Sequence[Pair], x: Floats) -> dict[str, float]:
    return {pair.x: float(value) for pair, value in zip(pairs, x, strict=True)}


def _moments(targets: Sequence[Target], seen: Sequence[dict[str, float]]) -> tuple[Floats, Floats]:
    values = np.array([[one[t.what] for t in targets] for one in seen])
    finite = np.isfinite(values)
    counted = np.maximum(finite.sum(axis=0), 1)
    mean = np.where(finite, values, 0.0).sum(axis=0) / counted
    sd = np.sqrt(np.where(finite, (values - mean) ** 2, 0.0).sum(axis=0) / np.maximum(counted - 1, 1))
    relative = sd / np.sqrt(counted) / np.maximum(np.abs(mean), 1e-12)
    noise = np.array([r / max(1 - m, 1e-3) if t.pair.scale == "logit" else r for r, m, t in zip(relative, mean, targets, strict=True)])  # fmt: skip
    on = np.array([float(on_scale(m, t.pair.scale)) if n else math.nan for m, n, t in zip(mean, finite.any(axis=0), targets, strict=True)])  # fmt: skip
    return on, noise


def _reached(pair: Pair, value: float, error: float, n: int) -> Estimate:
    def back(v: float) -> float:
        return math.exp(v) if pair.scale == "log" else 1.0 / (1.0 + math.exp(-v))

    return Estimate(back(value), back(value - 1.96 * error), back(value + 1.96 * error), n, error)


def target(name: str, what: str, estimate: Estimate | None, per: float = 1.0) -> list[Target]:
    """A target if the export gives it, per head where ``per`` heads share it."""
    if estimate is None or not math.isfinite(estimate.value) or estimate.value <= 0:
        return []
    pair = next(pair for pair in PAIRS if pair.moment == name)
    if pair.scale == "logit" and not 0 < estimate.value < 1:
        return []
    scaled = Estimate(estimate.value / per, estimate.low / per, estimate.high / per, estimate.n, estimate.se)
    return [Target(pair, what, scaled)]


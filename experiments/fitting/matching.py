"""Parameters whose simulation says what the export says.

A handful of numbers is matched, each by the one parameter that moves it most and the
others hardly (:data:`PAIRS`); everything else comes from the base profile. The search is
a bounded least-squares one (``scipy.optimize.least_squares``) on siloed runs with common
seeds, from a slope measured once. Intervals of parameters carry over those of the data
and the noise of the runs, and how far teams of the same kind differ by who happens to be in
them, given the rest of the base: they do not hold what the base itself may be wrong about.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from dataclasses import replace as replace_fields

import numpy as np
from scipy import optimize

from experiments.fitting.estimate import Estimate, Floats, on_scale
from experiments.fitting.scaling import organisation
from sim import state as S
from sim.engine import Result, run_seed, simulate
from sim.parameters import Event, Params, declarations, replace

COUNTED = ("leads", "mqls", "opportunities", "wins", "marketing_wins", "win_rate")
CALENDAR = 365.0 / 252.0
SHORTEST, SHORT, LONGEST, BURN_IN = 3, 6, 18, 6  # measured months of a run, and those before
ROOT = 5  # seeds of the matching: not those on which the base was found or confirmed
DRAWN = 80  # sellers that every evaluation draws: their skill is the largest noise
LEADS = 100_000  # that an evaluation may simulate, about a third of a second of one core
FEWEST_RUNS, MOST_RUNS = 4, 20
EVALUATIONS = 5
STEP, STEP_OF_WIN = 0.35, 0.6  # by which slopes are measured: well above the noise of the runs
LEAST_EFFECT = 0.2  # of the usual own effect, below which a parameter is taken to leave a number alone
FARTHEST = 0.7  # step of one correction
NEAR_BOUND = 0.02
LARGE = 2.0  # times the base beyond which a smaller organisation stands for it: moments are per head


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
    Pair("cycle_spread", "cycle_spread", "log", 0.6, math.log(0.25), math.log(3), "market.cycle_spread"),
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
    team : dict of str to float
        How far organisations of the same parameters differ in each moment by who is in them: standard error on its
        scale.
    at_bound : tuple of str
        Coordinates that wanted to go further.
    runs : int
        Simulated in all.
    inverse : array, shape (target, target)
        How far the coordinates move for a gap in each number.
    """

    x: dict[str, float]
    spread: dict[str, float]
    reached: dict[str, Estimate]
    team: dict[str, float]
    at_bound: tuple[str, ...]
    runs: int
    inverse: Floats = field(default_factory=lambda: np.zeros((0, 0)))


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


@dataclass(frozen=True)
class Plan:
    """How an organisation is simulated.

    Attributes
    ----------
    sellers : int
        Of the organisation, or of the smaller one that stands for it.
    runs, months : int
        How many, and how many months of each are measured.
    """

    sellers: int
    runs: int
    months: int

    def seeds(self, root: int) -> list[int]:
        """Seeds of the runs."""
        return [run_seed(root, n) for n in range(self.runs)]


def plan(base: Params, sellers: int, targets: Sequence[Target]) -> Plan:
    """As many sellers as tell what a usual team does, for as long as the budget of leads allows.

    A large organisation is stood for by one of the base's size, in which all roles are in proportion.
    """
    usual = base.people.sellers
    small = sellers if sellers <= LARGE * usual else usual
    monthly = max(small * _leads_of_a_seller(base, targets), 1e-9)
    affordable = LEADS / (monthly * (SHORT + BURN_IN))
    runs = round(min(max(min(DRAWN / small, affordable), FEWEST_RUNS), MOST_RUNS))
    months = LEADS / (runs * monthly) - BURN_IN
    return Plan(small, runs, round(min(max(months, SHORTEST), LONGEST)))


def _leads_of_a_seller(base: Params, targets: Sequence[Target]) -> float:
    """Leads a month behind each seller, roughly: as the export says, else by its pace against the base."""
    market = base.market
    leads = market.candidates_per_day * market.capture_share * S.MONTH / base.people.sellers
    said = {target.what: target.estimate.value for target in targets}
    if "leads" in said:
        return said["leads"]
    for what, event in (("mqls", Event.mql), ("opportunities", Event.opportunity), ("wins", Event.won_deal)):
        if what in said:
            row, heads = base.reference.company, sum(_heads(base))
            return leads * said[what] / max(row[event] * heads / 12.0 / base.people.sellers, 1e-9)
    return leads


def _heads(base: Params) -> tuple[int, ...]:
    people = base.people
    return people.marketers, people.developers, people.sellers, people.success_managers


def match(base: Params, sellers: int, targets: Sequence[Target], finds: bool = True) -> Match:
    """Search the coordinates of all targets; ``finds``: whether sellers find customers of their own."""
    if not targets:
        return Match({}, {}, {}, {}, (), 0)
    way = plan(base, sellers, targets)
    seeds = way.seeds(ROOT)
    horizon = {"horizon.months": way.months, "horizon.burn_in_months": BURN_IN, "horizon.days": 0}
    pairs = [target.pair for target in targets]
    observed: dict[bytes, list[dict[str, float]]] = {}
    runs = 0

    def shown(points: Sequence[Floats]) -> list[tuple[Floats, Floats]]:
        """Moments on their scales, and the standard error of their means, at each point."""
        nonlocal runs
        asked = [replace(organisation(base, way.sellers, _named(pairs, x), finds), horizon) for x in points]
        ran = run_many(asked, seeds)
        observed.update({x.tobytes(): one for x, one in zip(points, ran, strict=True)})
        runs += len(asked) * len(seeds)
        return [_moments(targets, runs_of) for runs_of in ran]

    wanted = np.array([float(on_scale(t.estimate.value, t.pair.scale)) for t in targets])
    low, high = np.array([_range(p, base) for p in pairs]).T
    # A first step by the usual slopes; its own slopes are then measured there.
    zero = np.zeros(len(pairs))
    (first, _) = shown([zero])[0]
    usual = np.array([p.slope for p in pairs])
    coupled = np.diag(usual)
    names = [p.x for p in pairs]
    if "volume" in names and "pace" in names:  # an organisation of twice the pace meets twice the leads
        coupled[names.index("volume"), names.index("pace")] = 1.0
    x = np.clip(np.linalg.solve(coupled, np.where(np.isfinite(first), wanted - first, 0.0)), low, high)
    steps = np.where(x > 0, -1.0, 1.0) * np.array([STEP_OF_WIN if p.x == "win" else STEP for p in pairs])
    seen = shown([x, *(x + step * np.eye(len(pairs))[n] for n, step in enumerate(steps))])
    here = seen[0][0]
    slopes = np.array([(seen[n + 1][0] - here) / step for n, step in enumerate(steps)]).T
    slopes = np.where(np.isfinite(slopes), slopes, 0.0)
    # Small effects of one on another's number are mostly noise of the runs, and would be magnified.
    slopes = np.where(np.abs(slopes) < LEAST_EFFECT * usual[:, None], 0.0, slopes)
    for n, slope in enumerate(usual):  # a parameter that does nothing here is left to the usual slope
        slopes[n, n] = slopes[n, n] if slopes[n, n] > 0.25 * slope else slope
    weight = 1.0 / np.maximum(
        np.array([t.estimate.se if math.isfinite(t.estimate.se) else 0.05 for t in targets]), 0.02
    )
    known: dict[bytes, tuple[Floats, Floats]] = {x.tobytes(): seen[0]}

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
    team = _team(targets, noise, observed[end.x.tobytes()], way, sellers)
    errors = np.sqrt(1.0 / weight**2 + noise**2 + team**2)
    inverse = np.linalg.pinv(slopes)
    spread = np.sqrt(np.diag(inverse @ np.diag(errors**2) @ inverse.T))
    reached = {
        p.moment: _reached(p, value, error, len(seeds)) for p, value, error in zip(pairs, moments, noise, strict=True)
    }
    at_bound = tuple(
        p.x for p, value, *ends in zip(pairs, end.x, low, high, strict=True) if _at_end(value, (ends[0], ends[1]))
    )
    differ = {p.moment: float(t) for p, t in zip(pairs, team, strict=True)}
    return Match(_named(pairs, end.x), _named(pairs, spread), reached, differ, at_bound, runs, inverse)


def corrected(found: Match, targets: Sequence[Target], seen: Sequence[dict[str, float]], base: Params) -> Match:
    """The match moved by what its organisation, as seen now, lacks; within bounds, no further than :data:`FARTHEST`."""
    now, _ = _moments(targets, seen)
    wanted = np.array([float(on_scale(t.estimate.value, t.pair.scale)) for t in targets])
    step = np.clip(found.inverse @ np.where(np.isfinite(now), wanted - now, 0.0), -FARTHEST, FARTHEST)
    ranges = [_range(t.pair, base) for t in targets]
    x = {
        t.pair.x: min(max(found.x[t.pair.x] + float(by), low), high)
        for t, by, (low, high) in zip(targets, step, ranges, strict=True)
    }
    at_bound = tuple(name for (name, value), ends in zip(x.items(), ranges, strict=True) if _at_end(value, ends))
    return replace_fields(found, x=x, at_bound=at_bound, runs=found.runs + len(seen))


def _at_end(value: float, ends: tuple[float, float]) -> bool:
    return min(value - ends[0], ends[1] - value) < NEAR_BOUND


def _range(pair: Pair, base: Params) -> tuple[float, float]:
    """Bounds of a coordinate: its own, and those that its parameter is declared with."""
    known = declarations().get(pair.parameter)
    if known is None or pair.x == "volume":  # that one also goes with size and pace
        return pair.low, pair.high
    theme, _, name = pair.parameter.partition(".")
    was = getattr(getattr(base, theme), name)
    if pair.x == "win":
        return max(pair.low, known.low - was), min(pair.high, known.high - was)
    low = math.log(known.low / was) if known.low > 0 else pair.low
    return max(pair.low, low), min(pair.high, math.log(known.high / was))


def _named(pairs: Sequence[Pair], x: Floats) -> dict[str, float]:
    return {pair.x: float(value) for pair, value in zip(pairs, x, strict=True)}


def _moments(targets: Sequence[Target], seen: Sequence[dict[str, float]]) -> tuple[Floats, Floats]:
    values = np.array([[one[t.what] for t in targets] for one in seen])
    finite = np.isfinite(values)
    counted = np.maximum(finite.sum(axis=0), 1)
    mean = np.where(finite, values, 0.0).sum(axis=0) / counted
    sd = np.sqrt(np.where(finite, (values - mean) ** 2, 0.0).sum(axis=0) / np.maximum(counted - 1, 1))
    relative = sd / np.sqrt(counted) / np.maximum(np.abs(mean), 1e-12)
    noise = np.array(
        [
            r / max(1 - m, 1e-3) if t.pair.scale == "logit" else r
            for r, m, t in zip(relative, mean, targets, strict=True)
        ]
    )
    on = np.array(
        [
            float(on_scale(m, t.pair.scale)) if n else math.nan
            for m, n, t in zip(mean, finite.any(axis=0), targets, strict=True)
        ]
    )
    return on, noise


def _team(
    targets: Sequence[Target], noise: Floats, seen: Sequence[dict[str, float]], way: Plan, sellers: int
) -> Floats:
    """What the spread between runs holds beyond the chance of so many events: who is in the team."""
    found = np.zeros(len(targets))
    for n, t in enumerate(targets):
        if t.what not in COUNTED:
            continue
        flow = float(np.mean([one[t.what if t.what != "win_rate" else "opportunities"] for one in seen]))
        events = flow * way.sellers * way.months
        rate = float(np.mean([one["win_rate"] for one in seen]))
        chance = 1.0 / max(events * (rate * (1 - rate) if t.what == "win_rate" else 1.0), 1.0)
        between = max(float(noise[n]) ** 2 * len(seen) - chance, 0.0)
        found[n] = math.sqrt(between * way.sellers / sellers)
    return found


def _reached(pair: Pair, value: float, error: float, n: int) -> Estimate:
    return Estimate(_back(pair, value), _back(pair, value - 1.96 * error), _back(pair, value + 1.96 * error), n, error)


def _back(pair: Pair, value: float) -> float:
    return math.exp(value) if pair.scale == "log" else 1.0 / (1.0 + math.exp(-value))


def target(name: str, what: str, estimate: Estimate | None, per: float = 1.0) -> list[Target]:
    """A target if the export gives it, per head where ``per`` heads share it."""
    if estimate is None or not math.isfinite(estimate.value) or estimate.value <= 0:
        return []
    pair = next(pair for pair in PAIRS if pair.moment == name)
    if pair.scale == "logit" and not 0 < estimate.value < 1:
        return []
    se = estimate.se if math.isfinite(estimate.se) else 0.05
    value, low, high = (number / per for number in (estimate.value, estimate.low, estimate.high))
    if not (math.isfinite(low) and math.isfinite(high)):
        low, high = (_back(pair, float(on_scale(value, pair.scale)) + sign * 1.96 * se) for sign in (-1, 1))
    return [Target(pair, what, Estimate(value, low, high, estimate.n, se))]

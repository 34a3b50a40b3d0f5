"""Measure the real model: its cost per event beside the yardstick's, its engines, its growth."""

from __future__ import annotations

import math
import resource
from functools import partial
from statistics import median

import numpy as np

import sim
from benchmarks.funnel import native
from benchmarks.funnel.settings import Setting
from benchmarks.reporter import Ratio, Reporter, ratio
from benchmarks.timing import Contestant, interleave, ratios
from sim.engine import advance, days_of, months_of
from sim.parameters import Params, replace
from sim.state import LEAD, YEAR, World
from sim.world import build

BYTES_PER_LEAD = 200
PEOPLE = ("marketers", "developers", "sellers", "success_managers")


def larger(params: Params, factor: int) -> Params:
    """The same organisation with ``factor`` times the people, market and customers."""
    changes: dict[str, object] = {f"people.{name}": getattr(params.people, name) * factor for name in PEOPLE}
    changes["market.candidates_per_day"] = params.market.candidates_per_day * factor
    changes["market.generation_reference"] = params.market.generation_reference * factor
    changes["customers.opening_arr"] = params.customers.opening_arr * factor
    return replace(params, changes)


def run_world(params: Params, seed: int) -> World:
    """One compiled run without measuring."""
    world = build(params, seed, months_of(params))
    advance(world, days_of(params))
    return world


def events(world: World) -> int:
    """Work events of a run: leads captured, touches of any kind, renewals, weekly decisions."""
    org = world.org[0]
    leads = world.leads[: int(org["leads"])]
    touches = sum(int(leads[name].sum(dtype=np.int64)) for name in ("touches", "attempts", "steps", "failures"))
    touches += int(world.months["accepted"].sum() + world.months["decided"].sum() + world.months["mqls"].sum())
    touches += int(world.sellers["blocks"].sum()) + int(world.customers["visits"].sum(dtype=np.int64))
    renewals = int(world.months["customers"].sum())
    decisions = int(org["workers"]) * (int(org["day"]) // 5)
    return len(leads) + touches + renewals + decisions


def run(reporter: Reporter) -> None:
    """Report the figures of the real model."""
    reporter.section("model", "The model")
    params = sim.load("mid_market")
    world = run_world(params, 1)
    count = events(world)
    years = days_of(params) / YEAR
    reporter.fact("events_per_organisation_year", round(count / years))
    reporter.fact("bytes_per_lead", LEAD.itemsize)
    reporter.fact("bytes_per_lead_under_200", LEAD.itemsize < BYTES_PER_LEAD, required=True)

    rounds = 3 if reporter.quick else 9
    programs = {
        "model": Contestant(partial(run_world, params), often=3),
        "mesa": Contestant(partial(sim.simulate, params, engine="mesa")),
    }
    with_c = native.compiler() is not None
    if with_c:
        programs["c"] = Contestant(partial(native.run, Setting()), often=7)
    times = interleave(programs, rounds=rounds)
    per_year = 1000.0 * median(times["model"]) / years
    reporter.fact("milliseconds_per_organisation_year", f"{per_year:.1f}")
    # A machine shared with others is slower by the minute, a slow one always: the fastest round and the C program tell.
    reporter.fact("milliseconds_in_the_fastest_round", f"{1000.0 * min(times['model']) / years:.1f}")
    reporter.fact("at_most_15_ms_per_organisation_year", per_year <= 15.0, required=True)
    rows: dict[str, Ratio] = {"mesa engine/compiled engine": ratio(ratios(times, "mesa", "model"), at_most=6)}
    if with_c:
        reporter.fact("milliseconds_of_the_yardstick_in_c", f"{1000.0 * median(times['c']):.2f}")
        reporter.fact("milliseconds_of_its_fastest_round", f"{1000.0 * min(times['c']):.2f}")
        counts = native.run(Setting(), 1).counts()
        yardstick = counts.leads + counts.touches
        scaled = [value / count * yardstick for value in ratios(times, "model", "c")]
        rows["model/yardstick in c, per event"] = ratio(scaled, at_most=3)
    rows["exponent of cost in size, 1x to 100x" if not reporter.quick else "exponent of cost in size, 1x to 10x"] = (
        ratio(growth(params, 10 if reporter.quick else 100), at_most=1.1)
    )
    reporter.ratios(rows)
    reporter.fact("bytes_kept_per_run", kept_per_run(params))


def growth(params: Params, factor: int) -> list[float]:
    """Exponent of time in size, one value a round, over half a year."""
    short = replace(params, {"horizon.burn_in_months": 0, "horizon.months": 6})
    programs = {
        "small": Contestant(partial(run_world, short), often=5),
        "large": Contestant(partial(run_world, larger(short, factor))),
    }
    times = interleave(programs, rounds=3)
    return [math.log(value) / math.log(factor) for value in ratios(times, "large", "small")]


def kept_per_run(params: Params) -> int:
    """Bytes by which the highest memory use rises per run, once warm."""
    short = replace(params, {"horizon.burn_in_months": 0, "horizon.months": 3})
    for seed in range(20):
        run_world(short, seed)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    runs = 100
    for seed in range(runs):
        run_world(short, seed)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 // runs

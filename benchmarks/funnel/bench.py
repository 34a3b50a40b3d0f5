"""Measure the yardstick: the four programs in turn, at the frozen size and at ten times the agents."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks.funnel import mesa_idiomatic, native, records, simpy_idiomatic
from benchmarks.funnel.records import Funnel
from benchmarks.funnel.settings import Setting
from benchmarks.reporter import Ratio, Reporter, ratio
from benchmarks.timing import Contestant, interleave, ratios

SEEDS_COMPARED = 5


def contestants(setting: Setting, *, with_c: bool, often: int) -> dict[str, Contestant]:
    """Return the programs that can run here, by the name the ratios carry."""
    compiled: dict[str, Callable[[Setting, int], Funnel]] = {"ours": records.run}
    if with_c:
        compiled["c"] = native.run
    return {
        "mesa": Contestant(partial(mesa_idiomatic.simulate, setting), release=mesa_idiomatic.release),
        "simpy": Contestant(partial(simpy_idiomatic.simulate, setting)),
        **{name: Contestant(partial(run, setting), often=often) for name, run in compiled.items()},
    }


def same_bits(setting: Setting, seeds: range) -> bool:
    """Whether ours and C leave the same bytes for every seed."""
    return all(records.run(setting, seed).digest() == native.run(setting, seed).digest() for seed in seeds)


def measure(reporter: Reporter) -> None:
    """Report the ratios of the yardstick."""
    base, large = Setting(), Setting().times(10)
    with_c = native.compiler() is not None
    reporter.section("funnel", "The reduced funnel")
    reporter.fact("c_compiler", native.compiler_version())
    if with_c:
        reporter.fact("bits_equal", same_bits(base, range(SEEDS_COMPARED)), required=True)
    else:
        print("no C compiler here: the C version is left out")
    counts = records.run(base, 1).counts()
    reporter.fact("leads", counts.leads)
    reporter.fact("touches", counts.touches)

    times = interleave(contestants(base, with_c=with_c, often=7), rounds=3 if reporter.quick else 11)
    rows: dict[str, Ratio] = {
        "mesa/ours": ratio(ratios(times, "mesa", "ours"), at_least=60),
        "simpy/ours": ratio(ratios(times, "simpy", "ours"), at_least=20),
    }
    if with_c:
        rows["ours/c"] = ratio(ratios(times, "ours", "c"), at_most=1.3)
        rows["mesa/c"] = ratio(ratios(times, "mesa", "c"))
        rows["simpy/c"] = ratio(ratios(times, "simpy", "c"))
    if not reporter.quick:
        rows |= measure_large(base, large, with_c=with_c)
    reporter.ratios(rows)


def measure_large(base: Setting, large: Setting, *, with_c: bool) -> dict[str, Ratio]:
    """Return the ratios at ten times the agents, and how each program's cost grew."""
    programs = contestants(large, with_c=with_c, often=5)
    # Ours at the frozen size runs in the same rounds, for the growth of its cost.
    programs["ours_base"] = Contestant(partial(records.run, base), often=5)
    times = interleave(programs, rounds=5)
    rows = {
        "mesa/ours, 10x": ratio(ratios(times, "mesa", "ours"), at_least=80),
        "simpy/ours, 10x": ratio(ratios(times, "simpy", "ours")),
        "ours 10x/ours": ratio(ratios(times, "ours", "ours_base")),
    }
    if with_c:
        rows["ours/c, 10x"] = ratio(ratios(times, "ours", "c"))
    return rows

"""Measure what a sweep costs beside its runs: runner, store, executors, memory, Dask against threads."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import sim
from benchmarks.reporter import Ratio, Reporter, ratio
from experiments import executors, parts, runner
from experiments.cluster import Dask
from experiments.design import Points
from experiments.models import Organisation
from experiments.store import Store

ARMS = ("siloed", "shared_okr")
RUNS_OF_A_BLOCK = 40  # what two seconds hold
WORKERS = 2
SYNTHETIC = """
import resource, sys
from experiments.commands import main
code = main(["sweep", "model.target=benchmarks.sweep:synthetic", "design.points=100", "executor=serial",
             "design.factors={x: {low: 0, high: 1}}", "seeds=" + sys.argv[1], "out=" + sys.argv[2]])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
sys.exit(code)
"""


def synthetic(x: float, seed: int) -> dict[str, float]:
    """A model that costs nothing and has ten measures."""
    return {f"m{i}": x + (seed >> i) % 1_000 for i in range(10)}


def organisation() -> Organisation:
    base = {arm: sim.load("mid_market", arm=arm) for arm in ARMS}
    return Organisation("mid_market", {arm: arm for arm in ARMS}, {}, {}, (), base)


def plan(runs: int) -> runner.Plan:
    """A sweep of one factor, two arms and five replications a point."""
    points = runs // (len(ARMS) * 5)
    return runner.Plan(organisation(), 5, 1, Points({"alignment.visibility": np.linspace(0, 1, points)}, points))


def run(reporter: Reporter) -> None:
    """Report what sweeps cost."""
    reporter.section("sweep", "Sweeps")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        overheads(reporter, place)
        large = 200 if reporter.quick else 10_000
        seconds = swept(plan(large), place / "large", executors.Threads(WORKERS))
        reporter.fact("runs_of_a_mid_market_sweep", large)
        reporter.fact("seconds_of_it", f"{seconds:.1f}")
        reporter.fact("runs_per_second", f"{large / seconds:.0f}")
        reporter.ratios({"dask/threads, 2 workers": dask(place, 80 if reporter.quick else 1_000, reporter.quick)})
        memory(reporter, place)


def overheads(reporter: Reporter, place: Path) -> None:
    """Cost of each layer in relation to the runs of a block of default size, round by round."""
    small = plan(RUNS_OF_A_BLOCK)
    sim.simulate(small.model.prepare("siloed", {}), seed=1)
    rounds = 3 if reporter.quick else 9
    spent: dict[str, list[float]] = {"runner": [], "store": [], "executor": []}
    for number in range(rounds):
        folder = place / f"round{number}" / parts.FOLDER
        folder.mkdir(parents=True)
        block = next(runner._blocks(small, folder, np.arange(small.runs), runner._Sizes(1, 1, small.runs)))  # noqa: SLF001
        results = runner.Results()
        start = time.perf_counter()
        for point, arm, seed in block.runs:
            ran = small.model.run(small.model.prepare(arm, block.values[point]), seed, False)
            results.rows.append(
                {"address": parts.NO_ADDRESS, "seed": seed, **ran.measures, "failed": False, "error": ""}
            )
            results.frames.append(ran)
        model = time.perf_counter() - start

        def around() -> None:
            """All that the runner does for a block but running it."""
            for point in block.values:  # noqa: B023 - called in this round
                for arm in ARMS:
                    small.model.address(small.model.prepare(arm, block.values[point]))  # noqa: B023
            runner.as_table(block, results)  # noqa: B023

        spent["runner"].append(timed(around) / model)
        table = runner.as_table(block, results)
        with Store(folder.parent, small, print) as kept:

            def store() -> None:
                kept.note(runner.Answer(block.numbers, parts.write(folder, table, ""), 0.0))  # noqa: B023
                kept.finish(block.numbers)  # noqa: B023

            spent["store"].append(timed(store) / model)
        with executors.Threads(WORKERS) as pool:
            tasks = 50
            spent["executor"].append(timed(lambda: list(pool.map(abs, range(tasks)))) / tasks / model)  # noqa: B023
    reporter.ratios({f"{name}/runs of a block": ratio(values, at_most=0.05) for name, values in spent.items()})


def timed(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def swept(asked: runner.Plan, folder: Path, executor: executors.Executor) -> float:
    """Seconds of a whole study, from the first block to the tables, once the workers are warm."""
    with Store(folder, asked, print) as kept, executor:
        warm = runner.Plan(asked.model, 1, 2, Points({"alignment.visibility": np.linspace(0, 1, 20)}, 20))
        aside = folder / "aside"
        aside.mkdir()
        runner.execute(warm, aside, np.arange(warm.runs), executor, lambda _: None, 1)
        start = time.perf_counter()
        runner.execute(asked, kept.parts, np.arange(asked.runs), executor, kept.note)
        kept.finish(np.arange(asked.runs))
        return time.perf_counter() - start


def dask(place: Path, runs: int, quick: bool) -> Ratio:
    """Time of the same sweep on Dask's processes and on threads, round by round."""

    def rounds() -> Iterator[float]:
        for number in range(1 if quick else 3):
            threads = swept(plan(runs), place / f"threads{number}", executors.Threads(WORKERS))
            yield swept(plan(runs), place / f"dask{number}", Dask(WORKERS)) / threads

    return ratio(list(rounds()), at_most=None if quick else 1.15)


def memory(reporter: Reporter, place: Path) -> None:
    """Highest memory use of ``gtm sweep`` on a synthetic model, from ten thousand runs to a million."""
    sizes = (1_000, 4_000) if reporter.quick else (10_000, 100_000, 1_000_000)
    megabytes = {}
    for runs in sizes:
        command = [sys.executable, "-c", SYNTHETIC, str(runs // 100), str(place / f"memory{runs}")]
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        megabytes[runs] = int(done.stdout.split()[-1])
        reporter.fact(f"megabytes_for_{runs}_runs", megabytes[runs])
        reporter.fact(f"seconds_for_{runs}_runs", f"{time.perf_counter() - start:.1f}")
    least, most = min(megabytes.values()), max(megabytes.values())
    reporter.ratios({"memory, most runs/fewest": ratio([most / least], at_most=1.5)})

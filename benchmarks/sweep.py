"""Measure what a sweep costs beside its runs: whole against the bare kernel, layer by layer, workers, memory."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import mesa
import numpy as np

import sim
from benchmarks.model import run_world
from benchmarks.reporter import Ratio, Reporter, ratio
from benchmarks.timing import ratios
from experiments import executors, parts, runner
from experiments.cluster import Dask
from experiments.models import Organisation
from experiments.points import Points
from experiments.store import Store
from sim.engine import days_of
from sim.parameters import Params

MOST_SECONDS = 240  # for ten thousand runs
MOST_MEGABYTES = 500  # for a million
ARMS = ("siloed", "shared_okr")
RUNS_OF_A_BLOCK = 40  # what two seconds hold
REPLICATIONS = 5
WORKERS = 2
SYNTHETIC = """
import re, sys
from pathlib import Path
from experiments.commands import main
code = main(["sweep", "model.target=benchmarks.sweep:synthetic", "design.points=100", "executor=serial",
             "design.factors={x: {low: 0, high: 1}}", "seeds=" + sys.argv[1], "out=" + sys.argv[2]])
# Not ru_maxrss: that begins with the size of whoever started this process.
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
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
    points = runs // (len(ARMS) * REPLICATIONS)
    return runner.Plan(
        organisation(), REPLICATIONS, 1, Points({"alignment.visibility": np.linspace(0, 1, points)}, points)
    )


def run(reporter: Reporter) -> None:
    """Report what sweeps cost."""
    reporter.section("sweep", "Sweeps")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        overheads(reporter, place)
        large(reporter, place)
        workers(reporter, place)
        reporter.ratios({"dask/threads, 2 workers": dask(place, 80 if reporter.quick else 1_000, reporter.quick)})
        memory(reporter, place)


def large(reporter: Reporter, place: Path) -> None:
    """Ten thousand runs, as two sweeps of five thousand; before, between and after them the bare kernel."""
    half = 100 if reporter.quick else 5_000
    sample = plan(half // 5)
    alone = [bare(sample)]
    seconds: list[float] = []
    for number in range(2):
        seconds.append(swept(plan(half), place / f"large{number}", executors.Threads(WORKERS)))
        alone.append(bare(sample))
    reporter.fact("runs_of_mid_market_in_two_sweeps", 2 * half)
    reporter.fact("seconds_of_them", f"{sum(seconds):.1f}")
    reporter.fact("at_most_240_seconds", sum(seconds) <= MOST_SECONDS, required=not reporter.quick)
    reporter.fact("runs_per_second", f"{2 * half / sum(seconds):.0f}")
    # Of what stands before and after a sweep the mean: a machine that slows down does so for both.
    kept = [2.5 * (alone[k] + alone[k + 1]) / seconds[k] for k in range(2)]
    reporter.ratios({"bare kernel/sweep, time": ratio(kept, at_least=None if reporter.quick else 0.92)})


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


def workers(reporter: Reporter, place: Path) -> None:
    """The same sweep on one worker and on two, and runs like its own through ``mesa.batch_run``."""
    runs, rounds = (40, 1) if reporter.quick else (400, 3)
    times: dict[str, list[float]] = {"one": [], "two": [], "batch": []}
    for number in range(rounds):
        times["one"].append(swept(plan(runs), place / f"one{number}", executors.Threads(1)))
        times["two"].append(swept(plan(runs), place / f"two{number}", executors.Threads(WORKERS)))
        times["batch"].append(4.0 * batch_run(plan(runs // 4)))
    reporter.ratios(
        {
            "one worker/two workers": ratio(ratios(times, "one", "two"), at_least=None if reporter.quick else 1.8),
            "mesa.batch_run/sweep, per run": ratio(ratios(times, "batch", "two")),
        }
    )


def bare(asked: runner.Plan) -> float:
    """Seconds of a plan's runs on as many threads, with nothing measured and nothing kept."""
    tasks = [
        (asked.model.prepare(arm, asked.points.values(point)), seed)
        for point, arm, seed in product(range(asked.points.count), ARMS, range(REPLICATIONS))
    ]

    def run(task: tuple[Params, int]) -> None:
        run_world(*task)

    with ThreadPoolExecutor(WORKERS) as pool:
        return timed(lambda: list(pool.map(run, tasks)))


def batch_run(asked: runner.Plan) -> float:
    """Seconds of a plan's runs through Mesa's own batch runner, on the Mesa engine and as many processes."""
    columns = {name: [float(value) for value in values] for name, values in asked.points.columns.items()}
    parameters = {
        "params": "mid_market",
        "arm": list(ARMS),
        "seed": list(range(REPLICATIONS)),
        "collect_every": 1,  # batch_run looks up the last step
        **columns,
    }
    steps = days_of(sim.load("mid_market"))
    return timed(
        lambda: mesa.batch_run(
            sim.GTMModel, parameters, number_processes=WORKERS, max_steps=steps,
            data_collection_period=-1, display_progress=False,
        )
    )  # fmt: skip


def dask(place: Path, runs: int, quick: bool) -> Ratio:
    """Time of the same sweep on Dask's processes and on threads, round by round."""

    def rounds() -> Iterator[float]:
        for number in range(1 if quick else 3):
            threads = swept(plan(runs), place / f"threads{number}", executors.Threads(WORKERS))
            yield swept(plan(runs), place / f"dask{number}", Dask(WORKERS)) / threads

    return ratio(list(rounds()), at_most=None if quick else 1.25)


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
    reporter.fact("under_500_megabytes", most < MOST_MEGABYTES, required=True)
    reporter.ratios({"memory, most runs/fewest": ratio([most / least], at_most=1.5)})

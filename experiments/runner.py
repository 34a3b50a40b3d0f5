"""The loop: every arm × replication in blocks, results streamed to a store.

A replication has one seed, whatever the arm: its runs meet the same leads with the same
luck. Runs are numbered with the arms of a replication together, so that what an
interrupted study has saved is paired.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd
import pyarrow as pa

import sim
from experiments.executors import Executor
from sim.parameters import Params

Engine = Literal["compiled", "mesa"]
LARGEST_BLOCK = 5  # about a tenth of a second: hides what handing out costs, and an interrupt need not wait long


@dataclass(frozen=True)
class Plan:
    """What is to be run: every arm on every replication.

    Attributes
    ----------
    arms : mapping of str to Params
        Parameters of each arm.
    seeds, seed : int
        Replications, and the root seed they are derived from.
    engine : {"compiled", "mesa"}
        What turns the handle.
    monthly : bool
        Whether months and people are kept.
    fail_fast : bool
        Raise what a run raises, instead of noting it.
    """

    arms: Mapping[str, Params]
    seeds: int
    seed: int
    engine: Engine = "compiled"
    monthly: bool = True
    fail_fast: bool = False

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.arms) * self.seeds


@dataclass(frozen=True)
class Block:
    """Consecutive runs of a plan, by number."""

    plan: Plan
    start: int
    stop: int


@dataclass
class Results:
    """What a block of runs gave: rows of runs, tables of their months and people."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    monthly: list[pa.Table] = field(default_factory=list)
    people: list[pa.Table] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """Number of runs that failed."""
        return sum(bool(row["failed"]) for row in self.rows)


class RunError(RuntimeError):
    """A run failed and ``fail_fast`` was asked for."""


def run(plan: Plan, executor: Executor, keep: Callable[[Results], object]) -> None:
    """Run all of ``plan``, handing each block's results to ``keep`` in the order of the runs."""
    for results in executor.map(run_block, blocks(plan, executor.workers)):
        keep(results)


def blocks(plan: Plan, workers: int) -> Iterator[Block]:
    """Cut a plan into blocks: large enough to be worth handing out, small enough to share."""
    size = max(1, min(LARGEST_BLOCK, plan.runs // (8 * workers)))
    for start in range(0, plan.runs, size):
        yield Block(plan, start, min(start + size, plan.runs))


def run_block(block: Block) -> Results:
    """Simulate the runs of a block; a run that fails becomes a row with its error."""
    results = Results()
    for number in range(block.start, block.stop):
        _run_one(block.plan, number, results)
    return results


def _run_one(plan: Plan, number: int, results: Results) -> None:
    replication, place = divmod(number, len(plan.arms))
    arm = list(plan.arms)[place]
    seed = sim.run_seed(plan.seed, replication)
    key = {"point": 0, "arm": arm, "replication": replication}
    try:
        result = sim.simulate(plan.arms[arm], seed=seed, engine=plan.engine)
        results.rows.append({**key, "seed": seed, **result.measures, "failed": False, "error": ""})
        if plan.monthly:
            results.monthly.append(_labelled(result.monthly, key))
            results.people.append(_labelled(result.people, key))
    except Exception as error:
        if plan.fail_fast:
            raise RunError(f"arm {arm}, replication {replication}, seed {seed}: {_short(error)}") from error
        results.rows.append({**key, "seed": seed, "failed": True, "error": _short(error)})


def _labelled(frame: pd.DataFrame, key: Mapping[str, Any]) -> pa.Table:
    labels = {name: [value] * len(frame) for name, value in key.items()}
    return pa.table({**labels, **{str(name): frame[name].to_numpy() for name in frame.columns}})


def _short(error: Exception) -> str:
    """One line on an error: kind, message, and where it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].name})" if frames else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())}{where}"

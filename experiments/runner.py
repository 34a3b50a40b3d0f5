"""The loop: points × replications × arms in blocks, each block's results a part file.

A replication has one seed, whatever the point and the arm: its runs meet the same leads
with the same luck. Runs are numbered by point, replication and arm, the arms of a
replication together, so that what an interrupted study has saved is paired.
"""

from __future__ import annotations

import platform
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import sim
from experiments import parts
from experiments.executors import Executor, ExecutorError
from experiments.models import Model, Ran, Value
from experiments.points import NOWHERE, Points
from experiments.wording import shortened

SECONDS_OF_A_BLOCK = 2.0  # hides what handing out and writing cost, and an interrupt need not wait long
LARGEST_BLOCK = 4_096  # rows of a part file that are held in memory at once
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """All that may be run: every arm on every replication at every point.

    Attributes
    ----------
    model : Model
        What runs.
    points : Points
        Values of the factors.
    seeds, seed : int
        Most replications of a point, and the root seed they are derived from.
    monthly : bool
        Whether months and people are kept.
    fail_fast : bool
        Raise what a run raises, instead of noting it.
    watched : str
        Measure that decides when replications suffice; empty if none does.
    """

    model: Model
    seeds: int
    seed: int
    points: Points = NOWHERE
    monthly: bool = False
    fail_fast: bool = False
    watched: str = ""

    @property
    def runs(self) -> int:
        """Number of runs."""
        return self.points.count * self.seeds * len(self.model.arms)

    def place(self, number: int) -> tuple[int, int, int]:
        """Point, replication and arm of a run's number."""
        rest, arm = divmod(number, len(self.model.arms))
        point, replication = divmod(rest, self.seeds)
        return point, replication, arm

    def numbers(self, points: Numbers, replications: Numbers, arms: Numbers) -> Numbers:
        """Numbers of runs by their places."""
        found: Numbers = (points * self.seeds + replications) * len(self.model.arms) + arms
        return found


@dataclass(frozen=True)
class Block:
    """Some runs of a plan, with all that a worker needs to know.

    Attributes
    ----------
    code : str
        Hash of the model's code in the main process.
    numbers : array
        Numbers of the runs, rising.
    runs : list of (point, arm, seed)
        What they are.
    values : mapping of int to mapping
        Values of the factors at these points.
    """

    model: Model
    code: str
    folder: Path
    numbers: Numbers
    runs: list[tuple[int, str, int]]
    values: Mapping[int, Mapping[str, Value]]
    monthly: bool
    fail_fast: bool
    watched: str


@dataclass(frozen=True)
class Answer:
    """What the main process needs to know of a block that is done.

    Attributes
    ----------
    numbers : array
        Numbers of the runs.
    part : Part
        The file their results are in, in this order.
    seconds : float
        Time it took.
    """

    numbers: Numbers
    part: parts.Part
    seconds: float


@dataclass
class Results:
    """What a block of runs gave: a row a run, with the tables of its months and people."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    frames: list[Ran] = field(default_factory=list)


class RunError(RuntimeError):
    """A run failed and ``fail_fast`` was asked for."""


def execute(
    plan: Plan,
    folder: Path,
    numbers: Numbers,
    executor: Executor,
    note: Callable[[Answer], object],
    block: int | None = None,
) -> None:
    """Run the ``numbers`` of ``plan``, handing to ``note`` what became of each block as it is done.

    Parameters
    ----------
    folder : Path
        Where part files go.
    block : int, optional
        Runs of a block; by default as many as take two seconds.
    """
    sizes = _Sizes(len(numbers), executor.workers, block)
    for answer in executor.map(run_block, _blocks(plan, folder, numbers, sizes)):
        sizes.learn(answer)
        note(answer)


class _Sizes:
    """How many runs the next block gets: small ones first, then as many as fill its time."""

    def __init__(self, runs: int, workers: int, fixed: int | None) -> None:
        self._share = 2 * workers
        self._fixed = fixed
        self._now = max(1, min(4, runs // (8 * workers)))

    def learn(self, answer: Answer) -> None:
        each = answer.seconds / len(answer.numbers)
        self._now = max(1, min(LARGEST_BLOCK, int(SECONDS_OF_A_BLOCK / max(each, 1e-9))))

    def next(self, left: int) -> int:
        # The last blocks get smaller, so that no worker is long alone with its block.
        return self._fixed or max(1, min(self._now, -(-left // self._share)))


def _blocks(plan: Plan, folder: Path, numbers: Numbers, sizes: _Sizes) -> Iterator[Block]:
    start = 0
    while start < len(numbers):
        mine = numbers[start : start + sizes.next(len(numbers) - start)]
        start += len(mine)
        places = [plan.place(number) for number in mine.tolist()]
        yield Block(
            model=plan.model,
            code=plan.model.code(),
            folder=folder,
            numbers=mine,
            runs=[(point, plan.model.arms[arm], sim.run_seed(plan.seed, r)) for point, r, arm in places],
            values={point: plan.points.values(point) for point in {place[0] for place in places}},
            monthly=plan.monthly,
            fail_fast=plan.fail_fast,
            watched=plan.watched,
        )


def run_block(block: Block) -> Answer:
    """Simulate the runs of a block and write their part file; a run that fails becomes a row with its error."""
    start = time.perf_counter()
    if block.model.code() != block.code:
        raise ExecutorError(f"the worker on {platform.node()} has other code or packages than the main process.")
    results = Results()
    here: int | None = None
    prepared: dict[str, tuple[Any, bytes]] = {}
    for point, arm, seed in block.runs:
        if point != here:
            here, prepared = point, {}
        try:
            if arm not in prepared:
                made = block.model.prepare(arm, block.values[point])
                prepared[arm] = made, block.model.address(made)
            made, address = prepared[arm]
            ran = block.model.run(made, seed, block.monthly)
            row = {**ran.measures, "failed": False, "error": ""}
        except Exception as error:
            if block.fail_fast:
                raise RunError(f"point {point}, arm {arm}, seed {seed}: {_short(error)}") from error
            address = prepared[arm][1] if arm in prepared else parts.NO_ADDRESS
            ran, row = Ran({}), {"failed": True, "error": _short(error)}
        results.rows.append({"address": address, "seed": seed, **row})
        results.frames.append(ran)
    part = parts.write(block.folder, as_table(block, results), block.watched)
    return Answer(block.numbers, part, time.perf_counter() - start)


def as_table(block: Block, results: Results) -> pa.Table:
    """The part file of a block: what was run by its address and seed, and what came out."""
    rows = results.rows
    names = list(dict.fromkeys(block.model.measures or (name for ran in results.frames for name in ran.measures)))
    by_name = [[row.get(name, np.nan) for row in rows] for name in names]
    flat = pa.array(np.array(by_name, np.float64).ravel())  # one conversion for all: a block has a hundred columns
    columns = {
        "address": pa.array([row["address"] for row in rows], pa.binary(parts.ADDRESS_BYTES)),
        "seed": pa.array([row["seed"] for row in rows], pa.int64()),
        **{name: flat.slice(place * len(rows), len(rows)) for place, name in enumerate(names)},
        "failed": pa.array([row["failed"] for row in rows], pa.bool_()),
        "error": pa.array([row["error"] for row in rows], pa.string()),
    }
    if block.monthly:
        for name in parts.NESTED:
            columns[name] = parts.nested([getattr(ran, name) for ran in results.frames])
    return pa.table(columns)


def _short(error: Exception) -> str:
    """One line on an error: kind, message, and where it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].name})" if frames else ""
    return f"{type(error).__name__}: {shortened(' '.join(str(error).split()))}{where}"

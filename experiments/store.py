"""Where the results of a study live: part files while it runs, tables when it ends.

``parts/`` keeps what workers wrote (:mod:`experiments.parts`) and stays when the study
ends: whoever resumes or extends it only runs what is missing there. ``runs.parquet`` and
its companions are put together from the parts in the order of the runs, a few thousand
at a time, so neither their bytes nor the memory depend on how the runs came about.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import sim
from experiments import parts
from experiments.lock import Lock
from experiments.parts import DamagedPartError, Part, StoreError
from experiments.runner import Answer, Numbers, Plan
from experiments.tables import Table
from sim.parameters import ParameterError

FILES = ("summary.json", "report.html", "runs.parquet", "monthly.parquet", "people.parquet")
ROWS_AT_ONCE = 4_096
ROWS_REMEMBERED = 16_384  # of parts read: one that lies across two steps is read once
MOST_RUNS = 200_000_000
HEARTBEAT = 60.0  # seconds between signs of life
NOWHERE = -1


class Store:
    """The files of one study. A context manager: one process at a time.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.
    plan : Plan
        What may be run.
    say : callable
        Hears in a line what the user should know.

    Attributes
    ----------
    failed : array of bool
        Whether each run failed.
    watched : array of float
        The watched measure of each run; empty if none is watched.

    Raises
    ------
    StoreError
        The folder cannot be written, or another process is at work there.
    """

    def __init__(self, folder: Path, plan: Plan, say: Callable[[str], object]) -> None:
        if plan.runs > MOST_RUNS:
            raise ParameterError(
                f"{plan.points.count:,} points × seeds={plan.seeds:,} × {len(plan.model.arms)} arms are "
                f"{plan.runs:,} runs; at most {MOST_RUNS:,} are possible."
            )
        self.folder = folder
        self.plan = plan
        self.failed = np.zeros(plan.runs, dtype=bool)
        self.watched = np.full(plan.runs if plan.watched else 0, np.nan)
        self._say = say
        self._parts: list[Part] = []
        self._part = np.full(plan.runs, NOWHERE, dtype=np.int32)  # where each run is, and in which row there
        self._row = np.zeros(plan.runs, dtype=np.int32)
        self._read: dict[int, pa.Table] = {}
        self._held = ExitStack()
        self._heard = time.monotonic()

    @property
    def parts(self) -> Path:
        """Where part files are."""
        return self.folder / parts.FOLDER

    def __enter__(self) -> Self:
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise parts.cannot_write(self.folder, error) from None
        self._lock = self._held.enter_context(Lock(self.parts / "lock", self.folder))
        for unfinished in self.parts.glob(".*.tmp"):  # of a process that was killed
            unfinished.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    # ------------------------------------------------------------ what is there

    def there(self, numbers: Numbers) -> Numbers:
        """Those of the runs that are saved."""
        return np.asarray(numbers[self._part[numbers] != NOWHERE])

    def missing(self, numbers: Numbers) -> Numbers:
        """Those of the runs that are not."""
        return np.asarray(numbers[self._part[numbers] == NOWHERE])

    def note(self, answer: Answer) -> None:
        """Remember where the runs of a block are.

        Raises
        ------
        StoreError
            Its file is not where this process looks.
        """
        if not (self.parts / answer.part.name).exists():
            raise StoreError(
                f"out={str(self.folder)!r}: workers write somewhere else; give a folder that all machines share."
            )
        self._remember(answer.part, answer.numbers, np.arange(len(answer.numbers)))
        if time.monotonic() - self._heard > HEARTBEAT:
            self._heard = time.monotonic()
            self._lock.still_here()

    def _remember(self, part: Part, numbers: Numbers, rows: Numbers) -> None:
        self._part[numbers] = len(self._parts)
        self._row[numbers] = rows
        self.failed[numbers] = part.failed[rows]
        if self.plan.watched:
            self.watched[numbers] = part.watched[rows]
        # What was spread over the runs need not be kept twice.
        self._parts.append(Part(part.name, part.measures, np.empty(0, bool), np.empty(0)))

    def adopt(self) -> None:
        """Find the runs of the plan among the part files of earlier processes; drop the damaged ones."""
        files = sorted(self.parts.glob("*.parquet"))
        if not files:
            return
        model, points = self.plan.model, self.plan.points
        addresses: NDArray[Any] = np.zeros(points.count * len(model.arms), dtype=f"S{parts.ADDRESS_BYTES}")
        for point in range(points.count):
            values = points.values(point)
            for place, arm in enumerate(model.arms):
                try:
                    address = model.address(model.prepare(arm, values))
                except ParameterError:  # a failing run, not the end of the study
                    address = parts.NO_ADDRESS
                addresses[point * len(model.arms) + place] = address
        seeds = np.array([sim.run_seed(self.plan.seed, r) for r in range(self.plan.seeds)], dtype=np.int64)
        known = _Known(addresses, seeds, len(model.arms), self.plan)
        for file in files:
            try:
                table = parts.read(file)
            except DamagedPartError:
                self._drop(file)
                continue
            if self.plan.monthly and "monthly" not in table.column_names:
                continue
            numbers, rows = known.find(table)
            if len(numbers):
                self._remember(parts.describe(file.name, table, self.plan.watched), numbers, rows)

    def _drop(self, file: Path) -> None:
        self._say(f"{file} is damaged; its runs are made again.")
        file.unlink(missing_ok=True)

    # ------------------------------------------------------------ tables

    def finish(self, numbers: Numbers) -> None:
        """Write ``runs.parquet`` and its companions of those of the runs that are saved.

        Parameters
        ----------
        numbers : array
            Numbers of the runs, rising.

        Raises
        ------
        DamagedPartError
            A part was damaged since it was written; its runs are missing now.
        StoreError
            The folder cannot be written.
        """
        numbers = self.there(numbers)
        schema = self._schema(numbers)
        tables = {"runs": Table(self.folder / "runs.parquet", schema)}
        tables.update({name: Table(self.folder / f"{name}.parquet") for name in parts.NESTED})
        try:
            for mine, found in self._steps(numbers):
                keys = self._keys(mine)
                tables["runs"].add(self._labelled(keys, found, schema))
                for name in parts.NESTED if self.plan.monthly else ():
                    if (rows := parts.unnested(found[name])) is not None:
                        table, owner = rows
                        labels = keys.select(["point", "arm", "replication"]).take(owner)
                        tables[name].add(_beside(labels, table))
            for table in tables.values():
                table.seal()
            if tables["runs"].rows:
                for name in FILES:  # of a former study: never mix the two
                    (self.folder / name).unlink(missing_ok=True)
            for table in tables.values():
                table.publish()
        except BaseException as error:
            for table in tables.values():
                table.discard()
            if isinstance(error, OSError):
                raise parts.cannot_write(self.folder, error) from None
            raise

    def _steps(self, numbers: Numbers) -> Iterator[tuple[Numbers, pa.Table]]:
        """Some thousand runs at a time: their numbers and their rows in the parts."""
        for start in range(0, len(numbers), ROWS_AT_ONCE):
            mine = numbers[start : start + ROWS_AT_ONCE]
            where = self._part[mine]
            pieces, order = [], []
            used, first = np.unique(where, return_index=True)
            for part in used[np.argsort(first)].tolist():
                here = np.flatnonzero(where == part)
                pieces.append(_picked(self._rows(part), self._row[mine[here]]))
                order.append(here)
            together = _picked(pa.concat_tables(pieces, promote_options="default"), np.argsort(np.concatenate(order)))
            yield mine, together.combine_chunks()  # pages of the file must not tell where blocks began

    def _rows(self, part: int) -> pa.Table:
        if part not in self._read:
            file = self.parts / self._parts[part].name
            try:
                table = parts.read(file)
            except DamagedPartError:
                self._drop(file)
                self._part[self._part == part] = NOWHERE
                raise
            while self._read and sum(t.num_rows for t in self._read.values()) + table.num_rows > ROWS_REMEMBERED:
                del self._read[next(iter(self._read))]
            self._read[part] = table
        return self._read[part]

    def _schema(self, numbers: Numbers) -> pa.Schema:
        measures: dict[str, None] = dict.fromkeys(self.plan.model.measures)
        if not measures and len({part.measures for part in self._parts}) == 1:
            measures.update(dict.fromkeys(self._parts[0].measures))
        elif not measures:  # in the order in which runs first had them
            used, first = np.unique(self._part[numbers], return_index=True)
            for part in used[np.argsort(first)].tolist():
                measures.update(dict.fromkeys(self._parts[part].measures))
        keys = [("point", pa.int64()), ("arm", pa.string()), ("replication", pa.int64()), ("seed", pa.int64())]
        factors = [(name, _kind(column)) for name, column in self.plan.points.columns.items()]
        return pa.schema(
            [*keys, *factors, *((m, pa.float64()) for m in measures), ("failed", pa.bool_()), ("error", pa.string())]
        )

    def _keys(self, numbers: Numbers) -> pa.Table:
        arms = len(self.plan.model.arms)
        cell, arm = np.divmod(numbers, arms)
        point, replication = np.divmod(cell, self.plan.seeds)
        names = pa.array(self.plan.model.arms, pa.string()).take(pa.array(arm))
        return pa.table({"point": point, "arm": names, "replication": replication})

    def _labelled(self, keys: pa.Table, found: pa.Table, schema: pa.Schema) -> pa.Table:
        points = keys["point"].to_numpy()
        columns: dict[str, Any] = {name: keys[name] for name in keys.column_names}
        columns.update({n: pa.array(v[points], _kind(v)) for n, v in self.plan.points.columns.items()})
        missing = pa.array(np.full(len(points), np.nan))  # a measure that none of these runs has
        there = set(found.column_names)
        for name in schema.names:
            if name not in columns:
                columns[name] = found[name] if name in there else missing
        return pa.table({name: columns[name] for name in schema.names})


class _Known:
    """The runs of a plan by address and seed."""

    def __init__(self, addresses: NDArray[Any], seeds: Numbers, arms: int, plan: Plan) -> None:
        self._cells = np.argsort(addresses, kind="stable")
        self._addresses = addresses[self._cells]
        self._replications = np.argsort(seeds)
        self._seeds = seeds[self._replications]
        self._arms = arms
        self._plan = plan

    def find(self, table: pa.Table) -> tuple[Numbers, Numbers]:
        """Numbers of the plan's runs in a part, and their rows there; a row may serve several runs."""
        mine = np.array(table["address"].to_pylist(), dtype=self._addresses.dtype)
        first = np.searchsorted(self._addresses, mine, "left")
        count = np.searchsorted(self._addresses, mine, "right") - first
        count[mine == parts.NO_ADDRESS] = 0
        seed = table["seed"].to_numpy()
        place = np.minimum(np.searchsorted(self._seeds, seed), len(self._seeds) - 1)
        count[self._seeds[place] != seed] = 0
        rows = np.repeat(np.arange(len(mine)), count)
        nth = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
        points, arms = np.divmod(self._cells[first[rows] + nth], self._arms)
        return self._plan.numbers(points, self._replications[place[rows]], arms), rows


def _picked(table: pa.Table, rows: NDArray[Any]) -> pa.Table:
    """Some rows of a table; a stretch of them, as most are, without a copy."""
    if (np.diff(rows) == 1).all():
        return table.slice(int(rows[0]), len(rows))
    return table.take(rows)


def _kind(column: NDArray[Any]) -> pa.DataType:
    return pa.string() if column.dtype == object else pa.from_numpy_dtype(column.dtype)


def _beside(left: pa.Table, right: pa.Table) -> pa.Table:
    for name in right.column_names:
        left = left.append_column(name, right[name])
    return left

"""The loop, the executors and the files, on a model that is quick to compute and easy to break."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments import executors, runner, store
from sim.parameters import ParameterError, Params

MEASURES = ("revenue_growth", "new_arr")
FAILING = 13


@dataclass
class Result:
    measures: dict[str, float]
    monthly: pd.DataFrame
    people: pd.DataFrame


class Model:
    """Numbers made of the seed; every run whose seed ends in 13 of 100 fails when asked to."""

    def __init__(self, failing: bool = False) -> None:
        self.failing = failing
        self.seeds: list[int] = []

    def run_seed(self, seed: int, replication: int) -> int:
        return (seed * 1_000 + replication) % 2**63

    def simulate(self, params: Params, seed: int, engine: str) -> Result:
        self.seeds.append(seed)
        if self.failing and seed % 100 == FAILING:
            raise RuntimeError("too many\nleads")
        value = math.sin(seed) + params.alignment.visibility
        months = np.arange(1, 4)
        return Result(
            {"revenue_growth": value, "new_arr": 1e6 * value},
            pd.DataFrame({"month": months, "new_arr": value * months}),
            pd.DataFrame({"role": ["seller"], "won_acv": [value]}),
        )


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    quick = Model()
    monkeypatch.setattr(runner.sim, "simulate", quick.simulate, raising=False)
    monkeypatch.setattr(runner.sim, "run_seed", quick.run_seed, raising=False)
    return quick


def plan(seeds: int = 30, **changes: Any) -> runner.Plan:
    return runner.Plan({"one": Params(), "two": Params()}, seeds=seeds, seed=1, **changes)


def run_to(folder: Path, asked: runner.Plan, executor: executors.Executor) -> store.Store:
    with store.Store(folder, MEASURES) as kept:
        runner.run(asked, executor, kept.keep)
    return kept


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.glob("*.parquet"))}


# ---------------------------------------------------------------- rows


def test_arms_share_the_seed_of_a_replication(model: Model, tmp_path: Path) -> None:
    run_to(tmp_path, plan(), executors.Serial())
    runs = pd.read_parquet(tmp_path / "runs.parquet")
    assert list(runs.columns) == ["point", "arm", "replication", "seed", *MEASURES, "failed", "error"]
    assert list(runs["arm"][:4]) == ["one", "two", "one", "two"]
    assert list(runs["replication"][:4]) == [0, 0, 1, 1]
    assert runs[["replication", "seed"]].drop_duplicates().shape[0] == 30
    assert runs["seed"].nunique() == 30
    assert set(model.seeds) == set(runs["seed"])
    monthly = pd.read_parquet(tmp_path / "monthly.parquet")
    assert list(monthly.columns) == ["point", "arm", "replication", "month", "new_arr"]
    assert len(monthly) == 2 * 30 * 3


def test_a_failing_run_is_a_row_with_its_error(model: Model, tmp_path: Path) -> None:
    model.failing = True
    kept = run_to(tmp_path, plan(), executors.Threads(2))
    runs = pd.read_parquet(tmp_path / "runs.parquet")
    broken = runs[runs["failed"]]
    assert kept.failed == len(broken) == 2
    assert set(broken["replication"]) == {FAILING}
    assert broken["revenue_growth"].isna().all()
    assert broken["error"].str.startswith("RuntimeError: too many leads").all()
    assert runs[~runs["failed"]]["revenue_growth"].notna().all()
    assert (runs[~runs["failed"]]["error"] == "").all()


def test_fail_fast_raises_and_keeps_what_was_done(model: Model, tmp_path: Path) -> None:
    model.failing = True
    with pytest.raises(runner.RunError, match=f"arm one, replication {FAILING}, seed 10{FAILING}"):
        run_to(tmp_path, plan(fail_fast=True), executors.Serial())
    assert 0 < len(pd.read_parquet(tmp_path / "runs.parquet")) <= 2 * FAILING


def test_months_are_kept_on_request_only(model: Model, tmp_path: Path) -> None:
    run_to(tmp_path, plan(monthly=False), executors.Serial())
    assert set(bytes_of(tmp_path)) == {"runs.parquet"}


# ---------------------------------------------------------------- executors


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_files_do_not_depend_on_the_executor(model: Model, tmp_path: Path, workers: int) -> None:
    model.failing = True
    run_to(tmp_path / "serial", plan(), executors.Serial())
    run_to(tmp_path / "threads", plan(), executors.Threads(workers))
    assert bytes_of(tmp_path / "serial") == bytes_of(tmp_path / "threads")


@given(size=st.integers(1, 20), rows=st.integers(1, 40))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_files_do_not_depend_on_the_size_of_blocks(
    model: Model, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, size: int, rows: int
) -> None:
    monkeypatch.setattr(store, "ROWS_OF_A_GROUP", rows)
    folder = tmp_path_factory.mktemp("blocks")
    asked = plan(8)
    run_to(folder / "serial", asked, executors.Serial())
    with store.Store(folder / "cut", MEASURES) as kept:
        for start in range(0, asked.runs, size):
            kept.keep(runner.run_block(runner.Block(asked, start, min(start + size, asked.runs))))
    assert bytes_of(folder / "serial") == bytes_of(folder / "cut")


def test_answers_come_in_the_order_of_the_tasks() -> None:
    def slow_at_first(task: int) -> int:
        time.sleep(0.02 if task < 2 else 0)
        return task

    assert list(executors.Threads(3).map(slow_at_first, range(50))) == list(range(50))


def test_processes_give_the_same_answers() -> None:
    assert list(executors.Processes(2).map(math.factorial, range(8))) == [math.factorial(n) for n in range(8)]


def test_only_a_few_tasks_are_taken_ahead() -> None:
    taken = 0

    def tasks() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    answers = executors.Threads(2).map(abs, tasks())
    next(answers)
    assert taken <= 8
    answers.close()  # type: ignore[attr-defined]


def test_an_interrupt_stops_waiting_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    release = threading.Event()

    def work(task: int) -> int:
        begun.append(task)
        release.wait(5)
        return task

    def interrupted(future: Future[int], timeout: float | None = None) -> int:
        release.set()
        raise KeyboardInterrupt

    monkeypatch.setattr(Future, "result", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(executors.Threads(2).map(work, range(1_000)))
    assert len(begun) <= 8


def test_executors_are_chosen_by_name_and_engine() -> None:
    assert isinstance(executors.choose("serial", "compiled", None), executors.Serial)
    assert isinstance(executors.choose("local", "compiled", 3), executors.Threads)
    assert isinstance(executors.choose("local", "mesa", 3), executors.Processes)
    assert executors.choose("local", "compiled", None).workers == executors.available_cores()
    with pytest.raises(ParameterError, match="executor='dask': comes with a later release"):
        executors.choose("dask", "compiled", None)
    with pytest.raises(ParameterError, match=r"executor\.workers=4"):
        executors.choose("serial", "compiled", 4)


# ---------------------------------------------------------------- files


def test_a_former_study_stays_until_there_is_something_new(model: Model, tmp_path: Path) -> None:
    run_to(tmp_path, plan(3), executors.Serial())
    store.write_json(tmp_path / "summary.json", {"of": "the former"})
    before = bytes_of(tmp_path)
    with pytest.raises(KeyboardInterrupt), store.Store(tmp_path, MEASURES):
        raise KeyboardInterrupt
    assert bytes_of(tmp_path) == before
    assert (tmp_path / "summary.json").exists()
    run_to(tmp_path, plan(2, monthly=False), executors.Serial())
    assert len(pd.read_parquet(tmp_path / "runs.parquet")) == 4
    assert {file.name for file in tmp_path.iterdir()} == {"runs.parquet"}  # nothing of the former is mixed in


def test_row_groups_have_a_fixed_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ROWS_OF_A_GROUP", 10)
    table = store.Table(tmp_path / "table.parquet")
    for size in (3, 25, 1, 0, 6):
        table.add(pa.table({"x": list(range(size))}, schema=pa.schema([("x", pa.int64())])))
    table.close()
    written = pq.ParquetFile(tmp_path / "table.parquet")
    assert [written.metadata.row_group(i).num_rows for i in range(written.num_row_groups)] == [10, 10, 10, 5]
    assert list(tmp_path.iterdir()) == [tmp_path / "table.parquet"]


def test_json_has_no_numbers_that_json_does_not_know(tmp_path: Path) -> None:
    store.write_json(tmp_path / "a.json", {"a": math.nan, "b": [math.inf, 1.5], "c": {"d": (1, "€")}})
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"a": None, "b": [None, 1.5], "c": {"d": [1, "€"]}}


def test_the_hash_sees_numbers_and_not_their_order() -> None:
    assert store.configuration_hash({"a": 1, "b": 2.0}) == store.configuration_hash({"b": 2.0, "a": 1})
    assert store.configuration_hash({"a": 1}) != store.configuration_hash({"a": 2})

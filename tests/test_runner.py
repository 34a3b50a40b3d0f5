"""The loop, the executors and the store, on a model that is quick to compute and easy to break."""

from __future__ import annotations

import io
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments import executors, models, parts, runner, store, tables
from experiments.models import Kind, Ran
from experiments.points import Points
from sim import run_seed
from sim.parameters import ParameterError

MEASURES = ("revenue_growth", "new_arr")
shared_folders = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Quick:
    """Numbers made of the seed; runs whose seed is divisible by ``failing`` fail. It counts its runs."""

    arms = ("one", "two")
    measures = MEASURES
    threads = True

    def __init__(self, failing: int = 0, version: str = "1") -> None:
        self.failing = failing
        self.version = version
        self.seeds: list[int] = []

    def code(self) -> str:
        return self.version

    def kind(self, factor: str) -> Kind:
        return Kind()

    def check(self, factor: str, value: models.Value) -> None:
        pass

    def prepare(self, arm: str, values: Any) -> Any:
        return arm, dict(values)

    def address(self, prepared: Any) -> bytes:
        return models.hashed_values(self.version, {"arm": prepared[0], **prepared[1]})

    def run(self, prepared: Any, seed: int, monthly: bool) -> Ran:
        self.seeds.append(seed)
        if self.failing and seed % self.failing == 0:
            raise RuntimeError("too many\nleads")
        arm, values = prepared
        value = math.sin(seed % 1_000) * (1.1 if arm == "two" else 1.0) + values.get("x", 0.0)
        months = np.arange(1, 4)
        frames = (
            pd.DataFrame({"month": months, "new_arr": value * months}),
            pd.DataFrame({"role": ["seller"], "won_acv": [value]}),
        )
        return Ran({"revenue_growth": value, "new_arr": 1e6 * value}, *(frames if monthly else (None, None)))


@pytest.fixture
def model() -> Quick:
    return Quick()


def plan(model: Quick, seeds: int = 30, points: Points | None = None, **changes: Any) -> runner.Plan:
    return runner.Plan(model, seeds=seeds, seed=1, **({"points": points} if points else {}), **changes)


def at(*x: float) -> Points:
    return Points({"x": np.array(x, dtype=float)}, len(x))


def run_to(
    folder: Path, asked: runner.Plan, executor: executors.Executor | None = None, block: int | None = None
) -> list[str]:
    """Run what is missing of a plan; what was said."""
    said: list[str] = []
    everything = np.arange(asked.runs)
    with store.Store(folder, asked, said.append) as kept:
        kept.adopt()
        with executor or executors.Serial() as running:
            runner.execute(asked, kept.parts, kept.missing(everything), running, kept.note, block)
        kept.finish(everything)
    return said


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.glob("*.parquet"))}


# ---------------------------------------------------------------- rows


def test_arms_share_the_seed_of_a_replication(model: Quick, tmp_path: Path) -> None:
    run_to(tmp_path, plan(model, monthly=True))
    runs = pd.read_parquet(tmp_path / "runs.parquet")
    assert list(runs.columns) == ["point", "arm", "replication", "seed", *MEASURES, "failed", "error"]
    assert list(runs["arm"][:4]) == ["one", "two", "one", "two"]
    assert list(runs["replication"][:4]) == [0, 0, 1, 1]
    assert list(runs["seed"]) == [run_seed(1, r) for r in range(30) for _ in range(2)]
    assert sorted(model.seeds) == sorted(runs["seed"])
    monthly = pd.read_parquet(tmp_path / "monthly.parquet")
    assert list(monthly.columns) == ["point", "arm", "replication", "month", "new_arr"]
    assert len(monthly) == 2 * 30 * 3
    people = pd.read_parquet(tmp_path / "people.parquet")
    assert list(people.columns) == ["point", "arm", "replication", "role", "won_acv"]
    together = people.merge(runs, on=["point", "arm", "replication"])
    assert (together["won_acv"] == together["revenue_growth"]).all()


def test_points_stand_with_their_factors(model: Quick, tmp_path: Path) -> None:
    run_to(tmp_path, plan(model, 2, at(0.5, -3.0, 7.0)))
    runs = pd.read_parquet(tmp_path / "runs.parquet")
    assert list(runs.columns[:5]) == ["point", "arm", "replication", "seed", "x"]
    assert list(runs["point"]) == [p for p in range(3) for _ in range(4)]
    assert list(runs["x"]) == [x for x in (0.5, -3.0, 7.0) for _ in range(4)]
    expected = np.sin(runs["seed"] % 1_000) * np.where(runs["arm"] == "two", 1.1, 1.0) + runs["x"]
    assert np.allclose(runs["revenue_growth"], expected, rtol=0, atol=1e-12)


def test_a_failing_run_is_a_row_with_its_error(tmp_path: Path) -> None:
    run_to(tmp_path, plan(Quick(failing=7), monthly=True), executors.Threads(2))
    runs = pd.read_parquet(tmp_path / "runs.parquet")
    broken = runs[runs["failed"]]
    assert len(runs) == 60
    assert set(broken["seed"]) == {s for s in runs["seed"] if s % 7 == 0} != set()
    assert broken["revenue_growth"].isna().all()
    assert broken["error"].str.startswith("RuntimeError: too many leads").all()
    assert runs[~runs["failed"]]["revenue_growth"].notna().all()
    assert (runs[~runs["failed"]]["error"] == "").all()


def test_all_may_fail(tmp_path: Path) -> None:
    run_to(tmp_path, plan(Quick(failing=1), 3, monthly=True))
    assert pd.read_parquet(tmp_path / "runs.parquet")["failed"].all()
    assert set(bytes_of(tmp_path)) == {"runs.parquet"}


def test_fail_fast_raises_and_keeps_what_was_done(tmp_path: Path) -> None:
    broken = Quick(failing=11)
    with pytest.raises(runner.RunError, match=r"point 0, arm one, seed .*too many leads"):
        run_to(tmp_path, plan(broken, fail_fast=True), block=2)
    done = len(broken.seeds) - 1
    assert done >= 2
    broken.failing = 0
    run_to(tmp_path, plan(broken))
    assert len(broken.seeds) == 60 + 1


# ---------------------------------------------------------------- the same bits, whatever the way


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_files_do_not_depend_on_the_executor(tmp_path: Path, workers: int) -> None:
    asked = plan(Quick(failing=7), 8, at(1.0, 2.0, 3.0), monthly=True)
    run_to(tmp_path / "serial", asked)
    run_to(tmp_path / "threads", asked, executors.Threads(workers))
    assert bytes_of(tmp_path / "serial") == bytes_of(tmp_path / "threads")


@given(size=st.integers(1, 20), rows=st.integers(1, 40), step=st.integers(1, 9))
@shared_folders
def test_files_do_not_depend_on_the_size_of_blocks(
    tmp_path_factory: pytest.TempPathFactory, size: int, rows: int, step: int
) -> None:
    folder = tmp_path_factory.mktemp("blocks")
    asked = plan(Quick(), 4, at(1.0, 2.0), monthly=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "ROWS_OF_A_GROUP", rows)
        run_to(folder / "one", asked, block=asked.runs)
        patch.setattr(store, "ROWS_AT_ONCE", step)
        patch.setattr(store, "ROWS_REMEMBERED", 1)
        run_to(folder / "cut", asked, block=size)
    assert bytes_of(folder / "one") == bytes_of(folder / "cut")


@given(
    first=st.lists(st.integers(0, 9), min_size=1, max_size=6, unique=True),
    then=st.lists(st.integers(0, 9), min_size=1, max_size=6, unique=True),
    seeds=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    lost=st.integers(0, 3),
)
@shared_folders
def test_a_study_only_runs_what_no_earlier_one_has(
    tmp_path_factory: pytest.TempPathFactory, first: list[int], then: list[int], seeds: tuple[int, int], lost: int
) -> None:
    """Other points, other replications, some part files gone: the files are those of a fresh study."""
    folder = tmp_path_factory.mktemp("studies")
    model = Quick(failing=5)
    run_to(folder / "study", plan(model, seeds[0], at(*first), monthly=True), block=3)
    files = sorted((folder / "study" / "parts").glob("*.parquet"))
    gone = {(row["address"], row["seed"]) for f in files[:lost] for row in parts.read(f).to_pylist()}
    for file in files[:lost]:
        file.unlink()
    model.seeds.clear()
    asked = plan(model, seeds[1], at(*then), monthly=True)
    run_to(folder / "study", asked, block=4)
    kept = sum(
        (model.address(model.prepare(arm, {"x": float(x)})), run_seed(1, r)) not in gone
        for x in set(first) & set(then)
        for arm in model.arms
        for r in range(min(seeds))
    )
    assert len(model.seeds) == asked.runs - kept
    run_to(folder / "fresh", asked)
    assert bytes_of(folder / "study") == bytes_of(folder / "fresh")


def test_points_that_are_the_same_share_their_runs(model: Quick, tmp_path: Path) -> None:
    run_to(tmp_path, plan(model, 3, at(1.0)))
    model.seeds.clear()
    run_to(tmp_path, plan(model, 3, at(1.0, 2.0, 1.0)))
    assert len(model.seeds) == 6
    runs = pd.read_parquet(tmp_path / "runs.parquet").set_index(["point", "arm", "replication"])
    pd.testing.assert_frame_equal(runs.loc[0], runs.loc[2])


def test_other_code_shares_nothing(tmp_path: Path) -> None:
    run_to(tmp_path, plan(Quick(), 3))
    changed = Quick(version="2")
    run_to(tmp_path, plan(changed, 3))
    assert len(changed.seeds) == 6


def test_runs_without_months_are_made_again_when_months_are_asked_for(model: Quick, tmp_path: Path) -> None:
    run_to(tmp_path, plan(model, 3))
    assert set(bytes_of(tmp_path)) == {"runs.parquet"}
    run_to(tmp_path, plan(model, 3, monthly=True))
    assert len(model.seeds) == 12
    assert set(bytes_of(tmp_path)) == {"runs.parquet", "monthly.parquet", "people.parquet"}
    run_to(tmp_path, plan(model, 3))
    assert len(model.seeds) == 12
    assert set(bytes_of(tmp_path)) == {"runs.parquet"}


# ---------------------------------------------------------------- executors


def test_threads_do_not_wait_for_the_slowest() -> None:
    release = threading.Event()

    def work(task: int) -> int:
        if task == 0:
            release.wait(20)
        return task

    with executors.Threads(2) as pool:
        answers = pool.map(work, range(20))
        first = [next(answers) for _ in range(19)]
        release.set()
        assert sorted([*first, *answers]) == list(range(20))
    assert 0 not in first


def test_processes_give_the_same_answers() -> None:
    with executors.Processes(2) as pool:
        assert sorted(pool.map(math.factorial, range(8))) == sorted(math.factorial(n) for n in range(8))


def test_only_a_few_tasks_are_taken_ahead() -> None:
    taken = 0

    def tasks() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    with executors.Threads(2) as pool:
        answers = pool.map(abs, tasks())
        next(answers)
        assert taken <= executors.AHEAD * 2
        answers.close()  # type: ignore[attr-defined]


def test_an_interrupt_keeps_what_is_being_done_and_begins_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    release = threading.Event()

    def work(task: int) -> int:
        begun.append(task)
        release.wait(20)
        return task

    def interrupt() -> None:
        while len(begun) < 2:
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGINT)

    class Told(io.StringIO):
        """Work ends once the user is told that it is waited for."""

        def write(self, text: str) -> int:
            if "Ctrl-C once more" in text:
                release.set()
            return super().write(text)

    monkeypatch.setattr(sys, "stderr", Told())
    # Where tests run in the background of a shell, Ctrl-C is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    kept: list[int] = []
    try:
        threading.Thread(target=interrupt).start()
        with executors.Threads(2) as pool, pytest.raises(KeyboardInterrupt):
            kept.extend(pool.map(work, range(1_000)))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert sorted(kept) == sorted(begun) == [0, 1]


def test_executors_are_chosen_by_name() -> None:
    assert isinstance(executors.choose("serial", True, None), executors.Serial)
    assert isinstance(executors.choose("local", True, 3), executors.Threads)
    assert not isinstance(executors.choose("local", True, 3), executors.Processes)
    assert isinstance(executors.choose("local", False, 3), executors.Processes)
    assert executors.choose("local", True, None).workers == executors.available_cores()
    with pytest.raises(ParameterError, match=r"executor\.workers=4"):
        executors.choose("serial", True, 4)
    with pytest.raises(ParameterError, match=r"executor\.address='tcp://x:1'.*executor=dask"):
        executors.choose("local", True, None, "tcp://x:1")
    with pytest.raises(ParameterError, match=r"executor\.workers=4: the cluster at tcp://x:1"):
        executors.choose("dask", True, 4, "tcp://x:1")


def test_a_missing_dask_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ParameterError, match=r"pip install 'gtm-sim\[dask\]'"):
        executors.choose("dask", True, 2)


def test_blocks_grow_until_they_take_their_time() -> None:
    sizes = runner._Sizes(100_000, 2, None)
    first = sizes.next(100_000)
    empty = parts.Part("", (), np.empty(0, bool), np.empty(0))
    sizes.learn(runner.Answer(np.arange(first), empty, first * 0.05))
    assert first <= 4
    assert sizes.next(100_000) == pytest.approx(runner.SECONDS_OF_A_BLOCK / 0.05, abs=1)
    assert sizes.next(8) == 2
    assert sizes.next(1) == 1

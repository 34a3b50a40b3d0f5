"""What can go wrong with files: damage, a full disk, two at once; and that tables are whole or not there."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments import executors, manifest, parts, runner, store, tables
from sim.parameters import ParameterError
from tests.test_runner import Quick, bytes_of, plan, run_to


@pytest.fixture
def model() -> Quick:
    return Quick()


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "gone", "foreign"])
def test_a_damaged_part_is_named_and_made_again(model: Quick, tmp_path: Path, damage: str) -> None:
    asked = plan(model, 6)
    run_to(tmp_path / "study", asked, block=4)
    before = bytes_of(tmp_path / "study")
    file = sorted((tmp_path / "study" / "parts").glob("*.parquet"))[1]
    data = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        middle = len(data) // 2
        flipped = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        other = min((tmp_path / "study" / "parts").glob("*.parquet")).read_bytes()
        file.write_bytes({"cut": data[:middle], "flip": flipped, "empty": b"", "foreign": other}[damage])
    model.seeds.clear()
    said = run_to(tmp_path / "study", asked)
    assert len(model.seeds) == 4
    assert bytes_of(tmp_path / "study") == before
    assert (damage == "gone") == (not said)
    assert all(file.name in line for line in said)


def test_a_part_damaged_while_the_study_runs_is_found_out(model: Quick, tmp_path: Path) -> None:
    asked = plan(model, 6)
    everything = np.arange(asked.runs)
    said: list[str] = []
    with store.Store(tmp_path, asked, said.append) as kept:
        with executors.Serial() as running:
            runner.execute(asked, kept.parts, everything, running, kept.note, 4)
        file = min(kept.parts.glob("*.parquet"))
        file.write_bytes(b"x" + file.read_bytes()[1:])
        with pytest.raises(parts.DamagedPartError):
            kept.finish(everything)
        assert not list(tmp_path.glob("*.parquet"))
        missing = kept.missing(everything)
        assert len(missing) == 4
        with executors.Serial() as running:
            runner.execute(asked, kept.parts, missing, running, kept.note)
        kept.finish(everything)
    run_to(tmp_path / "fresh", asked)
    assert bytes_of(tmp_path) == bytes_of(tmp_path / "fresh")


def test_a_full_disk_is_said_and_leaves_nothing_half_done(
    model: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = plan(model, 6)
    sync, written = parts.os.fsync, 0

    def full(handle: int) -> None:
        nonlocal written
        written += 1
        if written > 4:  # file and folder of two parts
            raise OSError(28, "No space left on device")
        sync(handle)

    monkeypatch.setattr(parts.os, "fsync", full)
    with pytest.raises(parts.StoreError, match=r"cannot be written .No space left on device"):
        run_to(tmp_path, asked, block=3)
    monkeypatch.undo()
    assert sorted(file.suffix for file in (tmp_path / "parts").iterdir()) == ["", ".parquet", ".parquet"]
    model.seeds.clear()
    run_to(tmp_path, asked)
    assert len(model.seeds) == asked.runs - 6


def test_a_table_that_cannot_be_finished_leaves_the_former_one(
    model: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_to(tmp_path, plan(model, 3))
    before = bytes_of(tmp_path)

    def full(self: tables.Table) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tables.Table, "seal", full)
    with pytest.raises(parts.StoreError, match="No space left"):
        run_to(tmp_path, plan(model, 4))
    assert bytes_of(tmp_path) == before
    assert not list(tmp_path.glob(".*"))


def test_workers_must_write_where_the_store_looks(model: Quick, tmp_path: Path) -> None:
    asked = plan(model, 2)
    (tmp_path / "there").mkdir()
    with store.Store(tmp_path / "here", asked, print) as kept:
        serial, numbers = executors.Serial(), np.arange(4)
        with pytest.raises(parts.StoreError, match="a folder that all machines share"):
            runner.execute(asked, tmp_path / "there", numbers, serial, kept.note)


def test_workers_must_have_the_same_code(model: Quick, tmp_path: Path) -> None:
    block = next(runner._blocks(plan(model, 2), tmp_path, np.arange(2), runner._Sizes(2, 1, None)))
    model.version = "2"
    with pytest.raises(executors.ExecutorError, match="other code"):
        runner.run_block(block)


def test_one_process_at_a_time(model: Quick, tmp_path: Path) -> None:
    asked = plan(model, 2)
    refused = pytest.raises(parts.StoreError, match=r"in use by process \d+ on .* since .*; wait for it")
    with store.Store(tmp_path, asked, print), refused:
        run_to(tmp_path, asked)
    run_to(tmp_path, asked)


def test_a_lock_from_another_machine_holds_until_it_is_stale(
    model: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "parts").mkdir()
    held = {"pid": 1, "host": "elsewhere", "since": "2020-01-01T00:00:00+00:00"}
    (tmp_path / "parts" / "lock").write_text(json.dumps(held))
    with pytest.raises(parts.StoreError, match="in use by process 1 on elsewhere since 2020"):
        run_to(tmp_path, plan(model, 2))
    monkeypatch.setattr("experiments.lock.STALE", -1.0)
    run_to(tmp_path, plan(model, 2))


def test_too_many_runs_are_refused(model: Quick, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="2,000,000,000 runs; at most 200,000,000"):
        store.Store(tmp_path, plan(model, 1_000_000_000), print)


# ---------------------------------------------------------------- files


def test_a_former_study_stays_until_there_is_something_new(model: Quick, tmp_path: Path) -> None:
    run_to(tmp_path, plan(model, 3))
    tables.write_json(tmp_path / "summary.json", {"of": "the former"})
    before = bytes_of(tmp_path)
    with pytest.raises(KeyboardInterrupt), store.Store(tmp_path, plan(model, 9), print):
        raise KeyboardInterrupt
    assert bytes_of(tmp_path) == before
    assert (tmp_path / "summary.json").exists()
    run_to(tmp_path, plan(model, 2))
    assert len(pd.read_parquet(tmp_path / "runs.parquet")) == 4
    assert {file.name for file in tmp_path.iterdir()} == {"runs.parquet", "parts"}  # nothing of the former is mixed in


def test_row_groups_have_a_fixed_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "ROWS_OF_A_GROUP", 10)
    table = tables.Table(tmp_path / "table.parquet")
    for size in (3, 25, 1, 0, 6):
        table.add(pa.table({"x": list(range(size))}, schema=pa.schema([("x", pa.int64())])))
    table.seal()
    table.publish()
    written = pq.ParquetFile(tmp_path / "table.parquet")
    assert [written.metadata.row_group(i).num_rows for i in range(written.num_row_groups)] == [10, 10, 10, 5]
    assert list(tmp_path.iterdir()) == [tmp_path / "table.parquet"]


def test_json_has_no_numbers_that_json_does_not_know(tmp_path: Path) -> None:
    tables.write_json(tmp_path / "a.json", {"a": math.nan, "b": [math.inf, 1.5], "c": {"d": (1, "€")}})
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"a": None, "b": [None, 1.5], "c": {"d": [1, "€"]}}


def test_the_hash_sees_numbers_and_not_their_order() -> None:
    hashed = manifest.configuration_hash
    assert hashed({"a": 1, "b": 2.0}) == hashed({"b": 2.0, "a": 1})
    assert hashed({"a": 1}) != hashed({"a": 2})

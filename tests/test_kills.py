"""Real processes, really killed: the worker, the scheduler, the main process. Nothing finished is lost."""

from __future__ import annotations

import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import psutil
import pytest

from experiments.commands import application, main
from experiments.store import Store

ROOT = Path(__file__).resolve().parent.parent
SLOW = ("model.target=tests.quick_models:slow", "design.points=6", "design.factors={x: {low: 0, high: 1}}", "seeds=40")
RUNS = 240
LIMIT = 6_000  # bytes: more than a part and the notes on a study, less than a table of 800 runs
PATIENCE = 400.0  # seconds: a watchdog only; machines with much else to do take their time


def begin(*words: str, folder: Path, limit: int = 0, **environment: str) -> subprocess.Popen[str]:
    """Start a sweep in a session of its own; ``limit`` is the largest file it may write."""

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell in the background hands down an ignored Ctrl-C
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, "-m", "experiments.commands", "sweep", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=prepare,  # noqa: PLW1509 - no threads here
    )


def end(running: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code, and what was said."""
    out, err = running.communicate(timeout=PATIENCE)
    return running.returncode, out + err


def sweep(*words: str, folder: Path) -> str:
    """Run one to its end; nobody has to meet it half-way, so the slow model need not be slow."""
    code, said = end(begin(*words, folder=folder, SLOW_SECONDS="0"))
    assert code == 0, said
    return said


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def parts(study: Path) -> list[Path]:
    return list((study / "parts").glob("*.parquet"))


def found(said: str) -> int:
    """How many runs were there before."""
    line = re.search(r"([\d,]+) of 240 runs are there already", said)
    return int(line[1].replace(",", "")) if line else 0


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Bytes of the runs of a sweep that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    sweep(*SLOW, "executor=serial", "out=study", folder=folder)
    return (folder / "study" / "runs.parquet").read_bytes()


# ---------------------------------------------------------------- the main process


@pytest.mark.slow
def test_a_main_process_killed_at_any_moment_loses_only_what_was_in_flight(tmp_path: Path, whole: bytes) -> None:
    moments = random.Random(7)
    study = tmp_path / "study"
    for _ in range(3):
        before = len(parts(study))
        running = begin(*SLOW, "executor.workers=2", "executor.block=5", "out=study", folder=tmp_path)
        wait_for(lambda before=before: len(parts(study)) > before)
        children = psutil.Process(running.pid).children(recursive=True)
        time.sleep(moments.random() * 0.3)
        running.kill()
        running.communicate()
        psutil.wait_procs(children, timeout=20)
        assert not [child for child in children if child.is_running()], "workers outlived their main process"
    assert json.loads((study / "manifest.json").read_text())["status"] == "running"
    saved = 5 * len(parts(study))
    said = sweep("resume=study", folder=tmp_path)
    assert 0 < found(said) == saved < RUNS
    assert (study / "runs.parquet").read_bytes() == whole
    assert json.loads((study / "manifest.json").read_text())["runs"] == {"asked": RUNS, "done": RUNS, "failed": 0}


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["executor=serial", "executor=local"])
def test_an_interrupted_sweep_says_what_is_saved_and_goes_on(tmp_path: Path, whole: bytes, executor: str) -> None:
    study = tmp_path / "study"
    running = begin(*SLOW, executor, "executor.block=5", "out=study", folder=tmp_path)
    wait_for(lambda: len(parts(study)) > 1)
    running.send_signal(signal.SIGINT)
    code, said = end(running)
    assert code == 130
    assert f"of 240 runs are saved in {study / 'runs.parquet'}. To go on: gtm sweep resume={study}" in said
    kept = len(pd.read_parquet(study / "runs.parquet"))
    # Two parts were seen: the first one's block had ended, the second's may have been in flight still.
    assert kept == int(re.search(r"Interrupted: (\d+) of", said)[1]) >= 5
    assert json.loads((study / "manifest.json").read_text())["status"] == "interrupted"
    assert found(sweep(f"resume={study}", folder=tmp_path)) >= kept
    assert (study / "runs.parquet").read_bytes() == whole


def test_a_second_interrupt_says_where_the_parts_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It comes while what is there is put together."""
    study, words = tmp_path / "study", ["model.target=tests.quick_models:wave", "design.factors={x: [1, 2]}", "seeds=2"]

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Store, "finish", stopped)
        assert main(["sweep", *words, "executor=serial", f"out={study}"]) == 130
    assert f"what was finished is in {study}. To go on: gtm sweep resume={study}\n" in capsys.readouterr().err
    assert main(["sweep", f"resume={study}"]) == 0
    assert "4 of 4 runs are there already" in capsys.readouterr().err
    with monkeypatch.context() as patched:
        patched.setattr(application, "settings", stopped)
        assert main(["sweep", *words, f"out={tmp_path / 'other'}"]) == 130
    assert "nothing was run, nothing is saved" in capsys.readouterr().err


@pytest.mark.slow
def test_a_model_that_hangs_is_given_up_at_the_second_interrupt(tmp_path: Path) -> None:
    study = tmp_path / "study"
    words = ("model.target=tests.quick_models:hangs", "design.factors={x: [0.1, 0.3, 0.9]}", "seeds=2")
    running = begin(*words, "executor.workers=2", "executor.block=1", "out=study", folder=tmp_path)
    wait_for(lambda: len(parts(study)) == 4)
    children = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(signal.SIGINT)
    assert running.stderr is not None
    assert any("Ctrl-C once more" in line for line in running.stderr)
    running.send_signal(signal.SIGINT)
    code, said = end(running)
    assert code == 130, said
    assert "Interrupted: 4 of 6 runs are saved" in said
    runs = pd.read_parquet(study / "runs.parquet")
    assert runs["x"].tolist() == [0.1, 0.1, 0.3, 0.3]
    assert not psutil.wait_procs(children, timeout=20)[1], "a worker outlived its study"


@pytest.mark.slow
def test_two_at_once_one_is_refused_politely(tmp_path: Path, whole: bytes) -> None:
    study = tmp_path / "study"
    first = begin(*SLOW, "executor.workers=1", "executor.block=5", "out=study", folder=tmp_path)
    wait_for(lambda: parts(study))
    os.killpg(first.pid, signal.SIGSTOP)  # at work, however slow this machine is
    code, said = end(begin("resume=study", folder=tmp_path))
    os.killpg(first.pid, signal.SIGCONT)
    assert code == 2
    assert said.startswith("error: out=")
    assert f"in use by process {first.pid} on" in said
    assert "Traceback" not in said
    assert end(first)[0] == 0
    assert (study / "runs.parquet").read_bytes() == whole


@pytest.mark.slow
def test_a_disk_that_is_full_stops_with_a_line_and_can_be_resumed(tmp_path: Path) -> None:
    """The system refuses files above a size: parts fit, the table of all does not."""
    words = ("model.target=tests.quick_models:wave", "design.factors={x: [0, 1]}", "seeds=400", "executor=serial")
    code, said = end(begin(*words, "executor.block=50", "out=study", folder=tmp_path, limit=LIMIT))
    assert code == 2, said
    assert re.search(r"error: out='.*study': cannot be written .File too large.\.", said)
    assert "800 of 800 runs are saved; when that is mended, resume=" in said
    assert "Traceback" not in said
    study = tmp_path / "study"
    assert not (study / "runs.parquet").exists()
    assert not list(study.rglob(".*.tmp")) + list(study.glob(".*.part"))
    sweep("resume=study", folder=tmp_path)
    assert len(parts(study)) == 16
    sweep(*words, "out=fresh", folder=tmp_path)
    assert (study / "runs.parquet").read_bytes() == (tmp_path / "fresh" / "runs.parquet").read_bytes()


# ---------------------------------------------------------------- workers


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced_and_its_block_made_again(tmp_path: Path) -> None:
    words = (
        "model.target=tests.quick_models:kills_its_worker_once",
        f"design.factors={{x: {{low: 0, high: 1}}, marker: [{tmp_path / 'marker'}]}}",
        "seeds=6",
    )
    (tmp_path / "marker").touch()
    sweep(*words, "executor=serial", "out=serial", folder=tmp_path)
    for name in ("local", "dask"):
        (tmp_path / "marker").unlink()
        sweep(*words, f"executor={name}", "executor.workers=2", "executor.block=2", f"out={name}", folder=tmp_path)
        assert (tmp_path / "marker").exists(), "nobody was killed"
        files = [tmp_path / folder / "runs.parquet" for folder in (name, "serial")]
        assert files[0].read_bytes() == files[1].read_bytes(), name


@pytest.mark.slow
def test_runs_that_no_worker_survives_end_the_study_with_a_line(tmp_path: Path) -> None:
    words = ("model.target=tests.quick_models:always_kills_its_worker", "design.factors={x: [1, 2]}", "seeds=1")
    code, said = end(begin(*words, "executor.workers=1", "out=study", folder=tmp_path))
    assert code == 2
    assert "error: worker processes died 4 times on the same runs" in said
    assert "Traceback" not in said


# ---------------------------------------------------------------- a cluster


@contextmanager
def dask(*words: str) -> Iterator[subprocess.Popen[str]]:
    """A process of a Dask cluster."""
    running = subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.dask_{words[0]}", *words[1:]],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


SCHEDULER = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
WORKER = ("worker", "--nthreads", "1", "--no-dashboard", "--no-nanny")


def address_of(process: subprocess.Popen[str]) -> str:
    for line in process.stdout:
        if said := re.search(r"Scheduler at: +(tcp://\S+)", line):
            return said[1]
    raise AssertionError("the scheduler never said where it is")


@pytest.mark.slow
def test_a_cluster_may_lose_workers_and_its_scheduler(tmp_path: Path, whole: bytes) -> None:
    study = tmp_path / "study"
    with dask(*SCHEDULER) as first:
        address = address_of(first)
        words = (*SLOW, "executor=dask", f"executor.address={address}", "executor.block=5", "out=study")
        with dask(*WORKER, address) as doomed, dask(*WORKER, address):
            running = begin(*words, folder=tmp_path)
            wait_for(lambda: len(parts(study)) > 2)
            doomed.kill()
            seen = len(parts(study))
            wait_for(lambda: len(parts(study)) > seen + 2)
            first.kill()
            code, said = end(running)
    assert code == 2, said
    assert re.search(rf"error: the Dask scheduler at {address} does not answer any more\.", said)
    assert "resume=" in said
    assert "Traceback" not in said
    saved = 5 * len(parts(study))
    said = sweep("resume=study", "executor=local", "executor.address=null", folder=tmp_path)
    assert 0 < found(said) <= saved < RUNS
    assert (study / "runs.parquet").read_bytes() == whole

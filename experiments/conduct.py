"""One study from settings to files: run it, say how it goes, keep what is done."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sim.compiled
import sim.measures
from experiments import executors, runner, store
from experiments.config import Settings
from experiments.progress import Bar
from sim.parameters import ParameterError


@dataclass(frozen=True)
class Outcome:
    """How a study ended.

    Attributes
    ----------
    folder : Path
        Where its files are.
    asked, kept, failed : int
        Runs asked for, runs saved, and how many of these failed.
    status : {"done", "interrupted", "failed"}
        Whether it ran to its end, the user stopped it, or a failing run did.
    """

    folder: Path
    asked: int
    kept: int
    failed: int
    status: str

    def manifest_entries(self) -> dict[str, Any]:
        """What the manifest says about it."""
        done = self.kept - self.failed
        return {
            "status": self.status,
            "runs": {"asked": self.asked, "done": done, "failed": self.failed},
        }


def conduct(settings: Settings) -> Outcome:
    """Simulate every arm on every replication and write ``runs.parquet``, ``monthly.parquet`` and the manifest.

    Raises
    ------
    ParameterError
        The executor does not exist here, or the folder cannot be written.
    RunError
        A run failed and ``fail_fast`` was asked for.
    """
    executor = executors.choose(settings.executor, settings.engine, settings.workers)
    plan = runner.Plan(
        arms=settings.arms,
        seeds=settings.seeds,
        seed=settings.seed,
        engine=settings.engine,
        monthly=settings.record == "monthly",
        fail_fast=settings.fail_fast,
    )
    start = store.now()
    try:
        kept = store.Store(settings.out, list(sim.measures.MEASURES))
    except OSError as error:
        raise ParameterError(f"out={str(settings.out)!r}: cannot be written ({error.strerror}).") from None
    status = "failed"
    try:
        with kept:
            status = _simulate(plan, executor, kept)
    finally:
        outcome = Outcome(settings.out, plan.runs, kept.runs.rows, kept.failed, status)
        if outcome.kept:
            store.write_json(settings.out / "manifest.json", manifest(settings, outcome, executor.workers, start))
    return outcome


def _simulate(plan: runner.Plan, executor: executors.Executor, kept: store.Store) -> str:
    if not sim.compiled.is_cached():
        sys.stderr.write("Compiling the model once, about a minute; later starts are quick.\n")

    bar = Bar(plan.runs)

    def keep(results: runner.Results) -> None:
        kept.keep(results)
        bar.advance(len(results.rows), kept.failed)

    try:
        with bar:
            runner.run(plan, executor, keep)
    except KeyboardInterrupt:
        return "interrupted"
    return "done"


def manifest(settings: Settings, outcome: Outcome, workers: int, start: datetime) -> dict[str, Any]:
    """What a reader needs to make the numbers again, and to trust them."""
    end = store.now()
    numbers = settings.numbers()
    return {
        "command": settings.command,
        "call": settings.call,
        **outcome.manifest_entries(),
        "start": start.isoformat(timespec="seconds"),
        "end": end.isoformat(timespec="seconds"),
        "seconds": round((end - start).total_seconds(), 3),
        "organisation": settings.organisation,
        "arms": list(settings.arms),
        "baseline": settings.baseline,
        "seed": settings.seed,
        "configuration_hash": store.configuration_hash(numbers),
        "configuration": {
            **numbers,
            "engine": settings.engine,
            "executor": settings.executor,
            "workers": workers,
            "language": settings.language,
            "fail_fast": settings.fail_fast,
            "record": settings.record,
        },
        "versions": store.versions(),
        "machine": store.machine(),
    }

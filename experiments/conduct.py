"""One study from settings to files: run what is missing, say how it goes, lose nothing that is done."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from experiments import executors, manifest, models, replications, runner
from experiments.config import Settings
from experiments.parts import DamagedPartError, StoreError
from experiments.progress import Bar
from experiments.replications import Replications
from experiments.store import Store
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
    status : {"running", "done", "interrupted", "failed"}
        Whether it ran to its end, the user stopped it, or an error did.
    found : int
        Runs that were there before.
    saved : mapping of str to int
        Runs that stopping and pairing saved, where the number of replications is open.
    """

    folder: Path
    asked: int
    kept: int
    failed: int
    status: str
    found: int = 0
    saved: Mapping[str, int] = field(default_factory=dict)

    def manifest_entries(self) -> dict[str, Any]:
        """What the manifest says about it."""
        entries: dict[str, Any] = {
            "status": self.status,
            "runs": {"asked": self.asked, "done": self.kept - self.failed, "failed": self.failed},
        }
        return entries | ({"saved": dict(self.saved)} if self.saved else {})


def conduct(settings: Settings) -> Outcome:
    """Run what is missing of a study and write its tables and its manifest.

    Raises
    ------
    ParameterError
        The settings make no study, or the folder or the workers are lost.
    RunError
        A run failed and ``fail_fast`` was asked for.
    """
    models.forget_files()
    model = settings.model
    executor = executors.choose(settings.executor, model.threads, settings.workers, settings.address)
    rule = replications.rule(settings.replications, model.arms, model.measures)
    plan = runner.Plan(
        model=model,
        points=settings.points,
        seeds=settings.seeds,
        seed=settings.seed,
        monthly=settings.record == "monthly",
        fail_fast=settings.fail_fast,
        watched=rule.measure,
    )
    start = manifest.now()
    if plan.points.note:
        _say(plan.points.note)
    with Store(settings.out, plan, _say) as store:
        store.adopt()
        wanted = Replications(rule, store)
        found = len(store.there(wanted.numbers()))
        if found:
            _say(f"{found:,} of {len(wanted.numbers()):,} runs are there already.")

        def note(status: str) -> Outcome:
            numbers = wanted.numbers()
            there = store.there(numbers)
            outcome = Outcome(
                folder=settings.out,
                asked=len(numbers),
                kept=len(there),
                failed=int(np.count_nonzero(store.failed[there])),
                status=status,
                found=found,
                saved=wanted.saved() or {},
            )
            manifest.write(settings.out, describe(settings, outcome, executor.workers, start))
            return outcome

        note("running")
        try:
            status = _simulate(store, wanted, executor, settings.block)
        except BaseException as error:
            # The study can be resumed without either; on a full disk a small manifest may still find room.
            with contextlib.suppress(StoreError, DamagedPartError, OSError):
                store.finish(wanted.numbers())
            with contextlib.suppress(StoreError, OSError):
                note("failed")
            if isinstance(error, StoreError | executors.ExecutorError):
                raise _resumable(error, store, wanted, settings.home) from None
            raise
        if status == "interrupted":
            with contextlib.suppress(DamagedPartError):
                store.finish(wanted.numbers())
        return note(status)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _simulate(store: Store, wanted: Replications, executor: executors.Executor, block: int | None) -> str:
    """Run what is missing and put the tables together, until nothing is missing."""
    numbers = wanted.numbers()
    bar = Bar(len(numbers), done=len(store.there(numbers)))

    def note(answer: runner.Answer) -> None:
        store.note(answer)
        bar.advance(len(answer.numbers), int(store.failed.sum()))

    try:
        with contextlib.ExitStack() as started, bar:
            while True:
                for missing in wanted.rounds():
                    bar.expect(len(wanted.numbers()))
                    if not executor.started:
                        _say_if_compiling(store.plan.model)
                        started.enter_context(executor)
                    runner.execute(store.plan, store.parts, missing, executor, note, block)
                try:
                    store.finish(wanted.numbers())
                except DamagedPartError:
                    continue
                return "done"
    except KeyboardInterrupt:
        return "interrupted"


def _say_if_compiling(model: models.Model) -> None:
    if isinstance(model, models.Organisation):
        import sim.compiled

        if not sim.compiled.is_cached():
            _say("Compiling the model once, about a minute; later starts are quick.")


def _resumable(error: ParameterError, store: Store, wanted: Replications, home: Path) -> ParameterError:
    """The error, and what the user has and can do."""
    numbers = wanted.numbers()
    kept = len(store.there(numbers))
    return type(error)(
        f"{error}\n{kept:,} of {len(numbers):,} runs are saved; when that is mended, resume={home} goes on."
    )


def note_whole(settings: Settings, status: str, runs: int, start: datetime) -> None:
    """Write the manifest of a command that is made of several studies."""
    outcome = Outcome(settings.out, runs, runs, 0, status)
    manifest.write(settings.out, describe(settings, outcome, settings.workers or 0, start))


def describe(settings: Settings, outcome: Outcome, workers: int, start: datetime) -> dict[str, Any]:
    """What a reader needs to make the numbers again, and to trust them."""
    numbers = settings.numbers()
    return {
        "command": settings.command,
        "call": settings.call,
        "words": list(settings.words),
        "configs": list(settings.configs),
        "folder": str(Path.cwd()),
        **outcome.manifest_entries(),
        **manifest.times(start),
        "organisation": settings.organisation,
        "arms": list(settings.model.arms),
        "baseline": settings.baseline,
        "seed": settings.seed,
        "configuration_hash": manifest.configuration_hash(numbers),
        "configuration": {
            **numbers,
            "engine": settings.engine,
            "executor": settings.executor,
            "workers": workers,
            "language": settings.language,
            "fail_fast": settings.fail_fast,
            "record": settings.record,
        },
        "versions": manifest.versions(),
        "machine": manifest.machine(),
    }

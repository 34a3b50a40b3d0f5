"""``gtm sweep``: a design over any parameters × arms × seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from experiments.commands import COMMANDS
from experiments.commands.application import DONE, application
from experiments.config import Command, Settings

if TYPE_CHECKING:
    from experiments.conduct import Outcome

COMMAND = Command(
    name="sweep",
    summary=COMMANDS["sweep"],
    defaults={"seeds": 10, "record": "none", "model": {"target": None, "steps": 100}},
    groups={"design": "grid"},
)


def main(arguments: Sequence[str]) -> int:
    """Run the command; return the exit code."""
    return application(COMMAND, sweep, arguments)


def sweep(settings: Settings) -> int:
    """Run what is missing of the design, summarise it, say where it is."""
    from experiments import tables
    from experiments.commands.ending import ended_early, interrupted, say_saved
    from experiments.conduct import conduct

    outcome = conduct(settings)
    try:
        code = ended_early(settings, outcome)
        if code is not None:
            return code
        say_saved(outcome)
        tables.write_json(outcome.folder / "summary.json", _summary(settings, outcome))
    except KeyboardInterrupt:
        return interrupted(settings, outcome)
    points = f"{settings.points.count:,} points" if settings.points.count > 1 else "1 point"
    print(f"{outcome.kept:,} runs at {points}: {outcome.folder / 'runs.parquet'}")
    print(f'Read them: analysis.load("{outcome.folder}").runs')
    return DONE


def _summary(settings: Settings, outcome: Outcome) -> dict[str, Any]:
    """Summary over all points, as of :func:`analysis.summary.summarise`, a column at a time.

    A million runs with all measures need not fit in memory: a finished study has the arms
    of every replication side by side, so pairs need no search.
    """
    import dataclasses

    import numpy as np
    import pyarrow.parquet as pq

    from analysis.paired import contrast, interval
    from analysis.summary import KEYS

    file = outcome.folder / "runs.parquet"
    arms = settings.model.arms
    failed = pq.read_table(file, columns=["failed"])["failed"].to_numpy()
    summary: dict[str, Any] = {"study": settings.command, "arms": {arm: {} for arm in arms}, "contrasts": []}
    for name in pq.read_schema(file).names:
        if name in KEYS or name in settings.points.columns:
            continue
        column = pq.read_table(file, columns=[name])[name].to_numpy()
        values = np.where(failed, np.nan, column).reshape(-1, len(arms))
        for place, arm in enumerate(arms):
            summary["arms"][arm][name] = dataclasses.asdict(interval(values[:, place]))
        for place, arm in enumerate(arms[1:], 1):
            entries = dataclasses.asdict(contrast(values[:, 0], values[:, place]))
            del entries["left_out"]  # as in every summary
            summary["contrasts"].append({"measure": name, "arm": arm, "baseline": settings.baseline, **entries})
    return summary

"""``gtm sweep``: a design over any parameters × arms × seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from experiments.commands import COMMANDS
from experiments.commands.application import DEFECT, DONE, application
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
    from experiments.commands import finish
    from experiments.conduct import conduct

    outcome = conduct(settings)
    if outcome.status == "interrupted":
        return finish.interrupted(settings.command, outcome)
    try:
        if outcome.failed:
            finish.say_failures(_first_failure(outcome), outcome)
        finish.say_saved(outcome)
        if outcome.failed == outcome.asked:
            return DEFECT
        tables.write_json(outcome.folder / "summary.json", _summary(settings, outcome))
    except KeyboardInterrupt:
        return finish.interrupted(settings.command, outcome)
    points = f"{settings.points.count:,} points" if settings.points.count > 1 else "1 point"
    print(f"{outcome.kept:,} runs at {points}: {outcome.folder / 'runs.parquet'}")
    print(f'Read them: analysis.load("{outcome.folder}").runs')
    return DONE


def _summary(settings: Settings, outcome: Outcome) -> dict[str, Any]:
    """Summary over all points, a measure at a time: a million runs with all measures need not fit in memory."""
    import pandas as pd
    import pyarrow.parquet as pq

    from analysis.summary import KEYS, summarise

    file = outcome.folder / "runs.parquet"
    names = [n for n in pq.read_schema(file).names if n not in KEYS and n not in settings.points.columns]
    together: dict[str, Any] = {"study": settings.command, "arms": {}, "contrasts": []}
    for name in names:
        runs = pd.read_parquet(file, columns=["point", "arm", "replication", "failed", name])
        found = summarise(runs, settings.command, settings.baseline, [name])
        for arm, entries in found["arms"].items():
            together["arms"].setdefault(arm, {}).update(entries)
        together["contrasts"] += found["contrasts"]
    return together


def _first_failure(outcome: Outcome) -> Any:
    """The first run that failed, as a frame of one row."""
    import pyarrow.dataset as ds

    runs = ds.dataset(outcome.folder / "runs.parquet")
    columns = ["point", "arm", "replication", "failed", "error"]
    return runs.scanner(columns=columns, filter=ds.field("failed")).head(1).to_pandas()

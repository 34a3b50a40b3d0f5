"""What is said of a study that ended, beside its results."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from experiments.commands.application import DEFECT, INTERRUPTED
from experiments.wording import shortened

if TYPE_CHECKING:
    from experiments.conduct import Outcome
    from experiments.config import Settings


def ended_early(settings: Settings, outcome: Outcome) -> int | None:
    """Say what a study lacks; return the exit code if there is nothing to go on with, else ``None``."""
    if outcome.status == "interrupted":
        return interrupted(settings, outcome)
    if outcome.failed:
        _say_failures(outcome)
    return DEFECT if outcome.failed == outcome.asked else None


def interrupted(settings: Settings, outcome: Outcome) -> int:
    """Say what an interrupted study has and how it goes on; return the exit code."""
    saved = "nothing was finished, nothing is saved"
    if outcome.kept:
        saved = f"{outcome.kept:,} of {outcome.asked:,} runs are saved in {outcome.folder / 'runs.parquet'}"
    print(f"Interrupted: {saved}. To go on: gtm {settings.command} resume={settings.home}", file=sys.stderr)
    return INTERRUPTED


def say_saved(outcome: Outcome) -> None:
    """Say what an open number of replications saved."""
    if outcome.saved:
        print(
            f"{outcome.kept:,} runs sufficed; stopping saved {outcome.saved['stopping']:,}, pairing "
            f"{outcome.saved['pairing']:,} that the same intervals would have taken on unpaired draws.",
            file=sys.stderr,
        )


def _say_failures(outcome: Outcome) -> None:
    """Say how many runs failed, and how the first one did."""
    first = _first_failure(outcome)
    print(
        f"{outcome.failed:,} of {outcome.asked:,} runs failed; the first: point {first['point']}, arm {first['arm']}, "
        f"replication {first['replication']}: {shortened(first['error'], 300)}",
        file=sys.stderr,
    )


def _first_failure(outcome: Outcome) -> dict[str, Any]:
    """What the first run that failed says of itself; the other rows of a large study are not read."""
    import pyarrow.dataset as ds

    runs = ds.dataset(outcome.folder / "runs.parquet")
    columns = ["point", "arm", "replication", "error"]
    found: list[dict[str, Any]] = runs.scanner(columns=columns, filter=ds.field("failed")).head(1).to_pylist()
    return found[0]

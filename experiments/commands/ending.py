"""What is said of a study that ended, beside its results."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from experiments.commands.application import INTERRUPTED

if TYPE_CHECKING:
    import pandas as pd

    from experiments.conduct import Outcome


def interrupted(command: str, outcome: Outcome) -> int:
    """Say what an interrupted study has and how it goes on; return the exit code."""
    saved = "nothing was finished, nothing is saved"
    if outcome.kept:
        saved = f"{outcome.kept:,} of {outcome.asked:,} runs are saved in {outcome.folder / 'runs.parquet'}"
    print(f"Interrupted: {saved}. To go on: gtm {command} resume={outcome.folder}", file=sys.stderr)
    return INTERRUPTED


def say_saved(outcome: Outcome) -> None:
    """Say what an open number of replications saved."""
    if outcome.saved:
        print(
            f"{outcome.kept:,} runs sufficed; stopping saved {outcome.saved['stopping']:,}, pairing "
            f"{outcome.saved['pairing']:,} that the same intervals would have taken on unpaired draws.",
            file=sys.stderr,
        )


def say_failures(runs: pd.DataFrame, outcome: Outcome) -> None:
    """Say how many runs failed, and how the first one did."""
    first = runs[runs["failed"]].iloc[0]
    print(
        f"{outcome.failed:,} of {outcome.asked:,} runs failed; the first: point {first['point']}, arm {first['arm']}, "
        f"replication {first['replication']}: {first['error']}",
        file=sys.stderr,
    )

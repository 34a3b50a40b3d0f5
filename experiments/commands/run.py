"""``gtm run``: one organisation, one arm, many seeds."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.commands import COMMANDS
from experiments.commands.application import application
from experiments.config import Command, Settings

COMMAND = Command(
    name="run",
    summary=COMMANDS["run"],
    defaults={"posterior": None},
    most_arms=1,
)


def main(arguments: Sequence[str]) -> int:
    """Run the command; return the exit code."""
    return application(COMMAND, run, arguments)


def run(settings: Settings) -> int:
    """Simulate one arm, print its means, write the report."""
    from experiments.commands import finish
    from experiments.commands.calibrate import with_posterior

    return finish.simulate_and_report(with_posterior(settings))

"""``gtm compare``: arms side by side on the same draws."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.commands import COMMANDS
from experiments.commands.application import application
from experiments.config import Command, Settings

COMMAND = Command(
    name="compare",
    summary=COMMANDS["compare"],
    defaults={"arms": ["siloed", "shared_okr"], "posterior": None},
    fewest_arms=2,
)


def main(arguments: Sequence[str]) -> int:
    """Run the command; return the exit code."""
    return application(COMMAND, compare, arguments)


def compare(settings: Settings) -> int:
    """Simulate the arms, print the headline table, write the report."""
    from experiments.commands import finish
    from experiments.commands.calibrate import with_posterior

    return finish.simulate_and_report(with_posterior(settings))

"""``gtm workshop``: the workshop in a browser."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.commands import COMMANDS
from experiments.commands.application import DONE, application
from experiments.config import Command, Settings
from sim.parameters import ParameterError

# Sessions stay where they are, so that the next start goes on with them: out is no folder with a date.
COMMAND = Command(
    name="workshop",
    summary=COMMANDS["workshop"],
    defaults={"port": 8080, "host": "127.0.0.1", "names": [], "out": "outputs/workshop"},
    most_arms=1,
)


def main(arguments: Sequence[str]) -> int:
    """Run the command; return the exit code."""
    return application(COMMAND, run, arguments)


def run(settings: Settings) -> int:
    """Serve until it is stopped."""
    port, host = settings.own["port"], settings.own["host"]
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65_535:
        raise ParameterError(f"port={port!r}: a whole number from 1 to 65535 is needed.")
    if not isinstance(host, str) or not host:
        raise ParameterError(f"host={host!r}: an address of this computer is needed; 0.0.0.0 means all of them.")
    names = settings.own["names"]
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) and name for name in names):
        raise ParameterError(f"names={names!r}: a list of names of this computer is needed, as names=[laptop.local].")
    try:
        from workshop.application import serve
    except ModuleNotFoundError as error:
        raise ParameterError(f"gtm workshop needs {error.name}: pip install 'gtm-sim[workshop]'.") from None
    serve(settings.out, host, port, settings.organisation, names)
    return DONE

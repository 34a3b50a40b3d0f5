"""The command line: ``gtm <command> [key=value …]``."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Sequence

# One module of this package a command, each with its line in the list.
COMMANDS = {
    "run": "one organisation, one arm, many seeds",
    "compare": "arms side by side on the same draws (the main job)",
    "sweep": "a design over any parameters × arms × seeds",
    "sensitivity": "Morris screening, Sobol' indices, with intervals",
    "discover": "scenario discovery (PRIM) on a finished sweep",
    "study": "the named studies: a question, a design, figures, an answer",
    "baseline": "default values of an organisation that meet the calibration patterns C1–C10",
    "fit": "a profile from a CRM export, with a back-test",
    "calibrate": "what the patterns C1–C11 leave of everything uncertain: posterior draws",
    "claims": "the article's claims, each with what the model says of it",
    "inaction": "what going on as today costs a client, and what its programmes bring",
    "validate": "the stylised facts C1–C11, V1–V11: pass, fail, value, target",
    "workshop": "the workshop in a browser: facilitator, projector, phones",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the command line names; return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("--help", "-h", "help"):
        print(_list())
        return 0
    name = words[0]
    if name == "--version":
        from importlib.metadata import version

        print(version("gtm-sim"))
        return 0
    if name not in COMMANDS:
        close = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        print(f"error: {name}: unknown command; known are {', '.join(COMMANDS)}.{hint}", file=sys.stderr)
        return 2
    code: int = importlib.import_module(f"experiments.commands.{name}").main(words[1:])
    return code


def _list() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  gtm {name:<{width}}  {summary}" for name, summary in COMMANDS.items()]
    return "\n".join(
        [
            "gtm: simulate go-to-market organisations: pay, alignment, capability.",
            "",
            *lines,
            "",
            "A command takes key=value pairs: gtm compare organisation=smb seeds=50; gtm compare --help lists them.",
        ]
    )

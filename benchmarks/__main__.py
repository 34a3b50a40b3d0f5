"""``python -m benchmarks``: run the benchmark modules, print tables, write ``results.json``."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path

import benchmarks
from benchmarks.machine import describe
from benchmarks.reporter import Reporter

RESULTS = Path(__file__).with_name("results.json")


def modules() -> dict[str, Callable[[Reporter], None]]:
    """Return the ``run`` of every module or package directly under ``benchmarks`` that has one."""
    found = {}
    for info in pkgutil.iter_modules(benchmarks.__path__):
        if info.name.startswith("_"):
            continue
        run = getattr(importlib.import_module(f"benchmarks.{info.name}"), "run", None)
        if run is not None:
            found[info.name] = run
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 1 if ``--check`` was given and a target was missed, else 0."""
    available = modules()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed as ratios in one run.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"one of {', '.join(available)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="a smoke run: few rounds, no large sizes")
    parser.add_argument("--check", action="store_true", help="exit with status 1 if a target is missed")
    parser.add_argument("--output", type=Path, help=f"where to write (default: {RESULTS.name} after a full run of all)")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(available))
    if unknown:
        parser.error(f"no benchmark named {', '.join(unknown)}; there are {', '.join(available)}")

    machine = describe()
    print(f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}")
    reporter = Reporter(quick=options.quick)
    for name in options.names or available:
        available[name](reporter)

    # The file holds one full run of everything: a part of it would mix figures of different hours.
    output = options.output or (None if options.quick or options.names else RESULTS)
    if output is not None:
        reporter.write(output, machine)
        print(f"\nwritten: {output.name}")
    for missed in reporter.missed:
        print(f"missed: {missed}")
    return 1 if options.check and reporter.missed else 0


if __name__ == "__main__":
    sys.exit(main())

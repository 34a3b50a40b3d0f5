"""The command line without its report, for tests of what is simulated: figures take most of a small study's time.

Run: python -m tests.undrawn compare …
"""

from __future__ import annotations

import sys
from pathlib import Path


def nothing_drawn(folder: Path, _language: str = "en") -> Path:
    """In place of :func:`analysis.report.write`."""
    return folder / "report.html"


if __name__ == "__main__":  # workers import this module too
    from analysis import report
    from experiments.commands import main

    report.write = nothing_drawn
    sys.exit(main(sys.argv[1:]))

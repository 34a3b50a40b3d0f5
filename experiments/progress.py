"""A progress bar for whatever takes longer than two seconds, on a terminal only."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

PATIENCE = 2.0  # seconds


class Bar:
    """Done of total, runs per second, time left, failures.

    Parameters
    ----------
    total : int
        Number of runs.
    console : Console, optional
        Where to draw; by default the standard error stream.
    """

    def __init__(self, total: int, console: Console | None = None) -> None:
        console = console or Console(stderr=True)
        self._progress = Progress(
            TextColumn("Simulating"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("[red]{task.fields[failures]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=total, rate="", failures="")
        self._timer = threading.Timer(PATIENCE, self._progress.start)
        self._timer.daemon = True

    def advance(self, runs: int, failed: int) -> None:
        """Count ``runs`` more as done; ``failed`` is how many failed so far."""
        self._progress.update(self._task, advance=runs, failures=f"{failed} failed" if failed else "")
        speed = self._progress.tasks[self._task].speed
        if speed:
            self._progress.update(self._task, rate=f"{speed:,.0f} runs/s" if speed >= 10 else f"{speed:.1f} runs/s")

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._timer.join()
        self._progress.stop()

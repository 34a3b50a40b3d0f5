"""How a study goes: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

PATIENCE = 2.0  # seconds before a terminal gets a bar
BETWEEN_LINES = 60.0  # seconds between two lines of a log
WINDOW = 60.0  # seconds over which the speed is taken: machines and clusters change theirs


class Bar:
    """Done of total, runs per second, time left, failures.

    Parameters
    ----------
    total : int
        Number of runs; may grow (:meth:`expect`).
    console : Console, optional
        Where to draw; by default the standard error stream. One that is no terminal gets
        a line a minute.
    done : int
        Runs that were there before: they count as done and not for the speed.
    """

    def __init__(self, total: int, console: Console | None = None, done: int = 0) -> None:
        self._console = console or Console(stderr=True)
        self._progress = Progress(
            TextColumn("Simulating"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("[red]{task.fields[failures]}"),
            console=self._console,
            transient=True,
            speed_estimate_period=WINDOW,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task("", total=total, completed=done, rate="", failures="")
        self._timer = threading.Timer(PATIENCE, self._progress.start)
        self._timer.daemon = True
        self._line: float | None = None  # when the last line was due; the first runs may have waited for a compiler
        self._before = done

    def expect(self, total: int) -> None:
        """Change the number of runs."""
        self._progress.update(self._task, total=total)

    def advance(self, runs: int, failed: int) -> None:
        """Count ``runs`` more as done; ``failed`` is how many failed so far."""
        task = self._progress.tasks[self._task]
        failures = f"{failed:,} failed" if failed else ""
        self._progress.update(self._task, advance=runs, failures=failures)
        if self._console.is_terminal:
            if task.speed:
                self._progress.update(self._task, rate=_rate(task.speed))
        elif self._line is None:
            self._line, self._before = time.monotonic(), int(task.completed)
        elif (seconds := time.monotonic() - self._line) >= BETWEEN_LINES:
            self._say(int(task.completed), int(task.total or 0), seconds, failures)

    def _say(self, done: int, total: int, seconds: float, failures: str) -> None:
        speed = (done - self._before) / seconds
        self._line, self._before = time.monotonic(), done
        words = [f"{done:,} of {total:,} runs", _rate(speed), f"{_duration((total - done) / speed)} left", failures]
        self._console.print(", ".join(word for word in words if word), highlight=False, soft_wrap=True)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._timer.join()
        self._progress.stop()


def _rate(speed: float) -> str:
    return f"{speed:,.0f} runs/s" if speed >= 10 else f"{speed:.1f} runs/s"


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{seconds:.0f} s"

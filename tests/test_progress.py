"""What a log hears of a study: done of all, speed, time left, failures."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from experiments import progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of a clock that the test moves."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_log_gets_a_line_a_minute_with_the_speed_of_the_runs_alone(clock: list[float]) -> None:
    heard = io.StringIO()
    bar = progress.Bar(1_001, Console(file=heard), done=100)
    clock[0] = 600.0  # the compiler was at work
    bar.advance(1, 0)
    assert not heard.getvalue()
    for seconds, runs in ((30.0, 99), (70.0, 601)):
        clock[0] = 600.0 + seconds
        bar.advance(runs, 3)
    assert heard.getvalue().strip() == "801 of 1,001 runs, 10 runs/s, 20 s left, 3 failed"

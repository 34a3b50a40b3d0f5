"""Interleaved timing: what is compared runs side by side, so that it meets the same machine."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


def _ignore(_: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Contestant:
    """One program in a comparison.

    Parameters
    ----------
    run
        Called with a seed; this call is timed.
    often
        How many runs to time in a row. Short programs need several to average out the clock
        and the scheduler; long ones need one.
    release
        Called with the result after the clock has stopped, to free what a run leaves behind.
    """

    run: Callable[[int], Any]
    often: int = 1
    release: Callable[[Any], None] = _ignore


def seconds(contestant: Contestant, seed: int) -> float:
    """Return the seconds of one run, garbage of earlier runs collected before the clock starts."""
    gc.collect()
    start = time.perf_counter()
    result = contestant.run(seed)
    spent = time.perf_counter() - start
    contestant.release(result)
    return spent


def interleave(contestants: Mapping[str, Contestant], rounds: int) -> dict[str, list[float]]:
    """Time all contestants in turn, round after round.

    The short programs run in turn before and after each long one, because a machine that changes
    speed within a round would otherwise favour one side.

    Parameters
    ----------
    contestants
        Programs by name.
    rounds
        Number of rounds; every round has its own seed, the same for all.

    Returns
    -------
    dict of str to list of float
        For each contestant its median seconds in every round. Divide round by round, then take
        the median: see :func:`ratios`.
    """
    for contestant in contestants.values():  # imports, compilation and caches are not what we compare
        if contestant.often > 1:
            contestant.release(contestant.run(0))
    short = [name for name, contestant in contestants.items() if contestant.often > 1]
    long = [name for name in contestants if name not in short]
    medians: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds):
        seed = 1 + number
        spent: dict[str, list[float]] = {name: [] for name in contestants}

        def all_short(spent: dict[str, list[float]] = spent, seed: int = seed) -> None:
            for turn in range(max((contestants[name].often for name in short), default=0)):
                for name in short:
                    if turn < contestants[name].often:
                        spent[name].append(seconds(contestants[name], seed))

        all_short()
        for name in long:
            spent[name].append(seconds(contestants[name], seed))
            all_short()
        for name, values in spent.items():
            medians[name].append(statistics.median(values))
    return medians


def ratios(times: Mapping[str, list[float]], over: str, under: str) -> list[float]:
    """Return ``over / under`` of every round."""
    return [a / b for a, b in zip(times[over], times[under], strict=True)]

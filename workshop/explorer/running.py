"""Runs that stream in: pairs of replications on worker threads, and a picture now and then.

Compiled code lets go of the interpreter's lock, so threads use all cores and pages stay
quick. A stream that nobody reads any more starts no further run.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

import sim
from experiments.executors import available_cores
from sim.parameters import Params
from workshop.explorer.choice import ARMS, Choice
from workshop.explorer.picture import Run, picture

MOST_STREAMS = 12  # at once; more are asked to wait
FIRST_PAIRS = 2  # the fewest that give an interval
PAUSE = 0.4  # seconds between two pictures


class BusyError(Exception):
    """As many streams as there may be are under way."""


def one_run(params: Params, seed: int) -> Run:
    """Simulate and keep what is shown."""
    result = sim.simulate(params, seed)
    start = params.horizon.burn_in_months
    arr = np.asarray(result.world.months["arr"], dtype=np.float64)[start : start + params.horizon.months].copy()
    return Run(result.measures, arr)


class Runs:
    """Worker threads that all streams share, first come first served run by run."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or available_cores()
        self.pool = ThreadPoolExecutor(self.workers, "explorer")
        self.streams = 0
        self.ready = threading.Event()
        # The first start compiles for about a minute; later ones read what was compiled.
        threading.Thread(target=self._warm, name="explorer-warm", daemon=True).start()

    def _warm(self) -> None:
        try:
            sim.simulate(sim.load("essay", overrides={"horizon.burn_in_months": 0}), months=1)
        finally:  # what is wrong then shows in the first stream, rather than in waiting for ever
            self.ready.set()

    async def pictures(self, choice: Choice) -> AsyncIterator[dict[str, Any]]:
        """Pictures of more and more replications, the last one of all.

        Raises
        ------
        BusyError
            There are too many streams already.
        """
        if self.streams >= MOST_STREAMS:
            raise BusyError
        self.streams += 1
        waiting: dict[Future[Run], tuple[int, int]] = {}
        try:
            if not self.ready.is_set():
                yield {"kind": "compiling"}
                while not self.ready.is_set():
                    await asyncio.sleep(0.2)
            params = choice.params()
            todo = iter([(r, place) for r in range(choice.seeds) for place in range(len(ARMS))])
            done: dict[int, dict[int, Run]] = {}
            pairs: list[tuple[int, Run, Run]] = []
            shown, last = 0, 0.0
            while len(pairs) < choice.seeds:
                # A few ahead, so that no thread waits; not all, so that a stream that ends leaves nothing behind
                # and others get their turn.
                while len(waiting) < self.workers + 1 and (job := next(todo, None)):
                    replication, place = job
                    seed = sim.run_seed(choice.seed, replication)
                    waiting[self.pool.submit(one_run, params[ARMS[place]], seed)] = job
                wrapped = {asyncio.wrap_future(future): future for future in waiting}
                finished, _ = await asyncio.wait(wrapped, return_when=asyncio.FIRST_COMPLETED)
                for each in finished:
                    replication, place = waiting.pop(wrapped[each])
                    both = done.setdefault(replication, {})
                    both[place] = each.result()
                    if len(both) == len(ARMS):
                        pairs.append((replication, both[0], both[1]))
                        del done[replication]
                now = time.monotonic()
                if len(pairs) > shown and len(pairs) >= FIRST_PAIRS and now - last >= PAUSE:
                    yield await asyncio.to_thread(picture, tuple(pairs), choice.seeds, choice.language)
                    shown, last = len(pairs), now
            if shown < len(pairs):
                yield await asyncio.to_thread(picture, tuple(pairs), choice.seeds, choice.language)
        finally:
            self.streams -= 1
            for future in waiting:
                future.cancel()

"""Plans in worker processes, so that pages never wait: a fair queue, and every plan only once."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import math
import os
import signal
import threading
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process
from typing import Any

from sim.parameters import Params, replace
from workshop import levers
from workshop.levers import Plan

SEEDS = 8  # replications of a plan; in every plan the same luck
ROOT = 1  # root seed, that of gtm compare where nothing else is said
CHUNK = 4  # replications handed to a worker at once
REMEMBERED = 5_000  # plans whose results are kept in memory
MEASURES = (
    "gtm_profit", "revenue_growth", "new_arr", "wasted_time_share", "leads", "mqls", "mql_viable_share", "pursued",
    "never_followed_up_share", "accepted", "wins", "win_rate", "score_inflation", "scores_amended_share",
    "disputed_share", "discount_cost_share", "attainment_mean", "variable_pay", "trust", "net_retention",
)  # fmt: skip
BONUS = {"marketing": "bonus_marketing", "sales": "bonus_sales", "management": "new_arr"}  # what each role is paid on
COLUMNS = (*MEASURES, "bonus_marketing", "bonus_sales")
Means = dict[str, float]
Rows = list[list[float]]


def measured(params: Params, seed: int) -> Means:
    """Measures of one run by the names of :data:`COLUMNS`.

    ``bonus_marketing`` and ``bonus_sales`` are the variable pay of a marketer and of a seller, € a year.
    """
    import sim

    result = sim.simulate(params, seed)
    pay = result.people.groupby("role")["variable_pay"].mean()
    own = {name: float(result.measures[name]) for name in MEASURES}
    return {**own, "bonus_marketing": float(pay["marketer"]), "bonus_sales": float(pay["seller"])}


def run(params: Params, replications: Sequence[int]) -> Rows:
    """Measures of some replications, one row each in the order of :data:`COLUMNS`."""
    import sim

    return [list(measured(params, sim.run_seed(ROOT, replication)).values()) for replication in replications]


def means(rows: Sequence[Sequence[float]]) -> Means:
    """Mean of every column over the replications that have it (left out where none has), and its standard error.

    The error of ``gtm_profit`` is kept as ``gtm_profit_error``.
    """
    found: Means = {}
    for name, column in zip(COLUMNS, zip(*rows, strict=True), strict=True):
        there = [value for value in column if math.isfinite(value)]
        if there:
            found[name] = math.fsum(there) / len(there)
        if name == "gtm_profit" and len(there) > 1:
            spread = math.fsum((value - found[name]) ** 2 for value in there) / (len(there) - 1)
            found["gtm_profit_error"] = math.sqrt(spread / len(there))
    return found


def prepare() -> None:
    """Get a worker process ready: it ends with its parent, leaves Ctrl-C to it, and gives way to the pages."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(5)


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(0)


def warm() -> None:
    """Compile or load the model, before anybody waits for it."""
    run(replace(levers.status_quo("smb"), {"horizon.months": 1, "horizon.burn_in_months": 0}), [0])


class Simulator:
    """The worker processes and the queue before them.

    Sessions take turns; within a session, who submitted first is first.

    Parameters
    ----------
    workers : int
        Number of processes.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool = self._new_pool()
        self._waiting: OrderedDict[str, deque[tuple[Params, list[int], asyncio.Future[Rows]]]] = OrderedDict()
        self._busy = 0
        self._known: OrderedDict[str, asyncio.Task[Means]] = OrderedDict()

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.workers, mp_context=get_context("spawn"), initializer=prepare)

    async def warm(self) -> None:
        """Warm every worker: the first compiles, the others load what it left."""
        await asyncio.wrap_future(self._pool.submit(warm))
        await asyncio.gather(*(asyncio.wrap_future(self._pool.submit(warm)) for _ in range(self.workers)))

    def close(self) -> None:
        """Stop; what is under way is run again after the next start."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def waiting(self) -> int:
        """Chunks that nobody works on yet."""
        return sum(map(len, self._waiting.values()))

    async def means(self, session: str, plan: Plan, organisation: str) -> Means:
        """What a plan brings in an organisation; the same plan is run only once."""
        key = json.dumps([organisation, sorted(plan.items())])
        if key not in self._known:
            self._known[key] = asyncio.ensure_future(self._run(session, plan, organisation))
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        task = self._known[key]
        try:
            return await asyncio.shield(task)
        except Exception:
            self._known.pop(key, None)
            raise

    async def _run(self, session: str, plan: Mapping[str, Any], organisation: str) -> Means:
        params = levers.params(plan, organisation)
        chunks = [list(range(first, min(first + CHUNK, SEEDS))) for first in range(0, SEEDS, CHUNK)]
        for attempt in (1, 2):
            pool = self._pool
            try:
                parts = await asyncio.gather(*(self._enqueue(session, params, chunk) for chunk in chunks))
                return means([row for part in parts for row in part])
            except BrokenProcessPool:  # a worker was killed: one more try, with new ones
                if attempt == 2:
                    raise
                if self._pool is pool:  # nobody else has put a new one there
                    self._pool = self._new_pool()
        raise AssertionError("unreachable")

    def _enqueue(self, session: str, params: Params, chunk: list[int]) -> asyncio.Future[Rows]:
        future: asyncio.Future[Rows] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(session, deque()).append((params, chunk, future))
        self._start()
        return future

    def _start(self) -> None:
        """Hand work to free workers, one chunk of each session in turn."""
        while self._busy < self.workers and self._waiting:
            session, jobs = self._waiting.popitem(last=False)
            params, chunk, future = jobs.popleft()
            if jobs:
                self._waiting[session] = jobs  # behind the others
            self._busy += 1
            try:
                running = self._pool.submit(run, params, chunk)
            except BrokenProcessPool as error:
                self._busy -= 1
                future.set_exception(error)
                continue
            loop = asyncio.get_running_loop()
            running.add_done_callback(functools.partial(self._tell, loop, future))

    def _tell(self, loop: asyncio.AbstractEventLoop, future: asyncio.Future[Rows], done: Future[Rows]) -> None:
        """In the thread of the pool: hand a result over to the loop, if it still runs."""
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._done, future, done)

    def _done(self, future: asyncio.Future[Rows], done: Future[Rows]) -> None:
        self._busy -= 1
        if not future.done():
            error = done.exception()
            if error is None:
                future.set_result(done.result())
            else:
                future.set_exception(error)
        self._start()

"""On what runs are spread: one after the other, over threads, over processes, over a cluster.

An executor maps a function over tasks and yields the answers as they come. What a run
computes never depends on it, nor on how many workers there are, nor on one of them dying.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures import Executor as Pool
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for_end
from types import TracebackType
from typing import Protocol, Self, TypeVar

from sim.parameters import ParameterError

Task = TypeVar("Task")
Answer = TypeVar("Answer")
AHEAD = 2  # tasks handed out per worker, so that none waits for the main process
MOST_DEATHS = 4  # of workers while they had the same task


class ExecutorError(ParameterError):
    """The workers are gone for good."""


class Executor(Protocol):
    """Something that maps a function over tasks; a context manager that starts and ends its workers."""

    @property
    def workers(self) -> int:
        """How many tasks are worked on at once."""
        ...  # pragma: no cover

    @property
    def started(self) -> bool:
        """Whether its workers are there."""
        ...  # pragma: no cover

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        """Yield ``function(task)`` of every task, as they are done; a few tasks are taken ahead."""
        ...  # pragma: no cover

    def __enter__(self) -> Self: ...  # pragma: no cover

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...  # pragma: no cover


class Serial:
    """One task after the other, in this thread."""

    workers = 1
    started = False

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        """Yield ``function(task)`` of every task."""
        return map(function, tasks)

    def __enter__(self) -> Self:
        self.started = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.started = False


class Threads:
    """Threads of this process: compiled code lets go of the interpreter's lock."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.started = False

    def _new(self) -> Pool:
        return ThreadPoolExecutor(self.workers, "gtm")

    def __enter__(self) -> Self:
        self._pool = self._new()
        self.started = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.started = False

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        """Yield ``function(task)`` of every task; after Ctrl-C those that are being worked on are waited for.

        After a second Ctrl-C processes are killed: somebody else's model may never end.
        """
        waiting: dict[Future[Answer], Task] = {}
        deaths: dict[int, int] = {}
        try:
            for task in tasks:
                waiting[self._pool.submit(function, task)] = task
                while len(waiting) >= AHEAD * self.workers:
                    yield from self._done(function, waiting, deaths)
            while waiting:
                yield from self._done(function, waiting, deaths)
        except KeyboardInterrupt:
            begun = [future for future in waiting if not future.cancel()]
            try:
                if not all(future.done() for future in begun):
                    sys.stderr.write("Waiting for the runs in flight; Ctrl-C once more gives them up.\n")
                wait(begun)
            except KeyboardInterrupt:
                self._give_up()
                wait(begun)
            for future in begun:
                if future.exception() is None:
                    yield future.result()
            raise
        finally:
            for future in waiting:
                future.cancel()

    def _give_up(self) -> None:
        """Threads run compiled code of ours, which ends; they are waited for."""

    def _done(
        self, function: Callable[[Task], Answer], waiting: dict[Future[Answer], Task], deaths: dict[int, int]
    ) -> Iterator[Answer]:
        """Wait for some tasks, and start those anew whose worker died."""
        lost: list[Task] = []
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            task = waiting.pop(future)
            try:
                yield future.result()
            except BrokenProcessPool:
                lost.append(task)
        if not lost:
            return
        # One death breaks the whole pool: nobody says which task it was, so all that were out are made again.
        lost += waiting.values()
        waiting.clear()
        for task in lost:
            deaths[id(task)] = deaths.get(id(task), 0) + 1
            if deaths[id(task)] >= MOST_DEATHS:
                raise ExecutorError(
                    f"worker processes died {MOST_DEATHS} times on the same runs; is there enough memory for "
                    f"executor.workers={self.workers}?"
                )
        self._pool.shutdown(wait=False)
        self._pool = self._new()
        waiting.update({self._pool.submit(function, task): task for task in lost})


class Processes(Threads):
    """Processes started afresh: plain Python, as the Mesa engine is, needs one interpreter each."""

    def _new(self) -> Pool:
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that threads hold
        return ProcessPoolExecutor(self.workers, mp_context=context, initializer=_in_worker)

    def _give_up(self) -> None:
        for child in multiprocessing.active_children():
            child.kill()


def _in_worker() -> None:
    """Ctrl-C is the main process's business; without that process there is nobody to work for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait_for_end([sentinel])
    os._exit(1)


def choose(name: str, threads: bool, workers: int | None, address: str | None = None) -> Executor:
    """The executor of a name.

    Parameters
    ----------
    name : {"serial", "local", "dask"}
        As on the command line.
    threads : bool
        Whether runs let go of the interpreter's lock, so that threads do instead of processes.
    workers : int, optional
        How many; by default all cores that this process may use.
    address : str, optional
        Of a running Dask scheduler.

    Raises
    ------
    ParameterError
        The choice makes no sense, or needs a package that is not there.
    """
    if address is not None and name != "dask":
        raise ParameterError(f"executor.address={address!r}: executor={name} has no scheduler; say executor=dask.")
    if name == "serial":
        if workers not in (None, 1):
            raise ParameterError(f"executor.workers={workers}: executor=serial has one; executor=local takes more.")
        return Serial()
    if name == "dask":
        from experiments.cluster import Dask

        if address is not None and workers is not None:
            raise ParameterError(f"executor.workers={workers}: the cluster at {address} has its own workers.")
        return Dask(workers or available_cores(), address)
    return Threads(workers or available_cores()) if threads else Processes(workers or available_cores())


def available_cores() -> int:
    """Cores this process may use (a container or a batch system may grant fewer than there are)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

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
from collections.abc import Callable, Collection, Iterable, Iterator
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
GLANCE = 0.1  # seconds between two looks at whether somebody pressed Ctrl-C


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


class Interrupts:
    """Counts Ctrl-C instead of raising wherever the program happens to be.

    An exception in the middle of a lock's acquisition would leave it locked for good, and
    the program hanging. Only the main thread hears signals; elsewhere nothing is counted.
    """

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Self:
        self._heard = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if self._heard:
            signal.signal(signal.SIGINT, self._add)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._heard:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _add(self, *_: object) -> None:
        self.count += 1


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
        with Interrupts() as interrupts:
            try:
                for task in tasks:
                    waiting[self._pool.submit(function, task)] = task
                    while len(waiting) >= AHEAD * self.workers and not interrupts.count:
                        yield from self._done(function, waiting, deaths)
                    if interrupts.count:
                        break
                while waiting and not interrupts.count:
                    yield from self._done(function, waiting, deaths)
                if interrupts.count:
                    yield from self._in_flight(waiting, interrupts)
                    raise KeyboardInterrupt
            finally:
                for future in waiting:
                    future.cancel()

    def _in_flight(self, waiting: Collection[Future[Answer]], interrupts: Interrupts) -> Iterator[Answer]:
        """Yield what was begun and comes to an end before the user gives it up."""
        # The pool drops what waits itself: Python 3.11's fails on what somebody else cancelled when a process dies.
        self._pool.shutdown(wait=False, cancel_futures=True)
        wait(waiting, timeout=GLANCE)
        if not all(future.done() for future in waiting):
            sys.stderr.write("Waiting for the runs in flight; Ctrl-C once more gives them up.\n")
        while left := [future for future in waiting if not future.done()]:
            if interrupts.count > 1:
                self._give_up()
            wait(left, timeout=GLANCE)
        for future in waiting:
            if not future.cancelled() and future.exception() is None:
                yield future.result()

    def _give_up(self) -> None:
        """Threads run compiled code of ours, which ends; they are waited for."""

    def _done(
        self, function: Callable[[Task], Answer], waiting: dict[Future[Answer], Task], deaths: dict[int, int]
    ) -> Iterator[Answer]:
        """Wait a moment for some tasks, and start those anew whose worker died."""
        lost: list[Task] = []
        for future in wait(waiting, timeout=GLANCE, return_when=FIRST_COMPLETED).done:
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

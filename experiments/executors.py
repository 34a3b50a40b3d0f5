"""On what runs are spread: one after the other, over threads, or over processes.

An executor maps a function over tasks and yields the answers in the order of the tasks,
whichever is done first. What a run computes never depends on it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor as Pool
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Protocol, TypeVar

from sim.parameters import ParameterError

Task = TypeVar("Task")
Answer = TypeVar("Answer")


class Executor(Protocol):
    """Something that maps a function over tasks, in order."""

    workers: int

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        """Yield ``function(task)`` of every task, in the order of the tasks."""
        ...  # pragma: no cover


class Serial:
    """One task after the other, in this thread."""

    workers = 1

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        """Yield ``function(task)`` of every task."""
        return map(function, tasks)


class Threads:
    """Threads of this process: compiled code lets go of the interpreter's lock."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        """Yield ``function(task)`` of every task, in order."""
        return _in_order(ThreadPoolExecutor(self.workers, "gtm"), self.workers, function, tasks)


class Processes:
    """Processes started afresh: plain Python, as the Mesa engine is, needs one interpreter each."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        """Yield ``function(task)`` of every task, in order; function and tasks must be picklable."""
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that threads hold
        pool = ProcessPoolExecutor(self.workers, mp_context=context, initializer=_leave_interrupts)
        return _in_order(pool, self.workers, function, tasks)


def choose(name: str, engine: str, workers: int | None) -> Executor:
    """The executor of a name, for an engine.

    Raises
    ------
    ParameterError
        There is no such executor here.
    """
    if name == "dask":
        raise ParameterError("executor='dask': comes with a later release; allowed are serial and local.")
    if name == "serial":
        if workers not in (None, 1):
            raise ParameterError(f"executor.workers={workers}: executor=serial has one; executor=local takes more.")
        return Serial()
    chosen = workers or available_cores()
    return Processes(chosen) if engine == "mesa" else Threads(chosen)


def available_cores() -> int:
    """Cores this process may use (a container or a batch system may grant fewer than there are)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _in_order(pool: Pool, workers: int, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
    """Submit a few tasks ahead, so that memory stays bounded; stop at once when nobody listens."""
    ahead = 4 * workers
    stopped = threading.Event()
    work = function if isinstance(pool, ProcessPoolExecutor) else _unless(stopped, function)
    waiting: deque[Future[Answer]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(work, task))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _unless(stopped: threading.Event, function: Callable[[Task], Answer]) -> Callable[[Task], Answer]:
    def work(task: Task) -> Answer:
        if stopped.is_set():
            raise InterruptedError
        return function(task)

    return work


def _leave_interrupts() -> None:
    """In a worker process: Ctrl-C is the main process's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

"""Dask: an embedded cluster on this machine, or a running one by its address.

Workers write their part files themselves, so the folder of the study must be one that
they all see; the scheduler only carries what a block is and that it is done.
"""

from __future__ import annotations

import contextlib
import logging
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Self

from experiments.executors import AHEAD, Answer, ExecutorError, Task
from sim.parameters import ParameterError

PATIENCE = 20.0  # seconds for a scheduler to answer
GLANCE = 1.0  # seconds between two looks at the state of the cluster


def _undisturbed(function: Callable[[Task], Answer], task: Task) -> Answer:
    """``function(task)`` on a worker whose connections draw from a generator of their own.

    Dask waits for a while drawn by chance before it tries a dead connection again, in a
    thread beside the model's and from the generator that Python programs share.
    """
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("dask", "distributed", "tornado") and vars(module).get("random") is random:
            module.random = random.Random()  # type: ignore[attr-defined]
    return function(task)


class Dask:
    """Workers of a Dask cluster.

    Parameters
    ----------
    workers : int
        Processes of the embedded cluster; a running cluster has its own.
    address : str, optional
        Of a running scheduler, as ``tcp://host:8786``.

    Raises
    ------
    ParameterError
        The package is missing.
    """

    def __init__(self, workers: int, address: str | None = None) -> None:
        try:
            import distributed
        except ImportError:
            raise ParameterError(
                "executor=dask: needs dask.distributed; install the extra: pip install 'gtm-sim[dask]'."
            ) from None
        self._distributed: Any = distributed
        self._address = address
        self._asked = workers
        self._cluster: Any = None
        self._client: Any = None

    @property
    def workers(self) -> int:
        """Tasks worked on at once; a running cluster may grow and shrink."""
        if self._address is not None and self.started and self._client.status == "running":
            with contextlib.suppress(OSError):  # the connection breaks just now: as many as before
                known = self._client.scheduler_info(-1).get("workers", {}).values()
                self._asked = max(1, sum(int(worker["nthreads"]) for worker in known))
        return self._asked

    @property
    def started(self) -> bool:
        """Whether there is a connection."""
        return self._client is not None

    def __enter__(self) -> Self:
        # What Dask has to say on a connection that broke is said by us, in one line.
        self._level = logging.getLogger("distributed").level
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        place = self._address
        if place is None:
            self._cluster = self._distributed.LocalCluster(
                n_workers=self._asked,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )
            place = self._cluster
        try:
            self._client = self._distributed.Client(place, timeout=PATIENCE)
        except (OSError, ValueError) as error:
            self._leave()
            raise ParameterError(
                f"executor.address={self._address!r}: no scheduler answers there ({' '.join(str(error).split())})."
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        for thing in (self._client, self._cluster):
            if thing is not None:
                with contextlib.suppress(OSError):  # all answers are here: a busy machine may end it later
                    thing.close(timeout=5)
        self._client = self._cluster = None
        logging.getLogger("distributed").setLevel(self._level)

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        """Yield ``function(task)`` of every task as it is done; tasks of a worker that died go to another."""
        waiting: dict[Any, Task] = {}
        try:
            for task in tasks:
                waiting[self._submitted(function, task)] = task
                while len(waiting) >= AHEAD * self.workers:
                    yield from self._done(function, waiting)
            while waiting:
                yield from self._done(function, waiting)
        finally:
            if waiting and self._client.status == "running":
                self._client.cancel(list(waiting))

    def _submitted(self, function: Callable[[Task], Answer], task: Task) -> Any:
        self._connected()
        return self._client.submit(_undisturbed, function, task, pure=False)

    def _done(self, function: Callable[[Task], Answer], waiting: dict[Any, Task]) -> Iterator[Answer]:
        """Wait for some tasks."""
        with contextlib.suppress(TimeoutError, self._distributed.CancelledError):
            self._distributed.wait(list(waiting), timeout=GLANCE, return_when="FIRST_COMPLETED")
        self._connected()
        for future in [future for future in waiting if future.status != "pending"]:
            task = waiting.pop(future)
            if future.status == "finished":
                try:
                    answer = future.result(timeout=PATIENCE)
                except (OSError, self._distributed.CancelledError):  # lost with its worker or with the scheduler
                    waiting[self._submitted(function, task)] = task
                else:
                    yield answer
            elif future.status == "error":
                self._raise(future)
            else:  # the scheduler forgot it
                waiting[self._submitted(function, task)] = task

    def _connected(self) -> None:
        """Wait no longer for a scheduler than one may be silent."""
        since = time.monotonic()
        while self._client.status != "running":
            if self._client.status == "closed" or time.monotonic() - since > PATIENCE:
                raise ExecutorError(f"the Dask scheduler{self._at()} does not answer any more.")
            time.sleep(GLANCE / 10)

    def _at(self) -> str:
        return f" at {self._address}" if self._address else ""

    def _raise(self, future: Any) -> None:
        error = future.exception(timeout=PATIENCE)
        if isinstance(error, self._distributed.scheduler.KilledWorker):
            raise ExecutorError(f"Dask workers{self._at()} died again and again on the same runs; enough memory?")
        raise error

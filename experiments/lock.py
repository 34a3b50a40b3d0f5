"""One process at a time in a study's folder."""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from experiments.parts import StoreError, cannot_write

STALE = 600.0  # seconds without a sign of life from another machine


class Lock:
    """A lock file that the operating system frees when its process ends, however it ends.

    It says who holds it. File systems that several machines share do not always pass
    locks on: a holder on another machine therefore shows signs of life
    (:meth:`still_here`), and counts as dead after ten minutes without one.

    Parameters
    ----------
    path : Path
        The lock file; its folder exists.
    study : Path
        The folder it guards, for messages.

    Raises
    ------
    StoreError
        Another process holds it.
    """

    def __init__(self, path: Path, study: Path) -> None:
        self._study = study
        self._path = path
        try:
            self._file: IO[Any] = path.open("a+", encoding="utf-8")
        except OSError as error:
            raise cannot_write(study, error) from None

    def still_here(self) -> None:
        """Show a sign of life."""
        os.utime(self._path)

    def __enter__(self) -> Self:
        held = not _take(self._file)
        self._file.seek(0)
        holder = _holder(self._file.read())
        here = platform.node()
        elsewhere = holder and holder["host"] != here and self._age() < STALE
        if held or elsewhere:
            self._file.close()
            who = (
                f"process {holder['pid']} on {holder['host']} since {holder['since']}" if holder else "another process"
            )
            raise StoreError(f"out={str(self._study)!r}: in use by {who}; wait for it, or stop it and resume.")
        self._file.truncate(0)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        json.dump({"pid": os.getpid(), "host": here, "since": since}, self._file)
        self._file.flush()
        return self

    def _age(self) -> float:
        return datetime.now(UTC).timestamp() - self._path.stat().st_mtime

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.truncate(0)
        self._file.close()  # frees the lock


def _take(file: IO[Any]) -> bool:
    """Lock an open file; False if another process has."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(2**30)  # the part that is locked cannot be read
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _holder(text: str) -> dict[str, Any] | None:
    """Who wrote the lock file; None for nobody."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) and {"pid", "host", "since"} <= set(found) else None

"""Sessions on disk: an append-only log of events in SQLite, so that nothing submitted is lost."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
create table if not exists sessions (
    code text primary key, facilitator text not null unique, screen text not null unique,
    created real not null, config text not null);
create table if not exists events (
    code text not null references sessions(code) on delete cascade, n integer not null,
    at real not null, body text not null, primary key (code, n));
create table if not exists settings (name text primary key, value text not null);
"""


@dataclass(frozen=True)
class Kept:
    """A session as it is on disk, without its events."""

    code: str
    facilitator: str
    screen: str
    created: float
    config: dict[str, Any]


class Store:
    """The file of all sessions.

    Parameters
    ----------
    path : Path
        Its place; made if missing, readable by its owner only: it holds the facilitators' tokens.

    Notes
    -----
    Write-ahead log with ``synchronous=full``: an event is on disk before anybody hears that it counts.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        os.chmod(path, 0o600)  # noqa: PTH101 - also where the file was there before
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on", "secure_delete=on"):
            self._connection.execute(f"pragma {pragma}")
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def setting(self, name: str, default: str) -> str:
        """A value kept from the first time that it was asked for."""
        self._connection.execute("insert or ignore into settings values (?, ?)", (name, default))
        return str(self._connection.execute("select value from settings where name = ?", (name,)).fetchone()[0])

    def create(self, kept: Kept) -> None:
        """Keep a new session."""
        row = (kept.code, kept.facilitator, kept.screen, kept.created, json.dumps(kept.config))
        self._connection.execute("insert into sessions values (?, ?, ?, ?, ?)", row)

    def sessions(self) -> list[Kept]:
        """Every session, the oldest first."""
        rows = self._connection.execute("select * from sessions order by created").fetchall()
        return [Kept(code, lead, screen, at, json.loads(text)) for code, lead, screen, at, text in rows]

    def append(self, code: str, n: int, event: dict[str, Any]) -> None:
        """Keep the ``n``-th event of a session; a number that is taken is refused by the file itself."""
        body = json.dumps(event, separators=(",", ":"))
        self._connection.execute("insert into events values (?, ?, ?, ?)", (code, n, time.time(), body))

    def events(self, code: str) -> Iterator[tuple[float, dict[str, Any]]]:
        """When, and what: the events of a session in order."""
        for at, body in self._connection.execute("select at, body from events where code = ? order by n", (code,)):
            yield at, json.loads(body)

    def delete(self, code: str) -> None:
        """Take every trace of a session away, also from the log file."""
        self._connection.execute("delete from sessions where code = ?", (code,))
        self._connection.execute("pragma wal_checkpoint(truncate)")
        self._connection.execute("vacuum")
        self._connection.execute("pragma wal_checkpoint(truncate)")

"""Who has joined and handed in what, in one SQLite file: for the candidates that bring no storage of their own."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

ALL = 30


class Room:
    """Thirty people and a number of each.

    A number is on disk before anybody hears that it counts, so a killed server loses none.
    """

    def __init__(self) -> None:
        path = Path(os.environ["FRAMEWORKS_FOLDER"]) / "room.sqlite"
        self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock = threading.Lock()  # one of the candidates answers every phone in a thread of its own
        self._file.execute("pragma journal_mode=wal")
        self._file.execute("create table if not exists members (token text primary key, name text, number integer)")

    def _rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with self._lock:
            return self._file.execute(query, values).fetchall()

    def join(self, token: str, name: str) -> None:
        self._rows("insert or ignore into members values (?, ?, null)", token, name)

    def hand_in(self, token: str, number: int) -> None:
        self._rows("update members set number = ? where token = ?", number, token)

    def name(self, token: str) -> str:
        """The name that somebody joined by, "" for a stranger."""
        rows = self._rows("select name from members where token = ?", token)
        return str(rows[0][0]) if rows else ""

    def numbers(self) -> dict[str, int]:
        """What has been handed in."""
        rows = self._rows("select token, number from members where number is not null")
        return {str(token): int(str(number)) for token, number in rows}


def count_line(numbers: dict[str, int]) -> str:
    return f"{len(numbers)} of {ALL} have handed in"


def own_line(number: int) -> str:
    return f"You handed in {number}"


def result_line(numbers: dict[str, int], own: int) -> str:
    return f"Your number: {own}; mean of all: {sum(numbers.values()) / len(numbers):.2f}"

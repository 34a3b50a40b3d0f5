"""One table of a file: its columns, a look at its rows, and the rows themselves when asked for."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.fitting.issues import Issues
from sim.parameters import ParameterError

LOOK = 300  # records looked at before anything is decided
MOST_BROKEN = 0.2  # share of rows with a wrong number of fields beyond which the file is refused
MOST_LINES = 200  # lines of one record beyond which a quote was never closed


@dataclass
class Source:
    """One table of a file before anybody has said what its columns mean.

    Attributes
    ----------
    table : {"leads", "deals"}
        What it is to be read as.
    path : Path
        The file.
    header : list of str
        Names of the columns.
    sample : DataFrame
        The first rows, all columns, values as found.
    separator : str
        Field separator of a CSV; empty for other formats.
    issues : Issues
        What was noticed on the way.
    """

    table: str
    path: Path
    header: list[str]
    sample: pd.DataFrame
    separator: str
    issues: Issues
    rows: int = 0
    _records: list[list[Any]] | None = field(default=None, repr=False)
    _first: int = 2
    _text: str = field(default="", repr=False)
    _skip: int = 0

    @property
    def name(self) -> str:
        """Name of the file, for messages."""
        return self.path.name

    def load(self, columns: Sequence[str]) -> pd.DataFrame:
        """The columns asked for, values as found, indexed by row number; ``_row`` is a hash of the whole row."""
        places = [self.header.index(column) for column in columns]
        if self._records is None:
            return self._load_text(columns, places)
        width = len(self.header)
        numbers, kept, hashes, blank = [], [], [], []
        for number, record in enumerate(self._records, self._first):
            if all(empty(value) for value in record):
                blank.append(number)
                continue
            padded = [*record, *[None] * (width - len(record))]
            numbers.append(number)
            kept.append([padded[place] for place in places])
            hashes.append(hash(tuple(map(str, padded))))
        self.issues.add("blank_row", self.table, blank)
        self.rows = len(kept)
        return _frame(kept, columns, numbers, hashes)

    def _load_text(self, columns: Sequence[str], places: Sequence[int]) -> pd.DataFrame:
        width, last = len(self.header), max(places, default=0)
        numbers, kept, hashes = [], [], []
        blank, short, long, control = [], [], [], []
        for number, record in self._records_of_text():
            if not any(record) or all(not value.strip() for value in record):
                blank.append(number)
                continue
            if len(record) > width and any(value.strip() for value in record[width:]):
                long.append(number)
                continue
            if len(record) <= last:
                short.append(number)
                continue
            wanted = [record[place] for place in places]
            if any("\0" in value for value in wanted):
                control.append(number)
                continue
            numbers.append(number)
            kept.append(wanted)
            hashes.append(hash(tuple(record)))
        self.rows = len(kept) + len(short) + len(long) + len(control)
        self._check_broken(short, long)
        for code, rows in (
            ("blank_row", blank),
            ("short_row", short),
            ("long_row", long),
            ("control_characters", control),
        ):
            self.issues.add(code, self.table, rows)
        return _frame(kept, columns, numbers, hashes)

    def _check_broken(self, short: list[int], long: list[int]) -> None:
        broken = sorted([*short, *long])
        # The lines that reports end with are few, whatever their share of a small file.
        if len(long) > max(3, MOST_BROKEN * self.rows) or len(broken) > max(10, MOST_BROKEN * self.rows):
            raise ParameterError(
                f"{self.name}, row {broken[0]}: {len(broken):,} of {self.rows:,} rows do not have the "
                f"{len(self.header)} fields of the header; check quotes and separator (read as {self.separator!r})."
            )

    def _records_of_text(self) -> Iterator[tuple[int, list[str]]]:
        found = reader(self._text, self.separator)
        before = 0
        try:
            for n, record in enumerate(found):
                number, before = before + 1, found.line_num
                if before > number and _swallowed(record, before - number, self.separator, len(self.header)):
                    raise ParameterError(
                        f"{self.name}, row {number}: one field goes on for {before - number + 1} lines and holds whole "
                        "rows; a quote is opened there and not closed."
                    )
                if n > self._skip:
                    yield number, record
        except csv.Error as error:
            raise ParameterError(
                f"{self.name}, row {before + 1}: not a readable CSV record ({error}); a quote may not be closed."
            ) from None


def _swallowed(record: list[str], more: int, separator: str, width: int) -> bool:
    """Whether a record of several lines holds other records: a quote was opened and not closed."""
    if more >= MOST_LINES:
        return True
    lines = [line for value in record if "\n" in value for line in value.split("\n")[1:]]
    return width > 1 and any(line.count(separator) >= width - 1 for line in lines)


def _frame(kept: list[list[Any]], columns: Sequence[str], numbers: list[int], hashes: list[int]) -> pd.DataFrame:
    data: dict[str, Any] = {}
    for place, column in enumerate(columns):
        values = np.empty(len(kept), dtype=object)
        values[:] = [record[place] for record in kept]
        data[column] = values
    data["_row"] = np.array(hashes, dtype=np.int64)
    return pd.DataFrame(data, index=pd.Index(numbers, dtype=np.int64))


def empty(value: Any) -> bool:
    """Whether a cell holds nothing."""
    return value is None or value is pd.NaT or value == "" or (isinstance(value, float) and np.isnan(value))


def reader(text: str, separator: str) -> Any:
    """Records of a text, quotes and line breaks inside them respected."""
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)


def header_place(records: Sequence[Sequence[Any]], first: int = 0) -> int | None:
    """Index of the row with the names: the first one as wide as most rows are."""
    widths = Counter(sum(not empty(value) for value in record) for record in records[first:])
    filled = {width: n for width, n in widths.items() if width}
    if not filled:
        return None
    most = max(len(record) for record in records[first:])
    common = max(
        Counter(len(record) for record in records[first:] if any(not empty(v) for v in record)).items(),
        key=lambda x: x[1],
    )[0]
    needed = max(1, min(common, most) // 2 + 1 if common > 1 else 1)
    for place in range(first, len(records)):
        if sum(not empty(value) for value in records[place]) >= needed:
            return place
    return None


def column_names(record: Sequence[Any], file: str) -> list[str]:
    """Names of columns: trimmed, the unnamed and the repeated told apart."""
    names: list[str] = []
    values = 0
    for place, value in enumerate(record, 1):
        name = " ".join(str("" if empty(value) else value).split()).strip("\ufeff\0")
        values += bool(name) and not any(letter.isalpha() for letter in name)
        name = name or f"column {place}"
        while name in names:
            name += " (2)"
        names.append(name)
    if values * 2 > len(names):
        raise ParameterError(f"{file}: the first row holds values, not names of columns; a header row is needed.")
    return names


def fitted(record: Sequence[Any], width: int) -> list[Any]:
    """A record cut or filled to a width."""
    return [*record[:width], *[""] * (width - len(record))]

"""Reading one exported table: CSV, Excel or Parquet, as it comes.

:func:`open_table` looks at a file and finds its columns; :meth:`Source.load` then reads
the columns that are asked for and no others. Row numbers are those that a spreadsheet
shows (a CSV record counts by its first line).
"""

from __future__ import annotations

import codecs
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
from sim.parameters import ParameterError, nearest

SEPARATORS = (",", ";", "\t", "|")
LOOK = 300  # records looked at before anything is decided
MOST_BROKEN = 0.2  # share of rows with a wrong number of fields beyond which the file is refused
MOST_LINES = 200  # lines of one record beyond which a quote was never closed
FORMATS = "CSV, Excel (.xlsx, .xls, .xlsb, .ods) or Parquet"
BOMS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
# What exports come in besides UTF-8. A guess among all codecs would find Greek in Spanish.
ENCODINGS = ["cp1252", "mac_roman"]


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
            if all(_empty(value) for value in record):
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
        for code, rows in (("blank_row", blank), ("short_row", short), ("long_row", long), ("control_characters", control)):
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
        reader = _reader(self._text, self.separator)
        before = 0
        try:
            for n, record in enumerate(reader):
                number, before = before + 1, reader.line_num
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


def _empty(value: Any) -> bool:
    return value is None or value is pd.NaT or value == "" or (isinstance(value, float) and np.isnan(value))


def open_table(table: str, given: object, sheet: object = None) -> Source:
    """Look at a file: format, encoding, separator, header, first rows.

    Raises
    ------
    ParameterError
        There is no such file, it is empty, or it is not a table.
    """
    path = Path(str(given)).expanduser()
    key = f"{table}={str(given)!r}"
    if not path.is_file():
        near = sorted(str(other) for other in path.parent.iterdir()) if path.parent.is_dir() else []
        raise ParameterError(f"{key}: there is no such file.{nearest(str(path), near)}")
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise ParameterError(f"{key}: cannot be read ({error.strerror}).") from None
    if not start.strip():
        raise ParameterError(f"{key}: the file is empty.")
    if sheet is not None and not start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ParameterError(f"sheet={sheet!r}: {path.name} is not an Excel file.")
    if start.startswith(b"PAR1"):
        return _parquet(table, path)
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _excel(table, path, sheet)
    if start.startswith((b"\x1f\x8b", b"BZh", b"7z\xbc\xaf", b"Rar!")):
        raise ParameterError(f"{key}: the file is compressed; unpack it first.")
    if start.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith((b"<!doctype", b"<html", b"<table", b"<?xml", b"{", b"%pdf")):
        raise ParameterError(f"{key}: this is not a table but a page or document; {FORMATS} is needed: export it anew.")
    return _csv(table, path)


# ---------------------------------------------------------------- CSV


def _csv(table: str, path: Path) -> Source:
    issues = Issues()
    text, encoding = _decoded(path)
    if encoding not in ("utf-8", "utf-8 with BOM"):
        issues.add("encoding", table, count=1, detail=encoding)
    skip = 0
    separator = None
    if text[:5].lower().startswith("sep=") and len(text) > 4:  # written by Excel for itself
        separator, skip = text[4], 1
    separator = separator or _separator(text)
    looked = _first_records(text, separator, path.name)
    header = _header_place(looked, skip)
    if header is None:
        raise ParameterError(f"{path.name}: no row with names of columns was found; {FORMATS} with a header row is needed.")
    issues.add("preamble", table, range(1, header - skip + 1))
    names = _names(looked[header], path.name)
    body = [record for record in looked[header + 1 :] if any(value.strip() for value in record)]
    sample = pd.DataFrame([_fitted(record, len(names)) for record in body], columns=names, dtype=object)
    if sample.empty:
        raise ParameterError(f"{path.name}: there is a header but no row below it.")
    return Source(table, path, names, sample, separator, issues, _text=text, _skip=header)


def _decoded(path: Path) -> tuple[str, str]:
    """The text of a file and the encoding it was read with."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ParameterError(f"{path.name}: cannot be read ({error.strerror}).") from None
    for mark, encoding in BOMS:
        if raw.startswith(mark):
            try:
                text = raw.decode(encoding)
            except UnicodeDecodeError as error:
                raise ParameterError(f"{path.name}: begins as {encoding} and goes on as something else ({error.reason}).") from None
            return text.removeprefix("\ufeff"), "utf-8 with BOM" if encoding == "utf-8" else encoding
    zeros = raw[:2000].count(0)
    if zeros > 0.2 * min(len(raw), 2000):  # UTF-16 without a mark: every other byte of plain text is zero
        encoding = "utf-16-be" if raw[0] == 0 else "utf-16-le"
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            raise ParameterError(f"{path.name}: not a text file; {FORMATS} is needed.") from None
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    from charset_normalizer import from_bytes

    odd = [line for line in raw[:4_000_000].splitlines() if any(byte > 127 for byte in line)]
    best = from_bytes(b"\n".join(odd[:2_000]), cp_isolation=ENCODINGS).best()
    encoding = best.encoding if best is not None else "cp1252"
    return raw.decode(encoding, errors="replace"), encoding


def _separator(text: str) -> str:
    """The separator under which most records have the same number of fields, and more than one."""
    best, score = ",", (0.0, 0)
    for separator in SEPARATORS:
        try:
            lengths = [len(record) for record in _some(text, separator, 60) if any(record)]
        except csv.Error:
            continue
        width, times = Counter(lengths).most_common(1)[0] if lengths else (0, 0)
        if width > 1 and (times / len(lengths), width) > score:
            best, score = separator, (times / len(lengths), width)
    return best


def _reader(text: str, separator: str) -> Any:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)


def _some(text: str, separator: str, most: int) -> list[list[str]]:
    return [record for record, _ in zip(_reader(text, separator), range(most), strict=False)]


def _first_records(text: str, separator: str, name: str) -> list[list[str]]:
    try:
        return _some(text, separator, LOOK)
    except csv.Error as error:
        raise ParameterError(f"{name}: not a readable CSV ({error}); a quote may not be closed.") from None


def _header_place(records: Sequence[Sequence[Any]], first: int = 0) -> int | None:
    """Index of the row with the names: the first one as wide as most rows are."""
    widths = Counter(sum(not _empty(value) for value in record) for record in records[first:])
    filled = {width: n for width, n in widths.items() if width}
    if not filled:
        return None
    most = max(len(record) for record in records[first:])
    common = max(Counter(len(record) for record in records[first:] if any(not _empty(v) for v in record)).items(), key=lambda x: x[1])[0]
    needed = max(1, min(common, most) // 2 + 1 if common > 1 else 1)
    for place in range(first, len(records)):
        if sum(not _empty(value) for value in records[place]) >= needed:
            return place
    return None


def _names(record: Sequence[Any], file: str) -> list[str]:
    """Names of columns: trimmed, the unnamed and the repeated told apart."""
    names: list[str] = []
    values = 0
    for place, value in enumerate(record, 1):
        name = " ".join(str("" if _empty(value) else value).split()).strip("\ufeff\0")
        values += bool(name) and not any(letter.isalpha() for letter in name)
        name = name or f"column {place}"
        while name in names:
            name += " (2)"
        names.append(name)
    if values * 2 > len(names):
        raise ParameterError(f"{file}: the first row holds values, not names of columns; a header row is needed.")
    return names


def _fitted(record: Sequence[Any], width: int) -> list[Any]:
    return [*record[:width], *[""] * (width - len(record))]


# ---------------------------------------------------------------- Excel and Parquet


def _excel(table: str, path: Path, sheet: object) -> Source:
    from python_calamine import CalamineError, CalamineWorkbook

    issues = Issues()
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = list(book.sheet_names)
        if sheet is not None and str(sheet) not in sheets:
            raise ParameterError(f"sheet={sheet!r}: {path.name} has {', '.join(sheets)}.{nearest(str(sheet), sheets)}")
        asked = [str(sheet)] if sheet is not None else sheets
        found = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in asked}
    except (CalamineError, OSError, ValueError, RuntimeError) as error:
        raise ParameterError(f"{path.name}: not a readable Excel file ({' '.join(str(error).split())[:120]}).") from None
    # The table is on the sheet with the most filled rows; what else there is may be a cover or a legend.
    filled = {name: sum(sum(not _empty(value) for value in row) > 1 for row in rows) for name, rows in found.items()}
    chosen = max(filled, key=lambda name: filled[name])
    rows = found[chosen]
    if filled[chosen] < 2:
        raise ParameterError(f"{path.name}: no sheet holds a table.")
    if len(sheets) > 1:
        issues.add("other_sheets", table, count=len(sheets) - 1, detail=f"read: {chosen}")
    place = _header_place(rows[:LOOK])
    if place is None or len(rows) <= place + 1:
        raise ParameterError(f"{path.name}, sheet {chosen}: there is a header but no row below it.")
    issues.add("preamble", table, range(1, place + 1))
    width = max((n for n, value in enumerate(rows[place], 1) if not _empty(value)), default=0)
    names = _names(rows[place][:width], path.name)
    body = [[value for value in row[:width]] for row in rows[place + 1 :]]
    sample = pd.DataFrame([_fitted(row, width) for row in body[:LOOK]], columns=names, dtype=object)
    return Source(table, path, names, sample, "", issues, _records=body, _first=place + 2)


def _parquet(table: str, path: Path) -> Source:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ParameterError(f"{path.name}: not a readable Parquet file ({' '.join(str(error).split())[:120]}).") from None
    names = _names(found.column_names, path.name)
    if not found.num_rows:
        raise ParameterError(f"{path.name}: there are columns but no row.")
    try:
        columns = [
            (column.cast(pa.string()) if pa.types.is_temporal(column.type) else column).to_pylist()
            for column in found.columns
        ]
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise ParameterError(f"{path.name}: holds values that cannot be read ({' '.join(str(error).split())[:120]}).") from None
    body = [list(row) for row in zip(*columns, strict=True)]
    sample = pd.DataFrame(body[:LOOK], columns=names, dtype=object)
    return Source(table, path, names, sample, "", Issues(), _records=body, _first=2)

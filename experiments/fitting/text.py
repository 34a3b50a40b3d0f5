"""CSV files: encoding, separator, names of columns."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from pathlib import Path

import pandas as pd

from experiments.fitting.issues import Issues
from experiments.fitting.source import LOOK, Source, column_names, fitted, header_place, reader
from sim.parameters import ParameterError

SEPARATORS = (",", ";", "\t", "|")
FORMATS = "CSV, Excel (.xlsx, .xls, .xlsb, .ods) or Parquet"
BOMS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
# What exports come in besides UTF-8: Excel's on Windows and on a Mac. The one that reads more of these letters is it.
ENCODINGS = ("cp1252", "mac_roman")
LETTERS = frozenset("áéíóúüñçàèìòùâêîôûäöëïßÁÉÍÓÚÜÑÇÀÈÄÖ€ºª¿¡")


def csv_table(table: str, path: Path) -> Source:
    """The table of a CSV file, whatever its encoding and separator."""
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
    header = header_place(looked, skip)
    if header is None:
        raise ParameterError(
            f"{path.name}: no row with names of columns was found; {FORMATS} with a header row is needed."
        )
    issues.add("preamble", table, range(1, header - skip + 1))
    names = column_names(looked[header], path.name)
    body = [record for record in looked[header + 1 :] if any(value.strip() for value in record)]
    sample = pd.DataFrame([fitted(record, len(names)) for record in body], columns=names, dtype=object)
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
                raise ParameterError(
                    f"{path.name}: begins as {encoding} and goes on as something else ({error.reason})."
                ) from None
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
    odd = bytes(byte for byte in raw[:4_000_000] if byte > 127)
    encoding = max(ENCODINGS, key=lambda name: sum(letter in LETTERS for letter in odd.decode(name, "replace")))
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


def _some(text: str, separator: str, most: int) -> list[list[str]]:
    return [record for record, _ in zip(reader(text, separator), range(most), strict=False)]


def _first_records(text: str, separator: str, name: str) -> list[list[str]]:
    try:
        return _some(text, separator, LOOK)
    except csv.Error as error:
        raise ParameterError(f"{name}: not a readable CSV ({error}); a quote may not be closed.") from None

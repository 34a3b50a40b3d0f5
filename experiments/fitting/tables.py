"""Reading one exported table: CSV, Excel or Parquet, as it comes.

:func:`open_table` looks at a file and finds its columns; :meth:`Source.load` then reads
the columns that are asked for and no others. Row numbers are those that a spreadsheet
shows (a CSV record counts by its first line).
"""

from __future__ import annotations

from pathlib import Path

from experiments.fitting.books import excel_table, parquet_table
from experiments.fitting.source import Source
from experiments.fitting.text import FORMATS, csv_table
from sim.parameters import ParameterError, nearest

__all__ = ["Source", "open_table"]


def open_table(table: str, given: object, sheet: object = None) -> Source:
    """Look at a file: format, encoding, separator, header, first rows.

    Raises
    ------
    ParameterError
        There is no such file, it is empty, or it is not a table.
    """
    path = Path(str(given)).expanduser()
    key = f"{table}={str(given)!r}"
    if path.exists() and not path.is_file():
        raise ParameterError(f"{key}: that is {'a folder' if path.is_dir() else 'a device'}; {FORMATS} is needed.")
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
        return parquet_table(table, path)
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return excel_table(table, path, sheet)
    if start.startswith((b"\x1f\x8b", b"BZh", b"7z\xbc\xaf", b"Rar!")):
        raise ParameterError(f"{key}: the file is compressed; unpack it first.")
    if (
        start.lstrip(b"\xef\xbb\xbf \r\n\t")
        .lower()
        .startswith((b"<!doctype", b"<html", b"<table", b"<?xml", b"{", b"%pdf"))
    ):
        raise ParameterError(f"{key}: this is not a table but a page or document; {FORMATS} is needed: export it anew.")
    return csv_table(table, path)

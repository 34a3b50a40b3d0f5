"""Excel and Parquet files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from experiments.fitting.issues import Issues
from experiments.fitting.source import LOOK, Source, column_names, empty, fitted, header_place
from sim.parameters import ParameterError, nearest


def excel_table(table: str, path: Path, sheet: object) -> Source:
    """The table of an Excel file: of the sheet that is named, else of the one with the most filled rows."""
    from python_calamine import CalamineError, CalamineWorkbook

    issues = Issues()
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = list(book.sheet_names)
        if sheet is not None and str(sheet) not in sheets:
            raise ParameterError(f"sheet={sheet!r}: {path.name} has {', '.join(sheets)}.{nearest(str(sheet), sheets)}")
        asked = [str(sheet)] if sheet is not None else sheets
        found = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in asked}
    except ParameterError:
        raise
    except (CalamineError, OSError, ValueError, RuntimeError) as error:
        raise ParameterError(
            f"{path.name}: not a readable Excel file ({' '.join(str(error).split())[:120]})."
        ) from None
    # The table is on the sheet with the most filled rows; what else there is may be a cover or a legend.
    filled = {name: sum(sum(not empty(value) for value in row) > 1 for row in rows) for name, rows in found.items()}
    chosen = max(filled, key=lambda name: filled[name])
    rows = found[chosen]
    if filled[chosen] < 2:
        raise ParameterError(f"{path.name}: no sheet holds a table.")
    if len(sheets) > 1:
        issues.add("other_sheets", table, count=len(sheets) - 1, detail=f"read: {chosen}")
    place = header_place(rows[:LOOK])
    if place is None or len(rows) <= place + 1:
        raise ParameterError(f"{path.name}, sheet {chosen}: there is a header but no row below it.")
    issues.add("preamble", table, range(1, place + 1))
    width = max((n for n, value in enumerate(rows[place], 1) if not empty(value)), default=0)
    names = column_names(rows[place][:width], path.name)
    body = [list(row[:width]) for row in rows[place + 1 :]]
    sample = pd.DataFrame([fitted(row, width) for row in body[:LOOK]], columns=names, dtype=object)
    return Source(table, path, names, sample, "", issues, _records=body, _first=place + 2)


def parquet_table(table: str, path: Path) -> Source:
    """The table of a Parquet file; moments become text, as in the other formats."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ParameterError(
            f"{path.name}: not a readable Parquet file ({' '.join(str(error).split())[:120]})."
        ) from None
    names = column_names(found.column_names, path.name)
    if not found.num_rows:
        raise ParameterError(f"{path.name}: there are columns but no row.")
    try:
        columns = [
            (column.cast(pa.string()) if pa.types.is_temporal(column.type) else column).to_pylist()
            for column in found.columns
        ]
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise ParameterError(
            f"{path.name}: holds values that cannot be read ({' '.join(str(error).split())[:120]})."
        ) from None
    body = [list(row) for row in zip(*columns, strict=True)]
    sample = pd.DataFrame(body[:LOOK], columns=names, dtype=object)
    return Source(table, path, names, sample, "", Issues(), _records=body, _first=2)

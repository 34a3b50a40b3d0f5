"""Files that appear under their name only when they are whole: Parquet tables that grow, JSON."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_OF_A_GROUP = 16_384


class Table:
    """One Parquet file that grows.

    Row groups have a fixed number of rows, so the bytes of a file do not depend on how the
    rows came.

    Parameters
    ----------
    path : Path
        Where it stands once it is closed.
    schema : pyarrow.Schema, optional
        Its columns; by default those of the first table that is added.
    """

    def __init__(self, path: Path, schema: pa.Schema | None = None) -> None:
        self.path = path
        self.rows = 0
        self._schema = schema
        self._part = path.with_name(f".{path.name}.part")
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0

    def add(self, table: pa.Table) -> None:
        """Append the rows of ``table``."""
        self._schema = self._schema or table.schema
        self._waiting.append(table.cast(self._schema))
        self._waiting_rows += table.num_rows
        self.rows += table.num_rows
        while self._waiting_rows >= ROWS_OF_A_GROUP:
            self._write(ROWS_OF_A_GROUP)

    def _write(self, rows: int) -> None:
        together = pa.concat_tables(self._waiting)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._part, together.schema, compression="zstd")
        self._writer.write_table(together.slice(0, rows), row_group_size=ROWS_OF_A_GROUP)
        self._waiting = [together.slice(rows)]
        self._waiting_rows = together.num_rows - rows

    def seal(self) -> None:
        """Write all that waits."""
        if self._waiting_rows:
            self._write(self._waiting_rows)
        if self._writer is not None:
            self._writer.close()

    def publish(self) -> None:
        """Give a sealed file its name; without any row there is no file."""
        if self._writer is not None:
            self._part.replace(self.path)

    def discard(self) -> None:
        """Leave nothing behind of a file that could not be sealed."""
        if self._writer is not None:
            with contextlib.suppress(OSError):  # what waits in a buffer may not fit either
                self._writer.close()
        self._part.unlink(missing_ok=True)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all; what is not a finite number becomes ``null``."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    part.replace(path)


def plain(value: Any) -> Any:
    """``value`` in what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

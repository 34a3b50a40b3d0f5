"""Where results live: Parquet files that grow while the study runs, and a manifest.

A file appears under its name only when it is whole: it is written under a temporary name
and then renamed. Row groups have a fixed number of rows, so the bytes of a file do not
depend on how the runs were cut into blocks.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from experiments.runner import Results

ROWS_OF_A_GROUP = 16_384
FILES = ("manifest.json", "summary.json", "report.html", "runs.parquet", "monthly.parquet", "people.parquet")
PACKAGES = ("gtm-sim", "numpy", "numba", "scipy", "pandas", "pyarrow", "mesa", "hydra-core", "omegaconf")


class Table:
    """One Parquet file that grows.

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

    def close(self) -> None:
        """Write what waits and give the file its name; without any row there is no file."""
        if self._waiting_rows:
            self._write(self._waiting_rows)
        if self._writer is not None:
            self._writer.close()
            self._part.replace(self.path)


class Store:
    """The files of one study: ``runs.parquet``, ``monthly.parquet``, ``people.parquet``.

    A context manager: whatever was kept is there when it ends, however it ends. A former
    study in the same folder stays whole until then.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.
    measures : sequence of str
        Names of the measures of a run, in the order of the columns.
    """

    def __init__(self, folder: Path, measures: Sequence[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.failed = 0
        self._schema = run_schema(measures)
        self.runs = Table(folder / "runs.parquet", self._schema)
        self.monthly = Table(folder / "monthly.parquet")
        self.people = Table(folder / "people.parquet")

    def keep(self, results: Results) -> None:
        """Add the results of a block of runs."""
        missing = math.nan
        columns = {name: [row.get(name, missing) for row in results.rows] for name in self._schema.names}
        self.runs.add(pa.table(columns, schema=self._schema))
        for table in results.monthly:
            self.monthly.add(table)
        for table in results.people:
            self.people.add(table)
        self.failed += results.failed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.runs.rows:
            for name in FILES:  # of a former study: never mix the two
                (self.folder / name).unlink(missing_ok=True)
        for table in (self.runs, self.monthly, self.people):
            table.close()


def run_schema(measures: Sequence[str]) -> pa.Schema:
    """Columns of ``runs.parquet``."""
    keys = [("point", pa.int64()), ("arm", pa.string()), ("replication", pa.int64()), ("seed", pa.int64())]
    return pa.schema(
        [*keys, *((name, pa.float64()) for name in measures), ("failed", pa.bool_()), ("error", pa.string())]
    )


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all; what is not a finite number becomes ``null``."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    part.replace(path)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def configuration_hash(numbers: Mapping[str, Any]) -> str:
    """Hash of all that the numbers of a study depend on."""
    text = json.dumps(_plain(numbers), sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def now() -> datetime:
    """The present moment, with its time zone."""
    return datetime.now(UTC)


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can move a bit."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:  # a checkout that was never installed
            found[package] = "not installed"
    return found


def machine() -> dict[str, Any]:
    """What can move the last bits between machines, and explains run times."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }

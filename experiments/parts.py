"""Part files: what workers write, each whole or not at all, each under the checksum of its bytes.

A part holds the results of a block, a row a run. A run is known by its *address* (a hash
of all that its numbers depend on but the seed) and its seed, never by its place in a
study: so another study, or the same one with more points, finds it again. Months and
people of a run are nested in its row; a run is saved as a whole.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim.parameters import ParameterError

FOLDER = "parts"
ADDRESS_BYTES = 16
NO_ADDRESS = bytes(ADDRESS_BYTES)  # of a run that could not even be prepared: it is tried again on resumption
NESTED = ("monthly", "people")
REPEATED = ["address", "error"]  # columns in which few values come many times
KEYS = ("address", "seed", "failed", "error", *NESTED)


class StoreError(ParameterError):
    """A folder cannot hold the study: read-only, full, in use, or out of a worker's sight."""


class DamagedPartError(Exception):
    """A part file does not hold what was written; the argument is its path."""


@dataclass(frozen=True)
class Part:
    """A part file and what is remembered of it.

    Attributes
    ----------
    name : str
        Of the file.
    measures : tuple of str
        Its measures, in their order.
    failed : array of bool
        Which of its runs failed.
    watched : array of float
        The watched measure of each; empty if none is watched.
    """

    name: str
    measures: tuple[str, ...]
    failed: NDArray[np.bool_]
    watched: NDArray[np.float64]


def write(folder: Path, table: pa.Table, watched: str) -> Part:
    """Write a part file so that it is there, whole, even if the power fails next.

    Raises
    ------
    StoreError
        The folder cannot be written.
    """
    sink = pa.BufferOutputStream()
    # Written while the cores should simulate, and read once: nothing is spent on small files or on statistics.
    pq.write_table(table, sink, compression="lz4", use_dictionary=REPEATED, write_statistics=False)
    data = sink.getvalue()
    name = f"{checksum(data)}.parquet"
    unfinished = folder / f".{uuid.uuid4().hex}.tmp"
    try:
        try:
            with unfinished.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(folder / name)
        finally:
            unfinished.unlink(missing_ok=True)
        _sync(folder)
    except OSError as error:
        raise cannot_write(folder.parent, error) from None
    return describe(name, table, watched)


def _sync(folder: Path) -> None:
    """Make the new name of a file last; systems that cannot sync a folder do without."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def cannot_write(folder: Path, error: OSError) -> StoreError:
    """What to say when a folder cannot be written."""
    why = os.strerror(error.errno) if error.errno else str(error)  # Arrow's own words are longer
    return StoreError(f"out={str(folder)!r}: cannot be written ({why}).")


def describe(name: str, table: pa.Table, watched: str) -> Part:
    """What is remembered of a part while the study runs."""
    found = table[watched].to_numpy() if watched in table.column_names else np.full(table.num_rows, np.nan)
    return Part(
        name=name,
        measures=tuple(column for column in table.column_names if column not in KEYS),
        failed=table["failed"].to_numpy(),
        watched=found if watched else np.empty(0),
    )


def checksum(data: Any) -> str:
    """Of a file's bytes; part of its name."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """The table of a part file.

    Raises
    ------
    DamagedPartError
        The bytes are not those that were written.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DamagedPartError(path) from None
    if checksum(data) != path.stem:
        raise DamagedPartError(path)
    return pq.read_table(pa.BufferReader(data), columns=columns)


def nested(frames: Sequence[pd.DataFrame | None]) -> pa.Array:
    """One list of rows a run, of frames that all have the same columns; none for a run that failed."""
    tables = [None if f is None else pa.table({str(n): f[n].to_numpy() for n in f.columns}) for f in frames]
    offsets = np.cumsum([0, *(0 if table is None else table.num_rows for table in tables)])
    there = [table for table in tables if table is not None]
    if not there:
        return pa.nulls(len(frames))
    rows = pa.concat_tables(there).to_struct_array().combine_chunks()
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), rows)


def unnested(column: pa.ChunkedArray) -> tuple[pa.Table, NDArray[np.int64]] | None:
    """All rows of nested frames, and for each the number of the run it belongs to; None if there is no row."""
    import pyarrow.compute as pc

    column = column.combine_chunks()
    if pa.types.is_null(column.type):
        return None
    rows = column.flatten()
    if not len(rows):
        return None
    return pa.Table.from_struct_array(rows), pc.list_parent_indices(column).to_numpy()

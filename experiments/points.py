"""The points of a study, in columns: as a design placed them, or as a file lists them."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.models import Model, Value
from sim.configuration import is_file
from sim.parameters import ParameterError


@dataclass(frozen=True)
class Points:
    """The points of a study, in columns.

    Attributes
    ----------
    columns : mapping of str to array
        Values of each factor, one a point; no column for a study without factors.
    count : int
        Number of points.
    note : str
        What a reader should know about them.
    """

    columns: Mapping[str, NDArray[Any]]
    count: int
    note: str = ""

    def values(self, point: int) -> dict[str, Value]:
        """Values of the factors at a point."""
        return {name: column[point].item() if hasattr(column[point], "item") else column[point]
                for name, column in self.columns.items()}  # fmt: skip


NOWHERE = Points({}, 1)  # the one point of a study without factors


def column(values: Sequence[Value]) -> NDArray[Any]:
    """Values in the narrowest kind that holds them: truths, whole numbers, numbers, words."""
    if all(isinstance(value, bool) for value in values):
        return np.array(values, dtype=bool)
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    if numbers:
        return np.array(values, dtype=np.int64 if all(isinstance(v, int) for v in values) else np.float64)
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def listed(given: Mapping[str, Any], model: Model) -> Points:
    """Points of a CSV or Parquet file: a column a factor, a row a point."""
    if given.get("factors"):
        raise ParameterError("design.factors: design=csv takes its factors from the columns of the file.")
    path = Path(str(given.get("points")))
    key = f"design.points={str(given['points'])!r}"
    if not is_file(path):
        raise ParameterError(f"{key}: there is no such file; design=csv needs a CSV or Parquet file of points.")
    try:
        frame = pd.read_parquet(path) if path.suffix in (".parquet", ".pq") else _csv(path, key)
    except ParameterError:
        raise
    except Exception as error:  # noqa: BLE001 - parsers raise what they like
        raise ParameterError(f"{key}: cannot be read ({' '.join(str(error).split())}).") from None
    if frame.empty:
        raise ParameterError(f"{key}: there is no point in it.")
    columns: dict[str, NDArray[Any]] = {}
    for name in map(str, frame.columns):
        try:
            model.kind(name)
        except ParameterError as error:
            raise ParameterError(f"{key}: {error}") from None
        missing = frame[name].isna().to_numpy()
        if missing.any():
            raise ParameterError(f"{key}: {name} is missing in row {int(missing.argmax()) + 1}.")
        columns[name] = column(frame[name].tolist())
        if columns[name].dtype == object and not all(isinstance(value, str) for value in columns[name]):
            raise ParameterError(f"{key}: {name} mixes words with numbers or truths.")
        for value in pd.unique(frame[name]).tolist():
            try:
                model.check(name, value)
            except ParameterError as error:
                row = int((frame[name] == value).to_numpy().argmax()) + 1
                raise ParameterError(f"{key}, row {row}: {error}") from None
    twice = int(frame.duplicated().sum())
    note = (
        f"{key}: {twice:,} of {len(frame):,} rows stand there a second time; they give the same runs." if twice else ""
    )
    return Points(columns, len(frame), note)


def _csv(path: Path, key: str) -> pd.DataFrame:
    """A CSV file as it stands there: pandas would rename what is there twice, and shift rows that are too long."""
    head = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False)
    names = head.iloc[0].tolist()
    for place, name in enumerate(names):
        if not name or name in names[:place]:
            what = f"{name} stands there twice" if name else f"column {place + 1} has no name"
            raise ParameterError(f"{key}: {what} in the header.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # of values that are dropped
            return pd.read_csv(path, index_col=False)
    except (pd.errors.ParserWarning, pd.errors.ParserError):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row][1:]
        longer = [number for number, row in enumerate(rows, 1) if len(row) > len(names)]
        if not longer:
            raise
        columns = f"{len(rows[longer[0] - 1])} values, the header {len(names)} names: {', '.join(names)}"
        raise ParameterError(f"{key}, row {longer[0]}: it has {columns}.") from None

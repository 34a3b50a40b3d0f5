"""What a cell means: blanks, labels, dates.

Everything works on the distinct values of a column, which are few. Days are whole days
since 1970-01-01; a moment with a time zone counts by its day in UTC.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Days = NDArray[np.float64]
Texts = NDArray[np.object_]

BLANKS = frozenset(
    [
        "",
        "-",
        "--",
        "—",
        "?",
        "n/a",
        "na",
        "n.a.",
        "nan",
        "nat",
        "null",
        "none",
        "nil",
        "#n/a",
        "#na",
        "#value!",
        "#ref!",
        "(blank)",
        "(empty)",
        "(no value)",
        "no value",
        "(sin valor)",
        "sin valor",
        "(en blanco)",
        "(vacío)",
        "s/d",
        "0000-00-00",
        "0000-00-00 00:00:00",
        "00/00/0000",
        "0/0/0000",
    ]
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
EARLIEST, LATEST = 1990, 2100  # years a CRM can speak of
SERIALS = (32_874.0, 73_415.0)  # Excel's numbers of days in these years
EPOCH_OF_EXCEL = 25_569  # its number of 1970-01-01
MONTHS = {
    name: n
    for names in (
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "january february march april may june july august september october november december",
        "ene feb mar abr may jun jul ago sep oct nov dic",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "x x x x x x x x sept x x x",
        "x x x x x x x x setiembre x x x",
    )
    for n, name in enumerate(names.split(), 1)
    if name != "x"
}
ISO = r"^[+]?(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$"
PLAIN = r"^(\d{1,2})[-/. ]+(\d{1,2})[-/. ]+(\d{4}|\d{2})(?:[,T ]+\d.*)?$"
NAMED = r"^(?:[a-z]+\.?,? )?(\d{1,2})[-/. ]+(?:de )?([a-z]+)\.?,?[-/. ]+(?:de[l]? )?(\d{4}|\d{2})(?:[,T ]+\d.*)?$"
AMERICAN = r"^(?:[a-z]+\.?,? )?([a-z]+)\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})(?:[,T ]+\d.*)?$"


def plain(text: str) -> str:
    """Lower case, without accents, single spaces: what names are compared by."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(re.sub(r"[^a-z0-9%$]+", " ", bare.lower()).split())


def harmless(label: str, longest: int = 60) -> str:
    """A label as it may stand in a file that somebody opens as a spreadsheet."""
    shown = "".join(letter for letter in " ".join(label.split()) if letter.isprintable())[:longest]
    return f"'{shown}" if shown.startswith(FORMULA) else shown


def distinct(values: pd.Series[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    """Codes and distinct values of a column; −1 is blank."""
    codes, found = pd.factorize(values.to_numpy(dtype=object), use_na_sentinel=True)
    kept: list[Any] = []
    place = np.full(len(found) + 1, -1, dtype=np.int64)
    for n, value in enumerate(found):
        if isinstance(value, str):
            value = value.replace("\xa0", " ").replace("\u202f", " ").strip()  # noqa: PLW2901
            if value.lower() in BLANKS:
                continue
        place[n] = len(kept)
        kept.append(value)
    return place[codes], kept


def spread(codes: NDArray[np.int64], values: NDArray[Any], missing: Any = np.nan) -> NDArray[Any]:
    """Values of distinct cells put back in their rows."""
    padded = np.append(values, np.array([missing], dtype=values.dtype))
    return np.asarray(padded[codes])


# ---------------------------------------------------------------- dates


@dataclass(frozen=True)
class Dates:
    """A column read as days.

    Attributes
    ----------
    codes : array of int
        Which distinct value each row has; −1 is blank.
    days : array
        Day of each distinct value; NaN where it is no date, or where day and month are still open.
    first, second, year : array
        Parts of those written as 3/4/2024, NaN elsewhere.
    shown : list of str
        The distinct values, for messages.
    formats : tuple of str
        How they are written.
    zoned : int
        How many distinct values name a time zone.
    """

    codes: NDArray[np.int64]
    days: Days
    first: Days
    second: Days
    year: Days
    shown: list[str]
    formats: tuple[str, ...]
    zoned: int

    @property
    def ambiguous(self) -> str:
        """A value that is two different days by the two orders; empty if there is none."""
        open_ = (self.first <= 12) & (self.second <= 12) & (self.first != self.second)
        return self.shown[int(np.flatnonzero(open_)[0])] if open_.any() else ""

    def votes(self) -> tuple[int, int]:
        """How many distinct values can only be day first, only month first."""
        by_day = int(((self.first > 12) & (self.second <= 12)).sum())
        by_month = int(((self.second > 12) & (self.first <= 12)).sum())
        return by_day, by_month

    def settled(self, dayfirst: bool) -> tuple[Days, NDArray[np.bool_]]:
        """Day of each row (NaN where there is none), and which rows hold something unreadable."""
        day, month = (self.first, self.second) if dayfirst else (self.second, self.first)
        days = np.where(np.isnan(self.first), self.days, _days(self.year, month, day))
        found = spread(self.codes, days)
        return found, (self.codes >= 0) & np.isnan(found)


def dates(values: pd.Series[Any]) -> Dates:
    """Read a column as dates, whatever way they are written."""
    codes, found = distinct(values)
    n = len(found)
    days, first, second, year = (np.full(n, np.nan) for _ in range(4))
    formats: list[str] = []
    texts = np.empty(n, dtype=object)
    for place, value in enumerate(found):
        texts[place] = value if isinstance(value, str) else ""
        if isinstance(value, (datetime, date)):
            days[place] = _day_of(value)
        elif isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
            texts[place] = f"{float(value):.6f}"
    if np.isfinite(days).any():
        formats.append("date")
    rest = pd.Series(texts, dtype=object).where(np.isnan(days), "").astype(str)
    zoned = int(rest.str.contains(r"\d(?:Z| ?UTC| ?GMT|[+-]\d{2}:?\d{2})$", regex=True).sum())
    _numbers(rest, days, formats)
    _iso(rest, days, formats)
    _named(rest, days, formats)
    parts = rest.where(np.isnan(days), "").str.extract(PLAIN)
    if parts[0].notna().any():
        formats.append("d/m/y")
        numbers = parts.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
        first[:], second[:], year[:] = numbers[:, 0], numbers[:, 1], _century(numbers[:, 2])
    return Dates(codes, days, first, second, year, [str(value)[:40] for value in found], tuple(formats), zoned)


def _day_of(value: datetime | date) -> float:
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(tz=_utc())
    if not EARLIEST <= value.year < LATEST:
        return float("nan")
    return float(date(value.year, value.month, value.day).toordinal() - date(1970, 1, 1).toordinal())


def _utc() -> Any:
    from datetime import UTC

    return UTC


def _days(year: Days, month: Days, day: Days) -> Days:
    """Days since 1970 of year, month and day; NaN where there is no such day."""
    whole = ~(np.isnan(year) | np.isnan(month) | np.isnan(day))
    inside = whole & (year >= EARLIEST) & (year < LATEST) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    safe_year, safe_month, safe_day = (
        np.where(inside, part, 1 if part is not year else 2000) for part in (year, month, day)
    )
    months = ((safe_year - 1970) * 12 + safe_month - 1).astype(np.int64).astype("datetime64[M]")
    found = months.astype("datetime64[D]").astype(np.int64) + safe_day - 1
    length = (months + 1).astype("datetime64[D]").astype(np.int64) - months.astype("datetime64[D]").astype(np.int64)
    return np.where(inside & (safe_day <= length), found, np.nan)


def _century(year: Days) -> Days:
    return np.where(year < 100, year + np.where(year < 70, 2000, 1900), year)


def _numbers(rest: pd.Series[Any], days: Days, formats: list[str]) -> None:
    """Excel's serial numbers, seconds and milliseconds since 1970, and 20240131."""
    is_number = rest.str.fullmatch(r"\d{4,17}(?:[.,]\d+)?").to_numpy(dtype=bool)
    if not is_number.any():
        return
    value = np.full(len(rest), np.nan)
    value[is_number] = rest[is_number].str.replace(",", ".", regex=False).astype(float).to_numpy()
    whole = value == np.floor(value)
    compact = whole & (value >= 19_900_101) & (value <= 20_991_231)
    with np.errstate(invalid="ignore"):
        kinds = {
            "Excel serial": ((value >= SERIALS[0]) & (value <= SERIALS[1]), np.floor(value) - EPOCH_OF_EXCEL),
            "seconds": ((value >= 6.3e8) & (value < 4.2e9), np.floor(value / 86_400)),
            "milliseconds": ((value >= 6.3e11) & (value < 4.2e12), np.floor(value / 86_400_000)),
            "microseconds": ((value >= 6.3e14) & (value < 4.2e15), np.floor(value / 86_400_000_000)),
            "yyyymmdd": (compact, _days(np.floor(value / 10_000), np.floor(value / 100) % 100, value % 100)),
        }
    for name, (fits, as_days) in kinds.items():
        if fits.any():
            days[fits] = as_days[fits]
            formats.append(name)


def _iso(rest: pd.Series[Any], days: Days, formats: list[str]) -> None:
    """Year first, with or without time and zone."""
    parts = rest.where(np.isnan(days), "").str.extract(ISO)
    fits = parts[0].notna().to_numpy()
    if not fits.any():
        return
    numbers = parts.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    found = _days(numbers[:, 0], numbers[:, 1], numbers[:, 2])
    zone = rest.str.extract(r"[T ](\d{1,2}):?(\d{2})?.*?([+-])(\d{2}):?(\d{2})$")
    ahead = zone[2].notna().to_numpy()
    if ahead.any():  # the day in UTC: the wall clock less the offset
        hours = zone[[0, 1, 3, 4]].apply(pd.to_numeric, errors="coerce").fillna(0).to_numpy(dtype=float)
        sign = np.where(zone[2] == "-", -1.0, 1.0)
        clock = hours[:, 0] + hours[:, 1] / 60 - sign * (hours[:, 2] + hours[:, 3] / 60)
        found = np.where(ahead, found + np.floor(clock / 24), found)
    days[fits] = found[fits]
    formats.append("year first")


def _named(rest: pd.Series[Any], days: Days, formats: list[str]) -> None:
    """Months by name, in English or Spanish."""
    lower = rest.where(np.isnan(days), "").str.lower()
    if not lower.str.contains("[a-z]", regex=True).any():
        return
    seen = False
    for pattern, (day, month, year) in ((NAMED, (0, 1, 2)), (AMERICAN, (1, 0, 2))):
        parts = lower.str.extract(pattern)
        named = parts[month].map(MONTHS)
        fits = (named.notna() & np.isnan(days)).to_numpy()
        if fits.any():
            seen = True
            numbers = [pd.to_numeric(parts[part], errors="coerce").to_numpy(dtype=float) for part in (day, year)]
            month_of = np.asarray(named, dtype=float)
            days[fits] = _days(_century(numbers[1]), month_of, numbers[0])[fits]
    if seen:
        formats.append("named month")

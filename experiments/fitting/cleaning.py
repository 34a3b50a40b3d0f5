"""From columns to clean tables: each thing that is wrong is counted, named and handled.

The rules, one for each code, are listed in ``docs/reference/fit.md``. A row is left out
only of what it cannot inform: a deal won at an amount of 0 counts as won and says nothing
of deal sizes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.fitting.amounts import truths
from experiments.fitting.issues import Issues
from experiments.fitting.mapping import Mapped, Stages, read_stages, tables
from experiments.fitting.money import Money, convert
from experiments.fitting.tables import Source
from experiments.fitting.values import FORMULA, Dates, Days, dates, distinct, harmless, plain, spread
from sim.parameters import ParameterError

OPEN, WON, LOST = 0, 1, 2
MOST_UNREADABLE = 0.5  # of a column of dates, beyond which the file is refused
TOO_FEW = 10  # rows below which a label is not shown: it could name somebody
LABELS = 12  # sources shown
LONELY, FAR = 0.005, 120.0  # dates of so small a share of rows, so many days from all others, are slips


@dataclass(frozen=True)
class Choices:
    """What the user decided beforehand."""

    dayfirst: bool | None = None
    decimal: str | None = None
    money: Money = field(default_factory=Money)
    won: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    today: float = np.inf


@dataclass
class Clean:
    """One table without its dirt.

    Attributes
    ----------
    table : {"leads", "deals"}
        Which.
    frame : DataFrame
        Leads: created, converted, won (days, NaN: not or unknown), is_converted, is_won,
        source (code), key, deal_key. Deals: created, closed, outcome, amount, owner (code),
        source (code), key, lead_key. Keys and codes are numbers.
    sources : list of str
        Labels of the codes; −1 is none.
    read : dict
        How it was read, for the user to confirm.
    """

    table: str
    frame: pd.DataFrame
    sources: list[str]
    read: dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """The rows of a table on their way: values as found, and the dates among them as days."""

    source: Source
    mapped: Mapped
    raw: pd.DataFrame
    names: Mapping[str, str]
    days: Mapping[str, Days]

    def at(self, chosen: NDArray[np.bool_]) -> Sequence[int]:
        """Row numbers."""
        return list(self.raw.index[chosen])

    def nowhere(self) -> Days:
        """A date for every row that none has."""
        return np.full(len(self.raw), np.nan)


def clean(source: Source, mapped: Mapped, choices: Choices, issues: Issues) -> Clean:
    """Read the mapped columns of a file and clean them; people become numbers here.

    Raises
    ------
    ParameterError
        Most of a column cannot be read, or day and month cannot be told apart.
    """
    names = {column.field: column.name for column in mapped}
    raw = source.load(list(dict.fromkeys(names.values())))
    if raw.empty:
        raise ParameterError(f"{source.name}: there is a header but no readable row below it.")
    issues.found.extend(source.issues)
    issues.add("unused_columns", source.table, count=len(mapped.unused))
    raw = _without_duplicates(raw, names.get("id"), len(source.header), source.table, issues)
    days, formats = _days(source, raw, names, choices, issues)
    frame = pd.DataFrame(index=raw.index)
    frame["key"] = _keys(raw, names.get("id"))
    sources = _labels(raw, names.get("source"), frame, source.table, issues)
    read: dict[str, Any] = {
        "file": source.name, "separator": source.separator, "rows": source.rows, "columns": [vars(c) for c in mapped],
        "dates": formats, "rows_are": mapped.rows_are, "unused": len(mapped.unused),
    }  # fmt: skip
    rows = Rows(source, mapped, raw, names, days)
    if source.table == "leads":
        _leads(rows, frame, issues, read)
    else:
        _deals(rows, frame, choices, issues, read)
    _within_reason(frame, source, choices.today, issues)
    return Clean(source.table, frame, sources, read)


def _without_duplicates(raw: pd.DataFrame, key: str | None, width: int, table: str, issues: Issues) -> pd.DataFrame:
    """One row for each id: the last one. Without ids, whole rows that repeat."""
    if key is None:
        again = raw["_row"].duplicated(keep="first")
        # Many leads of one day and source look alike; rows of many columns do not by chance.
        code = "repeated_row" if width >= 6 else "identical_row"
        issues.add(code, table, raw.index[again])
        return raw[~again] if code == "repeated_row" else raw
    codes, _ = distinct(raw[key])
    issues.add("id_missing", table, raw.index[codes < 0])
    again = pd.Series(codes, index=raw.index).duplicated(keep="last") & (codes >= 0)
    issues.add("duplicate_id", table, raw.index[again])
    return raw[~again]


def _keys(raw: pd.DataFrame, column: str | None) -> NDArray[np.object_]:
    """Ids as text, only to join the two tables; they are dropped after that."""
    if column is None:
        return np.full(len(raw), "", dtype=object)
    return np.array([_key(value) for value in raw[column]], dtype=object)


def _key(value: Any) -> str:
    text = f"{value:.0f}" if isinstance(value, float) and np.isfinite(value) and value == int(value) else str(value)
    return "" if value is None or text == "nan" else text.strip()


def _days(
    source: Source, raw: pd.DataFrame, names: Mapping[str, str], choices: Choices, issues: Issues
) -> tuple[dict[str, Days], dict[str, Any]]:
    """All columns of dates, day and month told apart for the file as a whole."""
    read = {f: dates(raw[names[f]]) for f in ("created", "closed", "converted", "won", "lost") if f in names}
    dayfirst, why = _order(source, read, names, choices.dayfirst)
    days: dict[str, Days] = {}
    for field_, column in read.items():
        found, bad = column.settled(dayfirst)
        days[field_] = found
        if field_ in ("converted", "won") and not np.isfinite(found).any():
            continue  # yes and no instead of dates
        share = float(bad.sum()) / max(int((column.codes >= 0).sum()), 1)
        if share > MOST_UNREADABLE:
            row = int(raw.index[bad][0])
            value = str(raw[names[field_]].iloc[int(np.flatnonzero(bad)[0])])[:30]
            raise ParameterError(
                f"{source.name}, column {names[field_]!r}, row {row}: {value!r} is not a date, as are {share:.0%} of "
                "the column; expected are dates such as 2024-01-31, 31/01/2024 or an Excel serial number."
            )
        code = {"created": "created_unreadable", "converted": "converted_unreadable"}.get(field_, "closed_unreadable")
        issues.add(code, source.table, raw.index[bad])
    zoned = [field_ for field_, column in read.items() if column.zoned]
    if zoned:
        issues.add("zones", source.table, count=len(zoned), detail="UTC")
    formats = {field_: list(column.formats) for field_, column in read.items()}
    return days, {"formats": formats, "dayfirst": dayfirst if why != "not needed" else None, "order": why}


def _order(source: Source, read: Mapping[str, Dates], names: Mapping[str, str], told: bool | None) -> tuple[bool, str]:
    """Whether the day stands first, and how that is known."""
    by_day, by_month = (sum(column.votes()[n] for column in read.values()) for n in (0, 1))
    if told is not None:
        return told, "given"
    if by_day and by_month and min(by_day, by_month) > 0.02 * (by_day + by_month):
        raise ParameterError(
            f"{source.name}: some dates can only be day/month ({by_day:,}) and some only month/day ({by_month:,}); "
            "write them in one way, or say dayfirst=true or dayfirst=false and lose the others."
        )
    if by_day != by_month:
        return by_day > by_month, "from the dates"
    for field_, column in read.items():
        if column.ambiguous:
            raise ParameterError(
                f"{source.name}, column {names[field_]!r}: {column.ambiguous!r} may be day/month or month/day, and no "
                "other date tells; say dayfirst=true or dayfirst=false."
            )
    return True, "not needed"


def _labels(raw: pd.DataFrame, column: str | None, frame: pd.DataFrame, table: str, issues: Issues) -> list[str]:
    """Codes of sources; rare ones together, for a label of few rows may name a person."""
    if column is None:
        frame["source"] = -1
        return []
    codes, found = distinct(raw[column])
    issues.add("source_missing", table, raw.index[codes < 0])
    counts = np.bincount(codes[codes >= 0], minlength=len(found))
    formula = np.array([str(value).startswith(FORMULA) for value in found], dtype=bool)
    if formula.any():
        issues.add("formula", table, raw.index[spread(codes, formula, False)])
    order = [int(place) for place in np.argsort(-counts, kind="stable") if counts[place] >= TOO_FEW][:LABELS]
    place_of = np.full(len(found) + 1, len(order))
    place_of[-1] = -1
    place_of[order] = np.arange(len(order))
    frame["source"] = place_of[codes]
    return [*(harmless(str(found[place])) for place in order), "…"]


# ---------------------------------------------------------------- leads


def _leads(rows: Rows, frame: pd.DataFrame, issues: Issues, read: dict[str, Any]) -> None:
    raw, names = rows.raw, rows.names
    created = frame["created"] = rows.days["created"]
    _note_missing(rows, "created", issues)
    status = _status(raw, names.get("status"))
    for name in ("converted", "won"):
        when = rows.days.get(name, rows.nowhere())
        yes = np.isfinite(when)
        for column in (f"is_{name}", name):
            if column in names and (column != name or not yes.any()):
                yes |= truths(raw[names[column]]) == 1.0
        yes |= status[name]
        early = when < created
        slip = early & (when >= created - 1)
        issues.add("closed_day_before", "leads", rows.at(slip))
        issues.add(f"{name}_before_created", "leads", rows.at(early & ~slip))
        when = np.where(slip, created, np.where(early, np.nan, when))
        issues.add("conversion_date_missing", "leads", rows.at(yes & np.isnan(when)), detail=name)
        frame[name], frame[f"is_{name}"] = when, yes
    frame["deal_key"] = _keys(raw, names.get("deal_id"))
    read["known"] = {
        "converted": bool({"converted", "is_converted", "status", "deal_id"} & set(names)),
        "won": bool({"won", "is_won"} & set(names)) or bool(status["won"].any()),
    }


def _status(raw: pd.DataFrame, column: str | None) -> dict[str, NDArray[np.bool_]]:
    words = tables()["statuses"]
    if column is None:
        return {name: np.zeros(len(raw), bool) for name in words}
    codes, found = distinct(raw[column])
    found = [plain(str(value)) for value in found]
    meant = {name: {plain(word) for word in known} for name, known in words.items()}
    return {
        name: spread(codes, np.array([value in known for value in found], dtype=bool), False)
        for name, known in meant.items()
    }


def _note_missing(rows: Rows, name: str, issues: Issues) -> None:
    codes, _ = distinct(rows.raw[rows.names[name]])
    issues.add(f"{name}_missing", rows.source.table, rows.at((codes < 0) & np.isnan(rows.days[name])))


# ---------------------------------------------------------------- deals


def _deals(rows: Rows, frame: pd.DataFrame, choices: Choices, issues: Issues, read: dict[str, Any]) -> None:
    raw, names, days = rows.raw, rows.names, rows.days
    outcome, read["stages"] = _outcomes(rows, choices, issues)
    created = days.get("created", rows.nowhere())
    if "created" in names:
        _note_missing(rows, "created", issues)
    closed = days.get("closed", rows.nowhere())
    for result, name in ((WON, "won"), (LOST, "lost")):
        end = days.get(name, rows.nowhere())
        closed = np.where((outcome == result) & np.isfinite(end), end, closed)
    over = outcome != OPEN
    issues.add("closed_of_open", "deals", rows.at(~over & np.isfinite(closed)))
    closed = np.where(over, closed, np.nan)
    codes = distinct(raw[names["closed"]])[0] if "closed" in names else np.full(len(raw), -1)
    issues.add("closed_missing", "deals", rows.at(over & np.isnan(closed) & (codes < 0)))
    early = closed < created
    slip = early & (closed >= created - 1)  # time zones, and clocks that differ
    issues.add("closed_day_before", "deals", rows.at(slip))
    issues.add("closed_before_created", "deals", rows.at(early & ~slip))
    frame["created"] = np.where(early & ~slip, np.nan, created)
    frame["closed"] = np.where(slip, created, closed)
    frame["outcome"] = outcome
    issues.add("open", "deals", rows.at(~over))
    frame["amount"], read["amounts"] = convert(
        rows.source, raw, names, outcome == WON, choices.money, choices.decimal, issues
    )
    owners = np.full(len(raw), -1)
    if "owner" in names:
        owners, found = distinct(raw[names["owner"]])
        issues.add("owner_missing", "deals", rows.at(owners < 0))
        read["owners"] = len(found)
    frame["owner"] = owners
    frame["lead_key"] = _keys(raw, names.get("lead_id"))


def _outcomes(rows: Rows, choices: Choices, issues: Issues) -> tuple[NDArray[np.int64], list[dict[str, Any]]]:
    """Won, lost or open of each deal: a column of truths, else the stage, else dates of winning and losing."""
    n = len(rows.raw)
    if rows.mapped.rows_are == "won":
        return np.full(n, WON), []
    result = np.full(n, -1)
    shown: list[dict[str, Any]] = []
    if "stage" in rows.names:
        codes, found = distinct(rows.raw[rows.names["stage"]])
        texts = [f"{value:g}" if isinstance(value, float) else str(value) for value in found]
        stages = read_stages(texts, choices.won, choices.lost)
        shown = _shown(stages, texts, codes)
        meaning = {"won": WON, "lost": LOST, "open": OPEN, "closed": -2}
        result = spread(codes, np.array([meaning[stages.outcome[text]] for text in texts], dtype=np.int64), -1)
        unknown = np.array([text in stages.unknown for text in texts], dtype=bool)
        issues.add("stage_unknown", "deals", rows.at(spread(codes, unknown, False)))
    told = _told_outcomes(rows)
    conflict = (told >= 0) & (result >= 0) & (told != result) & ((told == WON) | (result == WON))
    issues.add("outcome_conflict", "deals", rows.at(conflict))
    result = np.where(told >= 0, told, result)
    ended = np.isfinite(rows.days.get("closed", rows.nowhere()))
    nobody = (result == -2) | ((result == -1) & ended & ("stage" not in rows.names))
    issues.add("closed_without_outcome", "deals", rows.at(nobody))
    if not (result == WON).any():
        listed = f" (stages: {', '.join(entry['stage'] for entry in shown[:15])})" if shown else ""
        raise ParameterError(
            f"{rows.source.name}: no deal is won as far as can be read{listed}; name the stage of won deals, as in "
            'won=["Signed"], or another column, as in columns.stage="…".'
        )
    return np.where(result < 0, OPEN, result), shown


def _told_outcomes(rows: Rows) -> NDArray[np.int64]:
    """Outcomes by columns of yes and no, or where there is nothing else by dates; −1: not told."""
    raw, names, days = rows.raw, rows.names, rows.days
    told = np.full(len(raw), -1)
    flags = {name: truths(raw[names[name]]) for name in ("is_won", "is_lost", "is_closed") if name in names}
    if "is_closed" in flags:
        told = np.where(flags["is_closed"] == 0.0, OPEN, told)
        if "is_won" in flags:
            told = np.where((flags["is_closed"] == 1.0) & (flags["is_won"] == 0.0), LOST, told)
    elif "is_won" in flags and "stage" not in names:
        over = np.isfinite(days["closed"]) if "closed" in days else np.ones(len(raw), bool)
        told = np.where((flags["is_won"] == 0.0) & over, LOST, told)
    if "is_lost" in flags:
        told = np.where(flags["is_lost"] == 1.0, LOST, told)
    if "is_won" in flags:
        told = np.where(flags["is_won"] == 1.0, WON, told)
    if not flags and "stage" not in names:
        for result, name in ((LOST, "lost"), (WON, "won")):
            told = np.where(np.isfinite(days.get(name, rows.nowhere())), result, told)
    return told


def _shown(stages: Stages, texts: Sequence[str], codes: NDArray[np.int64]) -> list[dict[str, Any]]:
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    order = np.argsort(-counts, kind="stable")
    return [
        {
            "stage": harmless(texts[place]), "read_as": stages.outcome[texts[place]], "rows": int(counts[place]),
            "sure": texts[place] not in stages.unknown,
        }
        for place in order[:40]
    ]  # fmt: skip


# ---------------------------------------------------------------- both


def _within_reason(frame: pd.DataFrame, source: Source, today: float, issues: Issues) -> None:
    """Dates that have not come yet, and single ones far from all others, are slips: taken as missing."""
    columns = [name for name in ("created", "closed", "converted", "won") if name in frame]
    for name in columns:
        late = (frame[name] > today).to_numpy()
        issues.add("in_future", source.table, frame.index[late], detail=name)
        frame.loc[late, name] = np.nan
    together = np.sort(np.concatenate([frame[name].dropna().to_numpy() for name in columns]))
    if len(together) < 50:
        return
    low, high = _bounds(together)
    for name in columns:
        far = ((frame[name] < low) | (frame[name] > high)).to_numpy()
        issues.add("far_from_others", source.table, frame.index[far], detail=name)
        frame.loc[far, name] = np.nan


def _bounds(ordered: Days) -> tuple[float, float]:
    """First and last day of the bulk: a gap cuts off what is lonely beyond it."""
    gaps = np.diff(ordered)
    most = max(1, int(LONELY * len(ordered)))
    wide = max(FAR, 0.25 * float(ordered[-most - 1] - ordered[most]))
    low, high = ordered[0], ordered[-1]
    for place in range(most):
        if gaps[place] > wide:
            low = ordered[place + 1]
        if gaps[-1 - place] > wide:
            high = ordered[-2 - place]
    return float(low), float(high)

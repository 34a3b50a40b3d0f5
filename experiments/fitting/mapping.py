"""Which column means what: by the names that products give, by name and content, or as told.

The tables of names stand in ``mappings.yaml``. Whatever is chosen is shown to the user
with how it was chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml

from experiments.fitting.amounts import amounts, truths
from experiments.fitting.tables import Source
from experiments.fitting.values import dates, distinct, plain
from sim.parameters import ParameterError, nearest

Table = Literal["leads", "deals"]
MAPPINGS = ("salesforce", "hubspot", "pipedrive", "olist", "generic")
DATES = ("created", "closed", "converted", "won", "lost")
TRUTHS = ("is_won", "is_lost", "is_closed", "is_converted")
FITS = 0.6  # share of a column's sample that must be readable as what it is guessed to be


@dataclass(frozen=True)
class Column:
    """A field found in a file.

    Attributes
    ----------
    field : str
        What it means to us.
    name : str
        What it is called in the file.
    how : {"given", "mapping", "name", "like"}
        Told on the command line; named so by the mapping; named so in general; alike.
    """

    field: str
    name: str
    how: str


@dataclass(frozen=True)
class Mapped:
    """The columns of one table, and what its rows are."""

    table: Table
    columns: tuple[Column, ...]
    unused: tuple[str, ...]
    rows_are: str

    def name(self, field: str) -> str | None:
        """The column of a field; None if there is none."""
        return next((column.name for column in self.columns if column.field == field), None)

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)


@cache
def tables() -> dict[str, Any]:
    """Contents of ``mappings.yaml``."""
    loaded: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "mappings.yaml").read_text(encoding="utf-8"))
    return loaded


def fields(table: Table) -> list[str]:
    """Fields that a table can have."""
    found: dict[str, None] = {}
    for name in MAPPINGS:
        found.update(dict.fromkeys(tables()[name].get(table, {})))
    return list(found)


def map_columns(source: Source, mapping: str, told: Mapping[str, object]) -> Mapped:
    """Find the columns of a file.

    Parameters
    ----------
    source : Source
        The file.
    mapping : str
        One of :data:`MAPPINGS`.
    told : mapping of str to str
        Field → column, from the command line (``columns.amount="Deal value"``); the word
        ``none`` means that there is no such column.

    Raises
    ------
    ParameterError
        A column that was told does not exist, or one that is needed was not found.
    """
    table: Table = source.table  # type: ignore[assignment]
    chosen: dict[str, Column] = {}
    for field, name in told.items():
        if name is None or str(name).lower() == "none":
            chosen[field] = Column(field, "", "given")
            continue
        chosen[field] = Column(field, _told(source, field, str(name)), "given")
    own = tables()[mapping]
    _by_names(source, own.get(table, {}), chosen, "mapping")
    if mapping != "olist":
        _by_names(source, tables()["generic"][table], chosen, "mapping" if mapping == "generic" else "name")
        _alike(source, tables()["generic"][table], chosen)
    found = tuple(column for column in chosen.values() if column.name)
    used = {column.name for column in found}
    rows_are = {"leads": own.get("leads_are", "lead"), "deals": own.get("deals_are", "deal")}[table]
    mapped = Mapped(table, found, tuple(name for name in source.header if name not in used), rows_are)
    _check(source, mapped)
    return mapped


def _told(source: Source, field: str, name: str) -> str:
    if name in source.header:
        return name
    same = [column for column in source.header if plain(column) == plain(name)]
    if len(same) == 1:
        return same[0]
    raise ParameterError(
        f"columns.{field}={name!r}: {source.name} has no such column; it has {_listed(source.header)}."
        f"{nearest(name, source.header)}"
    )


def _listed(names: Sequence[str], most: int = 25) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _by_names(source: Source, names: Mapping[str, Sequence[str]], chosen: dict[str, Column], how: str) -> None:
    """Fields whose column has one of the names, and content that fits."""
    by_plain: dict[str, list[str]] = {}
    for column in source.header:
        by_plain.setdefault(plain(column), []).append(column)
    taken = {column.name for column in chosen.values() if column.name}
    for field, aliases in names.items():
        if field in chosen:
            continue
        for alias in aliases:
            free = [column for column in by_plain.get(plain(alias), []) if column not in taken]
            fitting = [column for column in free if fits(source, field, column)]
            if fitting:
                chosen[field] = Column(field, fitting[0], how)
                taken.add(fitting[0])
                break


def _alike(source: Source, names: Mapping[str, Sequence[str]], chosen: dict[str, Column]) -> None:
    """Fields still without a column: one whose name holds all words of a known name, and only one."""
    taken = {column.name for column in chosen.values() if column.name}
    for field in ("created", "closed", "stage", "amount", "owner", "source", "converted"):
        if field in chosen or field not in names:
            continue
        for alias in names[field]:
            words = set(plain(alias).split())
            alike = [
                column
                for column in source.header
                if column not in taken and words <= set(plain(column).split()) and fits(source, field, column)
            ]
            if len(alike) == 1:
                chosen[field] = Column(field, alike[0], "like")
                taken.add(alike[0])
                break


def fits(source: Source, field: str, column: str) -> bool:
    """Whether the first rows of a column can be read as what the field is; a blank column can."""
    values = source.sample[column]
    codes, found = distinct(values)
    rows = int((codes >= 0).sum())
    if not rows:
        return field != "created"
    if field in DATES:
        read = dates(values)
        settled = np.isfinite(np.where(np.isnan(read.first), read.days, 1.0))
        return float(settled[codes[codes >= 0]].mean()) >= FITS
    if field in TRUTHS:
        return float(np.isfinite(truths(values)).sum()) / rows >= FITS
    if field == "amount":
        return float(np.isfinite(amounts(values).value).sum()) / rows >= FITS
    if field == "stage":
        return len(found) <= max(60, rows // 4)
    return True


def _check(source: Source, mapped: Mapped) -> None:
    has = {column.field for column in mapped}
    where = f"{source.name} (columns {_listed(source.header)})"
    if mapped.table == "leads" and "created" not in has:
        raise ParameterError(
            f"{where}: no column with the dates on which leads were created was found; name it, "
            'as in columns.created="…" (with two files, lead_columns.created="…").'
        )
    if mapped.table == "deals" and mapped.rows_are == "deal":
        if not has & {"stage", "is_won", "won"}:
            raise ParameterError(
                f"{where}: no column that says which deals were won or lost was found; name it, as in "
                'columns.stage="…" or columns.is_won="…".'
            )
        if "created" not in has and not has & {"closed", "won"}:
            raise ParameterError(
                f'{where}: no column with dates was found; name it, as in columns.created="…" and columns.closed="…".'
            )
    if mapped.rows_are == "won" and not {"lead_id", "closed"} <= has:
        raise ParameterError(f"{where}: the columns mql_id and won_date of Olist's closed deals are needed.")


# ---------------------------------------------------------------- words


@dataclass(frozen=True)
class Stages:
    """What the stages of a file mean.

    Attributes
    ----------
    outcome : mapping
        Stage as written → ``"won"``, ``"lost"``, ``"open"`` or ``"closed"`` (over, nobody says how).
    unknown : tuple of str
        Stages nothing is known about: taken as open.
    """

    outcome: Mapping[str, str]
    unknown: tuple[str, ...]


def read_stages(found: Sequence[str], won: Sequence[str] = (), lost: Sequence[str] = ()) -> Stages:
    """Meaning of stages by their words, in English and Spanish; ``won`` and ``lost`` overrule."""
    words = tables()["stages"]
    known = {plain(name): meaning for meaning in ("open", "lost", "won") for name in words[meaning]}
    told = {plain(name): "won" for name in won} | {plain(name): "lost" for name in lost}
    for name in [*won, *lost]:
        if plain(name) not in {plain(stage) for stage in found}:
            raise ParameterError(
                f"won/lost: there is no stage {name!r}; there are {_listed(list(found))}.{nearest(name, found)}"
            )
    outcome, unknown = {}, []
    for stage in found:
        name = plain(stage)
        # Numbers before a stage ("6 - Closed Won", "Closed Won (100%)") are no part of its name.
        bare = " ".join(word for word in name.split() if not word.rstrip("%").isdigit())
        if name in told:
            outcome[stage] = told[name]
        elif name in known or bare in known:
            outcome[stage] = known.get(name) or known[bare]
        else:
            outcome[stage] = _by_words(bare.split(), words)
            if outcome[stage] == "":
                outcome[stage] = "open"
                unknown.append(stage)
    return Stages(outcome, tuple(unknown))


def _by_words(words: Sequence[str], known: Mapping[str, Sequence[str]]) -> str:
    said_won = any(word in known["won_words"] for word in words)
    said_lost = any(word in known["lost_words"] for word in words)
    negated = any(word in known["not_words"] for word in words)
    if said_lost and not said_won and not negated:
        return "lost"
    if said_won and not said_lost and not negated:
        return "won"
    if words and words[0] in ("closed", "cerrado", "cerrada", "close", "cierre") and len(words) == 1:
        return "closed"
    return ""

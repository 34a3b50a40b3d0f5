"""The Excel form of a client: names of sheets and heads of columns in both languages, and the rows of each sheet."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from experiments.inaction.programmes import PROGRAMME_KEYS, planned
from sim.files import read
from sim.parameters import declared
from sim.parameters.pay import Term

FILE = Path(__file__).with_name("workbook.yaml")
CLIENT, PROGRAMMES, PAY, AUDIT = "client", "programmes", "pay", "audit"
TERMS = ("plan", "role", *(f.name for f in dataclasses.fields(Term)))
TODAY = "today"
Words = Mapping[str, str]


@cache
def words() -> Mapping[str, Any]:
    """All texts of the workbook."""
    return read(FILE)


def said(group: str, key: str, language: str) -> str:
    """One text."""
    found: str = words()[group][key][language]
    return found


def simple(text: object) -> str:
    """Text without case, accents and space around it, for comparing."""
    letters = unicodedata.normalize("NFKD", " ".join(str(text).split()).casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def key_of(text: object, group: str, only: Iterable[str] = ()) -> str | None:
    """Which entry of a group of words a text names, in whatever language."""
    for key in only or words()[group]:
        if simple(text) in {simple(key), *(simple(word) for word in words()[group][key].values())}:
            return str(key)
    return None


def programme_specs() -> dict[str, Mapping[str, Any]]:
    """Rows of a programme with unit and range, as :func:`experiments.inaction.client.fields` has those of a client."""
    known = {name: d for theme, name, d, _ in declared() if theme == "programme"}
    amount = {"unit": "€", "low": 0, "high": 1e12}
    kinds: dict[str, Mapping[str, Any]] = {"cost": amount, "cost_low": amount, "cost_high": amount}
    for name in planned():
        found = known[name]
        kinds[name] = (
            {"kind": "choice", "choices": found.choices}
            if found.choices
            else {"unit": found.unit, "low": found.low, "high": found.high}
        )
    return {
        name: {**words()["programme"][name], **kinds.get(name, {"kind": "text"})}
        for name in (*PROGRAMME_KEYS, *planned())
    }

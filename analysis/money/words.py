"""Names of what a client's answer hangs on, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from analysis.factors import factor_label
from analysis.numbers import LANGUAGES
from analysis.texts import texts
from experiments.inaction.client import fields
from experiments.inaction.draws import COST
from sim.files import read
from sim.parameters import declarations

Words = Mapping[str, str]
FILE = Path(__file__).with_name("words.yaml")
OF_THEME = {
    "market": "crm", "customers": "crm", "people": "finance", "workload": "hours", "behaviour": "trial",
    "alignment": "audit", "capability": "audit", "readiness": "audit", "programme": "audit", "money": "quote",
}  # fmt: skip


@cache
def words() -> Mapping[str, Any]:
    """All texts of this folder."""
    return read(FILE)


def plain(key: str) -> tuple[Words, str]:
    """The plain name of a parameter or a key of the client file, and its unit."""
    if key not in declarations():
        return label(key)
    return {language: factor_label(key, texts(language)) for language in LANGUAGES}, declarations()[key].unit


def label(key: str) -> tuple[Words, str]:
    """What a parameter or a key of the client file means, exactly, and its unit."""
    if key == COST:
        return words()["cost_factor"], "ratio"
    if key in declarations():
        found = declarations()[key]
        theme, _, name = key.partition(".")
        return {"en": found.meaning, "es": texts("es").meaning(theme, name, found.meaning)}, found.unit
    spec = fields()[key]
    return {"en": spec["en"], "es": spec["es"]}, str(spec.get("unit", ""))


def how(key: str) -> Words:
    """How a client can find out about a variable."""
    found: Words = words()["how"][OF_THEME[key.partition(".")[0]]]
    return found

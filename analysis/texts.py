"""Texts of figures and reports by language, and the names of things in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from analysis import catalogue
from analysis.numbers import LANGUAGES

FOLDER = Path(__file__).parent / "locale"


@dataclass(frozen=True)
class Entries:
    """Nested texts of one language, found by dotted keys.

    Attributes
    ----------
    language : {"en", "es"}
        The language.
    entries : mapping
        The texts.
    """

    language: str
    entries: Mapping[str, Any]

    def __call__(self, key: str, **values: object) -> str:
        """The text under a dotted key with its blanks filled in."""
        return str(self.find(key)).format(**values)

    def find(self, key: str) -> Any:
        """What stands under a dotted key, text or mapping."""
        found: Any = self.entries
        for part in key.split("."):
            found = found[part]
        return found


@dataclass(frozen=True)
class Texts(Entries):
    """The texts of reports, and the names of what the model has.

    Attributes
    ----------
    entries : mapping
        Nested texts of ``locale/<language>.yaml``, those of ``studies.<language>.yaml`` under ``studies``.
    measures, parameters : mapping
        Names and definitions of measures, meanings of parameters; English has them from
        the model itself, so its mappings are empty.
    units, sources, facts : mapping
        Words of units, sources and stylised facts, word for word.
    plains : mapping
        ``plain.yaml``, which holds both languages: names, choices and units for people who do not know the model.
    """

    measures: Mapping[str, Mapping[str, str]]
    parameters: Mapping[str, Mapping[str, str]]
    units: Mapping[str, str]
    sources: Mapping[str, str]
    facts: Mapping[str, str]
    plains: Mapping[str, Mapping[str, Any]]

    def arm(self, name: str) -> str:
        """An arm as it is called within a sentence."""
        return str(self.entries["arms"].get(name, name.replace("_", " ")))

    def arm_title(self, name: str) -> str:
        """An arm as it is called at the start of a line."""
        return capital(self.arm(name))

    def measure(self, name: str) -> str:
        """Name of a measure; hours by role and class are named by both."""
        split = catalogue.hours_class(name)
        if split is not None:
            role, kind = split
            return f"{capital(self(f'classes.{kind}'))}: {self(f'roles.{role}')}"
        known = self.measures.get(name, {}).get("label")
        return known or catalogue.measure(name).label

    def definition(self, name: str) -> str:
        """What a measure means; empty when nobody has said so."""
        return self.measures.get(name, {}).get("definition") or catalogue.measure(name).definition

    def meaning(self, theme: str, name: str, fallback: str) -> str:
        """What a parameter means."""
        return self.parameters.get(theme, {}).get(name, fallback)

    def plain(self, key: str, fallback: str) -> str:
        """What people call a parameter, by its dotted name."""
        return str(self.plains["names"].get(key, {}).get(self.language, fallback))

    def plain_choice(self, key: str, choice: str) -> str:
        """What people call one of the words that a parameter can be."""
        known = self.plains["choices"].get(key, {}).get(choice, {})
        return str(known.get(self.language, choice.replace("_", " ")))

    def plain_unit(self, unit: str) -> str:
        """A unit as people read it after a number; what begins with % follows a percentage."""
        return str(self.plains["units"].get(unit, {}).get(self.language, self.unit(unit)))

    def unit(self, unit: str) -> str:
        """The words of a unit."""
        return self.units.get(unit, unit)

    def source(self, source: str) -> str:
        """The words of a source; names of papers stay as they are."""
        return self.sources.get(source, source)

    def fact(self, words: str) -> str:
        """A name, target, note or reason of a stylised fact or calibration pattern."""
        return self.facts.get(words, words)

    def listed(self, parts: list[str]) -> str:
        """Parts as a list within a sentence: a, b and c."""
        word = "and" if self.language == "en" else "y"
        return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {word} {parts[-1]}"


@lru_cache(maxsize=len(LANGUAGES))
def texts(language: str) -> Texts:
    """The texts of a language.

    Raises
    ------
    ValueError
        There are none.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language={language!r}: allowed are {', '.join(LANGUAGES)}.")
    model = _read(f"model.{language}.yaml")
    return Texts(
        language=language,
        entries={
            **_read(f"{language}.yaml"),
            "studies": _read(f"studies.{language}.yaml"),
            "claims": _read(f"claims.{language}.yaml"),
        },
        measures=_read(f"measures.{language}.yaml"),
        parameters=model.get("parameters", {}),
        units=model.get("units", {}),
        sources=model.get("sources", {}),
        facts=_read(f"facts.{language}.yaml"),
        plains=_read("plain.yaml"),
    )


def capital(text: str) -> str:
    """The text with a capital first letter, the rest as it is (ARR, MQL)."""
    return text[:1].upper() + text[1:]


def _read(name: str) -> dict[str, Any]:
    path = FOLDER / name
    if not path.is_file():
        return {}
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return loaded

"""Texts of the workshop by language, and numbers as people of it write them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from analysis.numbers import Numbers, numbers
from analysis.texts import Entries, capital, texts
from sim.measures import MEASURES
from workshop.levers import LEVERS, Value

FOLDER = Path(__file__).parent / "locale"
LANGUAGES = {"en": "English", "es": "Español"}
OWN = {  # measures of the workshop that the model does not report: unit as there
    "bonus_marketing": "€",
    "bonus_sales": "€",
}


@dataclass(frozen=True)
class Words(Entries):
    """The texts of one language.

    Attributes
    ----------
    numbers : Numbers
        How numbers are written.
    """

    numbers: Numbers

    def measure(self, name: str) -> str:
        """Name of a measure."""
        return self(f"measures.{name}") if name in OWN else capital(texts(self.language).measure(name))

    def value(self, name: str, value: float | None) -> str:
        """A measure's value with its unit; a dash where there is none."""
        if value is None or not math.isfinite(value):
            return self.numbers.value(math.nan, "€")
        return self.numbers.value(value, OWN.get(name) or MEASURES[name].unit)

    def difference(self, name: str, value: float) -> str:
        """A difference of two values of a measure."""
        return self.numbers.difference(value, OWN.get(name) or MEASURES[name].unit)

    def euro(self, value: float, *, signed: bool = False) -> str:
        """An amount of euros."""
        return self.numbers.euro(value, signed=signed, short=True)

    def percent(self, ratio: float, digits: int = 0) -> str:
        """A ratio as a percentage."""
        return self.numbers.percent(ratio, digits)

    def lever(self, name: str, value: Value) -> str:
        """A lever's value as people say it."""
        lever = LEVERS[name]
        if isinstance(value, str):
            return self(f"levers.{name}.choices.{value}")
        shown = self.numbers.decimal(value, 0 if float(value).is_integer() else 1)
        return self(f"units.{lever.unit}", value=shown)

    def step(self, name: str) -> str:
        """Name of a step: "Siloed round 2"."""
        kind, _, number = name.partition("-")
        return self(f"steps.{kind}", number=number)

    def organisation(self, name: str) -> str:
        """Name of an organisation, without folder and ending where it is a file."""
        known = self.find("organisations")
        return str(known.get(name) or Path(name).stem.replace("_", " "))


def asked_for(accepted: str) -> Words:
    """The texts of the language that a browser asks for first (its header Accept-Language)."""
    return words(accepted[:2].lower())


@lru_cache(maxsize=len(LANGUAGES))
def words(language: str) -> Words:
    """The texts of a language; of an unknown one, the English ones."""
    known = language if language in LANGUAGES else "en"
    entries: dict[str, Any] = yaml.safe_load((FOLDER / f"{known}.yaml").read_text(encoding="utf-8"))
    return Words(known, entries, numbers(known))

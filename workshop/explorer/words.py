"""The words of the explorer's pages, beside those of reports and parameters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from analysis.numbers import LANGUAGES, Numbers, numbers
from analysis.texts import Entries, Texts, texts

FOLDER = Path(__file__).parent / "locale"


@dataclass(frozen=True)
class Words(Entries):
    """The words of one language.

    Attributes
    ----------
    model : Texts
        Names of measures, parameters, units and arms.
    write : Numbers
        How numbers are written.
    """

    model: Texts
    write: Numbers


@lru_cache(maxsize=len(LANGUAGES))
def words(language: str) -> Words:
    """The words of a language that :mod:`analysis.texts` knows."""
    entries: dict[str, Any] = yaml.safe_load((FOLDER / f"{language}.yaml").read_text(encoding="utf-8"))
    return Words(language, entries, texts(language), numbers(language))

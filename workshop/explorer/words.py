"""The words of the explorer's pages, beside those of reports and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from analysis.numbers import LANGUAGES, Numbers, numbers
from analysis.texts import Texts, texts

FOLDER = Path(__file__).parent / "locale"


@dataclass(frozen=True)
class Words:
    """The words of one language.

    Attributes
    ----------
    language : {"en", "es"}
        The language.
    entries : mapping
        Nested texts of ``locale/<language>.yaml``.
    model : Texts
        Names of measures, parameters, units and arms.
    write : Numbers
        How numbers are written.
    """

    language: str
    entries: Mapping[str, Any]
    model: Texts
    write: Numbers

    def __call__(self, key: str, **values: object) -> str:
        """The text under a dotted key with its blanks filled in."""
        return str(self.find(key)).format(**values)

    def find(self, key: str) -> Any:
        """What stands under a dotted key, text or mapping."""
        found: Any = self.entries
        for part in key.split("."):
            found = found[part]
        return found


@lru_cache(maxsize=len(LANGUAGES))
def words(language: str) -> Words:
    """The words of a language that :mod:`analysis.texts` knows."""
    entries: dict[str, Any] = yaml.safe_load((FOLDER / f"{language}.yaml").read_text(encoding="utf-8"))
    return Words(language, entries, texts(language), numbers(language))

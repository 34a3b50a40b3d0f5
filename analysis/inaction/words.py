"""The texts of the report on inaction, by language."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from pathlib import Path

import yaml

from analysis.texts import Texts, texts

FOLDER = Path(__file__).parent


@lru_cache(maxsize=2)
def words(language: str) -> Texts:
    """Texts of a language: those of this report, on top of those of all reports.

    Raises
    ------
    ValueError
        There are none.
    """
    general = texts(language)
    own = yaml.safe_load((FOLDER / f"{language}.yaml").read_text(encoding="utf-8"))
    return dataclasses.replace(general, entries={**general.entries, **own})

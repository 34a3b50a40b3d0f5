"""The texts of a fit, by language."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

from analysis.numbers import LANGUAGES
from analysis.texts import Texts

FOLDER = Path(__file__).parent


@lru_cache(maxsize=len(LANGUAGES))
def words(language: str) -> Texts:
    """Texts of a language.

    Raises
    ------
    ValueError
        There are none.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language={language!r}: allowed are {', '.join(LANGUAGES)}.")
    entries = yaml.safe_load((FOLDER / f"{language}.yaml").read_text(encoding="utf-8"))
    return Texts(
        language=language, entries=entries, measures={}, parameters={}, units={}, sources={}, facts={}, plains={}
    )

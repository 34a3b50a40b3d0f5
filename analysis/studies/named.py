"""A study that has been run, with the file that asks its question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from analysis.numbers import Numbers, numbers
from analysis.summary import Study
from analysis.texts import Texts, texts
from sim.parameters import Declaration, declared

Words = Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Named:
    """A named study.

    Attributes
    ----------
    study : Study
        Its runs; every run has the coordinates of its point as columns.
    spec : mapping
        The file of the study.
    language : {"en", "es"}
        Language of all words.
    """

    study: Study
    spec: Mapping[str, Any]
    language: str

    @property
    def runs(self) -> pd.DataFrame:
        """One row per run."""
        return self.study.runs

    @property
    def words(self) -> Texts:
        """Texts of the language."""
        return texts(self.language)

    @property
    def write(self) -> Numbers:
        """Numbers of the language."""
        return numbers(self.language)

    @property
    def question(self) -> str:
        """What the study asks."""
        return self.said(self.spec["question"])

    def said(self, given: Words | str) -> str:
        """Words of the file in the language."""
        return given if isinstance(given, str) else str(given[self.language])

    def label(self, key: str) -> str:
        """Name of a coordinate: the file's own, or what the parameter means."""
        own = self.spec.get("labels", {}).get(key)
        if own is not None:
            return self.said(own)
        return factor_label(key, self.words)

    def value(self, key: str, value: Any) -> str:
        """A value of a coordinate in words."""
        own = self.spec.get("labels", {}).get(str(value))
        if own is not None:
            return self.said(own)
        if key in ("arm", "incentives", "felt"):
            return self.words.arm(str(value))
        return any_value(self.words)(key, value)


def declaration_of(key: str) -> Declaration | None:
    """What is declared about a factor; None for presets, levels and other models' factors."""
    plain = plain_name(key)
    return next((found for theme, name, found, _ in declared() if f"{theme}.{name}" == plain), None)


def plain_name(key: str) -> str:
    """A factor without the arm that it is about: ``arm.siloed.alignment.feedback`` → ``alignment.feedback``."""
    return ".".join(key.split(".")[2:]) if key.startswith("arm.") else key


def factor_label(key: str, words: Texts) -> str:
    """What a factor means, in the language."""
    found = declaration_of(key)
    if found is None:
        return plain_name(key).replace("_", " ")
    theme, _, name = plain_name(key).partition(".")
    return words.meaning(theme, name, found.meaning)


def factor_value(key: str, value: float, words: Texts, write: Numbers) -> str:
    """A number with its unit: a fraction is a percentage, three significant digits else."""
    found = declaration_of(key)
    unit = found.unit if found else ""
    if unit == "fraction":
        return write.percent(value, 0 if value >= 0.1 or value == 0.0 else 1)
    if unit == "€":
        return write.euro(value)
    short = Decimal(f"{value:.3g}")
    exponent = short.normalize().as_tuple().exponent
    shown = write.decimal(value, max(0, -exponent) if isinstance(exponent, int) else 0)
    return f"{shown} {words.unit(unit)}" if unit not in ("", "ratio") else shown


def any_label(words: Texts) -> Callable[[str], str]:
    """Names of factors where no study's file gives others."""
    return lambda key: factor_label(key, words)


def any_value(words: Texts) -> Callable[[str, Any], str]:
    """Values of factors where no study's file gives other words."""
    write = numbers(words.language)

    def value(key: str, given: Any) -> str:
        if isinstance(given, bool | str):
            return str(given).replace("_", " ")
        return factor_value(key, float(given), words, write)

    return value

"""A study that has been run, with the file that asks its question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.factors import any_value, factor_label
from analysis.numbers import Numbers, numbers
from analysis.summary import Study
from analysis.texts import Texts, texts

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
        """Name of a coordinate: the file's own, or the parameter's plain name."""
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

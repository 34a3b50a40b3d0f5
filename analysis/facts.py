"""What `gtm validate` and `gtm baseline` found, in words and numbers of a language.

The facts speak English where they are declared; other languages have those words, sentence
for sentence, in ``locale/facts.<language>.yaml``. Sentences have blanks for numbers, which
say how they are written: ``{arr:+%}`` is a signed percentage, ``{gap:+pp}`` signed points,
``{mean:3}`` a number with three decimals, ``{factor:g}`` with as many as it has. Several
numbers in one blank become a list.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.numbers import DASH, Numbers, numbers
from analysis.texts import Texts, capital, texts
from analysis.verdicts import Finding, Needed
from experiments.validation import Fact, Unit


class _Blanks(string.Formatter):
    """Fills blanks with numbers as a language writes them."""

    def __init__(self, write: Numbers) -> None:
        self.write = write

    def format_field(self, value: Any, format_spec: str) -> str:
        """One number, or several, in the kind that the blank names."""
        if isinstance(value, tuple):
            between = "; " if self.write.language == "es" else ", "  # beside a decimal comma
            return between.join(self.format_field(one, format_spec) for one in value)
        kind = format_spec.removeprefix("+")
        signed = kind != format_spec
        if kind in ("%", "%g"):
            places = len(f"{100.0 * value:g}".partition(".")[2]) if kind == "%g" else 1
            return self.write.percent(value, places, signed=signed)
        if kind == "pp":
            return self.write.points(value, signed=signed)
        places = len(f"{value:g}".partition(".")[2]) if kind == "g" else int(kind)
        return self.write.decimal(value, places, signed=signed)


@dataclass(frozen=True)
class Facts:
    """Facts and findings in one language.

    Attributes
    ----------
    words : Texts
        The texts of the language.
    write : Numbers
        Its way to write numbers.
    """

    words: Texts
    write: Numbers

    def fill(self, sentence: str, told: Mapping[str, float | tuple[float, ...]]) -> str:
        """A sentence of the model in this language, its blanks filled."""
        return _Blanks(self.write).vformat(self.words.fact(sentence), (), told)

    def number(self, value: float, unit: Unit) -> str:
        """A value as its fact writes it: changes in %, differences in points, levels with three decimals."""
        if unit == "%":
            return self.write.percent(value, signed=True)
        if unit == "points":
            return self.write.points(value)
        return self.write.decimal(value, 0 if unit == "days" else 3)

    def span(self, finding: Finding) -> str:
        """The 95 % interval; a dash where there is none."""
        low, high = (self.number(bound, finding.fact.unit) for bound in (finding.low, finding.high))
        return DASH if DASH in (low, high) else self.words("validate.range", low=low, high=high)

    def target(self, fact: Fact) -> str:
        """What is expected and accepted."""
        if fact.target:
            return self.words.fact(fact.target)
        blanks = _Blanks(self.write)
        kind = "+%g" if fact.unit == "%" else "g"
        aim, low, high = (blanks.format_field(value, kind) for value in (fact.aim, fact.low, fact.high))
        return self.words("validate.target", aim=aim, low=low, high=high)

    def verdict(self, finding: Finding) -> str:
        """Pass, fail or cannot; with a question mark where the interval reaches past the edge."""
        doubt = "" if finding.settled or finding.verdict == "cannot" else " ?"
        return self.words(f"validate.verdicts.{finding.verdict}") + doubt

    def why(self, finding: Finding) -> str:
        """The reason of the verdict, as a sentence."""
        if finding.seen is None:
            return capital(self.words.fact(finding.reason).rstrip(".")) + "."
        note = self.fill(finding.seen.note, finding.seen.told)
        where = self.words(f"validate.where.{finding.where}")
        if finding.n == 1:
            where += self.words("validate.one_seed")
        elif not finding.settled:
            where += self.words("validate.past_the_edge") + self.words("validate.sure") * finding.fact.sure
        return capital(f"{note}; {where}" if note else where) + "."

    def needed(self, finding: Finding) -> str:
        """What would have to be different for a pass, in sentences; empty where the fact passes or nothing is known."""
        if finding.verdict != "fail":
            return ""
        said = [capital(self.words.fact(finding.fact.otherwise)) + "."] if finding.fact.otherwise else []
        needed = finding.needed
        if needed is not None and needed.n:
            if needed.kind == "draws":
                share, n = self.write.percent(needed.passing, 0), self.write.decimal(needed.n, 0)
                said.append(self.words("validate.passing", share=share, n=n))
            known = needed.moved and finding.where != "inside"
            said.append(
                self.words(f"validate.closer.{needed.kind}", names=self._moved(needed, finding.where == "below"))
                if known
                else self.words(f"validate.none_closer.{needed.kind}")
            )
        return " ".join(said)

    def _moved(self, needed: Needed, up: bool) -> str:
        """The parameters that a value goes with, each with the direction in which it comes closer."""
        parts = [
            self.words(
                "validate.higher" if (each.correlation > 0.0) == up else "validate.lower",
                name=each.parameter,
                rho=self.write.decimal(each.correlation, 2, signed=True),
            )
            for each in needed.moved
        ]
        return "; ".join(parts)

    def counts(self, counted: Mapping[str, int]) -> str:
        """How many facts pass, fail and cannot be judged."""
        return self.words("validate.counts", **counted)


def facts(language: str) -> Facts:
    """The words for facts of a language."""
    return Facts(texts(language), numbers(language))

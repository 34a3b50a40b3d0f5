"""The answer of a study: a sentence that its intervals support, or the weaker one that they do.

The file of a study names *quantities*, each a paired difference with a 95 % interval, and
sentences for the verdicts it expects (``up``, ``down``, ``equal``, ``unclear``; with two quantities
``up.down`` and so on). A verdict that the file has no sentence for gets the plain statement
of every quantity: what can be told from zero, and what cannot.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from analysis import catalogue, shapley
from analysis.gate import Verdict, verdict
from analysis.numbers import SPACE, Numbers
from analysis.paired import Contrast, contrast
from analysis.studies import effects, firms, regions
from analysis.studies.named import Named
from analysis.texts import capital
from sim.parameters import ParameterError, nearest


@dataclass(frozen=True)
class Quantity:
    """A number of an answer, with its interval.

    Attributes
    ----------
    name, what : str
        Its name in the study's file, and in words.
    measure, unit : str
        What it is measured in.
    found : Contrast
        Value, interval, pairs.
    """

    name: str
    what: str
    measure: str
    unit: str
    found: Contrast

    @property
    def verdict(self) -> Verdict:
        """What may be said of its sign."""
        return verdict(self.found, self.unit)

    def range(self, write: Numbers) -> str:
        """Its interval in words: sizes where a direction is told, else with signs."""
        low, high = self.found.low, self.found.high
        told = self.verdict in ("up", "down")
        if told:
            low, high = sorted((abs(low), abs(high)))
        return write.between(low, high, self.unit, signed=not told, short=False)


@dataclass(frozen=True)
class Answer:
    """What a study answers.

    Attributes
    ----------
    text : str
        The answer.
    claim : str
        The verdicts it rests on; in parentheses where the file had no sentence for them.
    quantities : tuple of Quantity
        Every number with an interval that stands in it or behind it.
    details : mapping
        What else was found, as plain values (boxes, shares).
    """

    text: str
    claim: str
    quantities: tuple[Quantity, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


def answer(named: Named) -> Answer:
    """The answer of a study.

    Raises
    ------
    ParameterError
        The study's file asks for something that its runs do not have.
    """
    given = named.spec["answer"]
    kind = given.get("kind", "effects")
    if kind not in ANSWERS:
        raise ParameterError(f"answer.kind={kind!r}: known are {', '.join(ANSWERS)}.{nearest(str(kind), ANSWERS)}")
    found = ANSWERS[kind](named, given)
    # A sentence that ends in an abbreviation ends in one full stop: «p. p.», not «p. p..».
    return replace(found, text=found.text.replace(f"p.{SPACE}p..", f"p.{SPACE}p."))


def _effects(named: Named, given: Mapping[str, Any]) -> Answer:
    """Differences between cells of the design."""
    quantities = []
    for name, q in given["quantities"].items():
        found = effects.effect(named.runs, q["measure"], q["between"], q.get("at"))
        quantities.append(_quantity(name, named.said(q["what"]), q["measure"], found))
    return gated(named, given.get("says", {}), quantities)


def gated(
    named: Named, says: Mapping[str, Any], quantities: list[Quantity], details: Mapping[str, Any] | None = None,
    **blanks: str,
) -> Answer:  # fmt: skip
    """The sentence for the verdicts of the quantities, or a plain statement of each."""
    claim = ".".join(q.verdict for q in quantities)
    if claim in says:
        ranges = {q.name: q.range(named.write) for q in quantities}
        return Answer(named.said(says[claim]).format(**ranges, **blanks), claim, tuple(quantities), details or {})
    text = " ".join(plainly(named, q) for q in quantities)
    return Answer(text, f"({claim})", tuple(quantities), details or {})


def plainly(named: Named, quantity: Quantity) -> str:
    """What may be said of one quantity, without any interpretation."""
    return named.words(
        f"studies.plain.{quantity.verdict}",
        what=capital(quantity.what),
        range=quantity.range(named.write),
        n=named.write.decimal(quantity.found.n, 0),
    )


def _quantity(name: str, what: str, measure: str, found: Contrast) -> Quantity:
    return Quantity(name, what, measure, catalogue.measure(measure).unit, found)


# ---------------------------------------------------------------- who made how much of a gap


def levers(named: Named) -> dict[str, tuple[Any, Any]]:
    """The levers of a factorial: factors with two values, off and on."""
    factors = named.spec["design"]["factors"]
    wrong = [name for name, values in factors.items() if not (isinstance(values, list) and len(values) == 2)]
    if wrong:
        raise ParameterError(f"design.factors.{wrong[0]}: a factorial needs two values, off and on.")
    return {name: (values[0], values[1]) for name, values in factors.items()}


def shares(named: Named, measure: str) -> tuple[Contrast, dict[str, Contrast], dict[str, float]]:
    """The gap from all levers off to all on, what each lever contributes, and the exact shares.

    Intervals are over replications, as a lever's contribution is computed in each; the exact
    shares are those of the mean outcomes, and sum to their gap.
    """
    pulled = levers(named)
    table = effects.cells(named.runs, measure, list(pulled))
    columns = {
        some: tuple(on if name in some else off for name, (off, on) in pulled.items())
        for some in shapley.coalitions(pulled)
    }
    absent = next((where for where in columns.values() if where not in table.columns), None)
    if absent is not None:
        raise ParameterError(f"{', '.join(map(str, absent))}: no point of this study is there.")
    rows = [
        shapley.shapley({some: float(row[where]) for some, where in columns.items()})
        for _, row in table[list(columns.values())].dropna().iterrows()
    ]
    zero = np.zeros(len(rows))
    contributions = {name: contrast(zero, [float(row[name]) for row in rows]) for name in pulled}
    gap = contrast(zero, [float(sum(row.values())) for row in rows])
    exact = {name: float(sum(row[name] for row in rows) / len(rows)) if rows else math.nan for name in pulled}
    return gap, contributions, exact


def _shapley(named: Named, given: Mapping[str, Any]) -> Answer:
    """Shares of the gap between all levers off and all on."""
    measure = given["measure"]
    gap, contributions, exact = shares(named, measure)
    total = _quantity("gap", named.said(given["what"]), measure, gap)
    parts = [_quantity(name, named.label(name), measure, found) for name, found in contributions.items()]
    parts.sort(key=lambda part: -abs(part.found.difference))
    listed = named.words.listed(
        [named.words(f"studies.share.{part.verdict}", what=part.what, range=part.range(named.write)) for part in parts]
    )
    text = f"{plainly(named, total)} {named.words('studies.share.listed', parts=listed)}"
    if "note" in given:
        text += f" {named.said(given['note'])}"
    details = {"gap": gap.difference, "shares": exact}
    return Answer(text, total.verdict, (total, *parts), details)


# ---------------------------------------------------------------- firms sorted by their growth


def _sorting(named: Named, given: Mapping[str, Any]) -> Answer:
    """The gap that sorting makes, beside what the arm changes in the same firm."""
    measure = given["measure"]
    found = firms.sorting(named.runs, measure, named.study.baseline, given["arm"])
    quantities = [
        _quantity("gap", named.words("studies.sorting.gap"), measure, found.gap),
        _quantity("causal", named.words("studies.sorting.causal"), measure, found.causal),
    ]
    ratio = found.gap.difference / found.causal.difference if found.causal.difference else math.inf
    details = {"firms": found.firms, "spread": found.spread, "ratio": ratio}
    return gated(named, given.get("says", {}), quantities, details)


# ---------------------------------------------------------------- the map


def _regions(named: Named, given: Mapping[str, Any]) -> Answer:
    """Where in the space of factors something happens: boxes, in words."""
    texts: list[str] = []
    details: dict[str, Any] = {}
    for name, asked in given["regions"].items():
        found = regions.region(named.runs, asked, named.study.baseline)
        details[name] = regions.as_mapping(found)
        texts.append(regions.in_words(found, named.said(asked["what"]), named.label, named.value, named.words))
    if "deciding" in given:
        ranked = regions.deciding(named.runs, given["deciding"], named.study.baseline)
        details["deciding"] = [vars(each) for each in ranked]
        texts.append(regions.deciding_in_words(ranked, named.label, named.words))
    holds = ".".join(str(entry["told"]) for key, entry in details.items() if key != "deciding")
    return Answer(" ".join(texts), holds, (), details)


ANSWERS: dict[str, Callable[[Named, Mapping[str, Any]], Answer]] = {
    "effects": _effects,
    "shapley": _shapley,
    "sorting": _sorting,
    "regions": _regions,
}

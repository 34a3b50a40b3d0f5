"""The sentence gate: prose says only what the intervals support.

A sentence that claims a difference is chosen by the contrast it is about, never written
freely. The test is made on the bounds *as printed*: if rounding shows a bound as zero, the
reader sees an interval that touches zero, and the difference is not claimed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from analysis import catalogue
from analysis.numbers import MINUS, Numbers, numbers
from analysis.paired import Contrast
from analysis.summary import Study
from analysis.texts import Texts, texts

Verdict = Literal["up", "down", "equal", "unclear", "unknown"]
GROWTH, WASTED = "revenue_growth", "wasted_time_share"


@dataclass(frozen=True)
class Fact:
    """A number printed in a sentence and where it comes from.

    Attributes
    ----------
    measure, arm, field : str
        Where the number stands in ``summary.json``; ``field`` is a bound, a mean or n.
    value : float
        The number there.
    shown : str
        How the sentence prints it.
    """

    measure: str
    arm: str
    field: str
    value: float
    shown: str


@dataclass(frozen=True)
class Sentence:
    """A sentence that passed the gate.

    Attributes
    ----------
    text : str
        The sentence.
    claim : str
        Key of the text that was chosen, e.g. ``headline.up.unclear``.
    facts : tuple of Fact
        Every number in it.
    """

    text: str
    claim: str
    facts: tuple[Fact, ...]


def verdict(found: Contrast, unit: str = "") -> Verdict:
    """What a contrast allows to say: above zero, below zero, zero, none of these, or nothing at all."""
    if found.n < 2 or not (math.isfinite(found.low) and math.isfinite(found.high)):
        return "unknown"
    (low, high), _, _ = numbers("en").printed(found.low, found.high, unit)
    if low == high == 0.0:  # an interval of nothing is sure of nothing, which is not the same as not being sure
        return "equal"
    return "up" if low > 0 else "down" if high < 0 else "unclear"


def judged(study: Study, measure: str, arm: str) -> Verdict:
    """The verdict on a measure of an arm against the baseline."""
    return verdict(study.contrast(measure, arm), catalogue.measure(measure).unit)


def headline(study: Study, language: str, arm: str | None = None) -> Sentence:
    """The one sentence a study supports about growth and wasted time.

    It is about ``arm``, by default the first arm after the baseline: the order was fixed
    before the runs were seen, while choosing the best arm would flatter it.
    """
    words, write = texts(language), numbers(language)
    if not study.others:
        return _alone(study, words, write)
    arm = arm or study.others[0]
    names = {"arm": words.arm(arm), "baseline": words.arm(study.baseline)}
    verdicts = {measure: judged(study, measure, arm) for measure in (GROWTH, WASTED)}
    n = min(study.contrast(measure, arm).n for measure in verdicts)
    count = Fact(GROWTH, arm, "n", n, write.decimal(n, 0))
    if "unknown" in verdicts.values():
        return Sentence(words("headline.unknown", n=count.shown, **names), "headline.unknown", (count,))
    growth = _bounds(study, GROWTH, arm, verdicts[GROWTH], write)
    wasted = _bounds(study, WASTED, arm, verdicts[WASTED], write)
    claim = f"headline.{verdicts[GROWTH]}.{verdicts[WASTED]}"
    text = words(
        claim,
        growth_low=growth[0].shown,
        growth_high=growth[1].shown,
        wasted_low=wasted[0].shown,
        wasted_high=wasted[1].shown,
        n=count.shown,
        **names,
    )
    numbered = [pair for pair, found in zip((growth, wasted), verdicts.values(), strict=True) if found != "equal"]
    facts = (*(fact for pair in numbered for fact in pair), *((count,) if "unclear" in verdicts.values() else ()))
    return Sentence(text, claim, facts)


def _bounds(study: Study, measure: str, arm: str, claimed: Verdict, write: Numbers) -> tuple[Fact, Fact]:
    """Bounds in percentage points: sizes where a direction is claimed in words, else signed."""
    found = study.contrast(measure, arm)
    digits = write.digits(found.low, found.high, "fraction")
    facts = [
        Fact(measure, arm, field, value, write.decimal(100 * value, digits, signed=claimed == "unclear"))
        for field, value in (("low", found.low), ("high", found.high))
    ]
    if claimed in {"up", "down"}:
        facts = [Fact(f.measure, f.arm, f.field, f.value, f.shown.lstrip(MINUS)) for f in facts]
    return (facts[1], facts[0]) if claimed == "down" else (facts[0], facts[1])


def _alone(study: Study, words: Texts, write: Numbers) -> Sentence:
    """A study of a single arm: its levels, without a comparison."""
    arm = study.baseline
    found = {"growth": (GROWTH, study.interval(GROWTH, arm)), "wasted": (WASTED, study.interval(WASTED, arm))}
    n = min(interval.n for _, interval in found.values())
    facts: dict[str, Fact] = {}
    if n >= 2:
        facts["n"] = Fact(GROWTH, arm, "n", n, write.decimal(n, 0))
    for name, (measure, interval) in found.items() if n else ():
        digits = write.digits(interval.low, interval.high, "fraction") if n >= 2 else 1
        for suffix, field in (("_low", "low"), ("_high", "high")) if n >= 2 else (("", "mean"),):
            value = getattr(interval, field)
            facts[name + suffix] = Fact(measure, arm, field, value, write.decimal(100 * value, digits))
    claim = "headline.alone" if n >= 2 else "headline.alone_once" if n == 1 else "headline.alone_none"
    text = words(claim, arm=words.arm(arm), **{name: fact.shown for name, fact in facts.items()})
    return Sentence(text, claim, tuple(facts.values()))

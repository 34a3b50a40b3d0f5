"""The sentence gate of the report: a headline is printed only as far as its interval carries it.

Each of the five claims has a strong sentence and weaker ones. Which is printed follows from the
interval *as printed* and the probability, not from what the claim says of itself: where both
disagree, the weaker of the two is printed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis.inaction.teller import Teller
from analysis.inaction.words import words
from analysis.money.results import Claim
from analysis.numbers import numbers
from analysis.texts import capital

LIKELY = 0.8  # from here on a weaker sentence says which way it probably goes
HALF = 0.5  # a share of draws above this is more likely than not
NEARLY_ALL = {"robust": 0.8}  # claims whose strong sentence asks for a larger share
STRONG, WEAKER = "supported", ("likely", "unclear", "unlikely", "opposite")
ROOT = "inaction"


@dataclass(frozen=True)
class Sentence:
    """A sentence that passed the gate: its text, the claim it is about, and which of its forms it has."""

    text: str
    claim: str
    form: str


def form(claim: Claim) -> str:
    """What may be said of a claim: supported, likely, unclear, unlikely, opposite or not_applicable."""
    if claim.value is None or claim.low is None or claim.high is None or claim.probability is None:
        return "not_applicable"
    if not all(map(math.isfinite, (claim.value, claim.low, claim.high, claim.probability))):
        return "not_applicable"
    if claim.unit == "fraction":
        return _form_of_share(claim)
    (low, high), _, _ = numbers("en").printed(claim.low, claim.high, "€")
    if low > 0.0:
        return _as_doubted(claim)
    if high < 0.0:
        return "opposite"
    if claim.probability >= LIKELY:
        return "likely"
    return "unlikely" if claim.probability <= 1.0 - LIKELY else "unclear"


def _form_of_share(claim: Claim) -> str:
    """The same of a share of draws, told from a half or from more; rounded as it is printed."""
    assert claim.low is not None
    assert claim.high is not None
    low, high = round(claim.low, 2), round(claim.high, 2)
    if low > NEARLY_ALL.get(claim.id, HALF):
        return _as_doubted(claim)
    if low > HALF:
        return "likely"
    return "opposite" if high < HALF else "unclear"


def _as_doubted(claim: Claim) -> str:
    """The strong form, unless the claim itself takes it back."""
    if claim.supported:
        return STRONG
    return claim.weaker if claim.weaker in WEAKER else "likely"


def sentences(tell: Teller, claims: tuple[Claim, ...]) -> dict[str, Sentence]:
    """The sentence of each claim, by the claim's name, in order."""
    return {claim.id: _sentence(tell, claim, place) for place, claim in enumerate(claims)}


def _sentence(tell: Teller, claim: Claim, place: int) -> Sentence:
    say, found = words(tell.language), form(claim)
    path = (ROOT, "claims", place)
    which = next(k for k, p in enumerate(tell.at(ROOT, "programmes")) if p["name"] == claim.programme)
    label = tell.at(ROOT, "programmes", which, "label")
    blanks = {
        "client": tell.at(ROOT, "client", "name"),
        "programme": say("quoted", text=label),
        "months": tell.decimal(ROOT, "client", "months"),
    }
    if found != "not_applicable":
        blanks["probability"] = tell.chance(*path, "probability")
        if claim.unit == "fraction":
            blanks |= {name: tell.percent(*path, name) for name in ("value", "low", "high")}
            blanks["runs"] = tell.chance(ROOT, "programmes", which, "starts", 0, "npv", "probability_positive")
        else:
            size = found in (STRONG, "opposite")
            bounds = (*path, "low"), (*path, "high")
            blanks["value"] = tell.mean_of((*path, "value"), *bounds, size=size)
            blanks["range"] = tell.money_range(*bounds, size=size)
    return Sentence(capital(say(f"claims2.{claim.id}.{found}", **blanks)), claim.id, found)

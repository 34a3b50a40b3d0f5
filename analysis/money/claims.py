"""The five headline claims, each with the interval that decides whether it may be printed, and the conventions.

A claim is about what this client should expect: the interval covers what is not known of it, with
luck averaged out. Where it reaches below zero the strong sentence is not true, and a weaker one is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.money import flows
from analysis.money.results import Claim, Programme
from analysis.money.words import words
from analysis.numbers import LANGUAGES, numbers
from experiments.inaction.arms import PAYOUT
from experiments.inaction.client import Client

if TYPE_CHECKING:
    from analysis.money.assess import Runs

LIKELY = 0.8  # from here on "likely", below its complement "unlikely"
ROBUST = 0.8  # share of draws that must gain for "in nearly every way the client may be"


def weaker(low: float, high: float, probability: float) -> str:
    """The true sentence where the strong one is not: empty if the strong one is."""
    if low > 0.0:
        return ""
    if high < 0.0:
        return "opposite"
    return "likely" if probability >= LIKELY else "unlikely" if probability <= 1.0 - LIKELY else "unclear"


def claims(runs: Runs, programme: Programme) -> tuple[Claim, ...]:
    """The five claims about the first programme."""
    name, groups = programme.name, runs.groups
    now = runs.npv(f"{name}_0")
    delays = [start.delay_months for start in programme.starts if start.delay_months]
    later = runs.npv(f"{name}_{delays[0]}") if delays else np.zeros_like(now)
    months = delays[0] if delays else runs.months
    found = [
        _claim("inaction_costs", name, "€", flows.expected(now, groups)),
        _claim("programme_pays", name, "fraction", flows.share_above(now, groups)),
        _claim("delay_costs", name, "€/month", flows.expected((now - later) / months, groups)),
    ]
    silent, pay = f"{name}_{PAYOUT}", f"{name}_only_pay"
    if silent in runs.arms:
        moved = runs.before_cost(pay if pay in runs.arms else f"{name}_0") - runs.before_cost(silent)
        found.append(_claim("behaviour_not_payout", name, "€", flows.expected(moved, groups)))
    else:
        found.append(Claim("behaviour_not_payout", name, None, None, None, None, "€", False, "not_applicable"))
    value, low, high, _ = flows.share_above(now, groups)
    probability = flows.share_above(now, groups, ROBUST)[3]
    found.append(
        Claim("robust", name, value, low, high, probability, "fraction", low > ROBUST,
              weaker(low - ROBUST, high - ROBUST, probability))
    )  # fmt: skip
    return tuple(found)


def _claim(name: str, programme: str, unit: str, found: tuple[float, float, float, float]) -> Claim:
    value, low, high, probability = found
    base = 0.5 if unit == "fraction" else 0.0  # more likely than not
    verdict = weaker(low - base, high - base, probability)
    return Claim(name, programme, value, low, high, probability, unit, verdict == "", verdict)


def conventions(client: Client) -> dict[str, dict[str, str]]:
    """How money is reckoned, in words."""
    rate, tax, currency = float(client.get("discount_rate")), float(client.get("tax_rate")), client.get("currency")
    return {
        name: {
            language: str(told[language]).format(
                rate=numbers(language).percent(rate),
                tax=numbers(language).percent(tax),
                currency=currency,
            )
            for language in LANGUAGES
        }
        for name, told in words()["conventions"].items()
    }

"""What readers of a report call a parameter that is varied, and how they read its values.

A declaration says exactly what a parameter is, in the words of whoever builds the model; the
registers of assumptions print that. Where a sentence or a figure names a parameter in passing,
it has the plain name of ``locale/plain.yaml``, and a value has the unit that people use.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from analysis.numbers import Numbers, numbers
from analysis.texts import Texts
from sim.parameters import Declaration, declarations


def declaration_of(key: str) -> Declaration | None:
    """What is declared about a factor; None for presets, levels and other models' factors."""
    return declarations().get(without_arm(key))


def without_arm(key: str) -> str:
    """A factor without the arm that it is about: ``arm.siloed.alignment.feedback`` → ``alignment.feedback``."""
    return ".".join(key.split(".")[2:]) if key.startswith("arm.") else key


def factor_label(key: str, words: Texts) -> str:
    """What a factor is called, in the language: its plain name, or else what it means."""
    bare, found = without_arm(key), declaration_of(key)
    if found is None:
        return bare.replace("_", " ")
    theme, _, name = bare.partition(".")
    return words.plain(bare, words.meaning(theme, name, found.meaning))


def factor_value(key: str, value: float, words: Texts, write: Numbers) -> str:
    """A number with its unit: a fraction is a percentage, three significant digits else."""
    found = declaration_of(key)
    unit = words.plain_unit(found.unit) if found else ""
    if unit.startswith("%"):
        return write.percent(value, 0 if value >= 0.1 or value == 0.0 else 1 if value >= 0.01 else 2) + unit[1:]
    if unit.startswith("€"):
        return write.euro(value) + unit[1:]
    short = Decimal(f"{value:.3g}")
    exponent = short.normalize().as_tuple().exponent
    shown = write.decimal(value, max(0, -exponent) if isinstance(exponent, int) else 0)
    return f"{shown} {unit}" if unit else shown


def any_label(words: Texts) -> Callable[[str], str]:
    """Names of factors where no study's file gives others."""
    return lambda key: factor_label(key, words)


def any_value(words: Texts) -> Callable[[str, Any], str]:
    """Values of factors where no study's file gives other words."""
    write = numbers(words.language)

    def value(key: str, given: Any) -> str:
        if isinstance(given, bool | str):
            return words.plain_choice(without_arm(key), str(given))
        return factor_value(key, float(given), words, write)

    return value

"""How one parameter is declared: value, unit, bounds, prior, kind, source, grade.

A theme is a frozen dataclass whose fields are made by :func:`param`. Validation,
the parameter book, Hydra keys and the record that compiled code reads are all
generated from these declarations, so each parameter stands on one line, once.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, TypeGuard

Kind = Literal["lever", "uncertainty", "setting"]
Grade = Literal["A", "B", "C", "D", "E", "judgement", "-"]


class ParameterError(ValueError):
    """The input is wrong: names the key, the value, what is allowed and the nearest name."""


@dataclass(frozen=True)
class Declaration:
    """What is known about one parameter besides its value.

    Attributes
    ----------
    unit : str
        Unit of the value ("" for a pure number).
    meaning : str
        One sentence a newcomer understands.
    low, high : float
        Inclusive bounds; a value outside is refused.
    prior : str
        Distribution for sampling, ``name(a, b, …)``; empty when the parameter is not sampled.
    kind : {"lever", "uncertainty", "setting"}
        Lever: the organisation chooses it. Uncertainty: the world or human nature sets it.
        Setting: how the run is made.
    source, grade : str
        Where the value comes from and how good that is: A field experiment, B peer-reviewed,
        C benchmark with n, D vendor claim, E untraceable, "judgement" ours.
    choices : tuple of str
        Allowed words for a categorical parameter.
    """

    unit: str
    meaning: str
    low: float
    high: float
    prior: str
    kind: Kind
    source: str
    grade: Grade
    choices: tuple[str, ...] = ()


def param(
    default: float | str,
    unit: str,
    meaning: str,
    low: float = 0.0,
    high: float = math.inf,
    prior: str = "",
    kind: Kind = "uncertainty",
    source: str = "judgement",
    grade: Grade = "judgement",
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare one field of a theme (see :class:`Declaration`)."""
    declaration = Declaration(unit, meaning, low, high, prior, kind, source, grade, choices)
    return dataclasses.field(default=default, metadata={"declaration": declaration})


def declaration(field: dataclasses.Field[Any]) -> Declaration:
    """Return the declaration of a dataclass field made by :func:`param`."""
    found: Declaration = field.metadata["declaration"]
    return found


def nearest(name: object, names: Iterable[str]) -> str:
    """Return " Did you mean X?" for the known name closest to what was given, or an empty string."""
    close = difflib.get_close_matches(str(name), list(names), n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether ``value`` is a number to reckon with: no truth, not infinite, no whole number beyond all floats."""
    return number(value) is not None


def number(value: object) -> int | float | None:
    """``value``, which may be one of NumPy's, as a number of Python's own; ``None`` if :func:`is_number` denies it."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        plain = int(value) if isinstance(value, Integral) else float(value)
        return plain if math.isfinite(plain) else None
    except OverflowError:
        return None


def coerce(key: str, value: object, field: dataclasses.Field[Any]) -> float | int | str:
    """Return ``value`` in the type of ``field``, or raise :class:`ParameterError`.

    ``key`` is the dotted name used in the message. Numbers arrive as those of Python or
    NumPy (a string is not a number), whole numbers for int fields may be written 12.0.
    """
    declared = declaration(field)
    default = field.default
    if declared.choices:
        if value not in declared.choices:
            hint = nearest(str(value), declared.choices)
            raise ParameterError(f"{key}={value!r}: allowed are {', '.join(declared.choices)}.{hint}")
        return str(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ParameterError(f"{key}={value!r}: a number {allowed(declared)} is needed ({declared.meaning}).")
    plain = number(value)
    if plain is None or not declared.low <= plain <= declared.high:
        raise ParameterError(f"{key}={value!r}: allowed is {allowed(declared)} ({declared.meaning}).")
    if isinstance(default, int):
        if plain != int(plain):
            raise ParameterError(f"{key}={value!r}: a whole number {allowed(declared)} is needed ({declared.meaning}).")
        return int(plain)
    return float(plain)


def allowed(declared: Declaration) -> str:
    """Say the allowed range in words, with the unit."""
    unit = f" {declared.unit}" if declared.unit else ""
    if math.isinf(declared.high):
        return f"from {declared.low:g}{unit} up"
    return f"from {declared.low:g} to {declared.high:g}{unit}"

"""All parameters of one organisation: themes, validation, and the record compiled code reads.

:class:`Params` is frozen. Build it with :func:`from_dict` (checked: an unknown or
out-of-range value is refused with the nearest name) or change it with
:func:`replace`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter
from typing import Any

import numpy as np

from sim.parameters.behaviour import Behaviour
from sim.parameters.declare import Declaration, ParameterError, coerce, declaration, is_number, nearest
from sim.parameters.market import Customers, Market
from sim.parameters.organisation import Alignment, Capability, Horizon
from sim.parameters.pay import Event, Incentives, Period, Role, Scope, Term, incentives_from_dict
from sim.parameters.people import People, Workload
from sim.parameters.programme import Programme, Readiness
from sim.parameters.reference import Reference, reference_from_dict

__all__ = [
    "Alignment", "Behaviour", "Capability", "Customers", "Declaration", "Event", "Horizon", "Incentives",
    "Market", "ParameterError", "Params", "People", "Period", "Programme", "Readiness", "Reference", "Role", "Scope",
    "Term", "Workload", "declarations", "declared", "from_dict", "is_number", "nearest", "numeric_record", "plan_record", "replace",
    "to_dict", "value_of",
]  # fmt: skip


@dataclass(frozen=True)
class Params:
    """Everything one organisation is simulated with, in themes."""

    market: Market = field(default_factory=Market)
    customers: Customers = field(default_factory=Customers)
    people: People = field(default_factory=People)
    workload: Workload = field(default_factory=Workload)
    behaviour: Behaviour = field(default_factory=Behaviour)
    alignment: Alignment = field(default_factory=Alignment)
    capability: Capability = field(default_factory=Capability)
    programme: Programme = field(default_factory=Programme)
    readiness: Readiness = field(default_factory=Readiness)
    horizon: Horizon = field(default_factory=Horizon)
    incentives: Incentives = field(default_factory=Incentives)
    reference: Reference = field(default_factory=Reference)


PLANNED_PAY = "incentives"  # of a programme

THEMES: dict[str, type[Any]] = {
    "market": Market,
    "customers": Customers,
    "people": People,
    "workload": Workload,
    "behaviour": Behaviour,
    "alignment": Alignment,
    "capability": Capability,
    "programme": Programme,
    "readiness": Readiness,
    "horizon": Horizon,
}


def declared() -> Iterator[tuple[str, str, Declaration, Any]]:
    """Yield (theme, name, declaration, default) of every parameter of the themes (a pay plan is none)."""
    for theme, kind in THEMES.items():
        for f in dataclasses.fields(kind):
            if f.name != PLANNED_PAY:
                yield theme, f.name, declaration(f), f.default


@cache
def declarations() -> Mapping[str, Declaration]:
    """Declaration of every parameter of the themes by its dotted name."""
    return {f"{theme}.{name}": found for theme, name, found, _ in declared()}


def from_dict(given: Mapping[str, Any]) -> Params:
    """Build checked :class:`Params` from nested mappings ``{theme: {name: value}}``.

    What is not given keeps its declared default.

    Raises
    ------
    ParameterError
        A theme or name is unknown, or a value is of the wrong kind or out of range.
    """
    themes: dict[str, Any] = {}
    known = [*THEMES, "incentives", "reference"]
    for theme, values in given.items():
        if theme not in known:
            raise ParameterError(f"{theme}: unknown theme; known are {', '.join(known)}.{nearest(theme, known)}")
        if not isinstance(values, Mapping):
            raise ParameterError(f"{theme}={values!r}: a mapping of parameters is needed.")
        themes[theme] = _theme(theme, values)
    params = Params(**themes)
    _check_together(params)
    return params


def _theme(theme: str, values: Mapping[str, Any]) -> Any:
    if theme == "incentives":
        return incentives_from_dict(dict(values))
    if theme == "reference":
        return reference_from_dict(dict(values))
    fields = {f.name: f for f in dataclasses.fields(THEMES[theme])}
    checked = {}
    for name, value in values.items():
        if name not in fields:
            hint = nearest(f"{theme}.{name}", declarations())
            raise ParameterError(f"{theme}.{name}={value!r}: unknown parameter.{hint}")
        if name == PLANNED_PAY:
            checked[name] = _planned_pay(f"{theme}.{name}", value)
            continue
        checked[name] = coerce(f"{theme}.{name}", value, fields[name])
    return THEMES[theme](**checked)


def _planned_pay(key: str, value: Any) -> Any:
    if value is None or isinstance(value, Incentives):
        return value
    if not isinstance(value, Mapping):
        raise ParameterError(f"{key}={value!r}: a pay plan is needed, a mapping of roles to terms; null: pay stays.")
    try:
        return incentives_from_dict(dict(value))
    except ParameterError as error:
        raise ParameterError(f"programme.{error}") from None


def _check_together(params: Params) -> None:
    """Refuse values that are fine alone and impossible together."""
    hours = params.workload.day_hours
    if params.alignment.coordination_hours > 5 * hours:
        raise ParameterError(
            f"alignment.coordination_hours={params.alignment.coordination_hours!r}: more than the "
            f"{5 * hours:g} paid hours of a week (workload.day_hours={hours:g})."
        )


def to_dict(params: Params) -> dict[str, Any]:
    """Nested plain mapping of all parameters; :func:`from_dict` of it gives the same Params."""
    return {f.name: _plain(getattr(params, f.name)) for f in dataclasses.fields(params)}


def _plain(theme: Any) -> dict[str, Any]:
    plain = dataclasses.asdict(theme)
    if isinstance(theme, Incentives):
        return {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}
    if isinstance(theme, Programme) and theme.incentives is not None:
        plain[PLANNED_PAY] = _plain(theme.incentives)
    return plain


def replace(params: Params, changes: Mapping[str, Any]) -> Params:
    """Return ``params`` with dotted names changed, e.g. ``{"alignment.visibility": 0.8}``."""
    known = [f.name for f in dataclasses.fields(params)]
    nested: dict[str, dict[str, Any]] = {}
    for key, value in changes.items():
        theme, _, name = key.partition(".")
        if theme not in known:
            raise ParameterError(f"{key}: unknown theme.{nearest(theme, known)}")
        if not name:
            raise ParameterError(f"{key}: name a parameter of it, as in {theme}.…")
        if theme not in nested:
            nested[theme] = _plain(getattr(params, theme))
        nested[theme][name] = value
    changed = dataclasses.replace(params, **{theme: _theme(theme, values) for theme, values in nested.items()})
    _check_together(changed)
    return changed


def value_of(params: Params, name: str) -> float:
    """A plain parameter by its dotted name.

    Raises
    ------
    ParameterError
        There is none of that name, or it is no number.
    """
    if name not in declarations() or declarations()[name].choices:
        numbers = [key for key, found in declarations().items() if not found.choices]
        raise ParameterError(f"{name}: no parameter with a number.{nearest(name, numbers)}")
    theme, _, field = name.partition(".")
    return float(getattr(getattr(params, theme), field))


PLAN_THEMES = ("programme", "readiness")  # in a record of their own: a plan names levers as the levers do

# NumPy records already have an attribute of this name.
ALIASES = {"data": "data_quality"}


def _record_fields() -> list[tuple[str, str, Any]]:
    names: dict[str, str] = {}
    fields = []
    for theme, name, _, default in declared():
        if theme in (*PLAN_THEMES, "horizon"):
            continue
        if name in names:
            raise AssertionError(f"{theme}.{name} and {names[name]}.{name} share a name")
        names[name] = theme
        fields.append((theme, name, np.float64 if isinstance(default, float) else np.int64))
    return fields


RECORD_FIELDS = _record_fields()
PARAMS_DTYPE = np.dtype([(ALIASES.get(name, name), kind) for _, name, kind in RECORD_FIELDS], align=True)


def _reader(fields: Sequence[tuple[str, str, Any]]) -> Callable[[Params], list[Any]]:
    """Reads these parameters in one go, words as their index: every run asks."""
    get = attrgetter(*(f"{theme}.{name}" for theme, name, _ in fields))
    choices = {(theme, name): found.choices for theme, name, found, _ in declared()}
    words = [(place, known) for place, (theme, name, _) in enumerate(fields) if (known := choices[theme, name])]

    def read(params: Params) -> list[Any]:
        values = list(get(params))
        for place, known in words:
            values[place] = known.index(values[place])
        return values

    return read


_numeric = _reader(RECORD_FIELDS)


def numeric_record(params: Params) -> np.ndarray[Any, Any]:
    """One record with all numeric parameters, for compiled code; words become their index."""
    return np.array([tuple(_numeric(params))], PARAMS_DTYPE)


PLAN_FIELDS = [
    (theme, name, np.float64 if isinstance(default, float) else np.int64)
    for theme, name, _, default in declared()
    if theme in PLAN_THEMES
]
# Besides: the first day, what a record takes before anything changes, and the new pay plan's first day (−1: none).
PLAN_DTYPE = np.dtype(
    [
        *((ALIASES.get(name, name), kind) for _, name, kind in PLAN_FIELDS),
        ("start_day", "i8"), ("record_today", "f8"), ("pay_day", "i8"), ("low_quantile", "f8"),
    ],
    align=True,
)  # fmt: skip


_planned = _reader(PLAN_FIELDS)


def plan_record(params: Params) -> np.ndarray[Any, Any]:
    """One record with the programme and the readiness for it, for compiled code."""
    return np.array([(*_planned(params), 0, 0.0, 0, 0.0)], PLAN_DTYPE)  # the last four are filled in by sim.world

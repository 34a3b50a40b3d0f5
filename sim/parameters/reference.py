"""Reference performance: what a role's people do in a year at the calibrated baseline.

It prices cost-neutral plans: a term's weight divided by its reference amount is its
rate. The amounts are measured on siloed runs of a profile (``gtm
baseline``) and kept in the profile's file, per head and year; pooled scopes use
the same per-head amounts. A file that gives none is priced by its base's, at last by
those declared here, which are about ``mid_market``'s; a row given is taken whole, and
what it leaves out is nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from sim.parameters.declare import ParameterError, nearest, number
from sim.parameters.pay import Event, Role

EVENTS = tuple(event.name for event in Event)


@dataclass(frozen=True)
class Reference:
    """Annual amounts per head, by role, in the order of :class:`sim.parameters.pay.Event`.

    ``attainment_mean`` and ``attainment_sd`` describe the quarterly attainment of
    sellers; they price cliffs, caps and accelerators. ``low_share`` is the share of won
    ACV with a low recorded score; it prices the low-score multiplier.
    """

    marketer: tuple[float, ...] = (874.0, 218.0, 39.0, 39.0, 23.6, 4.95, 173e3, 0.0, 0.0, 0.0)
    developer: tuple[float, ...] = (0.0, 0.0, 90.0, 90.0, 50.0, 10.0, 350e3, 0.0, 0.0, 0.0)
    seller: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 56.0, 11.8, 415e3, 2.3e6, 3e5, 0.0)
    success: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.67e6, 2.17e5, 0.0)
    company: tuple[float, ...] = (222.0, 55.0, 20.0, 20.0, 13.3, 2.8, 98e3, 545e3, 71e3, 600e3)
    attainment_mean: float = 0.58
    attainment_sd: float = 0.5
    low_share: float = 0.2

    def amount(self, role: Role, event: int, scope_company: bool) -> float:
        """Reference amount of a year, per head of the role or of the whole company."""
        row: tuple[float, ...] = self.company if scope_company else getattr(self, role.name)
        return row[event]


def _amount(key: str, value: object) -> float:
    """A finite number from 0 up, or :class:`ParameterError` naming ``key``."""
    plain = number(value)
    if plain is None or plain < 0.0:
        raise ParameterError(f"{key}={value!r}: a number from 0 up is needed.")
    return float(plain)


def _unknown(key: str, value: object, name: object, known: Sequence[str]) -> ParameterError:
    return ParameterError(f"{key}={value!r}: unknown; known are {', '.join(known)}.{nearest(name, known)}")


def reference_from_dict(given: dict[str, object]) -> Reference:
    """Build a checked :class:`Reference`; rows may be mappings of event names or full tuples."""
    names = [f.name for f in dataclasses.fields(Reference)]
    checked: dict[str, object] = {}
    for name, value in given.items():
        if name not in names:
            raise _unknown(f"reference.{name}", value, name, names)
        if name.startswith("attainment") or name == "low_share":
            checked[name] = _amount(f"reference.{name}", value)
            if name == "attainment_mean" and checked[name] == 0.0:
                raise ParameterError(f"reference.{name}={value!r}: a number above 0 is needed.")
        elif isinstance(value, dict):
            for event in value:
                if event not in EVENTS:
                    raise _unknown(f"reference.{name}.{event}", value[event], event, EVENTS)
            checked[name] = tuple(_amount(f"reference.{name}.{event}", value.get(event, 0.0)) for event in EVENTS)
        elif isinstance(value, (tuple, list)) and len(value) == len(EVENTS):
            checked[name] = tuple(_amount(f"reference.{name}", amount) for amount in value)
        else:
            raise ParameterError(f"reference.{name}={value!r}: a mapping of events to annual amounts is needed.")
    return Reference(**checked)  # type: ignore[arg-type]

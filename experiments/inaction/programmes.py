"""Programmes under discussion, as a client file gives them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from experiments.inaction.written import meant
from sim.configuration import PATH
from sim.parameters import Params, is_number, nearest
from sim.parameters.programme import STAYS

PROGRAMME_KEYS = ("name", "label", "preset", "cost", "cost_low", "cost_high", "pay")
COSTS = ("cost", "cost_low", "cost_high")
OWN = ("start_months", "cost", "incentives", "name")  # of a programme's parameters: set from keys of the file
NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
MOST = 4
LONGEST = 120  # characters of a name
DIALS = {
    "agreements": (
        "shared_definition", "visibility", "feedback", "sla_hours", "follow_up_obligation", "coordination_hours",
    ),
    "capability": ("process", "data", "technology"),
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """A programme under discussion.

    Attributes
    ----------
    name, label, preset : str
        Key, name in the report, and preset of ``configs/programme`` it is built on.
    cost, cost_low, cost_high : float
        External cost as planned, and what it may become.
    overrides : mapping
        Layer of ``programme``, without cost and start.
    """

    name: str
    label: str
    preset: str
    cost: float
    cost_low: float
    cost_high: float
    overrides: Mapping[str, Any]


@cache
def planned() -> tuple[str, ...]:
    """Planned positions that a programme may give."""
    return tuple(name for name in Params().programme.__dataclass_fields__ if name not in OWN)


def parts_of(params: Params) -> tuple[str, ...]:
    """Parts that the programme of an organisation has."""
    programme = params.programme
    has_pay = programme.incentives is not None and programme.incentives != params.incentives
    found = [part for part, dials in DIALS.items() if any(getattr(programme, dial) != STAYS for dial in dials)]
    return (("pay",) if has_pay else ()) + tuple(found)


def located(value: Any, folder: Path) -> Any:
    """A path counts from the folder of the file that gives it."""
    return str(folder / value) if isinstance(value, str) and PATH.search(value) else value


def programmes(given: Any, folder: Path, wrong: list[str]) -> tuple[Plan, ...]:
    """The programmes of a client file; what is wrong with them is added to ``wrong``."""
    if not given:
        return ()
    if not isinstance(given, list) or len(given) > MOST:
        wrong.append(f"programmes: a list of one to {MOST} programmes is needed.")
        return ()
    plans = [_programme(one, f"programmes[{i}]", folder, wrong) for i, one in enumerate(given)]
    found = [plan for plan in plans if plan is not None]
    names = [plan.name for plan in found]
    wrong.extend(
        f"programmes: the name {name!r} is given twice." for name in sorted(set(names)) if names.count(name) > 1
    )
    return tuple(found)


def _programme(given: Any, key: str, folder: Path, wrong: list[str]) -> Plan | None:
    if not isinstance(given, Mapping):
        wrong.append(
            f"{key}={given!r}: a mapping is needed, as in {{name: revops, preset: process_first, cost: 90000}}."
        )
        return None
    before = len(wrong)
    for name in given:
        if name not in (*PROGRAMME_KEYS, *planned()):
            known = (*PROGRAMME_KEYS, *sorted(planned()))
            wrong.append(f"{key}.{name}: unknown.{nearest(str(name), known) or ' Known are ' + ', '.join(known) + '.'}")
    given = {name: value for name, value in given.items() if value is not None}  # a key without a value is left out
    name = str(given.get("name", ""))
    if not NAME.fullmatch(name) or name == "never":
        wrong.append(f"{key}.name={name!r}: a short word in small letters is needed, as in revops.")
    costs: dict[str, float] = {}
    for part in COSTS:
        value = given.get(part, costs.get("cost", 0.0) if part != "cost" else None)
        if value is None:
            wrong.append(f"{key}.cost: is missing (external cost; 0 if there is none).")
        elif not is_number(value) or not 0 <= value <= 1e12:
            wrong.append(
                f"{key}.{part}={value!r}: an amount from 0 to 1,000,000,000,000 is needed (external cost)."
                f"{meant(value)}"
            )
        else:
            costs[part] = float(value)
    if len(costs) == 3 and not costs["cost_low"] <= costs["cost"] <= costs["cost_high"]:
        wrong.append(
            f"{key}.cost={costs['cost']:,.13g}: from cost_low={costs['cost_low']:,.13g} to "
            f"cost_high={costs['cost_high']:,.13g} is needed."
        )
    label = given.get("label", name)
    if isinstance(label, Mapping | list):
        wrong.append(f"{key}.label={label!r}: a text is needed.")
    if len(wrong) > before:
        return None
    overrides: dict[str, Any] = {"preset": located(given.get("preset", "process_first"), folder)}
    overrides |= {name: value for name, value in given.items() if name in planned()}
    if given.get("pay") is not None:
        overrides["incentives"] = located(given["pay"], folder)
    words = " ".join(str(label).split())[:LONGEST] or name
    return Plan(name, words, str(overrides["preset"]), costs["cost"], costs["cost_low"], costs["cost_high"], overrides)

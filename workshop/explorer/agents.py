"""Who is who in the day-by-day view: people, what they carry, how leads moved, and one agent in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

import sim
from sim import state as S
from sim.agents import Customer, Lead, Marketer, Seller, SuccessManager
from workshop.explorer.words import Words

HANDS = 10  # the least that a full ring of a person stands for
MOST_LISTED = 25  # of what a person carries
Place = tuple[str, int]  # kind and index; −1: nobody in particular
ARRAYS = {"marketer": "marketers", "seller": "sellers", "developer": "sellers", "manager": "managers"}


def people_of(model: sim.GTMModel) -> dict[str, list[tuple[int, int, int]]]:
    """(index of the record, number from 1, leads or customers in hand) of everybody, by kind."""
    found: dict[str, list[tuple[int, int, int]]] = {"marketer": [], "developer": [], "seller": [], "manager": []}
    for marketer in model.marketers:
        found["marketer"].append((marketer.index, marketer.index + 1, len(marketer.waiting) + len(marketer.nurtured)))
    for seller in model.sellers:
        kind = "developer" if seller.develops else "seller"
        found[kind].append((seller.index, number_of(model, seller.index), len(seller.inbox) + len(seller.deals)))
    for manager in model.managers:
        found["manager"].append((manager.index, manager.index + 1, int(manager.accounts)))
    return found


def number_of(model: sim.GTMModel, seller: int) -> int:
    """Number of somebody in sales among those of the same kind: development representatives stand first."""
    developers = int(model.world.org[0]["developers"])
    return seller + 1 if seller < developers else seller - developers + 1


def moves_of(model: sim.GTMModel, before: NDArray[Any]) -> list[dict[str, Any]]:
    """Leads that changed hands or appeared since ``before``; the furthest stages first."""
    now = np.asarray(model.world.leads[: int(model.world.org[0]["leads"])])
    old = now[: len(before)]
    changed = (old["stage"] != before["stage"]) | (old["seller"] != before["seller"])
    managers = {int(one.lead): int(one.manager) for one in _customers(model) if one.lead >= 0}
    found = []
    for index in [*np.flatnonzero(changed).tolist(), *range(len(before), len(now))]:
        source = place(model, before[index], index, managers) if index < len(before) else ("market", -1)
        target = place(model, now[index], index, managers)
        if source != target:
            numbers = [_number(model, end) for end in (source, target)]
            stage = int(now[index]["stage"])
            found.append({"lead": index, "stage": stage, "from": source, "to": target, "numbers": numbers})
    return sorted(found, key=lambda move: (-_rank(move["stage"]), move["lead"]))


def _customers(model: sim.GTMModel) -> NDArray[Any]:
    return np.asarray(model.world.customers[: int(model.world.org[0]["customers"])]).view(np.recarray)


def _rank(stage: int) -> int:
    """How far a stage is; those that end or restart a lead count least."""
    return stage if stage <= S.WON else 0


def place(model: sim.GTMModel, lead: Any, index: int, managers: dict[int, int]) -> Place:
    """With whom a lead is."""
    stage, seller, marketer = int(lead["stage"]), int(lead["seller"]), int(lead["marketer"])
    if stage == S.WON:
        return "manager", managers.get(index, -1)
    if stage in (S.LOST, S.DISQUALIFIED, S.EXPIRED):
        return "out", -1
    if stage in (S.PROSPECT, S.RECYCLED) and marketer >= 0:
        return "marketer", marketer
    if seller >= 0:
        return ("developer" if seller < int(model.world.org[0]["developers"]) else "seller"), seller
    return ("marketer", marketer) if marketer >= 0 else ("market", -1)


def _number(model: sim.GTMModel, where: Place) -> int:
    kind, index = where
    return number_of(model, index) if kind in ("developer", "seller") else index + 1


# ---------------------------------------------------------------- one agent


def describe(model: sim.GTMModel, kind: str, index: int, say: Words) -> dict[str, Any]:
    """State, beliefs, felt pay and what is in hand of one agent.

    Raises
    ------
    LookupError
        There is no such agent.
    """
    agent = _agent(model, kind, index)
    family = kind if kind in ("lead", "customer") else "person"
    shown_kind = ("developer" if agent.develops else "seller") if isinstance(agent, Seller) else kind
    number = number_of(model, index) if isinstance(agent, Seller) else index + 1 if family == "person" else index
    names = agent.dtype.names or ()
    sections = [
        {
            "title": say(f"office.sections.{section}"),
            "rows": [
                [label, written(model, getattr(agent, name), unit, say)]
                for name, (label, unit) in fields.items()
                if name in names and _tells(family, name, getattr(agent, name))
            ],
        }
        for section, fields in say.find(f"fields.{family}").items()
    ]
    if family == "person":
        sections.append(_paid(model, int(agent.worker), say))
    return {
        "title": say("office.person", kind=say(f"office.kinds.{shown_kind}"), number=number),
        "sections": [section for section in sections if section["rows"]],
        "carried": _carried(agent, say),
    }


def _agent(model: sim.GTMModel, kind: str, index: int) -> Any:
    org = model.world.org[0]
    sizes = {"lead": int(org["leads"]), "customer": int(org["customers"])}
    sizes |= {name: len(getattr(model, array)) for name, array in ARRAYS.items()}
    if not 0 <= index < sizes.get(kind, 0):
        raise LookupError(f"{kind} {index}")
    if kind == "lead":
        return model.lead(index)
    return model.customer(index) if kind == "customer" else getattr(model, ARRAYS[kind])[index]


def _tells(family: str, name: str, value: float) -> bool:
    """Whether a field says anything: a time or an owner that there is none of is −1; unpaid events are 0."""
    if name.startswith("pay_") and family == "person":
        return value != 0
    return not (value == -1 and name in ("left", "response", "marketer", "developer", "seller", "manager"))


def written(model: sim.GTMModel, value: float, unit: str, say: Words) -> str:
    """A value of a record as people write it."""
    write = say.write
    if unit == "fraction":
        return write.percent(value)
    if unit == "€":
        return write.euro(value)
    if unit == "hours" and isinstance(value, int):
        return write.count(value / S.HOUR, "hours", 1)  # records keep paid time in seconds
    if unit == "seconds":
        return write.count(value / S.HOUR, "hours", 1)
    if unit == "hours":
        return write.count(value, "hours", 1)
    if unit == "day":
        return write.decimal(value, 0)
    if unit == "days":
        return write.count(value, "days")
    if unit in ("stage", "source"):
        return str(say.find("office.stages" if unit == "stage" else "sources")[int(value)])
    if unit in ("marketer", "seller", "manager"):
        number = number_of(model, int(value)) if unit == "seller" else int(value) + 1
        developer = unit == "seller" and int(value) < int(model.world.org[0]["developers"])
        return say("office.person", kind=say(f"office.kinds.{'developer' if developer else unit}"), number=number)
    if unit == "yes":
        return str(say.find("office.yes_no")[int(bool(value))])
    shown = write.decimal(value, 0 if float(value).is_integer() else 3)
    return f"{shown} {say.model.unit(unit)}" if unit else shown


def _paid(model: sim.GTMModel, worker: int, say: Words) -> dict[str, Any]:
    """What a person was paid since measuring began."""
    row = np.asarray(model.world.pay)[worker]
    columns = {"base": S.PAY_BASE, "variable": S.PAY_VARIABLE, "due": S.PAY_DUE}
    rows = [[say(f"office.paid.{name}"), say.write.euro(float(row[place]))] for name, place in columns.items()]
    return {"title": say("office.sections.paid"), "rows": rows}


def _carried(agent: Any, say: Words) -> dict[str, Any]:
    """Leads or customers in hand, each to be looked at in turn."""
    held: list[Any] = []
    if isinstance(agent, Marketer):
        held = [*agent.waiting, *agent.nurtured]
    elif isinstance(agent, Seller):
        held = [*agent.inbox, *agent.deals]
    elif isinstance(agent, SuccessManager):
        held = agent.customers
    items = [
        {"kind": "lead" if isinstance(one, Lead) else "customer", "index": one.index, "text": _brief(one, say)}
        for one in held[:MOST_LISTED]
    ]
    more = len(held) - len(items)
    return {"title": say("office.sections.carried"), "items": items, "more": say("office.more", n=more) if more else ""}


def _brief(one: Lead | Customer, say: Words) -> str:
    if isinstance(one, Lead):
        stage, amount = say.find("office.stages")[int(one.stage)], float(one.acv)
        name = f"{say('office.kinds.lead')} {one.index} · {stage}"
    else:
        name, amount = f"{say('office.kinds.customer')} {one.index}", float(one.arr)
    return name if not math.isfinite(amount) else f"{name} · {say.write.euro(amount, short=True)}"

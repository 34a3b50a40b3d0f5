"""The organisation day by day: Mesa agents, handed over from the compiled engine at a chosen day."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections import OrderedDict
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import sim
from sim import state as S
from sim.engine import days_of
from sim.parameters import ParameterError, Params
from workshop.explorer.agents import HANDS, describe, moves_of, people_of
from workshop.explorer.choice import Choice
from workshop.explorer.words import Words

MOST_SESSIONS, IDLE_SECONDS = 12, 900.0
SPARED_SECONDS = 60.0  # of rest after which a view gives way to a new one where all places are taken
MOST_DRAWN = 20  # people of each kind
MOST_MOVES = 60  # leads drawn on their way in one day


class BusyOfficeError(Exception):
    """As many views as there may be are open and in use."""


@dataclass
class Office:
    """One open organisation.

    Attributes
    ----------
    model : GTMModel
        The agents.
    words : Words
        Of the language in which it is shown.
    used : float
        When somebody last asked, on the monotonic clock.
    """

    model: sim.GTMModel
    words: Words
    used: float
    lock: threading.Lock = field(default_factory=threading.Lock)


class Offices:
    """Views by an unguessable token; limited in number, and gone when nobody has asked for a while."""

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._open: OrderedDict[str, Office] = OrderedDict()
        self._opening = 0

    async def open(self, choice: Choice, arm: str, day: object, say: Words) -> tuple[str, dict[str, Any]]:
        """A new view at the evening of a day, and what it shows.

        Raises
        ------
        BusyOfficeError
            There are too many.
        ParameterError
            The day is none of this organisation's.
        """
        params = choice.params()[arm]
        if not isinstance(day, int) or isinstance(day, bool) or not 0 <= day < ended_on(params):
            raise ParameterError(f"day={str(day)[:80]}: a whole number from 0 to {ended_on(params) - 1} is needed.")
        self._forget()
        if len(self._open) + self._opening >= MOST_SESSIONS:
            self._make_room()
        self._opening += 1
        try:
            loop = asyncio.get_running_loop()
            office = await loop.run_in_executor(self._pool, _begin, params, sim.run_seed(choice.seed, 0), day, say)
            found = await loop.run_in_executor(self._pool, _first, office)
        finally:
            self._opening -= 1
        token = secrets.token_urlsafe(16)
        self._open[token] = office
        return token, found

    async def step(self, token: str) -> dict[str, Any]:
        """One day on; LookupError if there is no such view (any more)."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _step, self._find(token))

    async def agent(self, token: str, kind: str, index: int) -> dict[str, Any]:
        """One agent; LookupError if there is no such agent or view."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _look, self._find(token), kind, index)

    def _find(self, token: str) -> Office:
        self._forget()
        office = self._open[token]
        office.used = time.monotonic()
        self._open.move_to_end(token)
        return office

    def _forget(self) -> None:
        """Close what nobody has used for long."""
        oldest = time.monotonic() - IDLE_SECONDS
        for token in [token for token, office in self._open.items() if office.used < oldest]:
            del self._open[token]

    def _make_room(self) -> None:
        """Close the view that has rested longest: somebody who opens one after the other leaves the earlier ones."""
        token, office = next(iter(self._open.items()), ("", None))
        if office is None or office.used > time.monotonic() - SPARED_SECONDS:
            raise BusyOfficeError
        del self._open[token]


def ended_on(params: Params) -> int:
    """The last day, counted from the first morning of the running in."""
    return days_of(params)


def _begin(params: Params, seed: int, day: int, say: Words) -> Office:
    model = sim.GTMModel(params, seed=seed)
    model.run_compiled(day)
    return Office(model, say, time.monotonic())


def _first(office: Office) -> dict[str, Any]:
    with office.lock:
        return {**_state(office), "moves": [], "all": 0}


def _step(office: Office) -> dict[str, Any]:
    with office.lock:
        before = _leads(office.model)
        office.model.step()
        moves = moves_of(office.model, before)
        shown = [{**move, "text": _said(office, move)} for move in moves[:MOST_MOVES]]
        return {**_state(office), "moves": shown, "all": len(moves)}


def _look(office: Office, kind: str, index: int) -> dict[str, Any]:
    with office.lock:
        return describe(office.model, kind, index, office.words)


def _leads(model: sim.GTMModel) -> NDArray[Any]:
    """The leads as they are now, to see tomorrow who moved."""
    return np.asarray(model.world.leads[: int(model.world.org[0]["leads"])]).copy()


def _state(office: Office) -> dict[str, Any]:
    model, say = office.model, office.words
    org = model.world.org[0]
    people = people_of(model)
    groups = {
        kind: {
            "title": say(f"office.groups.{kind}"),
            "people": [
                {
                    "index": index,
                    "hands": hands,
                    "label": say("office.person", kind=say(f"office.kinds.{kind}"), number=number),
                    "carries": say(f"office.carries.{kind}", n=hands),
                }
                for index, number, hands in members[:MOST_DRAWN]
            ],
            "others": max(0, len(members) - MOST_DRAWN),
        }
        for kind, members in people.items()
    }
    day, of = model.day, ended_on(model.params)
    return {
        "day": day,
        "ended": day >= of,
        "groups": groups,
        "most_hands": max([HANDS, *(hands for members in people.values() for _, _, hands in members)]),
        "text": say(
            "office.today",
            day=day,
            of=of,
            month=day // S.MONTH + 1,
            arr=say.write.euro(model.arr, short=True),
            customers=say.write.decimal(int(org["living"]), 0),
            leads=say.write.decimal(int(org["leads"]), 0),
        ),
    }


def _said(office: Office, move: dict[str, Any]) -> str:
    """A move in words: who has the lead now, and at which stage."""
    say = office.words
    stage = say.find("office.stages")[move["stage"]]
    ends: list[str] = []
    for kind, number in (move["from"], move["to"]):
        group = say(f"office.groups.{kind}")
        ends.append(group if number < 0 else f"{say(f'office.kinds.{kind}')} {move['numbers'][len(ends)]}")
    return f"{say('office.kinds.lead')} {move['lead']} ({stage}): {ends[0]} → {ends[1]}"

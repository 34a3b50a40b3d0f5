"""Marketers, sellers and success managers: ``step`` is the agent's day, from ``sim.rules``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim import kernel
from sim.agents.base import RecordAgent
from sim.agents.customers import Lead
from sim.rules.lists import accounts_of, deals_of, inbox_of, pool_of, queue_of
from sim.state import DEVELOPER, DONE, HOUR, MANAGER_RECORD, MARKETER_RECORD, SELLER_RECORD

TASK_NAMES = ("done", "contact", "discover", "advance", "close", "deepen", "prospect")


@dataclass(frozen=True)
class Task:
    """One thing a seller could do now.

    Attributes
    ----------
    index : int
        Entry of the day's task list: what :meth:`Seller.choose_task` returns.
    kind : str
        contact, discover, advance, close, deepen or prospect.
    lead : Lead or None
        The lead or deal it is about; None for prospecting.
    value : float
        Expected ACV the seller sees in it, in felt €.
    hours : float
        Hours it is expected to take.
    passes : bool
        Whether it passes its bar (what does is preferred by the default rule).
    """

    index: int
    kind: str
    lead: Lead | None
    value: float
    hours: float
    passes: bool


class Person(RecordAgent):
    """Somebody employed: hours left today, skill, integrity, effort."""

    dtype = MARKETER_RECORD  # replaced below; the common fields are the same

    @property
    def hours_left(self) -> float:
        """Paid hours left today."""
        return float(self.left) / HOUR

    def _line(self, number: int, records: str) -> list[int]:
        """Indices standing in one of the person's lines, first in first."""
        found = []
        index = int(self.model.world.lists[number].head)
        while index >= 0:
            found.append(index)
            index = int(getattr(self.model.world, records)[index]["next"])
        return found


class Marketer(Person):
    """A marketer (see :data:`sim.state.MARKETER_RECORD`)."""

    array = "marketers"
    dtype = MARKETER_RECORD

    def step(self) -> None:
        """Plan on Mondays, qualify on demand, nurture, generate."""
        self.model.calls.marketer(self.model.world, self.index)

    @property
    def waiting(self) -> list[Lead]:
        """Leads waiting to be qualified."""
        return [self.model.lead(i) for i in self._line(queue_of(self.index), "leads")]

    @property
    def nurtured(self) -> list[Lead]:
        """Leads being nurtured."""
        return [self.model.lead(i) for i in self._line(pool_of(self.index), "leads")]


class Seller(Person):
    """A seller or development representative (see :data:`sim.state.SELLER_RECORD`).

    Subclass it and override :meth:`choose_task` (or :meth:`step`) for a policy written
    in plain Python; everything else stays compiled.
    """

    array = "sellers"
    dtype = SELLER_RECORD

    @property
    def develops(self) -> bool:
        """Whether the person makes first contact only (a development representative)."""
        return bool(self.role == DEVELOPER)

    @property
    def inbox(self) -> list[Lead]:
        """MQLs handed to this person and not yet settled."""
        return [self.model.lead(i) for i in self._line(inbox_of(self.model.world.org[0], self.index), "leads")]

    @property
    def deals(self) -> list[Lead]:
        """Accepted leads and open opportunities."""
        return [self.model.lead(i) for i in self._line(deals_of(self.model.world.org[0], self.index), "leads")]

    def step(self) -> None:
        """Triage, what is owed, tasks by choice until the day is full."""
        if type(self).choose_task is Seller.choose_task:
            self.model.calls.seller(self.model.world, self.index)
            return
        self.morning()
        while self.left > 0:
            tasks = self.tasks()
            chosen = self.choose_task(tasks)
            if chosen is None:
                break
            self.perform(chosen)
        self.evening()

    def morning(self) -> None:
        """Begin the day: triage, obliged follow-up, the task list."""
        kernel.seller_morning(self.model.world, self.index)

    def evening(self) -> None:
        """End the day: what is left of it is idle."""
        kernel.seller_evening(self.model.world, self.index)

    def tasks(self) -> list[Task]:
        """What could be done now, in the order of the day's list."""
        world = self.model.world
        listed = world.tasks[: int(self.record["tasks"])]
        return [
            Task(
                k, TASK_NAMES[int(t["kind"])], self.model.lead(int(t["lead"])) if t["lead"] >= 0 else None,
                float(t["value"]), float(t["hours"]), bool(t["passes"]),
            )
            for k, t in enumerate(listed)
            if t["kind"] != DONE
        ]  # fmt: skip

    def choose_task(self, tasks: list[Task]) -> int | None:  # noqa: ARG002 - for those who override it
        """The next task's ``index``, or None to end the day. Default: the compiled rule."""
        chosen = int(kernel.seller_choice(self.model.world, self.index))
        return chosen if chosen >= 0 else None

    def perform(self, index: int) -> None:
        """Do one task of today's list.

        Refused when the day is full: what one day can bring has room in the arrays, not more.
        """
        if not 0 <= index < int(self.record["tasks"]) or self.model.world.tasks[index].kind == DONE:
            raise IndexError(f"task {index} is not among what is left of today's list")
        if self.left <= 0:
            raise ValueError(f"the day of seller {self.index} is full")
        kernel.seller_task(self.model.world, self.index, index)

    def _perform(self, kind: str, lead: Lead) -> None:
        """Do the task of this kind on this lead, if it is on today's list."""
        for task in self.tasks():
            if task.kind == kind and task.lead is lead:
                self.perform(task.index)
                return
        raise ValueError(f"today's list has no task '{kind}' on lead {lead.key}")

    def contact(self, lead: Lead) -> None:
        """Try to reach an MQL."""
        self._perform("contact", lead)

    def discover(self, lead: Lead) -> None:
        """Hold the discovery meeting with an accepted lead."""
        self._perform("discover", lead)

    def advance_deal(self, lead: Lead) -> None:
        """Work the next step of an opportunity."""
        self._perform("advance", lead)

    def close(self, lead: Lead) -> None:
        """Negotiate and close."""
        self._perform("close", lead)


class SuccessManager(Person):
    """A customer success manager (see :data:`sim.state.MANAGER_RECORD`)."""

    array = "managers"
    dtype = MANAGER_RECORD

    def step(self) -> None:
        """Onboard who waits, then visit customers in turn."""
        self.model.calls.manager(self.model.world, self.index)

    @property
    def customers(self) -> list[Any]:
        """Customers in care, next visit first."""
        line = accounts_of(self.model.world.org[0], self.index)
        return [self.model.customer(i) for i in self._line(line, "customers")]

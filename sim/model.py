"""The Mesa engine: the phases of a day over Mesa agents, the same rules, the same bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mesa
import numpy as np

from sim import kernel
from sim import state as S
from sim.agents import Customer, Lead, Marketer, Seller, SuccessManager
from sim.compiled import direct
from sim.configuration import load
from sim.engine import Result, advance, check_seed, days_of, finish, months_of, start_measuring
from sim.parameters import Incentives, ParameterError, Params
from sim.rules.tasks import Choice
from sim.world import build, make_room


class Calls:
    """Machine code of the phases, bound once (see :func:`sim.compiled.direct`)."""

    def __init__(self, world: S.World, choose: Choice | None) -> None:
        self.market = direct(kernel.market_phase, world)
        self.marketer = direct(kernel.marketer_phase, world, 0)
        self.seller: Callable[..., Any] = direct(kernel.seller_phase, world, 0)
        if choose is not None:
            self.seller = kernel.seller_phase_choosing(choose)
        self.manager = direct(kernel.manager_phase, world, 0)
        self.closing = direct(kernel.closing_phase, world)


class GTMModel(mesa.Model):
    """One go-to-market organisation as a Mesa model; one step is one business day.

    Parameters
    ----------
    params : Params or str
        Parameters, or the name (or file) of an organisation.
    seed : int
        Root seed of all draws.
    arm : str, optional
        Arm, when ``params`` is a name (default: siloed).
    marketer_class, seller_class, manager_class : type
        Subclasses with behaviour of your own.
    choose : compiled function, optional
        Another task-choice rule for sellers.
    felt : Incentives, optional
        Plans people believe they are paid by, if not those that are paid.
    world : World, optional
        Take over this state instead of a first morning (see :meth:`from_world`).
    collect : mesa.DataCollector, optional
        By default it collects ARR, customers, leads and MQLs.
    collect_every : int
        Business days between two collections, from the first day on (default: a month).
        ``mesa.batch_run`` looks up every step, so it needs 1.
    **overrides
        Parameters by dotted name, when ``params`` is a name (for ``mesa.batch_run``).

    Attributes
    ----------
    world : World
        The records; both engines work on it, so it can change hands at any day boundary.
    marketers, sellers, managers : list
        The people, by id.
    """

    def __init__(
        self,
        params: Params | str = "mid_market",
        seed: int = 1,
        arm: str | None = None,
        marketer_class: type[Marketer] = Marketer,
        seller_class: type[Seller] = Seller,
        manager_class: type[SuccessManager] = SuccessManager,
        choose: Choice | None = None,
        felt: Incentives | None = None,
        world: S.World | None = None,
        collect: mesa.DataCollector | None = None,
        collect_every: int = S.MONTH,
        **overrides: Any,
    ) -> None:
        super().__init__(seed=check_seed(seed))
        if isinstance(params, str):
            params = load(params, arm or "siloed", overrides)
        elif overrides or arm is not None:
            given = "arm" if arm is not None else next(iter(overrides))
            raise ParameterError(f"{given}: arms and overrides go with an organisation's name, not with Params.")
        self.params: Params = params
        self.seed = int(seed)
        self.choose = choose
        self.world = build(params, self.seed, months_of(params), felt) if world is None else world
        self.calls = Calls(self.world, choose)
        self._leads: list[Lead] = []
        self._customers: list[Customer] = []
        org = self.world.org[0]
        self.marketers = [marketer_class(self, i) for i in range(int(org["marketers"]))]
        self.sellers = [seller_class(self, i) for i in range(int(org["sellers"]))]
        self.managers = [manager_class(self, i) for i in range(int(org["managers"]))]
        self._begin_measuring()
        self.collect_every = collect_every
        self.datacollector = collect or mesa.DataCollector(
            model_reporters={
                "day": "day",
                "arr": "arr",
                "customers": lambda model: int(model.world.org[0]["living"]),
                "leads": lambda model: int(model.world.org[0]["leads"]),
                "mqls": lambda model: float(np.asarray(model.world.months["mqls"]).sum()),
            }
        )

    @classmethod
    def from_world(cls, params: Params, seed: int, world: S.World, **options: Any) -> GTMModel:
        """Open an organisation that the compiled engine has brought to some day."""
        return cls(params, seed, world=world, **options)

    # ---- time ---------------------------------------------------------------------

    @property
    def day(self) -> int:
        """Business days simulated so far."""
        return int(self.world.org[0]["day"])

    @property
    def arr(self) -> float:
        """Annual recurring revenue now, €."""
        return float(self.world.org[0]["arr"])

    def step(self) -> None:
        """One business day: the phases in order, agents by id within a phase."""
        if self.day >= days_of(self.params):
            self.running = False
            return
        make_room(self.world)
        self.calls.market(self.world)
        for marketer in self.marketers:
            marketer.step()
        for seller in self.sellers:
            seller.step()
        for manager in self.managers:
            manager.step()
        self.calls.closing(self.world)
        self._begin_measuring()
        if self.day % self.collect_every == 0:
            self.datacollector.collect(self)
        self.running = self.day < days_of(self.params)

    def _begin_measuring(self) -> None:
        """The burn-in ends when its last day is over."""
        if self.day == self.params.horizon.burn_in_months * S.MONTH:
            start_measuring(self.world)

    def run(self, days: int | None = None) -> None:
        """Step until the horizon, or for ``days``."""
        stop = days_of(self.params) if days is None else min(self.day + days, days_of(self.params))
        while self.day < stop:
            self.step()

    def run_compiled(self, days: int) -> None:
        """Let the compiled engine run ``days`` days on the same state, then come back.

        Behaviour of subclasses does not apply meanwhile.
        """
        stop = min(self.day + days, days_of(self.params))
        begin = self.params.horizon.burn_in_months * S.MONTH
        if self.day <= begin <= stop:
            advance(self.world, begin, self.choose)
            start_measuring(self.world)
        advance(self.world, stop, self.choose)
        self.steps = self.day
        self.running = self.day < days_of(self.params)

    def result(self) -> Result:
        """Measures and digest so far (a whole result once the horizon is reached)."""
        result = finish(self.world, self.params, self.seed)
        result.digest  # noqa: B018 - of this very day: the world goes on changing
        return result

    # ---- agents ---------------------------------------------------------------------

    def lead(self, index: int) -> Lead:
        """The agent of a lead."""
        self._meet()
        return self._leads[index]

    def customer(self, index: int) -> Customer:
        """The agent of a customer."""
        self._meet()
        return self._customers[index]

    def _meet(self) -> None:
        """Give every new lead and customer its agent (only when somebody looks)."""
        org = self.world.org[0]
        for index in range(len(self._leads), int(org["leads"])):
            self._leads.append(Lead(self, index))
        for index in range(len(self._customers), int(org["customers"])):
            self._customers.append(Customer(self, index))

    @property
    def agents(self) -> Any:
        """All agents, leads and customers included, as a ``mesa.agent.AgentSet``."""
        self._meet()
        return super().agents

    @property
    def agents_by_type(self) -> Any:
        """Agents by class, as ``mesa.agent.AgentSet``."""
        self._meet()
        return super().agents_by_type

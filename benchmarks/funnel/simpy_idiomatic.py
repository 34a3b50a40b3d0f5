"""The yardstick as an average good SimPy user would write it.

Marketers, sellers and the renewal of customers are processes of the environment, one random
generator serves all, and a seller keeps a plain list of its own leads. Not crippled: a process
for every lead that waits to expire and for every customer reads well too, but runs about 1.6
times as long.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from benchmarks.funnel.settings import Counts, Setting

Process = Generator[simpy.Event, Any, None]


def logistic(x: float) -> float:
    """Probability of a yes at log-odds ``x``."""
    return 1.0 / (1.0 + math.exp(-x))


class Lead:
    """A lead: hidden quality, a score that is a noisy view of it, a stage in the funnel."""

    def __init__(self, funnel: Funnel) -> None:
        self.funnel = funnel
        self.quality = funnel.random.gauss(0.0, 1.0)
        self.score = logistic(self.quality + funnel.setting.score_noise * funnel.random.gauss(0.0, 1.0))
        self.last_touch = funnel.env.now
        self.touches = 0
        self.stage = 0
        self.open = True

    def priority(self) -> float:
        """Score times freshness."""
        half = self.funnel.setting.freshness_days
        return self.score * (half / (half + (self.funnel.env.now - self.last_touch)))

    def expires(self) -> bool:
        """Whether nobody has touched the lead for too long."""
        return self.funnel.env.now - self.last_touch >= self.funnel.setting.days_to_expiry

    def touched(self) -> None:
        """Be touched by the seller: perhaps advance, perhaps get lost."""
        funnel, setting = self.funnel, self.funnel.setting
        advance = logistic(
            setting.advance_base + setting.advance_quality * self.quality - setting.advance_stage * self.stage
        )
        loss = logistic(setting.loss_base - setting.loss_quality * self.quality + setting.loss_touch * self.touches)
        advanced = funnel.random.random() < advance
        gone = funnel.random.random() < loss
        self.touches += 1
        self.last_touch = funnel.env.now
        funnel.touches += 1
        if advanced:
            self.stage += 1
        if self.stage == setting.advances_to_win:
            self.open = False
            funnel.won += 1
            funnel.customers += 1
        elif gone:
            self.open = False
            funnel.lost += 1


class Funnel:
    """The reduced funnel: its environment, its processes and what it counts."""

    def __init__(self, setting: Setting, seed: int) -> None:
        self.setting = setting
        self.env = simpy.Environment()
        self.random = random.Random(seed)
        self.rng = np.random.default_rng(seed)
        self.captured = self.touches = self.won = self.lost = self.expired = self.churned = 0
        self.customers = 0
        self.lists: list[list[Lead]] = [[] for _ in range(setting.sellers)]
        for _ in range(setting.marketers):
            self.env.process(self.marketer())
        for leads in self.lists:
            self.env.process(self.seller(leads))
        self.env.process(self.renewals())

    def marketer(self) -> Process:
        """Capture a Poisson number of leads a day and hand each to a random seller."""
        while True:
            number = int(self.rng.poisson(self.setting.leads_per_day))
            for _ in range(number):
                self.random.choice(self.lists).append(Lead(self))
            self.captured += number
            yield self.env.timeout(1)

    def seller(self, leads: list[Lead]) -> Process:
        """Let old leads expire, then touch the best of the day, by score times freshness."""
        while True:
            waiting = [lead for lead in leads if not lead.expires()]
            self.expired += len(leads) - len(waiting)
            for lead in heapq.nlargest(self.setting.touches_per_day, waiting, key=Lead.priority):
                lead.touched()
            leads[:] = [lead for lead in waiting if lead.open]
            yield self.env.timeout(1)

    def renewals(self) -> Process:
        """Let customers leave at the end of every month, half a day after its last touches."""
        yield self.env.timeout(self.setting.days_per_month - 0.5)
        while True:
            leaving = sum(self.random.random() < self.setting.churn_per_month for _ in range(self.customers))
            self.customers -= leaving
            self.churned += leaving
            yield self.env.timeout(self.setting.days_per_month)


def simulate(setting: Setting, seed: int) -> Funnel:
    """Run the SimPy model for all days and return it."""
    funnel = Funnel(setting, seed)
    funnel.env.run(until=setting.days)
    return funnel


def counts(funnel: Funnel) -> Counts:
    """Return how a finished run ended."""
    return Counts(
        leads=funnel.captured,
        touches=funnel.touches,
        open=sum(len(leads) for leads in funnel.lists),
        won=funnel.won,
        lost=funnel.lost,
        expired=funnel.expired,
        churned=funnel.churned,
    )

"""The yardstick as an average good Mesa user would write it.

Agent subclasses with a ``step``, agent sets by type and one per seller, the model's own random
generators, and agents that are removed when their story ends. Not crippled: a seller keeps its
own leads rather than filtering all leads of the model every day, and picks the best with a heap
rather than by sorting the set.
"""

from __future__ import annotations

import heapq
import math

import mesa
from mesa.agent import AgentSet

from benchmarks.funnel.settings import Counts, Setting


def logistic(x: float) -> float:
    """Probability of a yes at log-odds ``x``."""
    return 1.0 / (1.0 + math.exp(-x))


class Lead(mesa.Agent):
    """A lead: hidden quality, a score that is a noisy view of it, a stage in the funnel."""

    def __init__(self, model: Funnel, seller: Seller) -> None:
        super().__init__(model)
        setting = model.setting
        self.seller = seller
        self.quality = self.random.gauss(0.0, 1.0)
        self.score = logistic(self.quality + setting.score_noise * self.random.gauss(0.0, 1.0))
        self.last_touch = model.day
        self.touches = 0
        self.stage = 0
        seller.leads.add(self)

    def priority(self) -> float:
        """Score times freshness."""
        half = self.model.setting.freshness_days
        freshness: float = half / (half + (self.model.day - self.last_touch))
        return self.score * freshness

    def step(self) -> None:
        """Expire if untouched for too long."""
        if self.model.day - self.last_touch >= self.model.setting.days_to_expiry:
            self.model.expired += 1
            self.close()

    def close(self) -> None:
        """Leave the seller's list and the model."""
        self.seller.leads.discard(self)
        self.remove()

    def touched(self) -> None:
        """Be touched by the seller: perhaps advance, perhaps get lost."""
        model, setting = self.model, self.model.setting
        advance = logistic(
            setting.advance_base + setting.advance_quality * self.quality - setting.advance_stage * self.stage
        )
        loss = logistic(setting.loss_base - setting.loss_quality * self.quality + setting.loss_touch * self.touches)
        advanced = self.random.random() < advance
        gone = self.random.random() < loss
        self.touches += 1
        self.last_touch = model.day
        model.touches += 1
        if advanced:
            self.stage += 1
        if self.stage == setting.advances_to_win:
            model.won += 1
            Customer(model)
            self.close()
        elif gone:
            model.lost += 1
            self.close()


class Customer(mesa.Agent):
    """A won lead; may leave at the end of every month."""

    def renew(self) -> None:
        """Stay another month or leave."""
        if self.random.random() < self.model.setting.churn_per_month:
            self.model.churned += 1
            self.remove()


class Marketer(mesa.Agent):
    """Captures a Poisson number of leads a day and hands each to a random seller."""

    def step(self) -> None:
        """Capture today's leads."""
        number = self.rng.poisson(self.model.setting.leads_per_day)
        for _ in range(number):
            Lead(self.model, self.random.choice(self.model.sellers))
        self.model.captured += number


class Seller(mesa.Agent):
    """Touches its best leads every day."""

    def __init__(self, model: Funnel) -> None:
        super().__init__(model)
        self.leads = AgentSet([], random=self.random)

    def step(self) -> None:
        """Touch the best leads of the day, by score times freshness."""
        for lead in heapq.nlargest(self.model.setting.touches_per_day, self.leads, key=Lead.priority):
            lead.touched()


class Funnel(mesa.Model):
    """The reduced funnel."""

    def __init__(self, setting: Setting, seed: int | None = None) -> None:
        super().__init__(seed=seed)
        self.setting = setting
        self.day = 0
        self.captured = self.touches = self.won = self.lost = self.expired = self.churned = 0
        Marketer.create_agents(self, setting.marketers)
        self.sellers = list(Seller.create_agents(self, setting.sellers))

    def step(self) -> None:
        """One day."""
        self.agents_by_type[Marketer].do("step")
        if Lead in self.agents_by_type:
            self.agents_by_type[Lead].do("step")
        self.agents_by_type[Seller].shuffle_do("step")
        self.day += 1
        if self.day % self.setting.days_per_month == 0 and Customer in self.agents_by_type:
            self.agents_by_type[Customer].do("renew")


def simulate(setting: Setting, seed: int) -> Funnel:
    """Run the Mesa model for all days and return it."""
    model = Funnel(setting, seed=seed)
    for _ in range(setting.days):
        model.step()
    return model


def counts(model: Funnel) -> Counts:
    """Return how a finished run ended."""
    return Counts(
        leads=int(model.captured),
        touches=model.touches,
        open=len(model.agents_by_type.get(Lead, ())),
        won=model.won,
        lost=model.lost,
        expired=model.expired,
        churned=model.churned,
    )


def release(model: Funnel) -> None:
    """Free a finished model.

    Mesa up to 3.3 numbers its agents in a table on the class that holds every model for ever;
    without this, each run of a benchmark would slow the garbage collector in the next.
    """
    model.remove_all_agents()
    getattr(mesa.Agent, "_ids", {}).pop(model, None)

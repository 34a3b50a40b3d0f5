"""Leads and customers: they are acted on, so they have no step of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.agents.base import RecordAgent
from sim.rules.scoring import intent_at
from sim.state import CUSTOMER, DISPUTED, LEAD, OBLIGED, REAL, STAGE_NAMES, VIABLE

if TYPE_CHECKING:
    from sim.agents.people import Marketer, Seller


class Lead(RecordAgent):
    """A lead: fit, intent, stage, score and owners (see :data:`sim.state.LEAD`)."""

    array = "leads"
    dtype = LEAD

    @property
    def stage_name(self) -> str:
        """Stage in words."""
        return STAGE_NAMES[self.stage]

    @property
    def intent_now(self) -> float:
        """Intent today: it cools while nobody touches the lead."""
        return float(intent_at(self.model.world.params[0], self.record, float(self.model.day)))

    @property
    def viable(self) -> bool:
        """Whether it was worth its hours at hand-over."""
        return bool(self.marks & VIABLE)

    @property
    def real(self) -> bool:
        """Whether discovery met a real project (people do not see this)."""
        return bool(self.marks & REAL)

    @property
    def obliged(self) -> bool:
        """Whether follow-up is owed."""
        return bool(self.marks & OBLIGED)

    @property
    def disputed(self) -> bool:
        """Whether marketing and sales argued about it."""
        return bool(self.marks & DISPUTED)

    @property
    def owner_marketing(self) -> Marketer | None:
        """The marketer who captured it."""
        return self.model.marketers[self.marketer] if self.marketer >= 0 else None

    @property
    def owner_sales(self) -> Seller | None:
        """Who has it in sales now (or had it last)."""
        return self.model.sellers[self.seller] if self.seller >= 0 else None


class Customer(RecordAgent):
    """A customer: ARR, fit, unmet demand, what success was told (see :data:`sim.state.CUSTOMER`)."""

    array = "customers"
    dtype = CUSTOMER

    @property
    def active(self) -> bool:
        """Whether it is still a customer."""
        return bool(self.left < 0.0)

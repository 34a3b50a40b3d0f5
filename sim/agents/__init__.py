"""Mesa agents: the people, leads and customers of one organisation."""

from sim.agents.base import RecordAgent
from sim.agents.customers import Customer, Lead
from sim.agents.people import Marketer, Seller, SuccessManager, Task

__all__ = ["Customer", "Lead", "Marketer", "RecordAgent", "Seller", "SuccessManager", "Task"]

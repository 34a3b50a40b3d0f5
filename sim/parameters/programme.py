"""A transformation programme, and how ready the organisation is for one."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.parameters.declare import param
from sim.parameters.pay import Incentives

STAYS = -1.0  # as a target: the lever stays where it is
SEQUENCES = ("together", "process_first", "technology_first")


@dataclass(frozen=True)
class Programme:
    """A plan that moves levers from today to a target. It costs money, hours and patience.

    ``incentives`` is the pay plan it brings, None if pay stays: announced on the first day, in
    force from the next day on which every pay period of both plans begins.
    """

    name: str = param("none", "", "whether a programme is run at all", kind="lever", choices=("none", "change"))
    start_months: float = param(0.0, "months", "months after the burn-in at which it starts", 0, 1_200, kind="lever")
    duration_months: float = param(9.0, "months", "planned duration if everybody comes to every workshop", 1, 120, "triangular(4, 9, 18)", kind="lever")
    process: float = param(STAYS, "fraction", "planned position of process; −1: stays", -1, 1, kind="lever")
    data: float = param(STAYS, "fraction", "planned position of data; −1: stays", -1, 1, kind="lever")
    technology: float = param(STAYS, "fraction", "planned position of technology; −1: stays", -1, 1, kind="lever")
    shared_definition: float = param(STAYS, "fraction", "planned share of leads under an agreed rule; −1: stays", -1, 1, kind="lever")
    visibility: float = param(STAYS, "fraction", "planned visibility; −1: stays", -1, 1, kind="lever")
    feedback: float = param(STAYS, "fraction", "planned share of dispositions returned; −1: stays", -1, 1, kind="lever")
    sla_hours: float = param(STAYS, "hours", "planned mean routing delay; −1: stays", -1, 2_000, kind="lever")
    follow_up_obligation: float = param(STAYS, "fraction", "planned share of MQLs whose follow-up is owed; −1: stays", -1, 1, kind="lever")
    coordination_hours: float = param(STAYS, "hours/week", "planned agreed coordination a week; −1: stays", -1, 40, kind="lever")
    process_share: float = param(0.5, "fraction", "share of the work that goes into process and agreements", 0, 1, kind="lever")
    data_share: float = param(0.25, "fraction", "share of the work that goes into data; the rest goes into technology", 0, 1, kind="lever")
    sequence: str = param("together", "", "what is built first", kind="lever", choices=SEQUENCES)
    pilot_share: float = param(1.0, "fraction", "share of people it begins with", 0, 1, kind="lever")
    pilot_months: float = param(0.0, "months", "months until everybody else joins", 0, 120, kind="lever")
    mandate: float = param(0.0, "fraction", "how far the new way is ordered rather than offered", 0, 1, "uniform(0, 1)", kind="lever")
    workshop_hours: float = param(60.0, "hours", "hours of workshops and training a person needs per lever moved from 0 to 1", 0, 2_000, "lognormal(60, 0.5)")
    cost: float = param(0.0, "€", "external cost over the planned duration; a programme that takes longer costs more", 0, 1e12, kind="lever")
    incentives: Incentives | None = field(default=None)


@dataclass(frozen=True)
class Readiness:
    """How ready people are for change: what an audit of marketing, sales and management finds."""

    priority: float = param(0.5, "fraction", "rank of the programme among what people have to do", 0, 1, "beta(0.5, 8)")
    priority_spread: float = param(0.15, "", "spread of that rank between people (sd)", 0, 1, "uniform(0, 0.3)")
    leadership: float = param(0.5, "fraction", "support by management: takes part, defends the time", 0, 1, "beta(0.5, 8)", source="Becker, Greve & Albers 2009; Le Meunier-FitzHugh et al. 2011", grade="B")
    pain: float = param(0.5, "fraction", "how much people suffer from how things are", 0, 1, "beta(0.5, 8)")
    sharing: float = param(0.4, "fraction", "how readily people show each other how they work", 0, 1, "beta(0.4, 8)")
    attendance_steepness: float = param(5.0, "", "how sharply attendance turns on priority against workload", 0, 100, "uniform(2, 10)")
    adoption_rate: float = param(0.15, "1/week", "chance a week that a trained person takes up the new way, with everybody around doing so", 0, 1, "uniform(0.05, 0.3)")
    rejection_rate: float = param(0.04, "1/week", "chance a week that somebody who is overloaded gives it up", 0, 1, "uniform(0.01, 0.1)", source="widely rejected at six months: Speier & Venkatesh 2002", grade="B")
    learning_months: float = param(3.0, "months", "until a record entered the new way takes no longer than before", 0, 60, "triangular(1, 3, 9)")
    learning_extra: float = param(0.5, "ratio", "how much longer a record takes at first, and where old and new way run side by side", 0, 10, "uniform(0.2, 1)")
    overrun: float = param(2.0, "ratio", "times the planned duration after which management loses patience", 1, 20, "uniform(1.2, 3)")

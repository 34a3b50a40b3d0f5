"""What the organisation chooses besides pay: alignment, capability, and how long we look."""

from __future__ import annotations

from dataclasses import dataclass

from sim.parameters.declare import param


@dataclass(frozen=True)
class Alignment:
    """Dials of marketing–sales alignment: what people know and agreed, never an outcome."""

    shared_definition: float = param(0.2, "fraction", "share of leads scored under a rule both sides agreed", 0, 1, "beta(0.45, 8)", kind="lever", source="36–49 % agree; origin not found", grade="E")
    visibility: float = param(0.15, "fraction", "marketers see closes, sellers see how a score came about, peers see results", 0, 1, "beta(0.4, 4)", kind="lever", source="audience overlap 16 %, 7,046 organisations", grade="C")
    feedback: float = param(0.15, "fraction", "share of lead dispositions that sellers return", 0, 1, "beta(0.35, 4)", kind="lever")
    sla_hours: float = param(24.0, "hours", "mean routing delay of a lead not routed automatically (working days × 24)", 0, 2_000, "lognormal(24, 0.6)", kind="lever", source="first response mean 39–47 h", grade="D")
    follow_up_obligation: float = param(0.0, "fraction", "share of MQLs whose follow-up sellers owe in order of arrival", 0, 1, "uniform(0, 0.8)", kind="lever")
    obligation_form: str = param("first_touch", "", "what is owed: the first touch, or every attempt", kind="lever", choices=("first_touch", "every_attempt"))
    obligation_cap: int = param(4, "leads/day", "obliged leads a person works at most in a day", 0, 10_000, kind="lever")
    coordination_hours: float = param(0.0, "hours/week", "agreed weekly coordination of each person in marketing and sales", 0, 40, "gamma(1.5, 4)", kind="lever")
    audit_share: float = param(0.0, "fraction", "share of unpursued leads that are checked and reported back", 0, 1, kind="lever")
    score_owner: str = param("marketing", "", "who may amend the recorded score of a lead", kind="lever", choices=("marketing", "neutral", "sellers"))


@dataclass(frozen=True)
class Capability:
    """State of process, data and technology. They act on events only."""

    process: float = param(0.35, "fraction", "steps written down, checked at the source, routed automatically", 0, 1, "beta(0.4, 6)", kind="lever")
    data: float = param(0.45, "fraction", "fields captured, and captured right", 0, 1, "beta(0.45, 6)", kind="lever")
    technology: float = param(0.4, "fraction", "volume per hour, and automation of written steps", 0, 1, "beta(0.4, 6)", kind="lever")
    technology_volume: float = param(0.5, "ratio", "extra volume per generating or nurturing hour at technology 1", 0, 10, "uniform(0.2, 1)")
    field_base: float = param(0.25, "fraction", "chance that a field is captured at data 0", 0, 1)
    field_data: float = param(0.55, "fraction", "what data 1 adds to that chance", 0, 1)
    cross_base: float = param(0.35, "fraction", "chance that a captured field reaches the seller without process or visibility", 0, 1)
    wrong_base: float = param(0.25, "fraction", "chance that a captured field is wrong in a poor process", 0, 1, "uniform(0.1, 0.4)")
    wrong_process: float = param(0.6, "fraction", "part of those errors that checks at the source prevent", 0, 1)
    wrong_data: float = param(0.4, "fraction", "part of those errors that data care prevents", 0, 1)
    wrong_technology: float = param(0.6, "fraction", "errors that technology adds on an unwritten process", 0, 5)
    duplicate_share: float = param(0.25, "fraction", "records duplicated by technology 1 on process 0", 0, 1)


@dataclass(frozen=True)
class Horizon:
    """How long is simulated and from when on it counts."""

    months: int = param(24, "months", "measured months", 0, 1_200, kind="setting", grade="-", source="convention")
    burn_in_months: int = param(6, "months", "months simulated first and not measured", 0, 1_200, kind="setting", grade="-", source="convention")
    days: int = param(0, "days", "measured days after the burn-in beyond whole months (for tests and short looks)", 0, 20, kind="setting", grade="-", source="convention")

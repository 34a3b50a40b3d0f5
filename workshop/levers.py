"""What a team may set: levers with bounds, who holds them, what they cost, and the parameters they become.

A *plan* maps levers to values. What it leaves out stays as today in the organisation, so the
empty plan is the arm ``siloed``. Points are a rule of the workshop (attention is scarce): they
limit a plan and never enter the simulation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sim.configuration import compose
from sim.parameters import Params

Value = float | str
Plan = Mapping[str, Value]
Role = Literal["marketing", "sales", "management"]
Unit = Literal["percent", "times", "months", "hours", "hours_week"]
ROLES: tuple[Role, ...] = ("marketing", "sales", "management")
KINDS = ("siloed", "shared", "free", "break")  # of rounds
BASELINE = "siloed"  # the arm that a plan changes
PAID_FOR = ("mql", "lead_captured", "accepted_lead", "opportunity")
OWNERS = ("marketing", "neutral", "sellers")
MOST_ATTACKS = 3  # levers that a red team may move


class PlanError(ValueError):
    """A plan that the rules do not allow.

    Attributes
    ----------
    reason : str
        Key of a text in ``locale``, under ``refused``.
    values : dict
        What fills its blanks.
    """

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(f"{reason} {values}" if values else reason)
        self.reason, self.values = reason, values


@dataclass(frozen=True)
class Lever:
    """One thing that can be set.

    Attributes
    ----------
    name : str
        Key in plans and texts.
    role : {"marketing", "sales", "management"}
        Who sets it in siloed rounds.
    rounds : tuple of str
        Kinds of rounds in which it can be set.
    parameter : str
        Dotted name of the parameter; empty for a term of the pay plan.
    choices : tuple of str
        Words it can take; empty for a number.
    low, high, step, unit : float, str
        Bounds and grid of a number, as people see it (percent, not fractions).
    start : float or str, optional
        Today's value where the siloed pay plan says it, and not the organisation.
    points : float
        What the whole way from ``low`` to ``high`` costs (downwards where ``dear_down``).
    dear_down : bool
        Whether it is the lower value that costs.
    """

    name: str
    role: Role
    rounds: tuple[str, ...]
    parameter: str = ""
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 100.0
    step: float = 5.0
    unit: Unit = "percent"
    start: Value | None = None
    points: float = 0.0
    dear_down: bool = False

    def check(self, value: object) -> Value:
        """The value on the lever's grid; anything else is refused."""
        if self.choices:
            if value not in self.choices:
                raise PlanError("choice", lever=self.name)
            return str(value)
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            raise PlanError("number", lever=self.name) from None
        if not self.low <= number <= self.high:
            raise PlanError("bounds", lever=self.name, low=f"{self.low:g}", high=f"{self.high:g}")
        return self._on_grid(number)

    def _on_grid(self, number: float) -> float:
        return round(self.low + round((number - self.low) / self.step) * self.step, 6)

    def today(self, organisation: str) -> Value:
        """Where it stands today, on its grid."""
        if self.start is not None:
            return self.start
        theme, name = self.parameter.split(".")
        value = getattr(getattr(status_quo(organisation), theme), name)
        if self.choices:
            return str(value)
        return self._on_grid(min(max(value * self.scale, self.low), self.high))

    @property
    def scale(self) -> float:
        """Units that people see in one unit of the parameter."""
        return 100.0 if self.unit == "percent" else 1.0

    def cost(self, value: Value, organisation: str) -> float:
        """Points for moving it from today's position to ``value``; nothing is given back."""
        if not self.points or isinstance(value, str):
            return 0.0
        moved = value - float(self.today(organisation))
        return self.points * max(-moved if self.dear_down else moved, 0.0) / (self.high - self.low)


_ALL, _LATER, _FREE = KINDS, ("shared", "free", "break"), ("free", "break")
_DESIGN = ("shared", "free")  # what a red team cannot touch: it abuses pay and records, it does not buy systems

LEVERS: dict[str, Lever] = {
    lever.name: lever
    for lever in (
        Lever("paid_for", "marketing", _ALL, choices=PAID_FOR, start="mql"),
        Lever("paid_share", "marketing", _ALL, start=85.0),
        Lever("shared_marketing", "marketing", _LATER, start=0.0),
        Lever("accelerator", "sales", _ALL, low=1, high=3, step=0.5, unit="times", start=1.0),
        Lever("low_score", "sales", _ALL, low=1, high=4, step=0.5, unit="times", start=1.0),
        Lever("clawback", "sales", _ALL, low=0, high=12, step=3, unit="months", start=0.0),
        Lever("shared_sales", "sales", _LATER, start=0.0),
        Lever("definition", "management", ("siloed", *_DESIGN), "alignment.shared_definition", points=25),
        Lever("visibility", "management", ("siloed", *_DESIGN), "alignment.visibility", points=25),
        Lever("feedback", "management", ("siloed", *_DESIGN), "alignment.feedback", points=25),
        Lever("coordination", "management", ("siloed", *_DESIGN), "alignment.coordination_hours",
              high=4, step=0.5, unit="hours_week"),
        Lever("routing", "management", _DESIGN, "alignment.sla_hours",
              low=2, high=48, step=2, unit="hours", points=15, dear_down=True),
        Lever("obligation", "management", _LATER, "alignment.follow_up_obligation"),
        Lever("score_owner", "management", _LATER, "alignment.score_owner", choices=OWNERS),
        Lever("process", "management", ("free",), "capability.process", points=40),
        Lever("data", "management", ("free",), "capability.data", points=25),
        Lever("technology", "management", ("free",), "capability.technology", points=25),
    )
}  # fmt: skip
BUDGET: dict[str, float] = {"siloed": 15.0, "shared": 50.0, "free": 80.0, "break": 80.0}


@lru_cache(maxsize=64)
def status_quo(organisation: str) -> Params:
    """The organisation as it is today: the arm ``siloed``."""
    return compose(organisation, BASELINE, [])


def open_levers(kind: str, role: Role | None = None) -> list[Lever]:
    """Levers of a kind of round; in siloed rounds those of one role."""
    return [
        lever for lever in LEVERS.values()
        if kind in lever.rounds and (role is None or kind != "siloed" or lever.role == role)
    ]  # fmt: skip


def cost(plan: Plan, organisation: str) -> float:
    """Points that a plan costs."""
    return sum(LEVERS[name].cost(value, organisation) for name, value in plan.items())


def changed(base: Plan, moves: Mapping[str, object], allowed: Iterable[Lever], organisation: str) -> dict[str, Value]:
    """``base`` with checked moves; a lever moved back to today's position is left out."""
    known = {lever.name: lever for lever in allowed}
    plan = dict(base)
    for name, value in moves.items():
        if name not in known:
            raise PlanError("lever")
        checked = known[name].check(value)
        if checked == known[name].today(organisation):
            plan.pop(name, None)
        else:
            plan[name] = checked
    return plan


def moved(plan: Plan, base: Plan) -> list[str]:
    """Levers that stand elsewhere than in ``base``."""
    return [name for name in LEVERS if plan.get(name) != base.get(name)]


def arm(plan: Plan) -> dict[str, Any]:
    """What a file in ``configs/arm`` would say of the plan."""
    tree: dict[str, Any] = {"incentives": _pay(plan), "alignment": {}, "capability": {}, "programme": "none"}
    for name, value in plan.items():
        lever = LEVERS[name]
        if lever.parameter:
            theme, key = lever.parameter.split(".")
            tree[theme][key] = value if isinstance(value, str) else value / lever.scale
    return {theme: content for theme, content in tree.items() if content}


def _pay(plan: Plan) -> dict[str, Any]:
    def at(name: str) -> float:
        value = plan.get(name, LEVERS[name].start)
        assert isinstance(value, float | int)
        return float(value)

    tree: dict[str, Any] = {"preset": BASELINE}
    shared = at("shared_marketing") / 100
    if plan.keys() & {"paid_for", "paid_share", "shared_marketing"}:
        event, share = plan.get("paid_for", "mql"), at("paid_share") / 100
        own = {"lead_captured": 1.0} if event == "lead_captured" else {str(event): share, "lead_captured": 1 - share}
        tree["marketer"] = _terms(own, shared, "month")
        tree["developer"] = _terms({"meeting": 1.0}, shared, "month")
    if plan.keys() & {"accelerator", "low_score", "clawback", "shared_sales"}:
        term = {
            "target": "quota", "accelerator": at("accelerator"),
            "low_score_multiplier": at("low_score"), "clawback_months": int(at("clawback")),
        }  # fmt: skip
        tree["seller"] = _terms({"won_acv": 1.0}, at("shared_sales") / 100, "quarter", term)
    return tree


def _terms(
    own: Mapping[str, float], shared: float, period: str, more: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    terms = [
        {"event": event, "weight": round(weight * (1 - shared), 6), "period": period, **(more or {})}
        for event, weight in own.items() if weight * (1 - shared) > 0
    ]  # fmt: skip
    if shared > 0:
        terms.append({"event": "won_acv", "weight": shared, "scope": "company", "period": "quarter"})
    return terms


def params(plan: Plan, organisation: str) -> Params:
    """The plan as checked parameters: those of ``gtm compare`` with the plan's arm file."""
    return compose(organisation, BASELINE, [arm(plan)])

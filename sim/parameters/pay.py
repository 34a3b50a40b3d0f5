"""Pay plans: composable terms. A new plan is a YAML file, not code.

A role's plan is a list of terms. A term pays ``rate`` euros for each unit of an
``event`` (for ``won_acv``, ``retained_arr``, ``expansion_arr`` and
``company_revenue`` a unit is one euro), or, instead of a rate, a ``weight``: the
share of the role's on-target variable pay that the term earns at reference
performance. With ``cost_neutral`` a role's terms are scaled so that at the
calibrated baseline every plan costs the same: a comparison of design, not of level.
What a role's plan leaves unpaid of its variable pay goes to base pay.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from enum import IntEnum

from sim.parameters.declare import ParameterError, nearest, number


class Event(IntEnum):
    """What a term can pay for. Units: number of events, or euros where marked."""

    lead_captured = 0
    mql = 1
    meeting = 2
    accepted_lead = 3
    opportunity = 4
    won_deal = 5
    won_acv = 6  # €
    retained_arr = 7  # € of ARR kept, a twelfth of it each month
    expansion_arr = 8  # €
    company_revenue = 9  # € recognised, a twelfth of ARR each month


N_EVENTS = len(Event)
# Wins whose recorded score was low are counted apart, for the low-score multiplier.
WON_DEAL_LOW = N_EVENTS
WON_ACV_LOW = N_EVENTS + 1
N_COUNTS = N_EVENTS + 2


class Scope(IntEnum):
    """Whose events count. Pooled scopes pay each member the pool's average."""

    individual = 0
    pod = 1
    team = 2
    company = 3


class Period(IntEnum):
    """When a term is reckoned and paid."""

    month = 0
    quarter = 1
    year = 2


class Role(IntEnum):
    """Kinds of employees."""

    marketer = 0
    developer = 1
    seller = 2
    success = 3


N_ROLES = len(Role)
QUOTA = "quota"
WINS = (Event.won_acv.name, Event.won_deal.name)


@dataclass(frozen=True)
class Term:
    """One term of a pay plan.

    Attributes
    ----------
    event, scope, period : str
        Names from :class:`Event`, :class:`Scope`, :class:`Period`.
    weight : float or None
        Share of the role's variable pay earned at reference performance.
    rate : float or None
        Euros for each unit, instead of ``weight``.
    target : float, "quota" or None
        Units asked for in the period; ``quota`` is the seller's own quota.
    cliff : float
        Attainment below which the term pays nothing (0: none).
    cap : float
        Attainment above which the term pays no more (0: none).
    accelerator : float
        Factor on the rate above target (1: none).
    low_score_multiplier : float
        Factor on wins whose recorded score is below the organisation's low-score bar; of wins only.
    clawback_months : int
        The plain rate of a win is taken back if the customer leaves within so many months; of own wins
        only, and where neither a cliff nor a cap nor an accelerator below 1 may have kept that rate back.
    """

    event: str
    weight: float | None = None
    rate: float | None = None
    scope: str = "individual"
    period: str = "month"
    target: float | str | None = None
    cliff: float = 0.0
    cap: float = 0.0
    accelerator: float = 1.0
    low_score_multiplier: float = 1.0
    clawback_months: int = 0


@dataclass(frozen=True)
class Incentives:
    """A pay plan for every role, plus base pay.

    Attributes
    ----------
    marketer, developer, seller, success : tuple of Term
        The role's terms; an empty tuple is a flat salary.
    cost_neutral : bool
        Scale each role's terms so that the plan costs the on-target variable pay at
        the calibrated baseline.
    low_score_quantile : float
        Recorded scores below this quantile of the scores past the unagreed bar are "low".
    """

    name: str = "flat_salary"
    marketer: tuple[Term, ...] = field(default=())
    developer: tuple[Term, ...] = field(default=())
    seller: tuple[Term, ...] = field(default=())
    success: tuple[Term, ...] = field(default=())
    cost_neutral: bool = True
    low_score_quantile: float = 0.4

    def terms(self, role: Role) -> tuple[Term, ...]:
        """Terms of one role."""
        found: tuple[Term, ...] = getattr(self, role.name)
        return found


def _number(key: str, value: object, low: float, high: float) -> float:
    plain = number(value)
    if plain is None or not low <= plain <= high:
        raise ParameterError(f"{key}={value!r}: a number from {low:g} to {high:g} is needed.")
    return float(plain)


def _word(key: str, value: object, kind: type[IntEnum]) -> str:
    names = [member.name for member in kind]
    if value not in names:
        raise ParameterError(f"{key}={value!r}: allowed are {', '.join(names)}.{nearest(str(value), names)}")
    return str(value)


def term_from_dict(key: str, given: object) -> Term:
    """Build a checked :class:`Term` from a mapping; ``key`` is its dotted name for messages."""
    if isinstance(given, Term):
        given = dataclasses.asdict(given)
    if not isinstance(given, dict):
        raise ParameterError(f"{key}={given!r}: a term is a mapping with an event and a weight or a rate.")
    names = [f.name for f in dataclasses.fields(Term)]
    for name in given:
        if name not in names:
            known = f"a term has {', '.join(names)}.{nearest(str(name), names)}"
            raise ParameterError(f"{key}.{name}={given[name]!r}: unknown; {known}")
    if "event" not in given:
        raise ParameterError(f"{key}: the event is missing; allowed are {', '.join(e.name for e in Event)}.")
    weight, rate = given.get("weight"), given.get("rate")
    if (weight is None) == (rate is None):
        raise ParameterError(f"{key}: give either a weight (share of variable pay) or a rate (€ per unit).")
    target = given.get("target")
    if isinstance(target, str) and target != QUOTA:
        raise ParameterError(f"{key}.target={target!r}: a number above 0 is needed, or '{QUOTA}'.{nearest(target, [QUOTA])}")
    if target is not None and target != QUOTA:
        target = _number(f"{key}.target", target, 1e-9, 1e15)
    cliff = _number(f"{key}.cliff", given.get("cliff", 0.0), 0, 10)
    cap = _number(f"{key}.cap", given.get("cap", 0.0), 0, 100)
    accelerator = _number(f"{key}.accelerator", given.get("accelerator", 1.0), 0, 20)
    if target is None and (cliff or cap or accelerator != 1.0):
        raise ParameterError(f"{key}: a cliff, a cap or an accelerator needs a target (a number or 'quota').")
    months = _number(f"{key}.clawback_months", given.get("clawback_months", 0), 0, 120)
    if months != int(months):
        raise ParameterError(f"{key}.clawback_months={months!r}: a whole number of months is needed.")
    event = _word(f"{key}.event", given["event"], Event)
    pooled = event == Event.company_revenue.name  # nobody makes revenue alone
    scope = _word(f"{key}.scope", given.get("scope", "company" if pooled else "individual"), Scope)
    if pooled and scope != "company":
        raise ParameterError(f"{key}.scope={scope!r}: {event} needs scope company.")
    multiplier = _number(f"{key}.low_score_multiplier", given.get("low_score_multiplier", 1.0), 0, 20)
    if multiplier != 1.0 and event not in WINS:
        raise ParameterError(f"{key}.low_score_multiplier={multiplier:g}: it needs {' or '.join(WINS)}, not {event}.")
    if months and event not in WINS:
        raise ParameterError(f"{key}.clawback_months={months:g}: a claw-back needs {' or '.join(WINS)}, not {event}.")
    if months and scope != "individual":
        raise ParameterError(f"{key}.clawback_months={months:g}: a claw-back needs scope individual, not {scope}.")
    if months and (cliff or cap or accelerator < 1.0):
        raise ParameterError(
            f"{key}.clawback_months={months:g}: a claw-back takes back the plain rate of a win, which a cliff, a cap "
            "or an accelerator below 1 may never have paid; leave one of them out."
        )
    return Term(
        event=event,
        weight=None if weight is None else _number(f"{key}.weight", weight, 0, 10),
        rate=None if rate is None else _number(f"{key}.rate", rate, 0, 1e9),
        scope=scope,
        period=_word(f"{key}.period", given.get("period", "month"), Period),
        target=target,
        cliff=cliff,
        cap=cap,
        accelerator=accelerator,
        low_score_multiplier=multiplier,
        clawback_months=int(months),
    )


def incentives_from_dict(given: dict[str, object]) -> Incentives:
    """Build checked :class:`Incentives` from a mapping of roles to lists of terms."""
    names = [f.name for f in dataclasses.fields(Incentives)]
    checked: dict[str, object] = {}
    for name, value in given.items():
        key = f"incentives.{name}"
        if name in Role.__members__:
            if not isinstance(value, (list, tuple)):
                raise ParameterError(f"{key}={value!r}: a list of terms is needed ([] is a flat salary).")
            terms = tuple(term_from_dict(f"{key}[{i}]", term) for i, term in enumerate(value))
            for i, term in enumerate(terms):
                if term.target == QUOTA and name != Role.seller.name:
                    raise ParameterError(f"{key}[{i}].target='quota': only sellers have a quota; give a number.")
            checked[name] = terms
        elif name == "cost_neutral":
            if not isinstance(value, bool):
                raise ParameterError(f"{key}={value!r}: allowed are true and false.")
            checked[name] = value
        elif name == "low_score_quantile":
            checked[name] = _number(key, value, 0, 1)
        elif name == "name":
            checked[name] = str(value)
        else:
            raise ParameterError(f"{key}: unknown; incentives have {', '.join(names)}.{nearest(name, names)}")
    return Incentives(**checked)  # type: ignore[arg-type]

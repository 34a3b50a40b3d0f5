"""A client today: who it is, what its audit says, and going on as it is; and how a number over runs is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Words = Mapping[str, str]
QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)


@dataclass(frozen=True)
class Fan:
    """A trajectory over months with its spread over parameters and luck.

    Attributes
    ----------
    mean, q025, q10, q50, q90, q975 : tuple of float
        One value a month.
    """

    mean: tuple[float, ...]
    q025: tuple[float, ...]
    q10: tuple[float, ...]
    q50: tuple[float, ...]
    q90: tuple[float, ...]
    q975: tuple[float, ...]


@dataclass(frozen=True)
class Estimate:
    """A number over parameters and luck.

    Attributes
    ----------
    mean : float
        Expected value.
    low, high : float
        2.5 % and 97.5 % quantile of what this client may meet: parameters and luck.
    q10, q50, q90 : float
        Quantiles of the same.
    mean_low, mean_high : float
        95 % interval of the mean itself: what more draws would narrow.
    probability_positive : float
        Share of runs in which it is above zero.
    n : int
        Runs that gave a value.
    """

    mean: float
    low: float
    high: float
    q10: float
    q50: float
    q90: float
    mean_low: float
    mean_high: float
    probability_positive: float
    n: int


@dataclass(frozen=True)
class Fact:
    """Something the answer rests on.

    Attributes
    ----------
    key : str
        As in the client file (``people.sellers``) or the parameter book (``market.win_hours``).
    label : mapping
        In words.
    value : float, str or None
        Centre where it is uncertain.
    low, high : float or None
        95 % range where it is uncertain.
    unit : str
        As in the parameter book; ``€`` stands for the client's currency.
    source : {"given", "fitted", "matched", "audit", "assumed"}
        By the client, from its CRM export, moved until the runs show the deals and the churn it gives, from the
        audit, or from the profile.
    grade : str
        Evidence grade of an assumed value (A–E, judgement); ``-`` for others.
    origin : str
        Where an assumed value comes from.
    """

    key: str
    label: Words
    value: float | str | None
    low: float | None
    high: float | None
    unit: str
    source: str
    grade: str
    origin: str


@dataclass(frozen=True)
class Client:
    """Who it is about, and the conventions of its money.

    Attributes
    ----------
    name, currency : str
        Currency as ISO 4217.
    profile : str
        Organisation profile that everything not given comes from.
    first_month : str
        First month of the horizon, ``2027-01``.
    months : int
        Horizon.
    discount_rate, tax_rate : float
        A year, nominal; on profit, losses offset other profit.
    facts : tuple of Fact
        Inputs first given ones, then the assumed ones.
    warnings : tuple of mapping
        What looked odd in the file, in words.
    """

    name: str
    currency: str
    profile: str
    first_month: str
    months: int
    discount_rate: float
    tax_rate: float
    facts: tuple[Fact, ...]
    warnings: tuple[Words, ...]


@dataclass(frozen=True)
class Answer:
    """One question of the audit and the three answers, each 1 (worst) to 5 (best) or None.

    Attributes
    ----------
    gap : float or None
        Largest answer less smallest, of 4.
    said : mapping of str to str
        Free words by who said them, where the question asks for words.
    """

    question: str
    text: Words
    marketing: float | None
    sales: float | None
    management: float | None
    gap: float | None
    said: Mapping[str, str]


@dataclass(frozen=True)
class LeverRange:
    """What the audit makes of a lever or of readiness: its range in the runs.

    Attributes
    ----------
    key : str
        ``alignment.visibility``, ``readiness.priority``, …
    low, mean, high : float
        95 % range and mean.
    gap : float
        Mean gap between the answers behind it, as a share of the scale; it widened the range.
    questions : tuple of str
        Questions behind it.
    """

    key: str
    label: Words
    unit: str
    low: float
    mean: float
    high: float
    gap: float
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Audit:
    """The audit; empty where none was given."""

    answers: tuple[Answer, ...]
    ranges: tuple[LeverRange, ...]
    gap: float | None


@dataclass(frozen=True)
class Waste:
    """Paid time wasted by a role for a cause, a year, going on as today.

    Attributes
    ----------
    role, cause : str
        Names of the hours account.
    basis : {"events", "manual", "slack"}
        What it rests on: counted events, steps that a machine could do, or idle time.
    hours : Estimate
        Hours a year.
    money : Estimate
        The same at loaded cost: capacity, no cash.
    """

    role: str
    cause: str
    role_label: Words
    cause_label: Words
    basis: str
    hours: Estimate
    money: Estimate


@dataclass(frozen=True)
class StatusQuo:
    """Going on as today, month by month.

    Attributes
    ----------
    monthly : mapping of str to Fan
        ``arr``, ``new_arr``, ``churned_arr``, ``gtm_profit`` (before tax), ``wasted_hours``, ``wasted_money``.
    closing_arr, growth, wasted_share, wasted_hours, wasted_money : Estimate
        ARR at the end; annualised growth; share of paid time; a year.
    waste : tuple of Waste
        By role and cause, largest first.
    """

    monthly: Mapping[str, Fan]
    closing_arr: Estimate
    growth: Estimate
    wasted_share: Estimate
    wasted_hours: Estimate
    wasted_money: Estimate
    waste: tuple[Waste, ...]

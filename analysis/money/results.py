"""What ``gtm inaction`` finds out about one client, as plain values: the content of ``summary.json``.

Every amount is in the client's currency, every rate a fraction, every month counted from 1,
the first month after today. Nothing here is computed: :mod:`analysis.money.assess` fills it,
reports read it. What has words has them in English and Spanish (``{"en": …, "es": …}``).
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.twins import Ledger

Words = Mapping[str, str]
QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
FILE = "summary.json"


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
        95 % interval of what this client may meet: parameters and luck.
    q10, q50, q90 : float
        Quantiles of the same.
    mean_low, mean_high : float
        95 % interval of the mean itself: what more draws would narrow.
    probability_positive : float
        Share of draws in which it is above zero.
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
    source : {"given", "fitted", "audit", "assumed"}
        By the client, from its CRM export, from the audit, or from the profile.
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


@dataclass(frozen=True)
class Components:
    """Mean cash flow by month by what it is; costs are negative, and the parts sum to ``net``.

    Attributes
    ----------
    margin : tuple of float
        Gross margin on recurring revenue.
    pay : tuple of float
        Loaded pay, base and variable.
    programme : tuple of float
        External cost of the programme.
    tax : tuple of float
        Tax on the three.
    net : tuple of float
        After tax.
    """

    margin: tuple[float, ...]
    pay: tuple[float, ...]
    programme: tuple[float, ...]
    tax: tuple[float, ...]
    net: tuple[float, ...]


@dataclass(frozen=True)
class Payback:
    """When cumulated cash flow stays at or above zero.

    Attributes
    ----------
    share : float
        Share of runs in which it does within the horizon.
    q10, q50, q90 : float or None
        Month in which it does, over all runs; None: not within the horizon.
    of_mean : int or None
        Month in which the mean cash flow does.
    """

    share: float
    q10: float | None
    q50: float | None
    q90: float | None
    of_mean: int | None


@dataclass(frozen=True)
class Rate:
    """Internal rate of return a year, where there is exactly one.

    Attributes
    ----------
    share : float
        Share of runs in which it is defined.
    q10, q50, q90 : float or None
        Over these runs.
    of_mean : float or None
        Of the mean cash flow.
    """

    share: float
    q10: float | None
    q50: float | None
    q90: float | None
    of_mean: float | None


@dataclass(frozen=True)
class Start:
    """A programme begun after a delay, against going on as today.

    Attributes
    ----------
    delay_months : int or None
        0: now; None: never.
    cash, cumulative : Fan
        Net cash flow a month, and cumulated (not discounted).
    components : Components
        Means: what a spreadsheet recomputes the mean NPV from.
    npv : Estimate
        Net present value today, over the horizon, no terminal value.
    npv_with_tail : Estimate
        With the ARR gained by the end valued until it has churned away.
    payback, irr : Payback, Rate
    break_even_cost : Estimate
        External cost at which the NPV would be zero.
    given_up : Estimate
        NPV of starting now less NPV of this start.
    probability_waiting_was_right : float
        Share of runs in which this start has a higher NPV than starting now.
    success, failure, adoption : float or None
        Share of runs in which the programme realises at least 80 %, less than 50 % of its plan;
        mean share of people who work the new way at the end.
    """

    delay_months: int | None
    cash: Fan
    cumulative: Fan
    components: Components
    npv: Estimate
    npv_with_tail: Estimate
    payback: Payback
    irr: Rate
    break_even_cost: Estimate
    given_up: Estimate
    probability_waiting_was_right: float
    success: float | None
    failure: float | None
    adoption: float | None


@dataclass(frozen=True)
class Part:
    """What a part of the programme adds to its NPV before external cost (Shapley); parts sum to the whole."""

    part: str
    label: Words
    npv: Estimate


@dataclass(frozen=True)
class Decomposition:
    """Who makes the gain, programme begun now.

    Attributes
    ----------
    parts : tuple of Part
        ``pay``, ``agreements``, ``capability``, as far as the programme has them.
    whole : Estimate
        NPV before external cost: the sum of the parts.
    payout_only : Estimate or None
        The new pay plan paid on unchanged behaviour: what a compensation tool would say. None: pay stays.
    behaviour_on : Estimate or None
        The same plan once people behave by it, nothing else changed.
    """

    parts: tuple[Part, ...]
    whole: Estimate
    payout_only: Estimate | None
    behaviour_on: Estimate | None


@dataclass(frozen=True)
class Swing:
    """A variable and what the NPV is at the ends of its range (a bar of the tornado).

    Attributes
    ----------
    low, high : float or None
        10 % and 90 % quantile of the variable; None for words.
    npv_low, npv_high : float
        Expected NPV with the variable there and all others as they come.
    variance_share : float
        Share of the variance of the NPV over parameters that it explains by itself: what knowing it would remove.
    correlation : float
        Rank correlation with the NPV.
    """

    key: str
    label: Words
    unit: str
    low: float | None
    high: float | None
    npv_low: float
    npv_high: float
    variance_share: float
    correlation: float
    source: str
    grade: str


@dataclass(frozen=True)
class Threshold:
    """A side of a box: the factor is at least ``low``, at most ``high``, or one of ``levels``."""

    key: str
    label: Words
    unit: str
    low: float | None
    high: float | None
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Region:
    """What would have to be true (PRIM).

    Attributes
    ----------
    thresholds : tuple of Threshold
        All of them hold.
    text : mapping
        In words.
    coverage, density, mass : float
        Share of all losing draws inside; share of those inside that lose; share of all draws inside.
    """

    thresholds: tuple[Threshold, ...]
    text: Words
    coverage: float
    density: float
    mass: float


@dataclass(frozen=True)
class Losing:
    """What would have to be true for the programme to lose money.

    Attributes
    ----------
    share : float
        Share of draws of parameters that lose.
    draws : int
        How many were searched.
    regions : tuple of Region
        Empty where losing is too rare, too common, or like chance.
    density_unseen, base : float or None
        Density of the first region on draws it has not seen, and of no region at all.
    holds : bool
        Whether the region tells more than none, beyond doubt.
    """

    share: float
    draws: int
    regions: tuple[Region, ...]
    density_unseen: float | None
    base: float | None
    holds: bool


@dataclass(frozen=True)
class ToCollect:
    """A fact whose collection would narrow the answer.

    Attributes
    ----------
    variance_share : float
        Share of the variance of the NPV (parameters only) that knowing it would remove.
    how : mapping
        How a client can find it out.
    """

    key: str
    label: Words
    variance_share: float
    how: Words


@dataclass(frozen=True)
class Spread:
    """Which part of the variance of a run's NPV is parameters and which is luck."""

    parameters: float
    luck: float
    draws: int
    per_draw: int


@dataclass(frozen=True)
class Claim:
    """A headline sentence to be gated.

    Attributes
    ----------
    id : {"inaction_costs", "programme_pays", "delay_costs", "behaviour_not_payout", "robust"}
        What the sentence is about.
    programme : str
        Of which programme.
    value, low, high : float
        Estimate with the 95 % interval that decides.
    probability : float
        That the value is positive.
    unit : str
        ``€``, ``€/month`` or ``fraction``.
    supported : bool
        Whether the strong sentence may be printed: the interval lies above zero.
    weaker : {"opposite", "likely", "unlikely", "unclear", "not_applicable", ""}
        Which true sentence to print instead; empty where the strong one is.
    """

    id: str
    programme: str
    value: float | None
    low: float | None
    high: float | None
    probability: float | None
    unit: str
    supported: bool
    weaker: str


@dataclass(frozen=True)
class Programme:
    """A programme under discussion.

    Attributes
    ----------
    name : str
        As in the client file.
    label : str
        As the client calls it.
    preset : str
        What it is built on.
    cost : float
        External cost as planned.
    pay_plan : str
        New pay plan; empty: pay stays.
    pay_in_force_month : int or None
        Month of the horizon from which it is paid when begun now.
    starts : tuple of Start
        Now, then the delays, never last.
    delay_per_month : Estimate
        NPV given up by each month of delay, over the first delay studied.
    """

    name: str
    label: str
    preset: str
    cost: float
    duration_months: float
    pay_plan: str
    pay_in_force_month: int | None
    starts: tuple[Start, ...]
    delay_per_month: Estimate
    decomposition: Decomposition | None
    tornado: tuple[Swing, ...]
    losing: Losing
    to_collect: tuple[ToCollect, ...]
    spread: Spread


@dataclass(frozen=True)
class Reproduce:
    """How to have the same numbers again."""

    command: str
    seed: int
    replications: int
    draws: int
    posterior: str
    engine: str
    version: str


@dataclass(frozen=True)
class Result:
    """All about one client.

    Attributes
    ----------
    made : {"runs", "by hand"}
        Whether runs stand behind it.
    conventions : mapping of str to mapping
        Discounting, tax, currency, cash and capacity, in words.
    twins : Ledger or None
        How the same leads fare as today and under the first programme begun now; None where nobody looked.
    claims : tuple of Claim
        Five about the first programme, the one under discussion.
    """

    made: str
    client: Client
    audit: Audit
    status_quo: StatusQuo
    programmes: tuple[Programme, ...]
    claims: tuple[Claim, ...]
    conventions: Mapping[str, Words]
    reproduce: Reproduce
    twins: Ledger | None = None


# ---------------------------------------------------------------- to and from JSON


def to_plain(value: Any) -> Any:
    """Dataclasses as mappings, tuples as lists; a number that is none is null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def read(file: Path) -> Result:
    """The result that ``summary.json`` holds (the file, or the folder it is in)."""
    path = file / FILE if file.is_dir() else file
    found: Result = _built(Result, json.loads(path.read_text(encoding="utf-8"))["inaction"])
    return found


def _built(kind: Any, value: Any) -> Any:
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return None if value is None else _built(next(arg for arg in inside if arg is not type(None)), value)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{f.name: _built(hints[f.name], value[f.name]) for f in dataclasses.fields(kind)})  # type: ignore[operator]
    if origin is tuple:
        return tuple(_built(inside[0], item) for item in value)
    if inside:  # a mapping
        return {key: _built(inside[1], item) for key, item in value.items()}
    return math.nan if kind is float and value is None else value

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

from analysis.money.today import (
    QUANTILES,
    Answer,
    Audit,
    Client,
    Estimate,
    Fact,
    Fan,
    LeverRange,
    StatusQuo,
    Waste,
    Words,
)
from analysis.money.why import Decomposition, Losing, Part, Region, Spread, Swing, Threshold, ToCollect
from experiments.twins import Ledger

FILE = "summary.json"
__all__ = [
    "FILE",
    "QUANTILES",
    "Answer",
    "Audit",
    "BreakEven",
    "Claim",
    "Client",
    "Components",
    "Decomposition",
    "Estimate",
    "Fact",
    "Fan",
    "LeverRange",
    "Losing",
    "Part",
    "Payback",
    "Programme",
    "Rate",
    "Region",
    "Reproduce",
    "Result",
    "Spread",
    "Start",
    "StatusQuo",
    "Swing",
    "Threshold",
    "ToCollect",
    "Waste",
    "Words",
    "read",
    "to_plain",
]


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

    No rate is above :data:`analysis.money.flows.HIGHEST_RATE`; one at it stands for all beyond.
    """

    share: float
    q10: float | None
    q50: float | None
    q90: float | None
    of_mean: float | None


@dataclass(frozen=True)
class BreakEven:
    """External cost, as planned, at which a cash flow would be worth nothing; overruns in proportion.

    Below zero, the programme does not pay even for nothing. All are None where no cost is planned.

    Attributes
    ----------
    of_mean : float or None
        Of the mean cash flow: the figure that is told, and that the workbook recomputes.
    low, q10, q50, q90, high : float or None
        Quantiles over the cash flows of single runs (2.5, 10, 50, 90 and 97.5 %).
    """

    of_mean: float | None
    low: float | None
    q10: float | None
    q50: float | None
    q90: float | None
    high: float | None


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
    payback, irr, break_even_cost : Payback, Rate, BreakEven
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
    break_even_cost: BreakEven
    given_up: Estimate
    probability_waiting_was_right: float
    success: float | None
    failure: float | None
    adoption: float | None


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

"""What is reported: every measure once, with name, label, unit, definition and aggregation.

A measure is a function of the monthly records and hours of a window of months, so
the same definition serves a whole run and a single month, and anybody can recompute
it from sums and counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from sim import state as S
from sim.parameters import Incentives, Params
from sim.windows import NAN, Window, begun, compound, payroll, ratio, window

Unit = Literal["fraction", "€", "hours", "days", "leads", "deals", "people", "ratio", ""]


@dataclass(frozen=True)
class Measure:
    """One reported number.

    Attributes
    ----------
    name, label, unit, definition : str
        Column name, words for a figure, unit, and what exactly is computed.
    aggregation : str
        How a window of months is summarised.
    better : {"up", "down", ""}
        Direction that is good for the organisation, if there is one.
    compute : callable
        Function of a :class:`Window`.
    """

    name: str
    label: str
    unit: Unit
    definition: str
    aggregation: str
    better: Literal["up", "down", ""]
    compute: Callable[[Window], float]


MEASURES: dict[str, Measure] = {}


def measure(
    name: str, label: str, unit: Unit, definition: str, aggregation: str, better: Literal["up", "down", ""] = ""
) -> Callable[[Callable[[Window], float]], Callable[[Window], float]]:
    """Declare a measure; the decorated function computes it."""

    def declare(compute: Callable[[Window], float]) -> Callable[[Window], float]:
        MEASURES[name] = Measure(name, label, unit, definition, aggregation, better, compute)
        return compute

    return declare


def _simple(name: str, label: str, unit: Unit, words: str, over: str, top: str, bottom: str, better: Any = "") -> None:
    """Declare a ratio of two monthly counts."""
    measure(name, label, unit, words, over, better)(lambda w: ratio(w.total[top], w.total[bottom]))


def _flow(name: str, label: str, unit: Unit, words: str, column: str, better: Any = "") -> None:
    """Declare a yearly flow of one monthly count."""
    measure(name, label, unit, words, "sum over the window, per year", better)(
        lambda w: ratio(w.total[column], w.years)
    )


def _monthly(name: str, label: str, unit: Unit, words: str, column: str, better: Any = "") -> None:
    """Declare a mean per month of one monthly count."""
    measure(name, label, unit, words, "mean per month", better)(lambda w: ratio(w.total[column], w.months))


@measure("revenue_growth", "ARR growth", "fraction", "(closing ARR / opening ARR)^(12 / months) − 1", "of whole months, annualised", "up")
def _growth(w: Window) -> float:
    if not len(w.whole):
        return NAN
    opening = float(w.first["opening_arr"])
    closing = float(w.whole["arr"][-1])
    if opening <= 0 or closing < 0:
        return NAN
    return float((closing / opening) ** (12.0 / len(w.whole)) - 1.0)


_flow("new_arr", "New ARR", "€", "ACV of deals won, discounts taken off", "new_arr", "up")
_flow("expansion_arr", "Expansion ARR", "€", "ARR added by existing customers", "expansion_arr", "up")


@measure("churned_arr", "Churned ARR", "€", "ARR of customers who left", "sum over whole months, per year", "down")
def _churned(w: Window) -> float:
    return ratio(w.booked("churned_arr"), w.whole_years)


@measure("closing_arr", "Closing ARR", "€", "ARR at the end of the window", "last day", "up")
def _closing(w: Window) -> float:
    return float(w.last["arr"])


@measure("gross_retention", "Gross retention", "fraction", "Π(1 − churned ARR / opening ARR of the month), annualised", "compounded over whole months", "up")
def _grr(w: Window) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        return compound(1.0 - w.whole["churned_arr"] / w.whole["opening_arr"])


@measure("net_retention", "Net retention", "fraction", "Π(1 − (churned − expansion ARR) / opening ARR of the month), annualised", "compounded over whole months", "up")
def _nrr(w: Window) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        net = w.whole["expansion_arr"] - w.whole["churned_arr"]
        return compound(1.0 + net / w.whole["opening_arr"])


@measure("cohort_retention", "Retention of customers won in the run", "fraction", "(1 − ARR lost of customers won since the first day / ARR of theirs at month ends)^12", "annualised", "up")
def _cohort(w: Window) -> float:
    monthly = ratio(w.total["cohort_lost"], w.total["cohort_arr"])
    return (1.0 - monthly) ** 12 if monthly <= 1.0 else NAN


@measure("gtm_profit", "GTM profit", "€", "revenue × gross margin − loaded pay − media spend − overhead − programme", "sum over whole months, per year", "up")
def _profit(w: Window) -> float:
    spend = (w.params.people.marketing_spend_share + w.params.people.overhead_share) * w.params.customers.opening_arr
    margin = w.total["revenue"] * w.params.market.gross_margin
    return ratio(margin - payroll(w) - w.booked("programme_cost"), w.whole_years) - spend


@measure("wasted_time_share", "Wasted time", "fraction", "wasted hours of all roles / paid hours", "of the window's hours", "down")
def _wasted(w: Window) -> float:
    return ratio(float(w.hours[:, S.FIRST_WASTE :].sum()), float(w.hours.sum()))


@measure("wasted_events_share", "Wasted time from counted events", "fraction", "unviable pursuit, search, correction, disputes and unpursued MQLs / paid hours", "of the window's hours", "down")
def _wasted_events(w: Window) -> float:
    kinds = [S.UNVIABLE, S.SEARCH, S.CORRECTION, S.DISPUTE, S.UNPURSUED]
    return ratio(float(w.hours[:, kinds].sum()), float(w.hours.sum()))


@measure("wasted_manual_share", "Wasted time from steps a machine could do", "fraction", "manual entry of events a written process would automate / paid hours", "of the window's hours", "down")
def _wasted_manual(w: Window) -> float:
    return ratio(float(w.hours[:, S.MANUAL].sum()), float(w.hours.sum()))


@measure("wasted_slack_share", "Slack", "fraction", "idle hours / paid hours", "of the window's hours", "down")
def _wasted_slack(w: Window) -> float:
    return ratio(float(w.hours[:, S.IDLE].sum()), float(w.hours.sum()))


@measure("necessary_share", "Time called necessary", "fraction", "fixed block of administration / paid hours: an assumption, not a result", "of the window's hours")
def _necessary(w: Window) -> float:
    return ratio(float(w.hours[:, S.ADMINISTRATION].sum()), float(w.hours.sum()))


@measure("selling_time_share", "Selling time", "fraction", "hours of sellers and development representatives with leads and deals, viable or not, and in the territory / their paid hours", "of the window's hours", "up")
def _selling(w: Window) -> float:
    kinds = [S.CONTACTING, S.DEALING, S.PROSPECTING, S.UNVIABLE]
    rows = w.hours[[S.DEVELOPER, S.SELLER]]
    return ratio(float(rows[:, kinds].sum()), float(rows.sum()))


_monthly("leads", "Leads", "leads", "leads captured by marketing", "leads")
_monthly("mqls", "MQLs", "leads", "leads handed over", "mqls")
_monthly("pursued", "MQLs pursued", "leads", "MQLs with a first attempt", "pursued")
_monthly("accepted", "Accepted leads", "leads", "MQLs and finds accepted for discovery", "accepted")
_monthly("opportunities", "Opportunities", "deals", "accepted leads opened as opportunities", "opportunities")
_monthly("wins", "Deals won", "deals", "deals won", "wins", "up")
_simple("lead_to_mql", "Lead to MQL", "fraction", "MQLs / leads", "of the window", "mqls", "leads")
_simple("mql_viable_share", "Viable MQLs", "fraction", "MQLs whose expected margin, worked well, exceeded their hours at loaded cost / MQLs", "of the window", "viable_mqls", "mqls", "up")
_simple("mql_to_sql", "MQL to SQL", "fraction", "MQLs accepted by sales / MQLs", "of the window", "accepted_marketing", "mqls")
_simple("sql_to_opportunity", "SQL to opportunity", "fraction", "opportunities / accepted leads", "of the window", "opportunities", "accepted")
_simple("win_rate", "Win rate", "fraction", "deals won / opportunities decided", "of the window", "wins", "decided", "up")
_simple("cycle_days", "Sales cycle", "days", "calendar days from opportunity to win", "mean over wins", "cycle_days", "wins", "down")
_simple("first_response_hours", "First response", "hours", "calendar hours from hand-over to first attempt", "mean over pursued MQLs", "response_hours", "pursued", "down")
_simple("mean_deal", "Deal size", "€", "new ARR / deals won", "of the window", "new_arr", "wins")
_simple("marketing_sourced_share", "Marketing-sourced wins", "fraction", "deals won from marketing leads / deals won", "of the window", "marketing_wins", "wins")
_simple("score_inflation", "Score inflation", "", "mean push of the shown score over the record's score, per MQL", "mean over MQLs", "inflation", "mqls", "down")
_simple("scores_amended_share", "Scores amended", "fraction", "wins from marketing leads whose recorded score was understated / such wins", "of the window", "amended", "marketing_wins", "down")
_simple("low_score_win_share", "Low-score wins", "fraction", "wins from marketing leads with a low recorded score / such wins", "of the window", "low_wins", "marketing_wins")
_simple("touches_per_mql", "Nurturing touches per MQL", "", "touches before hand-over", "mean over MQLs", "touches", "mqls")
_simple("disputed_share", "Disputed MQLs", "fraction", "MQLs disputed between marketing and sales / MQLs", "of the window", "disputes", "mqls", "down")
_simple("discount_cost_share", "Cost of discounts", "fraction", "discounts given / list ACV of deals won", "of the window", "discount_cost", "list_arr", "down")
_simple("attainment_mean", "Quota attainment", "fraction", "mean of seller-quarters of ramped sellers", "mean over quarters", "attainment", "attainment_n", "up")
_simple("at_quota_share", "Sellers at quota", "fraction", "seller-quarters at or above quota / seller-quarters", "mean over quarters", "at_quota", "attainment_n", "up")
_simple("signals_passed_share", "Expansion signals passed on", "fraction", "signals told to somebody who can sell / signals found", "of the window", "signals_passed", "signals", "up")


@measure("never_followed_up_share", "MQLs never followed up", "fraction", "MQLs expired without one attempt / MQLs expired or pursued", "of the window", "down")
def _unpursued(w: Window) -> float:
    return ratio(w.total["expired"], w.total["expired"] + w.total["pursued"])


@measure("threshold_shift", "Shift of the bar", "", "level (quantile) of the formal bar at the end less the level it began with; agreed and unagreed bar by the leads scored under each; negative is lower", "last whole month")
def _shift(w: Window) -> float:
    if not len(w.whole) or not w.params.people.marketers:
        return NAN
    last = w.whole[-1]
    agreed = float(last["agreed"] / last["qualified"]) if last["qualified"] else 0.0
    level = (1.0 - agreed) * float(last["bar_level"]) + agreed * float(last["bar_agreed_level"])
    return level - w.params.behaviour.bar_quantile


@measure("score_validity", "Score validity", "", "correlation of fresh scores with the true chance of a win", "over every fourth lead qualified", "up")
def _validity(w: Window) -> float:
    n, x, y = w.total["score_n"], w.total["score_x"], w.total["score_y"]
    if n < 3:
        return NAN
    sxx = w.total["score_xx"] - x * x / n
    syy = w.total["score_yy"] - y * y / n
    sxy = w.total["score_xy"] - x * y / n
    return sxy / math.sqrt(sxx * syy) if sxx > 0 and syy > 0 else NAN


@measure("belief_slope", "Believed slope of the score", "", "mean over marketers of b in P(opportunity | pursued, score) = σ(a + b·z)", "last whole month")
def _slope(w: Window) -> float:
    return float(w.whole["belief_slope"][-1]) if len(w.whole) and w.params.people.marketers else NAN


@measure("trust", "Sellers' trust in leads", "fraction", "mean over sellers and days", "mean", "up")
def _trust(w: Window) -> float:
    people = w.params.people.sellers + w.params.people.developers
    return ratio(w.total["trust"], people * w.months * S.MONTH)


@measure("pay_marketing", "Pay of marketing", "€", "base and variable pay of marketers, unloaded", "of whole months, per year")
def _pay_marketing(w: Window) -> float:
    return ratio(w.total["pay_marketer"], w.whole_years) + base_pay(w, "marketer")


@measure("pay_sales", "Pay of sales", "€", "base and variable pay of sellers and development representatives, unloaded", "of whole months, per year")
def _pay_sales(w: Window) -> float:
    variable = ratio(w.total["pay_seller"] + w.total["pay_developer"], w.whole_years)
    return variable + base_pay(w, "seller") + base_pay(w, "developer")


def base_pay(w: Window, role: str) -> float:
    """Base pay of a role, € a year; where a programme changes the plan, by the months under each."""
    planned = w.params.programme.incentives
    if w.new_pay > 0.0 and planned is not None:
        return (1.0 - w.new_pay) * base_under(w, role, w.params.incentives) + w.new_pay * base_under(w, role, planned)
    return base_under(w, role, w.params.incentives)


def base_under(w: Window, role: str, plan: Incentives) -> float:
    """Base pay of a role under a plan, € a year."""
    people = w.params.people
    heads = {"marketer": people.marketers, "developer": people.developers, "seller": people.sellers}[role]
    earnings = float(getattr(people, f"{role}_earnings"))
    share = float(getattr(people, f"{role}_variable"))
    flat = not getattr(plan, role)
    return heads * earnings * (1.0 if flat else 1.0 - share)


@measure("pay_per_new_arr", "Pay per € of new and expansion ARR", "ratio", "pay of all roles / (new + expansion ARR)", "of whole months", "down")
def _pay_per_arr(w: Window) -> float:
    variable = sum(w.total[f"pay_{role}"] for role in S.ROLE_NAMES)
    return ratio(w.total["base_pay"] + variable, w.booked("new_arr") + w.booked("expansion_arr"))


@measure("variable_pay", "Variable pay", "€", "variable pay of all roles, unloaded", "of whole months, per year")
def _variable(w: Window) -> float:
    return ratio(sum(w.total[f"pay_{role}"] for role in S.ROLE_NAMES), w.whole_years)


@measure("pay_gini", "Inequality of sellers' variable pay", "", "Gini coefficient over sellers' variable pay", "over the window")
def _gini(w: Window) -> float:
    if w.people is None or w.params.people.sellers < 2:
        return NAN
    first = w.params.people.marketers + w.params.people.developers
    pay = np.sort(w.people[first : first + w.params.people.sellers, S.PAY_VARIABLE])
    n = len(pay)
    total = float(pay.sum())
    if total <= 0:
        return NAN
    return float((2.0 * (np.arange(1, n + 1) * pay).sum() / (n * total)) - (n + 1.0) / n)


@measure("last_month_of_quarter_share", "New ARR in the last month of the quarter", "fraction", "new ARR of third months / new ARR of whole quarters", "of whole quarters")
def _hockey(w: Window) -> float:
    new = w.whole["new_arr"].tolist()
    first = -w.start % 3  # the first month of a quarter, as pay and quotas count them
    quarters = [new[k : k + 3] for k in range(first, len(new) - 2, 3)]
    return ratio(sum(q[2] for q in quarters), sum(sum(q) for q in quarters))


@measure("obliged_per_seller_month", "Obliged MQLs per seller and month", "leads", "MQLs whose follow-up is owed / people who follow up", "mean per month")
def _obliged(w: Window) -> float:
    people = w.params.people.developers or w.params.people.sellers
    return ratio(w.total["obliged"], people * w.months)


@measure("expansion_share", "Expansion share of new ARR", "fraction", "expansion ARR / (new + expansion ARR)", "of the window")
def _expansion(w: Window) -> float:
    return ratio(w.total["expansion_arr"], w.total["expansion_arr"] + w.total["new_arr"])


@measure("split_generating", "Generating share of free marketing time", "fraction", "share of generating that marketers work by, of what generating and nurturing share", "mean")
def _split(w: Window) -> float:
    return ratio(w.total["split"], w.params.people.marketers * w.months * S.MONTH)


@measure("effort_marketing", "Effort of marketers", "fraction", "share of free hours worked", "mean")
def _effort_marketing(w: Window) -> float:
    return ratio(w.total["effort_marketer"], w.params.people.marketers * w.months * S.MONTH)


@measure("effort_sales", "Effort of sellers", "fraction", "share of free hours worked", "mean")
def _effort_sales(w: Window) -> float:
    people = w.params.people.sellers + w.params.people.developers
    return ratio(w.total["effort_seller"], people * w.months * S.MONTH)


# Above and below: our words for a programme that did what it planned, and for one that did not reach half of it.
SUCCESS_FROM, FAILURE_BELOW = 0.8, 0.5

_flow("programme_cost", "Cost of the programme", "€", "external cost of the programme", "programme_cost", "down")
_simple("adoption", "Adoption", "fraction", "people who work the new way / people", "mean over weeks from the first", "using", "programme_weeks", "up")
_simple("workshop_attendance", "Workshop attendance", "fraction", "workshops attended / invitations", "of the window", "attended", "invited", "up")


@measure("programme_realised", "Programme realised", "fraction", "planned movement of levers that is in force, weighted by its size", "last month", "up")
def _realised(w: Window) -> float:
    return float(w.last["realised"]) if w.last["programme_weeks"] > 0 else NAN


@measure("programme_success", "Programmes that succeed", "fraction", "1 if at least 80 % of the planned movement is in force, else 0", "last month", "up")
def _success(w: Window) -> float:
    return NAN if math.isnan(_realised(w)) else float(_realised(w) >= SUCCESS_FROM)


@measure("programme_failure", "Programmes that fail", "fraction", "1 if less than 50 % of the planned movement is in force, else 0", "last month", "down")
def _failure(w: Window) -> float:
    return NAN if math.isnan(_realised(w)) else float(_realised(w) < FAILURE_BELOW)


def _hours(role: int, kind: int) -> None:
    name = f"hours_{S.ROLE_NAMES[role]}_{S.CLASS_NAMES[kind]}"
    people = "success managers" if role == S.SUCCESS else f"{S.ROLE_NAMES[role]}s"
    label = f"Hours of {people}: {S.CLASS_NAMES[kind]}"
    words = f"paid hours of all {people} booked as {S.CLASS_NAMES[kind]}"
    measure(name, label, "hours", words, "per year")(lambda w: ratio(float(w.hours[role, kind]) / S.HOUR, w.years))


for _role in range(S.N_ROLES):
    for _kind in range(S.N_CLASSES):
        _hours(_role, _kind)


def measure_run(world: S.World, params: Params, start: int, stop: int) -> dict[str, float]:
    """Every measure over months ``start`` to ``stop`` (exclusive)."""
    if min(stop, begun(world)) <= start:
        return dict.fromkeys(MEASURES, NAN)
    w = window(world, params, start, stop, whole=True)
    return {name: float(m.compute(w)) for name, m in MEASURES.items()}

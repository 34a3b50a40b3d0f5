"""Building one organisation: allocate its arrays, price its pay plans, grow them, hash them."""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from sim import state as S
from sim.draws import stream_keys
from sim.kernel import found_world, full_arrays
from sim.memory import Records, blank_records
from sim.parameters import Params, numeric_record, plan_record
from sim.parameters.declare import ParameterError
from sim.parameters.pay import N_COUNTS, QUOTA, Event, Incentives, Period, Role, Scope, Term
from sim.state import World

LEAST_SPREAD = 1e-4  # of attainment, relative: below it everybody is priced at the mean
PERIODS_A_YEAR = {"month": 12.0, "quarter": 4.0, "year": 1.0}


def expected_factor(params: Params, term: Term, reference: float) -> float:
    """Expected payout of a term at reference performance, relative to rate × reference amount.

    Cliffs, caps and accelerators are priced over a gamma distribution of attainment
    with the reference mean and spread; the low-score multiplier and the claw-back by
    their expected shares.
    """
    factor = 1.0
    factor += (term.low_score_multiplier - 1.0) * params.reference.low_share
    churn = params.customers.churn_monthly * params.customers.churn_first_year
    factor -= 1.0 - math.exp(-churn * term.clawback_months)
    if term.target is None or (term.cliff == 0 and term.cap == 0 and term.accelerator == 1):
        return factor
    cv = max(params.reference.attainment_sd / params.reference.attainment_mean, LEAST_SPREAD)
    if term.target == QUOTA:
        mean = params.reference.attainment_mean
    else:
        mean = reference / PERIODS_A_YEAR[term.period] / float(term.target)
    if mean <= 0.0:
        return factor
    points = (np.arange(400) + 0.5) / 400
    attained = mean * cv**2 * gammaincinv(1.0 / cv**2, points)
    counted = np.minimum(attained, term.cap) if term.cap > 0 else attained
    paid = np.minimum(counted, 1.0) + term.accelerator * np.maximum(counted - 1.0, 0.0)
    paid = np.where(attained < term.cliff, 0.0, paid)
    return factor * float(paid.mean() / attained.mean())


def variable_pay(params: Params, role: Role) -> float:
    """On-target variable pay of a role, € a year."""
    people = params.people
    earnings, share = {
        Role.marketer: (people.marketer_earnings, people.marketer_variable),
        Role.developer: (people.developer_earnings, people.developer_variable),
        Role.seller: (people.seller_earnings, people.seller_variable),
        Role.success: (people.success_earnings, people.success_variable),
    }[role]
    return earnings * share


def headcount(params: Params, role: Role) -> int:
    """People of a role."""
    people = params.people
    return (people.marketers, people.developers, people.sellers, people.success_managers)[role]


def price_role(params: Params, incentives: Incentives, role: Role) -> list[tuple[Term, float, float]]:
    """Terms of a role with their rates in € per unit and reference amounts a year."""
    priced = []
    expected = 0.0
    for term in incentives.terms(role):
        event = Event[term.event]
        whole = term.scope == "company"
        reference = params.reference.amount(role, event, whole)
        if term.rate is not None:
            rate = term.rate
        elif reference > 0.0:
            assert term.weight is not None
            rate = term.weight * variable_pay(params, role) / reference
        elif headcount(params, role) == 0:
            rate = 0.0
        else:
            who = "company" if whole else role.name
            raise ParameterError(
                f"incentives.{role.name}: a weight on {term.event} needs reference.{who}.{term.event} above 0 "
                "(what a reference year brings); give it, or give the term a rate."
            )
        priced.append((term, rate, reference))
        expected += rate * reference * expected_factor(params, term, reference)
    if incentives.cost_neutral and expected > 0.0:
        scale = variable_pay(params, role) / expected
        if not math.isfinite(scale):
            raise ParameterError(
                f"incentives.{role.name}: at reference performance these terms pay next to nothing, so they cannot be "
                "scaled to on-target variable pay; raise the rates, or set incentives.cost_neutral=false."
            )
        priced = [(term, rate * scale, reference) for term, rate, reference in priced]
    return priced


def most_terms(*plans: Incentives) -> int:
    """Terms of the role that has most of them in any of the plans, at least 1."""
    return max(1, *(len(plan.terms(role)) for plan in plans for role in Role))


def term_records(params: Params, incentives: Incentives, places: int = 0) -> Records:
    """Priced terms of all roles, shape (role, term) with at least ``places``; unused places have event −1."""
    priced = [price_role(params, incentives, role) for role in Role]
    table = S.records((len(Role), max(places, most_terms(incentives))), S.TERM_RECORD)
    table["event"] = -1
    for role, terms in enumerate(priced):
        for k, (term, rate, reference) in enumerate(terms):
            table[role, k] = (
                Event[term.event], Scope[term.scope], Period[term.period], term.clawback_months,
                int(term.target == QUOTA), rate,
                0.0 if term.target in (None, QUOTA) else float(term.target),
                term.cliff, term.cap, term.accelerator, term.low_score_multiplier, reference,
            )  # fmt: skip
    return table


def build(params: Params, seed: int, months: int, felt: Incentives | None = None) -> World:
    """A new organisation on its first morning.

    Parameters
    ----------
    params : Params
        Validated parameters.
    seed : int
        Root seed of all draws.
    months : int
        Months there will be room for in the monthly records (including burn-in).
    felt : Incentives, optional
        Plans people believe they are paid by all along, if not the ones that are paid
        ("payout only": re-price the pay of unchanged behaviour).
    """
    people = params.people
    sellers = people.developers + people.sellers
    workers = people.marketers + sellers + people.success_managers
    initial = 0
    if params.customers.opening_arr > 0:
        initial = max(1, round(params.customers.opening_arr / params.market.acv))
    if initial > 5_000_000:
        raise ParameterError(
            f"customers.opening_arr={params.customers.opening_arr:g}: with market.acv={params.market.acv:g} that is "
            f"{initial:,} customers; at most 5,000,000 can be simulated."
        )
    planned = planned_pay(params)
    places = most_terms(params.incentives, planned, felt or planned)
    paid_terms = term_records(params, params.incentives, places)
    # Priced once, unless a programme brings another plan: every run builds.
    other_paid = paid_terms.copy() if planned is params.incentives else term_records(params, planned, places)
    felt_terms = other_felt = None if felt is None else term_records(params, felt, places)
    world = World(
        leads=blank_records(expected_leads(params, months), S.LEAD),
        customers=S.records(initial + 256, S.CUSTOMER),
        marketers=S.records(people.marketers, S.MARKETER_RECORD),
        sellers=S.records(sellers, S.SELLER_RECORD),
        managers=S.records(people.success_managers, S.MANAGER_RECORD),
        lists=S.records(2 * workers + 1, S.LIST),
        org=S.records(1, S.ORGANISATION),
        params=numeric_record(params),
        plan=plan_record(params),
        dials=np.zeros((S.N_DIALS, 3)),
        adoption=np.zeros((workers, 3)),
        months=S.records(months, S.MONTH_RECORD),
        hours=np.zeros((months, S.N_ROLES, S.N_CLASSES), np.int64),
        owed=np.zeros((workers, S.N_CLASSES), np.int64),
        counts=np.zeros((workers, N_COUNTS, S.N_PERIODS)),
        pooled=np.zeros((S.N_ROLES + 1, N_COUNTS, S.N_PERIODS)),
        pay=np.zeros((workers, S.N_PAY)),
        earnings=earnings(params, params.incentives),
        paid_terms=paid_terms,
        felt_terms=(paid_terms if felt_terms is None else felt_terms).copy(),
        other_paid=other_paid,
        other_felt=(other_paid if other_felt is None else other_felt).copy(),
        other_earnings=earnings(params, planned),
        histogram=np.zeros(S.N_BINS),
        shares=np.zeros(max(people.marketers, 1)),
        returned=np.zeros((S.N_RETURNED, 2)),
        tasks=S.records(params.behaviour.attention + 64, S.TASK_RECORD),
        keys=stream_keys(seed),
    )
    plan_programme(world, params)
    world.lists["head"] = -1
    world.lists["tail"] = -1
    org = np.asarray(world.org)[0]
    org["customers"] = initial
    org["marketers"], org["developers"], org["sellers"] = people.marketers, people.developers, sellers
    org["managers"], org["workers"], org["pod"] = people.success_managers, workers, people.pod_size
    org["weight"] = params.behaviour.score_weight_start
    org["bar_level"] = org["bar_agreed_level"] = params.behaviour.bar_quantile
    org["low_quantile"] = params.incentives.low_score_quantile
    org["pursue_rate"] = params.behaviour.pursuit_start
    reference = params.reference
    mqls = reference.marketer[Event.mql]
    org["reference_mql"] = variable_pay(params, Role.marketer) / mqls if mqls > 0 else 0.0
    hours = 252.0 * params.workload.day_hours * (1.0 - params.workload.seller_fixed) * params.behaviour.effort_base
    org["hour_cost"] = people.seller_earnings * people.loading / hours
    found_world(world)
    return world


def plan_programme(world: World, params: Params) -> None:
    """Where the levers are today and where the programme is to take them; ``STAYS`` means nowhere."""
    start = params.horizon.burn_in_months * S.MONTH + round(params.programme.start_months * S.MONTH)
    now, plan = np.asarray(world.params)[0], np.asarray(world.plan)[0]
    plan["start_day"] = start
    plan["record_today"] = params.workload.record
    plan["pay_day"] = pay_day(params, start)
    plan["low_quantile"] = planned_pay(params).low_score_quantile
    for dial, name in enumerate(S.DIALS):
        today, planned = float(now[name]), float(plan[name])
        world.dials[dial] = today, today if planned < 0.0 else planned, 0.0


def planned_pay(params: Params) -> Incentives:
    """The pay plan that a programme brings; today's if it brings none."""
    return (params.programme.name != "none" and params.programme.incentives) or params.incentives


def pay_day(params: Params, announced: int) -> int:
    """First day of a programme's pay plan: the next one on which all periods of both plans begin; −1: pay stays."""
    planned = planned_pay(params)
    if planned is params.incentives:
        return -1
    periods = [term.period for plan in (params.incentives, planned) for role in Role for term in plan.terms(role)]
    length = max([S.MONTH, *(round(S.YEAR / PERIODS_A_YEAR[period]) for period in periods)])
    return (announced // length + 1) * length


def expected_leads(params: Params, months: int) -> int:
    """Room for the leads of a usual run, so that growing is the exception."""
    captured = params.market.candidates_per_day * params.market.capture_share * S.MONTH * months
    found = (params.people.developers + params.people.sellers) * 5.0 * months
    return 1024 + int(min(1.05 * captured + found, 1e6))


def earnings(params: Params, incentives: Incentives) -> NDArray[np.float64]:
    """Base pay a month and on-target variable pay a year by role, shape (role, 2), €."""
    people = params.people
    total = (
        people.marketer_earnings,
        people.developer_earnings,
        people.seller_earnings,
        people.success_earnings,
    )
    table = np.zeros((len(Role), 2))
    for role in Role:
        variable = variable_pay(params, role)
        base = total[role] - (variable if incentives.terms(role) else 0.0)
        table[role] = base / 12.0, variable
    return table


def make_room(world: World) -> None:
    """Grow the arrays that could run out of room today, whatever happens in it."""
    while full := full_arrays(world):
        for name, mark in S.GROWING.items():
            if full & mark:
                old = getattr(world, name)
                new = S.records(2 * len(old), old.dtype)
                new[: len(old)] = old
                world.put(name, new)


def digest(world: World) -> str:
    """Hash of the bits of every record."""
    code = hashlib.blake2b(digest_size=16)
    for name, array in S.digest_parts(world):
        code.update(name.encode())
        if array.size:
            code.update(np.ascontiguousarray(array).view(np.uint8).data)
    return code.hexdigest()

"""Analytic limits of what stays, runs out and waits: customers, territories, the line to be qualified.

With noise, learning and choice switched off each is its closed form: exponential survival,
a fixed point, a line served in order of arrival, a day of stated hours.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from scipy import stats

import sim
from sim import state as S
from sim.compiled import INTERPRETED
from sim.engine import Result, advance
from sim.world import build
from tests.limits import ALIKE, ALPHA, customers_of, is_binomial, leads_of, organisation

pytestmark = pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler")


# ---- customers ----------------------------------------------------------------------------------

NO_CAUSE: dict[str, object] = {
    "customers.churn_fit": 0.0, "customers.churn_discount": 0.0, "customers.churn_missing": 0.0,
    "customers.churn_oversold": 0.0, "customers.churn_not_onboarded": 0.0, "customers.churn_first_year": 1.0,
}  # fmt: skip


@functools.cache
def departures() -> Result:
    params = organisation(
        ALIKE, **{name.replace(".", "__"): value for name, value in NO_CAUSE.items()},
        market__capture_share=0.0, market__acv=10_000.0, customers__opening_arr=40e6, customers__churn_monthly=0.04,
        customers__demand_monthly=0.0, behaviour__expansion_find=0.0, horizon__months=36,
    )  # fmt: skip
    return sim.simulate(params, seed=19)


@pytest.mark.parametrize("month", [1, 6, 12, 24, 36])
def test_customers_survive_exponentially(month: int) -> None:
    clients = customers_of(departures().world)
    assert len(clients) == 4000
    staying = (clients["left"] < 0) | (clients["left"] >= month * 21)
    is_binomial(int(staying.sum()), len(clients), math.exp(-0.04 * month))


def test_the_hazard_of_leaving_is_constant() -> None:
    """Leavers among those at risk, month by month: a χ² of 36 binomials."""
    clients = customers_of(departures().world)
    months = np.where(clients["left"] < 0, 99, (clients["left"] // 21).astype(int))
    chance = 1.0 - math.exp(-0.04)
    at_risk = np.array([(months >= k).sum() for k in range(36)])
    left = np.array([(months == k).sum() for k in range(36)])
    chi2 = ((left - at_risk * chance) ** 2 / (at_risk * chance * (1 - chance))).sum()
    assert ALPHA / 2 < stats.chi2(36).sf(chi2) < 1 - ALPHA / 2


def test_retention_is_what_the_hazard_says() -> None:
    """All customers are of one size, so retained ARR is the share that stayed."""
    r = departures()
    clients = customers_of(r.world)
    staying = float((clients["left"] < 0).mean())
    assert r.measures["gross_retention"] == pytest.approx(staying ** (12 / 36), rel=1e-9)
    assert r.measures["gross_retention"] == pytest.approx(r.measures["net_retention"], rel=1e-12)
    assert r.measures["revenue_growth"] == pytest.approx(r.measures["gross_retention"] - 1.0, rel=1e-9)


def test_the_first_year_is_as_much_riskier_as_stated() -> None:
    """Of the founding customers a fifth are in their first of five years."""
    params = organisation(
        ALIKE, **{name.replace(".", "__"): value for name, value in NO_CAUSE.items()},
        market__capture_share=0.0, market__acv=5_000.0, customers__opening_arr=40e6, customers__churn_monthly=0.1,
        horizon__months=1,
    )  # fmt: skip
    params = sim.parameters.replace(params, {"customers.churn_first_year": 3.0})
    clients = customers_of(sim.simulate(params, seed=20).world)
    young = 20.0 - clients["since"] < 252.0
    for which, hazard in ((young, 0.3), (~young, 0.1)):
        is_binomial(int((clients["left"][which] >= 0).sum()), int(which.sum()), 1.0 - math.exp(-hazard))


def test_success_is_paid_for_what_stays() -> None:
    """Retained ARR, a twelfth a month: the sum of survivors at month ends, times the rate."""
    r = departures()
    world, params = r.world, r.params
    clients = customers_of(world)
    size = params.customers.opening_arr / len(clients)
    stayed = sum(int(((clients["left"] < 0) | (clients["left"] >= 21 * k)).sum()) for k in range(1, 37))
    reference = params.reference.success[sim.parameters.Event.retained_arr]
    rate = params.people.success_earnings * params.people.success_variable / reference
    paid = float(np.asarray(world.months["pay_success"]).sum())
    assert paid == pytest.approx(rate * stayed * size / 12.0, rel=1e-9)


# ---- territories --------------------------------------------------------------------------------

TERRITORY: dict[str, object] = {
    **ALIKE,
    # Development representatives without sellers: what they find goes nowhere, so they prospect all day.
    "people.marketers": 0, "people.developers": 40, "people.sellers": 0, "people.success_managers": 0,
    "customers.opening_arr": 0.0, "workload.seller_fixed": 0.25, "workload.prospect": 1.0,
    "behaviour.territory_yield": 0.4, "behaviour.territory_power": 1.0,
    "behaviour.territory_refresh": 0.01, "behaviour.territory_use": 0.02,
}  # fmt: skip


def test_a_territory_settles_where_refresh_meets_use() -> None:
    """Six hours a day: A ← (A + refresh (1 − A)) (1 − use)^6; with power 1 the fixed point is explicit."""
    world = sim.simulate(organisation(TERRITORY, horizon__months=48), seed=21).world
    kept = (1.0 - 0.02) ** 6
    evening = 0.01 * kept / (1.0 - (1.0 - 0.01) * kept)
    np.testing.assert_allclose(world.sellers["territory"], evening, rtol=1e-9)
    assert np.all(world.sellers["blocks"] == 48 * 21 * 6)


def test_finds_come_as_the_territory_yields() -> None:
    """After a year at rest, an hour in a territory at A finds somebody with chance 1 − exp(−yield A)."""
    world = sim.simulate(organisation(TERRITORY, horizon__months=24), seed=22).world
    morning = 0.01 + (1.0 - 0.01) * 0.01 * 0.98**6 / (1.0 - 0.99 * 0.98**6)
    chances = [1.0 - math.exp(-0.4 * morning * 0.98**k) for k in range(6)]
    n = 40 * 12 * 21  # seller-days of the second year
    finds = float(np.asarray(world.months["finds"])[12:].sum())
    mean, variance = n * sum(chances), n * sum(c * (1 - c) for c in chances)
    assert abs(finds - mean) < stats.norm.isf(ALPHA / 2) * math.sqrt(variance)


# ---- waiting to be qualified ------------------------------------------------------------------

# One marketer with six free hours a day; half of them may go into qualifying, half an hour a lead: six a day.
QUEUE: dict[str, object] = {
    **ALIKE,
    "people.marketers": 1, "people.developers": 0, "people.sellers": 1, "people.success_managers": 0,
    "customers.opening_arr": 0.0, "market.candidates_per_day": 18.0, "behaviour.call_bar": 1e8,
    "workload.marketer_fixed": 0.25, "behaviour.qualify_share": 0.5, "workload.qualify": 0.5, "horizon.months": 12,
}  # fmt: skip
A_DAY = 6


@pytest.mark.parametrize("share", [0.2, 0.32, 0.5])
def test_waiting_for_qualification_is_first_in_first_out(share: float) -> None:
    """Every hand-over, to the second: batches at dawn, six a day, in order of arrival (idle, busy and overloaded)."""
    leads = leads_of(sim.simulate(organisation(QUEUE, market__capture_share=share), seed=23).world)
    day, done = 0, 0
    for lead in leads:
        if lead["born"] > day:
            day, done = int(lead["born"]), 0
        if done == A_DAY:
            day, done = day + 1, 0
        done += 1
        if day >= 252:
            assert lead["stage"] == S.PROSPECT
            continue
        # Two hours of administration, then half an hour a lead, of a day of eight hours.
        assert lead["handover"] == pytest.approx(day + (2.0 + 0.5 * done) / 8.0, abs=1e-12)


def test_the_line_is_as_long_as_queueing_theory_says() -> None:
    """Mean line over a year against the chain Q ← max(Q + Binomial(18, share) − 6, 0), run exactly from empty.

    At a load of 0.96 waiting is mostly chance. z-test over 60 seeds at ALPHA.
    """
    share, days, seeds = 0.32, 252, 60
    arrivals = stats.binom(18, share).pmf(np.arange(19))
    line = np.zeros(400)
    line[0] = 1.0
    expected = 0.0
    for _ in range(days):
        after = np.convolve(line, arrivals)
        line = np.concatenate([[after[: A_DAY + 1].sum()], after[A_DAY + 1 : A_DAY + 400]])
        expected += float((np.arange(400) * line).sum()) / days
    params = organisation(QUEUE, market__capture_share=share)
    means = []
    for seed in range(seeds):
        leads = leads_of(sim.simulate(params, seed=1000 + seed).world)
        out = np.where(leads["stage"] == S.PROSPECT, days, np.floor(leads["handover"]))
        means.append(float((out - leads["born"]).sum()) / days)  # Little: days waited / days = mean line
    z = (np.mean(means) - expected) / (np.std(means, ddof=1) / math.sqrt(seeds))
    assert expected > 3
    assert abs(z) < stats.t(seeds - 1).isf(ALPHA / 2), (np.mean(means), expected)


# ---- a marketer's pay and day -------------------------------------------------------------------


def test_marketers_earn_what_their_plan_promises_for_known_counts() -> None:
    """At exactly the reference number of leads the siloed plan pays the on-target variable pay.

    Leads are binomial and each becomes an MQL, so pay per head is binomial too.
    """
    per_head = 18 * 252 * 0.3 / 4  # in the long run every lead that was captured
    row = {"lead_captured": per_head, "mql": per_head}
    settings = {**QUEUE, "people.marketers": 4, "market.capture_share": 0.3, "workload.qualify": 0.1}
    params = sim.load("mid_market", "siloed", {**settings, "reference": {"marketer": row}})
    world = sim.simulate(params, seed=24).world
    on_target = params.people.marketer_earnings * params.people.marketer_variable
    leads = float(np.asarray(world.months["leads"]).sum())
    assert float(np.asarray(world.months["mqls"]).sum()) == leads
    paid = float(np.asarray(world.pay)[:4, S.PAY_VARIABLE].sum())
    assert paid == pytest.approx(4 * on_target * leads / (4 * per_head), rel=1e-12)
    is_binomial(int(leads), 18 * 252, 0.3)


def test_a_working_day_is_spent_as_stated() -> None:
    """Full effort, known service times: a marketer's year in closed form, to the second."""
    params = organisation(QUEUE, market__capture_share=0.5, market__candidates_per_day=40.0)  # never idle
    world = build(params, 25, 12)
    advance(world, 252)
    hours = np.asarray(world.hours).sum(axis=0)[S.MARKETER] / S.HOUR
    assert hours[S.ADMINISTRATION] == 252 * 2.0
    assert hours[S.QUALIFYING] + hours[S.UNPURSUED] == 252 * 3.0
    assert hours[S.GENERATING] == 252 * 3.0
    assert hours.sum() == 252 * 8.0

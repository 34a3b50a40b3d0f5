"""Analytic limits: with noise, learning and choice switched off, the model is its closed form.

Every lead is alike (no spread of fit, intent or size), everything passes its bar and
there are hands enough, so that each stage of the funnel is a coin of known chance. Seeds
are fixed. Each statistical comparison is exact (binomial) or on known distributions and
fails a right model with probability ALPHA; there are about twenty of them, so a change of
draws that leaves the model right breaks this file about once in fifty times.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

import sim
from sim import state as S
from sim.compiled import INTERPRETED
from sim.engine import Result, advance
from sim.parameters import Params
from sim.state import World
from sim.world import build

pytestmark = pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler")

ALPHA = 1e-3

# Nobody differs, nobody leaves, nobody learns, nobody refuses; every working day is whole.
ALIKE: dict[str, object] = {
    "market.fit_spread": 0.0, "market.intent_spread": 0.0, "market.acv_spread": 0.0, "market.cycle_spread": 0.0,
    "market.fit_intent_correlation": 0.0, "market.readiness_mean": 0.0, "market.readiness_spread": 0.0,
    "market.intent_half_life_days": 10_000.0, "market.generation_elasticity": 0.0, "market.win_delay": 0.0,
    "market.win_fit": 0.0, "market.win_intent": 0.0, "market.win_hours": 0.0, "market.win_skill": 0.0,
    "market.project_intent": 0.0,
    "people.skill_spread": 0.0, "people.marketer_skill_spread": 0.0, "people.integrity_spread": 0.0,
    "people.discount_spread": 0.0, "people.optimism_mean": 0.0, "people.optimism_spread": 0.0,
    "people.turnover": 0.0, "people.ramp_months": 0.0,
    "behaviour.effort_elasticity": 0.0, "behaviour.effort_base": 1.0, "behaviour.nurture_limit": 0,
    "behaviour.bar_quantile": 0.0, "behaviour.bar_drift": 0.0, "behaviour.bar_learning": 0.0,
    "behaviour.call_bar": 0.0, "behaviour.accept_bar": 0.0, "behaviour.open_bar": 0.0, "behaviour.exit_bar": 0.0,
    "behaviour.step_intent": 0.0, "behaviour.reach_delay": 0.0, "behaviour.view_noise": 0.0,
    "behaviour.dispute_gap": 1.0, "behaviour.patience_days": 1000.0, "behaviour.attention": 500,
    "behaviour.close_discount": 0.0, "behaviour.oversell_gain": 0.0, "behaviour.territory_yield": 0.0,
    "workload.record": 0.0, "workload.handover": 0.0, "workload.triage": 0.0,
    "alignment.sla_hours": 0.0, "alignment.shared_definition": 0.0, "alignment.coordination_hours": 0.0,
    "capability.technology": 0.0,
    "horizon.burn_in_months": 0,
}  # fmt: skip

# Hands enough for everything: no lead waits for long.
FUNNEL: dict[str, object] = {
    **ALIKE,
    "people.marketers": 20, "people.developers": 0, "people.sellers": 60, "people.success_managers": 0,
    "market.candidates_per_day": 20.0, "market.capture_share": 0.45, "market.cycle_days": 20.0,
    "customers.opening_arr": 0.0, "horizon.months": 24,
    "behaviour.reach_probability": 0.7, "behaviour.attempt_limit": 1,
    "market.project_intercept": 0.4, "behaviour.detect_probability": 0.6,
    "behaviour.steps": 3, "behaviour.step_intercept": 0.5, "behaviour.failure_limit": 2,
    "behaviour.step_not_real": 0.7, "market.win_intercept": -0.3, "market.win_not_real": -1.0,
}  # fmt: skip


def sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def organisation(settings: dict[str, object], **changes: object) -> Params:
    dotted = {name.replace("__", "."): value for name, value in changes.items()}
    return sim.load("mid_market", "siloed", {**settings, **dotted})


def is_binomial(hits: int, n: int, chance: float) -> None:
    """Exact two-sided test at ALPHA."""
    p = stats.binomtest(int(hits), int(n), chance).pvalue
    assert p > ALPHA, f"{hits} of {n} = {hits / n:.4f} against {chance:.4f}: p = {p:.2g}"


def leads_of(world: World) -> np.ndarray[Any, Any]:
    return np.array(world.leads[: int(world.org["leads"][0])])


def customers_of(world: World) -> np.ndarray[Any, Any]:
    return np.array(world.customers[: int(world.org["customers"][0])])


@functools.cache
def funnel() -> Result:
    return sim.simulate(organisation(FUNNEL), seed=11)


def total(result: Result, name: str) -> int:
    return int(np.asarray(result.world.months[name]).sum())


# ---- the funnel, stage by stage ------------------------------------------------------------


def test_capture_is_binomial() -> None:
    r = funnel()
    is_binomial(total(r, "leads"), 24 * 21 * 20, 0.45)


@pytest.mark.parametrize("work", [0.25, 1.0, 3.0])
def test_capture_grows_with_generating_work_as_stated(work: float) -> None:
    """1 − (1 − share)^(effective hours / reference)^elasticity, fresh and remembered work alike at rest."""
    elasticity, share = 0.5, 0.3
    params = organisation(
        FUNNEL,
        market__generation_elasticity=elasticity, market__capture_share=share, market__brand_memory_days=5.0,
        behaviour__qualify_share=0.0,  # then a marketer's free day is all generating work
        workload__marketer_fixed=0.25, market__generation_reference=20 * 6.0 / work, horizon__months=12,
    )  # fmt: skip
    r = sim.simulate(params, seed=12)
    # The memory starts at the reference: the first quarter is left out.
    leads = int(np.asarray(r.world.months["leads"])[3:].sum())
    is_binomial(leads, 9 * 21 * 20, 1.0 - (1.0 - share) ** (work**elasticity))


def test_every_captured_lead_is_handed_over_and_tried_once() -> None:
    """With no bar and nothing to wait for, what is not yet decided at the end is a day's work at most."""
    r = funnel()
    assert 0 <= total(r, "leads") - total(r, "mqls") <= 20
    assert 0 <= total(r, "mqls") - total(r, "pursued") <= 40
    assert total(r, "expired") == total(r, "burned") == total(r, "finds") == 0


def test_reach() -> None:
    r = funnel()
    is_binomial(total(r, "reached"), total(r, "pursued"), 0.7)
    assert total(r, "reached") == total(r, "accepted") == total(r, "accepted_marketing")


def test_several_attempts_reach_geometrically() -> None:
    params = organisation(FUNNEL, behaviour__reach_probability=0.3, behaviour__attempt_limit=4, horizon__months=12)
    leads = leads_of(sim.simulate(params, seed=13).world)
    over = leads[leads["handover"] < 12 * 21 - 30]  # four attempts, two days apart, are surely over
    reached = ~np.isin(over["stage"], [S.MQL]) & ~((over["attempts"] == 4) & (over["sales_seconds"] == 4 * 1404))
    assert np.all(over["stage"] != S.MQL)
    # A lead that was given up has four attempts and no hour beyond them.
    is_binomial(int(reached.sum()), len(over), 1.0 - 0.7**4)


def test_readiness_burns_the_leads_that_are_not_ready() -> None:
    """Intent 0.3 everywhere, readiness normal around 0.25 with spread 0.1."""
    params = organisation(
        FUNNEL, market__intent_mean=0.3, market__readiness_mean=0.25, market__readiness_spread=0.1, horizon__months=12,
        market__burn_probability=0.35,
    )  # fmt: skip
    r = sim.simulate(params, seed=14)
    # Intent has cooled by a few hundredths of a per cent when the call comes: far below what n can see.
    is_binomial(total(r, "burned"), total(r, "reached"), stats.norm.sf((0.3 - 0.25) / 0.1))
    leads = leads_of(r.world)
    recycled = int((leads["stage"] == S.RECYCLED).sum())  # LOST also holds lost deals
    is_binomial(recycled, total(r, "burned"), 0.65)


def test_projects_and_their_detection() -> None:
    r = funnel()
    leads = leads_of(r.world)
    seen = leads[(leads["marks"] & S.DISCOVERED) > 0]
    real = (seen["marks"] & S.REAL) > 0
    is_binomial(int(real.sum()), len(seen), sigmoid(0.4))
    assert np.all(seen["opened"][real] > 0)
    is_binomial(int((seen["opened"][~real] > 0).sum()), int((~real).sum()), 1.0 - 0.6)
    is_binomial(total(r, "opportunities"), len(seen), sigmoid(0.4) + (1.0 - sigmoid(0.4)) * 0.4)


def survives(step: float, steps: int, limit: int) -> float:
    """Chance of so many successes before ``limit`` failures."""
    return float(stats.nbinom(steps, step).cdf(limit - 1))


@pytest.mark.parametrize("real", [True, False])
def test_steps_and_wins(real: bool) -> None:
    """Steps succeed or fail independently; the second failure loses the deal; then one coin decides."""
    leads = leads_of(funnel().world)
    decided = leads[(leads["opened"] > 0) & (leads["opened"] < 24 * 21 - 90)]
    decided = decided[((decided["marks"] & S.REAL) > 0) == real]
    assert np.all(np.isin(decided["stage"], [S.WON, S.LOST])), "after 90 days every deal is decided"
    step = sigmoid(0.5) if real else 0.7
    arrived = decided[decided["failures"] < 2]
    is_binomial(len(arrived), len(decided), survives(step, 3, 2))
    win = sigmoid(-0.3 if real else -1.3)
    is_binomial(int((arrived["stage"] == S.WON).sum()), len(arrived), win)


def test_the_whole_funnel_is_the_product_of_its_stages() -> None:
    leads = leads_of(funnel().world)
    early = leads[leads["born"] < 24 * 21 - 120]
    q = sigmoid(0.4)
    chance = q * survives(sigmoid(0.5), 3, 2) * sigmoid(-0.3)
    chance += (1.0 - q) * 0.4 * survives(0.7, 3, 2) * sigmoid(-1.3)
    is_binomial(int((early["stage"] == S.WON).sum()), len(early), 0.7 * chance)


@pytest.mark.parametrize("hours", [0.0, 20.0])
def test_work_on_a_deal_wins_as_stated(hours: float) -> None:
    """ln(1 + hours / scale): every deal has just the hours of its contact, discovery, steps and close."""
    params = organisation(
        FUNNEL,
        market__project_intercept=8.0, behaviour__step_intercept=10.0, market__win_intercept=-0.5,
        market__win_hours=0.7, market__win_hours_scale=5.0, workload__deepen=100.0,  # nobody starts what never ends
        workload__contact=0.5, workload__discovery=1.0, workload__step=0.5, workload__close=hours / 20.0,
        horizon__months=12,
    )  # fmt: skip
    leads = leads_of(sim.simulate(params, seed=15).world)
    decided = leads[np.isin(leads["stage"], [S.WON, S.LOST]) & (leads["failures"] == 0)]
    worked = decided["sales_seconds"] / S.HOUR
    plain = decided[worked == 0.5 + 1.0 + 3 * 0.5 + hours / 20.0]
    assert len(plain) > 400
    chance = sigmoid(-0.5 + 0.7 * math.log(1.0 + (3.0 + hours / 20.0) / 5.0))
    is_binomial(int((plain["stage"] == S.WON).sum()), len(plain), chance)


def test_a_deal_takes_its_cycle_when_every_step_succeeds() -> None:
    """(steps + 1) waits of cycle / (steps + 1) days. What falls due in a day is done at any hour of it or the next."""
    params = organisation(
        FUNNEL, behaviour__step_intercept=10.0, behaviour__step_not_real=1.0, market__win_intercept=10.0,
        market__win_not_real=0.0, horizon__months=12,
    )  # fmt: skip
    r = sim.simulate(params, seed=16)
    clients = customers_of(r.world)
    clients = clients[leads_of(r.world)[clients["lead"]]["failures"] == 0]  # a chance of 5 in 100,000
    assert len(clients) > 1000
    leads = leads_of(r.world)[clients["lead"]]
    took = clients["since"] - leads["opened"]
    in_last_weeks = 63 - np.floor(clients["since"]).astype(int) % 63 <= 21  # may be pulled forward
    waits = params.behaviour.steps + 1
    assert np.all(took[~in_last_weeks] > 20.0 - waits)
    assert np.all(took < 20.0 + waits)
    assert abs(float(took[~in_last_weeks].mean()) - 20.0) < 1.0


# ---- intent, routing, customers, territory ----------------------------------------------------


def test_intent_halves_in_its_half_life() -> None:
    """At the first talk a lead's intent is what it was born with, cooled by its age, to the last digits."""
    params = organisation(FUNNEL, market__intent_half_life_days=5.0, people__sellers=3, horizon__months=6)
    leads = leads_of(sim.simulate(params, seed=17).world)
    talked = leads[leads["intent_time"] > leads["born"]]
    age = talked["intent_time"] - talked["born"]
    assert len(talked) > 100
    assert age.max() > 10  # three sellers for nine leads a day: some wait for two half-lives
    np.testing.assert_allclose(talked["intent"], params.market.intent_mean * 0.5 ** (age / 5.0), rtol=1e-12)


@pytest.mark.parametrize(("process", "technology"), [(0.0, 0.0), (0.8, 0.75)])
def test_routing_takes_an_exponential_time(process: float, technology: float) -> None:
    """Exp(sla_hours / 24 days); a written, automated process routes at once."""
    params = organisation(
        FUNNEL,
        alignment__sla_hours=36.0, behaviour__call_bar=1e8,  # nobody calls: what hand-over set stays
        capability__process=process, capability__technology=technology, horizon__months=12,
    )  # fmt: skip
    leads = leads_of(sim.simulate(params, seed=18).world)
    waits = leads[leads["stage"] == S.MQL]
    delay = waits["next_time"] - waits["handover"]
    routed = delay > 0
    if process:
        is_binomial(int((~routed).sum()), len(waits), process * technology)
    else:
        assert np.all(routed)
    delay = delay[routed]
    assert stats.kstest(delay, stats.expon(scale=1.5).cdf).pvalue > ALPHA
    # 2 Σ / mean has a χ² distribution with 2 n degrees of freedom.
    low, high = stats.chi2(2 * len(delay)).ppf([ALPHA / 2, 1 - ALPHA / 2]) / (2 * len(delay))
    assert low < delay.mean() / 1.5 < high


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


# ---- pay --------------------------------------------------------------------------------------


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


def test_sellers_earn_commission_on_expected_wins() -> None:
    """Wins × ACV × commission: deals are of one size, so variable pay counts them exactly."""
    r = funnel()
    wins = total(r, "wins")
    paid = float(np.asarray(r.world.months["pay_seller"]).sum())
    reference = r.params.reference.seller[sim.parameters.Event.won_acv]
    commission = r.params.people.seller_earnings * r.params.people.seller_variable / reference
    assert wins > 300
    assert paid == pytest.approx(wins * r.params.market.acv * commission, rel=1e-9)


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

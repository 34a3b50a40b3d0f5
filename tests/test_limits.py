"""Analytic limits of the funnel: with noise, learning and choice switched off, it is its closed form.

Every lead is alike (no spread of fit, intent or size), everything passes its bar and
there are hands enough, so that each stage of the funnel is a coin of known chance.
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
from sim.engine import Result
from tests.limits import ALIKE, ALPHA, customers_of, is_binomial, leads_of, organisation, total

pytestmark = pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler")

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


@functools.cache
def funnel() -> Result:
    return sim.simulate(organisation(FUNNEL), seed=11)


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


# ---- cooling and routing ----------------------------------------------------------------------


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


# ---- pay ---------------------------------------------------------------------------------------


def test_sellers_earn_commission_on_expected_wins() -> None:
    """Wins × ACV × commission: deals are of one size, so variable pay counts them exactly."""
    r = funnel()
    wins = total(r, "wins")
    paid = float(np.asarray(r.world.months["pay_seller"]).sum())
    reference = r.params.reference.seller[sim.parameters.Event.won_acv]
    commission = r.params.people.seller_earnings * r.params.people.seller_variable / reference
    assert wins > 300
    assert paid == pytest.approx(wins * r.params.market.acv * commission, rel=1e-9)

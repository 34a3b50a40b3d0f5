"""What marketers reckon with: touches to the bar, what a touch adds, what an hour of generating brings."""

from __future__ import annotations

import functools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import state as S
from sim.engine import simulate
from sim.parameters import from_dict, replace, to_dict
from sim.rules.market import capture_chance
from sim.rules.marketing import plan_week, score_expected, touches_to
from sim.rules.nurturing import lift_of_touch
from sim.rules.scoring import standing
from sim.world import build
from tests.worlds import busy, tiny


@functools.cache
def lived(form: str) -> S.World:
    """A world after three months."""
    return simulate(busy(horizon__months=3, behaviour__nurture_form=form), 5).world


@given(st.sampled_from(["raise", "reveal"]), st.integers(0, 2**30), st.floats(0.01, 0.99), st.floats(0.001, 0.999))
def test_so_many_touches_and_no_fewer_bring_the_score_to_the_bar(
    form: str, which: int, bar: float, gain: float
) -> None:
    world = lived(form)
    lead = world.leads[which % int(world.org["leads"][0])]
    world.params[0]["nurture_gain"] = gain
    seen = standing(world, lead, float(world.org["day"][0]))
    touches = touches_to(world, lead, seen, bar)
    if seen.score >= bar:
        return
    if math.isinf(touches):
        assert not lead["fields"] >> S.EXISTS & S.INTENT_FIELDS, "nothing of intent shows, so no touch does"
        return
    assert touches == math.ceil(touches) >= 1
    if touches < 1e6:
        assert score_expected(world, lead, seen, (1.0 - gain) ** touches) >= bar - 1e-9
        assert score_expected(world, lead, seen, (1.0 - gain) ** (touches - 1.0)) < bar + 1e-9


@given(st.floats(0.2, 0.8), st.floats(0.2, 2.0), st.floats(0.0, 1.5), st.floats(0.0, 1.0))
def test_the_lift_of_a_touch_is_the_slope_at_a_usual_lead(mean: float, spread: float, noise: float, w: float) -> None:
    """With every field of intent filled, a lead of mean intent read rightly, and a touch that adds next to nothing."""
    gain = 1e-6
    world = build(
        tiny(
            market__intent_mean=mean, market__intent_spread=spread, behaviour__score_noise=noise,
            behaviour__nurture_gain=gain, capability__data=1.0, capability__field_base=1.0,
        ),
        1, 1,
    )  # fmt: skip
    world.org[0]["weight"] = w
    lead = world.leads[0]
    lead["fields"], lead["intent"], lead["intent_time"] = S.ALL_FIELDS << S.EXISTS, mean, 0.0
    lead["seen_fit"] = lead["misread"] = 0.0
    seen = standing(world, lead, 0.0)
    assert seen.score == pytest.approx(0.5)
    assert seen.shown == pytest.approx(mean)
    lift = lift_of_touch(world.params[0], w)
    assert score_expected(world, lead, seen, 1.0 - gain) - seen.score == pytest.approx(lift, rel=1e-3, abs=1e-12)


@given(st.floats(0.05, 0.95), st.floats(0.2, 0.9), st.floats(0.0, 0.5), st.floats(0.0, 1.0))
def test_an_hour_of_generating_is_worth_the_leads_that_it_brings(
    share: float, elasticity: float, brand: float, technology: float
) -> None:
    params = replace(
        busy(),
        {
            "market.capture_share": share, "market.generation_elasticity": elasticity, "market.brand_share": brand,
            "capability.technology": technology, "behaviour.intrinsic": 0.0,
        },
    )  # fmt: skip
    plan = {"marketer": [{"event": "lead_captured", "rate": 10.0}], "cost_neutral": False}
    world = build(from_dict({**to_dict(params), "incentives": plan}), 1, 1)
    plan_week.py_func(world, 0)
    marketer = world.marketers[0]

    def chance(hours: float) -> float:
        world.org[0]["generation"] = world.org[0]["brand"] = hours
        return float(capture_chance.py_func(world))

    at, step = params.market.generation_reference, 1e-4
    slope = (chance(at + step) - chance(at - step)) / (2.0 * step) * params.market.candidates_per_day
    effective = (1.0 + params.capability.technology_volume * technology) * marketer["skill"]
    assert marketer["hour_value"] == pytest.approx(10.0 * slope * effective, rel=1e-6)

"""What is kept or left out for speed gives what the plain formula gives."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import state as S
from sim.draws import EDGE, SURE, inverse_normal, middle_normal, normal, settled_normal, stream_keys, uniform
from sim.engine import months_of, simulate
from sim.rules.marketing import felt_value, pushing_cost, value_now
from sim.world import build
from tests.worlds import busy, tiny

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # interpreted words wrap


@pytest.mark.interpreted
@given(st.integers(0, 2**62), st.integers(0, 2**40))
def test_a_settled_normal_is_the_normal_of_its_key(entity: int, index: int) -> None:
    key = stream_keys(3)[5]
    middle = middle_normal(uniform(key, entity, index))
    assert settled_normal(middle, key, entity, index) == normal(key, entity, index)


@pytest.mark.interpreted
def test_what_lies_outside_the_middle_is_always_looked_at() -> None:
    """Beyond EDGE the middle's formula is no quantile, but more than SURE from 0, which is just inside its end."""
    outside = [*np.linspace(0.5 + EDGE, 1.0, 5001)[1:-1], np.nextafter(0.5 + EDGE, 1.0), 1.0 - 2.0**-53]
    assert min(middle_normal(float(p)) for p in outside) > SURE
    assert max(middle_normal(float(1.0 - p)) for p in outside) < -SURE
    assert SURE < inverse_normal(0.5 + EDGE) < SURE + 1e-3


@functools.cache
def marketing() -> Any:
    """An organisation of which the test sets what is looked at."""
    return build(tiny(), 1, months_of(tiny()))


PAY = ("pay_mql", "pay_accepted", "pay_opportunity", "pay_won", "pay_acv")
euros = st.floats(0.0, 1e4) | st.just(0.0)


@pytest.mark.interpreted
@given(
    st.tuples(*(euros for _ in PAY)), st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0),
    st.floats(0.0, 1e6), st.floats(0.0, 5.0), st.booleans(), st.floats(-6.0, 3.0), st.floats(0.0, 4.0),
)  # fmt: skip
def test_a_lead_worth_no_pushing_is_worth_none_whatever_its_chance(
    pay: tuple[float, ...], score: float, bar: float, later: float,
    acv: float, conscience: float, agreed: bool, level: float, slope: float,
) -> None:  # fmt: skip
    """Where the value is told without the chance, the value with it would be no more, and not above 0 either."""
    world = marketing()
    world.org["bar"] = world.org["bar_agreed"] = bar
    world.leads["marks"][0] = S.AGREED if agreed else 0
    world.leads["acv"][0] = acv
    world.marketers["integrity"][0] = conscience
    world.marketers["belief_a"][0], world.marketers["belief_b"][0] = level, slope
    for name, value in zip(PAY, pay, strict=True):
        world.marketers[name][0] = value
    world.marketers["pays_wins"][0] = pay[3] > 0.0 or pay[4] > 0.0
    m, lead = world.marketers[0], world.leads[0]
    plain = felt_value(world, m, score, acv, later) - pushing_cost(world, m, lead, bar - score)
    told = value_now(world, m, lead, score, later)
    assert told >= plain
    assert told == plain or told <= 0.0


@pytest.mark.parametrize("arm", ["siloed", "shared_okr"])
def test_what_owners_believe_is_kept_in_step(arm: str) -> None:
    world = simulate(busy(arm), 3).world
    leads = np.asarray(world.leads)[: int(world.org["leads"][0])]
    seen = leads[leads["chance"] > 0.0]
    assert len(seen) > 20
    assert seen["chance"] == pytest.approx(1.0 / (1.0 + np.exp(-seen["signal"])), rel=1e-12)
    assert np.all(leads["signal"][leads["chance"] == 0.0] == 0.0)
    assert world.sellers["log_skill"] == pytest.approx(np.log(world.sellers["skill"]), rel=1e-12)

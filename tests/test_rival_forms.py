"""Rival forms of what nobody has measured: calls by a bar or by relative value, nurturing that raises or reveals."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import sim
from sim.compiled import INTERPRETED
from sim.engine import simulate, simulate_many
from sim.parameters import numeric_record, replace
from sim.rules import nurturing
from sim.rules.arithmetic import ones
from sim.rules.nurturing import missing, news, revealed
from sim.state import EXISTS, INTENT_FIELDS, WRONG
from tests.worlds import assert_engines_agree, busy

compiled_only = pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler")
FORMS = list(itertools.product(("absolute", "relative"), ("raise", "reveal")))
SEEDS = range(101, 113)
ALPHA = 1e-3
RECORDS = st.integers(0, 2**24 - 1)


def record(fields: int) -> int:
    """A record as the rules make them: only a field that exists can be wrong."""
    return fields & ~(~(fields >> EXISTS) & 0b111111) << WRONG | fields & ~(0b111111 << WRONG)


@compiled_only
@pytest.mark.parametrize(("call", "nurture"), FORMS)
def test_both_engines_have_the_same_bits_in_every_form(call: str, nurture: str) -> None:
    changes = {"behaviour__call_form": call, "behaviour__nurture_form": nurture}
    assert_engines_agree(busy(horizon__months=2, **changes), seed=7)


@compiled_only
def test_a_form_reads_its_own_parameters_only() -> None:
    """Without a bar its height is nothing to anybody; what reveals adds no intent."""
    for form, own in (("call_form", "relative"), ("nurture_form", "reveal")):
        name, value = {"call_form": ("call_bar", 9e6), "nurture_form": ("nurture_gain", 0.9)}[form]
        usual = busy(**{f"behaviour__{form}": own})
        assert simulate(usual, 3).digest == simulate(replace(usual, {f"behaviour.{name}": value}), 3).digest
        first = busy()
        assert simulate(first, 3).digest != simulate(replace(first, {f"behaviour.{name}": value}), 3).digest


@compiled_only
@pytest.mark.statistical
def test_directions() -> None:
    """Without a bar more MQLs are tried and sellers find less by themselves; what reveals is worth fewer touches."""
    base = sim.load("mid_market", "siloed", {"horizon.months": 12})
    rivals = ({}, {"behaviour.call_form": "relative"}, {"behaviour.nurture_form": "reveal"})
    worlds = [replace(base, changes) for changes in rivals]
    runs = simulate_many(worlds, SEEDS)

    def falls(point: int, measure: str) -> None:
        values = [runs[runs["point"] == p][measure].to_numpy() for p in (0, point)]
        assert stats.ttest_rel(values[1], values[0], alternative="less").pvalue < ALPHA, measure

    falls(1, "never_followed_up_share")
    runs["own_share"] = 1.0 - runs["marketing_sourced_share"]
    falls(1, "own_share")
    falls(2, "touches_per_mql")
    falls(2, "mqls")


@given(RECORDS)
def test_a_revealing_touch_fills_one_missing_field_and_changes_nothing_else(fields: int) -> None:
    before = record(fields)
    after = revealed(before)
    assert after & ~(INTENT_FIELDS << EXISTS) == before & ~(INTENT_FIELDS << EXISTS)
    assert ones(missing(before)) - ones(missing(after)) == (1 if missing(before) else 0)
    for _ in range(6):
        after = revealed(after)
    assert missing(after) == 0


@given(RECORDS, st.floats(0.05, 3), st.floats(0.0, 3))
def test_news_is_never_more_than_there_is_to_know(fields: int, spread: float, noise: float) -> None:
    p = numeric_record(
        replace(sim.load("mid_market"), {"market.intent_spread": spread, "behaviour.score_noise": noise})
    ).view(np.recarray)[0]
    total, now = 0.0, record(fields)
    while missing(now):
        step = float(news(p, now))
        assert step >= 0.0
        total += step**2
        now = int(revealed(now))
    assert total <= 1.0 + 1e-12
    assert news(p, now) == 0.0
    assert nurturing.usual_news(p, 3.0) == 0.0

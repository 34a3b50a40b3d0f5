"""Exact Shapley shares: they sum to the gap, whatever the numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.shapley import coalitions, shapley

LEVERS = ("alignment", "capability", "felt", "incentives")


@st.composite
def factorials(draw):
    """A value for every set of some levers, of any size a float can have."""
    levers = LEVERS[: draw(st.integers(1, len(LEVERS)))]
    number = st.floats(allow_nan=False, allow_infinity=False)
    return {some: draw(number) for some in coalitions(levers)}


@given(factorials())
def test_shares_sum_exactly_to_the_gap(outcomes):
    full = max(outcomes, key=len)
    gap = Fraction(outcomes[full]) - Fraction(outcomes[frozenset()])
    assert sum(shapley(outcomes).values()) == gap


@given(factorials(), st.floats(-1e6, 1e6))
def test_a_lever_that_adds_the_same_to_every_set_gets_just_that(outcomes, added):
    extended = {some: Fraction(value) for some, value in outcomes.items()}
    extended |= {some | {"new"}: value + Fraction(added) for some, value in extended.items()}
    found = shapley(extended)
    assert found["new"] == Fraction(added)
    for lever, share in shapley(outcomes).items():
        assert found[lever] == share


@given(factorials())
def test_levers_that_may_change_places_share_equally(outcomes):
    full = max(outcomes, key=len)
    by_size = {some: outcomes[min((o for o in outcomes if len(o) == len(some)), key=sorted)] for some in outcomes}
    shares = set(shapley(by_size).values())
    assert len(shares) == 1
    assert shares.pop() * len(full) == Fraction(by_size[full]) - Fraction(by_size[frozenset()])


def test_an_interaction_is_shared_between_those_who_make_it():
    outcomes = {some: 1.0 if {"a", "b"} <= some else 0.0 for some in coalitions("abc")}
    assert shapley(outcomes) == {"a": Fraction(1, 2), "b": Fraction(1, 2), "c": 0}


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ({frozenset(): 0.0, frozenset("ab"): 1.0}, "no value for {a}"),
        ({frozenset(): 0.0, frozenset("a"): float("nan")}, "finite"),
        ({frozenset(): 0.0, frozenset("a"): float("inf")}, "finite"),
    ],
)
def test_what_is_missing_is_named(outcomes, said):
    with pytest.raises(ValueError, match=said):
        shapley(outcomes)

"""Money of a client: what follows by arithmetic."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.money import claims, flows
from analysis.money.assess import _off
from analysis.numbers import LANGUAGES
from experiments.inaction.arms import NEVER

AMOUNTS = st.floats(-1e6, 1e6)
RATES = st.floats(0.0, 1.0)


def test_an_annuity_is_worth_its_closed_form() -> None:
    rate, months, each = 0.12, 36, 1_000.0
    monthly = (1.0 + rate) ** (1.0 / 12.0) - 1.0
    closed = each * (1.0 - (1.0 + monthly) ** -months) / monthly
    assert flows.present_value(np.full(months, each), rate) == pytest.approx(closed, rel=1e-12)


@given(arrays(float, 24, elements=AMOUNTS), st.integers(0, 12), RATES)
def test_a_delay_shifts_and_discounts(paid: np.ndarray, delay: int, rate: float) -> None:
    now, later = np.zeros(36), np.zeros(36)
    now[:24], later[delay : 24 + delay] = paid, paid
    shifted = flows.present_value(now, rate) * (1.0 + rate) ** (-delay / 12.0)
    assert flows.present_value(later, rate) == pytest.approx(shifted, abs=1e-4)


@given(arrays(float, (3, 12), elements=AMOUNTS), RATES, st.floats(-3, 3))
def test_value_is_linear_and_that_of_the_mean_is_the_mean_of_values(paid: np.ndarray, rate: float, k: float) -> None:
    each = flows.present_value(paid, rate)
    assert flows.present_value(k * paid, rate) == pytest.approx(k * each, abs=1e-3)
    assert flows.present_value(paid.mean(axis=0), rate) == pytest.approx(each.mean(), abs=1e-4)


@given(st.floats(1.0, 1e6), st.floats(0.01, 2.0), st.integers(1, 30))
def test_the_internal_rate_makes_the_value_nothing(spent: float, rate: float, months: int) -> None:
    paid = np.zeros(months + 1)
    paid[0], paid[-1] = -spent, spent * (1.0 + rate) ** (months / 12.0)
    found = flows.internal_rate(paid)
    assert found == pytest.approx(min(rate, flows.HIGHEST_RATE), rel=1e-6)
    if found == flows.HIGHEST_RATE:  # stands for all beyond
        assert flows.present_value(paid, found) >= -1e-6 * spent
        return
    # The first flow falls at the end of month 1: value at the rate is nothing whatever month counts as today.
    assert flows.present_value(paid, found) == pytest.approx(0.0, abs=1e-6 * spent)


@given(
    st.floats(1.0, 1e6), arrays(float, 8, elements=AMOUNTS), arrays(float, 8, elements=st.floats(0.5, 2.0)), RATES
)  # fmt: skip
def test_at_the_break_even_cost_nothing_is_gained(
    planned: float, before: np.ndarray, overrun: np.ndarray, r: float
) -> None:
    spent = planned * overrun * (1.0 + r) ** -0.5
    found = flows.break_even(planned, before, spent)
    assert before.mean() - spent.mean() * found.of_mean / planned == pytest.approx(
        0.0, abs=1e-6 * (1 + abs(before).max())
    )
    assert found.low <= found.q10 <= found.q50 <= found.q90 <= found.high
    for value, cost in zip(before, spent, strict=True):  # one run: it gains where the break-even lies above the plan
        alone = flows.break_even(planned, np.array([value]), np.array([cost]))
        assert (alone.of_mean > planned) == (value > cost) or value == pytest.approx(cost)


def test_there_is_no_break_even_where_nothing_is_spent() -> None:
    assert flows.break_even(0.0, np.ones(3), np.zeros(3)) == flows.BreakEven(*[None] * 6)


@pytest.mark.parametrize("paid", [[0.0] * 6, [-1.0, -2.0], [3.0, 4.0], [-1.0, 3.0, -3.0, 2.0], [-5.0, 2.0, 2.0]])
def test_no_rate_where_there_is_none_or_not_one(paid: list[float]) -> None:
    assert math.isnan(flows.internal_rate(np.array(paid)))


@pytest.mark.parametrize(
    ("paid", "month"),
    [
        ([-3.0, 1.0, 1.0, 1.0], 4),
        ([-3.0, 4.0, -2.0, 2.0], 4),  # above zero for a month does not count
        ([0.0, 2.0], 2),
        ([-1.0, 0.5], None),
        ([0.0, 0.0], None),
        ([2.0, -1.0], 1),
    ],
)
def test_payback_is_when_it_stays_paid(paid: list[float], month: int | None) -> None:
    found = flows.payback_month(np.array(paid))
    assert (None if math.isnan(found) else found) == month


def test_a_run_that_never_pays_back_counts_as_later_than_all() -> None:
    paid = np.array([[-1.0, 2.0, 0.0], [-1.0, 0.0, 2.0], [-1.0, 0.0, 0.0]])
    found = flows.payback(paid)
    assert (found.share, found.q10, found.q50, found.q90) == (pytest.approx(2 / 3), 2.0, 3.0, None)


@given(arrays(float, (4, 12), elements=AMOUNTS), arrays(float, (4, 12), elements=AMOUNTS), st.floats(0.0, 0.6))
def test_parts_sum_to_the_net_flow(margin: np.ndarray, pay: np.ndarray, tax: float) -> None:
    cost = np.full((4, 12), -5.0)
    parts = flows.components(margin, pay, cost, tax)
    summed = np.array(parts.margin) + parts.pay + parts.programme + parts.tax
    assert summed == pytest.approx(np.array(parts.net), abs=1e-6)
    assert np.array(parts.net) == pytest.approx((1.0 - tax) * (margin + pay + cost).mean(axis=0), abs=1e-6)


def test_a_tail_without_churn_or_discount_is_refused_no_number_and_grows_with_retention() -> None:
    gain, margin = np.array([12_000.0]), np.array([0.5])
    short, long = (flows.tail_value(gain, margin, np.array([churn]), 36, 0.1)[0] for churn in (0.05, 0.01))
    kept = 0.99 / 1.1 ** (1 / 12)
    assert long == pytest.approx(500.0 * kept / (1.0 - kept) * 1.1**-3)
    assert 0.0 < short < long


def test_an_estimate_counts_groups_not_runs() -> None:
    groups = np.repeat(np.arange(10), 2)
    values = np.repeat(np.random.default_rng(1).normal(5.0, 2.0, 10), 2)
    found = flows.estimate(values, groups)
    half = (found.mean_high - found.mean_low) / 2
    assert half == pytest.approx(2.262 * values[::2].std(ddof=1) / math.sqrt(10), rel=1e-3)
    assert found.low <= found.q10 <= found.q50 <= found.q90 <= found.high


@given(st.floats(-10, 10), st.floats(0.0, 10), st.floats(0, 1))
@settings(max_examples=50)
def test_no_sentence_is_stronger_than_its_interval(low: float, width: float, probability: float) -> None:
    found = claims.weaker(low, low + width, probability)
    assert (found == "") == (low > 0.0)
    assert (found == "opposite") == (low + width < 0.0 and low <= 0.0)


def test_a_client_who_contradicts_the_runs_is_told_so_in_both_languages() -> None:
    said = SimpleNamespace(values={"new_deals_year": 12_345.0, "churn_year": 0.142})
    seen = {NEVER: pd.DataFrame({"wins": [4.0, 6.0], "gross_retention": [0.75, 0.77]})}
    deals, churn = _off(SimpleNamespace(client=said, whole=seen))
    assert set(deals) == set(churn) == set(LANGUAGES)
    for text, parts in (
        (deals["en"], ("12,345", "show 60")),
        (deals["es"], ("12.345", "dan 60")),
        (churn["en"], ("14.2%", "24.0%")),
        (churn["es"], ("14,2", "24,0")),
    ):
        assert all(part in text for part in parts), text

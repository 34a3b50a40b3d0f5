"""What is measured of a begun month, and of a run that has not come to its end."""

from __future__ import annotations

import math

import numpy as np
import pytest

import sim
from sim.compiled import INTERPRETED
from tests.test_measures import A_MONTH, A_YEAR, ROLES, Records, again, run
from tests.worlds import busy

pytestmark = pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler")

# Known at month ends only: a begun month adds nothing to them.
BOOKED = (
    "revenue_growth", "churned_arr", "gross_retention", "net_retention", "cohort_retention", "gtm_profit",
    "pay_marketing", "pay_sales", "pay_per_new_arr", "variable_pay", "pay_gini", "threshold_shift", "belief_slope",
    "last_month_of_quarter_share",
)  # fmt: skip


def test_a_begun_month_counts_by_its_days_but_in_what_is_booked_at_month_ends() -> None:
    """Seven days are a third of a month, in flows and in what is averaged over days."""
    result, before = run("siloed", 6, 7), run("siloed", 6)
    records = Records(result)
    assert records.months == pytest.approx(6 + 1 / 3)
    daily = [*A_YEAR, *A_MONTH, "trust", "effort_sales", "split_generating", "hours_seller_idle", "closing_arr"]
    daily.remove("churned_arr")
    for name in daily:
        assert result.measures[name] == pytest.approx(again(records, name), rel=1e-9), name
    for name in BOOKED:
        assert result.measures[name] == before.measures[name], name
    assert math.isfinite(sum(before.measures[name] for name in BOOKED))
    booked = ["base_pay", "variable_pay", "attainment"]
    assert result.people[booked].equals(before.people[booked])
    begun = result.monthly.iloc[-1]
    assert begun[[name for name in BOOKED if name != "pay_gini"]].isna().all()
    assert begun["new_arr"] == pytest.approx(result.world.months["new_arr"][records.rows[-1]] * 252 / 7)
    hours = sum(v for k, v in result.measures.items() if k.startswith("hours_"))
    heads = records.people(*ROLES)
    assert hours == pytest.approx(heads * 252 * result.params.workload.day_hours)


@pytest.mark.parametrize("engine", ["compiled", "mesa"])
def test_a_result_so_far_is_that_of_the_months_so_far(engine: str) -> None:
    """Before the horizon is reached, measures, months and people are those of a run that ends there."""
    params = busy(horizon__months=4, horizon__burn_in_months=1)
    model = sim.GTMModel(params, seed=9)
    go = model.run if engine == "mesa" else model.run_compiled
    for day in (0, 10, 21):
        go(day - model.day)
        so_far = model.result()
        assert all(math.isnan(value) for value in so_far.measures.values()), day
        assert so_far.monthly.empty
        assert so_far.people[["base_pay", "variable_pay", "won_acv"]].isna().all(axis=None)
    for months, days in ((0, 5), (1, 0), (2, 3), (4, 0)):
        go(21 * (1 + months) + days - model.day)
        so_far = model.result()
        ended = sim.simulate(busy(horizon__months=months, horizon__days=days, horizon__burn_in_months=1), 9)
        np.testing.assert_equal(so_far.measures, ended.measures)
        assert so_far.monthly.equals(ended.monthly)
        assert so_far.people.equals(ended.people)

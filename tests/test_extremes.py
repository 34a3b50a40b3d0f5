"""Organisations at the edge: nobody, nothing, one of each, very many, one day, twenty years."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import sim
from sim import state as S
from sim.compiled import BOUNDS_CHECKED, INTERPRETED, compiled
from sim.engine import Result, advance, simulate
from sim.measures import MEASURES
from sim.model import GTMModel
from sim.parameters import ParameterError
from sim.world import build, digest
from tests.test_conservation import check
from tests.worlds import SIZES, busy, first_difference, numeric_parameters, tiny

pytestmark = pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler")

# Measures that are NaN where there is nothing to divide by, and when.
UNDEFINED = {
    "no customers at the start": {"revenue_growth", "gross_retention", "net_retention"},
    "no wins": {
        "cycle_days", "mean_deal", "marketing_sourced_share", "discount_cost_share", "cohort_retention",
        "scores_amended_share", "low_score_win_share", "last_month_of_quarter_share", "win_rate",
    },
    "no MQLs": {
        "mql_viable_share", "mql_to_sql", "first_response_hours", "score_inflation", "touches_per_mql",
        "disputed_share", "never_followed_up_share",
    },
    "no leads": {"lead_to_mql", "score_validity"},
    "no accepted leads": {"sql_to_opportunity"},
    "no marketers": {"threshold_shift", "belief_slope", "split_generating", "effort_marketing"},
    "no sellers": {"trust", "effort_sales", "obliged_per_seller_month", "selling_time_share"},
    "no quarter": {"attainment_mean", "at_quota_share", "last_month_of_quarter_share"},
    "no whole month": {
        "threshold_shift", "belief_slope", "revenue_growth", "gross_retention", "net_retention", "churned_arr",
        "gtm_profit", "pay_marketing", "pay_sales", "variable_pay", "pay_per_new_arr",
    },
    "fewer than two sellers paid": {"pay_gini"},
    "no success managers": {"signals_passed_share"},
    "no programme": {
        "adoption", "workshop_attendance", "programme_realised", "programme_success", "programme_failure",
    },
    "nothing sold": {"pay_per_new_arr", "expansion_share"},
}  # fmt: skip
ALWAYS = {"new_arr", "closing_arr", "leads", "mqls", "wins", "opportunities"}
ALWAYS_AFTER_A_MONTH = {"churned_arr", "gtm_profit", "pay_marketing", "pay_sales", "variable_pay"}


def well(result: Result) -> dict[str, float]:
    """Check a finished run; its measures."""
    check(result.world, result.params)
    allowed = set().union(*UNDEFINED.values())
    nan = {name for name, value in result.measures.items() if math.isnan(value)}
    staff = result.params.people
    if staff.marketers + staff.developers + staff.sellers + staff.success_managers:
        assert nan <= allowed, f"undefined without a reason: {sorted(nan - allowed)}"
        assert not nan & (ALWAYS | ALWAYS_AFTER_A_MONTH if result.params.horizon.months else ALWAYS)
    assert not [name for name, value in result.measures.items() if math.isinf(value)]
    assert list(result.measures) == list(MEASURES)
    monthly = result.monthly
    assert list(monthly.columns) == ["month", "arr", *MEASURES]
    assert not monthly["arr"].isna().any()
    assert len(result.people) == staff.marketers + staff.developers + staff.sellers + staff.success_managers
    return result.measures


def undefined(measures: dict[str, float]) -> set[str]:
    return {name for name, value in measures.items() if math.isnan(value)}


def test_an_ordinary_run_has_every_measure() -> None:
    result = simulate(busy(horizon__months=6, horizon__burn_in_months=0), 2)
    assert undefined(well(result)) == UNDEFINED["no programme"]
    rates = [name for name, measure in MEASURES.items() if measure.unit == "fraction" and "growth" not in name]
    for name in rates:
        assert result.measures[name] >= -1e-9 or name in UNDEFINED["no programme"], name


# ---------------------------------------------------------------- nobody, nothing

NOBODY: dict[str, dict[str, object]] = {
    "no marketers": {"people__marketers": 0},
    "no developers": {"people__developers": 0},
    "no sellers": {"people__sellers": 0},
    "nobody sells": {"people__sellers": 0, "people__developers": 0},
    "one seller": {"people__sellers": 1, "people__developers": 0},
    "no success managers": {"people__success_managers": 0},
    "one of each": {"people__marketers": 1, "people__sellers": 1, "people__success_managers": 1},
    "nobody": {
        "people__marketers": 0, "people__developers": 0, "people__sellers": 0, "people__success_managers": 0,
    },
    "no customers": {"customers__opening_arr": 0.0},
    "no market": {"market__candidates_per_day": 0.0, "behaviour__territory_yield": 0.0, "customers__opening_arr": 0.0},
    "nobody captured": {"market__capture_share": 0.0},
    "all leave": {"customers__churn_monthly": 1.0},
    "no variable pay": {
        "people__marketer_variable": 0.0, "people__developer_variable": 0.0, "people__seller_variable": 0.0,
        "people__success_variable": 0.0,
    },
    "no pay": {
        "people__marketer_earnings": 0.0, "people__developer_earnings": 0.0, "people__seller_earnings": 0.0,
        "people__success_earnings": 0.0,
    },
}  # fmt: skip


@pytest.mark.boundscheck
@pytest.mark.parametrize("case", NOBODY)
@pytest.mark.parametrize("arm", ["siloed", "shared_okr", "team_revenue"])
def test_without(case: str, arm: str) -> None:
    params = busy(arm, horizon__months=3, horizon__burn_in_months=1, **NOBODY[case])
    result = simulate(params, 2)
    measures = well(result)
    assert simulate(params, 2, engine="mesa").digest == result.digest
    if case in ("no marketers", "nobody captured"):
        assert measures["leads"] == measures["mqls"] == 0
        assert UNDEFINED["no MQLs"] <= undefined(measures)
        assert measures["wins"] > 0, "sellers find their own"
    if case in ("nobody sells", "no market", "nobody"):
        assert measures["new_arr"] == 0
        assert UNDEFINED["no wins"] <= undefined(measures)
    if case == "no customers":
        assert measures["closing_arr"] > 0
        unmeasured = simulate(busy(arm, horizon__months=3, horizon__burn_in_months=0, **NOBODY[case]), 2)
        assert UNDEFINED["no customers at the start"] <= undefined(well(unmeasured))
    if case == "all leave":
        assert math.isnan(measures["gross_retention"]) or measures["gross_retention"] < 0.05
        assert measures["churned_arr"] > 0
    if case == "nobody":
        assert result.world.hours.sum() == 0
        assert math.isnan(measures["wasted_time_share"])
        assert measures["closing_arr"] < params.customers.opening_arr
    if case == "no pay":
        assert measures["variable_pay"] == measures["pay_sales"] == 0


# ---------------------------------------------------------------- horizons


@pytest.mark.boundscheck
@pytest.mark.parametrize(
    ("burn_in", "months", "days"), [(0, 0, 1), (1, 0, 1), (0, 0, 20), (0, 1, 0), (1, 1, 20), (0, 3, 1)]
)
def test_short_horizons(burn_in: int, months: int, days: int) -> None:
    params = busy(horizon__burn_in_months=burn_in, horizon__months=months, horizon__days=days)
    result = simulate(params, 2)
    measures = well(result)
    assert len(result.monthly) == months + bool(days)
    if not months:
        assert UNDEFINED["no whole month"] <= undefined(measures), "their records are written at month end"
    else:
        assert abs(measures["threshold_shift"]) < 0.2


@pytest.mark.parametrize("burn_in", [0, 2])
def test_no_measured_time(burn_in: int) -> None:
    result = simulate(busy(horizon__burn_in_months=burn_in, horizon__months=0), 2)
    assert undefined(result.measures) == set(MEASURES)
    assert len(result.monthly) == 0
    model = GTMModel(result.params, 2)
    model.run()
    assert model.result().digest == result.digest


@pytest.mark.slow
def test_twenty_years() -> None:
    result = simulate(tiny(horizon__months=240, horizon__burn_in_months=0), 2)
    measures = well(result)
    assert undefined(measures) <= {"scores_amended_share"} | UNDEFINED["no programme"]
    assert len(result.monthly) == 240
    assert int(result.world.org["day"][0]) == 240 * 21


def test_months_argument() -> None:
    params = tiny()
    assert simulate(params, 1, months=1).digest == simulate(tiny(horizon__months=1), 1).digest
    for wrong in (-1, 1.5, "2"):
        with pytest.raises(ParameterError, match=r"horizon\.months"):
            simulate(params, 1, months=wrong)  # type: ignore[arg-type]


# ---------------------------------------------------------------- sizes


@pytest.mark.slow
def test_five_thousand_sellers() -> None:
    params = sim.load(
        "mid_market",
        overrides={"people.sellers": 5_000, "horizon.months": 0, "horizon.days": 2, "horizon.burn_in_months": 0},
    )
    result = simulate(params, 2)
    well(result)
    assert result.measures["hours_seller_idle"] > 0


@pytest.mark.boundscheck
@pytest.mark.parametrize("acv", [1.0, 1e8])
def test_tiny_and_huge_contracts(acv: float) -> None:
    params = busy(market__acv=acv, customers__opening_arr=50.0 * acv)
    well(simulate(params, 2))


def test_too_many_customers_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"customers\.opening_arr.*5,000,000"):
        simulate(tiny(market__acv=1.0, customers__opening_arr=1e9), 2)
    one = build(tiny(market__acv=1e8, customers__opening_arr=10.0), 2, 1)
    assert int(one.org["customers"][0]) == 1, "some revenue has at least one customer"


@pytest.mark.boundscheck
@pytest.mark.parametrize("hours", [1.0, 7.3333, 24.0])
@pytest.mark.parametrize("patience", [1.0, 1000.0])
def test_days_and_patience(hours: float, patience: float) -> None:
    params = busy(workload__day_hours=hours, behaviour__patience_days=patience, workload__prospect=0.1)
    well(simulate(params, 2))


@pytest.mark.boundscheck
@pytest.mark.parametrize("level", [0.0, 1.0])
@pytest.mark.parametrize("owner", ["marketing", "neutral", "sellers"])
def test_all_dials_at_an_end(level: float, owner: str) -> None:
    dials = ("shared_definition", "visibility", "feedback", "follow_up_obligation", "audit_share")
    changes: dict[str, object] = {f"alignment__{dial}": level for dial in dials}
    changes |= {f"capability__{dial}": level for dial in ("process", "data", "technology")}
    changes |= {"alignment__sla_hours": 2_000.0 * (1 - level), "alignment__coordination_hours": 40.0 * level}
    for form in ("first_touch", "every_attempt"):
        well(simulate(busy(alignment__score_owner=owner, alignment__obligation_form=form, **changes), 2))


@pytest.mark.parametrize("theme", ["workload", "behaviour", "market", "customers"])
@pytest.mark.parametrize("end", ["low", "high"])
def test_a_whole_theme_at_its_bounds(theme: str, end: str) -> None:
    """Every parameter of a theme at once at its lowest, or highest: no crash, no infinity, all adds up."""
    changes: dict[str, object] = {}
    for key, declared, default in numeric_parameters():
        if key.startswith(theme + "."):
            low, high = SIZES.get(key, (declared.low, declared.high))
            value = low if end == "low" else high
            changes[key.replace(".", "__")] = type(default)(value)
    result = simulate(tiny(**{**changes, "customers__opening_arr": 1e6}), 2)
    check(result.world, result.params)


def test_a_territory_that_empties_at_once() -> None:
    """An hour takes more than there is: the share left is 0, not a root of something negative."""
    use = {"behaviour__territory_use": 1.0, "behaviour__territory_power": 0.1, "behaviour__territory_refresh": 0.01}
    well(simulate(busy(**use), 2))


# ---------------------------------------------------------------- room and refusals


@pytest.mark.boundscheck
def test_arrays_grow_from_nothing() -> None:
    params = busy(market__candidates_per_day=200.0, people__marketers=3)
    world = build(params, 6, 3)
    for name, size in (("leads", 0), ("tasks", 1), ("customers", int(world.org["customers"][0]))):
        world.put(name, getattr(world, name)[: max(size, 1)].copy())
    advance(world, 63)
    assert len(world.leads) >= int(world.org["leads"][0]) > 1_000
    roomy = build(params, 6, 3)
    advance(roomy, 63)
    assert not first_difference(world, roomy)
    assert digest(world) == digest(roomy)


def test_a_policy_cannot_outgrow_the_arrays() -> None:
    """A day has room for what fits in it; a policy that goes on is stopped, not let into other memory."""

    class Endless(sim.Seller):
        def step(self) -> None:
            self.morning()
            for _ in range(100_000):
                self.perform(self.tasks()[-1].index)

    params = tiny(people__developers=0)
    model = GTMModel(params, 1, seller_class=Endless)
    with pytest.raises(ValueError, match="day of seller 0 is full"):
        model.step()
    assert int(model.world.org["leads"][0]) <= len(model.world.leads)


def test_a_task_is_done_once() -> None:
    class Twice(sim.Seller):
        def choose_task(self, tasks: list[sim.Task]) -> int | None:
            return next((task.index for task in tasks if task.kind == "contact"), None) if tasks else None

        def step(self) -> None:
            self.morning()
            chosen = self.choose_task(self.tasks())
            if chosen is not None:
                self.perform(chosen)
                with pytest.raises(IndexError):
                    self.perform(chosen)
                self.model.tried = True  # type: ignore[attr-defined]
            self.evening()

    model = GTMModel(busy(), 1, seller_class=Twice)
    model.run(20)
    assert model.tried  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, "7", None, True, math.nan])
def test_wrong_seeds_are_refused(seed: object) -> None:
    for engine in ("compiled", "mesa"):
        with pytest.raises(ParameterError, match="seed="):
            simulate(tiny(), seed, engine=engine)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="seed="):
        GTMModel(tiny(), seed=seed)  # type: ignore[arg-type]


def test_the_largest_seed_works() -> None:
    assert simulate(tiny(), 2**63 - 1).digest != simulate(tiny(), 2**63 - 2).digest
    assert simulate(tiny(), np.int64(5)).digest == simulate(tiny(), 5).digest


def test_wrong_engines_are_refused() -> None:
    with pytest.raises(ParameterError, match="compiled, mesa"):
        simulate(tiny(), 1, engine="fast")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="serial, local"):
        sim.simulate_many([tiny()], [1], executor="cloud")  # type: ignore[arg-type]


def test_a_world_takes_only_its_own_arrays() -> None:
    world = build(tiny(), 1, 1)
    with pytest.raises(TypeError, match="leads"):
        world.put("leads", np.zeros(5))
    with pytest.raises(TypeError, match="hours"):
        world.put("hours", np.zeros((1, 4, 16), np.int64)[:, ::2])
    with pytest.raises(AttributeError, match="no array 'ledas'"):
        world.ledas  # noqa: B018
    assert S.GROWING


def read_record(w: Any, i: int) -> Any:
    return w.lists[i].head


def read_cell(w: Any, i: int) -> Any:
    return w.pay[i, 0]


def write_cell(w: Any, i: int) -> None:
    w.pay[i, 0] = 1.0


@pytest.mark.boundscheck
@pytest.mark.skipif(not BOUNDS_CHECKED, reason="bounds are checked under GTM_BOUNDSCHECK=1 (make checked)")
@pytest.mark.parametrize("rule", [read_record, read_cell, write_cell])
def test_an_index_outside_of_an_array_raises_also_a_negative_one(rule: Any) -> None:
    size = 3
    world = S.World(**{name: np.zeros((size,) * axes, dtype) for name, (dtype, axes) in S.LAYOUT.items()})
    run = compiled(rule)
    run(world, size - 1)
    for index in (-1, -size, size):
        with pytest.raises(IndexError):
            run(world, index)

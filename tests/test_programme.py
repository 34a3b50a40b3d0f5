"""Transformation programmes: what is conserved, what follows by arithmetic, what ought to matter."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import sim
from sim import state as S
from sim.compiled import INTERPRETED
from sim.configuration import names
from sim.engine import Result, simulate
from sim.parameters import PLAN_THEMES, Params, declared, replace
from sim.parameters.programme import STAYS
from sim.rules.scoring import score_quantile
from sim.rules.success import claw_back
from tests.worlds import FEW, assert_engines_agree, busy, tiny

pytestmark = pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler")

PRESETS = [name for name in names("programme") if name not in ("none", "pay_only")]  # those that move levers
WILLING = {"readiness.attendance_steepness": 100.0, "readiness.priority": 1.0, "readiness.priority_spread": 0.0,
           "readiness.leadership": 1.0, "readiness.pain": 1.0}  # fmt: skip
LEVERS = [f.name for f in dataclasses.fields(sim.load("smb").programme) if f.default == STAYS]


def planned(programme: str = "big_bang", **changes: object) -> Params:
    """A small organisation that runs a programme from its first measured day."""
    short = {"horizon.months": 9, "horizon.burn_in_months": 1, "programme": programme}
    return sim.load("smb", overrides=short | {key.replace("__", "."): value for key, value in changes.items()})


def measures(result: Result) -> dict[str, float]:
    """Measures that do not speak of the programme itself."""
    own = ("programme_", "adoption", "workshop_attendance")
    return {name: value for name, value in result.measures.items() if not name.startswith(own)}


def same(a: dict[str, float], b: dict[str, float]) -> bool:
    return all(x == y or (math.isnan(x) and math.isnan(y)) for x, y in zip(a.values(), b.values(), strict=True))


@pytest.mark.parametrize("programme", PRESETS)
def test_engines_agree(programme: str) -> None:
    world = assert_engines_agree(
        busy(
            "siloed",
            programme=programme,
            horizon__months=3,
            horizon__burn_in_months=0,
            programme__duration_months=1.0,
            programme__pilot_share=0.7,
        ),
        seed=5,
    )
    assert world.months["attended"].sum() > 0
    assert 0.0 < world.dials[:, S.BUILT].max() <= 1.0


def test_a_plan_that_does_not_begin_changes_nothing() -> None:
    none = simulate(planned("none"), seed=3)
    late = simulate(planned(programme__start_months=9.0), seed=3)
    assert same(measures(none), measures(late))
    assert math.isnan(late.measures["programme_realised"])
    # And until it begins, nothing is different either.
    half = simulate(planned(programme__start_months=6.0), seed=3)
    assert half.monthly["new_arr"][:6].equals(none.monthly["new_arr"][:6])
    assert not half.monthly["wasted_time_share"].equals(none.monthly["wasted_time_share"])


def test_levers_that_stay_stay_to_the_bit() -> None:
    """A plan that moves nothing is none."""
    idle = planned(**{f"programme__{name}": STAYS for name in LEVERS})
    assert same(measures(simulate(idle, seed=2)), measures(simulate(planned("none"), seed=2)))


@settings(FEW, max_examples=15)
@given(
    st.sampled_from(PRESETS),
    st.fixed_dictionaries({
        "readiness.priority": st.floats(0, 1), "readiness.leadership": st.floats(0, 1),
        "readiness.sharing": st.floats(0, 1), "readiness.adoption_rate": st.floats(0, 1),
        "readiness.rejection_rate": st.floats(0, 1), "programme.mandate": st.floats(0, 1),
        "programme.process_share": st.floats(0, 0.5), "programme.data_share": st.floats(0, 0.5),
        "programme.duration_months": st.floats(1, 6), "programme.workshop_hours": st.floats(0, 500),
    }),
)  # fmt: skip
def test_everything_stays_in_bounds(programme: str, changes: dict[str, float]) -> None:
    params = replace(planned(programme), changes)
    result = simulate(params, seed=1, months=4)
    world = result.world
    built = world.dials[:, S.BUILT]
    assert np.all((built >= 0.0) & (built <= 1.0 + 1e-12))
    assert set(np.unique(world.adoption[:, S.USES])) <= {0.0, 1.0}
    for dial, name in enumerate(S.DIALS):
        low, high = sorted(world.dials[dial, :2])
        assert low - 1e-12 <= world.params[name][0] <= high + 1e-12, name
    assert 0.0 <= result.measures["programme_realised"] <= 1.0 + 1e-12
    assert world.months["attended"].sum() <= world.months["invited"].sum()
    paid = world.hours.sum() / S.HOUR
    people = dataclasses.astuple(params.people)[:4]
    assert paid == pytest.approx(sum(people) * params.workload.day_hours * int(world.org["day"][0]), abs=1e-6)


def test_where_everybody_comes_it_ends_on_the_day_planned_and_costs_what_was_planned() -> None:
    params = replace(
        planned(programme__duration_months=5.0, programme__cost=90_000.0, programme__workshop_hours=0.0), WILLING
    )
    result = simulate(params, seed=4)
    assert result.measures["workshop_attendance"] == pytest.approx(1.0, abs=0.02)
    spent = result.world.months["programme_cost"]
    assert spent.sum() == pytest.approx(90_000.0, rel=0.06)  # a week more, should somebody miss one
    assert spent.sum() >= 90_000.0 - 1e-6
    assert result.world.dials[:, S.BUILT].min() > 0.99


def test_the_cost_is_taken_from_profit_to_the_cent() -> None:
    free, paid = (simulate(planned(programme__cost=cost), seed=6) for cost in (0.0, 60_000.0))
    assert free.measures["new_arr"] == paid.measures["new_arr"]
    difference = free.measures["gtm_profit"] - paid.measures["gtm_profit"]
    assert difference == pytest.approx(paid.measures["programme_cost"])


def test_a_pilot_invites_its_share_first() -> None:
    params = planned("pilot_then_spread", programme__pilot_share=0.5, programme__pilot_months=3.0)
    months = simulate(params, seed=8).world.months
    weeks = months["programme_weeks"]
    heads = sum(dataclasses.astuple(params.people)[:4])
    share = months["invited"] / np.maximum(weeks * heads, 1.0)
    assert 0.2 < share[1] < 0.8
    assert share[5] == 1.0


def test_process_first_builds_process_first() -> None:
    world = simulate(planned("process_first", programme__duration_months=24.0), seed=1).world
    process, data, technology = world.dials[:3, S.BUILT]
    assert 0.0 < process < 1.0
    assert data == technology == 0.0


@pytest.mark.parametrize("seat_left", [True, False])
def test_whoever_takes_a_seat_has_learnt_nothing_yet(seat_left: bool) -> None:
    turnover = 5.0 if seat_left else 0.0
    params = replace(planned("process_first", people__turnover=turnover, readiness__sharing=0.0), WILLING)
    world = simulate(params, seed=2).world
    first = int(world.org["marketers"][0])
    sellers = world.adoption[first : first + len(world.sellers), S.TRAINED]
    others = world.adoption[:first, S.TRAINED]
    assert (sellers.min() < 0.5 * others.mean()) == seat_left


def effect(measure: str, low: dict[str, object], high: dict[str, object], seeds: int = 12) -> tuple[float, float]:
    """Mean paired difference and its standard error."""
    base = planned("process_first", horizon__months=18)
    a, b = (
        np.array([simulate(replace(base, change), seed).measures[measure] for seed in range(1, seeds + 1)])
        for change in (low, high)
    )
    return float((b - a).mean()), float((b - a).std(ddof=1) / math.sqrt(seeds))


# One-sided tests at three standard errors and more: an error rate below .2 % each, and fixed seeds.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("lever", "low", "high", "sign"),
    [
        ("readiness.leadership", 0.2, 0.8, 1),
        ("readiness.sharing", 0.1, 0.9, 1),
        ("readiness.rejection_rate", 0.0, 0.2, -1),
    ],
)
def test_readiness_decides_what_is_realised(lever: str, low: float, high: float, sign: int) -> None:
    mean, error = effect("programme_realised", {lever: low}, {lever: high})
    assert sign * mean > 3.0 * error


@pytest.mark.slow
def test_more_people_come_where_it_ranks_higher_and_fewer_where_they_are_overloaded() -> None:
    mean, error = effect("workshop_attendance", {"readiness.priority": 0.2}, {"readiness.priority": 0.8})
    assert mean > 3.0 * error
    mean, error = effect("workshop_attendance", {"programme.workshop_hours": 10.0}, {"programme.workshop_hours": 300.0})
    assert mean < -3.0 * error


@pytest.mark.slow
def test_there_is_a_dip_before_the_gain() -> None:
    """At first workshops take the time to sell; later people waste less time than without a programme."""
    names = ["selling_time_share", "wasted_time_share"]
    seeds = range(1, 13)
    change, none = (
        np.array([simulate(planned(name, horizon__months=18), seed).monthly[names].to_numpy() for seed in seeds])
        for name in ("big_bang", "none")
    )
    early = (change - none)[:, :6, 0].mean(axis=1)
    late = (change - none)[:, -6:, 1].mean(axis=1)
    for values in (early, late):
        assert values.mean() < -3.0 * values.std(ddof=1) / math.sqrt(len(values))


def test_no_plan_is_dead() -> None:
    """Every field of programme and readiness is read by the rules."""
    from pathlib import Path

    text = (Path(sim.__file__).parent / "rules" / "programme.py").read_text(encoding="utf-8")
    read = {name for theme, name, _, _ in declared() if theme in PLAN_THEMES and f"plan.{name}" in text}
    world = {"start_months", *LEVERS}  # read when a world is built
    assert {name for theme, name, _, _ in declared() if theme in PLAN_THEMES} == read | world


def test_a_tiny_world_without_people_runs_a_programme() -> None:
    nobody = tiny(people__marketers=0, people__sellers=0, people__developers=0, people__success_managers=0)
    result = simulate(replace(nobody, {"programme.name": "change", "programme.process": 0.9}), seed=1)
    assert math.isnan(result.measures["workshop_attendance"])


# ---- a new pay plan -------------------------------------------------------------------------

SOLD = {"event": "won_acv", "weight": 1.0}


def paying(plan: object, **changes: object) -> Params:
    """A small organisation that brings a new pay plan and moves no lever; announced on its first measured day."""
    return planned("pay_only", **{"programme__incentives": plan} | changes)


def test_a_new_plan_is_in_force_from_the_next_day_on_which_all_periods_begin() -> None:
    for start, yearly, day in ((0.0, False, 63), (1.9, False, 63), (2.0, False, 126), (0.0, True, 252)):
        plan = {"seller": [SOLD | {"period": "year" if yearly else "quarter"}]}
        world = sim.engine.build(paying(plan, programme__start_months=start), 1, 10)
        assert int(world.plan["pay_day"][0]) == day


def test_it_pays_as_the_old_plan_before_and_as_the_new_one_after() -> None:
    """What is paid is what the plan in force says: until the day nothing differs, then flat pay is base only."""
    none, flat = (simulate(p, seed=3) for p in (planned("none"), paying("flat_salary")))
    pay = [f"pay_{role}" for role in S.ROLE_NAMES]
    months = flat.world.months
    for name in S.MONTH_NAMES:
        assert np.array_equal(months[name][:3], none.world.months[name][:3]), name
    assert sum(none.world.months[name][3:].sum() for name in pay) > 0.0
    assert all(months[name][3:].max() == 0.0 for name in pay)
    people = flat.params.people
    heads = dataclasses.astuple(people)[:4]
    earned = (people.marketer_earnings, people.developer_earnings, people.seller_earnings, people.success_earnings)
    whole = sum(n * each for n, each in zip(heads, earned, strict=True)) / 12.0
    assert months["base_pay"][3:] == pytest.approx(whole)
    # Base pay and variable pay of everybody, as people have it, is what the months say.
    measured = slice(flat.params.horizon.burn_in_months, None)
    assert flat.world.pay[:, S.PAY_BASE].sum() == pytest.approx(months["base_pay"][measured].sum())
    total = flat.measures["pay_marketing"] + flat.measures["pay_sales"]
    in_window = flat.people[flat.people["role"] != "success"][["base_pay", "variable_pay"]].to_numpy().sum()
    assert total == pytest.approx(in_window, rel=1e-9)


def test_the_same_plan_again_changes_nothing() -> None:
    none, again = (simulate(p, seed=4) for p in (planned("none"), paying("siloed")))
    assert again.digest == none.digest


def test_payout_only_leaves_behaviour() -> None:
    """Paid by the new plan and believing in the old one: the work is the same until somebody leaves over pay."""
    stay = {"people__turnover": 0.0}
    none = simulate(planned("none", **stay), seed=5)
    params = paying("team_revenue", **stay)
    silent = simulate(params, seed=5, felt=params.incentives)
    believed = simulate(params, seed=5)
    assert silent.measures["new_arr"] == none.measures["new_arr"] != believed.measures["new_arr"]
    assert silent.measures["variable_pay"] != none.measures["variable_pay"]


@pytest.mark.parametrize(("old", "new"), [("retention", "flat_salary"), ("siloed", "retention")])
def test_what_a_plan_paid_is_taken_back_by_its_own_terms(old: str, new: str) -> None:
    """Of every win the euros that the claw-back of the plan in force at that moment takes, and no others."""
    world = simulate(paying(new, incentives=old), seed=6).world
    changed = int(world.plan["pay_day"][0])
    won = world.customers[: int(world.org["customers"][0])]
    won = won[won["lead"] >= 0]
    won[0]["since"] = changed  # closed with the last minute of the eve
    terms = world.other_paid if old == "retention" else world.paid_terms
    (term,) = [t for t in terms[S.SELLER] if t["event"] >= 0 and t["clawback_months"] > 0]
    assert (won["since"] > changed).any()
    assert (won["since"] <= changed).any()
    for customer in won:
        world.pay[:, S.PAY_DUE] = 0.0
        claw_back(world, customer, 0.0)
        owes = (customer["since"] <= changed) == (old == "retention")
        due = float(term["rate"]) * customer["won_acv"] if owes else 0.0
        assert world.pay[:, S.PAY_DUE].sum() == pytest.approx(due)


def test_the_low_score_bar_is_the_new_plans_from_its_first_day() -> None:
    plan = {"seller": [SOLD | {"low_score_multiplier": 2.0}], "low_score_quantile": 0.6}
    world = sim.engine.build(paying(plan, programme__start_months=0.0), 1, 10)
    sim.engine.advance(world, int(world.plan["pay_day"][0]))
    level = float(world.org["bar_level"][0])
    assert world.org["low_bar"][0] == score_quantile(world, level + 0.6 * (1.0 - level))


def test_a_partial_plan_keeps_what_other_roles_have() -> None:
    params = planned("none", programme__name="change", programme__incentives={"seller": [SOLD]})
    assert params.programme.incentives is not None
    assert [term.weight for term in params.programme.incentives.seller] == [1.0]
    assert params.programme.incentives.marketer == params.incentives.marketer
    assert sim.parameters.from_dict(sim.parameters.to_dict(params)) == params


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ("share_okr", "programme.incentives='share_okr'.*Did you mean 'shared_okr'"),
        (3, "programme.incentives=3"),
        ({"seller": [{"event": "won"}]}, "programme.incentives.seller"),
    ],
)
def test_a_wrong_plan_is_refused_under_its_key(plan: object, told: str) -> None:
    with pytest.raises(sim.parameters.ParameterError, match=told):
        paying(plan)


def test_what_a_new_plan_costs_to_draw_up_is_booked_in_full() -> None:
    result = simulate(paying("hybrid", programme__cost=30_000.0, programme__duration_months=2.5), seed=1)
    assert result.world.months["programme_cost"].sum() == pytest.approx(30_000.0)


@pytest.mark.slow
@given(
    seed=st.integers(0, 2**63 - 1), plan=st.sampled_from(names("incentives")), old=st.sampled_from(names("incentives"))
)
@example(seed=605, plan="siloed", old="quota_bonus")  # a plan that no arm pays
@settings(FEW, max_examples=6)
def test_engines_agree_over_a_change_of_pay(seed: int, plan: str, old: str) -> None:
    """Also: nobody is paid less than nothing, and the pay of people adds up to that of months."""
    world = assert_engines_agree(
        busy(
            incentives=old,
            programme="pay_only",
            programme__incentives=plan,
            horizon__months=5,
            horizon__burn_in_months=0,
        ),
        seed=seed,
    )
    assert world.pay[:, S.PAY_VARIABLE].min() >= 0.0
    paid = sum(float(world.months[f"pay_{role}"].sum()) for role in S.ROLE_NAMES)
    assert world.pay[:, S.PAY_VARIABLE].sum() == pytest.approx(paid)

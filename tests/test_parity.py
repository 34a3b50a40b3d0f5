"""The same bits from both engines, after swaps, in threads, in fresh processes, with and without the compiler."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim import state as S
from sim.compiled import BOUNDS_CHECKED, INTERPRETED
from sim.configuration import names
from sim.engine import days_of, months_of, simulate, simulate_many
from sim.model import GTMModel
from sim.parameters import Params
from sim.world import build, digest
from tests import refresh_golden
from tests.worlds import (
    FEW,
    assert_engines_agree,
    busy,
    compiled_until,
    counts_of,
    first_difference,
    parameters,
    phase_of_difference,
    tiny,
)

ROOT = Path(__file__).resolve().parent.parent
SEEDS = st.integers(0, 2**63 - 1)
# Without the compiler only the smallest runs are affordable.
pytestmark = pytest.mark.skipif(INTERPRETED, reason="runs with the compiler only")


# ---------------------------------------------------------------- engines


@pytest.mark.boundscheck
@settings(FEW, max_examples=12)
@given(parameters(), SEEDS)
def test_engines_agree_on_random_organisations(params: Params, seed: int) -> None:
    world = assert_engines_agree(params, seed)
    assert digest(world) == simulate(params, seed).digest == simulate(params, seed, engine="mesa").digest


@pytest.mark.parametrize("arm", names("arm"))
def test_engines_agree_under_every_arm(arm: str) -> None:
    world = assert_engines_agree(busy(arm, horizon__months=3, horizon__burn_in_months=1), seed=11)
    counts = counts_of(world)
    for event in ("mqls", "pursued", "opportunities", "wins", "churned_arr", "expansion_arr"):
        assert counts[event] > 0, f"nothing to compare: no {event}"


@pytest.mark.boundscheck
@pytest.mark.parametrize("plan", names("incentives"))
def test_engines_agree_under_every_pay_plan(plan: str) -> None:
    params = sim.load("smb", overrides={"incentives": plan, "horizon.months": 3, "horizon.burn_in_months": 0})
    assert_engines_agree(params, seed=5)


@pytest.mark.parametrize("organisation", names("organisation"))
def test_engines_agree_on_every_organisation(organisation: str) -> None:
    params = sim.load(organisation, overrides={"horizon.months": 1, "horizon.burn_in_months": 0, "horizon.days": 3})
    assert_engines_agree(params, seed=3)


def test_engines_agree_when_nothing_is_measured() -> None:
    params = busy(horizon__months=0, horizon__burn_in_months=4)
    compiled, mesa = simulate(params, 9), simulate(params, 9, engine="mesa")
    assert not first_difference(compiled.world, mesa.world)
    assert compiled.digest == mesa.digest


def test_measures_agree() -> None:
    params = busy("shared_okr")
    compiled, mesa = simulate(params, 4), simulate(params, 4, engine="mesa")
    assert list(compiled.measures) == list(mesa.measures)
    np.testing.assert_array_equal(list(compiled.measures.values()), list(mesa.measures.values()))
    pd.testing.assert_frame_equal(compiled.monthly, mesa.monthly, check_exact=True)
    pd.testing.assert_frame_equal(compiled.people, mesa.people, check_exact=True)


def test_a_difference_is_named() -> None:
    """The comparer itself: a bit turned in one engine is found, with day, phase, entity and field."""

    class Cheat(sim.Seller):
        def step(self) -> None:
            super().step()
            if self.model.day == 3 and self.index == 1:
                self.trust = np.nextafter(self.trust, 2.0)

    with pytest.raises(AssertionError, match=r"day 3, phase: sellers\n.*sellers\[1\]\.trust: ") as found:
        assert_engines_agree(busy(), 1, seller_class=Cheat)
    assert "against" in str(found.value)
    assert phase_of_difference(busy(), 1, 2, seller_class=Cheat).startswith("the compiled loop")


# ---------------------------------------------------------------- swaps


@settings(FEW, max_examples=15)
@given(st.data())
def test_swaps_on_any_day(data: st.DataObject) -> None:
    """Kernel to Mesa and back on random days, the end of the burn-in among them."""
    params = busy(horizon__months=2, horizon__burn_in_months=1, horizon__days=3)
    seed = data.draw(SEEDS)
    total = days_of(params)
    start = data.draw(st.one_of(st.integers(0, total), st.sampled_from([20, 21, 22, 42, 63])), label="first swap")
    model = GTMModel.from_world(params, seed, compiled_until(params, seed, start))
    while model.day < total:
        days = data.draw(st.one_of(st.integers(1, 30), st.just(21)), label="days")
        if data.draw(st.booleans(), label="compiled"):
            model.run_compiled(days)
        else:
            model.run(days)
        assert model.steps <= model.day
        assert model.running == (model.day < total)
    assert model.result().digest == simulate(params, seed).digest


def test_records_have_no_padding() -> None:
    """Padding is not copied, and digests would see it."""
    for name, (dtype, _) in S.LAYOUT.items():
        if dtype.names:
            assert dtype.itemsize == sum(dtype[field].itemsize for field in dtype.names), name


def test_a_world_survives_pickling_in_the_middle() -> None:
    import copy
    import pickle

    params = busy()
    world = compiled_until(params, 2, 30)
    for twin in (copy.deepcopy(world), pickle.loads(pickle.dumps(world))):
        assert digest(twin) == digest(world)
        model = GTMModel.from_world(params, 2, twin)
        model.run()
        assert model.result().digest == simulate(params, 2).digest
    assert int(world.org["day"][0]) == 30, "the original stands still"


# ---------------------------------------------------------------- the two extension points


class PlainRule(sim.Seller):
    """The default task choice, written in plain Python."""

    def choose_task(self, tasks: list[sim.Task]) -> int | None:
        priority = float(self.model.world.params[0].priority)
        best, highest = None, 0.0
        for task in tasks:
            worth = task.value / task.hours
            if task.passes:
                worth *= priority
            if worth > highest:
                best, highest = task.index, worth
        return best


class Deferring(sim.Seller):
    """A policy that asks the default rule."""

    def choose_task(self, tasks: list[sim.Task]) -> int | None:
        return super().choose_task(tasks)


@pytest.mark.parametrize("kind", [PlainRule, Deferring])
def test_the_default_rule_in_python_gives_the_same_bits(kind: type[sim.Seller]) -> None:
    assert_engines_agree(busy("everything", horizon__months=1), seed=8, seller_class=kind)


def test_another_python_policy_gives_other_numbers() -> None:
    class Idle(sim.Seller):
        def choose_task(self, tasks: list[sim.Task]) -> int | None:
            return None

    params = busy(alignment__follow_up_obligation=0.0)
    model = GTMModel(params, 8, seller_class=Idle)
    model.run()
    assert model.result().measures["pursued"] == 0.0 < simulate(params, 8).measures["pursued"]


# ---------------------------------------------------------------- many, in threads


def test_threads_give_the_same_bits() -> None:
    points = [busy(), busy("shared_okr"), tiny(people__sellers=0)]
    frames = [simulate_many(points, range(5), executor="serial")]
    frames += [simulate_many(points, range(5), executor="local", workers=n) for n in (1, 2, 3)]
    for frame in frames[1:]:
        pd.testing.assert_frame_equal(frames[0], frame, check_exact=True)
    assert list(zip(frames[0]["point"], frames[0]["seed"], strict=True)) == [(p, s) for p in range(3) for s in range(5)]
    mesa = simulate_many(points, range(2), executor="local", workers=2, engine="mesa")
    expected = frames[0][frames[0]["seed"] < 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(mesa, expected, check_exact=True)


def test_a_run_leaves_no_trace_in_the_next() -> None:
    first = simulate(busy(), 1).digest
    simulate(busy("flat_salary"), 2)
    assert simulate(busy(), 1).digest == first
    assert simulate(busy(), 2).digest != first


# ---------------------------------------------------------------- other processes and modes

DIGESTS = """
import json
from sim.engine import simulate
from tests.refresh_golden import SEED, small
print(json.dumps({name: simulate(params, SEED).digest for name, params in small().items()}))
"""


def digests_elsewhere(**variables: str) -> dict[str, str]:
    """Digests of the small organisations from a fresh process with these environment variables."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DIGESTS],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"PYTHONHASHSEED": "1"},
        pytest.param({"NUMBA_DISABLE_JIT": "1"}, marks=pytest.mark.slow),
        pytest.param({"GTM_BOUNDSCHECK": "1"}, marks=pytest.mark.slow),
    ],
    ids=["fresh", "other hashes", "interpreted", "bounds checked"],
)
def test_other_processes_give_the_same_bits(variables: dict[str, str]) -> None:
    if BOUNDS_CHECKED:
        pytest.skip("compared with the ordinary mode only")
    expected = {name: simulate(params, refresh_golden.SEED).digest for name, params in refresh_golden.small().items()}
    assert digests_elsewhere(**variables) == expected


# ---------------------------------------------------------------- machine code keeps to its arrays


def test_growing_changes_nothing() -> None:
    """A world that begins with hardly any room ends with the same bits."""
    params = busy(market__candidates_per_day=60.0)
    expected = simulate(params, 6)
    world = build(params, 6, months_of(params))
    for name, size in (("leads", 1), ("tasks", 1), ("customers", int(world.org["customers"][0]))):
        world.put(name, getattr(world, name)[:size].copy())
    model = GTMModel.from_world(params, 6, world)
    model.run(10)
    model.run_compiled(days_of(params))
    assert digest(model.world) == expected.digest
    assert len(model.world.leads) >= int(model.world.org["leads"][0]) > 1024
    assert list(S.GROWING) == ["leads", "customers", "tasks"]

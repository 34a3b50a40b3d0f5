"""When replications suffice: against the definitions, and never by the way the runs came."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiments import executors, runner, store
from experiments.config.command import REPLICATIONS
from experiments.replications import Replications, Rule, rule
from sim.parameters import ParameterError
from tests.test_runner import Quick, at, bytes_of

values = st.lists(st.floats(-1e3, 1e3) | st.just(math.nan), min_size=1, max_size=40).map(np.array)


@given(values, st.floats(1e-3, 1e3))
def test_precision_is_the_half_width_of_the_t_interval(x: np.ndarray, wanted: float) -> None:
    met = Rule("precision", half_width=wanted).met(x)
    for n in range(1, len(x) + 1):
        there = x[:n][np.isfinite(x[:n])]
        if len(there) < 2:
            assert not met[n - 1]
            continue
        half = stats.t.ppf(0.975, len(there) - 1) * stats.sem(there)
        if not math.isclose(half, wanted, rel_tol=1e-6, abs_tol=1e-4):
            assert met[n - 1] == (half <= wanted)


@given(values, st.floats(0.6, 0.99), st.floats(0, 100))
def test_a_decision_is_clear_by_sign_or_immaterial(x: np.ndarray, wanted: float, immaterial: float) -> None:
    met = Rule("decision", probability=wanted, immaterial=immaterial).met(x)
    there = x[np.isfinite(x)]
    if len(there) < 2 or np.std(there) < 1e-3:
        return
    mean = stats.t(len(there) - 1, there.mean(), stats.sem(there))
    positive, inside = mean.sf(0), mean.cdf(immaterial) - mean.cdf(-immaterial)
    chances = (positive, 1 - positive, inside)
    if min(abs(c - wanted) for c in chances) > 1e-6:
        assert met[-1] == (max(chances) >= wanted)


def test_equal_differences_decide_at_once() -> None:
    assert Rule("decision", probability=0.99).met(np.full(3, 2.0)).tolist() == [False, True, True]
    assert Rule("decision", probability=0.99, immaterial=3.0).met(np.full(3, 2.0))[-1]
    assert not Rule("decision", probability=0.99).met(np.zeros(3)).any()
    assert Rule("decision", probability=0.99, immaterial=1.0).met(np.zeros(3))[-1]


def test_a_goal_that_is_met_by_luck_does_not_count() -> None:
    chosen = Rule("precision", half_width=1.0, start=3, look_ahead=2)
    lucky = np.array([5.0, 5.0, 5.0, 9.0])
    assert chosen.met(lucky).tolist() == [False, True, True, False]
    assert chosen.wanted(lucky[:3]) == 5
    assert chosen.wanted(lucky) == 6  # not met any more: some more
    assert chosen.wanted(np.full(5, 5.0)) == 5
    assert chosen.wanted(np.full(100, 5.0)) == 5


def test_it_looks_further_ahead_the_more_there_are() -> None:
    """Hoad, Robinson & Davies 2010: k up to 100 replications, k·n/100 beyond."""
    assert [Rule("precision", look_ahead=5)._ahead(n) for n in (10, 100, 101, 200, 1_000)] == [5, 5, 5, 10, 50]


def conduct(
    folder: Path, chosen: Rule, points: Any, seeds: int, block: int | None = None, times: int = 10**6, kind: Any = Quick
) -> Any:
    """Rounds of runs as the commands make them; ``times`` blocks at most."""
    asked = runner.Plan(kind(), seeds=seeds, seed=1, points=points, watched="revenue_growth")
    with store.Store(folder, asked, print) as kept, executors.Serial() as serial:
        kept.adopt()
        wanted = Replications(chosen, kept)

        def note(answer: runner.Answer) -> None:
            nonlocal times
            kept.note(answer)
            times -= 1
            if times <= 0:
                raise KeyboardInterrupt

        try:
            for missing in wanted.rounds():
                runner.execute(asked, kept.parts, missing, serial, note, block)
        except KeyboardInterrupt:
            return None
        kept.finish(wanted.numbers())
    return wanted


# Values of Quick are a sine of the seed, in the second arm a tenth larger: what pairs share is eleven times the rest.
NARROW = Rule("precision", "revenue_growth", "two", half_width=0.4, start=4, look_ahead=2)


class OneArm(Quick):
    arms = ("one",)


@given(block=st.integers(1, 9), times=st.integers(1, 12), before=st.integers(0, 30))
@settings(max_examples=15)
def test_stopping_does_not_depend_on_how_the_runs_came(
    tmp_path_factory: pytest.TempPathFactory, block: int, times: int, before: int
) -> None:
    """Cut off after some blocks, or with more runs there than are wanted: the same files."""
    chosen = Rule("precision", "revenue_growth", "one", half_width=0.4, start=4, look_ahead=2)
    folder = tmp_path_factory.mktemp("stopping")
    found = conduct(folder / "fresh", chosen, at(0.0, 1.0), 200, kind=OneArm)
    counts = pd.read_parquet(folder / "fresh" / "runs.parquet")["point"].value_counts()
    assert 4 < counts[0] == counts[1] < 200
    assert found.saved() == {"stopping": 400 - counts.sum(), "pairing": 0}
    if before:
        conduct(folder / "study", Rule("fixed"), at(0.0), before, kind=OneArm)
    conduct(folder / "study", chosen, at(0.0, 1.0), 200, block, times, kind=OneArm)
    conduct(folder / "study", chosen, at(0.0, 1.0), 200, kind=OneArm)
    assert bytes_of(folder / "study") == bytes_of(folder / "fresh")


def test_paired_arms_stop_early_and_what_pairing_saves_is_counted(tmp_path: Path) -> None:
    found = conduct(tmp_path, NARROW, at(0.0), 50)
    assert len(pd.read_parquet(tmp_path / "runs.parquet")) == 2 * 6
    assert found.saved()["stopping"] == 2 * 44
    assert found.saved()["pairing"] > 12


def test_the_most_that_is_allowed_ends_it_too(tmp_path: Path) -> None:
    never = Rule("decision", "revenue_growth", "two", probability=1.0, immaterial=0.0, start=4, look_ahead=2)
    model_seeds = 9
    conduct(tmp_path, never, at(0.0), model_seeds)
    assert len(pd.read_parquet(tmp_path / "runs.parquet")) <= 2 * model_seeds


def test_the_rule_defaults_to_the_second_arm() -> None:
    asked = {**REPLICATIONS, "name": "precision", "half_width": 0.1}
    assert rule(asked, ("a", "b", "c"), ()).arm == "b"
    assert rule(asked, ("a",), ()).arm == "a"
    with pytest.raises(ParameterError, match="two arms are needed"):
        rule({**asked, "name": "decision"}, ("a",), ())

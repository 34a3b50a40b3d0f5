"""The yardstick: ours and C leave the same bits; Mesa and SimPy tell the same story on average."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import astuple, fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy import stats

from benchmarks.funnel import native, records
from benchmarks.funnel.rules import CHURNED, EXPIRED, IDS_PER_MARKETER_DAY, LOST, OPEN, WON
from benchmarks.funnel.settings import Counts, Setting
from sim.draws import Stream, normal, stream_keys, uniform

ROOT = Path(__file__).parents[1]
BASE = Setting()
SMALL = replace(BASE, marketers=2, sellers=4)
SETTINGS = {
    "base": BASE,
    "twice": BASE.times(2),
    "ten times": BASE.times(10),
    "one of each": replace(BASE, marketers=1, sellers=1),
    "idle sellers": replace(BASE, marketers=1, sellers=60),
    "one touch": replace(SMALL, touches_per_day=1),
    "equal scores": replace(SMALL, score_noise=1e6),
    "short patience": replace(SMALL, days_to_expiry=1),
    "nobody": replace(BASE, marketers=0),
    "no days": replace(BASE, days=0),
}
needs_c = pytest.mark.skipif(native.compiler() is None, reason="no C compiler on this machine")


def conserved(counts: Counts) -> bool:
    """Every lead is in exactly one place, and only won leads can churn."""
    return counts.leads == counts.open + counts.won + counts.lost + counts.expired and counts.churned <= counts.won


@needs_c
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("seed", [0, 1, 20_260_101, -1, 2**63 + 5])
def test_ours_and_c_leave_the_same_bits(name: str, seed: int) -> None:
    ours, c = records.run(SETTINGS[name], seed), native.run(SETTINGS[name], seed)
    assert ours.counts() == c.counts()
    assert ours.leads.tobytes() == c.leads.tobytes()
    assert ours.digest() == c.digest()


@needs_c
@hypothesis_settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**64 - 1),
    st.builds(
        Setting,
        marketers=st.integers(0, 6),
        sellers=st.integers(1, 8),
        days=st.integers(0, 130),
        touches_per_day=st.integers(1, 12),
        advances_to_win=st.integers(1, 5),
        days_to_expiry=st.integers(1, 70),
        days_per_month=st.integers(1, 40),
        leads_per_day=st.floats(0.0, 8.0),
        score_noise=st.floats(0.0, 3.0),
        freshness_days=st.floats(0.5, 40.0),
        advance_base=st.floats(-3.0, 3.0),
        advance_quality=st.floats(-1.0, 2.0),
        loss_base=st.floats(-4.0, 2.0),
        churn_per_month=st.floats(0.0, 1.0),
    ),
)
def test_any_funnel_is_conserved_and_equal_in_bits(seed: int, setting: Setting) -> None:
    ours = records.run(setting, seed)
    assert conserved(ours.counts())
    assert ours.counts().touches == ours.sellers["touches"].sum()
    assert ours.counts().touches <= setting.sellers * setting.touches_per_day * setting.days
    assert ours.counts().won == ours.sellers["won"].sum()
    assert ours.counts().leads == ours.marketers["leads"].sum()
    assert ours.digest() == native.run(setting, seed).digest()


@needs_c
def test_interpreted_rules_leave_the_same_bits() -> None:
    setting = replace(SMALL, marketers=1, sellers=2, days=70, days_to_expiry=20)
    program = (
        "from benchmarks.funnel import records; from benchmarks.funnel.settings import Setting;"
        f"print(records.run({setting!r}, 7).digest())"
    )
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == native.run(setting, 7).digest()


@pytest.mark.parametrize("program", [records.run, pytest.param(native.run, marks=needs_c)])
def test_arrays_grow_instead_of_overflowing(
    program: Callable[[Setting, int], records.Funnel], monkeypatch: pytest.MonkeyPatch
) -> None:
    roomy = program(SMALL, 3).digest()
    monkeypatch.setattr(records, "rooms", lambda _: (1, 1))
    assert program(SMALL, 3).digest() == roomy


def by_the_specification(setting: Setting, seed: int) -> dict[int, tuple[int, int, int, int]]:
    """Run the funnel as README.md states it: plain lists and a full sort, nothing clever."""
    keys = stream_keys(seed)

    def u(stream: Stream, entity: int, index: int) -> float:
        return float(uniform(keys[stream], entity, index))

    def logistic(x: float) -> float:
        return 1.0 / (1.0 + math.exp(-x))

    leads: list[dict[str, float]] = []
    for day in range(setting.days):
        for m in range(setting.marketers):
            number = int(stats.poisson.ppf(u(Stream.MARKET_OFFER, m, day), setting.leads_per_day))
            for i in range(number):
                key = (day * 2**20 + m) * 64 + i
                quality = float(normal(keys[Stream.LEAD_FIT], key, 0))
                noise = setting.score_noise * float(normal(keys[Stream.SCORE_NOISE], key, 0))
                owner = int(u(Stream.LEAD_OWNER, key, 0) * setting.sellers)
                start = {"status": OPEN, "last": day, "touches": 0, "stage": 0}
                leads.append({"id": key, "q": quality, "score": logistic(quality + noise), "owner": owner, **start})
        for s in range(setting.sellers):
            mine = [lead for lead in leads if lead["owner"] == s and lead["status"] == OPEN]
            for lead in mine:
                if day - lead["last"] >= setting.days_to_expiry:
                    lead["status"] = EXPIRED
            half = setting.freshness_days
            waiting = [lead for lead in mine if lead["status"] == OPEN]
            waiting.sort(key=lambda lead: (-lead["score"] * (half / (half + (day - lead["last"]))), lead["id"]))
            for lead in waiting[: setting.touches_per_day]:
                key, n, q = int(lead["id"]), int(lead["touches"]), lead["q"]
                up = setting.advance_base + setting.advance_quality * q - setting.advance_stage * lead["stage"]
                down = setting.loss_base - setting.loss_quality * q + setting.loss_touch * n
                lead["stage"] += u(Stream.DEAL_STEP, key, n) < logistic(up)
                gone = u(Stream.DEAL_CLOSE, key, n) < logistic(down)
                lead["touches"], lead["last"] = n + 1, day
                lead["status"] = WON if lead["stage"] == setting.advances_to_win else LOST if gone else OPEN
        if (day + 1) % setting.days_per_month == 0:
            for lead in leads:
                leaves = u(Stream.CUSTOMER_CHURN, int(lead["id"]), day // setting.days_per_month)
                if lead["status"] == WON and leaves < setting.churn_per_month:
                    lead["status"] = CHURNED
    return {int(x["id"]): (int(x["status"]), int(x["touches"]), int(x["stage"]), int(x["last"])) for x in leads}


@pytest.mark.parametrize("seed", [0, 1])
def test_the_kernel_does_what_the_specification_says(seed: int) -> None:
    setting = replace(SMALL, days=150, churn_per_month=0.2)
    leads = records.run(setting, seed).leads
    names = ["status", "touches", "stage", "last_touch"]
    ours = {int(lead["id"]): tuple(int(lead[name]) for name in names) for lead in leads}
    assert ours == by_the_specification(setting, seed)


def test_another_marketer_changes_nobody_elses_leads() -> None:
    few = records.run(SMALL, 5).leads
    more = records.run(replace(SMALL, marketers=3), 5).leads
    others = more[(more["id"] // IDS_PER_MARKETER_DAY) % 2**20 < SMALL.marketers]
    for name in ("id", "quality", "score", "seller"):
        np.testing.assert_array_equal(few[name], others[name])


# Seven means in each of two programs: by Bonferroni the chance that a correct program fails is at
# most ERROR in all. With 40 runs, shifts of about 3 % in wins and 5 % in expired leads are seen.
ERROR = 1e-3
MEASURES = [field.name for field in fields(Counts)]
RUNS = 40


@pytest.fixture(scope="module")
def ours() -> np.ndarray:
    return np.array([astuple(records.run(SMALL, seed).counts()) for seed in range(1_000, 2_500)], float)


def agree(theirs: list[Counts], ours: np.ndarray) -> None:
    """Compare all means at the error rate stated above."""
    assert all(conserved(counts) for counts in theirs)
    p = stats.ttest_ind(np.array([astuple(counts) for counts in theirs], float), ours, equal_var=False).pvalue
    assert dict(zip(MEASURES, p > ERROR / (2 * len(MEASURES)), strict=True)) == dict.fromkeys(MEASURES, True)


def test_mesa_agrees_on_average(ours: np.ndarray) -> None:
    program = pytest.importorskip("benchmarks.funnel.mesa_idiomatic")
    agree([program.counts(program.simulate(SMALL, seed)) for seed in range(RUNS)], ours)


def test_simpy_agrees_on_average(ours: np.ndarray) -> None:
    pytest.importorskip("simpy")
    program = pytest.importorskip("benchmarks.funnel.simpy_idiomatic")
    agree([program.counts(program.simulate(SMALL, seed)) for seed in range(RUNS)], ours)


@pytest.mark.parametrize("wrong", [{"sellers": 0}, {"touches_per_day": 0}, {"touches_per_day": 65}, {"marketers": -1}])
def test_settings_out_of_bounds_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="needs"):
        replace(BASE, **wrong)

"""``gtm inaction`` on a small client, from file to summary."""

from __future__ import annotations

import html
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from analysis.money import results
from experiments.commands import main
from experiments.inaction import client, draws
from sim.compiled import INTERPRETED

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler"),
]

CLIENT = {
    "client": "Pequeña, S. L.",
    "profile": "smb",
    "arr": 1.5e6,
    "people": {"marketers": 2, "sellers": 2, "developers": 1, "success_managers": 1},
    "horizon_months": 8,
    "tax_rate": 0.2,
    "programmes": [
        {
            "name": "all",
            "preset": "technology_first",
            "cost": 20_000,
            "cost_high": 30_000,
            "pay": "hybrid",
            "duration_months": 2,
        },
        {"name": "nothing", "preset": "none", "cost": 0},
    ],
    "audit": {"sales": {"top_ten": 4, "data": 2}, "management": {"top_ten": 5, "data": 4}},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study of the small client."""
    base = tmp_path_factory.mktemp("inaction")
    file = base / "client.yaml"
    file.write_text(yaml.safe_dump(CLIENT, allow_unicode=True), encoding="utf-8")
    assert main(["inaction", f"client={file}", "seeds=8", "executor.workers=2", f"out={base / 'out'}"]) == 0
    return base / "out"


@pytest.fixture(scope="module")
def result(folder: Path) -> results.Result:
    return results.read(folder)


def test_the_files_of_a_study_are_there(folder: Path) -> None:
    for name in ("summary.json", "runs.parquet", "monthly.parquet", "manifest.json", "draws.parquet"):
        assert (folder / name).is_file()
    found = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert found["study"] == "inaction"
    assert found["inaction"]["made"] == "runs"


def test_the_money_is_that_of_the_runs(folder: Path, result: results.Result) -> None:
    """The mean NPV once more, from the months, by hand."""
    monthly = pd.read_parquet(folder / "monthly.parquet").assign(arm=lambda frame: frame["arm"].astype(str))
    tables = {
        arm: frame.pivot_table(index="replication", columns="month", values=["margin", "pay"])
        for arm, frame in monthly.groupby("arm")
    }
    net = 0.8 * (
        (tables["all_6"]["margin"] - tables["never"]["margin"]) - (tables["all_6"]["pay"] - tables["never"]["pay"])
    )
    before_cost = (net * 1.12 ** (-np.arange(1, 9) / 12)).sum(axis=1).mean()
    start = next(start for start in result.programmes[0].starts if start.delay_months == 6)
    spent = np.array(start.components.programme) * 0.8 @ 1.12 ** (-np.arange(1, 9) / 12)
    assert start.npv.mean == pytest.approx(before_cost + spent, rel=1e-9)
    assert spent < 0.0


def test_a_programme_of_nothing_is_worth_nothing(result: results.Result) -> None:
    for start in result.programmes[1].starts:
        assert start.npv.mean == start.npv.low == start.npv.high == 0.0
        assert set(start.components.net) == {0.0}


def test_never_is_the_zero_and_delays_are_paired(result: results.Result) -> None:
    now, *later, never = result.programmes[0].starts
    assert [start.delay_months for start in (now, *later, never)] == [0, 3, 6, None]
    assert never.npv.mean == 0.0
    for start in (now, *later):
        assert start.given_up.mean == pytest.approx(now.npv.mean - start.npv.mean)
        first = [i for i, flow in enumerate(start.cash.mean) if flow != 0.0]
        assert not first or first[0] >= (start.delay_months or 0)


def test_parts_sum_to_the_whole(result: results.Result) -> None:
    found = result.programmes[0].decomposition
    assert found is not None
    assert {part.part for part in found.parts} == {"pay", "capability"}
    assert sum(part.npv.mean for part in found.parts) == pytest.approx(found.whole.mean)
    assert found.payout_only is not None
    assert found.behaviour_on is not None


def test_facts_say_where_they_come_from(result: results.Result) -> None:
    sources = {fact.key: fact.source for fact in result.client.facts}
    assert sources["arr"] == "given"
    assert sources["readiness.priority"] == sources["capability.data"] == "audit"
    assert sources["market.win_hours"] == sources["discount_rate"] == "assumed"
    assert "customers.opening_arr" not in sources
    drawn = {fact.key for fact in result.client.facts if fact.source == "assumed" and fact.low is not None}
    assert drawn
    assert result.programmes[0].pay_in_force_month is not None


def test_facts_to_collect_are_those_that_explain_most_over_the_draws(folder: Path, result: results.Result) -> None:
    """Once more from the files: rank correlation of each drawn variable with the value of its draws, less chance."""
    asked = client.from_file(folder.parent / "client.yaml")
    drawn = pd.read_parquet(folder / "draws.parquet")
    drawn[draws.COST] = draws.draw(asked, asked.load(), len(drawn), seed=1).cost[0]  # which is in no file
    monthly = pd.read_parquet(folder / "monthly.parquet").assign(arm=lambda frame: frame["arm"].astype(str))
    factor = drawn[draws.COST].to_numpy()[monthly["replication"] // 2]
    flow = monthly["margin"] - monthly["pay"] - factor * monthly["programme"]
    totals = monthly.assign(flow=0.8 * flow * 1.12 ** (-monthly["month"] / 12)).pivot_table(
        index="replication", columns="arm", values="flow", aggfunc="sum"
    )
    value = (totals["all_0"] - totals["never"]).groupby(lambda replication: replication // 2).mean()
    varied = [name for name in drawn.select_dtypes("number") if drawn[name].nunique() >= 3]
    r = drawn[varied].corrwith(value, method="spearman")
    n = len(drawn)
    share = (1.0 - (1.0 - r**2) * (n - 1) / (n - 2)).clip(lower=0.0)
    facts = result.programmes[0].to_collect
    assert [fact.variance_share for fact in facts] == pytest.approx(sorted(share, reverse=True)[: len(facts)])
    assert all(fact.variance_share == pytest.approx(share[fact.key]) for fact in facts)
    assert len(facts) == min(5, int((share > 0.0).sum()))
    assert result.programmes[1].to_collect == ()
    report = html.unescape((folder / "report.html").read_text(encoding="utf-8"))
    assert all(fact.how["en"].rstrip(".") in report for fact in facts)


def test_resuming_gives_the_same_numbers(folder: Path, result: results.Result) -> None:
    assert main(["inaction", f"resume={folder}"]) == 0
    assert results.read(folder).programmes == result.programmes

"""A client whose organisation was fitted to an export: what the export tells, and what stays assumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from analysis.inaction.words import words
from analysis.money import assess, results
from experiments.commands import main
from experiments.inaction import client, draws
from sim.compiled import INTERPRETED
from sim.configuration import load, sources
from sim.parameters import ParameterError

FITTED = """
base: smb
market: {cycle_days: 30, acv: 9000, win_intercept: -1.0}
behaviour: {territory_yield: 0}
sources:
  market.cycle_days: {from: export, low: 25, high: 36}
  market.win_intercept: {from: export, low: -1.4, high: -0.6}
  behaviour.territory_yield: {from: export}
"""
CLIENT: dict[str, Any] = {
    "client": "Tienda, S. L.",
    "profile": "organisation/mid_market.yaml",
    "arr": 1.5e6,
    "people": {"marketers": 2, "sellers": 2},
    "programmes": [{"name": "steps", "cost": 10_000}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fitted organisation that is called like a shipped one, which has draws."""
    (tmp_path / "organisation").mkdir()
    (tmp_path / "organisation" / "mid_market.yaml").write_text(FITTED, encoding="utf-8")
    return tmp_path


def drawn(folder: Path, n: int, **more: Any) -> draws.Drawn:
    found = client.from_mapping(CLIENT | more, "client", folder)
    return draws.draw(found, found.load(), n, seed=1)


def test_what_the_export_tells_is_drawn_from_its_interval(folder: Path) -> None:
    found = drawn(folder, 400)
    for key, low, high in (("market.cycle_days", 25, 36), ("market.win_intercept", -1.4, -0.6)):
        assert found.source[key] == "fitted"
        width = (high - low) / 40
        assert np.quantile(found.table[key], [0.025, 0.975]) == pytest.approx([low, high], abs=width)
    assert found.source["behaviour.territory_yield"] == "fitted"
    assert "behaviour.territory_yield" not in found.table
    assert found.center.behaviour.territory_yield == 0.0


def test_the_rest_is_assumed_and_not_drawn_from_the_draws_of_a_namesake(folder: Path) -> None:
    found = drawn(folder, 8)
    assert {found.source[key] for key in ("market.acv", "workload.triage", "behaviour.call_bar")} == {"assumed"}
    assert found.posterior.startswith("the fit of mid_market")
    assert drawn(folder, 8, profile="mid_market").posterior == "posterior of mid_market"


def test_the_report_says_which_is_which(folder: Path) -> None:
    asked = client.from_mapping(CLIENT | {"cycle_days": 40}, "client", folder)
    made = draws.draw(asked, asked.load(), 8, seed=1)
    runs = assess.Runs(
        asked, made, {}, {}, {"never": {"arr": np.ones((2, 6))}},
        {"never": pd.DataFrame({"wins": [1.0], "gross_retention": [0.9]})}, np.zeros(2, dtype=int), 1,
    )  # fmt: skip
    shown = assess._client(runs)
    facts = {fact.key: fact for fact in shown.facts}
    assert {key for key, fact in facts.items() if fact.source == "fitted"} == {
        "market.win_intercept",
        "behaviour.territory_yield",
    }
    assert (facts["behaviour.territory_yield"].value, facts["behaviour.territory_yield"].low) == (0.0, None)
    assert facts["market.win_intercept"].low < -1.0 < facts["market.win_intercept"].high
    assert facts["market.win_intercept"].grade == "-"
    assert facts["cycle_days"].source == "given"
    assert facts["market.acv"].source == "assumed"
    assert shown.profile == "mid_market"
    for language in ("en", "es"):
        assert words(language)("facts.sources.fitted")


def test_what_is_given_is_given(folder: Path) -> None:
    found = drawn(folder, 8, cycle_days=40, new_deals_year=30)
    assert "market.cycle_days" not in found.source
    assert found.source["market.win_intercept"] == "fitted"


def test_sources_come_down_from_the_base_unless_changed(folder: Path) -> None:
    own = folder / "own.yaml"
    own.write_text("base: organisation/mid_market.yaml\nmarket: {cycle_days: 50}\n", encoding="utf-8")
    assert set(sources(own)) == {"market.win_intercept", "behaviour.territory_yield"}
    assert sources("mid_market") == {}
    assert load(own).market.cycle_days == 50.0
    own.write_text("base: organisation/mid_market.yaml\nmarket.cycle_days: 50\n", encoding="utf-8")
    assert set(sources(own)) == {"market.win_intercept", "behaviour.territory_yield"}


@pytest.mark.parametrize("today", ["alignment: {sla_hours: 9}", "alignment.sla_hours: 9", "alignment: aligned"])
def test_what_today_says_has_no_source_of_the_base(today: str, tmp_path: Path) -> None:
    told = "{alignment.sla_hours: {from: export, low: 2, high: 4}, market.acv: {from: export, low: 9e3, high: 11e3}}"
    (tmp_path / "base.yaml").write_text(f"base: smb\nsources: {told}\n", encoding="utf-8")
    own = tmp_path / "own.yaml"
    own.write_text(f"base: ./base.yaml\ntoday: {{{today}}}\n", encoding="utf-8")
    assert set(sources(own)) == {"market.acv"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sources: 3", "sources=3: a mapping"),
        ("sources: {market.cycle_dys: {from: export}}", "Did you mean 'market.cycle_days'?"),
        ("sources: {market.cycle_days: export}", "sources.market.cycle_days='export': a mapping is needed"),
        ("sources: {market.cycle_days: {low: 3, high: 2}}", "sources.market.cycle_days="),
        ("sources: {market.cycle_days: {low: 3}}", "sources.market.cycle_days="),
    ],
)
def test_wrong_sources_are_refused(text: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "org.yaml"
    file.write_text(f"base: smb\n{text}\n", encoding="utf-8")
    for reader in (load, sources):
        with pytest.raises(ParameterError) as error:
            reader(str(file))
        assert told in str(error.value)


@pytest.mark.slow
@pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler")
def test_from_an_export_to_what_inaction_costs(shared_data: Path, tmp_path: Path) -> None:
    """Olist's leads and deals, a client file that names the organisation, and the report's facts."""
    olist, fit = shared_data / "olist", tmp_path / "fit"
    files = [f"leads={olist / 'marketing_qualified_leads.csv'}", f"deals={olist / 'closed_deals.csv'}"]
    assert main(["fit", "mapping=olist", *files, "name=mid_market", f"out={fit}"]) == 0
    rows = {row["key"]: row for row in json.loads((fit / "fit.json").read_text(encoding="utf-8"))["parameters"]}
    told = sources(fit / "organisation" / "mid_market.yaml")
    assert set(told) <= {key for key, row in rows.items() if row["how"] in ("data", "matched")}
    assert "behaviour.territory_yield" in told
    file = tmp_path / "client.yaml"
    sellers = load(fit / "organisation" / "mid_market.yaml").people.sellers
    people = {"sellers": sellers, "marketers": 2, "developers": 0, "success_managers": 1}
    given = CLIENT | {"profile": "fit/organisation/mid_market.yaml", "people": people, "horizon_months": 6}
    file.write_text(yaml.safe_dump(given | {"arr": 1_000_000 * sellers}), encoding="utf-8")
    assert main(["inaction", f"client={file}", "seeds=8", "executor.workers=2", f"out={tmp_path / 'out'}"]) == 0
    found = results.read(tmp_path / "out")
    by_source = {fact.key: fact.source for fact in found.client.facts}
    assert {key for key, source in by_source.items() if source == "fitted"} == set(told) - {"people.sellers"}
    assert by_source["workload.triage"] == "assumed"
    assert found.client.profile == "mid_market"
    assert "posterior of" not in found.reproduce.posterior

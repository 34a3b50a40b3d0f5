"""`gtm validate`: how facts are judged, what is run for them, and the command from words to files."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import facts
from analysis.texts import texts
from analysis.verdicts import judge, moved
from experiments import held_out, panels, patterns
from experiments.commands import main
from experiments.held_out import HELD_OUT
from experiments.panels import population
from experiments.validation import Enactment, Fact, Seen, Setting, Subject, calibrated, choose
from sim import load
from sim.parameters import ParameterError
from sim.world import build

SHORT = ("organisation=smb", "seeds=2", "horizon.months=6", "horizon.burn_in_months=1")
EVERY = [*calibrated("mid_market"), *HELD_OUT]
MEASURED = [fact for fact in HELD_OUT if not fact.cannot]


@pytest.fixture(scope="module")
def setting() -> Setting:
    params = load("mid_market", overrides={"horizon.months": 6, "horizon.burn_in_months": 1})
    return Setting("mid_market", params)


def fact(name: str) -> Fact:
    return next(fact for fact in EVERY if fact.id == name)


def frames(*columns: dict[str, list[float]]) -> list[pd.DataFrame]:
    return [pd.DataFrame(column) for column in columns]


# ---------------------------------------------------------------- judging


@pytest.mark.parametrize(
    ("values", "verdict", "settled"),
    [
        ([0.15, 0.16, 0.17], "pass", True),
        ([0.05, 0.10, 0.20], "pass", False),
        ([0.31, 0.32, 0.33], "fail", True),
        ([0.05, 0.30, 0.34], "fail", False),
        ([0.15, math.nan, 0.17], "pass", False),
        ([0.15], "pass", False),
        ([math.nan, math.nan], "cannot", False),
    ],
)
def test_verdict_is_on_the_mean(values, verdict, settled):
    accepted = Fact("X1", "", "", low=0.10, high=0.20)
    found = judge(accepted, Seen(np.array(values)))
    assert (found.verdict, found.settled) == (verdict, settled)
    assert facts("en").why(found).endswith(".")


def test_where_it_must_be_sure_the_mean_is_not_enough():
    accepted = Fact("X1", "", "", low=0.10, high=0.20, sure=True)
    assert judge(accepted, Seen(np.array([0.15, 0.16, 0.17]))).verdict == "pass"
    assert judge(accepted, Seen(np.array([0.05, 0.10, 0.20]))).verdict == "fail"
    assert judge(accepted, Seen(np.array([0.15]))).verdict == "fail"


def test_interval_is_students():
    found = judge(Fact("X1", "", ""), Seen(np.array([1.0, 2.0, 3.0, 4.0, math.inf])))
    assert (found.value, found.n) == (2.5, 4)
    half = 3.182446 * math.sqrt(5 / 3) / 2  # t at 97.5 %, 3 degrees of freedom
    assert (found.low, found.high) == pytest.approx((2.5 - half, 2.5 + half), rel=1e-6)


def test_what_cannot_be_measured_says_why():
    found = judge(fact("V3"), fact("V3").cannot)
    assert found.verdict == "cannot"
    assert "tracked" in facts("en").why(found)
    assert math.isnan(found.value)


# ---------------------------------------------------------------- the facts


def test_every_fact_of_the_register_is_there_once():
    ids = [fact.id for fact in EVERY]
    assert len(ids) == len(set(ids))
    wholes = {name.rstrip("abcde") for name in ids}
    assert wholes == {*(f"C{n}" for n in range(1, 12)), *(f"V{n}" for n in range(1, 12))}


def test_calibration_patterns_are_those_of_the_search():
    for profile in patterns.PROFILES:
        known = [p for p in patterns.patterns(profile) if p.id != "aux"]
        assert [(f.label, f.low, f.high) for f in calibrated(profile)] == [(p.label, p.low, p.high) for p in known]


def test_a_whole_means_all_its_parts():
    assert [f.id for f in choose(EVERY, ["V4", "C6b"])] == ["C6b", "V4a", "V4b"]
    assert [f.id for f in choose(EVERY, ["C1"])] == ["C1"]
    assert choose(EVERY, []) == EVERY
    with pytest.raises(ParameterError, match="V44"):
        choose(EVERY, ["V44"])


@pytest.mark.parametrize("each", MEASURED, ids=lambda each: each.id)
def test_worlds_can_be_built(each, setting):
    worlds = each.worlds(setting)
    assert len(set(worlds)) == len(worlds)
    for params in worlds:
        if not each.panel:
            assert params.horizon == setting.params.horizon
        assert all(stop <= params.horizon.months for _, stop in each.windows)
        build(params, 1, 7)


def test_contrasts_change_what_the_study_changed(setting):
    today = setting.params
    flat, bonus, token = fact("C11a").worlds(setting)
    assert flat.incentives.seller == ()
    (term,) = bonus.incentives.seller
    assert (term.event, term.scope, bonus.people.pod_size) == ("won_acv", "pod", 7)
    assert term.rate * today.reference.seller[6] == pytest.approx(0.022 * today.people.seller_earnings)
    assert bonus.incentives.marketer == today.incentives.marketer
    assert token.incentives.seller[0].rate < 1e-3 * term.rate
    held, free, capped = fact("C11b").worlds(setting)
    assert (held.incentives.seller[0].cap, free.incentives.seller[0].cap) == (1.0, 0.0)
    assert (held.people.quota_ratchet_up, free.people.quota_ratchet_up) == (0.5, 0.0)
    assert (capped.incentives.seller, capped.people) == (held.incentives.seller, free.people)
    assert held.incentives.seller[0].weight == free.incentives.seller[0].weight
    for name in ("V5a", "V5b"):
        other, hybrid = fact(name).worlds(setting)
        assert replace(other, incentives=hybrid.incentives) == hybrid
        assert other.incentives.seller == hybrid.incentives.seller == today.incentives.seller
    for params in fact("V2").worlds(setting):
        assert params.people == today.people
    for params in fact("V11a").worlds(setting):
        assert replace(params, alignment=today.alignment) == today


def test_discounts_are_those_of_enterprise(setting):
    (params,) = fact("V4b").worlds(setting)
    assert params.market.acv == load("enterprise").market.acv
    own = Setting("enterprise", load("enterprise", overrides={"behaviour.close_discount": 0.1}))
    (params,) = fact("V4b").worlds(own)
    assert params.behaviour.close_discount == 0.1


def test_a_team_too_small_is_no_team(setting):
    params = load("mid_market", overrides={"people.sellers": 3})
    subject = Subject.of([Setting("mid_market", params)], [1])
    (reason,) = Enactment([fact("V6b")], subject, subject).run("serial").values()
    found = judge(fact("V6b"), reason)
    assert (found.verdict, found.reason in texts("es").facts) == ("cannot", True)


def test_peak_of_lead_volume():
    inside = [
        {"new_arr": [y, y + 1.0], "mqls": [y, y], "obliged_per_seller_month": [0.0, 0.0]} for y in (1, 2, 3, 5, 6, 4, 3)
    ]
    seen = fact("V2").read(frames(*inside))
    assert seen.values == pytest.approx([6 / 3 - 1, 7 / 4 - 1])
    assert "peaks at 2 × the leads" in facts("en").fill(seen.note, seen.told)
    assert "es 0,43; 0,71; 1,00; 1,57; 1,86; 1,29; 1,00 con 0,25; 0,5; 1; 1,5;" in facts("es").fill(
        seen.note, seen.told
    )
    rising = [
        {"new_arr": [y, y], "mqls": [y, y], "obliged_per_seller_month": [0.0, 0.0]} for y in (1, 2, 3, 4, 5, 6, 7)
    ]
    seen = fact("V2").read(frames(*rising))
    assert judge(fact("V2"), seen).verdict == "fail"


def test_signs_of_the_contrasts():
    low = {"new_arr": [100.0, 100.0], "effort_sales": [0.7, 0.7]}
    high = {"new_arr": [103.0, 105.0], "effort_sales": [0.7, 0.7]}
    assert fact("C11a").read(frames(low, high, low)).values == pytest.approx([0.03, 0.05])
    assert fact("C11b").read(frames(low, high, low)).values == pytest.approx([0.03, 0.05])
    assert fact("V6b").read(frames(low, low, high)).values == pytest.approx([0.03, 0.05])
    assert fact("V6c").read(frames(low, low, low, high)).values == pytest.approx([0.03, 0.05])
    kept, won = {"cohort_retention": [0.9, 0.9]}, {"cohort_retention": [0.88, 0.87]}
    assert fact("V7").read(frames(kept, won)).values == pytest.approx([-0.02, -0.03])
    before, after = {"gross_retention": [0.90, 0.90]}, {"gross_retention": [0.92, 0.92]}
    assert fact("V11b").read(frames(before, after, after)).values == pytest.approx([-0.2, -0.2])
    assert np.isnan(held_out.relative(np.array([1.0]), np.array([0.0]))).all()


# ---------------------------------------------------------------- panels of firms


def firms(*columns: dict[str, np.ndarray], size: int = 20) -> list[pd.DataFrame]:
    index = pd.MultiIndex.from_product([range(2), range(size)], names=["panel", "firm"])
    return [pd.DataFrame(column, index) for column in columns]


@given(st.floats(0.0, 0.3), st.floats(0.01, 0.3))
def test_sorting_makes_a_gap_that_alignment_did_not(causal: float, spread: float):
    growth = spread * np.tile(np.linspace(-1, 1, 20), 2)
    before, after = firms({"revenue_growth": growth}, {"revenue_growth": growth + causal})
    gap = spread * (np.linspace(-1, 1, 20)[-4:].mean() - np.linspace(-1, 1, 20)[:6].mean())
    assert fact("V1a").read([before, after]).values == pytest.approx([gap, gap])
    assert fact("V1b").read([before, after]).values == pytest.approx([causal / gap] * 2)


def test_outcomes_of_programmes_are_shares_of_firms():
    realised = np.tile([0.9, 0.8, 0.7, 0.5, 0.4, 0.0, 0.0, 0.0, 0.0, math.nan], 2)
    run = {"programme_realised": realised, "new_arr": np.ones(20), "gtm_profit": np.ones(20)}
    runs = firms(run, run, run, run, size=10)
    for name, share in (("V8a", 2 / 9), ("V8b", 2 / 9), ("V8c", 5 / 9)):
        assert fact(name).read(runs).values == pytest.approx([share, share])
    dip = firms(run, run, {**run, "new_arr": np.full(20, 0.9)}, run, size=10)
    assert fact("V8d").read(dip).values == pytest.approx([-0.1, -0.1])
    assert fact("V8e").read(dip).values == pytest.approx([0.0, 0.0])


def test_base_rate_counts_years_and_firms():
    steps = np.tile([1.2, 1.05, 0.9, 1.2], 5)[:20]  # a fifth more every year, a twentieth more, a tenth less
    years = [{"pay_per_new_arr": np.tile(steps**-k, 2), "new_arr": np.ones(40), "revenue_growth": np.ones(40)}
             for k in range(5)]  # fmt: skip
    runs = firms(*years)
    assert fact("V9a").read(runs).values == pytest.approx([(steps - 1.0).mean()] * 2)
    assert fact("V9b").read(runs).values == pytest.approx([0.5, 0.5])
    assert fact("V9c").read(runs).values == pytest.approx([0.5, 0.5])


def test_programme_and_alignment_change_nothing_else(setting):
    today, tool = fact("V8a").worlds(setting)
    assert (today.programme.name, tool.programme.name, tool.programme.technology) == ("none", "change", 0.8)
    assert (tool.programme.process, tool.programme.visibility) == (-1.0, -1.0)
    assert replace(tool, programme=today.programme, horizon=today.horizon) == today
    firm, aligned = fact("V1a").worlds(setting)
    assert replace(aligned, alignment=firm.alignment) == firm
    assert fact("V9a").worlds(setting) == [today]


def test_panels_are_drawn_anew_and_again_the_same(setting):
    first, again = (population(setting, [11, 12], 10) for _ in range(2))
    assert first.settings == again.settings
    assert first.seeds == again.seeds
    assert len(set(first.settings)) == len(set(first.seeds)) == 20
    different = panels.drawn(first)
    assert (different.nunique() > 10).sum() > 100
    assert {"readiness.leadership", "alignment.visibility"} <= set(different)
    fixed = population(setting, [11], 10, lambda params, k: replace(params, horizon=setting.params.horizon), 3)
    assert fixed.settings == first.settings[:10]


@given(st.integers(0, 50))
def test_a_parameter_that_moves_a_value_is_named_and_noise_is_not(seed: int):
    random = np.random.default_rng(seed)
    drawn = pd.DataFrame(random.standard_normal((60, 40)), columns=[f"x.{i}" for i in range(40)])
    found = moved(-2.0 * drawn["x.7"].to_numpy() + 0.3 * random.standard_normal(60), drawn)
    assert found[0].parameter == "x.7"
    assert found[0].correlation < -0.8
    assert moved(np.ones(60), drawn) == ()


def test_chance_names_a_parameter_as_seldom_as_stated():
    named = 0
    for seed in range(200):
        random = np.random.default_rng(1_000 + seed)
        drawn = pd.DataFrame(random.standard_normal((50, 30)), columns=[f"x.{i}" for i in range(30)])
        named += bool(moved(random.standard_normal(50), drawn))
    assert named <= 20  # of 200 at 5 % or less in all: more than 20 in one of 1,400 such tests


# ---------------------------------------------------------------- the command


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("validate")
    page = folder / "page.md"
    page.write_text("a {b}\n<!-- validation-smb:begin -->\nold\n<!-- validation-smb:end -->\nc\n", encoding="utf-8")
    words = ["validate", *SHORT, "facts=[C1,C6,C10,C11a,V3,V4,V7]", f"page={page}", f"out={folder / 'out'}"]
    assert main(words) == 0
    return folder


def test_spanish_has_spanish_words_and_numbers(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("<!-- validation-smb:begin -->\n<!-- validation-smb:end -->\n", encoding="utf-8")
    words = ["validate", *SHORT, "facts=[C3,C6a,V3,V4b,V11b]", f"page={page}", f"out={tmp_path / 'out'}", "language=es"]
    assert main(words) == 0
    printed = capsys.readouterr().out
    table = printed + page.read_text(encoding="utf-8")
    for word in (
        "patrón", "intervalo del 95 %", "veredicto", "sin juicio", "ciclo de venta en días", "retención bruta",
        "0,88, se acepta de 0,85 a 0,91", "alineación: bajas de clientes", "de −10 a −36 %", "la media está",
        "En el modelo no se controla a nadie", "no un pronóstico", "Hechos: ",
    ):  # fmt: skip
        assert word in table, word
    assert re.search(r"[+−]\d+,\d\N{NO-BREAK SPACE}% a [+−]\d+,\d\N{NO-BREAK SPACE}%", table)
    numbers = table.replace(SHORT[0], "").replace(str(tmp_path), "")
    assert not re.search(r"\d\.\d|\b(the|pass|fail|cannot|accept)\b", numbers)
    found = json.loads((tmp_path / "out" / "validate.json").read_text(encoding="utf-8"))
    assert [each["label"] for each in found["facts"]][:2] == ["sales cycle in days", "gross retention"]
    assert {each["verdict"] for each in found["facts"]} <= {"pass", "fail", "cannot"}


def test_files(study):
    found = json.loads((study / "out" / "validate.json").read_text(encoding="utf-8"))
    assert [f["id"] for f in found["facts"]] == ["C1", "C6a", "C6b", "C10", "C11a", "V3", "V4a", "V4b", "V7"]
    assert found["counts"].pop("open") == sum(not f["settled"] for f in found["facts"] if f["verdict"] != "cannot")
    assert sum(found["counts"].values()) == len(found["facts"])
    for each in found["facts"]:
        assert each["verdict"] in ("pass", "fail", "cannot")
        assert each["target"]
        assert each["why"].endswith(".")
        assert each["command"] == f"gtm validate {' '.join(SHORT)} 'facts=[{each['id']}]'"
        if each["verdict"] == "cannot":
            assert each["value"] is None
        else:
            assert each["low"] <= each["value"] <= each["high"]
    manifest = json.loads((study / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["command"], manifest["seed"]) == ("validate", 3)


def test_page_gets_the_results_and_keeps_the_rest(study):
    text = (study / "page.md").read_text(encoding="utf-8")
    assert text.startswith("a {b}\n<!-- validation-smb:begin -->\n`gtm validate organisation=smb seeds=2")
    assert text.endswith("<!-- validation-smb:end -->\nc\n")
    assert "old" not in text
    assert text.count("\n| ") == 1 + 9


def test_its_command_gives_a_fact_again(study, tmp_path):
    found = json.loads((study / "out" / "validate.json").read_text(encoding="utf-8"))
    assert main(["validate", *SHORT, "facts=[V7]", "executor=serial", f"out={tmp_path / 'again'}"]) == 0
    again = json.loads((tmp_path / "again" / "validate.json").read_text(encoding="utf-8"))
    assert again["facts"] == [each for each in found["facts"] if each["id"] == "V7"]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("facts=[V99]", "V99"),
        ("facts=7", "facts=7"),
        ("executor=dask", "executor"),
        ("engine=mesa", "engine"),
        ("page=nowhere.md", "nowhere.md"),
    ],
)
def test_wrong_input_is_refused(word, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["validate", *SHORT, word]) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.glob("outputs/validate/*"))

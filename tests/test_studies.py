"""Named studies: effects and answers on runs with known effects, designs, and every study from end to end."""

from __future__ import annotations

import json
from pathlib import Path
from string import Formatter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from analysis.figures.studies.ternary import candidates
from analysis.studies import Named, answer, firms, regions
from analysis.studies.effects import cells, effect
from analysis.summary import Study, summarise
from experiments.commands import main
from experiments.models import Organisation
from experiments.studies import definition, known, plan
from experiments.studies.felt import Believing
from experiments.studies.plan import uncertain, value_of
from sim.parameters import ParameterError, declared

STUDIES = [study.name for study in known()]
REPLICATIONS = 12


def runs(effect_of, points=(0.0, 0.5, 1.0), arms=("siloed", "shared_okr"), noise=0.002, seed=1) -> pd.DataFrame:
    """Runs over one factor: growth is ``effect_of(arm, x)``, luck of the replication and a little of its own."""
    random = np.random.default_rng(seed)
    luck = 0.05 * random.standard_normal(REPLICATIONS)
    rows = [
        {
            "point": point, "arm": arm, "replication": r, "seed": r, "alignment.level": x,
            "revenue_growth": 0.1 + effect_of(arm, x) + luck[r] + noise * random.standard_normal(),
            "wasted_time_share": 0.15 - effect_of(arm, x) + noise * random.standard_normal(),
            "failed": False, "error": "",
        }
        for point, x in enumerate(points)
        for arm in arms
        for r in range(REPLICATIONS)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def named(table: pd.DataFrame, spec: dict, language: str = "en") -> Named:
    """A study that is run already."""
    arms = list(dict.fromkeys(table["arm"]))
    summary = summarise(table, "test", arms[0], ["revenue_growth"])
    study = Study(Path(), {"arms": arms, "baseline": arms[0]}, table, summary)
    return Named(study, {"question": {"en": "?", "es": "¿?"}, **spec}, language)


def asks(between: dict, says: dict, at: dict | None = None) -> dict:
    """The file of a study with one quantity."""
    quantity = {"what": {"en": "growth", "es": "crecimiento"}, "measure": "revenue_growth", "between": between}
    return {"answer": {"quantities": {"gain": {**quantity, "at": at or {}}}, "says": says}}


SAYS = {
    "up": {"en": "It grows by {gain}.", "es": "Crece {gain}."},
    "down": {"en": "It loses {gain}.", "es": "Pierde {gain}."},
}

# ---------------------------------------------------------------- effects


@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.floats(-5, 5))
def test_effects_are_exact_where_there_is_no_noise_but_common_luck(slope, extra, level):
    table = runs(lambda arm, x: level + slope * x + (extra * x if arm == "shared_okr" else 0.0), noise=0.0)
    single = effect(table, "revenue_growth", {"alignment.level": ["min", "max"]}, {"arm": "siloed"})
    assert single.difference == pytest.approx(slope, abs=1e-9)
    twice = {"arm": ["siloed", "shared_okr"], "alignment.level": ["min", "max"]}
    assert effect(table, "revenue_growth", twice).difference == pytest.approx(extra, abs=1e-9)
    turned = {"arm": ["shared_okr", "siloed"], "alignment.level": ["min", "max"]}
    assert effect(table, "revenue_growth", turned).difference == pytest.approx(-extra, abs=1e-9)


def test_a_replication_with_a_failed_run_is_left_out_of_its_cell():
    table = runs(lambda arm, x: x)
    table.loc[0, ["failed", "revenue_growth"]] = [True, np.nan]
    found = cells(table, "revenue_growth", ["arm"])
    assert np.isnan(found.loc[0, "siloed"])
    assert found.loc[0, "shared_okr"] == found.loc[0, "shared_okr"]
    assert effect(table, "revenue_growth", {"arm": ["siloed", "shared_okr"]}).n == REPLICATIONS - 1


def test_the_best_of_many_equals_does_not_flatter_itself():
    gains, told = [], 0
    for seed in range(60):
        table = runs(lambda arm, x: 0.0, points=tuple(np.arange(12.0)), arms=("siloed",), noise=0.02, seed=seed)
        found = effect(table, "revenue_growth", {"alignment.level": [0.0, "best"]})
        gains.append(found.difference)
        told += found.low > 0
    assert abs(np.mean(gains)) < 3 * np.std(gains) / np.sqrt(60)
    assert told <= 6  # of 60 at 2.5 %: more than 6 has a chance of 0.1 %


def test_a_real_peak_is_found():
    table = runs(lambda arm, x: -((x - 0.5) ** 2), points=(0.0, 0.25, 0.5, 0.75, 1.0))
    assert effect(table, "revenue_growth", {"alignment.level": ["min", "best"]}).low > 0.2
    assert effect(table, "revenue_growth", {"alignment.level": ["best", "max"]}).high < -0.2
    assert effect(table, "wasted_time_share", {"alignment.level": ["min", "best"]}).high < -0.2


@pytest.mark.parametrize(
    ("measure", "between", "said"),
    [
        ("revenue_grwth", {"arm": ["siloed", "shared_okr"]}, "Did you mean 'revenue_growth'"),
        ("revenue_growth", {"alignment.levl": ["min", "max"]}, "Did you mean 'alignment.level'"),
        ("revenue_growth", {"arm": ["siloed", "hybrid"]}, "arm='hybrid'"),
        ("revenue_growth", {"alignment.level": [0.0, 0.3]}, "0.3: not in this study"),
    ],
)
def test_what_a_study_does_not_have_is_named(measure, between, said):
    with pytest.raises(ParameterError, match=said.replace(".", r"\.")):
        effect(runs(lambda arm, x: 0.0), measure, between)


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("slope", "language", "said"),
    [
        (0.05, "en", "It grows by 4.9 to 5.1 pp."), (-0.05, "en", "It loses"), (0.0, "en", "cannot be told from zero"),
        (0.05, "es", "Crece"), (-0.05, "es", "Pierde"), (0.0, "es", "no se distingue de cero"),
    ],
)  # fmt: skip
def test_the_answer_follows_the_data(slope, language, said):
    spec = asks({"alignment.level": ["min", "max"]}, SAYS, {"arm": "siloed"})
    text = answer(named(runs(lambda arm, x: slope * x), spec, language)).text
    assert said.split("4.9")[0] in text.replace("\N{NO-BREAK SPACE}", " ")
    assert ".." not in text


def test_data_that_contradict_every_sentence_of_the_file_get_the_plain_truth():
    spec = asks({"alignment.level": ["min", "max"]}, {"up": SAYS["up"]}, {"arm": "siloed"})
    found = answer(named(runs(lambda arm, x: -0.05 * x), spec))
    assert found.claim == "(down)"
    assert found.text.startswith("Growth: less, by ")


def test_one_replication_supports_no_claim():
    spec = asks({"alignment.level": ["min", "max"]}, SAYS)
    table = runs(lambda arm, x: 0.5 * x)
    found = answer(named(table[table["replication"] == 0], spec))
    assert found.claim == "(unknown)"
    assert "nothing can be said" in found.text


def factorial(gains, noise=0.002):
    """Runs of two levers with given gains, and an interaction."""
    random = np.random.default_rng(3)
    rows = []
    for point, (pay, info) in enumerate([(p, i) for p in ("off", "on") for i in ("off", "on")]):
        for r in range(REPLICATIONS):
            growth = gains[0] * (pay == "on") + gains[1] * (info == "on") + gains[2] * (pay == info == "on")
            growth += 0.1 + noise * random.standard_normal()
            rows.append({"point": point, "arm": "siloed", "replication": r, "pay.plan": pay, "info.level": info,
                         "revenue_growth": growth})  # fmt: skip
    return pd.DataFrame(rows)


def test_shapley_shares_sum_to_the_gap_and_are_told_only_where_they_can():
    spec = {
        "design": {"factors": {"pay.plan": ["off", "on"], "info.level": ["off", "on"]}},
        "labels": {"pay.plan": "pay", "info.level": "information"},
        "answer": {"kind": "shapley", "measure": "revenue_growth", "what": "growth"},
    }
    found = answer(named(factorial((0.0, 0.04, 0.0)), spec))
    assert sum(found.details["shares"].values()) == pytest.approx(found.details["gap"], abs=1e-15)
    assert "information (adds" in found.text
    assert "pay (cannot be told from zero" in found.text
    shared = answer(named(factorial((0.0, 0.0, 0.04)), spec)).details["shares"]
    assert shared["pay.plan"] == pytest.approx(0.02, abs=0.002)
    assert shared["info.level"] == pytest.approx(0.02, abs=0.002)


# ---------------------------------------------------------------- sorting, regions, the simplex


def panel(causal=0.0, spread=0.1, count=60, luck=0.0) -> pd.DataFrame:
    """Firms with ordinary spread of growth, and an effect in each."""
    random = np.random.default_rng(5)
    own = spread * random.standard_normal(count)
    rows = []
    for point in range(count):
        for r in range(REPLICATIONS):
            base = own[point] + luck * random.standard_normal()
            for arm, gain in (("siloed", 0.0), ("information_only", causal)):
                near = own[point] + 0.01 * random.standard_normal()
                rows.append({"point": point, "arm": arm, "replication": r, "revenue_growth": base + gain,
                             "behaviour.x": near, "market.y": random.random()})  # fmt: skip
    return pd.DataFrame(rows)


def test_sorting_alone_makes_the_gap_that_the_normal_distribution_says():
    found = firms.sorting(panel(luck=0.1, count=400), "revenue_growth", "siloed", "information_only")
    assert found.gap.difference == pytest.approx(2.56 * found.spread, rel=0.06)
    assert found.causal.difference == 0.0
    assert found.spread == pytest.approx(np.hypot(0.1, 0.1), rel=0.1)


def test_the_causal_effect_is_the_one_in_the_same_firm():
    found = firms.sorting(panel(causal=0.01), "revenue_growth", "siloed", "information_only")
    assert found.causal.difference == pytest.approx(0.01, abs=1e-12)
    with pytest.raises(ParameterError, match="needs 10 firms"):
        firms.sorting(panel(count=8), "revenue_growth", "siloed", "information_only")


def test_every_firm_of_a_panel_has_luck_of_its_own():
    table = panel(spread=0.0, count=REPLICATIONS)
    table["revenue_growth"] = table["replication"].astype(float)
    first = firms.panels(table, "revenue_growth", "siloed").iloc[0]
    assert sorted(first) == list(range(REPLICATIONS))


def test_factors_that_decide_are_ranked_and_those_of_chance_left_out():
    found = regions.deciding(panel(luck=0.02), {"measure": "revenue_growth"}, "siloed")
    assert [each.factor for each in found] == ["behaviour.x"]
    assert found[0].low > 0.8


def test_the_best_split_comes_with_those_it_may_be():
    random = np.random.default_rng(1)
    luck = random.standard_normal((40, 1))
    clear = pd.DataFrame(luck + 0.1 * random.standard_normal((40, 3)) + [0.0, 1.0, 0.0], columns=["a", "b", "c"])
    assert candidates(clear, down=False) == ["b"]
    assert set(candidates(clear, down=True)) == {"a", "c"}


# ---------------------------------------------------------------- files and designs


@pytest.fixture(scope="module")
def model() -> Organisation:
    arms = {name: name for name in ("siloed", "shared_okr")}
    base = {name: sim.load("mid_market", arm=name) for name in arms}
    return Organisation("mid_market", arms, {}, {}, (), base)


@pytest.mark.parametrize("name", STUDIES)
def test_the_file_of_a_study_says_all_in_both_languages(name):
    spec = definition(name).spec
    quantities = spec["answer"].get("quantities", {"gap": 0, "causal": 0})
    for claim, words in spec["answer"].get("says", {}).items():
        assert set(words) == {"en", "es"}
        verdicts = claim.split(".")
        assert len(verdicts) == len(quantities)
        assert set(verdicts) <= {"up", "down", "unclear"}
        for text in words.values():
            assert {blank for _, blank, _, _ in Formatter().parse(text) if blank} <= set(quantities)
    for words in [*spec.get("labels", {}).values(), *(figure["title"] for figure in spec["figures"].values())]:
        assert set(words) == {"en", "es"}


@pytest.mark.parametrize(
    ("name", "said"),
    [("kaos", "Did you mean 'chaos'"), ("nowhere.yaml", "there is no such file"), ("", "known are")],
)
def test_an_unknown_study_is_refused_with_the_nearest_name(capsys, name, said):
    assert main(["study", f"name={name}"]) == 2
    assert said in capsys.readouterr().err


def test_a_design_of_another_kind_is_refused(capsys):
    assert main(["study", "name=chaos", "design.factors={alignment.level: [0, 1]}"]) == 2
    assert "stands in its file" in capsys.readouterr().err


@pytest.mark.parametrize("language", ["en", "es"])
def test_studies_are_listed_with_their_questions(capsys, language):
    assert main(["study", f"language={language}"] if language == "es" else ["study"]) == 0
    said = capsys.readouterr().out
    assert all(f"name={name}" in said for name in STUDIES)
    assert ("digitaliza el caos" if language == "es" else "digitise chaos") in said


def test_splits_of_a_budget_sum_to_it_and_hold_the_rule(model):
    made = plan(definition("split").spec["design"] | {"points": 4}, model, 1)
    assert made.points.count == 16
    shares = made.coordinates[["split.process", "split.data", "split.technology"]]
    assert np.allclose(shares.sum(axis=1), 1.0)
    assert (made.coordinates["split.name"] == "70/20/10").sum() == 1
    spent = sum(made.points.columns[f"capability.{part}"] - value_of(model.base["siloed"], f"capability.{part}")
                for part in ("process", "data", "technology"))  # fmt: skip
    assert np.allclose(spent, 0.5)


@settings(max_examples=10)
@given(st.integers(0, 2**31), st.integers(1, 24))
def test_firms_are_drawn_inside_their_bounds(model, seed, count):
    also, of_arm = ["alignment.follow_up_obligation"], ["alignment.coordination_hours", "alignment.sla_hours"]
    made = plan({"name": "panel", "points": count, "also": also, "of_arm": of_arm}, model, seed).points
    bounds = {f"{theme}.{name}": found for theme, name, found, _ in declared()}
    drawn = {name.removeprefix("arm.siloed."): values for name, values in made.columns.items()}
    assert set(drawn) == set(uncertain([*also, *of_arm]))
    assert {name for name in made.columns if name.startswith("arm.")} == {f"arm.siloed.{name}" for name in of_arm}
    for name, values in drawn.items():
        assert len(values) == count
        assert (values >= bounds[name].low).all()
        assert (values <= bounds[name].high).all()
    model.prepare("siloed", made.values(0))


def test_scales_move_several_parameters_together(model):
    made = plan(definition("overload").spec["design"], model, 1)
    params = model.base["siloed"]
    twice = made.coordinates["scale.leads"].to_numpy() == 2
    assert made.points.columns["market.candidates_per_day"][twice] == 2 * params.market.candidates_per_day
    assert made.points.columns["workload.qualify"][twice] == params.workload.qualify / 2


@pytest.mark.parametrize(
    ("design", "said"),
    [
        ({"name": "simples"}, "Did you mean 'simplex'"),
        ({"name": "simplex", "parts": ["capability.process"]}, "three parameters"),
        ({"name": "simplex", "parts": ["capability.proces"] * 3}, "Did you mean 'capability.process'"),
        ({"name": "simplex", "parts": ["capability.process"] * 3, "include": ["70/20"]}, "sum to 100"),
        ({"name": "panel", "also": ["alignment.score_owner"]}, "no parameter with a prior"),
        ({"scales": {"leads": [1, 2]}}, "values and powers"),
        ({"point": 3}, "Did you mean 'points'"),
        ({"points": 2.5}, "a whole number"),
    ],
)  # fmt: skip
def test_designs_that_cannot_be_are_refused(model, design, said):
    with pytest.raises(ParameterError, match=said):
        plan(design, model, 1)


# ---------------------------------------------------------------- pay that is felt, pay that is paid

TINY = {"horizon.months": 2, "horizon.burn_in_months": 0, "people.turnover_pay": 0.0}


@pytest.mark.slow
def test_pay_that_nobody_believes_in_moves_money_and_nothing_else(model):
    believing = Believing.of(model)

    def measured(**values):
        return believing.run(believing.prepare("siloed", {**TINY, **values}), 7, False).measures

    siloed = measured()
    assert measured(incentives="siloed", felt="siloed") == siloed
    repriced = measured(incentives="shared_okr", felt="siloed")
    assert repriced["revenue_growth"] == siloed["revenue_growth"]
    assert repriced["wasted_time_share"] == siloed["wasted_time_share"]
    assert repriced["pay_marketing"] != siloed["pay_marketing"]
    behaving = measured(incentives="siloed", felt="shared_okr")
    assert behaving["effort_marketing"] != siloed["effort_marketing"]


def test_beliefs_are_part_of_the_address(model):
    believing = Believing.of(model)
    plans = [{}, {"felt": "siloed"}, {"felt": "shared_okr"}, {"incentives": "shared_okr", "felt": "siloed"}]
    addresses = [believing.address(believing.prepare("siloed", values)) for values in plans]
    assert addresses[0] == addresses[1]
    assert len(set(addresses)) == 3


# ---------------------------------------------------------------- from end to end

SMALL = {"map": 24, "sorting": 12, "split": 2, "dose": 2, "flood": 2, "chaos": 2, "red_team": 2, "free_riding": 2}


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_every_study_runs_small_from_question_to_figures(tmp_path, capsys, name):
    language = "es" if len(name) % 2 else "en"
    words = (
        "organisation=smb", f"name={name}", f"points={SMALL.get(name, 2)}", "seeds=2", "horizon.months=3",
        "horizon.burn_in_months=0", f"language={language}", f"out={tmp_path}",
    )  # fmt: skip
    assert main(["study", *words]) == 0
    content = json.loads((tmp_path / "study.json").read_text(encoding="utf-8"))
    assert content["question"] == definition(name).question(language)
    assert " ".join(content["answer"].split()) in " ".join(capsys.readouterr().out.split())
    for figure in definition(name).spec["figures"]:
        assert (tmp_path / "figures" / f"{figure}.svg").stat().st_size > 5_000
        assert (tmp_path / "figures" / f"{figure}.png").stat().st_size > 5_000
    assert json.loads((tmp_path / "manifest.json").read_text())["runs"]["failed"] == 0


@pytest.mark.slow
def test_the_study_that_the_documentation_shows_can_be_run(tmp_path, monkeypatch, root):
    page = (root / "docs" / "how-to" / "study.md").read_text(encoding="utf-8")
    file = page.partition("```yaml\n")[2].partition("```")[0]
    monkeypatch.chdir(tmp_path)
    Path("patience.yaml").write_text(file, encoding="utf-8")
    words = ("name=patience.yaml", "seeds=2", "points=2", "organisation=smb", "horizon.months=3", "out=done")
    assert main(["study", *words]) == 0
    assert (tmp_path / "done" / "figures" / "patience.svg").is_file()


def test_the_reference_lists_every_study_with_its_question(root):
    page = (root / "docs" / "reference" / "studies.md").read_text(encoding="utf-8")
    for study in known():
        assert f"| `{study.name}` | {study.question('en')} |" in page

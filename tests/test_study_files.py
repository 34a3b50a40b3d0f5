"""The files of named studies and their designs, and every study from question to figures."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from string import Formatter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from experiments.calibration import posterior
from experiments.commands import main
from experiments.models import Organisation
from experiments.studies import definition, known, plan
from experiments.studies.felt import Believing
from experiments.studies.plan import uncertain
from sim.parameters import ParameterError, declared, value_of

STUDIES = [study.name for study in known()]


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


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("{impatience} of", "{patience} of", "{patience} is no quantity; known are impatience. Did you mean"),
        ("down:", "dwon:", "answer.says.dwon: no verdict; one of up, down"),
        ("{impatience} of", "{impatience of", "answer.says.down.en: expected '}'"),
    ],
)
def test_sentences_that_could_never_be_said_are_refused_before_the_runs(tmp_path, root, before, after, said):
    page = (root / "docs" / "how-to" / "study.md").read_text(encoding="utf-8")
    text = page.partition("```yaml\n")[2].partition("```")[0]
    assert before in text
    file = tmp_path / "mine.yaml"
    file.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(ParameterError, match=re.escape(said)):
        definition(str(file))


def test_a_design_of_another_kind_is_refused(capsys):
    assert main(["study", "name=chaos", "design.factors={alignment.level: [0, 1]}"]) == 2
    assert "stands in its file" in capsys.readouterr().err


@pytest.mark.parametrize("points", ["0", "false", "many"])
def test_a_study_has_a_whole_number_of_points(capsys, tmp_path, points):
    assert main(["study", "name=chaos", f"points={points}", f"out={tmp_path / 'out'}"]) == 2
    assert "a whole number from 1 to" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "said"), [("language=fr", "language='fr': allowed are en, es."), ("foo=1", "foo=1: name the study too")]
)
def test_a_list_of_studies_takes_a_language_only(capsys, word, said):
    assert main(["study", word]) == 2
    assert said in capsys.readouterr().err


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
    assert set(drawn) == set(uncertain(model.base.values(), [*also, *of_arm]))
    assert {name for name in made.columns if name.startswith("arm.")} == {f"arm.siloed.{name}" for name in of_arm}
    for name, values in drawn.items():
        assert len(values) == count
        assert (values >= bounds[name].low).all()
        assert (values <= bounds[name].high).all()
    model.prepare("siloed", made.values(0))


@settings(max_examples=10)
@given(st.integers(0, 2**31), st.integers(1, 1500))
def test_firms_of_a_posterior_are_its_draws_each_once_before_any_comes_again(model, seed, count):
    file = posterior.find("shipped", "mid_market")
    draws = posterior.read(file)
    asked = {"name": "panel", "points": count, "posterior": str(file), "also": ["alignment.follow_up_obligation"]}
    made = plan(asked, model, seed).points
    assert set(made.columns) == set(draws) | set(uncertain(model.base.values(), asked["also"]))
    rows = pd.DataFrame({name: made.columns[name] for name in draws})
    number = {tuple(row): k for k, row in enumerate(draws.itertuples(index=False))}
    times = np.bincount([number[tuple(row)] for row in rows.itertuples(index=False)], minlength=len(draws))
    assert times.max() - times.min() <= 1
    obliged = made.columns["alignment.follow_up_obligation"]
    assert count < 10 or np.ptp(obliged) > 0.2  # from its prior: no two alike


def test_what_is_given_for_all_arms_stays_in_a_panel_of_a_posterior(model):
    asked = {"name": "panel", "points": 5, "posterior": "shipped", "also": ["behaviour.pushing_cost"]}
    drawn = plan(asked, model, 1).points.columns
    assert "behaviour.share_exponent" in drawn
    draws = posterior.read(posterior.find("shipped", "mid_market"))
    assert not set(drawn["behaviour.pushing_cost"]) & set(draws["behaviour.pushing_cost"])  # a lever is of its prior
    stated = dataclasses.replace(model, common={"behaviour": {"share_exponent": 0.5}})
    assert set(plan(asked, stated, 1).points.columns) == set(drawn) - {"behaviour.share_exponent"}


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
        ({"name": "simplex", "parts": ["capability.process"] * 3, "include": ["100/0/²"]}, "sum to 100"),
        ({"name": "panel", "also": ["alignment.score_owner"]}, "no parameter with a prior"),
        ({"name": "panel", "posterior": "nowhere.parquet"}, "there is no such file; shipped means"),
        ({"name": "grid", "posterior": "shipped"}, "only a panel draws firms; design.name is grid"),
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

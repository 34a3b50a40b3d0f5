"""Models of others in whole sweeps: Mesa's own examples, and models that return what they should not."""

from __future__ import annotations

import math
import random
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.cluster import _undisturbed
from experiments.commands import main
from experiments.foreign import Foreign

SCHELLING = "mesa.examples.basic.schelling.model:Schelling"
VIRUS = "mesa.examples.basic.virus_on_network.model:VirusOnNetwork"
WEALTH = "mesa.examples.basic.boltzmann_wealth_model.model:BoltzmannWealth"


@pytest.fixture
def gtm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command in this process in an empty folder; its runs, and what was said."""
    monkeypatch.chdir(tmp_path)

    def run(command: str, *words: str, out: str = "study") -> tuple[pd.DataFrame, str]:
        assert main([command, *words, "executor=serial", f"out={out}"]) == 0
        said = capsys.readouterr()
        return pd.read_parquet(tmp_path / out / "runs.parquet"), said.out + said.err

    return run


@pytest.mark.parametrize(
    ("target", "factor", "measures"),
    [
        (SCHELLING, "homophily: [0.2, 0.6]", {"happy", "pct_happy"}),
        (VIRUS, "virus_spread_chance: [0.1, 0.9]", {"Infected", "Susceptible", "Resistant"}),
        ("tests.quick_models:wolf_sheep", "initial_wolves: [5, 30]", {"Wolves", "Sheep", "Grass"}),
    ],
)
def test_mesas_examples_run_and_repeat_themselves(target: str, factor: str, measures: set[str], gtm: Any) -> None:
    words = (f"model.target={target}", "model.steps=5", f"design.factors={{{factor}}}", "seeds=2")
    first, said = gtm("sweep", *words)
    assert not first["failed"].any(), said
    assert measures <= set(first.columns)
    assert first[sorted(measures)].notna().all(axis=None)
    again, _ = gtm("sweep", *words, out="again")
    pd.testing.assert_frame_equal(first, again)


def test_the_worked_examples_of_the_page_run(gtm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parent.parent / "docs" / "how-to" / "sweep.md").read_text(encoding="utf-8")
    examples = dict(re.findall(r"<!-- example: (\S+) -->\n```\w+\n(.*?)^```", page, re.DOTALL | re.MULTILINE))
    Path("wolves.py").write_text(examples["wolves.py"], encoding="utf-8")
    monkeypatch.delitem(sys.modules, "wolves", raising=False)
    for name, runs, measure in (("schelling", 20, "pct_happy"), ("wolves", 4, "Wolves")):
        command, *words = shlex.split(examples[name])[1:]
        frame, said = gtm(command, *(word for word in words if not word.startswith("out=")), out=name)
        assert len(frame) == runs
        assert not frame["failed"].any(), said
        assert frame[measure].notna().all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "factors"),
    [
        (WEALTH, {"n": "[5, 10, 20]", "width": "[5, 6]"}),
        (SCHELLING, {"homophily": "{low: 0.1, high: 0.9}", "density": "{low: 0.5, high: 0.9}"}),
        ("tests.quick_models:wolf_sheep", {"sheep_gain_from_food": "[2, 5]", "wolf_reproduce": "{low: 0, high: 0.1}"}),
    ],
)
def test_sensitivity_of_mesas_examples(target: str, factors: dict[str, str], gtm: Any) -> None:
    given = ", ".join(f"{name}: {value}" for name, value in factors.items())
    words = (f"model.target={target}", "model.steps=3", f"design.factors={{{given}}}", "design.points=3", "seeds=2")
    runs, said = gtm("sensitivity", *words)
    assert not runs["failed"].any(), said
    table = pd.read_csv("study/indices.csv")
    assert set(table["factor"]) == set(factors)
    assert (table["mu_star"].dropna() >= 0).all()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("digits", "value is '3', a number is needed"),
        ("empty", "returned an empty mapping"),
        ("a factor", "kind is a factor: the measure needs another name"),
        ("a column", "seed is a column of every study"),
        ("too large", "a number is needed"),
        ("a list", "value is [1, 2], a number is needed"),
        ("exit", "ended the process (3)"),
    ],
)
def test_what_is_no_number_is_a_failed_run_that_says_why(kind: str, message: str, gtm: Any) -> None:
    words = ("model.target=tests.quick_models:odd", f"design.factors={{kind: ['scalars', '{kind}']}}", "seeds=1")
    runs, said = gtm("sweep", *words)
    assert runs["failed"].tolist() == [False, True]
    assert message in runs["error"][1]
    assert message in said
    assert runs.loc[0, ["value", "other", "truth"]].tolist() == [0.5, 3.0, 1.0]


def test_a_number_that_is_not_known_is_no_failure(gtm: Any) -> None:
    runs, _ = gtm("sweep", "model.target=tests.quick_models:odd", "design.factors={kind: [nothing known]}", "seeds=1")
    assert not runs["failed"][0]
    assert math.isnan(runs["value"][0])


def test_shared_generators_start_anew_at_every_run() -> None:
    """Whatever ran before: Mesa's virus draws its network from the one of networkx."""
    model = Foreign("tests.quick_models:odd")
    first, other, again = (model.run({"kind": "generators"}, seed, False).measures for seed in (1, 2, 1))
    assert first == again
    assert first != other


STRANGE = """
import functools
import math
import random


def scaled(x, k=1, seed=0):
    return {"y": k * x}


thrice = functools.partial(scaled, k=3)


class Called:
    def __call__(self, x, seed=0):
        return {"y": x}


called = Called()


def long_winded(x, seed):
    if x > 0.5:
        raise ValueError("residual " * 2_000)
    return {"y": x}


def sometimes(x, z, seed):
    luck = random.Random(seed).gauss(0, 9)
    return {"y": math.nan if random.Random(seed + int(1e6 * x)).random() < 0.1 else 4 * x + luck}
"""


@pytest.fixture
def strange(tmp_path: Path, gtm: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command on the models above."""
    (tmp_path / "strange.py").write_text(STRANGE, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "strange", raising=False)
    return gtm


@pytest.mark.parametrize("name", ["thrice", "called"])
def test_whatever_can_be_called_is_a_model(name: str, strange: Any) -> None:
    runs, said = strange("sweep", f"model.target=strange:{name}", "design.factors={x: [1, 2]}", "seeds=1")
    assert runs["y"].tolist() == ([3.0, 6.0] if name == "thrice" else [1.0, 2.0]), said


def test_of_a_long_error_the_ends_are_kept_and_less_is_printed(strange: Any) -> None:
    runs, said = strange("sweep", "model.target=strange:long_winded", "design.factors={x: [0, 1]}", "seeds=1")
    (error,) = runs.loc[runs["failed"], "error"]
    assert error.startswith("ValueError: residual")
    assert error.endswith("(long_winded)")
    assert len(error) < 900
    assert max(map(len, said.splitlines())) < 500


def test_runs_without_a_value_cost_no_indices_and_are_counted(strange: Any) -> None:
    factors = "design.factors={x: {low: 0, high: 1}, z: {low: 0, high: 1}}"
    words = ("model.target=strange:sometimes", factors, "design.points=8", "seeds=6", "executor=serial")
    runs, said = strange("sensitivity", *words)
    lacking = int(runs["y"].isna().sum())
    assert f"{lacking} of {len(runs)} runs have no value of y" in said
    found = pd.read_csv("study/indices.csv").set_index("factor")["mu_star"]
    assert found["x"] == pytest.approx(4.0, abs=1e-6)
    assert found["z"] == pytest.approx(0.0, abs=1e-6)


def test_where_a_point_has_no_value_at_all_indices_are_refused_with_the_point(
    strange: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("model.target=strange:long_winded", "design.factors={x: {low: 0, high: 1}}", "executor=serial", "out=s")
    assert main(["sensitivity", *words, "design.points=4", "seeds=2"]) == 2
    said = capsys.readouterr().err
    assert re.search(r"error: measures: y: at \d of 8 points all runs failed .* the first is point \d", said), said


def test_points_of_a_file_can_be_searched_for_boxes(strange: Any, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{(37 * i) % 100 / 100},{i % 7}" for i in range(100)]
    Path("points.csv").write_text("\n".join(["x,k", *rows, rows[0]]) + "\n", encoding="utf-8")
    words = ("model.target=strange:scaled", "design=csv", "design.points=points.csv", "seeds=1", "seeds=2")
    runs, said = strange("sweep", *words)
    assert "seeds is given more than once; seeds=2 counts." in said
    assert "1 of 101 rows stand there a second time" in said
    assert len(runs) == 202
    assert main(["discover", "sweep=study", "measure=y", "above=2", "out=boxes"]) == 0
    assert "`x`, quasi-p" in capsys.readouterr().out


def test_on_dask_a_models_draws_are_not_moved_by_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    core = pytest.importorskip("distributed.comm.core")
    monkeypatch.setattr(core, "random", random)  # as it is on a worker that has just started

    def drawn(seed: int) -> float:
        random.seed(seed)
        core.random.uniform(0.0, 1.0)  # what Dask does before it tries a dead connection again
        return random.random()

    assert _undisturbed(drawn, 7) == random.Random(7).random()

"""``gtm sweep`` from words to files: known answers, foreign models, resumption by words, reading back."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import analysis
import sim
from analysis import report
from experiments.commands import main
from tests.undrawn import nothing_drawn

TINY = ("organisation=smb", "horizon.months=1", "horizon.burn_in_months=0", "seeds=2", "executor=serial")
PI = "3.141592653589793"
CUBE = f"design.factors={{{', '.join(f'x{i}: {{low: -{PI}, high: {PI}}}' for i in (1, 2, 3))}}}"


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a sweep in this process in an empty folder; its runs, and what was said."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, code: int = 0, out: str = "study") -> tuple[pd.DataFrame, str]:
        folder = () if any(word.startswith("resume=") for word in words) else (f"out={out}",)
        assert main(["sweep", *words, *folder]) == code
        said = capsys.readouterr()
        file = tmp_path / out / "runs.parquet"
        return pd.read_parquet(file) if file.exists() else pd.DataFrame(), said.out + said.err

    return run


# ---------------------------------------------------------------- known answers


def test_the_ishigami_function_has_its_mean_and_variance(sweep: Any) -> None:
    runs, _ = sweep(
        "model.target=tests.quick_models:ishigami", "design=sobol", "design.points=4096", CUBE, "seeds=1",
        "executor=serial",
    )  # fmt: skip
    assert len(runs) == 4096
    assert runs["f"].mean() == pytest.approx(3.5, abs=0.01)
    assert runs["f"].var() == pytest.approx(7**2 / 8 + 0.1 * math.pi**4 / 5 + 0.1**2 * math.pi**8 / 18 + 0.5, rel=0.01)
    assert not runs["failed"].any()


def test_the_sobol_g_function_has_mean_one(sweep: Any) -> None:
    factors = "design.factors={" + ", ".join(f"x{i}: {{low: 0, high: 1}}" for i in range(4)) + "}"
    words = ("model.target=tests.quick_models:sobol_g", factors, "seeds=1", "executor=serial")
    runs, _ = sweep(*words, "design=sobol", "design.points=2048")
    variances = [1 / (3 * (1 + a) ** 2) for a in (0.0, 1.0, 4.5, 9.0)]
    assert runs["f"].mean() == pytest.approx(1, abs=0.005)
    assert runs["f"].var() == pytest.approx(math.prod(1 + v for v in variances) - 1, rel=0.02)


# ---------------------------------------------------------------- resumed elsewhere


def test_resuming_elsewhere_finds_the_folder_of_configurations_or_names_it(
    sweep: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own" / "arm").mkdir(parents=True)
    (tmp_path / "own" / "arm" / "mine.yaml").write_text("incentives: hybrid\n")
    factors = "design.factors={people.sellers: [3, 4]}"
    first, _ = sweep("--config-dir", "own", "arms=[siloed,mine]", *TINY, factors)
    assert json.loads((tmp_path / "study" / "manifest.json").read_text())["configs"] == [str(tmp_path / "own")]
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    again, said = sweep("resume=../study", "seeds=3")
    assert "8 of 12 runs are there already" in said
    assert (len(first), len(again)) == (8, 12)
    (tmp_path / "own").rename(tmp_path / "moved")
    _, said = sweep("resume=../study", "seeds=4", code=2)
    assert f"error: resume: the study took configurations from '{tmp_path / 'own'}', which is not there" in said
    moved, said = sweep("resume=../study", "seeds=4", "--config-dir", "../moved")
    assert "12 of 16 runs are there already" in said
    assert len(moved) == 16


def test_relative_paths_of_a_study_resumed_elsewhere(
    sweep: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.yaml").write_text("incentives: hybrid\n")
    sweep("arms=[siloed,./mine.yaml]", *TINY, "design.factors={people.sellers: [3]}")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    _, said = sweep("resume=../study", "seeds=4", code=2)
    assert f"The study began in {tmp_path}; relative paths of its keys count from here." in said
    assert "error: arms='./mine.yaml': there is no such file." in said


# ---------------------------------------------------------------- foreign models


@pytest.mark.slow
def test_mesas_own_examples_run(sweep: Any) -> None:
    from mesa.examples.basic.boltzmann_wealth_model.model import BoltzmannWealth

    target = "model.target=mesa.examples.basic.boltzmann_wealth_model.model:BoltzmannWealth"
    words = (target, "model.steps=15", "design.factors={n: [10, 40]}", "seeds=3")
    runs, _ = sweep(*words, "executor.workers=2")
    assert len(runs) == 6
    for row in runs.itertuples():
        model = BoltzmannWealth(n=row.n, seed=row.seed)
        for _ in range(15):
            model.step()
        assert model.datacollector.model_vars["Gini"][-1] == row.Gini
    serial, _ = sweep(*words, "executor=serial", out="serial")
    pd.testing.assert_frame_equal(runs, serial)
    schelling = "model.target=mesa.examples.basic.schelling.model:Schelling"
    runs, _ = sweep(schelling, "model.steps=5", "design.factors={homophily: [0.2, 0.6]}", "seeds=2", out="other")
    assert runs["happy"].notna().all()


def test_failures_are_rows_and_are_told(sweep: Any) -> None:
    words = ("model.target=tests.quick_models:breaks", "design.points=3", "design.factors={x: {low: 0, high: 1}}")
    runs, said = sweep(*words, "seeds=2", "executor=serial")
    assert runs["failed"].tolist() == [False] * 4 + [True] * 2
    assert "2 of 6 runs failed; the first: point 2, arm model, replication 0: RuntimeError: too many leads" in said
    assert json.loads(Path("study/manifest.json").read_text())["runs"] == {"asked": 6, "done": 4, "failed": 2}
    summary = json.loads(Path("study/summary.json").read_text())
    assert summary["arms"]["model"]["value"]["n"] == 4
    assert set(summary["arms"]["model"]) == {"value"}


def test_every_run_may_fail(sweep: Any) -> None:
    words = ("model.target=tests.quick_models:wordy", "design.factors={x: [1, 2]}", "seeds=1", "executor=serial")
    runs, said = sweep(*words, code=1)
    assert runs["error"].str.contains("value is 'about 1', a number is needed").tolist() == [True, False]
    assert "2 of 2 runs failed" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model.target=tests.quick_models:wave", "arms=[hybrid]"], "arms: not for model.target"),
        (["model.target=tests.quick_models:wave", "alignment.level=1"], "alignment: not for model.target"),
        (["model.target=tests.quick_models:wave", "design.factors={z: [1]}"], "takes x, seed, y"),
        (["model.target=tests.quick_models:wvae"], "Did you mean 'wave'?"),
        (["model.steps=0", "model.target=tests.quick_models:wave"], "model.steps=0: a whole number from 1"),
        (["design=sobl"], "design='sobl': allowed are grid, lhs, sobol, morris, csv. Did you mean 'sobol'?"),
        (["design=./mine.yaml"], "design='./mine.yaml': there is no such file"),
        (["design.poins=3"], "design.poins=3: unknown. Did you mean 'design.points'?"),
        ([], "design.factors={}: name what is varied"),
        (["design.factors={horizon.months: [0, 1]}"], "factor horizon.months=0: nothing would be measured; at least 1"),
        (["horizon.months=0", "design.factors={horizon.burn_in_months: [1]}"], "nothing would be measured"),
        (["design.factors={arm.siloed.horizon.months: {low: 0, high: 3}}"], "factor arm.siloed.horizon.months=0"),
        (["design.factors={alignment.level: {low: 0, high: 2}}"], "a number from 0 (as today) to 1 (integrated)"),
        (
            ["design.factors=[1]"],
            "design.factors=[1]: a mapping is needed, as in design.factors={alignment.level: [0, 1]}",
        ),
        (["model=3"], "model=3: a mapping is needed, as in model={target: …}"),
        (["resume=./none"], "resume='none': no manifest.json there"),
        (["resume=./none", "out=other"], "leave out= away"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(words: list[str], message: str, sweep: Any) -> None:
    given = words if any("resume" in word for word in words) else [*words, "seeds=1"]
    code = main(["sweep", *given])
    assert code == 2
    _, said = sweep(*given, code=2)
    assert message in said
    assert said.startswith("error: ")
    assert len(said.splitlines()) <= 3
    assert not [file for file in Path().rglob("*") if file.is_file()]


# ---------------------------------------------------------------- the organisation


LEVERS = "alignment.level: {low: 0, high: 1}, incentives: [siloed, shared_okr], organisation: [smb, essay]"
FACTORS = f"design.factors={{{LEVERS}}}"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweep") / "study"
    words = (*TINY, "arms=[siloed,hybrid]", "design=lhs", "design.points=4", FACTORS, "record=monthly")
    assert main(["sweep", *words, f"out={folder}"]) == 0
    return folder


def test_a_run_is_what_its_row_says(study: Path) -> None:
    runs = pd.read_parquet(study / "runs.parquet")
    assert list(runs.columns[:7]) == [
        "point", "arm", "replication", "seed", "alignment.level", "incentives", "organisation"
    ]  # fmt: skip
    assert len(runs) == 4 * 2 * 2
    assert not runs["failed"].any()
    assert runs.groupby("point")["incentives"].nunique().eq(1).all()
    for row in runs.sample(3, random_state=1).to_dict("records"):
        overrides = {k: row[k] for k in ("alignment.level", "incentives")} | {
            "horizon.months": 1,
            "horizon.burn_in_months": 0,
        }
        params = sim.load(row["organisation"], arm=row["arm"], overrides=overrides)
        measures = sim.simulate(params, seed=row["seed"]).measures
        assert {name: row[name] for name in measures} == pytest.approx(measures, rel=0, abs=0, nan_ok=True)
    monthly = pd.read_parquet(study / "monthly.parquet")
    assert len(monthly) == len(runs)


def test_it_reads_back_in_one_line_each(study: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    frame = pd.read_parquet(study / "runs.parquet")
    loaded = analysis.load(study)
    pd.testing.assert_frame_equal(loaded.runs, frame, check_dtype=False)
    assert loaded.arms == ("siloed", "hybrid")
    counted = duckdb.sql(f"select arm, count(*), avg(new_arr) from '{study}/runs.parquet' group by arm").fetchall()
    assert {arm: n for arm, n, _ in counted} == {"siloed": 8, "hybrid": 8}
    cube: xr.Dataset = frame.set_index(["point", "arm", "replication"]).to_xarray()
    assert cube["new_arr"].dims == ("point", "arm", "replication")
    assert cube["new_arr"].shape == (4, 2, 2)
    assert np.isclose(float(cube["new_arr"].sum()), frame["new_arr"].sum())


def test_the_lines_of_the_page_read_it_back(study: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "how-to" / "sweep.md").read_text(encoding="utf-8")
    code = re.search(r"<!-- study: DIR -->\n```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)[1]
    lines = re.search(r"<!-- study: DIR, ARM, BASELINE -->\n```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)[1]
    seen: dict[str, Any] = {"DIR": str(study), "ARM": "hybrid", "BASELINE": "siloed"}
    exec(compile(code + lines, "sweep.md", "exec"), seen)
    assert len(seen["study"].runs) == len(seen["runs"]) == 16
    assert seen["cube"]["new_arr"].size == 16
    assert set(seen["table"]["arm"]) == {"siloed", "hybrid"}
    summary = json.loads((study / "summary.json").read_text())
    level = summary["arms"]["hybrid"]["new_arr"]
    difference = next(c for c in summary["contrasts"] if (c["measure"], c["arm"]) == ("new_arr", "hybrid"))
    assert seen["mean"] == pytest.approx(level["mean"], rel=1e-12)
    assert seen["sd"] == pytest.approx(level["sd"], rel=1e-12)
    assert seen["difference"] == pytest.approx(difference["difference"], rel=1e-12)


def test_the_summary_is_that_of_the_runs(study: Path, tmp_path: Path) -> None:
    from analysis.summary import summarise
    from experiments.tables import write_json

    frame = pd.read_parquet(study / "runs.parquet").drop(columns=["alignment.level", "incentives", "organisation"])
    write_json(tmp_path / "summary.json", summarise(frame, "sweep", "siloed"))
    whole = json.loads((tmp_path / "summary.json").read_text())
    found = json.loads((study / "summary.json").read_text())
    assert found["arms"] == whole["arms"]
    assert {(c["measure"], c["arm"]): c for c in found["contrasts"]} == {
        (c["measure"], c["arm"]): c for c in whole["contrasts"]
    }


def test_a_study_is_resumed_and_extended_by_its_folder_alone(sweep: Any) -> None:
    words = ("model.target=tests.quick_models:wave", "design=sobol", "design.points=4", "executor=serial")
    few, _ = sweep(*words, "design.factors={x: {low: 0, high: 1}, y: [1.5]}", "seeds=3", "arms=[siloed]")
    assert len(few) == 12
    same, said = sweep("resume=study")
    assert "12 of 12 runs are there already" in said
    pd.testing.assert_frame_equal(few, same)
    more, said = sweep("resume=study", "design.points=8", "seeds=5")
    assert "12 of 40 runs are there already" in said
    assert len(more) == 40
    fresh, _ = sweep(*words, "design.factors={x: {low: 0, high: 1}, y: [1.5]}", "design.points=8", "seeds=5", out="b")
    pd.testing.assert_frame_equal(more, fresh)
    assert Path("study/runs.parquet").read_bytes() == Path("b/runs.parquet").read_bytes()
    assert main(["compare", "resume=study"]) == 2


@pytest.mark.slow
def test_a_comparison_goes_on_in_its_folder_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report, "write", nothing_drawn)  # four reports, of which none is looked at
    assert main(["compare", *TINY, "out=study"]) == 0
    capsys.readouterr()
    assert main(["compare", "resume=study", "seeds=3", "record=none"]) == 0
    assert "4 of 6 runs are there already" in capsys.readouterr().err
    assert main(["compare", *TINY, "seeds=3", "out=study"]) == 0
    assert "6 of 6 runs are there already" in capsys.readouterr().err
    assert main(["compare", *TINY, "seeds=3", "out=fresh"]) == 0
    for name in ("runs", "monthly", "people"):
        assert Path(f"study/{name}.parquet").read_bytes() == Path(f"fresh/{name}.parquet").read_bytes()


def test_replications_stop_when_a_decision_is_clear(sweep: Any) -> None:
    words = (*TINY, "seeds=60", "arms=[siloed,shared_okr]", "design.factors={people.sellers: [6]}")
    rule = ("replications=decision", "replications.measure=wasted_time_share", "replications.start=4")
    runs, said = sweep(*words, *rule, "replications.look_ahead=2")
    assert len(runs) < 120
    assert f"{len(runs)} runs sufficed; stopping saved {120 - len(runs)}, pairing " in said
    assert json.loads(Path("study/manifest.json").read_text())["saved"]["stopping"] == 120 - len(runs)


def test_a_design_may_be_a_file_and_factors_nested(sweep: Any) -> None:
    Path("mine.yaml").write_text("# mine\nname: grid\npoints: 3\nzip: [[x, y]]\nfactors: {x: [1, 2], y: [3, 4]}\n")
    runs, _ = sweep("model.target=tests.quick_models:wave", "design=./mine.yaml", "seeds=1", "executor=serial")
    assert runs[["x", "y"]].to_numpy().tolist() == [[1, 3], [2, 4]]


@pytest.mark.slow
@pytest.mark.parametrize("launcher", [("joblib", "hydra.launcher.n_jobs=2"), ("submitit_local",)], ids=lambda it: it[0])
def test_launchers_still_work_for_one_job_a_point(sweep: Any, monkeypatch: Any, launcher: tuple[str, ...]) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parent.parent))  # where jobs find the model
    words = ("model.target=tests.quick_models:wave", "design.factors={x: [1, 2]}", "executor=serial", "seeds=1,2")
    assert main(["sweep", *words, "--multirun", f"hydra/launcher={launcher[0]}", *launcher[1:], "out=jobs"]) == 0
    assert [len(pd.read_parquet(f"jobs/{job}/runs.parquet")) for job in (0, 1)] == [2, 4]


@pytest.mark.slow
def test_every_executor_and_engine_gives_the_same_bits(sweep: Any) -> None:
    words = (*TINY[:3], "seeds=2", "design.factors={alignment.level: [0, 0.7]}")
    sweep(*words, "executor=serial", out="serial")
    expected = Path("serial/runs.parquet").read_bytes()
    ways = (["executor.workers=2"], ["executor=dask", "executor.workers=2"], ["engine=mesa", "executor.workers=2"])
    for number, way in enumerate(ways):
        sweep(*words, *way, out=f"other{number}")
        assert Path(f"other{number}/runs.parquet").read_bytes() == expected, way


@pytest.mark.slow
def test_the_benchmark_of_sweeps_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import sweep as bench
    from benchmarks.reporter import Reporter

    monkeypatch.setattr(bench, "RUNS_OF_A_BLOCK", 10)
    reporter = Reporter(quick=True)
    reporter.section("sweep", "Sweeps")
    bench.overheads(reporter, tmp_path)
    ratios = reporter.sections["sweep"]["ratios"]
    assert set(ratios) == {"runner/runs of a block", "store/runs of a block", "executor/runs of a block"}
    assert all(0 < entry["median"] < 10 for entry in ratios.values())
    assert set(bench.synthetic(0.5, 7)) == {f"m{i}" for i in range(10)}
    assert bench.plan(40).runs == 40

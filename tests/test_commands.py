"""The command line as users meet it: what is refused and how, and whole studies from words to files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments import conduct
from experiments.commands import COMMANDS, application, main
from experiments.config import Command, Settings, translate
from sim.configuration import known_keys
from sim.parameters import ParameterError

COMPARE = Command("compare", "", {"arms": ["siloed", "shared_okr"]}, 2)
RUN = Command("run", "", most_arms=1)
TINY = ("organisation=smb", "seeds=4", "horizon.months=2", "horizon.burn_in_months=1")
# Many short runs of many people: the first row group is soon full, the end is far.
LONG = ("organisation=enterprise", "seeds=100000", "horizon.months=1", "horizon.burn_in_months=0")
Asked = Callable[..., Settings]


def gtm(
    *words: str, folder: Path, module: str = "experiments.commands", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a fresh process."""
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Settings that a command line asks for, without simulating anything."""
    monkeypatch.chdir(tmp_path)

    def ask(*words: str, command: Command = COMPARE) -> Settings:
        seen: list[Settings] = []

        def task(settings: Settings) -> int:
            seen.append(settings)
            return 0

        assert application.application(command, task, words) == 0
        return seen[0]

    return ask


# ---------------------------------------------------------------- what words mean


def test_defaults(asked: Asked) -> None:
    found = asked()
    assert (found.organisation, list(found.arms), found.baseline) == ("mid_market", ["siloed", "shared_okr"], "siloed")
    assert (found.seeds, found.seed, found.engine, found.executor) == (200, 1, "compiled", "local")
    assert (found.workers, found.language, found.fail_fast, found.record) == (None, "en", False, "monthly")
    assert found.out.parent.parts[-2:] == ("outputs", "compare")


def test_any_parameter_without_a_plus_sign(asked: Asked) -> None:
    found = asked("alignment.visibility=0.5", "horizon.months=3", "+people.sellers=4", "++market.acv=5e4")
    for params in found.arms.values():
        assert (params.alignment.visibility, params.horizon.months, params.people.sellers) == (0.5, 3, 4)
        assert params.market.acv == 50_000


def test_presets_levels_and_terms(asked: Asked) -> None:
    found = asked("incentives=quota_accelerator", "alignment.level=1", "incentives.seller.won_acv.accelerator=3")
    for params in found.arms.values():
        assert params.incentives.seller[0].accelerator == 3
        assert params.alignment.score_owner == "neutral"
    assert asked("alignment=integrated").arms == asked("alignment.level=1").arms
    assert asked("alignment={visibility: 0.5}").arms == asked("alignment.visibility=0.5").arms


def test_one_arm_only(asked: Asked) -> None:
    found = asked(
        "alignment.visibility=0.5", "arm.shared_okr.alignment.visibility=0.6", "arm.siloed.capability=systemic"
    )
    assert {name: params.alignment.visibility for name, params in found.arms.items()} == {
        "siloed": 0.5,
        "shared_okr": 0.6,
    }
    assert found.arms["siloed"].capability.process == 0.8
    assert found.arms["shared_okr"].capability.process != 0.8


def test_arms_by_name_by_path_and_one_by_itself(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("incentives: hybrid\nalignment: aligned\n")
    found = asked("arms=[siloed,./mine.yaml]", "arm.mine.alignment.visibility=0.7")
    assert found.arms["mine"].incentives.name == "hybrid"
    assert found.arms["mine"].alignment.visibility == 0.7
    for words in (["arm=hybrid"], ["arms=hybrid"], ["arms=[hybrid]"]):
        assert list(asked(*words, command=RUN).arms) == ["hybrid"]


def test_executor_and_its_workers(asked: Asked) -> None:
    found = asked("executor=serial", "executor.workers=1")
    assert (found.executor, found.workers) == ("serial", 1)
    assert asked("executor={name: local, workers: 3}").workers == 3


def test_the_folder_may_have_any_name(asked: Asked, tmp_path: Path) -> None:
    for name in ("plain", "a b", "x=y", "it's (one), really", "é"):
        assert asked(f"out={name}").out == tmp_path / name


def test_a_folder_of_configurations_may_be_given(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "own" / "arm").mkdir(parents=True)
    (tmp_path / "own" / "arm" / "mine.yaml").write_text("incentives: hybrid\n")
    (tmp_path / "own" / "organisation").mkdir()
    (tmp_path / "own" / "organisation" / "ours.yaml").write_text("people:\n  sellers: 3\n")
    (tmp_path / "own" / "hydra" / "launcher").mkdir(parents=True)
    (tmp_path / "own" / "hydra" / "launcher" / "lined_up.yaml").write_text("n_jobs: 1\n")
    for option in (["--config-dir", "own"], ["--config-dir=own"], ["-cd", "own"]):
        found = asked(*option, "arms=[siloed,mine]", "organisation=ours", "hydra/launcher=lined_up")
        assert found.arms["mine"].incentives.name == "hybrid"
        assert found.arms["siloed"].people.sellers == 3


def test_every_parameter_is_a_key() -> None:
    for key in known_keys():
        assert translate(COMPARE, [f"{key}=1"])[0].startswith(f"++{key}")
        assert translate(COMPARE, [f"arm.siloed.{key}=1"])[0].startswith(f"++arm.siloed.{key}")


def test_hydras_own_keys_stay_as_they_are() -> None:
    words = ["hydra.verbose=true", "hydra/launcher=joblib", "hydra.sweeper.params={}"]
    assert translate(COMPARE, words) == words


def test_run_and_compare_always_keep_months(asked: Asked) -> None:
    assert asked("record=none").record == "monthly"


@pytest.mark.parametrize("text", ["seeds=range(1,1000000000)", "seeds=range(5,-1e9,-1)", "seeds=shuffle(range(1,1e9))"])
def test_endless_ranges_are_refused_before_hydra_writes_them_down(text: str) -> None:
    with pytest.raises(ParameterError, match=r"^seeds=.*at most 10,000 are possible"):
        translate(COMPARE, [text], multirun=True)
    assert translate(COMPARE, ["seeds=range(1,5)"], multirun=True) == ["seeds=range(1,5)"]


def test_sweeps_need_multirun() -> None:
    assert translate(COMPARE, ["alignment=aligned,integrated"], multirun=True) == [
        "++alignment.preset=aligned,integrated"
    ]
    assert translate(RUN, ["arm=siloed,hybrid"], multirun=True) == ["arms=[siloed],[hybrid]"]
    with pytest.raises(ParameterError, match="brackets"):
        translate(COMPARE, ["arms=siloed,hybrid"])


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sedes=3"], "sedes=3: unknown. Did you mean 'seeds'?"),
        (["seeds=0"], "seeds=0: a whole number from 1"),
        (["seeds=2.5"], "seeds=2.5"),
        (["seeds=many"], "seeds='many'"),
        (["seeds=true"], "seeds=True"),
        (["seed=-1"], "seed=-1: a whole number from 0"),
        (["engine=mesaa"], "engine='mesaa': allowed are compiled, mesa. Did you mean 'mesa'?"),
        (["executor=lokal"], "executor='lokal': allowed are serial, local, dask. Did you mean 'local'?"),
        (["executor.address=tcp://x:1"], "executor.address='tcp://x:1': executor=local has no scheduler"),
        (["executor.block=0"], "executor.block=0: a whole number from 1"),
        (["resume=nowhere"], "resume='nowhere': no manifest.json there"),
        (["replications=precise"], "replications='precise': allowed are fixed, precision, decision. Did you mean"),
        (["replications=precision"], "replications.half_width: say how wide, in the unit of revenue_growth"),
        (["replications=precision", "replications.half_width=0"], "replications.half_width=0: a number more than 0"),
        (["replications=decision", "replications.measure=growth"], "Did you mean 'revenue_growth'?"),
        (["replications=decision", "replications.arm=siloed"], "that is the baseline"),
        (["executor.workers=0"], "executor.workers=0"),
        (["executor.wrokers=2"], "Did you mean 'executor.workers'?"),
        (["language=fr"], "language='fr': allowed are en, es"),
        (["fail_fast=maybe"], "fail_fast='maybe': allowed are true and false"),
        (["record=weekly"], "record='weekly': allowed are none, monthly"),
        (["organisation=midmarket"], "Did you mean 'mid_market'?"),
        (["organisation=./none.yaml"], "there is no such file"),
        (["arms=[siloed,shared_ork]"], "arms='shared_ork': known are"),
        (["arms=[siloed,siloed]"], "'siloed' stands there twice"),
        (["arms=[siloed]"], "at least 2 arms are needed"),
        (["arms=[]"], "at least 2 arms are needed"),
        (["arms=[1,2]"], "arms=[1, 2]: a list of names"),
        (["arms=siloed,hybrid"], "brackets"),
        (["arm=siloed"], "arms stand in a list"),
        (["arm.siloed=3"], "name the parameter too"),
        (["arm.shared_ork.alignment=aligned"], "not among the arms, siloed, shared_okr. Did you mean 'shared_okr'?"),
        (["arm.siloed.alignmnt.visibility=1"], "arm.siloed.alignmnt.visibility=1: unknown parameter."),
        (["alignment.visibilty=1"], "Did you mean 'alignment.visibility'?"),
        (["alignment.visibility=7"], "alignment.visibility=7: allowed is from 0 to 1"),
        (["alignment.visibility=${nothing}"], "cannot be resolved"),
        (["alignment=integratd"], "Did you mean 'integrated'?"),
        (["horizon.months="], "horizon.months=''"),
        (["seeds=[1"], "cannot be read"),
        (["seeds"], "cannot be read"),
        (["~seeds"], "keys cannot be taken away"),
        (["--seeds=3"], "unrecognized arguments: --seeds=3"),
        (["hydra.nothing=1"], "hydra.nothing"),
        (["hydra/launcher=nothing"], "nothing"),
        (["out=/dev/null/x"], "no folder can be made there"),
        (["out="], "out='': the name of a folder is needed"),
        (["out=null"], "out: the name of a folder is needed"),
        (["out=[a]"], "out: the name of a folder is needed"),
        (["horizon.months=0"], "horizon.months=0: nothing would be measured"),
        (["organisation=" + "x" * 5000], "xxx': known are enterprise"),
    ],
)
def test_wrong_input_is_refused_in_a_few_lines(
    words: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)

    def simulate(*_: object) -> str:
        raise AssertionError("something was simulated")

    monkeypatch.setattr(conduct, "_simulate", simulate)
    assert main(["compare", *words]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.err.startswith("error: ")
    assert len(said.err.splitlines()) <= 4
    assert len(said.err) < 1000
    assert "Traceback" not in said.err
    assert not said.out
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_commands_are_listed_and_unknown_ones_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    listed = capsys.readouterr().out
    assert all(f"gtm {name}" in listed for name in COMMANDS)
    assert main(["comprae"]) == 2
    assert (
        f"comprae: unknown command; known are {', '.join(COMMANDS)}. Did you mean 'compare'?" in capsys.readouterr().err
    )


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_lists_keys_and_names(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    said = capsys.readouterr().out
    for word in ("seeds: ", "mid_market", "shared_okr", "alignment.visibility", "--multirun"):
        assert word in said


def test_the_configuration_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--cfg", "job", "seeds=3", "alignment=aligned"]) == 0
    said = capsys.readouterr().out
    assert "seeds: 3" in said
    assert "preset: aligned" in said


@pytest.mark.parametrize("words", [[], ["compare", "--help"]])
def test_help_is_quick_and_needs_no_compiler(words: list[str], tmp_path: Path) -> None:
    code = (
        "import sys, time; start = time.perf_counter(); from experiments.commands import main; "
        f"main({words!r}); print('numba' in sys.modules, 'pandas' in sys.modules, time.perf_counter() - start)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True
    )
    compiler, frames, seconds = done.stdout.split()[-3:]
    assert (compiler, frames) == ("False", "False")
    assert float(seconds) < 5  # measured .5; a loaded machine is no failure


# ---------------------------------------------------------------- whole studies


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("study")
    done = gtm("compare", *TINY, "out=here", folder=folder)
    return folder / "here", done


def test_compare_ends_with_the_promised_files(study: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = study
    assert done.returncode == 0, done.stderr
    for name in ("manifest.json", "runs.parquet", "monthly.parquet", "summary.json", "report.html"):
        assert (folder / name).is_file(), name
    assert str(folder / "report.html") in done.stdout
    assert "thought experiment" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_manifest_says_how_to_make_it_again(study: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    manifest: dict[str, Any] = json.loads((study[0] / "manifest.json").read_text("utf-8"))
    assert manifest["command"] == "compare"
    assert manifest["call"] == " ".join(["gtm compare", *TINY, "out=here"])
    assert manifest["status"] == "done"
    assert manifest["runs"] == {"asked": 8, "done": 8, "failed": 0}
    assert manifest["arms"] == ["siloed", "shared_okr"]
    assert manifest["seed"] == 1
    assert manifest["configuration"]["parameters"]["siloed"]["horizon"]["months"] == 2
    assert {"python", "numpy", "numba"} <= set(manifest["versions"])


def test_the_table_follows_from_the_runs(study: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    import sim.measures

    runs = pd.read_parquet(study[0] / "runs.parquet")
    summary = json.loads((study[0] / "summary.json").read_text("utf-8"))
    assert set(sim.measures.MEASURES) <= set(runs.columns)
    assert len(runs) == 8
    assert not runs["failed"].any()
    means = runs.groupby("arm")["new_arr"].mean()
    assert summary["arms"]["siloed"]["new_arr"]["mean"] == pytest.approx(means["siloed"])
    difference = next(entry for entry in summary["contrasts"] if entry["measure"] == "new_arr")
    assert difference["difference"] == pytest.approx(means["shared_okr"] - means["siloed"])
    monthly = pd.read_parquet(study[0] / "monthly.parquet")
    assert len(monthly) == 8 * 2


@pytest.mark.parametrize(
    "words",
    [
        ["executor=serial"],
        ["executor.workers=1"],
        ["executor.workers=2"],
        ["executor.workers=3"],
        pytest.param(["engine=mesa", "executor=serial"], marks=pytest.mark.slow),
        pytest.param(["engine=mesa", "executor.workers=2"], marks=pytest.mark.slow),
    ],
)
def test_the_same_bits_in_a_fresh_process_on_every_executor_and_engine(
    words: Sequence[str], study: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    # Only what was simulated is compared; the report of the study they share is looked at above.
    done = gtm("compare", *TINY, *words, "out=here", folder=tmp_path, module="tests.undrawn")
    assert done.returncode == 0, done.stderr
    for name in ("runs.parquet", "monthly.parquet"):
        assert (tmp_path / "here" / name).read_bytes() == (study[0] / name).read_bytes(), name
    hashes = [
        json.loads((f / "manifest.json").read_text())["configuration_hash"] for f in (study[0], tmp_path / "here")
    ]
    assert hashes[0] == hashes[1]


def test_run_in_spanish_on_a_run_of_hydras(tmp_path: Path) -> None:
    done = gtm("run", *TINY, "--multirun", "arm=siloed,hybrid", "language=es", "out=both", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Medida" in done.stdout
    for number in ("0", "1"):
        assert (tmp_path / "both" / number / "report.html").is_file()


@pytest.mark.slow
def test_an_interrupt_says_what_is_saved(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "experiments.commands", "compare", *LONG, "out=here"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        # Started in the background, a shell hands down an ignored Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 300
    while not list(tmp_path.glob("here/parts/*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=60)[1]
    assert running.returncode == 130
    assert "of 200,000 runs are saved in" in said
    assert f"gtm compare resume={tmp_path / 'here'}" in said
    runs = pd.read_parquet(tmp_path / "here" / "runs.parquet")
    manifest = json.loads((tmp_path / "here" / "manifest.json").read_text())
    assert manifest["status"] == "interrupted"
    assert manifest["runs"]["done"] == len(runs) > 0

"""Calibration: the space of priors, emulators, slices, posterior draws, and what intervals cover."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import sim
from analysis.uncertainty import dependence, nested
from experiments.calibration import emulator, findings, inference, posterior, sampler, targets
from experiments.calibration.space import FORMS, shared_names, space
from experiments.calibration.waves import Wave, noise_of
from experiments.commands import main
from experiments.models import Organisation
from sim.compiled import INTERPRETED
from sim.parameters import ParameterError, Params

PROFILES = ("smb", "mid_market", "enterprise")


def organisation(*arms: str, profile: str = "mid_market") -> Organisation:
    base: dict[str, Params] = {arm: sim.load(profile, arm) for arm in arms}
    return Organisation(profile, {arm: arm for arm in arms}, {}, {}, (), base)


# ---------------------------------------------------------------- the space


@pytest.mark.parametrize("profile", PROFILES)
def test_every_point_of_the_space_is_an_organisation(profile: str) -> None:
    params = sim.load(profile)
    where = space(params)
    z = np.random.default_rng(1).standard_normal((40, len(where.names))) * 2.5
    table = pd.DataFrame(where.values(z))
    for row in table.to_dict("records"):
        sim.parameters.replace(params, {str(name): value for name, value in row.items()})
    assert set(FORMS) <= set(table.columns)


def test_the_space_has_priors_as_declared() -> None:
    where = space(sim.load("mid_market"))
    n = 4_000
    z = stats.norm.ppf((np.arange(n) + 0.5) / n)[:, None].repeat(len(where.names), axis=1)
    found = where.values(z)
    exponent = found["behaviour.share_exponent"]
    assert stats.kstest(exponent, "uniform").statistic < 2.0 / n
    assert [str(form) for form in np.unique(found["behaviour.call_form"])] == ["absolute", "relative"]
    assert np.mean(found["behaviour.call_form"] == "relative") == 0.5


def test_human_nature_is_what_no_profile_sets_for_itself() -> None:
    assert {
        "behaviour.effort_elasticity",
        "behaviour.effort_motive",
        "behaviour.share_exponent",
        *FORMS,
    } <= shared_names()
    assert not {"behaviour.call_bar", "market.acv", "people.integrity_mean"} & shared_names()


# ---------------------------------------------------------------- emulators and draws


def quadratic(z: np.ndarray) -> np.ndarray:
    return 1.0 + z[:, 0] - 0.5 * z[:, 1] + 0.3 * z[:, 0] * z[:, 1] + 0.2 * z[:, 2] ** 2


def test_an_emulator_learns_a_quadratic_and_knows_its_error() -> None:
    random = np.random.default_rng(2)
    z = random.standard_normal((600, 20))
    means = quadratic(z) + 0.1 * random.standard_normal(600)
    found = emulator.fit(z, means[:, None], np.array([0.1 * np.sqrt(2)]), 2, ("y",))
    fresh = random.standard_normal((2_000, 20))
    missed = found(fresh)[:, 0] - quadratic(fresh)
    assert missed.std() < 0.05
    assert missed.std() < 1.1 * found.error[0] < 0.05  # never surer than it is
    assert found.explained[0] > 0.98


def test_an_emulator_is_kept_as_plain_arrays(tmp_path: Path) -> None:
    z = np.random.default_rng(3).standard_normal((100, 3))
    found = emulator.fit(z, quadratic(z)[:, None], np.array([0.0]), 2, ("y",))
    found.save(tmp_path / "emulator.npz")
    again = emulator.Emulator.load(tmp_path / "emulator.npz")
    assert again.outputs == ("y",)
    assert np.array_equal(again(z), found(z))


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ParameterError, match="points"):
        emulator.fit(np.zeros((5, 2)), np.zeros((5, 1)), np.zeros(1), 2, ("y",))


def test_slices_have_the_posterior_of_a_bell_curve() -> None:
    """Prior N(0, 1), one observation 1.5 with spread ½: the posterior is N(1.2, .2)."""

    def likelihood(z: np.ndarray, _: np.ndarray) -> np.ndarray:
        return np.asarray(-0.5 * ((z[:, 0] - 1.5) / 0.5) ** 2)

    kept = sampler.sample(np.zeros((100, 2)), likelihood, 400, 50, np.random.default_rng(4))
    flat = kept.reshape(-1, 2)
    assert abs(flat[:, 0].mean() - 1.2) < 0.03
    assert abs(flat[:, 0].var() - 0.2) < 0.02
    assert abs(flat[:, 1].mean()) < 0.06
    assert abs(flat[:, 1].std() - 1.0) < 0.05
    assert sampler.mixing(kept).max() < 1.05


def test_chains_go_on_until_they_agree() -> None:
    """Half of the chains start far off at either end of a narrow ridge: a few steps are not enough to forget that."""

    def likelihood(z: np.ndarray) -> np.ndarray:
        return np.asarray(-0.5 * ((z[:, 0] - z[:, 1]) / 0.05) ** 2)

    ends = np.repeat([[-2.5], [2.5]], 50, axis=0) * np.ones((1, 2))
    short = inference.draw(likelihood, ends, 200, 6, chains=100, steps=20, most=20)
    enough = inference.draw(likelihood, ends, 200, 6, chains=100, steps=20, most=2_000)
    assert np.quantile(short.mixing, 0.95) > inference.AGREED >= np.quantile(enough.mixing, 0.95)
    assert abs(enough.z[:, 0].var() - 0.5) < 0.15  # of 200 draws: three standard errors
    settled = inference.draw(likelihood, ends, 200, 6, chains=100, steps=2_000, most=4_000)
    again = inference.draw(likelihood, ends, 200, 6, chains=100, steps=2_000, most=2_000)
    assert np.array_equal(settled.z, again.z)  # who agrees already goes no further


def test_slices_never_leave_what_is_not_ruled_out() -> None:
    def likelihood(z: np.ndarray, _: np.ndarray) -> np.ndarray:
        return np.where(z[:, 0] > 1.0, 0.0, -np.inf)

    kept = sampler.sample(np.full((20, 3), 1.5), likelihood, 100, 20, np.random.default_rng(5))
    assert (kept[:, :, 0] > 1.0).all()
    with pytest.raises(ValueError, match="zero"):
        sampler.sample(np.zeros((2, 3)), likelihood, 10, 2, np.random.default_rng(5))


# ---------------------------------------------------------------- simulation-based calibration


def synthetic(points: int, seed: int) -> Wave:
    """A wave of a model in closed form: every level is linear in the space, with noise."""
    where = space(sim.load("mid_market"))
    random = np.random.default_rng(seed)
    z = random.standard_normal((points, len(where.names)))
    wanted = [t for t in targets.targets("mid_market") if t.measure not in targets.PAIRS]
    slopes = np.random.default_rng(0).standard_normal((len(where.names), len(wanted)))
    slopes[12:] = 0.0
    scale = np.array([targets.spread(t) for t in wanted])
    means = np.array([t.target for t in wanted]) + (z @ slopes) * scale
    index = pd.MultiIndex.from_product([range(points), range(2)], names=["point", "replication"])
    noisy = means.repeat(2, axis=0) + 0.3 * scale * random.standard_normal((2 * points, len(wanted)))
    return Wave(z, pd.DataFrame(noisy, index=index, columns=[t.measure for t in wanted]), 2 * points)


def test_ranks_are_uniform_where_all_is_known() -> None:
    """Simulation-based calibration of emulator, likelihood and slices together."""
    where, wave = space(sim.load("mid_market")), synthetic(700, 6)
    found = findings.ranks(where, targets.targets("mid_market"), wave, 2, 300, 25, seed=7)
    told = findings.uniformity(found)
    assert told["least_p"] > 0.01
    assert told["share_below_5_percent"] < 0.12
    assert 0.97 < told["variance_ratio"] < 1.03
    # The test has teeth: ranks of draws that are too narrow are not uniform.
    assert findings.uniformity(0.5 + 0.6 * (found - 0.5))["least_p"] < 1e-3


def test_noise_is_that_of_one_replication() -> None:
    wave = synthetic(400, 8)
    wanted = [t for t in targets.targets("mid_market") if t.measure not in targets.PAIRS]
    found = noise_of([wave.seen], [t.measure for t in wanted])
    assert np.allclose(found, [0.3 * targets.spread(t) for t in wanted], rtol=0.15)


# ---------------------------------------------------------------- targets


def test_calibration_sees_no_contrast_of_pay() -> None:
    """C1–C11 and nothing else; every re-enactment starts from the siloed organisation."""
    assert {t.id for t in targets.targets("smb")} == {f"C{n}" for n in range(1, 11)} | {"C11a", "C11b"}
    params = sim.load("mid_market")
    for name, world in targets.WORLDS.items():
        made = world(params)
        assert made.alignment == params.alignment, name
        assert made.incentives.marketer == params.incentives.marketer, name


@pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler")
def test_points_have_luck_of_their_own_and_worlds_of_a_point_share_it() -> None:
    model = targets.Reenacted.of(organisation("siloed"), ("as_is", "flat"))
    short = {"horizon.months": 1, "horizon.burn_in_months": 0}
    ran = {
        (arm, luck): model.run(model.prepare(arm, {**short, "luck": luck}), 5, False).measures["mqls"]
        for arm in ("as_is", "flat")
        for luck in (1, 2)
    }
    assert ran["as_is", 1] != ran["as_is", 2]
    addresses = {model.address(model.prepare(arm, {**short, "luck": luck})) for arm, luck in ran}
    assert len(addresses) == 4


# ---------------------------------------------------------------- draws as files


@pytest.fixture
def draws(tmp_path: Path) -> Path:
    where = space(sim.load("mid_market"))
    z = np.random.default_rng(9).standard_normal((6, len(where.names)))
    path = tmp_path / "posterior.parquet"
    posterior.write(path, findings.table(where, z), {"command": "gtm calibrate", "organisation": "mid_market"})
    return path


def test_draws_come_back_as_they_were(draws: Path) -> None:
    assert posterior.about(draws) == {"command": "gtm calibrate", "organisation": "mid_market"}
    table = posterior.read(draws)
    assert len(table) == 6
    again = draws.with_name("again.parquet")
    posterior.write(again, table, {})
    pd.testing.assert_frame_equal(posterior.read(again), table)


def test_both_arms_of_a_pair_have_the_same_draw(draws: Path) -> None:
    model = posterior.Uncertain.of(organisation("siloed", "shared_okr"), draws, root=1, replications=8)
    assert [model.draw_of(r) for r in range(8)] == [0, 0, 1, 1, 2, 2, 3, 3]
    table = posterior.read(draws)
    for draw in range(4):
        seen = [model.params_of(arm, model.base[arm], draw).behaviour for arm in model.arms]
        assert seen[0] == seen[1]
        assert seen[0].effort_elasticity == table["behaviour.effort_elasticity"][draw]


def test_what_is_given_on_the_command_line_stays(draws: Path) -> None:
    plain = organisation("siloed")
    changed = dataclasses.replace(plain, common={"behaviour": {"call_bar": 777.0}, "workload.triage": 0.3})
    model = posterior.Uncertain.of(changed, draws, root=1, replications=4)
    seen = model.params_of("siloed", sim.load("mid_market", overrides=changed.common), 1)
    assert seen.behaviour.call_bar == 777.0
    assert seen.workload.triage == 0.3


def test_wrong_draws_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="no draws are shipped for essay"):
        posterior.find("shipped", "essay")
    with pytest.raises(ParameterError, match="organisation='nobody'"):
        posterior.find("shipped", "nobody")
    (tmp_path / "organisation").mkdir()
    namesake = tmp_path / "organisation" / "mid_market.yaml"
    namesake.write_text("base: smb\n", encoding="utf-8")
    for name, configs in ((str(namesake), None), ("mid_market", str(tmp_path))):
        with pytest.raises(ParameterError, match="no draws are shipped for"):  # they are those of the shipped file
            posterior.find("shipped", name, configs)
    with pytest.raises(ParameterError, match="no such file"):
        posterior.find(str(tmp_path / "none.parquet"), "smb")
    wrong = tmp_path / "wrong.parquet"
    pd.DataFrame({"behaviour.callbar": [1.0]}).to_parquet(wrong)
    with pytest.raises(ParameterError, match=r"is no parameter\. Did you mean 'behaviour.call_bar'"):
        posterior.read(wrong)
    wrong.write_text("no parquet")
    with pytest.raises(ParameterError, match="cannot be read"):
        posterior.read(wrong)


# ---------------------------------------------------------------- intervals


@given(st.integers(3, 30), st.integers(2, 5), st.integers(0, 10**6), st.floats(-5, 5), st.floats(0.1, 10))
def test_shares_do_not_depend_on_units(groups: int, each: int, seed: int, shift: float, scale: float) -> None:
    random = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), each)
    values = random.standard_normal(groups)[group] + random.standard_normal(groups * each)
    one, other = nested(values, group), nested(shift + scale * values, group)
    assert other.share == pytest.approx(one.share, abs=1e-9)
    assert other.mean == pytest.approx(shift + scale * one.mean)
    assert other.low == pytest.approx(shift + scale * one.low)
    assert one.low <= one.mean <= one.high


def test_the_register_knows_what_the_headline_hangs_on() -> None:
    random = np.random.default_rng(12)
    draws = pd.DataFrame(
        {"behaviour.call_bar": random.uniform(size=60), "behaviour.sunk_cost": random.uniform(size=60)}
    )
    effect = np.repeat(draws["behaviour.call_bar"].to_numpy(), 2)
    runs = pd.concat(
        pd.DataFrame({"arm": arm, "replication": range(120), "revenue_growth": level})
        for arm, level in (("siloed", 0.2), ("shared_okr", 0.2 - effect))
    )
    found = dependence(runs, "siloed", "shared_okr", "revenue_growth", 2, draws)
    assert found["behaviour.call_bar"] == pytest.approx(-1.0)
    assert abs(found["behaviour.sunk_cost"]) < 0.5


def test_variance_is_told_apart() -> None:
    """Parameters of variance 4, luck of variance 1: four fifths of a run's spread is parameters."""
    random = np.random.default_rng(11)
    group = np.repeat(np.arange(4_000), 2)
    found = nested(2.0 * random.standard_normal(4_000)[group] + random.standard_normal(8_000), group)
    assert found.share == pytest.approx(0.8, abs=0.02)
    # However many draws: what is not known of the parameters does not average out.
    assert found.high - found.low == pytest.approx(2 * 1.96 * 2.0, rel=0.05)
    assert nested(np.arange(4.0), np.zeros(4, dtype=int)).groups == 1


# ---------------------------------------------------------------- the commands


@pytest.mark.slow
@pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler")
def test_from_waves_to_intervals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A small calibration from end to end: files, a second call that runs nothing, and a comparison with its draws."""
    out = tmp_path / "calibration"
    words = [
        "organisation=smb", "levels=[50]", "slopes=[50]", "check=10", "draws=20", "truths=0", "horizon.months=9",
        "horizon.burn_in_months=0", f"out={out}",
    ]  # fmt: skip
    assert main(["calibrate", *words]) == 0
    assert "smb" in capsys.readouterr().out
    found = json.loads((out / "calibration.json").read_text(encoding="utf-8"))
    assert found["runs"] == 50 * 2 + 50 * 2 * 9 + 10 * 2 * 9
    assert found["organisation_years"] == pytest.approx(found["runs"] * 0.75)
    assert [row["id"] for row in found["targets"]][-2:] == ["C11a", "C11b"]
    assert {form["name"] for form in found["forms"]} == set(FORMS)
    assert (out / "figures" / "posterior.svg").is_file()
    before = posterior.read(out / "posterior.parquet")
    parts = {file.name for file in out.glob("wave_*/parts/*.parquet")}
    assert main(["calibrate", *words]) == 0
    pd.testing.assert_frame_equal(posterior.read(out / "posterior.parquet"), before)
    assert {file.name for file in out.glob("wave_*/parts/*.parquet")} == parts

    capsys.readouterr()
    study = tmp_path / "compare"
    months = ["horizon.months=6", "horizon.burn_in_months=0"]
    assert main(["compare", "organisation=smb", f"posterior={out}", "seeds=8", *months, f"out={study}"]) == 0
    assert "4 draws" in capsys.readouterr().out
    summary = json.loads((study / "summary.json").read_text(encoding="utf-8"))
    shares = {entry["measure"]: entry for entry in summary["uncertainty"]}
    assert 0.0 <= shares["revenue_growth"]["share"] <= 1.0
    assert shares["revenue_growth"]["groups"] == 4
    contrast = next(each for each in summary["contrasts"] if each["measure"] == "revenue_growth")
    assert contrast["low"] == shares["revenue_growth"]["low"]
    assert 'id="uncertainty"' in (study / "report.html").read_text(encoding="utf-8")


def test_wrong_sizes_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for word, said in (
        ("levels=[]", "a list of numbers of points"),
        ("levels=[10]", "a whole number from 40"),
        ("seeds=1", "two replications"),
        ("truths=2990", "40 more are needed"),
        ("shared=[nowhere]", "shared='nowhere': there is no finished calibration"),
        ("shared=[a,b]", "one file of draws at most"),
        ("shared=7", "a list is needed"),
    ):
        assert main(["calibrate", word]) == 2
        assert said in capsys.readouterr().err


def test_shipped_draws_are_organisations() -> None:
    """Every draw can be composed with its organisation, and says which command made it."""
    shipped = sorted((Path(__file__).resolve().parent.parent / "configs" / "behaviour").glob("posterior_*.parquet"))
    assert shipped
    for file in shipped:
        name = file.stem.removeprefix("posterior_")
        assert posterior.find("shipped", name) == file
        assert posterior.about(file)["command"].startswith("gtm calibrate")
        model = posterior.Uncertain.of(organisation("siloed", profile=name), file, root=1, replications=2)
        for draw in range(len(posterior.read(file))):
            model.params_of("siloed", model.base["siloed"], draw)

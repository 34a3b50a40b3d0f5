"""Every design against its defining property; factors and priors; points of a sweep become the right parameters."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.design import Factor, factor, place
from experiments.foreign import Foreign
from experiments.models import Kind, Organisation
from experiments.points import Points, column
from sim import files
from sim.configuration import compose, read
from sim.parameters import ParameterError, declared

UNIT = {"low": 0.0, "high": 1.0}


class Anything:
    """A model whose factors may have any value."""

    def kind(self, name: str) -> Kind:
        return Kind(whole=name.startswith("whole"))

    def check(self, name: str, value: object) -> None:
        pass


def placed(name: str, points: Any, factors: dict[str, Any], seed: int = 1, zipped: Any = ()) -> Points:
    given = {"name": name, "points": points, "factors": factors, "zip": list(zipped)}
    return place(given, Anything(), seed)


def cube(name: str, n: int, dimensions: int, seed: int = 1) -> np.ndarray:
    found = placed(name, n, {f"x{i}": UNIT for i in range(dimensions)}, seed)
    return np.column_stack([found.columns[f"x{i}"] for i in range(dimensions)])


# ---------------------------------------------------------------- designs


@given(st.lists(st.lists(st.integers(-50, 50), min_size=1, max_size=4, unique=True), min_size=1, max_size=4))
def test_a_grid_has_every_combination_once(levels: list[list[int]]) -> None:
    found = placed("grid", 5, {f"x{i}": values for i, values in enumerate(levels)})
    rows = [tuple(found.values(i).values()) for i in range(found.count)]
    assert rows == list(itertools.product(*levels))


def test_a_grid_cuts_ranges_from_end_to_end() -> None:
    found = placed("grid", 3, {"x": {"low": 2, "high": 4}, "y": {"low": 1, "high": 100, "scale": "log"}, "z": ["a"]})
    assert found.count == 9
    assert sorted(set(found.columns["x"])) == [2, 3, 4]
    assert np.allclose(sorted(set(found.columns["y"])), [1, 10, 100])
    assert found.values(0) == {"x": 2.0, "y": 1.0, "z": "a"}


@given(st.integers(1, 40), st.integers(1, 6), st.integers(0, 2**63 - 1))
def test_a_latin_hypercube_has_one_point_in_every_slice_of_every_factor(n: int, dimensions: int, seed: int) -> None:
    found = cube("lhs", n, dimensions, seed)
    assert found.shape == (n, dimensions)
    for values in found.T:
        assert sorted(np.floor(values * n)) == list(range(n))


@given(st.integers(0, 8), st.integers(0, 2**63 - 1))
@settings(max_examples=30)
def test_sobol_points_are_a_net(m: int, seed: int) -> None:
    """A power of two of them, in two dimensions: one in every dyadic box of that volume, whatever its shape."""
    n = 2**m
    found = cube("sobol", n, 2, seed)
    for k in range(m + 1):
        boxes = np.floor(found * [2**k, 2 ** (m - k)]).astype(int)
        assert len({tuple(box) for box in boxes}) == n


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 5))
@settings(max_examples=30)
def test_more_sobol_points_keep_the_first_ones(few: int, more: int, dimensions: int) -> None:
    first, all_ = cube("sobol", few, dimensions), cube("sobol", few + more, dimensions)
    assert (all_[:few] == first).all()


def test_sobol_points_that_are_no_power_of_two_are_told() -> None:
    assert placed("sobol", 64, {"x": UNIT}).note == ""
    assert "not a power of two" in placed("sobol", 48, {"x": UNIT}).note
    assert "64 would be" in placed("sobol", 48, {"x": UNIT}).note


@given(st.integers(1, 8), st.integers(1, 6), st.integers(0, 2**63 - 1))
@settings(max_examples=30)
def test_morris_changes_one_factor_at_a_time_and_each_once(trajectories: int, dimensions: int, seed: int) -> None:
    found = cube("morris", trajectories, dimensions, seed)
    assert len(found) == trajectories * (dimensions + 1)
    assert np.allclose(np.round(found * 3), found * 3)
    for path in found.reshape(trajectories, dimensions + 1, dimensions):
        steps = np.diff(path, axis=0)
        changed = [np.flatnonzero(step).tolist() for step in steps]
        assert sorted(changed) == [[i] for i in range(dimensions)]
        assert np.allclose(np.abs(steps).sum(axis=1), 2 / 3)


@pytest.mark.parametrize("name", ["lhs", "sobol", "morris"])
def test_the_seed_decides_the_points(name: str) -> None:
    assert (cube(name, 8, 3, 5) == cube(name, 8, 3, 5)).all()
    assert (cube(name, 8, 3, 5) != cube(name, 8, 3, 6)).any()


@pytest.mark.parametrize("name", ["grid", "lhs", "sobol", "morris"])
def test_zipped_factors_vary_together(name: str) -> None:
    factors = {"a": [1, 2, 3, 4], "b": ["i", "ii", "iii", "iv"], "c": {"low": 10.0, "high": 40.0}, "d": UNIT}
    found = placed(name, 16, factors, zipped=[["a", "b", "c"]])
    pairs = {(v["a"], v["b"]) for v in map(found.values, range(found.count))}
    assert pairs <= set(zip(factors["a"], factors["b"], strict=True))
    order = np.argsort(found.columns["a"], kind="stable")
    groups = [found.columns["c"][order][found.columns["a"][order] == a] for a in sorted(set(found.columns["a"]))]
    assert all(low.max() <= high.min() for low, high in itertools.pairwise(groups))
    assert list(found.columns) == ["a", "b", "c", "d"]
    if name == "grid":
        assert found.count == 4 * 16
        assert list(groups[0]) == [10.0] * 16


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_points_of_a_file_come_as_they_are(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame(
        {"n": [3, 1, 2], "x": [0.1, 0.2, 1e-30], "word": ["a", "b", "a"], "truth": [True, False, True]}
    )
    path = tmp_path / f"points.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    found = placed("csv", str(path), {})
    assert [found.values(i) for i in range(3)] == frame.to_dict("records")


# ---------------------------------------------------------------- factors


@given(st.integers(-20, 20), st.integers(1, 30), st.integers(1, 5))
def test_whole_numbers_are_equally_likely(low: int, width: int, times: int) -> None:
    n = (width + 1) * times
    values = Factor("n", low=low, high=low + width, whole=True).at((np.arange(n) + 0.5) / n)
    assert values.dtype == np.int64
    assert np.unique(values, return_counts=True)[1].tolist() == [times] * (width + 1)
    assert values.min() == low
    assert values.max() == low + width


@pytest.mark.parametrize("name", [f"{theme}.{name}" for theme, name, d, _ in declared() if d.prior])
def test_every_declared_prior_is_sampled_inside_its_bounds(name: str, organisation: Organisation) -> None:
    u = (np.arange(400) + 0.5) / 400
    found = factor(name, "prior", organisation)
    values = found.at(u)
    kind = organisation.kind(name)
    assert values.min() >= kind.low
    assert values.max() <= kind.high
    spread = kind.prior
    assert spread is not None
    ends = spread.cdf([kind.low, kind.high])
    wanted = (spread.cdf(values) - ends[0]) / (ends[1] - ends[0])
    assert np.allclose(wanted, u, atol=1e-6 if not found.whole else 0.5)


@pytest.mark.parametrize("profile", ["smb", "enterprise"])
def test_a_declared_prior_lies_around_the_organisations_own_value(profile: str) -> None:
    """Also under an arm of its own value; amounts go with the size of deals."""
    given = {"shared_okr": {"market.intent_mean": 0.5}}
    base = {arm: compose(profile, arm, [{}, given.get(arm, {})]) for arm in ("siloed", "shared_okr")}
    model = Organisation(profile, {arm: arm for arm in base}, {}, given, (), base)
    own = base["siloed"]
    assert factor("market.acv", "prior", model).at(np.array([0.5]))[0] == pytest.approx(own.market.acv)
    assert factor("market.intent_mean", "prior", model).at(np.array([0.5]))[0] == pytest.approx(
        own.market.intent_mean, rel=0.02
    )
    assert factor("arm.shared_okr.market.intent_mean", "prior", model).at(np.array([0.5]))[0] == pytest.approx(0.5)
    low, high = factor("behaviour.call_bar", "prior", model).at(np.array([0.0, 1.0]))
    assert [low, high] == pytest.approx([300 * own.market.acv / 35e3, 4000 * own.market.acv / 35e3])


def test_a_prior_may_be_written_and_cut() -> None:
    found = factor("x", {"prior": "normal(0, 1)", "low": 0.5, "high": 1}, Anything())
    values = found.at(np.linspace(0, 1, 11))
    assert np.allclose([values[0], values[-1]], [0.5, 1], rtol=0, atol=1e-12)
    assert values.min() >= 0.5
    assert values.max() <= 1
    assert (np.diff(values) > 0).all()


def test_columns_have_the_narrowest_kind() -> None:
    kinds = [column(values).dtype for values in ([True, False], [1, 2], [1, 2.5], ["a", "b"])]
    assert kinds == [bool, np.int64, np.float64, object]


# ---------------------------------------------------------------- the organisation as a model


def made(
    arms: tuple[str, ...] = ("siloed", "shared_okr"), common: dict[str, Any] | None = None, own: Any = None
) -> Organisation:
    base = {arm: compose("smb", arm, [common or {}, (own or {}).get(arm, {})]) for arm in arms}
    return Organisation("smb", {arm: arm for arm in arms}, common or {}, own or {}, (), base)


@pytest.fixture(scope="module")
def organisation() -> Organisation:
    return made()


OVERRIDES = {
    "alignment.visibility": st.floats(0, 1),
    "alignment.level": st.sampled_from([0, 0.25, 1]),
    "alignment": st.sampled_from(["aligned", "integrated"]),
    "incentives": st.sampled_from(["hybrid", "siloed"]),
    "incentives.low_score_quantile": st.sampled_from([0.2, 0.6]),
    "capability": st.sampled_from(["systemic", "manual"]),
    "capability.process": st.floats(0, 1),
    "people.sellers": st.integers(1, 9),
}
overrides = st.fixed_dictionaries({}, optional=OVERRIDES).filter(
    lambda given: not {"alignment", "alignment.level"} <= set(given)
)


@given(common=overrides, own=overrides, for_all=overrides, for_one=overrides, other=st.booleans())
@settings(max_examples=30)
def test_a_point_is_what_composing_everything_gives(
    common: dict[str, Any], own: dict[str, Any], for_all: dict[str, Any], for_one: dict[str, Any], other: bool
) -> None:
    """The short way, one composition for many points, and the long one: layer upon layer."""
    model = made(common=common, own={"shared_okr": own})
    point = {**for_all, **{f"arm.shared_okr.{name}": value for name, value in for_one.items()}}
    name = "mid_market" if other else "smb"
    if other:
        point["organisation"] = name
    for arm, mine in (("siloed", ({}, {})), ("shared_okr", (own, for_one))):
        expected = compose(name, arm, [common, for_all, *mine])
        assert model.prepare(arm, point) == expected
        assert model.address(model.prepare(arm, point)) == model.address(expected)


def test_addresses_tell_numbers_apart_and_engines_not(organisation: Organisation) -> None:
    one, other = (organisation.prepare("siloed", {"alignment.visibility": v}) for v in (0.5, np.nextafter(0.5, 1)))
    assert organisation.address(one) != organisation.address(other)
    mesa = Organisation("smb", {"siloed": "siloed"}, {}, {}, (), organisation.base, "mesa")
    assert mesa.address(one) == organisation.address(one)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"factors": {}}, "design.factors={}: name what is varied"),
        ({"name": "sobl"}, "design='sobl': allowed are grid, lhs, sobol, morris, csv. Did you mean 'sobol'?"),
        ({"points": 0}, "design.points=0: a whole number from 1"),
        ({"points": 2.5}, "design.points=2.5"),
        ({"points": "many"}, "design.points='many'"),
        ({"factors": {"alignment.visibilty": UNIT}}, "unknown parameter. Did you mean 'alignment.visibility'?"),
        (
            {"factors": {"alignment.visibility": {"low": 0, "high": 7}}},
            "alignment.visibility=7.0: allowed is from 0 to 1",
        ),
        ({"factors": {"alignment.visibility": {"low": -1, "high": 1}}}, "alignment.visibility=-1.0: allowed is"),
        ({"factors": {"alignment.level": {"low": 0, "high": 2}}}, "alignment.level: 2.0: a number from 0"),
        ({"factors": {"alignment.visibility": [0.5, 7]}}, "alignment.visibility=7: allowed is from 0 to 1"),
        ({"factors": {"alignment.visibility": {"low": 1, "high": 0}}}, "low=1 must lie below high=0"),
        ({"factors": {"alignment.visibility": {"low": 0}}}, "alignment.visibility.high=None: a number is needed"),
        ({"factors": {"alignment.visibility": {"lwo": 0, "high": 1}}}, "unknown; a range has low, high, scale, prior"),
        ({"factors": {"market.acv": {"low": 0, "high": 1, "scale": "log"}}}, "more than 0 is needed for scale=log"),
        (
            {"factors": {"market.acv": {"low": 1, "high": 2, "scale": "lg"}}},
            "allowed are linear, log. Did you mean 'log'?",
        ),
        ({"factors": {"market.acv": {"prior": "gauss(0, 1)"}}}, "unknown prior 'gauss'"),
        ({"factors": {"behaviour.nurture_limit": "prior"}}, "no prior is declared for it; give low and high"),
        ({"factors": {"people.sellers": {"low": 1.5, "high": 3}}}, "whole numbers are needed, not 1.5 and 3"),
        ({"factors": {"people.sellers": [2.5]}}, "people.sellers=2.5: a whole number"),
        ({"factors": {"incentives": ["siloed", "shared_ork"]}}, "incentives='shared_ork': known are"),
        ({"factors": {"incentives": {"low": 0, "high": 1}}}, "factor incentives"),
        ({"factors": {"organisation": ["smb", "small"]}}, "organisation='small': known are"),
        ({"factors": {"incentives": []}}, "at least one value is needed"),
        ({"factors": {"incentives": ["siloed", "siloed"]}}, "a value stands there twice"),
        ({"factors": {"incentives": ["siloed", 3]}}, "not a mixture"),
        ({"factors": {"arm.siled.alignment.visibility": UNIT}}, "one of the arms, siloed, shared_okr. Did you mean"),
        ({"zip": [["people.sellers"]]}, "lists of two or more"),
        *(({"zip": given}, f"design.zip={given!r}: lists of two or more") for given in (3, True, 0, "people.sellers")),
        (
            {"zip": [["people.sellers", "market.acw"]]},
            "market.acw is not among the factors. Did you mean 'market.acv'?",
        ),
        ({"zip": [["people.sellers", "alignment"]]}, "have 2 and 3 values"),
        ({"name": "csv", "points": "none.csv"}, "design=csv takes its factors from the columns"),
        ({"name": "csv", "points": "none.csv", "factors": {}}, "design.points='none.csv': there is no such file"),
    ],
)
def test_wrong_designs_are_refused(given: dict[str, Any], message: str, organisation: Organisation) -> None:
    good = {"people.sellers": [1, 2, 3], "market.acv": {"low": 1e4, "high": 1e5}, "alignment": ["aligned", "defined"]}
    with pytest.raises(ParameterError) as caught:
        place({"name": "grid", "points": 2, "factors": good, "zip": [], **given}, organisation, 1)
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("alignment.visibilty\n0.5\n", "alignment.visibilty: unknown parameter. Did you mean 'alignment.visibility'?"),
        ("alignment.visibility\n0.5\n0.6\n7\n", "row 3: factor alignment.visibility: alignment.visibility=7"),
        ("alignment.visibility,people.sellers\n0.5,2\n,3\n", "alignment.visibility is missing in row 2"),
        ("alignment.visibility\n", "there is no point in it"),
        ("", "cannot be read"),
        ("people.sellers,market.acv\n1,2e4,3\n2,3e4,4\n", "row 1: it has 3 values, the header 2 names: people.sellers"),
        ("people.sellers,market.acv\n1,2e4\n\n2,3e4,4\n", "row 2: it has 3 values"),
        ("people.sellers,market.acv\n1,2e4,,4\n", "row 1: it has 4 values"),
        ("people.sellers,people.sellers\n1,2\n", "people.sellers stands there twice in the header"),
        (",people.sellers\n0,2\n", "column 1 has no name in the header"),
    ],
)
def test_wrong_files_of_points_are_refused(text: str, message: str, organisation: Organisation, tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text(text)
    with pytest.raises(ParameterError) as caught:
        place({"name": "csv", "points": str(path), "factors": {}, "zip": []}, organisation, 1)
    assert message in str(caught.value)
    assert f"design.points={str(path)!r}" in str(caught.value)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("tests.quick_models", "write package.module:function"),
        ("tests.quick_models:wvae", "no function of that name. Did you mean 'wave'?"),
        ("tests.no_models:wave", "tests.no_models cannot be imported"),
        ("pathlib:Path", "a function or a subclass of mesa.Model is needed"),
    ],
)
def test_wrong_targets_are_refused(target: str, message: str) -> None:
    with pytest.raises(ParameterError, match=r"model\.target='.*'") as caught:
        Foreign(target).loaded()
    assert message in str(caught.value)


def test_a_foreign_model_names_its_factors() -> None:
    wave = Foreign("tests.quick_models:wave")
    with pytest.raises(ParameterError, match=r"takes x, seed, y"):
        wave.kind("z")
    with pytest.raises(ParameterError, match=r"os:getcwd takes no arguments\."):
        Foreign("os:getcwd").kind("z")
    with pytest.raises(ParameterError, match=r"model\.target='builtins:max': its arguments have no names"):
        Foreign("builtins:max").kind("z")
    with pytest.raises(ParameterError, match="the seed is no factor"):
        wave.kind("seed")
    assert Foreign("tests.quick_models:sobol_g").kind("anything") == Kind()


def test_presets_and_levels_are_parsed_once_however_many_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Composing reads many files; parsing them at every point cost 20 ms a point."""
    arms = {"siloed": compose("smb", "siloed", [{}])}
    model = Organisation("smb", {"siloed": "siloed"}, {}, {}, (), arms)
    factors = {"alignment.level": {"low": 0, "high": 1}, "incentives": ["siloed", "shared_okr"]}
    points = place({"name": "lhs", "points": 40, "factors": factors}, model, 1)
    parsed = []
    load = yaml.load
    monkeypatch.setattr(yaml, "load", lambda *given, **named: parsed.append(1) or load(*given, **named))
    files._parsed.cache_clear()
    for point in range(points.count):
        values = points.values(point)
        found = model.prepare("siloed", values)
        fresh = compose("smb", "siloed", [{}, values])
        assert found == fresh
    assert len(parsed) < 20  # as many as there are files, not points


def test_what_was_read_once_cannot_be_changed_by_who_read_it(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("people: {sellers: 3}\n")
    read(file)["people"]["sellers"] = 4
    assert read(file) == {"people": {"sellers": 3}}
    file.write_text("people: {sellers: 5}\n")
    assert read(file) == {"people": {"sellers": 5}}

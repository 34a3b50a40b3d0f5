"""Configurations: every name composes, layers prevail in order, errors name key, value and nearest name."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.configuration import LEVELS, compose, configs_folders, load, names
from sim.parameters import ParameterError, Role, declared, from_dict, to_dict

ORGANISATIONS = ("enterprise", "essay", "mid_market", "smb")
ARMS = (
    "everything", "flat_salary", "hybrid", "information_no_duty", "information_only", "process_first",
    "qualified_leads",
    "quota_accelerator", "retention", "shared_okr", "shared_pay_only", "siloed", "team_revenue",
)  # fmt: skip


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of configurations that is searched first."""
    monkeypatch.setenv("GTM_CONFIGS", str(tmp_path))
    return tmp_path


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


# ---------------------------------------------------------------- names and presets


def test_the_promised_names_are_there() -> None:
    assert tuple(names("organisation")) == ORGANISATIONS
    assert tuple(names("arm")) == ARMS
    assert names("alignment") == sorted(LEVELS)
    assert names("capability") == ["manual", "process_first", "systemic", "tool_rich"]
    assert set(names("incentives")) >= {"siloed", "shared_okr", "hybrid", "qualified_leads", "team_revenue"}


@pytest.mark.parametrize("organisation", ORGANISATIONS)
@pytest.mark.parametrize("arm", ARMS)
def test_every_organisation_composes_with_every_arm(organisation: str, arm: str) -> None:
    params = load(organisation, arm)
    assert from_dict(to_dict(params)) == params


@pytest.mark.parametrize(
    "group", ["incentives", "alignment", "capability", "programme", "behaviour", "market", "horizon"]
)
def test_every_preset_loads_as_an_override(group: str) -> None:
    for name in names(group):
        assert load(overrides={group: name}) == load(overrides={f"{group}.preset": name})


def test_every_file_says_what_it_is() -> None:
    for file in configs_folders()[-1].rglob("*.yaml"):
        assert file.read_text(encoding="utf-8").startswith("# "), file


@pytest.mark.parametrize("name", names("incentives"))
def test_a_plan_names_every_role_and_its_weights_sum_to_one(name: str) -> None:
    plan = load(overrides={"incentives": name}).incentives
    assert plan.name == name
    assert plan.cost_neutral
    for role in Role:
        terms = plan.terms(role)
        weights = [term.weight for term in terms]
        assert (name == "flat_salary") == (not terms)
        assert not terms or sum(weight for weight in weights if weight is not None) == pytest.approx(1, abs=1e-12)


def test_the_plans_say_what_the_model_says() -> None:
    siloed, shared, retention, accelerator = (
        load(arm=arm).incentives for arm in ("siloed", "shared_okr", "retention", "quota_accelerator")
    )
    assert {term.event for term in siloed.marketer} == {"mql", "lead_captured"}
    assert {(term.event, term.scope) for term in shared.marketer} == {("won_acv", "company")}
    assert [term.low_score_multiplier for term in shared.seller] == [2.0]
    assert [term.low_score_multiplier for term in siloed.seller] == [1.0]
    assert retention.seller[0].clawback_months == 12
    assert accelerator.seller[0].accelerator == 2.0
    assert accelerator.marketer == siloed.marketer


def test_the_pay_arms_change_pay_only() -> None:
    base = load(arm="siloed")
    for arm in ("hybrid", "qualified_leads", "team_revenue", "flat_salary", "quota_accelerator", "retention"):
        params = load(arm=arm)
        assert params.incentives.name == arm
        assert dataclasses.replace(params, incentives=base.incentives) == base


def test_mid_market_is_the_declared_default() -> None:
    default, found = from_dict({}), load()
    for theme, name, _, value in declared():
        if (theme, name) == ("market", "candidates_per_day"):
            continue  # 1,020 leads a month exactly
        calibrated = theme in ("market", "customers", "behaviour", "workload", "people")
        assert getattr(getattr(found, theme), name) == value or calibrated, f"{theme}.{name}"
    assert found.alignment == default.alignment
    assert found.capability == default.capability


def test_archetypes_have_their_headcounts_and_lead_volumes() -> None:
    for name, heads, leads in (("smb", 18, 730), ("mid_market", 55, 1020), ("enterprise", 190, 1005)):
        params = load(name)
        people = params.people
        assert people.marketers + people.developers + people.sellers + people.success_managers == heads
        per_month = params.market.candidates_per_day * params.market.capture_share * 21
        assert per_month == pytest.approx(leads, rel=0.25)  # calibration may move it within ±25 %


# ---------------------------------------------------------------- layers


def test_undefined_and_manual_mean_as_today_in_the_organisation() -> None:
    essay, mid = load("essay"), load("mid_market")
    assert essay.alignment.obligation_form == "every_attempt"
    assert essay.alignment.follow_up_obligation == 0.8
    assert essay.alignment.visibility == 0.0
    assert essay.people.integrity_mean < mid.people.integrity_mean
    assert dataclasses.replace(essay, alignment=mid.alignment, people=mid.people) == mid
    assert load("essay", "shared_okr").alignment == load("mid_market", "shared_okr").alignment


def test_later_layers_prevail(own: Path) -> None:
    write(own, "organisation/here.yaml", "base: smb\nmarket: {acv: 9e3}\ntoday: {alignment: {visibility: 0.3}}\n")
    write(own, "arm/mine.yaml", "incentives: hybrid\nalignment: {visibility: 0.4}\nmarket: {acv: 10000}\n")
    assert load("here", "siloed").market.acv == 9_000
    assert load("here", "siloed").people == load("smb").people
    assert load("here", "siloed").alignment.visibility == 0.3
    assert load("here", "mine").alignment.visibility == 0.4
    assert load("here", "mine").market.acv == 10_000
    assert load("here", "mine", {"alignment.visibility": 0.5}).alignment.visibility == 0.5
    assert compose("here", "mine", [{"market.acv": 1}, {"market.acv": 2}]).market.acv == 2


def test_a_preset_drops_what_lower_layers_chose_and_single_values_go_on_top(own: Path) -> None:
    write(own, "arm/mine.yaml", "alignment: {preset: integrated, visibility: 0.1}\n")
    assert load(arm="mine").alignment.visibility == 0.1
    assert load(arm="mine").alignment.feedback == 0.85
    assert load(arm="mine", overrides={"alignment": "undefined"}).alignment == load().alignment
    later = load(arm="mine", overrides={"alignment.visibility": 0.2, "alignment": "aligned"})
    assert (later.alignment.visibility, later.alignment.feedback) == (0.2, 0.6)


def test_own_folders_come_before_the_shipped_one(own: Path, tmp_path: Path) -> None:
    write(own, "capability/systemic.yaml", "process: 0.99\n")
    assert load(overrides={"capability": "systemic"}).capability.process == 0.99
    other = tmp_path / "other"
    write(other, "capability/systemic.yaml", "process: 0.98\n")
    assert load(overrides={"capability": "systemic"}, configs=other).capability.process == 0.98
    assert load(overrides={"capability": "tool_rich"}, configs=other).capability.technology == 0.8


def test_paths_stand_wherever_names_do(tmp_path: Path) -> None:
    base = write(tmp_path, "base.yaml", "market: {acv: 1_234}\n")
    client = write(tmp_path, "client.yaml", "base: ./base.yaml\npeople: {sellers: 3}\n")
    plan = write(tmp_path, "plan.yaml", "seller: [{event: won_deal, rate: 500}]\n")
    assert load(str(base)).market.acv == 1_234
    assert load(client).market.acv == 1_234
    arm = write(tmp_path, "arm.yaml", "incentives: ./plan.yaml\nalignment: {preset: aligned, feedback: 0.9}\n")
    assert load(client, arm).incentives == load(client, overrides={"incentives": str(plan)}).incentives
    assert (load(client, arm).alignment.feedback, load(client, arm).alignment.visibility) == (0.9, 0.6)
    params = load(client, overrides={"incentives": str(plan)})
    assert params.people.sellers == 3
    assert params.incentives.name == "plan"
    assert params.incentives.seller[0].rate == 500
    assert params.incentives.marketer == ()  # a plan is whole


def test_a_term_of_a_plan_is_named_by_event_or_position() -> None:
    by_event = load(overrides={"incentives.seller.won_acv.accelerator": 3})
    assert by_event == load(overrides={"incentives.seller.0.accelerator": 3})
    assert by_event.incentives.seller[0].accelerator == 3
    replaced = load(overrides={"incentives.seller": [{"event": "won_deal", "rate": 100}]})
    assert [term.event for term in replaced.incentives.seller] == ["won_deal"]


# ---------------------------------------------------------------- alignment.level


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_the_level_meets_every_preset(organisation: str) -> None:
    for level, preset in zip((0, 1 / 3, 2 / 3, 1), LEVELS, strict=True):
        found = load(organisation, overrides={"alignment.level": level}).alignment
        assert found == load(organisation, overrides={"alignment": preset}).alignment


@given(level=st.floats(0, 1))
def test_the_level_interpolates_between_its_neighbours(level: float) -> None:
    ends = [vars(load("essay", overrides={"alignment": name}).alignment) for name in LEVELS]
    lower = min(int(level * 3), 2)
    for name, value in vars(load("essay", overrides={"alignment.level": level}).alignment).items():
        low, high = ends[lower][name], ends[lower + 1][name]
        if isinstance(value, str):
            assert value in (low, high)
        else:
            assert min(low, high) <= value <= max(low, high)
            assert type(value) is type(low)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"alignmnt.visibility": 1}, "alignmnt.visibility: unknown. Did you mean 'alignment.visibility'?"),
        ({"alignment.visibilty": 1}, "Did you mean 'alignment.visibility'?"),
        ({"alignment.visibility": 2}, "alignment.visibility=2: allowed is from 0 to 1"),
        ({"alignment.visibility": "high"}, "alignment.visibility='high': a number"),
        ({"alignment.visibility": None}, "alignment.visibility=None: a number"),
        ({"alignment.visibility": float("nan")}, "alignment.visibility=nan"),
        ({"alignment": "integratd"}, "Did you mean 'integrated'?"),
        ({"alignment": 0.5}, "alignment=0.5: a name is needed"),
        ({"alignment.level": 1.1}, "alignment.level=1.1: a number from 0"),
        ({"alignment.level": True}, "alignment.level=True"),
        ({"alignment.level": 0.5, "alignment": "aligned"}, "either a preset or a level"),
        ({"incentives.selller": []}, "Did you mean 'seller'?"),
        ({"incentives.seller.won_avc.rate": 1}, "incentives.seller.won_avc: no such term"),
        ({"incentives.seller.²": {"weight": 1}}, "incentives.seller.²: no such term"),
        ({"incentives.seller.won_acv.accelerater": 2}, "Did you mean 'accelerator'?"),
        ({"people": 3}, "people=3: a mapping"),
        ({"people.preset": "many"}, "people.preset"),
        ({"people.sellers": 3.5}, "people.sellers=3.5: a whole number"),
    ],
)
def test_wrong_overrides_are_refused(overrides: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        load(overrides=overrides)
    assert message in str(caught.value)


@pytest.mark.parametrize("kind", [np.int64, np.int8, np.float32, np.float64, lambda n: pd.Series([n])[0]])
def test_numbers_of_numpy_are_numbers(kind: Any) -> None:
    given = {
        "people.sellers": 3, "alignment.level": 1, "alignment.visibility": 1, "incentives.low_score_quantile": 0,
        "incentives.seller.0.clawback_months": 0, "reference.attainment_mean": 1,
    }  # fmt: skip
    found = load("smb", overrides={name: kind(value) for name, value in given.items()})
    assert repr(found) == repr(load("smb", overrides=given))
    for value in (np.bool_(True), np.float32("nan"), np.float64("inf"), np.int64(-1)):
        with pytest.raises(ParameterError, match=r"people\.sellers="):
            load("smb", overrides={"people.sellers": value})


def test_wrong_names_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"organisation='midmarket': known are .* Did you mean 'mid_market'"):
        load("midmarket")
    with pytest.raises(ParameterError, match=r"arm='silo': known are .* Did you mean 'siloed'"):
        load(arm="silo")
    with pytest.raises(ParameterError, match="arms: no such group"):
        names("arms")
    with pytest.raises(ParameterError, match="there is no such folder"):
        load(configs="/no/such/folder")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("market: {acv: [1}", "line 1: "),
        ("market:\n  acv: 1\n  acv: 2\n", "line 3: 'acv' is given twice"),
        ("market: &m\n  acv: *m\n", "unconstructable recursive node"),
        ("- 1\n- 2\n", "a mapping of parameters is needed, this is a list"),
        ("poeple: {}\n", "Did you mean 'people'?"),
        ("market: {avc: 1}\n", "Did you mean 'market.acv'?"),
        ("market: {acv: -1}\n", "market.acv=-1: allowed is from 1"),
        ("base: nowhere\n", "base='nowhere': known are"),
        ("base: ./client.yaml\n", "leads back to itself"),
        ("today: {people: {}}\n", "today.people: allowed are alignment and capability"),
        ("today: 3\n", "today=3: a mapping"),
        ("alignment: integrat\n", "Did you mean 'integrated'?"),
        ("market:\n", "market: nothing stands there"),
        ("market: [1]\n", "market=[1]: a name is needed"),
        ("incentives: {seller: {1: 2}}\n", "incentives.seller={1: 2}: a list of terms"),
        ("\x01", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    file = write(tmp_path, "client.yaml", text)
    with pytest.raises(ParameterError) as caught:
        load(str(file))
    assert message in str(caught.value)
    assert "client.yaml" in str(caught.value)


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "client.yaml"
    file.write_bytes(b"market: \xff")
    with pytest.raises(ParameterError, match=r"client\.yaml: cannot be read"):
        load(file)
    with pytest.raises(ParameterError, match=r"no such file\. Did you mean '.*client\.yaml'"):
        load(tmp_path / "cleint.yaml")


def test_numbers_may_be_written_as_people_write_them(tmp_path: Path) -> None:
    file = write(tmp_path, "client.yaml", "customers: {opening_arr: 3e7}\nmarket: {acv: 35_000}\n")
    assert load(file).customers.opening_arr == 30_000_000
    assert load(file).market.acv == 35_000

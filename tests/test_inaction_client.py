"""Client files and audits as people write them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from experiments.commands import main
from experiments.inaction import arms, audit, client, sense, template, written
from sim.parameters import ParameterError
from sim.parameters.programme import STAYS
from tests.worlds import FEW

EXAMPLES = sorted((Path(__file__).parent.parent / "configs" / "client").glob("*.yaml"))
SMALL: dict[str, Any] = {
    "client": "=SUM(A1), S. L. «Ñ»",
    "profile": "smb",
    "arr": 3e6,
    "people": {"marketers": 3, "sellers": 4},
    "programmes": [{"name": "steps", "preset": "process_first", "cost": 10_000}],
}


def refused(given: dict[str, Any]) -> str:
    with pytest.raises(ParameterError) as error:
        client.from_mapping(given)
    return str(error.value)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_examples_are_clients(file: Path) -> None:
    found = client.from_name(file.stem)
    assert found.programmes
    assert not found.warnings
    assert len(found.answers) >= 15


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_template_asks_for_what_is_missing(language: str, tmp_path: Path) -> None:
    file = tmp_path / "client.yaml"
    template.write(file, language)
    given = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert set(given["audit"]["sales"]) == set(audit.questions())
    told = refused(given)
    for key in ("client", "arr", "people.marketers", "people.sellers"):
        assert f"{key}: is missing" in told


def test_the_command_writes_a_template_once_and_no_folder(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["inaction", "template=client.yaml", "language=es"]
    assert main(words) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["client.yaml"]
    assert main(words) == 2
    assert "a file of that name already" in capsys.readouterr().err
    assert main([*words, "seeds=3"]) == 2


def test_a_client_is_found_by_name_in_a_folder_of_configurations(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "client").mkdir()
    (tmp_path / "client" / "acme.yaml").write_text("client: Acme\narr: -1\n", encoding="utf-8")
    words = ["inaction", f"--config-dir={tmp_path}", f"out={tmp_path / 'study'}"]
    assert main([*words, "client=acme"]) == 2
    assert "arr=-1" in capsys.readouterr().err
    assert main([*words, "client=acmee"]) == 2
    assert "Did you mean 'acme'?" in capsys.readouterr().err


def test_everything_wrong_is_said_at_once_with_the_nearest_name() -> None:
    told = refused(
        SMALL
        | {
            "arr": "3 millones",
            "currency": "EURO",
            "chrun_year": 0.1,
            "people": {"marketers": 3, "sellers": 0, "total": 2},
            "audit": {"sales": {"data": 7, "dta": 1}, "finance": {}},
            "programmes": [{"name": "steps", "cost": 5, "cost_high": 1, "prest": "x"}],
        }
    )
    for part in (
        "arr='3 millones': a number from 10,000", "currency='EURO'", "'EUR'",
        "chrun_year: unknown. Did you mean 'churn_year'?",
        "people.sellers=0", "people.total=2: fewer than", "audit.sales.data=7: a number from 1 to 5",
        "Did you mean 'data'?",
        "audit.finance: unknown", "programmes[0].prest: unknown. Did you mean 'preset'?",
    ):  # fmt: skip
        assert part in told, part


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"customers": 10, "deal_size": 1_000}, "one of the three is wrong"),
        ({"profile": "mid-market"}, "Did you mean 'mid_market'?"),
        ({"pay": "share_okr"}, "Did you mean 'shared_okr'?"),
        ({"pay": {"seller": [{"event": "won", "weight": 1}]}}, "incentives.seller[0].event='won'"),
        ({"programmes": [{"name": "x", "preset": "proces_first", "cost": 1}]}, "Did you mean 'process_first'?"),
        ({"programmes": [{"name": "x", "cost": 1, "process": 7}]}, "programme.process=7"),
        ({"programmes": [{"name": "x", "cost": 1}, {"name": "x", "cost": 2}]}, "is given twice"),
        ({"programmes": "revops"}, "a list of one to"),
        ({"first_month": "enero"}, "first_month='enero'"),
        ({"audit": 3}, "audit=3"),
        ({"audit": "nowhere.yaml"}, "nowhere.yaml"),
        ({"audit": {"sales": [1, 2]}}, "audit.sales=[1, 2]: a mapping"),
        ({"arr": 4200}, "arr=4200: a number from 10,000 to 1,000,000,000,000 € is needed"),
        ({"arr": 4200}, "Amounts are in full, not in thousands."),
        ({"arr": 20_000, "people": {"marketers": 12, "sellers": 12, "total": 58}}, "345 for each of 58 people"),
        ({"arr": "1.234"}, "It may mean 1234 or 1.234"),
        ({"earnings": {"seller": 58}}, "earnings.seller=58"),
        ({"churn_year": 13}, "13 per cent is 0.13, or '13 %'."),
        ({"discount_rate": 12}, "12 per cent is 0.12"),
        ({"gross_margin": "76"}, "76 per cent is 0.76"),
        ({"deal_size": 4e6}, "one contract is more than arr=3,000,000"),
        ({"deal_size": 5e5, "new_deals_year": 115}, "more than 10 times arr"),
        ({"new_deals_year": 40_000}, "more than one an hour; up to 1,700"),
        (
            {"currency": "COP", "deal_size": 3e7},
            "earnings.marketer, earnings.developer, earnings.seller, earnings.success",
        ),
        ({"client": {"name": "Acme"}}, "client={'name': 'Acme'}: a text is needed"),
        ({"people": 58}, "people=58: a mapping is needed"),
        ({"programmes": [{"name": "x"}]}, "programmes[0].cost: is missing"),
        ({"programmes": [{"name": "x", "cost": "60.000"}]}, "It may mean 60000 or 60.000"),
        ({"programmes": [{"name": "x", "cost": "100.000 €"}]}, "It may mean 100000 or 100.000"),
        ({"programmes": [{"name": "x", "cost": "70 mil"}]}, "Amounts are in full, without mil."),
        (
            {"deal_size": "14,5 k"},
            "from 10 to 100,000,000 € is needed (mean annual value of a new contract). Amounts are",
        ),
        ({"programmes": [{"name": "x", "cost": 9, "cost_high": 5}]}, "from cost_low=9 to cost_high=5 is needed"),
        ({"programmes": [{"name": "Rev Ops", "cost": 9}]}, "a short word in small letters"),
        ({"programmes": [{"name": "x", "cost": 9, "label": ["a"]}]}, "programmes[0].label=['a']"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], part: str) -> None:
    assert part in refused(SMALL | change)


ANSWERS = dict.fromkeys(list(audit.questions())[:8], 3)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"customers": 100, "deal_size": 8_000}, ["base"]),
        ({"quota": 1e6}, ["quota"]),
        ({"arr": 60_000, "people": {"marketers": 4, "sellers": 4}}, ["head", "payroll"]),
        ({"deal_size": 7_000, "new_deals_year": 1_000}, ["new"]),
        ({"deal_size": 400, "customers": 7_000, "new_deals_year": 4_000}, ["many"]),
        ({"earnings": {"seller": 3_600}}, ["earnings"]),  # a month's
        ({"marketing_spend": 4e6}, ["spend"]),
        ({"discount_rate": 0.9}, ["discount"]),
        ({"churn_year": "75 %"}, ["churn"]),
        ({"audit": {"sales": {"data": 2}}}, ["alone"]),
        ({"audit": dict.fromkeys(audit.TEAMS, ANSWERS)}, ["agreed"]),
        ({"audit": {"sales": {"data": "?"}, "marketing": {"data": "ns/nc"}}}, []),
        ({"programmes": [{"name": "x", "cost": 60}]}, ["cheap"]),
        ({"programmes": [{"name": "x", "cost": 4e6}]}, ["cost"]),
        ({"programmes": [{"name": "x", "cost": 0, "preset": "none"}]}, ["nothing"]),
        ({"horizon_months": 9}, ["short"]),
    ],
)
def test_what_is_odd_is_said_and_goes_on(change: dict[str, Any], told: list[str]) -> None:
    found = client.from_mapping(SMALL | change).warnings
    assert [set(warning) for warning in found] == [{"en", "es"}] * len(told)
    for warning, what in zip(found, told, strict=True):
        for language, text in sense.words()[what].items():
            known = re.escape(text)
            assert re.fullmatch(re.sub(r"\\\{\w+\\\}", ".+", known), warning[language])


def test_what_the_total_leaves_is_shared_out_as_in_the_profile() -> None:
    people = {"marketers": 3, "sellers": 4, "total": 12}
    found = client.from_mapping(SMALL | {"people": people}).values
    assert found["people.developers"] + found["people.success_managers"] == 5
    assert found["people.developers"] > 0
    assert found["people.success_managers"] > 0
    alone = client.from_mapping(SMALL | {"people": people | {"total": 7}})
    assert alone.values["people.developers"] == alone.values["people.success_managers"] == 0
    assert alone.load().people.developers == 0


NUMERALS = st.floats(0, 1e12, allow_subnormal=False).map(lambda x: round(x, 2))


@given(NUMERALS, st.sampled_from(["{:,.2f}", "{:.2f} €", "EUR {:,.2f}", "{:.2f}%"]))
@settings(FEW, max_examples=60)
def test_numbers_are_read_as_they_are_written(value: float, way: str) -> None:
    """English and Spanish marks for the same number; with two decimals there is one reading only."""
    english = way.format(value)
    spanish = english.translate(str.maketrans(",.", ".,"))
    expected = value / 100 if "%" in english else value
    for text in (english, spanish):
        assert written.plain({"a": text}, lambda path: True)["a"] == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from(",."))
@settings(FEW, max_examples=30)
def test_what_may_be_two_numbers_is_left_as_it_stands(head: int, tail: int, mark: str) -> None:
    text = f"{head}{mark}{tail:03d}"
    assert written.plain({"a": text}, lambda path: True)["a"] == text
    assert written.meant(text)
    decided = written.plain({"a": text, "b": "0,5" if mark == "," else "0.5"}, lambda path: True)
    assert decided["a"] == pytest.approx(float(f"{head}.{tail:03d}"))


def test_words_and_codes_of_other_currencies_are_no_numbers() -> None:
    for text in ("3 mil", "50k", "4,2 M€", "USD 400", "12 mio", "1 2 a", "--5", "", "%", "1e6 €"):
        assert written.plain({"a": text}, lambda path: True)["a"] == text


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "cost", "seller", "x"]), inner)
    ),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from([*client.fields(), "people", "earnings", "variable", "é"]), ANYTHING, max_size=5)
)
@settings(FEW, max_examples=50)
def test_whatever_a_file_holds_it_is_a_client_or_refused_in_words(given: dict[str, Any]) -> None:
    try:
        found = client.from_mapping(SMALL | given)
    except ParameterError:
        return
    assert found.overrides["customers.opening_arr"] > 0


def _within(spec: Any) -> st.SearchStrategy[Any]:
    """Values that a key admits, mostly as they are met, as numbers or as text."""
    low, high = spec["low"], spec["high"]
    if spec.get("whole"):
        return st.integers(low, min(high, low + 40))
    number = st.floats(low, min(high, max(1.0, low * 1_000)), allow_subnormal=False)
    return number | number.map(lambda x: f"{100 * x:.10f} %".replace(".", ",") if high <= 1 else round(x, 2))


PLAUSIBLE = {key: _within(spec) for key, spec in client.fields().items() if "low" in spec}


@given(st.fixed_dictionaries({}, optional=PLAUSIBLE))
@settings(FEW, max_examples=40)
def test_what_is_in_range_is_a_client_that_can_be_simulated_or_contradicts_itself(given: dict[str, Any]) -> None:
    tree = {**SMALL, "people": dict(SMALL["people"])}
    for key, value in given.items():
        head, _, name = key.partition(".")
        if name:
            tree.setdefault(head, {})[name] = value
        else:
            tree[key] = value
    found, told = None, ""
    try:
        found = client.from_mapping(tree)
    except ParameterError as error:
        told = str(error)
    if found is None:
        assert re.search(r"is believable|one contract is more|times arr|fewer than", told)
        return
    params = found.load({"programme": found.programmes[0].overrides})
    for key, spec in client.fields().items():
        if "sets" in spec and key in found.values:
            theme, _, name = spec["sets"].partition(".")
            assert getattr(getattr(params, theme), name) == pytest.approx(found.values[key] * spec.get("factor", 1.0))
    if "people.total" in found.values:
        heads = [getattr(params.people, role) for role in sense.ROLES]
        assert sum(heads) <= found.values["people.total"]
    assert all(set(warning) == {"en", "es"} for warning in found.warnings)


SCALE = st.floats(1, 5)


@given(
    st.dictionaries(st.sampled_from(audit.TEAMS), st.dictionaries(st.sampled_from(list(audit.questions())[:-1]), SCALE))
)
@settings(FEW, max_examples=30)
def test_ranges_stay_in_their_spans(given: dict[str, dict[str, float]]) -> None:
    wrong: list[str] = []
    found = audit.ranges(audit.heard(given, wrong))
    assert not wrong
    for span in found.values():
        values = span.at(np.linspace(0.01, 0.99, 9))
        assert span.low <= values.min() <= values.max() <= span.high
        assert span.low <= span.mean <= span.high


def test_a_gap_widens_and_leaves_the_centre() -> None:
    def of(*answers: float) -> audit.Range:
        teams = {team: {"data": answer} for team, answer in zip(audit.TEAMS, answers, strict=False)}
        return audit.ranges(audit.heard(teams, []))["capability.data"]

    agreed, split, alone = of(3, 3, 3), of(1, 3, 5), of(3)
    assert agreed.mean == split.mean == alone.mean
    assert agreed.sd < alone.sd < split.sd
    assert (agreed.gap, split.gap) == (0.0, 1.0)


def test_arms_are_the_starts_and_the_parts_of_the_first() -> None:
    found = client.from_mapping(
        SMALL | {"programmes": [{"name": "both", "preset": "technology_first", "cost": 1, "pay": "hybrid"}]}
    )
    labels = [arm.label for arm in arms.arms(found, 36)]
    assert labels == [
        "never",
        "both_0",
        "both_3",
        "both_6",
        "both_12",
        "both_only_pay",
        "both_only_capability",
        "both_payout",
    ]
    assert [arm.label for arm in arms.arms(found, 6)][:3] == ["never", "both_0", "both_3"]


def test_a_programme_takes_no_lever_back() -> None:
    today = {"capability.process": 0.9, "alignment.sla_hours": 2.0, "alignment.visibility": 0.1}
    params = sim.load("smb", overrides={"programme": "process_first", **today})
    plan = arms.ahead(params).programme
    assert (plan.process, plan.sla_hours, plan.visibility) == (STAYS, STAYS, 0.6)
    assert arms.ahead(sim.load("smb")) == sim.load("smb")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "client: whose?"),
        (["client=harbour"], "client='harbour': known are"),
        (["client=Mi cliente (1).xlsx"], "client='Mi cliente (1).xlsx': there is no such file"),
        (["client=smb_es", "market.acv=3"], "market: not on the command line"),
        (["client=smb_es", "organisation=smb"], "stand in the client file"),
        (["client=smb_es", "seeds=3"], "seeds=3: at least"),
    ],
)
def test_a_call_that_cannot_be_is_refused(words: list[str], told: str, tmp_path: Path, capsys: Any) -> None:
    assert main(["inaction", *words, f"out={tmp_path / 'x'}"]) == 2
    assert told in capsys.readouterr().err

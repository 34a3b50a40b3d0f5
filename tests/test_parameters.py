"""Declarations are complete and used, values are checked, and no dial feeds an outcome."""

from __future__ import annotations

import ast
import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

import sim.parameters
from sim import state as S
from sim.parameters import (
    PARAMS_DTYPE,
    Event,
    ParameterError,
    Params,
    Role,
    declared,
    from_dict,
    numeric_record,
    priors,
    replace,
    to_dict,
)
from tests.worlds import incentives, parameters, refused

PACKAGE = Path(sim.parameters.__file__).parent.parent
GRADES = ("A", "B", "C", "D", "E", "judgement", "-")
ALL = [(f"{theme}.{name}", d, default) for theme, name, d, default in declared()]
NUMBERS = [entry for entry in ALL if not entry[1].choices]
NAMES = [entry[0] for entry in ALL]

# ---------------------------------------------------------------- declarations


@pytest.mark.parametrize(("key", "d", "default"), ALL, ids=NAMES)
def test_declaration_is_complete(key: str, d: sim.parameters.Declaration, default: object) -> None:
    assert d.meaning.strip(), "a newcomer understands nothing"
    assert not d.meaning.endswith(".")
    assert isinstance(d.unit, str)
    assert d.unit == d.unit.strip()
    assert d.grade in GRADES
    assert d.kind in {"lever", "uncertainty", "setting"}
    assert d.source
    if d.choices:
        assert default in d.choices
        assert not d.prior
        return
    assert isinstance(default, int | float)
    assert not isinstance(default, bool)
    assert math.isfinite(d.low)
    assert math.isfinite(d.high), "every number has an upper bound"
    assert d.low <= default <= d.high


@pytest.mark.parametrize(("key", "d"), [(k, d) for k, d, _ in ALL if d.prior], ids=[k for k, d, _ in ALL if d.prior])
def test_prior_lies_within_the_bounds(key: str, d: sim.parameters.Declaration) -> None:
    """At least 98 % of it: what lies outside is moved to the bound when sampled."""
    prior = priors.distribution(d.prior)
    assert prior.cdf(d.high) - prior.cdf(d.low) >= 0.98
    quantiles = prior.ppf(np.linspace(0.05, 0.95, 10)).tolist()
    assert quantiles == sorted(quantiles)


@pytest.mark.parametrize(
    "text", ["", "uniform", "uniform 0, 1", "uniform(0, 1", "weibull(1, 2)", "Uniform(0, 1)", "uniform(a, b)"]
)
def test_what_is_no_prior_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"prior|convert"):
        priors.distribution(text)


def test_priors_can_be_centred_on_an_archetype() -> None:
    for text, center in [("lognormal(139, 0.3)", 20.0), ("beta(0.45, 60)", 0.7), ("normal(-1.9, 0.5)", 1.0)]:
        assert priors.distribution(text, center).median() == pytest.approx(center, rel=0.01)
    assert priors.distribution("gamma(5, 6)", 2.0).mean() == pytest.approx(2.0)
    assert priors.distribution("uniform(1, 3)", 99.0).mean() == pytest.approx(2.0), "a range is not moved"


# ---------------------------------------------------------------- validation


@pytest.mark.parametrize(("key", "d", "default"), NUMBERS, ids=[k for k, _, _ in NUMBERS])
def test_numbers_out_of_range_or_of_another_kind_are_refused(
    key: str, d: sim.parameters.Declaration, default: float
) -> None:
    theme, name = key.split(".")
    for bad in (d.high + max(1.0, abs(d.high)), d.low - max(1.0, abs(d.low)), math.nan, math.inf, -math.inf):
        message = refused({theme: {name: bad}})
        assert message.startswith(f"{key}={bad!r}: ")
        assert f"{d.low:g}" in message
        assert d.meaning in message
    for bad in ("12", None, True, [1.0], {}):
        assert refused({theme: {name: bad}}).startswith(f"{key}={bad!r}: ")
    if isinstance(default, int):
        assert "whole number" in refused({theme: {name: default + 0.5}})
        assert getattr(getattr(from_dict({theme: {name: float(default)}}), theme), name) == default
    for bound in (d.low, d.high):
        if name != "coordination_hours":
            assert getattr(getattr(from_dict({theme: {name: bound}}), theme), name) == bound


def test_words_are_checked() -> None:
    assert "Did you mean 'sellers'?" in refused({"alignment": {"score_owner": "seller"}})
    assert "marketing, neutral, sellers" in refused({"alignment": {"score_owner": 2}})


def test_unknown_names_get_the_nearest_known_one() -> None:
    assert "Did you mean 'alignment.visibility'?" in refused({"alignment": {"visibilty": 0.5}})
    assert "Did you mean 'alignment'?" in refused({"alignement": {}})
    assert "Did you mean 'behaviour.call_bar'?" in refused({"behaviour": {"callbar": 1}})
    assert "a mapping" in refused({"market": 3})


def test_together() -> None:
    assert "alignment.coordination_hours" in refused(
        {"workload": {"day_hours": 2.0}, "alignment": {"coordination_hours": 11.0}}
    )


def test_pay_plans_are_checked() -> None:
    def plan(*terms: object, **more: object) -> str:
        return refused({"incentives": {"seller": list(terms), **more}})

    rate = {"event": "won_acv", "rate": 0.1}
    assert "Did you mean 'won_acv'?" in plan({"event": "won_avc", "rate": 1})
    assert "Did you mean 'accelerator'?" in plan({**rate, "acelerator": 2})
    assert "either a weight" in plan({"event": "won_acv"})
    assert "either a weight" in plan({**rate, "weight": 1.0})
    assert "needs a target" in plan({**rate, "cap": 2.0})
    assert "event is missing" in plan({"rate": 1})
    assert "whole number of months" in plan({**rate, "clawback_months": 1.5})
    assert "incentives.seller[0].target='quotas'" in plan({**rate, "target": "quotas"})
    assert "needs scope individual" in plan({**rate, "clawback_months": 12, "scope": "team"})
    assert "needs won_acv or won_deal, not mql" in plan({"event": "mql", "rate": 1, "clawback_months": 12})
    assert "needs won_acv or won_deal, not mql" in plan({"event": "mql", "rate": 1, "low_score_multiplier": 2})
    for key, value in (("cliff", 0.5), ("cap", 2.0), ("accelerator", 0.5)):
        assert "plain rate" in plan({**rate, "clawback_months": 12, "target": "quota", key: value})
    assert "needs scope company" in plan({"event": "company_revenue", "rate": 0.01, "scope": "pod"})
    assert "only sellers have a quota" in refused({"incentives": {"marketer": [{**rate, "target": "quota"}]}})
    assert "true and false" in plan(cost_neutral=1)
    assert "incentives.sellers: unknown" in refused({"incentives": {"sellers": []}})
    assert "a list of terms" in refused({"incentives": {"seller": "flat"}})
    assert "incentives.low_score_quantile" in plan(low_score_quantile=math.nan)


def test_reference_is_checked() -> None:
    assert "Did you mean 'seller'?" in refused({"reference": {"sellers": {}}})
    assert "Did you mean 'mql'?" in refused({"reference": {"marketer": {"mqls": 3}}})
    assert "reference.attainment_mean" in refused({"reference": {"attainment_mean": -1}})
    assert "reference.attainment_mean=0: a number above 0" in refused({"reference": {"attainment_mean": 0}})
    assert "mapping of events" in refused({"reference": {"seller": [1.0]}})


@pytest.mark.parametrize(
    "amounts",
    [{"seller": {"mql": "x"}}, {"seller": {"mql": -1.0}}, {"seller": {"mql": math.nan}}, {"low_share": math.inf}],
    ids=str,
)
def test_reference_amounts_are_checked(amounts: dict[str, object]) -> None:
    assert refused({"reference": amounts})


# ---------------------------------------------------------------- round trips


@settings(max_examples=25)
@given(parameters())
def test_round_trip(params: Params) -> None:
    plain = to_dict(params)
    assert from_dict(plain) == params
    assert from_dict(json.loads(json.dumps(plain))) == params, "what a manifest keeps is enough"
    assert replace(params, {}) == params
    record = numeric_record(params)
    assert record.dtype == PARAMS_DTYPE
    assert record["acv"][0] == params.market.acv
    assert record["data_quality"][0] == params.capability.data


@settings(max_examples=50)
@given(incentives())
def test_round_trip_of_pay_plans(plan: dict[str, object]) -> None:
    params = from_dict({"incentives": plan})
    assert to_dict(params)["incentives"]["seller"] == [
        dataclasses.asdict(term) for term in params.incentives.terms(Role.seller)
    ]


def test_params_are_frozen() -> None:
    params = Params()
    with pytest.raises(dataclasses.FrozenInstanceError):
        params.market = None  # type: ignore[misc,assignment]
    with pytest.raises(dataclasses.FrozenInstanceError):
        params.market.acv = 1.0  # type: ignore[misc]


def test_replace_refuses_what_from_dict_refuses() -> None:
    for changes in ({"alignment.visibilty": 1.0}, {"alignmnt.visibility": 1.0}, {"alignment": 1.0}):
        with pytest.raises(ParameterError):
            replace(Params(), changes)


# ---------------------------------------------------------------- records


def test_no_field_hides_an_attribute_of_a_record() -> None:
    """Rules read ``record.name``: interpreted, NumPy's own attribute of that name would win."""
    own = set(dir(np.record)) | set(dir(np.recarray))
    for kind in (PARAMS_DTYPE, *(dtype for dtype, _ in S.LAYOUT.values() if dtype.names)):
        assert not own & set(kind.names or ()), own & set(kind.names or ())


def test_pay_events_are_numbered_the_same_in_rules_and_plans() -> None:
    from sim.rules import pay

    names = ("LEAD", "MQL_EVENT", "MEETING", "ACCEPTED_LEAD", "OPEN", "WON_DEAL", "WON_ACV", "RETAINED", "EXPANDED")
    assert [getattr(pay, name) for name in (*names, "REVENUE")] == [int(event) for event in Event]
    assert [int(role) for role in Role] == [S.MARKETER, S.DEVELOPER, S.SELLER, S.SUCCESS]


def reads(path: Path) -> set[str]:
    """Names that a file reads from the record of parameters (``p.x``, ``params[0].x``), declared or not."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            base = ast.unparse(node.value)
            if base == "p" or base.endswith("params[0]"):
                found.add(node.attr)
    return found


READ_BY_RULES = set().union(*map(reads, [*(PACKAGE / "rules").glob("*.py"), PACKAGE / "kernel.py"]))

# In the record, but read only by Python code that prices plans, counts people or reports money.
ONLY_PYTHON = {
    "marketers", "developers", "sellers", "success_managers", "pod_size",
    "marketer_variable", "developer_variable", "seller_variable", "success_variable",
    "loading", "marketing_spend_share", "overhead_share",
    "score_weight_start", "pursuit_start",
}  # fmt: skip


def test_no_parameter_is_dead() -> None:
    assert set(PARAMS_DTYPE.names or ()) - READ_BY_RULES == ONLY_PYTHON


def test_rules_read_only_what_is_declared() -> None:
    assert set(PARAMS_DTYPE.names or ()) >= READ_BY_RULES


def test_what_only_python_reads_is_read() -> None:
    text = "".join((PACKAGE / name).read_text(encoding="utf-8") for name in ("world.py", "measures.py"))
    # Earnings and variable shares are also looked up by role: ``f"{role}_earnings"``.
    unread = {name for name in ONLY_PYTHON if f".{name}" not in text}
    assert not unread

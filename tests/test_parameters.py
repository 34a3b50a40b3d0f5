"""Declarations are complete and used, values are checked, and no dial feeds an outcome."""

from __future__ import annotations

import ast
import dataclasses
import json
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

import sim.parameters
from sim import state as S
from sim.parameters import (
    PARAMS_DTYPE,
    THEMES,
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
from sim.parameters.declare import declaration
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


def reads(path: Path) -> dict[str, set[str]]:
    """Names of parameters by the function of a file that reads them from the record (``p.x``, ``params[0].x``)."""
    found: dict[str, set[str]] = defaultdict(set)
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if not isinstance(node, ast.Attribute):
                continue
            direct = isinstance(node.value, ast.Name) and node.value.id == "p"
            indexed = (
                isinstance(node.value, ast.Subscript)
                and isinstance(node.value.value, ast.Attribute)
                and node.value.value.attr == "params"
            )
            if direct or indexed:
                found[function.name].add(node.attr)
    return found


READS = {path.stem: reads(path) for path in sorted((PACKAGE / "rules").glob("*.py"))}
READ_BY_RULES = {name for functions in READS.values() for names in functions.values() for name in names}
READ_BY_RULES |= set().union(*reads(PACKAGE / "kernel.py").values())

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


# ---------------------------------------------------------------- no dial feeds an outcome

DIALS = (
    "shared_definition", "visibility", "feedback", "sla_hours", "follow_up_obligation", "coordination_hours",
    "audit_share", "score_owner", "process", "data_quality", "technology",
)  # fmt: skip

# (file, function): dial: what a person thereby knows, has to do, or feels. Nothing here
# computes the odds of a win, churn, the size of an expansion, or hours other than of events.
ARGUED: dict[tuple[str, str], dict[str, str]] = {
    ("capability", "capture_fields"): {
        "data_quality": "which fields of a record are filled, and filled right",
        "process": "checks at the source keep wrong values out",
        "technology": "unwritten steps done by machine spread errors",
    },
    ("capability", "cross_over"): {
        "visibility": "who sees the other side's record sees its fields",
        "process": "a written hand-over carries fields across",
        "technology": "and does so by itself",
    },
    ("contacting", "promise"): {"visibility": "who sees how a score came about discounts what was pushed"},
    ("contacting", "contact_obliged"): {"follow_up_obligation": "whether a duty of follow-up exists at all"},
    ("dealing", "amend"): {"score_owner": "whether a seller may change the recorded score"},
    ("dealing", "writes_note"): {"process": "a written process asks for the hand-over note"},
    ("handover", "hand_over"): {
        "process": "routing by rule needs no wait",
        "technology": "if a machine routes",
        "sla_hours": "the agreed wait of what is routed by hand",
        "follow_up_obligation": "whether following this lead up is a duty",
    },
    ("learning", "report_back"): {"feedback": "whether marketing is told what became of a lead"},
    ("learning", "report_audit"): {"audit_share": "whether somebody checks an unpursued lead"},
    ("learning", "read_dispositions"): {"visibility": "own returns count alone where the team's are not seen"},
    ("learning", "read_team_table"): {"visibility": "marketers see what became of others' leads, too"},
    ("market", "offer_candidates"): {
        "technology": "machines make duplicate records",
        "process": "that a written process avoids",
    },
    ("marketing", "pushing_cost"): {
        "visibility": "pushing is felt more when sellers see it",
        "score_owner": "only who owns the score can push it",
    },
    ("marketing", "move_bars"): {"score_owner": "a bar that marketing does not own does not give way to its pay"},
    ("marketing", "pushing_cost_of_step"): {"visibility": "the same, for a bar lowered for everybody"},
    ("marketing", "qualify"): {"shared_definition": "whether a lead is scored under the agreed rule"},
    ("feeling", "felt_share"): {"visibility": "peers who see each other feel more of pooled pay"},
    ("nurturing", "lift_of_touch"): {"data_quality": "what a marketer expects one more field to tell"},
    ("programme", "take_up"): {
        "visibility": "whether people see that less time is wasted",
        "process": "a tool on unwritten steps is given up",
        "technology": "the more so the further it runs ahead of them",
    },
    ("programme", "put_in_force"): dict.fromkeys(S.DIALS, "not read but set: as far as it is built and used"),
    ("success", "visit"): {"visibility": "whether somebody who can sell hears of a signal"},
    ("workload", "record_event"): {
        "process": "what is written can be entered by machine",
        "technology": "if there is one",
    },
    ("workload", "volume"): {"technology": "how many people an hour of generating, or a touch, reaches"},
    ("workload", "begin_day"): {"coordination_hours": "meetings: the hours themselves are the dial"},
}


def uses_of_dials() -> dict[tuple[str, str], set[str]]:
    return {
        (file, function): names & set(DIALS)
        for file, functions in READS.items()
        for function, names in functions.items()
        if names & set(DIALS)
    }


def test_no_dial_feeds_an_outcome() -> None:
    """A new use of a dial fails here until it is argued for above."""
    found = {(*where, dial) for where, dials in uses_of_dials().items() for dial in dials}
    argued = {(*where, dial) for where, dials in ARGUED.items() for dial in dials}
    assert found - argued == set(), "argue these uses: what does a person know, have to do or feel by them?"
    assert argued - found == set(), "no longer used: remove from the list"


def test_outcomes_read_no_dial() -> None:
    """The functions that compute odds, churn, expansion taken and viability, by name."""
    trees = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in (PACKAGE / "rules").glob("*.py")}
    defined = {
        file: {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        for file, tree in trees.items()
    }
    outcomes = {
        "winning": {"project_chance", "win_logit", "worth_its_hours", "still_worth", "deal_hours"},
        "success": {"churn_hazard", "renew", "leave"},
        "dealing": {"close", "win", "advance", "skill_now", "leave_chance", "promises_too_much"},
        "contacting": {"attempt"},
        "staffing": {"draw_person", "turn_over"},
        "market": {"set_attributes", "capture_chance", "offered"},
        "scoring": set(READS["scoring"]),
    }
    for file, functions in outcomes.items():
        for function in functions:
            assert function in defined[file], f"{file}.{function} is gone: who computes it now?"
            assert not READS[file].get(function, set()) & set(DIALS), f"{file}.{function} reads a dial"


def test_dials_reach_rules_only_through_the_record() -> None:
    """No rule hides a dial behind another name: the record's fields are the only way in."""
    for path in (PACKAGE / "rules").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in DIALS:
                base = node.value
                direct = isinstance(base, ast.Name) and base.id == "p"
                indexed = isinstance(base, ast.Subscript) and ast.unparse(base).endswith("params[0]")
                assert direct or indexed, f"{path.name}:{node.lineno}: {ast.unparse(node)}"


def test_every_dial_is_declared() -> None:
    aliases = {"data_quality": "data"}
    for dial in DIALS:
        name = aliases.get(dial, dial)
        found = [f for kind in THEMES.values() for f in dataclasses.fields(kind) if f.name == name]
        assert {declaration(field).kind for field in found} == {"lever"}  # a programme plans them by the same name

"""No dial of alignment or capability reaches an hour, a win, a churn or an expansion but through an event.

Three walls: the ODD lists every function that reads a dial; whatever decides an outcome
reads none, nor does anything it calls; and the chances themselves are the same bits
wherever the dials stand.
"""

from __future__ import annotations

import ast
import re
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.parameters import ALIASES, declared, numeric_record, replace
from sim.rules import market, success, winning
from sim.rules.feeling import effort_of
from sim.world import build
from tests.rules_syntax import RECORD, ROOT, RULES, calls, defined, functions, reached, reads
from tests.worlds import values_of

ODD = (ROOT / "docs" / "ODD.md").read_text(encoding="utf-8")

# What decides an outcome, or books an hour, must not read a dial: they act on what happens before.
OUTCOMES = (
    "winning.win_logit", "winning.project_chance", "winning.worth_its_hours", "winning.still_worth",
    "winning.deal_hours", "success.churn_hazard", "success.renew", "success.leave", "dealing.close", "dealing.win",
    "dealing.advance", "dealing.discover", "dealing.skill_now", "dealing.leave_chance", "dealing.promises_too_much",
    "contacting.attempt", "contacting.accept", "workload.spend", "workload.seconds", "workload.end_day",
    "market.capture_chance", "market.offered", "market.set_attributes", "scoring.reading", "scoring.standing",
    "selling.prospect", "feeling.effort_of", "pay.term_pay", "pay.pay_person", "staffing.draw_person",
    "staffing.turn_over",
)  # fmt: skip
# What an outcome sets off: events of their own, each with its row in the ODD. They decide nothing about it.
SET_OFF = frozenset({
    "workload.record_event",  # it is entered in the systems
    "learning.report_back",  # a disposition goes back
    "dealing.amend",  # the seller changes a recorded score
    "dealing.writes_note",  # a note for success
    "capability.cross_over", "capability.capture_fields",  # a record is made, or changes hands
    "feeling.feel_seller",  # the next unit is felt anew
})  # fmt: skip
# Chances and amounts: nothing may be set off in them.
CHANCES = (
    "winning.win_logit", "winning.project_chance", "winning.worth_its_hours", "winning.still_worth",
    "success.churn_hazard", "market.capture_chance", "feeling.effort_of", "pay.term_pay", "workload.seconds",
)  # fmt: skip


def dials() -> list[str]:
    """Levers of alignment and capability."""
    return [name for theme, name, d, _ in declared() if theme in ("alignment", "capability") and d.kind == "lever"]


def dial_table() -> dict[str, set[str]]:
    """Dial → functions, as the ODD lists them."""
    section = ODD.partition("## 9 No dial feeds an outcome")[2].partition("\n## 10")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section, flags=re.MULTILINE)
    return {dial: set(re.findall(r"`([\w.]+)`", uses)) for dial, uses in rows}


def readers() -> set[str]:
    """Functions that read a dial."""
    code = reads()
    return set().union(*(code[dial] for dial in dials()))


# ---------------------------------------------------------------- the trees can be trusted


def test_names_of_rules_are_unique() -> None:
    names = Counter(function.name for found in functions().values() for function in found)
    assert not [name for name, times in names.items() if times > 1]


def test_rules_know_the_parameters_by_one_name() -> None:
    known = defined()
    for path in RULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.name}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Assign) and ast.unparse(node.value) in RECORD:
                assert [ast.unparse(target) for target in node.targets] == ["p"], where
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in ("getattr", "setattr"), where
                callee = known.get(ast.unparse(node.func))
                places = [k for k, argument in enumerate(node.args) if ast.unparse(argument) in RECORD]
                if callee:
                    assert [callee[1].args.args[k].arg for k in places] == ["p"] * len(places), where
                    assert not node.keywords, where
                else:
                    assert not places, f"{where}: the parameters leave the rules"


def test_only_programmes_move_dials() -> None:
    for path in RULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and path.stem != "programme":
                assert ast.unparse(node) != "w.dials", f"{path.name}:{node.lineno}"
                if ast.unparse(node.value) == "w.plan[0]":  # when another pay plan begins, and its low-score bar
                    assert node.attr in ("pay_day", "low_quantile"), f"{path.name}:{node.lineno}"


# ---------------------------------------------------------------- who reads a dial


def test_odd_lists_every_use_of_every_dial() -> None:
    code = reads()
    assert dial_table() == {dial: code[dial] for dial in dials()}


def test_no_dial_is_read_where_an_outcome_is_decided() -> None:
    known = {full for full, _ in defined().values()}
    assert set(OUTCOMES) | SET_OFF <= known
    assert not {outcome: found for outcome in OUTCOMES if (found := reached(outcome, SET_OFF) & readers())}


def test_a_chance_sets_nothing_off() -> None:
    assert not {chance: found for chance in CHANCES if (found := reached(chance) & (readers() | SET_OFF))}


def test_every_event_that_is_excepted_is_set_off_by_an_outcome() -> None:
    edges = calls()
    used = set().union(*(edges[name] for outcome in OUTCOMES for name in reached(outcome, SET_OFF)))
    assert used >= SET_OFF


def test_nothing_outside_the_rules_reads_a_dial() -> None:
    names = {ALIASES.get(dial, dial) for dial in dials()}
    for path in sorted((ROOT / "sim").rglob("*.py")):
        if path.parent.name in ("rules", "parameters"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Attribute) and node.attr in names), f"{path.name}:{node.lineno}"


# ---------------------------------------------------------------- what a dial changes


def positions() -> st.SearchStrategy[dict[str, object]]:
    """Any position of all dials."""
    moved = {f"{theme}.{name}": (d, default) for theme, name, d, default in declared() if name in dials()}
    return st.fixed_dictionaries({key: values_of(key, d, default) for key, (d, default) in moved.items()})


@given(positions(), st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.floats(0.0, 60.0), st.floats(0.0, 3.0))
def test_chances_are_the_same_bits_wherever_the_dials_stand(
    moved: dict[str, object], fit: float, intent: float, hours: float, felt: float
) -> None:
    def chances(settings: dict[str, object]) -> list[float]:
        world = build(replace(sim.load("mid_market"), settings), 1, 1)
        p = numeric_record(replace(sim.load("mid_market"), settings)).view(np.recarray)[0]
        lead, customer = world.leads[0], world.customers[0]
        lead["fit"], lead["response"], customer["fit"] = fit, hours, fit
        world.org[0]["generation"] = 10.0 * hours
        return [
            float(winning.win_logit(p, lead, intent, hours, 0.1)),
            float(winning.project_chance(p, intent)),
            float(success.churn_hazard(p, customer, 100.0)),
            float(market.capture_chance.py_func(world)),
            float(effort_of.py_func(world, felt)),
        ]  # fmt: skip

    assert chances(moved) == chances({})

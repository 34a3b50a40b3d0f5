"""The rules of a session: any sequence of actions keeps the invariants, invalid ones change nothing."""

from __future__ import annotations

import asyncio
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshop import debrief, designs, levers, scores, screens, simulation
from workshop.levers import LEVERS, ROLES
from workshop.rooms import Rooms
from workshop.session import after
from workshop.state import LENGTHS, OPTIONS, PARTS, QUESTIONS, Config, Refused, State, config, kind_of
from workshop.store import Store
from workshop.templates import TEMPLATES, timetable
from workshop.wording import words

ROOT = Path(__file__).resolve().parent.parent

FORM = {
    "title": "Class", "template": "managers", "language": "en", "organisations": ["essay"], "teams": 3,
    "rounds": {"siloed": 1, "shared": 1, "free": 1, "break": 1}, "minutes": {}, "quiz": True,
    "profit_visible": False,
}  # fmt: skip


def fresh(**changes: Any) -> State:
    return State(config({**FORM, **changes}))


def result(seed: int) -> dict[str, float]:
    """Some result: the rules do not look into it."""
    return {name: 1.0 + (seed * 7919 + i * 104729) % 1000 / 100 for i, name in enumerate(simulation.COLUMNS)}


def play(state: State, *events: dict[str, Any]) -> State:
    for event in events:
        state = after(state, event)
    return state


def step_on(state: State) -> State:
    return after(state, {"type": "advanced", "position": state.position, "stage": state.stage, "at": 0.0})


def simulate(state: State) -> State:
    for organisation in state.config.organisations:
        if organisation not in state.today:
            state = after(state, {"type": "measured", "organisation": organisation, "result": result(0)})
    for n, (name, team, organisation) in enumerate(state.wanted()):
        found = {"round": name, "team": team, "organisation": organisation, "result": result(n + 1)}
        state = after(state, {"type": "simulated", **found})
    return state


NUMBERS = st.one_of(
    st.floats(allow_nan=True), st.integers(-5, 500), st.text(max_size=4), st.none(), st.lists(st.none())
)
MOVES = st.dictionaries(
    st.sampled_from([*LEVERS, "gtm_profit"]), NUMBERS | st.sampled_from(levers.PAID_FOR), max_size=4
)
STEPS = st.sampled_from(Config("", "", "en", ("essay",), 3, FORM["rounds"], {}).steps())
EVENTS = st.one_of(
    st.fixed_dictionaries({"type": st.just("joined"), "name": st.text(max_size=30), "secret": st.text(max_size=3)}),
    st.fixed_dictionaries({"type": st.just("seated"), "member": st.integers(0, 6), "team": st.integers(-1, 4),
                           "role": st.sampled_from([*ROLES, "boss"])}),
    st.fixed_dictionaries({"type": st.just("set_back"), "round": STEPS, "team": st.integers(-1, 4)}),
    st.fixed_dictionaries({"type": st.just("removed"), "member": st.integers(0, 6)}),
    st.fixed_dictionaries({"type": st.just("recoded"), "member": st.integers(0, 6), "back": st.sampled_from(["x"])}),
    st.fixed_dictionaries({"type": st.just("returned"), "back": st.sampled_from(["", "x"]), "secret": st.just("n")}),
    st.fixed_dictionaries({"type": st.just("planned"), "member": st.integers(0, 6), "round": STEPS, "moves": MOVES}),
    st.fixed_dictionaries({"type": st.just("ready"), "member": st.integers(0, 6), "round": STEPS}),
    st.fixed_dictionaries({"type": st.just("expired"), "round": STEPS}),
    st.fixed_dictionaries({"type": st.just("timed"), "deadline": st.floats(0, 1e9)}),
    st.fixed_dictionaries({"type": st.just("shown"), "part": st.sampled_from(["ask", "boards", "claims", "", "x"])}),
    st.fixed_dictionaries({"type": st.just("announced"), "message": st.text(max_size=150)}),
    st.fixed_dictionaries({"type": st.just("answered"), "member": st.integers(0, 6), "quiz": STEPS,
                           "answers": st.lists(st.integers(-1, 4), min_size=5, max_size=7)}),
    st.sampled_from(["on", "simulate", "here"]),
)  # fmt: skip


BY_ONE_WORD = {
    "on": step_on,
    "simulate": simulate,
    # What a phone would really send now.
    "here": lambda s: after(s, {"type": "planned", "member": 1, "round": s.step, "moves": {"paid_share": 50}}),
}


def invariants(before: State, now: State, set_back: object = None) -> None:
    """What always holds; ``set_back`` is the round and team whose locked plan gave way just now, if one did."""
    assert 0 <= now.position < len(now.config.steps())
    assert now.position >= before.position
    assert before.locked <= now.locked
    assert set(before.results) <= set(now.results)
    assert all(before.results[key] == now.results[key] for key in before.results)
    assert all(0 <= member.team < now.config.teams and member.role in ROLES for member in now.members.values())
    names = [member.name.casefold() for member in now.members.values()]
    assert len(set(names)) == len(names)
    for (name, team), plan in now.plans.items():
        kind = kind_of(name)
        for lever, value in plan.items():
            assert LEVERS[lever].check(value) == value
        if kind == "break":
            assert len(levers.moved(plan, now.base(name, team))) <= levers.MOST_ATTACKS
        else:
            assert levers.cost(plan, now.main) <= levers.BUDGET[kind] + 1e-9
        if (name, team) in before.locked:
            kept = now.base(name, team) if set_back == (name, team) else before.plans.get((name, team), plan)
            assert plan == kept
    assert all(key[:2] in now.locked for key in now.results)
    assert now.kind or now.stage in PARTS.get(now.step, ("",))
    if now.stage == "results":
        assert not [key for key in now.wanted() if key[0] == now.step]


@settings(max_examples=60)
@given(st.lists(EVENTS, max_size=50))
def test_any_sequence_keeps_the_invariants(events):
    state = fresh()
    for event in events:
        before, set_back = state, None
        try:
            state = BY_ONE_WORD[event](state) if isinstance(event, str) else after(state, event)
            if isinstance(event, dict) and event["type"] == "set_back":
                set_back = (event["round"], event["team"])
        except Refused:
            state = before
        invariants(before, state, set_back)


@settings(max_examples=150)
@given(st.fixed_dictionaries({}, optional={
    name: st.sampled_from(lever.choices) if lever.choices
    else st.floats(lever.low, lever.high).map(lever.check) for name, lever in LEVERS.items()
}))  # fmt: skip
def test_every_plan_becomes_checked_parameters(plan):
    params = levers.params(plan, "essay")
    assert params.horizon.months == levers.status_quo("essay").horizon.months
    for name, value in plan.items():
        lever = LEVERS[name]
        if lever.parameter:
            theme, key = lever.parameter.split(".")
            found = getattr(getattr(params, theme), key)
            assert found == (value if lever.choices else pytest.approx(value / lever.scale))
    for terms in (params.incentives.marketer, params.incentives.seller, params.incentives.developer):
        assert sum(term.weight for term in terms) == pytest.approx(1.0)


def test_the_empty_plan_is_the_arm_of_today():
    assert levers.params({}, "essay") == levers.status_quo("essay")
    for organisation in ("essay", "mid_market", "smb", "enterprise"):
        at_today = {name: lever.today(organisation) for name, lever in LEVERS.items()}
        assert levers.changed({}, at_today, LEVERS.values(), organisation) == {}
        assert levers.cost(at_today, organisation) == 0


def test_a_whole_session():
    state = fresh()
    for name in ("Ana", "Ben", "Çelik", "Dora"):
        state = after(state, {"type": "joined", "name": name, "secret": name})
    assert [(m.team, m.role) for m in state.members.values()] == [
        (0, "marketing"), (1, "marketing"), (2, "marketing"), (0, "sales")]  # fmt: skip
    state = step_on(state)
    state = after(state, {"type": "answered", "member": 1, "quiz": "quiz_before", "answers": [0] * 6})
    state = step_on(state)
    assert state.deadline == 240.0
    with pytest.raises(Refused, match="lever"):  # sales' lever
        after(state, {"type": "planned", "member": 1, "round": "siloed-1", "moves": {"accelerator": 2}})
    state = after(state, {"type": "planned", "member": 1, "round": "siloed-1", "moves": {"paid_share": 100}})
    for member in (1, 4):
        state = after(state, {"type": "ready", "member": member, "round": "siloed-1"})
    assert ("siloed-1", 0) in state.locked
    assert [key[:2] for key in state.wanted()] == [("siloed-1", 0)]  # while the others still think
    with pytest.raises(Refused, match="locked"):
        after(state, {"type": "planned", "member": 1, "round": "siloed-1", "moves": {"paid_share": 50}})
    for member in (2, 3):
        state = after(state, {"type": "ready", "member": member, "round": "siloed-1"})
    assert state.stage == "run"
    with pytest.raises(Refused, match="running"):
        step_on(state)
    state = simulate(state)
    assert state.stage == "results"
    assert all(0 <= against <= pairs <= 3 for against, pairs in scores.reveal(state, "siloed-1").pairs.values())
    while state.step != "closed":
        state = step_on(simulate(state))
    assert len(scores.attacks(state, "break-1")) == 3
    with pytest.raises(Refused, match="over"):
        step_on(state)


def test_second_click_does_nothing():
    state = fresh()
    event = {"type": "advanced", "position": 0, "stage": "", "at": 0.0}
    with pytest.raises(Refused, match="stale"):
        play(state, event, event)


def test_parts_of_a_step_are_shown_one_after_the_other_and_again():
    state = fresh(quiz=False)
    while state.step != "reveal":
        state = step_on(simulate(state))
    shown = []
    while state.step != "debrief":
        shown += [state.stage] if state.step == "reveal" else []
        state = step_on(simulate(state))
    assert shown == ["ask", "boards"]  # nothing is told before it was asked
    for part in PARTS["debrief"][1:]:
        state = step_on(state)
        assert (state.step, state.stage) == ("debrief", part)
    back = after(state, {"type": "shown", "part": "chart"})
    assert (back.stage, back.next_part) == ("chart", "behaviour")
    assert step_on(state).step == "closed"
    with pytest.raises(Refused, match="stale"):
        after(state, {"type": "shown", "part": "boards"})  # of another step


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_fills_its_time(template, length):
    state = fresh(rounds=template.rounds(length), minutes=template.minutes, length=length)
    rows = timetable(state.config)
    assert [step for step, _, _ in rows] == state.config.steps()
    assert length - 3 <= sum(takes for _, _, takes in rows) <= length
    assert all(at + takes == after_it for (_, at, takes), (_, after_it, _) in itertools.pairwise(rows))


@pytest.mark.parametrize("page", ["workshop", "taller"])
def test_the_guide_has_the_timetable_of_its_template(page):
    """The column of minutes in the docs, step by step, for 60 and 90 minutes."""
    table = (ROOT / "docs" / "how-to" / f"{page}.md").read_text(encoding="utf-8").partition("| 60 min | 90 min |")[2]
    cells = [line.split("|")[-3:-1] for line in table.splitlines()[2:] if line.startswith("|")][:9]
    template = TEMPLATES["managers"]
    for column, length in enumerate(LENGTHS):
        minutes = dict.fromkeys(("lobby", "quiz_before", "siloed", "reveal", "shared", "free", "break", "debrief"), 0)
        rows = timetable(fresh(rounds=template.rounds(length), minutes=template.minutes, length=length).config)
        for step, _, takes in rows:
            key = kind_of(step) or ("end" if step in ("quiz_after", "closed") else step)
            minutes[key] = minutes.get(key, 0) + takes
        said = [int((re.findall(r"\d+", row[column].split(":")[-1]) or ["0"])[0]) for row in cells]
        assert said == list(minutes.values())


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_moment_of_a_workshop_has_words_to_say(language):
    state, w = fresh(language=language), words(language)
    said = []
    while state.step != "closed":
        said.append(screens.say(state, w))
        state = step_on(simulate(state))
    printed = [line for row in screens.guide(state.config) for line in row.say]
    assert set(said) <= set(printed)


def test_a_code_lets_a_phone_back_once():
    state = play(
        fresh(), {"type": "joined", "name": "Ana", "secret": "old"}, {"type": "recoded", "member": 1, "back": "c"}
    )
    state = after(state, {"type": "returned", "back": "c", "secret": "new"})
    assert state.members[1].secret == "new"
    with pytest.raises(Refused, match="back"):
        after(state, {"type": "returned", "back": "c", "secret": "third"})


def test_a_red_team_moves_few_levers():
    state = after(fresh(quiz=False), {"type": "joined", "name": "Ana", "secret": "s"})
    while state.step != "break-1":
        state = step_on(simulate(state))
    moves = {"accelerator": 3, "low_score": 4, "score_owner": "sellers", "paid_share": 100}
    with pytest.raises(Refused, match="attacks"):
        after(state, {"type": "planned", "member": 1, "round": "break-1", "moves": moves})
    moves.pop("paid_share")
    assert after(state, {"type": "planned", "member": 1, "round": "break-1", "moves": moves}).plans


def test_a_budget_is_kept():
    state = after(fresh(quiz=False), {"type": "joined", "name": "Ana", "secret": "s"})
    state = after(state, {"type": "seated", "member": 1, "team": 0, "role": "management"})
    state = step_on(state)
    with pytest.raises(Refused, match="budget"):
        after(state, {"type": "planned", "member": 1, "round": "siloed-1", "moves": {"visibility": 100}})
    assert after(state, {"type": "planned", "member": 1, "round": "siloed-1", "moves": {"visibility": 50}}).plans


def test_texts_have_the_same_keys_in_both_languages():
    def keys(tree: Any, path: str = "") -> set[str]:
        if isinstance(tree, dict):
            return {key for name, part in tree.items() for key in keys(part, f"{path}.{name}")}
        if isinstance(tree, list):
            return {key for n, part in enumerate(tree) for key in keys(part, f"{path}.{n}")}
        return {path + str(sorted(re.findall(r"{(\w+)}", str(tree))))}

    assert keys(words("en").entries) == keys(words("es").entries)
    assert set(words("en").find("levers")) == set(LEVERS)
    assert words("en").find("quiz_right") == words("es").find("quiz_right")
    assert all(len(question["options"]) == OPTIONS for question in words("es").find("quiz"))
    assert len(words("es").find("quiz")) == QUESTIONS


def test_every_refusal_has_words():
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workshop").glob("*.py"))
    reasons = set(re.findall(r"(?:Refused|PlanError)\(\"(\w+)\"", code))
    assert reasons <= set(words("en").find("refused"))
    assert "budget" in reasons


def test_a_plan_that_cannot_be_simulated_is_set_back_and_the_round_goes_on(tmp_path, monkeypatch):
    """A worker that dies with one plan, again and again: a clear line, then the plan before it."""

    class Simulator:
        async def means(self, session: str, plan: levers.Plan, organisation: str) -> dict[str, float]:
            if plan:
                raise RuntimeError("the worker died")
            return result(1)

    async def play_it() -> None:
        store = Store(tmp_path / "sessions.sqlite")
        room = Rooms(store, Simulator()).create({**FORM, "quiz": False})
        room.act({"type": "joined", "name": "Ana", "secret": "s"})
        for _ in range(2):
            room.act({"type": "advanced", "position": room.state.position, "stage": room.state.stage, "at": 0.0})
            if room.state.stage == "plan":
                room.act({"type": "planned", "member": 1, "round": "siloed-1", "moves": {"paid_share": 40}})
        await settled(room)
        assert room.state.stage == "run"
        assert room.failed == {("siloed-1", 0, "essay"): "RuntimeError: the worker died"}
        room.retry()
        await settled(room)
        assert room.failed
        room.set_back()
        await settled(room)
        assert room.failed == {}
        assert room.state.stage == "results"
        assert room.state.plan("siloed-1", 0) == {}
        store.close()

    async def settled(room) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    asyncio.run(play_it())


def test_a_profile_without_designs_has_a_chart_too(monkeypatch, tmp_path):
    monkeypatch.setattr(designs, "FOLDER", tmp_path)
    designs.known.cache_clear()
    state = after(fresh(quiz=False, organisations=["smb"]), {"type": "joined", "name": "Ana", "secret": "s"})
    state = simulate(step_on(step_on(state)))
    place = debrief.place(state, ["siloed-1"], "smb")
    designs.known.cache_clear()
    assert place.count == 0
    assert debrief.chart(place, words("es")).count("team-number") == 3


def test_every_round_of_design_stands_in_the_chart():
    state = fresh(quiz=False)
    while state.step != "debrief":
        state = step_on(simulate(state))
    found = debrief.place(state, screens.design_rounds(state), "essay")
    assert [name for name, _ in found.rounds] == ["siloed-1", "shared-1", "free-1"]  # the attack is nobody's design
    drawn = debrief.chart(found, words("en"))
    assert drawn.count('class="earlier"') == 2 * 3
    assert drawn.count('class="trail"') == 3
    assert drawn.count('class="design"') == found.count
    for team, bonus, profit in found.teams:
        result_ = state.results["free-1", team, "essay"]
        assert profit == result_["gtm_profit"]
        assert bonus == result_["bonus_marketing"] / state.today["essay"]["bonus_marketing"]

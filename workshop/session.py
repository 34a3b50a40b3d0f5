"""The rules of a session: events in, state out, nothing else.

A session is a list of events. :func:`after` checks an event against a state and gives the next
state, so that the same list always leads to the same place: what is on disk is the list
(:mod:`workshop.store`). A refused event raises :class:`Refused` and changes nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from workshop import levers
from workshop.levers import ROLES, PlanError, Role
from workshop.state import (
    MOST_MEMBERS,
    OPTIONS,
    PARTS,
    QUESTIONS,
    QUIZZES,
    Member,
    Refused,
    State,
    clean_name,
    kind_of,
    whole,
)

Event = Mapping[str, Any]


def after(state: State, event: Event) -> State:
    """The state after an event.

    Raises
    ------
    Refused
        The rules do not allow it now.
    """
    return _RULES[event["type"]](state, event)


def _change(state: State, **values: Any) -> State:
    return dataclasses.replace(state, **values)


def _member(state: State, event: Event) -> Member:
    if event["member"] not in state.members:
        raise Refused("stranger")
    return state.members[event["member"]]


def _seat(state: State) -> tuple[int, Role]:
    """The emptiest team and the role that it lacks most."""
    team = min(range(state.config.teams), key=lambda t: (len(state.people(t)), t))
    taken = [member.role for member in state.people(team)]
    return team, min(ROLES, key=taken.count)


def _joined(state: State, event: Event) -> State:
    """``name``, ``secret``: somebody takes the next free seat."""
    if state.step == "closed":
        raise Refused("over")
    if len(state.members) >= MOST_MEMBERS:
        raise Refused("full")
    name = clean_name(event["name"])
    if name.casefold() in {member.name.casefold() for member in state.members.values()}:
        raise Refused("name_taken")
    team, role = _seat(state)
    number = state.joined + 1
    member = Member(number, name, team, role, str(event["secret"]))
    return _change(state, members={**state.members, number: member}, joined=number)


def _seated(state: State, event: Event) -> State:
    """``member``, ``team``, ``role``: somebody changes seats, before the first round."""
    member = _member(state, event)
    if any(kind_of(step) for step in state.config.steps()[: state.position + 1]):
        raise Refused("too_late")
    team = whole(event["team"], 0, state.config.teams - 1, "team")
    if event["role"] not in ROLES:
        raise Refused("role")
    new = dataclasses.replace(member, team=team, role=event["role"])
    return _change(state, members={**state.members, member.id: new})


def _removed(state: State, event: Event) -> State:
    """``member``: the facilitator sends somebody off; a team that waited for nobody else is done."""
    member = _member(state, event)
    members = {number: other for number, other in state.members.items() if number != member.id}
    ready = frozenset(pair for pair in state.ready if pair[1] != member.id)
    return _lock_if_done(_change(state, members=members, ready=ready), member.team)


def _recoded(state: State, event: Event) -> State:
    """``member``, ``back``: a one-time code for a new phone."""
    member = _member(state, event)
    new = dataclasses.replace(member, back=str(event["back"]))
    return _change(state, members={**state.members, member.id: new})


def _returned(state: State, event: Event) -> State:
    """``back``, ``secret``: somebody comes back on another phone; the old one is out."""
    found = [member for member in state.members.values() if member.back and member.back == event["back"]]
    if not found:
        raise Refused("back")
    new = dataclasses.replace(found[0], secret=str(event["secret"]), back="")
    return _change(state, members={**state.members, new.id: new})


def _in_round(state: State, event: Event) -> Member:
    member = _member(state, event)
    if event["round"] != state.step or state.stage != "plan":
        raise Refused("stale")
    if (state.step, member.team) in state.locked:
        raise Refused("locked")
    return member


def _planned(state: State, event: Event) -> State:
    """``member``, ``round``, ``moves``: levers are set; who said ready before says it again."""
    member = _in_round(state, event)
    before, base = state.plan(state.step, member.team), state.base(state.step, member.team)
    try:
        allowed = levers.open_levers(state.kind, member.role)
        plan = levers.changed(before, event["moves"], allowed, state.main)
    except PlanError as error:
        raise Refused(error.reason, **error.values) from None
    over = levers.cost(plan, state.main) - levers.BUDGET[state.kind]
    if over > 1e-9 and levers.cost(plan, state.main) > levers.cost(before, state.main) and state.kind != "break":
        raise Refused("budget", over=round(over + 0.05, 1))
    if state.kind == "break" and len(levers.moved(plan, base)) > levers.MOST_ATTACKS:
        raise Refused("attacks", most=levers.MOST_ATTACKS)
    mates = {other.id for other in state.people(member.team)} if state.kind != "siloed" else {member.id}
    ready = frozenset(pair for pair in state.ready if not (pair[0] == state.step and pair[1] in mates))
    return _change(state, plans={**state.plans, (state.step, member.team): plan}, ready=ready)


def _said_ready(state: State, event: Event) -> State:
    """``member``, ``round``: a plan is done; with the last of a team it is locked."""
    member = _in_round(state, event)
    return _lock_if_done(_change(state, ready=state.ready | {(state.step, member.id)}), member.team)


def _lock_if_done(state: State, team: int) -> State:
    if state.stage != "plan":
        return state
    people = state.people(team)
    if people and all((state.step, member.id) in state.ready for member in people):
        state = _change(state, locked=state.locked | {(state.step, team)})
    playing = {member.team for member in state.members.values()}
    if playing and all((state.step, t) in state.locked for t in playing):
        return _close(state)
    return state


def _close(state: State) -> State:
    """No plan of the round can be changed any more; computer players keep what there is."""
    teams = {(state.step, team) for team in range(state.config.teams)}
    return _change(state, closed=True, deadline=None, locked=state.locked | teams)


def _advanced(state: State, event: Event) -> State:
    """``position``, ``stage``, ``at``: the facilitator goes on from there (a second click does nothing)."""
    if (event["position"], event["stage"]) != (state.position, state.stage):
        raise Refused("stale")
    if state.stage == "plan":
        return _close(state)
    if state.stage == "run":
        raise Refused("running")
    if state.step == "closed":
        raise Refused("over")
    if state.next_part:
        return _change(state, part=state.next_part)
    following = _change(state, position=state.position + 1, closed=False, part="", deadline=None, message="")
    if not following.kind:
        return following
    # A team of nobody is played by the computer, which keeps its plan: there is nothing to wait for.
    empty = {(following.step, t) for t in range(state.config.teams) if not following.people(t)}
    deadline = float(event["at"]) + 60 * state.config.minutes[following.kind]
    return _change(following, deadline=deadline, locked=following.locked | empty)


def _shown(state: State, event: Event) -> State:
    """``part``: the facilitator shows another part of the step, also one that was shown before."""
    if event["part"] not in PARTS.get(state.step, ()):
        raise Refused("stale")
    return _change(state, part=event["part"])


def _timed(state: State, event: Event) -> State:
    """``deadline``: the facilitator gives more time, or the server does after it was down."""
    if state.stage != "plan":
        raise Refused("stale")
    return _change(state, deadline=float(event["deadline"]))


def _expired(state: State, event: Event) -> State:
    """``round``: time is up."""
    if state.stage != "plan" or event["round"] != state.step:
        raise Refused("stale")
    return _close(state)


def _announced(state: State, event: Event) -> State:
    """``message``: a line on every screen; an empty one takes it away."""
    text = str(event["message"])
    return _change(state, message=clean_name(text, 140) if text.strip() else "")


def _answered(state: State, event: Event) -> State:
    """``member``, ``quiz``, ``answers``: a quiz is handed in; until it is over it can be handed in again."""
    member = _member(state, event)
    if event["quiz"] != state.step or state.step not in QUIZZES:
        raise Refused("stale")
    answers = tuple(event["answers"])
    if len(answers) != QUESTIONS or any(not isinstance(a, int) or not 0 <= a < OPTIONS for a in answers):
        raise Refused("answers")
    return _change(state, answers={**state.answers, (state.step, member.id): answers})


def _simulated(state: State, event: Event) -> State:
    """``round``, ``team``, ``organisation``, ``result``: a locked plan has been run."""
    key = (event["round"], event["team"], event["organisation"])
    if key not in set(state.wanted()):
        raise Refused("stale")
    return _change(state, results={**state.results, key: dict(event["result"])})


def _set_back(state: State, event: Event) -> State:
    """``round``, ``team``: a locked plan that cannot be simulated gives way to the one that it started from."""
    key = (event["round"], event["team"])
    if key not in {wanted[:2] for wanted in state.wanted()}:
        raise Refused("stale")
    base = state.base(*key)
    results = {found: means for found, means in state.results.items() if found[:2] != key}
    return _change(state, plans={**state.plans, key: base}, results=results)


def _measured(state: State, event: Event) -> State:
    """``organisation``, ``result``: the organisation as it is today has been run."""
    if event["organisation"] not in state.config.organisations or event["organisation"] in state.today:
        raise Refused("stale")
    return _change(state, today={**state.today, event["organisation"]: dict(event["result"])})


_RULES = {
    "joined": _joined, "seated": _seated, "removed": _removed, "recoded": _recoded, "returned": _returned,
    "planned": _planned, "ready": _said_ready, "advanced": _advanced, "shown": _shown, "timed": _timed,
    "expired": _expired, "announced": _announced, "answered": _answered, "simulated": _simulated, "set_back": _set_back,
    "measured": _measured,
}  # fmt: skip

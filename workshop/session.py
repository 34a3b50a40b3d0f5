"""The rules of a session: events in, state out, nothing else.

A session is a list of events. :func:`after` checks an event against a state and gives the next
state, so that the same list always leads to the same place: what is on disk is the list
(:mod:`workshop.store`). A refused event raises :class:`Refused` and changes nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from workshop import levers
from workshop.levers import KINDS, ROLES, Plan, PlanError, Role

MOST_TEAMS, MOST_MEMBERS, LONGEST_NAME = 30, 120, 24
MOST_ROUNDS = 3  # of one kind
QUESTIONS, OPTIONS = 6, 4
QUIZZES = ("quiz_before", "quiz_after")
Result = Mapping[str, float]


class Refused(ValueError):  # noqa: N818 - said of an event
    """An event that the rules do not allow; ``reason`` is a key of ``refused`` in ``locale``."""

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(reason)
        self.reason, self.values = reason, values


@dataclass(frozen=True)
class Config:
    """What the facilitator chose.

    Attributes
    ----------
    title, template, language : str
        Name of the session, of its template, "en" or "es".
    organisations : tuple of str
        Every plan is simulated in each of them; the first one counts for the leaderboards.
    teams : int
        Number of organisations that people play.
    rounds, minutes : mapping of str to int
        How many rounds of each kind, and how long they take.
    quiz, profit_visible : bool
        Whether there is a quiz before and after; whether siloed rounds show the company's profit.
    """

    title: str
    template: str
    language: str
    organisations: tuple[str, ...]
    teams: int
    rounds: Mapping[str, int]
    minutes: Mapping[str, int]
    quiz: bool = True
    profit_visible: bool = False

    def steps(self) -> list[str]:
        """Every step in order; a round is called ``kind-number``."""

        def rounds(kind: str) -> list[str]:
            return [f"{kind}-{n + 1}" for n in range(self.rounds.get(kind, 0))]

        quiz = ["quiz_before"] if self.quiz else []
        reveal = ["reveal"] if self.rounds.get("siloed") else []
        later = [*rounds("shared"), *rounds("free"), *rounds("break"), "debrief"]
        return ["lobby", *quiz, *rounds("siloed"), *reveal, *later, *(["quiz_after"] if self.quiz else []), "closed"]


def config(given: Mapping[str, Any]) -> Config:
    """A checked :class:`Config`; the organisations are known to exist."""
    rounds = {kind: _whole(given["rounds"].get(kind, 0), 0, MOST_ROUNDS, kind) for kind in KINDS}
    minutes = {kind: _whole(given["minutes"].get(kind, 4), 1, 30, kind) for kind in KINDS}
    if rounds["break"] and not rounds["free"] + rounds["shared"]:
        raise Refused("nothing_to_break")
    if not sum(rounds.values()):
        raise Refused("no_rounds")
    if given["language"] not in ("en", "es"):
        raise Refused("language")
    return Config(
        title=clean_name(given["title"], 60),
        template=str(given["template"]),
        language=given["language"],
        organisations=tuple(given["organisations"]),
        teams=_whole(given["teams"], 2, MOST_TEAMS, "teams"),
        rounds=rounds,
        minutes=minutes,
        quiz=bool(given["quiz"]),
        profit_visible=bool(given["profit_visible"]),
    )


def _whole(value: object, low: int, high: int, what: str) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise Refused("whole", what=what, low=low, high=high)
    return number


def clean_name(text: object, longest: int = LONGEST_NAME) -> str:
    """A name without what cannot be seen or printed; an empty or long one is refused."""
    name = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    if not 1 <= len(name) <= longest:
        raise Refused("name", longest=longest)
    return name


@dataclass(frozen=True)
class Member:
    """A participant. ``secret`` is the hash of the token in the phone's cookie, ``back`` of a one-time code."""

    id: int
    name: str
    team: int
    role: Role
    secret: str
    back: str = ""


@dataclass(frozen=True)
class State:
    """A session at one moment.

    Attributes
    ----------
    position : int
        Index in ``config.steps()``.
    closed : bool
        Whether the planning of the current round is over.
    deadline : float or None
        When planning ends, in seconds since 1970.
    plans : mapping of (round, team) to plan
        As people set them; where nothing stands, the base applies (:meth:`base`).
    ready : frozenset of (round, member)
        Who has said that the plan is done.
    locked : frozenset of (round, team)
        Plans that cannot be changed any more.
    results : mapping of (round, team, organisation) to means of measures
        What has been simulated.
    today : mapping of organisation to means of measures
        Of the empty plan.
    answers : mapping of (quiz, member) to tuple of int
        Chosen options.
    """

    config: Config
    position: int = 0
    closed: bool = False
    deadline: float | None = None
    message: str = ""
    members: Mapping[int, Member] = field(default_factory=dict)
    joined: int = 0
    plans: Mapping[tuple[str, int], Plan] = field(default_factory=dict)
    ready: frozenset[tuple[str, int]] = frozenset()
    locked: frozenset[tuple[str, int]] = frozenset()
    results: Mapping[tuple[str, int, str], Result] = field(default_factory=dict)
    today: Mapping[str, Result] = field(default_factory=dict)
    answers: Mapping[tuple[str, int], tuple[int, ...]] = field(default_factory=dict)

    @property
    def step(self) -> str:
        """Name of the current step."""
        return self.config.steps()[self.position]

    @property
    def kind(self) -> str:
        """Kind of the current round; empty where there is none."""
        return kind_of(self.step)

    @property
    def stage(self) -> str:
        """Of a round: ``plan``, ``run`` or ``results``; elsewhere empty."""
        if not self.kind:
            return ""
        if not self.closed:
            return "plan"
        return "results" if self.complete(self.step) else "run"

    @property
    def main(self) -> str:
        """The organisation whose results count."""
        return self.config.organisations[0]

    def rounds(self) -> list[str]:
        """Rounds up to the current step whose results are there."""
        return [name for name in self.config.steps()[: self.position + 1] if kind_of(name) and self.complete(name)]

    def complete(self, name: str) -> bool:
        """Whether every result of a round is there."""
        wanted = ((name, team, o) for team in range(self.config.teams) for o in self.config.organisations)
        return all(o in self.today for o in self.config.organisations) and all(key in self.results for key in wanted)

    def people(self, team: int) -> list[Member]:
        """Members of a team."""
        return [member for member in self.members.values() if member.team == team]

    def base(self, name: str, team: int) -> Plan:
        """What a team's plan of a round starts from: its last one, or in a break round the victim's."""
        steps = self.config.steps()
        if kind_of(name) == "break":
            before = [step for step in steps[: steps.index(name)] if kind_of(step) in ("shared", "free")]
            return self.plan(before[-1], self.victim(name, team))
        before = [step for step in steps[: steps.index(name)] if kind_of(step)]
        return self.plan(before[-1], team) if before else {}

    def plan(self, name: str, team: int) -> Plan:
        """A team's plan of a round."""
        found = self.plans.get((name, team))
        return self.base(name, team) if found is None else found

    def victim(self, name: str, team: int) -> int:
        """Whose plan a team attacks: the next one's, of a second round the one after."""
        return (team + (int(name.partition("-")[2]) - 1) % (self.config.teams - 1) + 1) % self.config.teams

    def wanted(self) -> Iterator[tuple[str, int, str]]:
        """What has to be simulated now: locked plans without a result."""
        for name, team in sorted(self.locked):
            for organisation in self.config.organisations:
                if (name, team, organisation) not in self.results:
                    yield name, team, organisation


def kind_of(step: str) -> str:
    """Kind of a round; empty for other steps."""
    kind = step.partition("-")[0]
    return kind if kind in KINDS else ""


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
    team = _whole(event["team"], 0, state.config.teams - 1, "team")
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
    following = _change(state, position=state.position + 1, closed=False, deadline=None, message="")
    if not following.kind:
        return following
    # A team of nobody is played by the computer, which keeps its plan: there is nothing to wait for.
    empty = {(following.step, t) for t in range(state.config.teams) if not following.people(t)}
    deadline = float(event["at"]) + 60 * state.config.minutes[following.kind]
    return _change(following, deadline=deadline, locked=following.locked | empty)


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


def _measured(state: State, event: Event) -> State:
    """``organisation``, ``result``: the organisation as it is today has been run."""
    if event["organisation"] not in state.config.organisations or event["organisation"] in state.today:
        raise Refused("stale")
    return _change(state, today={**state.today, event["organisation"]: dict(event["result"])})


_RULES = {
    "joined": _joined, "seated": _seated, "removed": _removed, "recoded": _recoded, "returned": _returned,
    "planned": _planned, "ready": _said_ready, "advanced": _advanced, "timed": _timed, "expired": _expired,
    "announced": _announced, "answered": _answered, "simulated": _simulated, "measured": _measured,
}  # fmt: skip

"""What a session is at one moment: what was chosen, who is there, plans, results; and when something is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from workshop.levers import KINDS, Plan, Role

MOST_TEAMS, MOST_MEMBERS, LONGEST_NAME = 30, 120, 24
MOST_ROUNDS = 3  # of one kind
QUESTIONS, OPTIONS = 6, 4
QUIZZES = ("quiz_before", "quiz_after")
PARTS = {  # of a step without a round: shown on the projector one after the other, each on one screen
    "reveal": ("ask", "boards"),
    "debrief": ("chart", "behaviour", "claims", "questions"),
}
LENGTHS = (60, 90)  # minutes of a whole workshop that the timetables are made for
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
    length : int
        Minutes that the whole is planned for: the timetable's, no limit.
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
    length: int = LENGTHS[-1]

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
    rounds = {kind: whole(given["rounds"].get(kind, 0), 0, MOST_ROUNDS, kind) for kind in KINDS}
    minutes = {kind: whole(given["minutes"].get(kind, 4), 1, 30, kind) for kind in KINDS}
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
        teams=whole(given["teams"], 2, MOST_TEAMS, "teams"),
        rounds=rounds,
        minutes=minutes,
        quiz=bool(given["quiz"]),
        profit_visible=bool(given["profit_visible"]),
        length=whole(given.get("length", LENGTHS[-1]), LENGTHS[0], LENGTHS[-1], "length"),
    )


def whole(value: object, low: int, high: int, what: str) -> int:
    """A whole number within bounds, from whatever a form or a file gives; else refused."""
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
    part : str
        Of a step with :data:`PARTS`, the one that was chosen; empty for the first.
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
    part: str = ""
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
        """Of a round: ``plan``, ``run`` or ``results``; of a step with :data:`PARTS` the one shown; elsewhere empty."""
        if not self.kind:
            return self.part or next(iter(PARTS.get(self.step, ())), "")
        if not self.closed:
            return "plan"
        return "results" if self.complete(self.step) else "run"

    @property
    def next_part(self) -> str:
        """The part of the step that comes after the one shown; empty after the last, and where there are none."""
        parts = PARTS.get(self.step, ())
        return dict(pairwise(parts)).get(self.stage, "")

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

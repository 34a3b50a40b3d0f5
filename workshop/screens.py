"""What the pages show of a session: rows, levers and charts, worded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workshop import debrief, levers, scores
from workshop.levers import LEVERS, ROLES, Lever, Plan, Value
from workshop.rooms import Room
from workshop.state import Config, Member, State, kind_of
from workshop.templates import timetable
from workshop.wording import Words
from workshop.wording import words as texts

SEEN = {  # by role, in siloed rounds
    "marketing": ("bonus_marketing", "leads", "mqls"),
    "sales": ("bonus_sales", "mqls", "pursued", "wins", "win_rate"),
    "management": ("new_arr", "revenue_growth", "variable_pay"),
}
ALL_SEEN = (
    "gtm_profit", "new_arr", "revenue_growth", "wasted_time_share", "mqls", "mql_viable_share", "wins",
    "never_followed_up_share", "scores_amended_share", "bonus_marketing", "bonus_sales",
)  # fmt: skip
BEHAVIOUR = (
    "gtm_profit", "wasted_time_share", "mqls", "mql_viable_share", "never_followed_up_share", "score_inflation",
    "scores_amended_share", "discount_cost_share",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A measure today and in a round, worded."""

    label: str
    today: str
    now: str
    difference: str


def seen(state: State, name: str, member: Member) -> tuple[str, ...]:
    """Measures that somebody sees of a round."""
    if kind_of(name) != "siloed":
        return ALL_SEEN
    return (*SEEN[member.role], *(("gtm_profit",) if state.config.profit_visible else ()))


def rows(state: State, words: Words, name: str, team: int, names: Iterable[str], organisation: str = "") -> list[Row]:
    """Measures of a team's round beside today's."""
    place = organisation or state.main
    today, now = state.today[place], state.results[name, team, place]
    return [
        Row(
            words.measure(m), words.value(m, today.get(m)), words.value(m, now.get(m)),
            words.difference(m, now[m] - today[m]) if m in now and m in today else words.value(m, None),
        )
        for m in names
    ]  # fmt: skip


def today_rows(state: State, words: Words, member: Member) -> list[tuple[str, str]]:
    """What somebody knows of the company before the first results."""
    today = state.today.get(state.main, {})
    return [(words.measure(m), words.value(m, today.get(m))) for m in seen(state, state.step, member)] if today else []


@dataclass(frozen=True)
class Control:
    """A lever as a form shows it."""

    lever: Lever
    label: str
    help: str
    value: Value
    shown: str
    today: str
    pattern: str
    points: str


def controls(state: State, words: Words, member: Member) -> list[Control]:
    """The levers that somebody can set now."""
    plan = state.plan(state.step, member.team)
    found = []
    for lever in levers.open_levers(state.kind, member.role):
        today = lever.today(state.main)
        value = plan.get(lever.name, today)
        found.append(
            Control(
                lever, words(f"levers.{lever.name}.name"), words(f"levers.{lever.name}.help"), value,
                words.lever(lever.name, value), words.lever(lever.name, today),
                "" if lever.choices else words(f"units.{lever.unit}", value="#"),
                words.numbers.decimal(lever.cost(value, state.main), 0) if lever.points else "",
            )
        )  # fmt: skip
    return found


def meter(state: State, words: Words, member: Member) -> str:
    """How much of the budget, or of the moves, is used."""
    plan = state.plan(state.step, member.team)
    if state.kind == "break":
        moved = len(levers.moved(plan, state.base(state.step, member.team)))
        return words("phone.attacks", moved=moved, most=levers.MOST_ATTACKS)
    if not any(lever.points for lever in levers.open_levers(state.kind, member.role)):
        return ""
    used = words.numbers.decimal(levers.cost(plan, state.main), 0)
    return words("phone.budget", cost=used, budget=f"{levers.BUDGET[state.kind]:.0f}")


def described(words: Words, plan: Plan) -> list[tuple[str, str]]:
    """A plan as lever and value; nothing where it is as today."""
    return [
        (words(f"levers.{name}.name"), words.lever(name, plan[name])) for name in LEVERS if name in plan
    ]  # fmt: skip


def progress(room: Room) -> list[tuple[int, str]]:
    """How far each team is in the current round."""
    state, found = room.state, []
    for team in range(state.config.teams):
        keys = [(state.step, team, organisation) for organisation in state.config.organisations]
        if any(key in room.failed for key in keys):
            word = "failed"
        elif all(key in state.results for key in keys):
            word = "done" if state.people(team) else "computer"
        elif (state.step, team) in state.locked:
            word = "running"
        else:
            word = "thinking"
        found.append((team, word))
    return found


def say(state: State, words: Words) -> str:
    """What the facilitator may say now."""
    if state.kind:
        return words(f"say.results.{state.kind}" if state.stage == "results" else f"say.{state.kind}")
    return words(f"say.{state.step}.{state.stage}" if state.stage else f"say.{state.step}")


@dataclass(frozen=True)
class Line:
    """A step in the printed guide: when it begins and how many minutes it has, what happens, what to say."""

    step: str
    at: int
    takes: int
    what: str
    say: list[str]


def guide(config: Config) -> list[Line]:
    """The course of a session with its timetable."""
    w = texts(config.language)
    found = []
    for step, at, takes in timetable(config):
        key = kind_of(step) or step
        said = [w(f"say.{key}"), w(f"say.results.{key}")] if kind_of(step) else list_of(w.find(f"say.{key}"))
        found.append(Line(step, at, takes, w(f"guide.course.{key}"), said))
    return found


def list_of(found: str | Mapping[str, str]) -> list[str]:
    """A text, or those of a step's parts."""
    return [found] if isinstance(found, str) else list(found.values())


def siloed_rounds(state: State) -> list[str]:
    """Siloed rounds with results."""
    return [name for name in state.rounds() if kind_of(name) == "siloed"]


def reveal(state: State, words: Words) -> list[str]:
    """What the two leaderboards of the last siloed round say together."""
    name = siloed_rounds(state)[-1]
    found = scores.reveal(state, name)
    teams = state.config.teams
    role = words(f"roles.{found.best.role}")
    said = [
        words("reveal.best", ratio=words.percent(found.best.ratio), role=role, team=found.best.team + 1,
              place=found.place, teams=teams),
    ]  # fmt: skip
    counts = [
        words("reveal.pairs", role=words(f"roles.{name}"), against=against, pairs=pairs)
        for name, (against, pairs) in found.pairs.items()
        if pairs
    ]
    if any(against for against, _ in found.pairs.values()):
        said.append(words("reveal.disagree", counts="; ".join(counts)))
    elif counts:
        said.append(words("reveal.agree"))
    lost = sum(
        row.difference < 0 and any(scores.bonus(state, name, row.team, r) > 1 for r in ROLES)
        for row in scores.profits(state, name)
    )
    if lost:
        said.append(words("reveal.loss", count=lost, teams=teams))
    return said


def design_rounds(state: State) -> list[str]:
    """Rounds of design with results; the debrief compares the plans of the last."""
    return [name for name in state.rounds() if kind_of(name) != "break"]


def debriefing(state: State, words: Words) -> dict[str, Any]:
    """Everything of the debrief."""
    names = design_rounds(state)
    if not names:
        return {}
    name = names[-1]
    places = [debrief.place(state, names, organisation) for organisation in state.config.organisations]
    said = []
    main = places[0]
    if main.count:
        said.append(words("debrief.best_design", share=words.percent(main.beaten)))
        said.append(
            words(
                "debrief.correlation",
                counts=", ".join(
                    f"{words(f'roles.{role}')} {words.numbers.decimal(r, 2)}" for role, r in main.correlations.items()
                ),
            )
        )
    if len(places) > 1:
        signs = [[row.difference > 0 for row in sorted(scores.profits(state, name, o), key=lambda r: r.team)]
                 for o in state.config.organisations[:2]]  # fmt: skip
        flips = sum(a != b for a, b in zip(*signs, strict=True))
        said.append(words("debrief.differs", count=state.config.teams, flips=flips))
    errors = [state.results[name, t, state.main].get("gtm_profit_error", 0.0) for t in range(state.config.teams)]
    said.append(words("debrief.error", error=words.euro(max(errors))))
    return {
        "round": name,
        "places": [(p, debrief.caption(p, words), debrief.legend(p, words), debrief.chart(p, words)) for p in places],
        "said": said,
    }


def behaviour(state: State, words: Words, name: str, teams: Iterable[int]) -> list[tuple[str, str, list[str]]]:
    """For each measure of behaviour: its name, today's value, and that of some teams."""
    found, teams = [], list(teams)
    for m in BEHAVIOUR:
        values = [words.value(m, state.results[name, t, state.main].get(m)) for t in teams]
        found.append((words.measure(m), words.value(m, state.today[state.main].get(m)), values))
    return found


def quiz(state: State, words: Words) -> list[tuple[str, str, str]]:
    """For each question: the question, the shares that were right before and after."""
    right = words.find("quiz_right")
    found = []
    for n, question in enumerate(words.find("quiz")):
        shares = []
        for name in ("quiz_before", "quiz_after"):
            given = [answers[n] for (which, _), answers in state.answers.items() if which == name]
            shares.append(words.percent(sum(a == right[n] for a in given) / len(given)) if given else "–")
        found.append((question["q"], shares[0], shares[1]))
    return found

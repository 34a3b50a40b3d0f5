"""Leaderboards: what people earned, what the company earned, and whether the two agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workshop.levers import ROLES, Role
from workshop.simulation import BONUS
from workshop.state import State, kind_of


@dataclass(frozen=True)
class Bonus:
    """One seat's bonus: relative to the same role's under today's plan, and the names of who sits there."""

    team: int
    role: Role
    ratio: float
    names: tuple[str, ...]


@dataclass(frozen=True)
class Profit:
    """A company's profit a year in euros, and its difference from today's."""

    team: int
    value: float
    difference: float


@dataclass(frozen=True)
class Attack:
    """What a red team did: who earned more by it, as ratio, and what it cost the company in euros a year.

    It counts if marketing or sales earned more and the company less.
    """

    team: int
    victim: int
    gains: tuple[tuple[Role, float], ...]
    damage: float

    @property
    def counts(self) -> bool:
        """Whether it is an exploit: somebody earned more, the company less."""
        return bool(self.gains) and self.damage > 0


def bonus(state: State, name: str, team: int, role: Role) -> float:
    """A seat's bonus in a round, over that of the role today."""
    today = state.today[state.main][BONUS[role]]
    return state.results[name, team, state.main][BONUS[role]] / today if today else 0.0


def bonuses(state: State, name: str) -> list[Bonus]:
    """Every seat of a round, the best first."""
    found = [
        Bonus(
            team, role, bonus(state, name, team, role),
            tuple(member.name for member in state.people(team) if member.role == role),
        )
        for team in range(state.config.teams)
        for role in ROLES
    ]  # fmt: skip
    return sorted(found, key=lambda b: (-b.ratio, b.team, b.role))


def profits(state: State, name: str, organisation: str | None = None) -> list[Profit]:
    """Every company of a round, the best first."""
    place = organisation or state.main
    today = state.today[place]["gtm_profit"]
    values = [(team, state.results[name, team, place]["gtm_profit"]) for team in range(state.config.teams)]
    return [Profit(team, value, value - today) for team, value in sorted(values, key=lambda v: (-v[1], v[0]))]


def attacks(state: State, name: str) -> list[Attack]:
    """Every attack of a break round: those that count first, the dearest first."""
    before = [step for step in state.rounds() if kind_of(step) in ("shared", "free")][-1]
    found = []
    roles: tuple[Role, ...] = ("marketing", "sales")
    for team in range(state.config.teams):
        victim = state.victim(name, team)
        plain, hit = state.results[before, victim, state.main], state.results[name, team, state.main]
        ratios = [(role, hit[BONUS[role]] / plain[BONUS[role]] if plain[BONUS[role]] else 1.0) for role in roles]
        gains = tuple((role, ratio) for role, ratio in ratios if ratio > 1.0)
        found.append(Attack(team, victim, gains, plain["gtm_profit"] - hit["gtm_profit"]))
    return sorted(found, key=lambda a: (not a.counts, -a.damage, a.team))


@dataclass(frozen=True)
class Reveal:
    """How the two leaderboards of a round go together.

    Attributes
    ----------
    best : Bonus
        The best bonus of all.
    place : int
        Place of that team's company by profit, from 1.
    pairs : mapping of role to (int, int)
        Pairs of companies in which the higher bonus of the role goes with the lower profit, and all
        pairs in which both differ.
    """

    best: Bonus
    place: int
    pairs: Mapping[Role, tuple[int, int]]


def reveal(state: State, name: str) -> Reveal:
    """The two leaderboards of a round side by side."""
    teams = range(state.config.teams)
    profit = {row.team: row.value for row in profits(state, name)}
    pairs: dict[Role, tuple[int, int]] = {}
    for role in ROLES:
        own = {team: bonus(state, name, team, role) for team in teams}
        products = [(own[a] - own[b]) * (profit[a] - profit[b]) for a in teams for b in teams if a < b]
        pairs[role] = (sum(p < 0 for p in products), sum(p != 0 for p in products))
    best = bonuses(state, name)[0]
    place = 1 + sum(value > profit[best.team] for value in profit.values())
    return Reveal(best, place, pairs)

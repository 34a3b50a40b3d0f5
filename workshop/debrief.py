"""The class's rounds among designs drawn at random: one chart, as SVG without styles of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from workshop import designs, scores
from workshop.levers import ROLES, Role
from workshop.simulation import BONUS
from workshop.state import State, kind_of
from workshop.wording import Words

WIDTH, HEIGHT, LEFT, BOTTOM, EDGE = 460, 340, 66, 50, 18
TICKS = 4
ACROSS: Role = "marketing"  # whose bonus the chart shows: the one that the essay accuses
MOST_TRAILS = 8  # teams whose way through the rounds is drawn as a line; more would be a thicket
SHAPES = {"siloed": "M-6-6H6V6H-6Z", "shared": "M0-8L7 5H-7Z", "free": "M0-8L8 0 0 8-8 0Z"}  # of earlier rounds
Column = NDArray[np.float64]
Mark = tuple[int, float, float]


@dataclass(frozen=True)
class Place:
    """Where a class's plans stand, round by round.

    Attributes
    ----------
    organisation : str
        Where they were simulated.
    bonus, profit : array
        Of the random designs: bonus of a marketer over today's, profit a year in euros.
    rounds : tuple of (round, marks)
        The class's, in order of the rounds of design; a mark is (team, bonus, profit).
    today : float
        Profit of today's plan.
    """

    organisation: str
    bonus: Column
    profit: Column
    rounds: tuple[tuple[str, tuple[Mark, ...]], ...]
    today: float
    correlations: Mapping[Role, float]

    @property
    def teams(self) -> tuple[Mark, ...]:
        """Marks of the last round."""
        return self.rounds[-1][1]

    @property
    def count(self) -> int:
        """Number of random designs."""
        return len(self.profit)

    @property
    def beaten(self) -> float:
        """Share of the random designs with less profit than the class's best plan."""
        return float(np.mean(self.profit < max(profit for _, _, profit in self.teams)))


def place(state: State, names: Sequence[str], organisation: str) -> Place:
    """The plans of some rounds among the designs that are known of an organisation."""
    today = state.today[organisation]
    known = designs.known(organisation)
    random = known[known["design"] > 0]
    bonuses = {role: random[BONUS[role]].to_numpy(float) / today[BONUS[role]] for role in ROLES}
    profit = random["gtm_profit"].to_numpy(float)

    def marks(name: str) -> tuple[Mark, ...]:
        paid = {team: state.results[name, team, organisation][BONUS[ACROSS]] for team in range(state.config.teams)}
        rows = scores.profits(state, name, organisation)
        return tuple((row.team, paid[row.team] / today[BONUS[ACROSS]], row.value) for row in rows)

    correlations = {role: float(np.corrcoef(column, profit)[0, 1]) for role, column in bonuses.items() if len(profit)}
    rounds = tuple((name, marks(name)) for name in names)
    return Place(organisation, bonuses[ACROSS], profit, rounds, today["gtm_profit"], correlations)


def _ticks(low: float, high: float) -> Column:
    """Round numbers that cover an interval."""
    step = 10 ** np.floor(np.log10((high - low) / TICKS))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= TICKS + 1)
    return np.asarray(np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step)


def caption(found: Place, words: Words) -> str:
    """What the dots of a chart are."""
    if not found.count:
        return words("debrief.no_designs")
    return words("debrief.chart", count=found.count, organisation=words.organisation(found.organisation))


def legend(found: Place, words: Words) -> list[tuple[Markup, str]]:
    """Signs of the chart and what they stand for: kinds of earlier rounds, then the last round of design."""
    kinds = dict.fromkeys(kind_of(name) for name, _ in found.rounds[:-1])
    signs = [(f'<path class="earlier" d="{SHAPES[kind]}"/>', words(f"kinds.{kind}")) for kind in kinds]
    last = words.step(found.rounds[-1][0])
    signs.append(('<circle class="team" r="9"/><text class="team-number" y="5" text-anchor="middle">1</text>', last))
    return [
        (Markup(f'<svg class="sign" viewBox="-11 -11 22 22" aria-hidden="true">{sign}</svg>'), said)
        for sign, said in signs
    ]


def chart(found: Place, words: Words) -> Markup:
    """Bonus across, profit upwards: random designs as dots, teams as numbers, today's profit as a line.

    Where teams stood in earlier rounds is a hollow shape, joined to their number if there are few teams.
    """
    marks = [mark for _, marks in found.rounds for mark in marks]
    xs = np.array([*found.bonus, *(bonus for _, bonus, _ in marks), 1.0])
    ys = np.array([*found.profit, *(profit for _, _, profit in marks), found.today])
    (x0, x1), (y0, y1) = _padded(xs), _padded(ys)

    def across(x: float) -> float:
        return round(LEFT + (x - x0) / (x1 - x0) * (WIDTH - LEFT - EDGE), 1)

    def down(y: float) -> float:
        return round(HEIGHT - BOTTOM - (y - y0) / (y1 - y0) * (HEIGHT - BOTTOM - EDGE), 1)

    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(caption(found, words))}">'
    ]
    for x in _ticks(x0, x1):
        parts.append(f'<line class="grid" x1="{across(x)}" x2="{across(x)}" y1="{EDGE}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(
            f'<text class="tick" x="{across(x)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
            f"{words.percent(x)}</text>"
        )
    for y in _ticks(y0, y1):
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - EDGE}" y1="{down(y)}" y2="{down(y)}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 8}" y="{down(y) + 5}" text-anchor="end">{words.euro(y)}</text>')
    size = 2.5 if found.count < 500 else 1.5
    parts += [
        f'<circle class="design" cx="{across(x)}" cy="{down(y)}" r="{size}"/>'
        for x, y in zip(found.bonus, found.profit, strict=True)
    ]
    parts.append(
        f'<line class="today" x1="{LEFT}" x2="{WIDTH - EDGE}" y1="{down(found.today)}" y2="{down(found.today)}"/>'
        f'<text class="tick" x="{WIDTH - EDGE}" y="{down(found.today) - 5}" text-anchor="end">'
        f"{escape(words('phone.today'))}</text>"
    )
    if len(found.rounds) > 1 and len(found.teams) <= MOST_TRAILS:
        for team in range(len(found.teams)):
            way = " ".join(f"{across(x)},{down(y)}" for t, x, y in marks if t == team)
            parts.append(f'<polyline class="trail" points="{way}"/>')
    for name, earlier in found.rounds[:-1]:
        shape = SHAPES[kind_of(name)]
        parts += [f'<path class="earlier" transform="translate({across(x)} {down(y)})" d="{shape}"/>'
                  for _, x, y in earlier]  # fmt: skip
    for team, x, y in found.teams:
        parts.append(
            f'<circle class="team" cx="{across(x)}" cy="{down(y)}" r="10"/>'
            f'<text class="team-number" x="{across(x)}" y="{down(y) + 5}" text-anchor="middle">{team + 1}</text>'
        )
    middle = (LEFT + WIDTH - EDGE) / 2
    parts.append(
        f'<text class="axis" x="{middle}" y="{HEIGHT - 10}" text-anchor="middle">{escape(words("debrief.x"))}</text>'
        f'<text class="axis" x="{LEFT}" y="12" text-anchor="start">{escape(words("debrief.y"))}</text></svg>'
    )
    return Markup("".join(parts))


def _padded(values: Column) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
    return low - room, high + room

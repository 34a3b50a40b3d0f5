"""The class's plans among designs drawn at random: one chart, as SVG without styles of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from workshop import designs, scores
from workshop.levers import ROLES, Role
from workshop.simulation import BONUS
from workshop.state import State
from workshop.wording import Words

WIDTH, HEIGHT, LEFT, BOTTOM, EDGE = 460, 340, 66, 50, 18
TICKS = 4
ACROSS: Role = "marketing"  # whose bonus the chart shows: the one that the essay accuses
Column = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """Where a class's plans of a round stand.

    Attributes
    ----------
    organisation : str
        Where they were simulated.
    bonus, profit : array
        Of the random designs: bonus of a marketer over today's, profit a year in euros.
    teams : tuple of (team, bonus, profit)
        The class's.
    today : float
        Profit of today's plan.
    """

    organisation: str
    bonus: Column
    profit: Column
    teams: tuple[tuple[int, float, float], ...]
    today: float
    correlations: Mapping[Role, float]

    @property
    def count(self) -> int:
        """Number of random designs."""
        return len(self.profit)

    @property
    def beaten(self) -> float:
        """Share of the random designs with less profit than the class's best plan."""
        return float(np.mean(self.profit < max(profit for _, _, profit in self.teams)))


def place(state: State, name: str, organisation: str) -> Place:
    """The plans of a round among the designs that are known of an organisation."""
    today = state.today[organisation]
    known = designs.known(organisation)
    random = known[known["design"] > 0]
    bonuses = {role: random[BONUS[role]].to_numpy(float) / today[BONUS[role]] for role in ROLES}
    profit = random["gtm_profit"].to_numpy(float)
    teams = tuple(
        (row.team, state.results[name, row.team, organisation][BONUS[ACROSS]] / today[BONUS[ACROSS]], row.value)
        for row in scores.profits(state, name, organisation)
    )
    correlations = {role: float(np.corrcoef(column, profit)[0, 1]) for role, column in bonuses.items() if len(profit)}
    return Place(organisation, bonuses[ACROSS], profit, teams, today["gtm_profit"], correlations)


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


def chart(found: Place, words: Words) -> Markup:
    """Bonus across, profit upwards: random designs as dots, teams as numbers, today's profit as a line."""
    xs = np.array([*found.bonus, *(bonus for _, bonus, _ in found.teams), 1.0])
    ys = np.array([*found.profit, *(profit for _, _, profit in found.teams), found.today])
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
    parts += [
        f'<circle class="design" cx="{across(x)}" cy="{down(y)}" r="2.5"/>'
        for x, y in zip(found.bonus, found.profit, strict=True)
    ]
    parts.append(
        f'<line class="today" x1="{LEFT}" x2="{WIDTH - EDGE}" y1="{down(found.today)}" y2="{down(found.today)}"/>'
        f'<text class="tick" x="{WIDTH - EDGE}" y="{down(found.today) - 5}" text-anchor="end">'
        f"{escape(words('phone.today'))}</text>"
    )
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

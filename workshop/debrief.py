"""The class's plans among designs drawn at random: one chart, as SVG without styles of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from workshop import designs, scores
from workshop.levers import ROLES
from workshop.session import State
from workshop.simulation import BONUS
from workshop.wording import Words

WIDTH, HEIGHT, LEFT, BOTTOM, EDGE = 720, 420, 78, 52, 16
TICKS = 5
Column = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """Where a class's plans of a round stand.

    Attributes
    ----------
    organisation : str
        Where they were simulated.
    bonus, profit : array
        Of the random designs: mean bonus over today's, profit a year in euros.
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

    @property
    def count(self) -> int:
        """Number of random designs."""
        return len(self.profit)

    @property
    def beaten(self) -> float:
        """Share of the random designs with less profit than the class's best plan."""
        return float(np.mean(self.profit < max(profit for _, _, profit in self.teams)))

    @property
    def correlation(self) -> float:
        """Correlation of bonus and profit over the random designs."""
        return float(np.corrcoef(self.bonus, self.profit)[0, 1])


def place(state: State, name: str, organisation: str) -> Place:
    """The plans of a round among the designs that are known of an organisation."""
    today = state.today[organisation]
    known = designs.known(organisation)

    def index(row: dict[str, float]) -> float:
        return float(np.mean([row[BONUS[role]] / today[BONUS[role]] for role in ROLES]))

    random = known[known["design"] > 0]
    columns = [random[BONUS[role]].to_numpy(float) / today[BONUS[role]] for role in ROLES]
    teams = tuple(
        (row.team, index(dict(state.results[name, row.team, organisation])), row.value)
        for row in scores.profits(state, name, organisation)
    )
    return Place(
        organisation, np.mean(columns, axis=0), random["gtm_profit"].to_numpy(float), teams, today["gtm_profit"]
    )


def _ticks(low: float, high: float) -> Column:
    """Round numbers that cover an interval."""
    step = 10 ** np.floor(np.log10((high - low) / TICKS))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= TICKS + 1)
    return np.asarray(np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step)


def chart(found: Place, words: Words) -> Markup:
    """Bonus across, profit upwards: random designs as dots, teams as numbers, today's profit as a line."""
    xs = np.array([*found.bonus, *(bonus for _, bonus, _ in found.teams), 1.0])
    ys = np.array([*found.profit, *(profit for _, _, profit in found.teams), found.today])
    (x0, x1), (y0, y1) = _padded(xs), _padded(ys)

    def across(x: float) -> float:
        return round(LEFT + (x - x0) / (x1 - x0) * (WIDTH - LEFT - EDGE), 1)

    def down(y: float) -> float:
        return round(HEIGHT - BOTTOM - (y - y0) / (y1 - y0) * (HEIGHT - BOTTOM - EDGE), 1)

    label = words("debrief.chart", count=found.count) if found.count else words("debrief.no_designs")
    parts = [f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">']
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
        f'<circle class="design" cx="{across(x)}" cy="{down(y)}" r="3"/>'
        for x, y in zip(found.bonus, found.profit, strict=True)
    ]
    parts.append(
        f'<line class="today" x1="{LEFT}" x2="{WIDTH - EDGE}" y1="{down(found.today)}" y2="{down(found.today)}"/>'
        f'<text class="tick" x="{WIDTH - EDGE}" y="{down(found.today) - 5}" text-anchor="end">'
        f"{escape(words('phone.today'))}</text>"
    )
    for team, x, y in found.teams:
        parts.append(
            f'<circle class="team" cx="{across(x)}" cy="{down(y)}" r="12"/>'
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

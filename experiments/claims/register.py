"""The register of the article's quantitative claims, and how each that can be is put to the model.

Words of claims, origins and conditions stand in the locale files under ``claims.entries``,
grades and sources in docs/evidence.md. A claim is put to the model as a contrast of two
worlds of one organisation, as a panel of firms that are sorted, or as a panel of firms that
run a programme; one that is about a market or a survey is context.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from experiments.panels import LATER
from sim.configuration import compose
from sim.parameters import ParameterError, Params, nearest, replace, value_of

Kind = Literal["contrast", "sorting", "programme", "context"]
Change = Literal["share_of_level", "points", "k€", "hours", "share", "rest"]
CORNER = "essay"  # the organisation in which the essay's story should hold
SYSTEM = "everything"  # all that the essay asks for
WORKDAY = 8.0


@dataclass(frozen=True)
class Claim:
    """One claim.

    Attributes
    ----------
    id : str
        Number in docs/evidence.md and a word.
    grade : str
        Of its evidence.
    kind : {"contrast", "sorting", "programme", "context"}
        How it is put to the model.
    measure : str
        What is compared.
    worlds : (str, str)
        Before and after, names of :data:`WORLDS`; of programmes the other one and the one that is meant.
    change : str
        How the difference is expressed: as a share of the level before, in points, in thousands of euros a year,
        or in hours of a working day; of programmes, the share of firms, or what is left of one.
    low, high : float
        What the claim says, in that unit; the sign says which way is claimed.
    """

    id: str
    grade: str
    kind: Kind = "context"
    measure: str = ""
    worlds: tuple[str, str] = ("siloed", SYSTEM)
    change: Change = "points"
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class World:
    """An arm, what is changed besides, and what is added to today's values."""

    arm: str
    changes: Mapping[str, object] = field(default_factory=dict)
    added: Mapping[str, float] = field(default_factory=dict)

    def params(self, organisation: str, layers: Sequence[Mapping[str, object]], configs: Sequence[str]) -> Params:
        """Parameters of an organisation in this world; ``layers`` are overrides for all worlds."""
        made = compose(organisation, self.arm, [*layers, self.changes], configs)
        if not self.added:
            return made
        return replace(made, {name: min(value_of(made, name) + more, 1.0) for name, more in self.added.items()})


BUDGET = 0.5  # points of capability that are split, as in the study of that name


def _split(process: float, data: float, technology: float) -> World:
    """The siloed organisation with half a point of capability on top of today's, split."""
    shares = {"process": process, "data": data, "technology": technology}
    return World("siloed", added={f"capability.{name}": BUDGET * share for name, share in shares.items()})


WORLDS: dict[str, World] = {
    "siloed": World("siloed"),
    SYSTEM: World(SYSTEM),
    "shared_pay": World("shared_pay_only", {"incentives.seller.won_acv.low_score_multiplier": 1.0}),
    "double_pay": World("shared_pay_only"),
    "tool": World("siloed", {"programme": "technology_first", "horizon.months": LATER[1]}),
    "everything_at_once": World("siloed", {"programme": "big_bang", "horizon.months": LATER[1]}),
    "split_70_20_10": _split(0.7, 0.2, 0.1),
    "split_equal": _split(1 / 3, 1 / 3, 1 / 3),
}

SMALL, LARGE = ("everything_at_once", "tool"), ("tool", "everything_at_once")
SPLITS, INFORMED = ("split_equal", "split_70_20_10"), ("siloed", "information_only")

CLAIMS = (
    Claim("1-trillion", "E"),
    Claim("2-eight-percent", "C"),
    Claim("3-ninety-two-percent", "-"),
    Claim("4-revenue-lost", "D", "contrast", "closing_arr", change="share_of_level", low=0.10, high=math.inf),
    Claim("5-thirty-six-percent", "E"),
    Claim("6-no-shared-system", "-"),
    Claim("7-technology-fails", "C/D", "programme", "programme_success", SMALL, "rest", low=0.56, high=0.76),
    Claim("8-large-projects", "D", "programme", "programme_success", LARGE, "share", high=0.10),
    Claim("9-seventy-twenty-ten", "D", "contrast", "revenue_growth", SPLITS, low=0.0, high=math.inf),
    Claim("10-time-recovered", "D", "contrast", "wasted_time_share", change="points", low=-math.inf, high=-0.30),
    Claim("11-hours-a-day", "-", "contrast", "wasted_time_share", change="hours", low=-math.inf, high=-2.5),
    Claim("12-aligned-grow", "C", "sorting", "revenue_growth", INFORMED, low=0.24, high=0.24),
    Claim("13-aligned-grow-more", "C/D", "sorting", "revenue_growth", INFORMED, low=0.39, high=0.39),
    Claim("14-revenue-growth", "E", "contrast", "revenue_growth", change="share_of_level", low=0.10, high=0.20),
    Claim("15-sales-productivity", "E", "contrast", "new_arr", change="share_of_level", low=0.15, high=0.30),
    Claim("16-market-now", "D"),
    Claim("17-market-later", "D"),
    Claim("18-cross-sell", "E"),
    Claim("19-double-pay", "-", "contrast", "gtm_profit", ("shared_pay", "double_pay"), "k€", 0.0, math.inf),
)  # fmt: skip


def choose(asked: list[str]) -> list[Claim]:
    """The claims asked for, by id or number; all if none is named.

    Raises
    ------
    ParameterError
        There is no such claim.
    """
    known = {claim.id: claim for claim in CLAIMS} | {claim.id.partition("-")[0]: claim for claim in CLAIMS}
    for name in asked:
        if name not in known:
            raise ParameterError(f"claims={name}: known are {', '.join(c.id for c in CLAIMS)}.{nearest(name, known)}")
    wanted = {known[name].id for name in asked}
    return [claim for claim in CLAIMS if not wanted or claim.id in wanted]


def worlds_of(claims: list[Claim], kind: Kind) -> list[str]:
    """Names of the worlds that claims of a kind need, each once."""
    return list(dict.fromkeys(name for claim in claims if claim.kind == kind for name in claim.worlds))

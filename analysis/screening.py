"""How much the headline depends on each parameter: the shipped screening, part of every list of assumptions.

The headline is what shared OKRs change against silos, in growth and in wasted time. A
screening (Morris) moves every uncertain parameter from one end of its prior to the other,
with the others anywhere; μ* is the mean size of what that does to the headline.
``gtm sensitivity register=FILE`` writes the file that is read here.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.gate import GROWTH, WASTED
from sim.parameters import ParameterError

SHIPPED = Path(__file__).resolve().parent / "screened" / "mid_market.csv"
HEADLINE = (GROWTH, WASTED)
ARMS = ("siloed", "shared_okr")
COLUMNS = ["factor", "mu_star", "mu_star_conf", "mu"]


@dataclass(frozen=True)
class Effect:
    """What a parameter does to one measure of the headline.

    Attributes
    ----------
    size, half : float
        μ* and the half width of its 95 % bootstrap interval, in the unit of the measure.
    mean : float
        Mean effect with its sign.
    """

    size: float
    half: float
    mean: float


@dataclass(frozen=True)
class Screening:
    """A finished screening.

    Attributes
    ----------
    organisation, command, date : str
        What was screened, how, and when.
    points, replications : int
        Points of the design and replications of each.
    noise, limit : mapping of str to float
        By measure: the share of the variance between points that is chance, and the μ* that chance alone
        reaches once in twenty times, for all parameters together.
    effects : mapping of str to mapping
        By parameter and measure.
    """

    organisation: str
    command: str
    date: str
    points: int
    replications: int
    noise: Mapping[str, float]
    limit: Mapping[str, float]
    effects: Mapping[str, Mapping[str, Effect]]

    def told(self, name: str, measure: str) -> bool:
        """Whether what a parameter does is more than what chance alone would look like."""
        return self.effects[name][measure].size > self.limit[measure]

    def strongest(self, measure: str, count: int) -> list[str]:
        """The parameters that move a measure of the headline most, of those that can be told from chance."""
        told = [name for name in self.effects if self.told(name, measure)]
        return sorted(told, key=lambda name: -self.effects[name][measure].size)[:count]


def write(
    path: Path,
    about: Mapping[str, Any],
    noise: Mapping[str, tuple[float, float]],
    indices: Mapping[str, pd.DataFrame],
) -> None:
    """Write a screening: a table under a line of JSON that says where it comes from.

    Parameters
    ----------
    about : mapping
        ``organisation``, ``command``, ``date``, ``points`` and ``replications``.
    noise : mapping
        By measure: noise share and limit.
    indices : mapping
        By measure: a frame with ``factor``, ``mu_star``, ``mu_star_conf`` and ``mu``.
    """
    shares = {measure: {"noise": share, "limit": limit} for measure, (share, limit) in noise.items()}
    table = pd.concat([each[COLUMNS].assign(measure=measure) for measure, each in indices.items()])
    table = table.sort_values(["factor", "measure"])[["factor", "measure", *COLUMNS[1:]]]
    text = table.to_csv(index=False, float_format="%.4g", lineterminator="\n")
    path.write_text(f"# {json.dumps({**about, 'measures': shares})}\n{text}", encoding="utf-8")


def read(path: Path) -> Screening:
    """A screening from its file.

    Raises
    ------
    ParameterError
        It is none.
    """
    try:
        first, _, rest = path.read_text(encoding="utf-8").partition("\n")
        told = json.loads(first.removeprefix("#"))
        effects: dict[str, dict[str, Effect]] = {}
        table = pd.read_csv(io.StringIO(rest))
        sizes = table[COLUMNS[1:]].to_numpy(dtype=float).tolist()
        for name, measure, values in zip(table["factor"], table["measure"], sizes, strict=True):
            effects.setdefault(str(name), {})[str(measure)] = Effect(*values)
        measures = told.pop("measures")
        noise, limit = ({m: float(each[key]) for m, each in measures.items()} for key in ("noise", "limit"))
        return Screening(**told, noise=noise, limit=limit, effects=effects)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ParameterError(f"{path}: no screening ({type(error).__name__}: {error}).") from None


@cache
def shipped() -> Screening:
    """The screening that comes with the software."""
    return read(SHIPPED)

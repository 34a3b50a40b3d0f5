"""A panel of firms, sorted by their results: what sorting alone makes of ordinary spread.

Studies that call the top fifth of firms by growth "best in class" and the bottom 30 %
"laggards" find a gap between them by construction (docs/evidence.md). Here firms are drawn
from the priors, sorted the same way, and the gap stands beside what an arm changes in the
same firm on the same draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.paired import Contrast, contrast
from analysis.studies import effects
from experiments.panels import ends
from sim.parameters import ParameterError

FEWEST_FIRMS = 10


@dataclass(frozen=True)
class Sorting:
    """What sorting shows, and what the arm does.

    Attributes
    ----------
    firms : int
        Firms of the panel.
    gap : Contrast
        Mean of the top fifth less mean of the bottom 30 %, over panels.
    causal : Contrast
        Mean over firms of arm less baseline, over panels.
    spread : float
        Standard deviation of the measure between firms, mean over panels.
    """

    firms: int
    gap: Contrast
    causal: Contrast
    spread: float


def panels(runs: pd.DataFrame, measure: str, arm: str) -> pd.DataFrame:
    """One row a panel, one column a firm; every firm with luck of its own.

    All firms of a replication meet the same draws. Panel k therefore takes firm i from
    replication k + i (going round), so that firms of one panel do not share their luck.
    """
    table = effects.cells(runs, measure, ["point"], {"arm": arm})
    values = table.to_numpy()
    rows, firms = values.shape
    places = (np.arange(rows)[:, None] + np.arange(firms)[None, :]) % rows
    return pd.DataFrame(values[places, np.arange(firms)], columns=table.columns)


def sorting(runs: pd.DataFrame, measure: str, baseline: str, arm: str) -> Sorting:
    """Sort the firms of every panel by the measure, and compare with the arm's own effect.

    Raises
    ------
    ParameterError
        There are too few firms to sort.
    """
    before, after = panels(runs, measure, baseline), panels(runs, measure, arm)
    whole = before.notna().all() & after.notna().all()
    before, after = before.loc[:, whole], after.loc[:, whole]
    firms = before.shape[1]
    if firms < FEWEST_FIRMS:
        raise ParameterError(f"points: sorting needs {FEWEST_FIRMS} firms that ran, not {firms}.")
    ranked = np.sort(before.to_numpy(), axis=1)
    zero = np.zeros(len(ranked))
    return Sorting(
        firms,
        contrast(*ends(ranked)),
        contrast(zero, (after - before).mean(axis=1)),
        float(ranked.std(axis=1, ddof=1).mean()),
    )

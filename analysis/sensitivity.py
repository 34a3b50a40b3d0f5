"""Which factors move an outcome: Morris' screening and Sobol' indices, by SALib, with their noise.

An index is computed from the mean of the replications at each point. What chance is left in
these means is noise: it lowers first-order indices and looks like an interaction in total
ones. :func:`point_means` says how much of the variance between points it is; SALib's bootstrap
intervals contain it, they do not remove it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.parameters import ParameterError

LEVEL = 0.95
RESAMPLES = 1_000
NULL_DRAWS = 400_000
ROUNDS = 50  # of taking turns between points and luck where values are missing
NOTABLE, DOMINANT = 0.1, 0.5  # shares of the variance between points
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Noise:
    """How much of the variance between points is chance.

    Attributes
    ----------
    share : float
        Variance of a point's mean that is chance / variance between points' means; NaN
        with a single replication.
    replications : int
        Replications of a point.
    chance : float
        Variance of a point's mean that is chance.
    """

    share: float
    replications: int
    chance: float = math.nan

    @property
    def verdict(self) -> Literal["low", "notable", "dominant", "unknown", "constant"]:
        """What a reader should make of it."""
        if self.replications < 2:
            return "unknown"
        if math.isnan(self.share):
            return "constant"
        return "dominant" if self.share > DOMINANT else "notable" if self.share > NOTABLE else "low"


def salib(part: str) -> Any:
    """A module of SALib, e.g. ``analyze.sobol``.

    Raises
    ------
    ParameterError
        The package is not installed.
    """
    import importlib

    try:
        return importlib.import_module(f"SALib.{part}")
    except ImportError:
        raise ParameterError("sensitivity needs SALib; install the extra: pip install 'gtm-sim[research]'.") from None


def point_means(table: pd.DataFrame) -> tuple[Values, Noise]:
    """Mean of every point, and the share of the variance between points that is chance.

    Parameters
    ----------
    table : DataFrame
        One row a point, one column a replication; NaN where a run has no value, with one value
        a point at least. The replications of all points meet the same draws, so luck that is
        common to all points (the mean of a column) moves no index and is taken out first: what
        counts is how points differ in their reaction to it. Where values are missing, means
        are of the rest after that luck was taken out.
    """
    values = table.dropna(axis="columns", how="all").to_numpy(dtype=float)
    points, replications = values.shape
    there = ~np.isnan(values)
    luck = np.zeros(replications)
    for _ in range(1 if there.all() else ROUNDS):
        means = np.nanmean(values - luck, axis=1)
        luck = np.nanmean(values - means[:, None], axis=0)
        luck -= luck.mean()
    between = float(means.var(ddof=1)) if points > 1 else 0.0
    freedom = int(there.sum()) - points - replications + 1
    if freedom < 1 or not between > 0.0:
        return means, Noise(math.nan, replications)
    rest = values - means[:, None] - luck
    chance = float(np.nansum(rest**2)) / freedom * float((1.0 / there.sum(axis=1)).mean())
    return means, Noise(min(1.0, chance / between), replications, chance)


def morris_limit(found: Noise, levels: int, trajectories: int, factors: int) -> float:
    """The μ* beyond which a factor does something: chance alone takes one of all factors there once in twenty times.

    The effects of a factor that does nothing are differences of chance between two points; μ* is the mean size of
    one from each trajectory, here drawn, and the level is divided by the number of factors (Bonferroni).
    """
    step = levels / (2.0 * (levels - 1.0))  # of Morris' trajectories, in unit coordinates
    sizes = np.abs(np.random.default_rng(1).standard_normal((NULL_DRAWS, trajectories))).mean(axis=1)
    return math.sqrt(2.0 * found.chance) / step * float(np.quantile(sizes, 1.0 - (1.0 - LEVEL) / factors))


def sobol_indices(
    factors: Sequence[str], outcome: Values, second: bool = True, seed: int = 1, resamples: int = RESAMPLES
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sobol' indices with half widths of their 95 % bootstrap intervals.

    Parameters
    ----------
    factors : sequence of str
        Names, in the order of the sample's columns.
    outcome : array
        Mean outcome of each point of SALib's Saltelli sample, in its order.
    second : bool
        Whether the sample allows for second-order indices.
    seed : int
        Of the bootstrap.

    Returns
    -------
    first and total order : DataFrame
        ``factor``, ``S1``, ``S1_conf``, ``ST``, ``ST_conf``; NaN where the outcome does not vary.
    second order : DataFrame
        ``factor``, ``other``, ``S2``, ``S2_conf``; empty without second order.
    """
    names = list(factors)
    pairs = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names))] if second else []
    if not np.ptp(outcome) > 0.0:
        blank = dict.fromkeys(("S1", "S1_conf", "ST", "ST_conf"), math.nan)
        rows = [{"factor": name, **blank} for name in names]
        other = [{"factor": names[i], "other": names[j], "S2": math.nan, "S2_conf": math.nan} for i, j in pairs]
        return pd.DataFrame(rows), pd.DataFrame(other, columns=["factor", "other", "S2", "S2_conf"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = salib("analyze.sobol").analyze(
            _problem(len(names)), outcome, calc_second_order=second, num_resamples=resamples, conf_level=LEVEL,
            seed=_seed(seed),
        )  # fmt: skip
    first = pd.DataFrame({"factor": names, **{key: found[key] for key in ("S1", "S1_conf", "ST", "ST_conf")}})
    other = [
        {"factor": names[i], "other": names[j], "S2": found["S2"][i, j], "S2_conf": found["S2_conf"][i, j]}
        for i, j in pairs
    ]
    return first, pd.DataFrame(other, columns=["factor", "other", "S2", "S2_conf"])


def morris_indices(
    factors: Sequence[str], cube: Values, outcome: Values, levels: int, seed: int = 1, resamples: int = RESAMPLES
) -> pd.DataFrame:
    """Morris' elementary effects.

    Parameters
    ----------
    factors : sequence of str
        Names, in the order of the columns of ``cube``.
    cube : array, shape (points, factors)
        The trajectories in unit coordinates; effects are per unit of these.
    outcome : array
        Mean outcome of each point.
    levels : int
        Levels of the grid.

    Returns
    -------
    DataFrame
        ``factor``, ``mu_star`` (mean size of effects), its 95 % half width ``mu_star_conf``,
        ``mu`` (mean effect, signed) and ``sigma`` (spread: interactions or curvature).
    """
    names = list(factors)
    found = salib("analyze.morris").analyze(
        _problem(len(names)), cube, outcome, num_resamples=resamples, conf_level=LEVEL, num_levels=levels,
        seed=_seed(seed),
    )  # fmt: skip
    keys = ("mu_star", "mu_star_conf", "mu", "sigma")
    return pd.DataFrame({"factor": names, **{key: np.asarray(found[key], dtype=float) for key in keys}})


def _problem(count: int) -> dict[str, Any]:
    """SALib's description of ``count`` factors in unit coordinates."""
    return {"num_vars": count, "names": [f"x{i}" for i in range(count)], "bounds": [[0.0, 1.0]] * count}


def _seed(seed: int) -> int:
    """SALib takes 0 for no seed at all."""
    return seed % (2**32 - 1) + 1

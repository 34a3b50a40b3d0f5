"""The points of a sensitivity analysis: SALib's samples in the unit cube, turned into values of factors.

Sobol' indices need Saltelli's sample: 2D + 2 points (D + 2 without second order) for each of
N base points. Morris' screening needs trajectories of D + 1 points. Both are made in unit
coordinates; a factor with a prior is sampled at quantiles of it, so that a unit means the
same of every factor.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.design import MORRIS_LEVELS, MORRIS_TAIL, MOST_POINTS, Factor, factor
from experiments.models import Model, Organisation
from experiments.points import Points
from experiments.studies.plan import uncertain
from sim.parameters import ParameterError, is_number

METHODS = ("sobol", "morris")
MOST_TRAJECTORIES = 10_000
Unit = NDArray[np.float64]


def cube(method: str, dimensions: int, n: int, seed: int, second: bool) -> Unit:
    """The sample in unit coordinates: shape (points, dimensions).

    Raises
    ------
    ParameterError
        SALib is not installed, or the sample is too large.
    """
    try:
        from SALib.sample import morris, sobol
    except ImportError:
        raise ParameterError("sensitivity needs SALib; install the extra: pip install 'gtm-sim[research]'.") from None
    problem = {"num_vars": dimensions, "names": [f"x{i}" for i in range(dimensions)], "bounds": [[0, 1]] * dimensions}
    if method == "morris":
        return np.asarray(morris.sample(problem, n, num_levels=MORRIS_LEVELS, seed=seed % 2**32), dtype=np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a number that is no power of two: refused by us
        return np.asarray(sobol.sample(problem, n, calc_second_order=second, seed=seed % 2**32), dtype=np.float64)


def factors_of(given: Mapping[str, Any], model: Model) -> dict[str, Factor]:
    """The factors asked for; without any, every uncertainty that has a prior.

    Raises
    ------
    ParameterError
        A factor is wrong, or none is named for a model that declares no priors.
    """
    asked = given.get("factors") or {}
    if given.get("zip"):
        raise ParameterError("design.zip: indices are about factors that vary by themselves; leave zip away.")
    if not asked and isinstance(model, Organisation):
        asked = dict.fromkeys(uncertain(model.base.values()), "prior")
    if not isinstance(asked, Mapping) or not asked:
        raise ParameterError(
            f"design.factors={asked!r}: name what is varied, as in design.factors={{x: {{low: 0, high: 1}}}}."
        )
    return {name: factor(name, description, model) for name, description in asked.items()}


def place(given: Mapping[str, Any], model: Model, seed: int, second: bool = True) -> tuple[Points, Unit]:
    """The points of a sensitivity analysis, and their unit coordinates.

    Parameters
    ----------
    given : mapping
        ``name`` (sobol or morris), ``points`` (base points or trajectories) and ``factors``.
    second : bool
        Whether second-order Sobol' indices are wanted.

    Raises
    ------
    ParameterError
        Something given is wrong.
    """
    method = str(given.get("name", ""))
    if method not in METHODS:
        raise ParameterError(
            f"design={method!r}: sensitivity takes design=sobol (indices) or design=morris (screening)."
        )
    factors = factors_of(given, model)
    n = given.get("points")
    if not is_number(n) or not 2 <= n <= MOST_POINTS or n != int(n):
        raise ParameterError(f"design.points={n!r}: a whole number from 2 to {MOST_POINTS:,} is needed.")
    n, d = int(n), len(factors)
    if method == "sobol" and n & (n - 1):
        near = sorted({1 << (n.bit_length() - 1), 1 << n.bit_length()})
        raise ParameterError(
            f"design.points={n}: Sobol' indices need a power of two, as {' or '.join(map(str, near))}; other numbers "
            "leave the sample unbalanced and the indices off."
        )
    if method == "morris" and n > MOST_TRAJECTORIES:
        raise ParameterError(f"design.points={n}: at most {MOST_TRAJECTORIES:,} trajectories are possible.")
    total = n * (d + 1 if method == "morris" else 2 * d + 2 if second else d + 2)
    if total > MOST_POINTS:
        raise ParameterError(
            f"design.points={n}: with {d} factors these are {total:,} points; {MOST_POINTS:,} at most."
        )
    unit = cube(method, d, n, seed, second)
    tail = MORRIS_TAIL if method == "morris" else 0.0
    columns = {
        name: each.at(tail + u * (1.0 - 2.0 * tail) if each.prior else u)
        for u, (name, each) in zip(unit.T, factors.items(), strict=True)
    }
    return Points(columns, len(unit)), unit

"""Priors of the declared parameters as distributions.

A declaration's ``prior`` reads ``name(a, b, …)``: ``uniform(low, high)``,
``loguniform(low, high)``, ``normal(mean, sd)``, ``normal+(mean, sd)`` (cut at 0),
``lognormal(median, log sd)``, ``beta(mean, κ)``, ``gamma(mean, shape)``,
``triangular(low, mode, high)``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.parameters import Declaration, Params, declarations, value_of

Values = NDArray[np.float64]
DEALS = 35_000.0  # € of mean contract value
FORM = re.compile(r"^\s*([a-z]+\+?)\s*\(([^)]*)\)\s*$")


@lru_cache(maxsize=1024)  # a report asks for each of a hundred twice, and making one takes milliseconds
def distribution(prior: str, center: float | None = None) -> Any:
    """The frozen SciPy distribution a prior text means.

    Parameters
    ----------
    prior : str
        As in a declaration.
    center : float, optional
        Value to centre a lognormal, beta, gamma or normal prior on instead of its own
        (an archetype's value).

    Raises
    ------
    ValueError
        The text is not a prior.
    """
    match = FORM.match(prior)
    if not match:
        raise ValueError(f"{prior!r} is not a prior such as uniform(0, 1)")
    from scipy import stats  # a second of start-up that runs without priors do not need

    name = match.group(1)
    values = [float(part) for part in match.group(2).split(",")]
    if name == "uniform":
        return stats.uniform(values[0], values[1] - values[0])
    if name == "loguniform":
        return stats.loguniform(values[0], values[1])
    if name == "triangular":
        low, mode, high = values
        return stats.triang((mode - low) / (high - low), low, high - low)
    mean = values[0] if center is None else center
    if name == "normal":
        return stats.norm(mean, values[1])
    if name == "normal+":
        return stats.truncnorm((0.0 - mean) / values[1], float("inf"), mean, values[1])
    if name == "lognormal":
        return stats.lognorm(values[1], scale=mean)
    if name == "beta":
        mean = min(max(mean, 1e-3), 1.0 - 1e-3)
        return stats.beta(mean * values[1], (1.0 - mean) * values[1])
    if name == "gamma":
        return stats.gamma(values[1], scale=mean / values[1])
    raise ValueError(f"{prior!r}: unknown prior {name!r}")


@dataclass(frozen=True)
class Prior:
    """A prior as it holds for one organisation.

    Attributes
    ----------
    text : str
        As in a declaration.
    center : float, optional
        The organisation's own value, over ``scale``.
    scale : float
        What multiplies all values.
    """

    text: str
    center: float | None = None
    scale: float = 1.0

    def ppf(self, q: ArrayLike) -> Values:
        """Values at quantiles; :class:`ValueError` if the text is not a prior."""
        return np.asarray(self.scale * distribution(self.text, self.center).ppf(q))

    def cdf(self, values: ArrayLike) -> Values:
        """Shares of the prior below values; :class:`ValueError` if the text is not a prior."""
        return np.asarray(distribution(self.text, self.center).cdf(np.asarray(values, dtype=float) / self.scale))


def around(declared: Declaration, value: float, acv: float) -> Prior:
    """A declared prior around the organisation's own value, where its kind can be centred.

    Parameters
    ----------
    declared : Declaration
        It has a prior.
    value : float
        The organisation's own value.
    acv : float
        Mean contract value of its leads, €: priors of amounts are meant for deals of 35 k€ and go with it.
    """
    scale = acv / DEALS if declared.unit.startswith("€") else 1.0
    center = value / scale
    flat = center <= 0 and declared.prior.startswith(("gamma", "lognormal"))  # these have no spread around 0
    return Prior(declared.prior, None if flat else center, scale)


def prior_of(params: Params, name: str) -> Prior:
    """The prior of a parameter, by its dotted name, :func:`around` an organisation's own value."""
    return around(declarations()[name], value_of(params, name), params.market.acv)

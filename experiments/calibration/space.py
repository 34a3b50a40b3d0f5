"""The space of everything uncertain: normal scores of the priors, and rival forms by the sign of one.

A point is a vector z of independent standard normals. Of a number, z is the normal score of
its prior (0 the median); of a form with two variants, z below 0 means the first and above 0
the second, each as likely beforehand. So every prior is the same bell, and a sampler need
know nothing of parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from experiments.patterns import PROFILES
from experiments.points import column
from experiments.studies.plan import uncertain
from sim.configuration import find, read
from sim.parameters import Params, declared
from sim.parameters.priors import prior_of

# Rival forms of what nobody has measured; how strongly fit drives winning is a number, market.win_fit.
FORMS = ("behaviour.call_form", "behaviour.nurture_form", "alignment.obligation_form")
FARTHEST = 4.0  # scores: a value beside the bounds of a prior has no other
Vectors = NDArray[np.float64]


@dataclass(frozen=True)
class Space:
    """What is uncertain of one organisation.

    Attributes
    ----------
    params : Params
        The organisation under siloed pay; priors that can be are centred on its values.
    names : tuple of str
        Dotted names, numbers first, then forms.
    """

    params: Params
    names: tuple[str, ...]

    @property
    def forms(self) -> NDArray[np.bool_]:
        """Which coordinates are forms."""
        return np.array([name in FORMS for name in self.names])

    @property
    def shared(self) -> NDArray[np.bool_]:
        """Which coordinates are human nature, the same in every profile."""
        return np.array([name in shared_names() for name in self.names])

    def values(self, z: Vectors) -> dict[str, NDArray[Any]]:
        """Parameter values at points, shape (n, coordinates): a column a name."""
        declarations = {f"{theme}.{name}": (d, v) for theme, name, d, v in declared()}
        found: dict[str, NDArray[Any]] = {}
        for i, name in enumerate(self.names):
            declared_as, default = declarations[name]
            if name in FORMS:
                found[name] = column([declared_as.choices[int(up)] for up in z[:, i] > 0.0])
                continue
            inside = np.clip(prior_of(self.params, name).ppf(ndtr(z[:, i])), declared_as.low, declared_as.high)
            found[name] = np.round(inside).astype(np.int64) if isinstance(default, int) else inside
        return found

    def scores(self, name: str, values: Vectors) -> Vectors:
        """Normal scores of a number's values: the way back; no further than :data:`FARTHEST`."""
        return np.asarray(np.clip(ndtri(prior_of(self.params, name).cdf(values)), -FARTHEST, FARTHEST))

    def features(self, z: Vectors) -> Vectors:
        """What an emulator sees of points: z, of a form only its sign."""
        return np.where(self.forms, np.sign(z), z)


def space(params: Params, only: Sequence[str] = ()) -> Space:
    """The space of an organisation: all uncertainties with a prior, and the forms (or those named)."""
    names = (*uncertain([params]), *FORMS)
    return Space(params, tuple(name for name in names if not only or name in only))


@cache
def shared_names() -> frozenset[str]:
    """Names of what is human nature: behaviour that no calibrated profile's file sets for itself, and the forms."""
    own: set[str] = set()
    for profile in PROFILES:
        given: Mapping[str, Any] = read(find("organisation", profile)).get("behaviour", {})
        own |= {f"behaviour.{name}" for name in given}
    return frozenset({name for name in uncertain([]) if name.startswith("behaviour.")} - own) | set(FORMS)

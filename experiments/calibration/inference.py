"""From emulators to draws: likelihoods, what is ruled out, several profiles at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.calibration import sampler
from experiments.calibration.emulator import Emulator
from experiments.calibration.space import Space
from experiments.calibration.targets import spread
from experiments.patterns import Pattern
from sim.parameters import ParameterError

CUT = 4.0  # implausibility of any output beyond which an earlier emulator rules a point out for good
TRIED = 20_000  # points of the prior that chains may start from
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Likelihood:
    """How likely the targets are at a point, given what runs have shown so far.

    Attributes
    ----------
    space : Space
        Meaning of the coordinates.
    targets : sequence of Pattern
        Of the outputs.
    emulators : sequence of Emulator
        One a wave; the last one judges, the ones before it rule out.
    """

    space: Space
    targets: Sequence[Pattern]
    emulators: Sequence[Emulator]

    def __call__(self, z: Array) -> Array:
        """Log likelihood of points; −∞ where an earlier emulator rules them out."""
        features = self.space.features(z)
        found = -0.5 * np.sum(self.implausibility(features, self.emulators[-1]) ** 2, axis=1)
        for earlier in self.emulators[:-1]:
            worst = self.implausibility(features, earlier).max(axis=1, initial=0.0)
            found = np.where(worst > CUT, -np.inf, found)
        return np.asarray(found)

    def implausibility(self, features: Array, emulator: Emulator) -> Array:
        """Distance to the targets in standard deviations of tolerance, discrepancy and emulation."""
        target, spread = goals(self.targets, emulator.outputs)
        return np.abs(emulator(features) - target) / np.hypot(spread, emulator.error)


def goals(targets: Sequence[Pattern], outputs: Sequence[str]) -> tuple[Array, Array]:
    """Targets of outputs, and the spread allowed around them."""
    by_name = {t.measure: t for t in targets}
    return np.array([by_name[o].target for o in outputs]), np.array([spread(by_name[o]) for o in outputs])


@dataclass(frozen=True)
class Joint:
    """Several profiles with one human nature: coordinates that are shared stand there once.

    Attributes
    ----------
    parts : sequence of (Likelihood, array of int)
        Each profile's likelihood, and which coordinates of the whole are its own.
    """

    parts: Sequence[tuple[Likelihood, NDArray[np.int64]]]

    @classmethod
    def of(cls, likelihoods: Sequence[Likelihood]) -> Joint:
        """The profiles side by side, the first one's coordinates first and in order."""
        first = likelihoods[0].space
        shared = {name: i for i, name in enumerate(first.names) if first.shared[i]}
        parts, n = [], len(first.names)
        for k, each in enumerate(likelihoods):
            places = []
            for i, name in enumerate(each.space.names):
                if k == 0 or name in shared:
                    places.append(i if k == 0 else shared[name])
                else:
                    places.append(n)
                    n += 1
            parts.append((each, np.array(places, dtype=np.int64)))
        return cls(parts)

    @property
    def dimensions(self) -> int:
        """Number of coordinates."""
        return 1 + max(int(places.max()) for _, places in self.parts)

    def __call__(self, z: Array) -> Array:
        """Log likelihood of points."""
        return np.asarray(sum(each(z[:, places]) for each, places in self.parts))


def start(likelihood: Any, n: int, candidates: Array, random: np.random.Generator) -> Array:
    """Where chains start: some of the candidates, by their likelihood smoothed so that many have a chance.

    Raises
    ------
    ParameterError
        Every candidate is ruled out: the patterns contradict one another or the priors.
    """
    level = likelihood(candidates)
    there = np.flatnonzero(np.isfinite(level))
    if not len(there):
        raise ParameterError("calibration: nothing in the priors meets all patterns; no point is left.")
    order = there[np.argsort(-level[there], kind="stable")][: max(n // 4, 1)]
    return np.asarray(candidates[random.choice(order, n)])


@dataclass(frozen=True)
class Drawn:
    """Draws of a posterior in normal scores, shape (draws, coordinates), and how far chains agree."""

    z: Array
    mixing: Array


def draw(likelihood: Any, candidates: Array, draws: int, seed: int, chains: int = 200, steps: int = 600) -> Drawn:
    """Sample from prior times likelihood.

    Parameters
    ----------
    candidates : array
        Points where chains may start.
    """
    random = np.random.default_rng(seed)
    first = start(likelihood, min(chains, draws), candidates, random)
    keep = max(-(-draws // len(first)), 10)
    kept = sampler.sample(first, lambda z, _: likelihood(z), steps, keep, random)
    flat = kept.reshape(-1, kept.shape[2])
    return Drawn(flat[random.permutation(len(flat))[:draws]], sampler.mixing(kept))

"""From emulators to draws: likelihoods, what is ruled out, several profiles at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.calibration import sampler
from experiments.calibration.emulator import Emulator
from experiments.calibration.space import Space
from experiments.calibration.targets import spread
from experiments.patterns import Pattern
from sim.parameters import ParameterError, declarations

CUT = 4.0  # implausibility of any output beyond which an earlier emulator rules a point out for good
TRIED = 20_000  # points of the prior that chains may start from
AGREED = 1.1  # scale reduction of all but a twentieth of the coordinates, from where on chains agree
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


@dataclass(frozen=True)
class Nature:
    """What finished draws of another profile say of human nature, beyond its priors.

    The numbers are taken as jointly normal, their correlations shrunk towards none (Ledoit and Wolf 2004): a thousand
    draws cannot tell small correlations of dozens of numbers from chance. Each form keeps its odds.

    Attributes
    ----------
    space : Space
        Of the shared coordinates only: numbers first, then forms.
    mean, precision : array
        Of the numbers' normal scores.
    odds : array
        How much likelier than beforehand the second variant of each form is, as a logarithm, less the same of the
        first; shape (form,).
    """

    space: Space
    mean: Array
    precision: Array
    odds: Array

    @classmethod
    def of(cls, own: Space, draws: Mapping[str, Any]) -> Nature:
        """From columns of draws; ``own`` is the space of any organisation, since the shared priors are the same in all.

        Raises
        ------
        ParameterError
            A shared parameter is not among the columns.
        """
        from sklearn.covariance import ledoit_wolf

        names = tuple(name for name, shared in zip(own.names, own.shared, strict=True) if shared)
        if missing := [name for name in names if name not in draws]:
            raise ParameterError(f"shared: the draws say nothing of {', '.join(missing)}.")
        shared = Space(own.params, names)
        z = np.column_stack(
            [shared.scores(name, draws[name]) for name, form in zip(names, shared.forms, strict=True) if not form]
        )
        up = np.array([_second(name, draws[name]) for name, form in zip(names, shared.forms, strict=True) if form])
        share = (up + 0.5) / (len(z) + 1.0)
        mean, sd = z.mean(axis=0), z.std(axis=0)
        correlation, _ = ledoit_wolf((z - mean) / sd, assume_centered=True)
        return cls(shared, mean, np.linalg.inv(correlation) / np.outer(sd, sd), np.log(share / (1.0 - share)))

    def __call__(self, z: Array) -> Array:
        """Log likelihood of points."""
        numbers, forms = z[:, ~self.space.forms], z[:, self.space.forms]
        away = numbers - self.mean
        told = -0.5 * np.einsum("ni,ij,nj->n", away, self.precision, away) + 0.5 * np.sum(numbers**2, axis=1)
        return np.asarray(told + (forms > 0.0) @ self.odds)


def _second(name: str, values: Any) -> int:
    """How many draws have the second variant of a form."""
    return int(np.sum(np.asarray(values) == declarations()[name].choices[1]))


def goals(targets: Sequence[Pattern], outputs: Sequence[str]) -> tuple[Array, Array]:
    """Targets of outputs, and the spread allowed around them."""
    by_name = {t.measure: t for t in targets}
    return np.array([by_name[o].target for o in outputs]), np.array([spread(by_name[o]) for o in outputs])


@dataclass(frozen=True)
class Joint:
    """Several profiles with one human nature: coordinates that are shared stand there once.

    Attributes
    ----------
    parts : sequence of (Likelihood or Nature, array of int)
        What each profile says, and which coordinates of the whole are its own.
    """

    parts: Sequence[tuple[Likelihood | Nature, NDArray[np.int64]]]

    @classmethod
    def of(cls, likelihoods: Sequence[Likelihood | Nature]) -> Joint:
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


def draw(
    likelihood: Any, candidates: Array, draws: int, seed: int, *, chains: int = 200, steps: int = 600, most: int = 600
) -> Drawn:
    """Sample from prior times likelihood.

    Parameters
    ----------
    candidates : array
        Points where chains may start.
    steps, most : int
        Of a chain. Where chains do not agree after ``steps``, what they did is thrown away and they go on for twice as
        many, and so on up to ``most`` at once.
    """
    from threadpoolctl import threadpool_limits

    random = np.random.default_rng(seed)
    at = start(likelihood, min(chains, draws), candidates, random)
    keep = max(-(-draws // len(at)), 10)
    while True:
        with threadpool_limits(1):  # products of small matrices: threads would wait for one another
            kept = sampler.sample(at, lambda z, _: likelihood(z), steps, keep, random)
        mixing = sampler.mixing(kept)
        if 2 * steps > most or np.quantile(mixing, 0.95) <= AGREED:
            break
        at, steps = kept[-1], 2 * steps
    flat = kept.reshape(-1, kept.shape[2])
    return Drawn(flat[random.permutation(len(flat))[:draws]], mixing)

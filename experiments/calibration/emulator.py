"""A cheap stand-in for the mean of each output: a sparse quadratic in the normal scores, with its own error.

The lasso (scikit-learn) chooses among linear and squared terms; the strongest inputs also
get their products; a ridge fits what is left over all chosen terms. The error is measured
on points that a fit has not seen, less the part of it that is luck of their replications.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.parameters import ParameterError

STRONGEST = 14  # inputs of an output whose products are tried
FOLDS = 5
LEAST_POINTS = 40
Array = NDArray[np.float64]
Terms = NDArray[np.int64]


@dataclass(frozen=True)
class Emulator:
    """Means of outputs as functions of a point.

    Attributes
    ----------
    outputs : tuple of str
        What is emulated.
    terms : array of int, shape (terms, 2)
        Pairs of coordinates that are multiplied; −1 stands for one.
    weights : array, shape (1 + terms, outputs)
        Intercepts, then weights of the terms.
    error : array, shape (outputs,)
        Standard deviation of emulated less true mean.
    explained : array, shape (outputs,)
        Share of the variance of true means that is emulated, on points not seen.
    noise : array, shape (outputs,)
        Standard deviation of one replication.
    """

    outputs: tuple[str, ...]
    terms: Terms
    weights: Array
    error: Array
    explained: Array
    noise: Array

    def __call__(self, features: Array) -> Array:
        """Emulated means at points, shape (points, outputs)."""
        return np.asarray(self.weights[0] + expand(features, self.terms) @ self.weights[1:])

    def save(self, path: Path) -> None:
        """Write it as plain arrays."""
        np.savez(path, **{**vars(self), "outputs": np.array(self.outputs)})

    @classmethod
    def load(cls, path: Path) -> Emulator:
        """Read what :meth:`save` wrote."""
        with np.load(path, allow_pickle=False) as found:
            return cls(tuple(map(str, found["outputs"])), *(found[name] for name in list(vars_of())[1:]))


def vars_of() -> tuple[str, ...]:
    """Names of an emulator's fields."""
    return tuple(Emulator.__dataclass_fields__)


def expand(features: Array, terms: Terms) -> Array:
    """Products of coordinates: shape (points, terms)."""
    one = np.concatenate([features, np.ones((len(features), 1))], axis=1)  # column −1
    return np.asarray(one[:, terms[:, 0]] * one[:, terms[:, 1]])


def fit(
    features: Array, means: Array, noise: Array, replications: int, outputs: tuple[str, ...], judged: int = 0
) -> Emulator:
    """Fit every output.

    Parameters
    ----------
    features : array, shape (points, coordinates)
        Where.
    means : array, shape (points, outputs)
        Mean over replications; a point with NaN is left out for that output.
    noise : array, shape (outputs,)
        Standard deviation of a single replication.
    replications : int
        How many each mean is of.
    judged : int
        First point that counts for the error: an emulator learns from everywhere and is judged where it is needed.

    Raises
    ------
    ParameterError
        Too few points.
    """
    chosen: dict[tuple[int, int], int] = {}
    fitted = []
    for k, name in enumerate(outputs):
        there = np.isfinite(means[:, k])
        if int(there.sum()) < LEAST_POINTS:
            raise ParameterError(
                f"points: only {int(there.sum())} points show {name}; an emulator needs {LEAST_POINTS} or more."
            )
        x, y = features[there], means[there, k]
        terms = _choose(x, y)
        weights, residuals = _ridge(expand(x, terms), y)
        near = np.flatnonzero(there) >= judged
        missed = float(np.mean(residuals[near] ** 2))
        luck = noise[k] ** 2 / replications
        spread = max(float(y[near].var()) - luck, 1e-12)
        # Never surer than a twentieth of what there was to explain: structure that no point shows is not excluded.
        error = max(missed - luck, 0.05 * min(missed, spread))
        fitted.append((terms, weights, error, 1.0 - max(missed - luck, 0.0) / spread))
        for i, j in terms.tolist():
            chosen.setdefault((i, j), len(chosen))
    weights_of_all = np.zeros((1 + len(chosen), len(outputs)))
    for k, (terms, weights, _, _) in enumerate(fitted):
        weights_of_all[0, k] = weights[0]
        for (i, j), weight in zip(terms.tolist(), weights[1:], strict=True):
            weights_of_all[1 + chosen[i, j], k] = weight
    return Emulator(
        outputs=outputs,
        terms=np.array(list(chosen), dtype=np.int64).reshape(-1, 2),
        weights=weights_of_all,
        error=np.sqrt([each[2] for each in fitted]),
        explained=np.array([each[3] for each in fitted]),
        noise=np.asarray(noise, dtype=np.float64),
    )


def _choose(x: Array, y: Array) -> Terms:
    """Terms worth having: what the lasso keeps of linear and squared ones, and products of the strongest inputs."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LassoCV

    d = x.shape[1]
    square = [i for i in range(d) if x[:, i].var() > 0.0 and not np.array_equal(x[:, i] ** 2, np.ones(len(x)))]
    plain = np.array([(i, -1) for i in range(d)] + [(i, i) for i in square], dtype=np.int64)
    inputs = expand(x, plain)
    scale = inputs.std(axis=0)
    scale[scale == 0.0] = 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        lasso = LassoCV(alphas=25, eps=1e-2, cv=4, max_iter=2_000, tol=1e-3, precompute=True)
        weights = np.abs(lasso.fit((inputs - inputs.mean(axis=0)) / scale, y - y.mean()).coef_)
    strength = weights[:d].copy()
    np.add.at(strength, plain[d:, 0], weights[d:])
    strongest = [int(i) for i in np.argsort(-strength, kind="stable")[:STRONGEST] if strength[i] > 0.0]
    kept = plain[weights > 0.0]
    pairs = [(min(i, j), max(i, j)) for n, i in enumerate(strongest) for j in strongest[n + 1 :]]
    squares = {(i, i) for i in strongest if i in square} - set(map(tuple, kept.tolist()))
    return np.array([*kept.tolist(), *sorted(squares), *pairs], dtype=np.int64).reshape(-1, 2)


def _ridge(inputs: Array, y: Array) -> tuple[Array, Array]:
    """Intercept and weights, and what is missed at each point by a fit that has not seen it."""
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if inputs.shape[1] == 0:
        return np.array([y.mean()]), y - y.mean()
    model = make_pipeline(StandardScaler(), RidgeCV(alphas=np.logspace(-1, 3.5, 10)))
    unseen = cross_val_predict(model, inputs, y, cv=KFold(FOLDS, shuffle=True, random_state=0))
    model.fit(inputs, y)
    scaler, ridge = model[0], model[1]
    weights = ridge.coef_ / scaler.scale_
    intercept = float(ridge.intercept_ - weights @ scaler.mean_)
    return np.concatenate([[intercept], weights]), np.asarray(unseen - y)

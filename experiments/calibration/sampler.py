"""Elliptical slice sampling (Murray, Adams & MacKay 2010): draws of a bell-shaped prior times any likelihood.

Nothing to tune, any number of dimensions, and many chains at once. Each step turns a point
on an ellipse through a fresh draw of the prior until it lies above a random level of the
likelihood, so it leaves the posterior as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Likelihood = Callable[[Array, NDArray[np.int64]], Array]
MOST_SHRINKS = 100


def step(z: Array, level: Array, likelihood: Likelihood, random: np.random.Generator) -> Array:
    """Move every chain once, in place; returns the log likelihood where they are now.

    Parameters
    ----------
    z : array, shape (chains, dimensions)
        Where the chains are; the prior is standard normal.
    level : array, shape (chains,)
        Log likelihood there; must be finite.
    likelihood : callable
        Log likelihood of points, given to which chain each belongs: chains may have different posteriors.
    """
    n = len(z)
    other = random.standard_normal(z.shape)
    height = level - random.exponential(size=n)
    angle = random.uniform(0.0, 2.0 * np.pi, n)
    low, high = angle - 2.0 * np.pi, angle.copy()
    start, now = z.copy(), level.copy()
    moving = np.arange(n)
    for _ in range(MOST_SHRINKS):
        turned = start[moving] * np.cos(angle[moving])[:, None] + other[moving] * np.sin(angle[moving])[:, None]
        found = likelihood(turned, moving)
        up = found > height[moving]
        z[moving[up]], now[moving[up]] = turned[up], found[up]
        moving = moving[~up]
        if not len(moving):
            break
        below = angle[moving] < 0.0
        low[moving] = np.where(below, angle[moving], low[moving])
        high[moving] = np.where(below, high[moving], angle[moving])
        angle[moving] = random.uniform(low[moving], high[moving])
    return now


def sample(start: Array, likelihood: Likelihood, steps: int, keep: int, random: np.random.Generator) -> Array:
    """Run chains; returns ``keep`` states of each, evenly from the second half: shape (keep, chains, dimensions).

    Raises
    ------
    ValueError
        A chain starts where the likelihood is zero.
    """
    z = start.copy()
    level = likelihood(z, np.arange(len(z)))
    if not np.isfinite(level).all():
        raise ValueError("a chain starts where the likelihood is zero")
    wanted = set(np.linspace(steps // 2, steps - 1, keep).astype(int).tolist())
    kept = []
    for n in range(steps):
        level = step(z, level, likelihood, random)
        if n in wanted:
            kept.append(z.copy())
    return np.array(kept)


def mixing(draws: Array) -> Array:
    """Split potential scale reduction of every dimension (Gelman & Rubin); near 1 where chains agree.

    ``draws`` has the shape (states, chains, dimensions); halves of each chain count as chains.
    """
    half = len(draws) // 2
    parts = np.concatenate([draws[:half], draws[half : 2 * half]], axis=1)
    within = parts.var(axis=0, ddof=1).mean(axis=0)
    between = parts.mean(axis=0).var(axis=0, ddof=1)
    return np.asarray(np.sqrt((half - 1) / half + between / np.maximum(within, 1e-300)))

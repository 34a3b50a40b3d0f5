"""Foreign models for tests of sensitivity and discovery: chance of their own, and planted boxes."""

from __future__ import annotations

import numpy as np


def drowned(x: float, y: float, seed: int) -> dict[str, float]:
    """A little of x in a lot of chance, fresh at every point."""
    luck = np.random.default_rng([seed, int(1e9 * x), int(1e9 * y)]).standard_normal()
    return {"value": 0.1 * x + luck}


def planted(x: float, y: float, z: float, word: str, seed: int) -> dict[str, float]:
    """Below zero where x is above .5, y below .6 and the word is not calm; z tells nothing."""
    luck = 0.2 * np.random.default_rng([seed, int(1e9 * x)]).standard_normal()
    return {"value": (-1.0 if x > 0.5 and y < 0.6 and word != "calm" else 1.0) + luck + 0.0 * z}

"""Small functions every rule uses: logistic curve, bit counts, the clock."""

from __future__ import annotations

import math

import numpy as np

from sim.compiled import inlined
from sim.state import CALENDAR_HOURS_PER_DAY

ONES = np.array([mask.bit_count() for mask in range(64)])


@inlined
def sigmoid(x: float) -> float:
    """Logistic function."""
    return 1.0 / (1.0 + math.exp(-x))


@inlined
def logit(chance: float) -> float:
    """Log-odds of a probability in (0, 1); clipped a hair inside."""
    inside = min(max(chance, 1e-9), 1.0 - 1e-9)
    return math.log(inside / (1.0 - inside))


@inlined
def ones(mask: int) -> int:
    """Number of ones among the six lowest bits."""
    return ONES[mask & 63]


@inlined
def bit(flag: bool, place: int) -> int:
    """A one at ``place`` if ``flag``. Where a draw sets a bit, no branch has to guess it."""
    return int(flag) << place


@inlined
def clock(time: float) -> float:
    """Calendar hours at a business time in days: a working day has 8 hours, then the night passes."""
    day = math.floor(time)
    return day * CALENDAR_HOURS_PER_DAY + 8.0 * (time - day)

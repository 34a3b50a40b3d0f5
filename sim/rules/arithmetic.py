"""Small functions every rule uses: logistic curve, bit counts, the clock."""

from __future__ import annotations

import math

from sim.compiled import compiled
from sim.state import CALENDAR_HOURS_PER_DAY


@compiled
def sigmoid(x: float) -> float:
    """Logistic function."""
    return 1.0 / (1.0 + math.exp(-x))


@compiled
def logit(p: float) -> float:
    """Log-odds of a probability in (0, 1); clipped a hair inside."""
    p = min(max(p, 1e-9), 1.0 - 1e-9)
    return math.log(p / (1.0 - p))


@compiled
def ones(mask: int) -> int:
    """Number of ones among the six lowest bits."""
    return (mask & 1) + (mask >> 1 & 1) + (mask >> 2 & 1) + (mask >> 3 & 1) + (mask >> 4 & 1) + (mask >> 5 & 1)


@compiled
def clock(time: float) -> float:
    """Calendar hours at a business time in days: a working day has 8 hours, then the night passes."""
    day = math.floor(time)
    return day * CALENDAR_HOURS_PER_DAY + 8.0 * (time - day)

"""Keyed random draws: every random number is a pure function of its key.

``u(seed, stream, entity, index)`` is computed by two splitmix64 finalisers, so the
same lead meets the same luck in every arm, and adding an agent changes nobody
else's draws (common random numbers by construction). Normals use Wichura's AS241
inverse normal CDF: one uniform each, monotone, so paired arms stay close.

Keys: ``k = mix(mix(seed + G1) + stream * G2)`` once per run and stream, then
``h = mix(mix(k + (entity + 1) * G1) + (index + 1) * G2)`` and
``u = ((h >> 12) + 1/2) * 2**-52``, strictly between 0 and 1 (with 53 bits the largest
value would round up to 1).

Sources: Steele, Lea & Flood 2014 (splitmix64); Wichura 1988, Applied Statistics
37(3), algorithm AS 241 (PPND16).
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled, entry_point, inlined

G1 = np.uint64(0x9E3779B97F4A7C15)
G2 = np.uint64(0xD1B54A32D192ED03)
M1 = np.uint64(0xBF58476D1CE4E5B9)
M2 = np.uint64(0x94D049BB133111EB)
S30, S27, S31, S12 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12)
SCALE = 2.0**-52
EDGE, SURE = 0.425, 1.439  # of the middle, in AS 241: in probability, and a hair inside as a quantile


class Stream(IntEnum):
    """One stream per decision of the model. Numbers are never reused or changed."""

    MARKET_OFFER = 0
    MARKET_CAPTURE = 1
    LEAD_FIT = 2
    LEAD_INTENT = 3
    LEAD_ACV = 4
    LEAD_CYCLE = 5
    LEAD_OWNER = 6
    LEAD_FIELDS = 7
    LEAD_READINESS = 8
    LEAD_PROJECT = 9
    LEAD_DUPLICATE = 10
    SCORE_NOISE = 11
    SCORE_RULE = 12
    HANDOVER_TIME = 13
    HANDOVER_ROUTE = 14
    HANDOVER_CROSS = 15
    HANDOVER_OBLIGED = 16
    HANDOVER_VIEW = 17
    CONTACT_REACH = 18
    CONTACT_BURN = 19
    DISCOVERY_DETECT = 20
    SELLER_SIGNAL = 21
    DEAL_STEP = 22
    DEAL_CLOSE = 23
    TERRITORY_FIND = 24
    SKILL_MARKETER = 25
    SKILL_SELLER = 26
    TRAIT_INTEGRITY = 27
    TRAIT_DISCOUNT = 28
    TRAIT_OPTIMISM = 29
    TURNOVER = 30
    DISPOSITION_RETURN = 31
    CUSTOMER_CHURN = 32
    CUSTOMER_INITIAL = 34
    EXPANSION_SIGNAL = 35
    EXPANSION_PASS = 36
    FIELD_DECAY = 37
    DEAL_ACCEPT = 38
    TRAIT_RAMP = 39
    HANDOVER_CLOSER = 40
    HANDOVER_NOTE = 41
    CUSTOMER_MANAGER = 42
    PROGRAMME_ATTEND = 43
    PROGRAMME_ADOPT = 44
    PROGRAMME_PILOT = 45
    TRAIT_PRIORITY = 46


N_STREAMS = 1 + max(Stream)


@inlined
def mix(z: Any) -> Any:
    """Finaliser of splitmix64: a bijection of 64-bit words that mixes every bit."""
    z = (z ^ (z >> S30)) * M1
    z = (z ^ (z >> S27)) * M2
    return z ^ (z >> S31)


@compiled
def stream_key(seed: Any, stream: Any) -> Any:
    """Key of one stream of one run (uint64)."""
    return mix(mix(np.uint64(seed) + G1) + np.uint64(stream) * G2)


@inlined
def bits(key: Any, entity: Any, index: Any) -> Any:
    """64 random bits for (stream key, entity, index)."""
    return mix(mix(key + (np.uint64(entity) + np.uint64(1)) * G1) + (np.uint64(index) + np.uint64(1)) * G2)


@inlined
def uniform(key: Any, entity: Any, index: Any) -> Any:
    """Uniform on the open interval (0, 1) with 52 random bits."""
    return (np.float64(bits(key, entity, index) >> S12) + 0.5) * SCALE


# fmt: off
@inlined
def middle_normal(p: float) -> float:
    """Standard normal quantile of ``p`` where it is at most EDGE from 1/2 (AS 241); beyond, more than SURE from 0."""
    q = p - 0.5
    r = 0.180625 - q * q
    num = (
        ((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
           + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r
         + 133.14166789178437745) * r + 3.387132872796366608
    )
    den = (
        ((((((5226.495278852854561 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
           + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r
         + 42.313330701600911252) * r + 1.0
    )
    return q * num / den


@compiled
def outer_normal(p: float) -> float:
    """Standard normal quantile of ``p`` where it is more than EDGE from 1/2 (AS 241)."""
    q = p - 0.5
    r = p if q < 0.0 else 1.0 - p
    r = math.sqrt(-math.log(r))
    if r <= 5.0:
        r -= 1.6
        num = (
            ((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r
               + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r
             + 4.6303378461565452959) * r + 1.42343711074968357734
        )
        den = (
            ((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r
               + 0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r
             + 2.05319162663775882187) * r + 1.0
        )
    else:
        r -= 5.0
        num = (
            ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r
               + 0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r
             + 5.4637849111641143699) * r + 6.6579046435011037772
        )
        den = (
            ((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r
               + 1.8463183175100546818e-5) * r + 7.868691311456132591e-4) * r + 0.0148753612908506148525) * r
             + 0.13692988092273580531) * r + 0.59983220655588793769) * r + 1.0
        )
    x = num / den
    return -x if q < 0.0 else x
# fmt: on


@inlined
def inverse_normal(p: float) -> float:
    """Standard normal quantile of ``p`` in (0, 1), relative error about 1e-16 (AS 241)."""
    return middle_normal(p) if abs(p - 0.5) <= EDGE else outer_normal(p)


@inlined
def normal(key: Any, entity: Any, index: Any) -> float:
    """Standard normal draw."""
    return inverse_normal(uniform(key, entity, index))


@compiled
def draw_again(key: Any, entity: Any, index: Any) -> float:
    """:func:`normal` as a call, for the few that need it."""
    return normal(key, entity, index)


@inlined
def settled_normal(middle: float, key: Any, entity: Any, index: Any) -> float:
    """:func:`normal` of the same key, where :func:`middle_normal` of its uniform is already known."""
    return draw_again(key, entity, index) if abs(middle) > SURE else middle


@inlined
def exponential(key: Any, entity: Any, index: Any) -> float:
    """Exponential draw with mean 1."""
    return -math.log(uniform(key, entity, index))


def stream_keys(seed: int) -> NDArray[np.uint64]:
    """Keys of all streams of a run, shape (N_STREAMS,), dtype uint64.

    ``seed`` is any integer; it is taken modulo 2**64.
    """
    keys = np.empty(N_STREAMS, np.uint64)
    with np.errstate(over="ignore"):
        fill_keys(np.uint64(seed & 0xFFFFFFFFFFFFFFFF), keys)
    return keys


@entry_point
def fill_keys(root: Any, keys: NDArray[np.uint64]) -> None:
    """Write the key of every stream of a run into ``keys``."""
    for stream in range(keys.shape[0]):
        keys[stream] = stream_key(root, np.uint64(stream))

"""Keyed draws: known answers, shape, independence, and an independent generator as check.

Statistical tests use fixed seeds, so they pass or fail for good; each states how often a
perfect generator would fail it if the seed were drawn anew.
"""

from __future__ import annotations

import ast
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim import draws
from sim.draws import N_STREAMS, Stream, bits, exponential, inverse_normal, mix, normal, stream_keys, uniform

ALPHA = 1e-4  # error rate of each statistical test below: together under one in a hundred
RULES = Path(draws.__file__).parent / "rules"

# Interpreted, unsigned words wrap with a warning; compiled they just wrap.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


def key_of(stream: int, seed: int = 7) -> np.uint64:
    return stream_keys(seed)[stream]


def many(stream: int, entities: range, indices: range, seed: int = 7) -> np.ndarray:
    """Uniforms of a block of keys, shape (entity, index)."""
    key = key_of(stream, seed)
    return np.array([[uniform(key, e, i) for i in indices] for e in entities])


def philox(key: int, entity: int, index: int) -> float:
    """An independent generator for the same key: Philox4x64-10 of NumPy, one counter a draw."""
    generator = np.random.Philox(key=[int(key), 0], counter=[index, entity, 0, 0])
    return (int(generator.random_raw(1)[0] >> np.uint64(12)) + 0.5) * 2.0**-52


def python_bits(seed: int, stream: int, entity: int, index: int) -> int:
    """The documented recipe in Python's own integers."""
    word = (1 << 64) - 1
    g1, g2 = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03

    def finalise(z: int) -> int:
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & word
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & word
        return z ^ (z >> 31)

    key = finalise((finalise((seed + g1) & word) + stream * g2) & word)
    inner = finalise((key + (entity + 1) * g1) & word)
    return finalise((inner + (index + 1) * g2) & word)


# ---------------------------------------------------------------- known answers

KNOWN_BITS = {
    (0, 0, 0, 0): "7999bbeaf24e4213",
    (7, 3, 5, 6): "76f2a53c7921e52a",
    (2**63 - 1, 41, (1 << 50) + 12345, 999): "2f85a0e57e9e2cf4",
}


@pytest.mark.interpreted
@pytest.mark.parametrize("case", KNOWN_BITS, ids=str)
def test_known_bits(case: tuple[int, int, int, int]) -> None:
    seed, stream, entity, index = case
    found = int(bits(stream_keys(seed)[stream], entity, index))
    assert f"{found:016x}" == KNOWN_BITS[case]


@pytest.mark.interpreted
@given(
    st.integers(0, 2**63 - 1),
    st.integers(0, N_STREAMS - 1),
    st.integers(0, 2**53),
    st.integers(0, 2**31),
)
def test_bits_are_the_documented_recipe(seed: int, stream: int, entity: int, index: int) -> None:
    expected = python_bits(seed, stream, entity, index)
    key = stream_keys(seed)[stream]
    assert int(bits(key, entity, index)) == expected
    u = uniform(key, entity, index)
    assert u == ((expected >> 12) + 0.5) * 2.0**-52
    assert 0.0 < u < 1.0


def test_mix_is_the_splitmix64_finaliser() -> None:
    # First outputs of splitmix64 from state 0, as in the reference implementation of Steele, Lea & Flood.
    state, outputs = 0, []
    for _ in range(3):
        state = (state + 0x9E3779B97F4A7C15) & (2**64 - 1)
        outputs.append(int(mix(np.uint64(state))))
    assert outputs == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


@pytest.mark.interpreted
def test_known_uniforms_normals_and_exponentials() -> None:
    key = key_of(3)
    assert float(uniform(key, 5, 6)).hex() == "0x1.dbca94f1e487ap-2"
    assert float(normal(key, 5, 6)).hex() == "-0x1.6b85f80b88cdbp-4"
    assert float(exponential(key, 5, 6)).hex() == "0x1.8871b1bf5bb66p-1"


def test_the_ends_stay_inside() -> None:
    smallest, largest = 0.5 * 2.0**-52, ((2**52 - 1) + 0.5) * 2.0**-52
    assert 0.0 < smallest < largest < 1.0, "52 bits: with 53 the largest would round to 1"
    assert math.isfinite(inverse_normal(smallest))
    assert math.isfinite(inverse_normal(largest))
    assert inverse_normal(largest) == -inverse_normal(smallest)


def test_stream_numbers_are_never_reused() -> None:
    numbers = [stream.value for stream in Stream]
    assert numbers == sorted(set(numbers)), "numbers stay: new decisions go to the end, gaps are left"
    assert len(Stream.__members__) == len(numbers), "two names for one number"
    assert len(set(stream_keys(1).tolist()) | set(stream_keys(2).tolist())) == 2 * N_STREAMS


# ---------------------------------------------------------------- inverse normal


def test_inverse_normal_against_scipy() -> None:
    middle = np.linspace(1e-6, 1 - 1e-6, 20_001)
    tails = np.exp(-np.linspace(1.0, 36.0, 5_000))  # down to the smallest uniform there is
    for p in (middle, tails):
        ours = np.array([inverse_normal(float(x)) for x in p])
        theirs = stats.norm.ppf(p)
        np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-15)


@given(st.floats(2.0**-53, 1 - 2.0**-53), st.floats(2.0**-53, 1 - 2.0**-53))
def test_inverse_normal_is_monotone(a: float, b: float) -> None:
    """Up to the last bits: two neighbouring floats may be rounded past each other."""
    low, high = inverse_normal(min(a, b)), inverse_normal(max(a, b))
    assert low <= high + 4e-15 * abs(high)


def test_inverse_normal_is_continuous_where_its_pieces_meet() -> None:
    for joint in (0.075, 0.925, math.exp(-25.0)):
        around = np.array([inverse_normal(joint * (1 + k * 2.0**-50)) for k in range(-64, 65)])
        assert np.all(np.diff(around) > -4e-15 * np.abs(around[1:]))
        assert np.ptp(around) < 1e-12


# ---------------------------------------------------------------- shape and independence


@pytest.mark.statistical
@pytest.mark.parametrize("stream", [int(Stream.MARKET_CAPTURE), int(Stream.DEAL_CLOSE), N_STREAMS - 1])
def test_uniform_over_entities_and_indices(stream: int) -> None:
    """Kolmogorov–Smirnov and chi-square in 256 cells; a perfect generator fails one time in 10,000."""
    for block in (many(stream, range(20_000), range(1)), many(stream, range(1), range(20_000))):
        values = block.ravel()
        assert stats.kstest(values, "uniform").pvalue > ALPHA
        cells = np.bincount((values * 256).astype(int), minlength=256)
        assert stats.chisquare(cells).pvalue > ALPHA


@pytest.mark.statistical
def test_every_bit_is_fair() -> None:
    """Each of 64 bits over 20,000 keys: |z| < 5.2 for all (fails one time in 80,000)."""
    key = key_of(int(Stream.LEAD_FIT))
    words = np.array([int(bits(key, e, 0)) for e in range(20_000)], dtype=np.uint64)
    for position in range(64):
        ones = int(((words >> np.uint64(position)) & np.uint64(1)).sum())
        assert abs(ones - 10_000) / math.sqrt(5_000) < 5.2, f"bit {position}"


@pytest.mark.statistical
@pytest.mark.parametrize("along", ["stream", "entity", "index", "seed"])
def test_neighbours_are_independent(along: str) -> None:
    """Pairs whose keys differ by one step: chi-square on a 16 × 16 grid (fails one time in 10,000)."""
    n = 20_000
    first, second = key_of(10), key_of(11 if along == "stream" else 10)
    if along == "seed":
        second = key_of(10, seed=8)
    a = np.array([uniform(first, e, 4) for e in range(n)])
    step_e, step_i = (along == "entity"), (along == "index")
    b = np.array([uniform(second, e + step_e, 4 + step_i) for e in range(n)])
    if along == "entity":  # pairs that do not overlap
        a, b = a[::2], b[::2]
    table = np.histogram2d(a, b, bins=16, range=[[0, 1], [0, 1]])[0]
    assert stats.chisquare(table.ravel()).pvalue > ALPHA


@pytest.mark.statistical
def test_all_pairs_of_streams_are_uncorrelated() -> None:
    """Largest of all correlations over 2,000 keys; under independence one time in 10,000 above the bound."""
    n = 2_000
    block = np.array([[uniform(key, e, 0) for e in range(n)] for key in stream_keys(3)])
    correlations = np.corrcoef(block)[np.triu_indices(len(block), 1)]
    bound = stats.norm.isf(ALPHA / 2 / len(correlations)) / math.sqrt(n)
    assert np.abs(correlations).max() < bound


@pytest.mark.statistical
def test_normals_and_exponentials_have_their_shape() -> None:
    """Kolmogorov–Smirnov; fails one time in 10,000."""
    key = key_of(int(Stream.SELLER_SIGNAL))
    assert stats.kstest([normal(key, e, 1) for e in range(10_000)], "norm").pvalue > ALPHA
    assert stats.kstest([exponential(key, e, 2) for e in range(10_000)], "expon").pvalue > ALPHA


@pytest.mark.statistical
@pytest.mark.parametrize("stream", [1, 17, 32])
def test_philox_gives_the_same_distribution(stream: int) -> None:
    """Two-sample Kolmogorov–Smirnov against Philox, raw draws and sums of 12 (fails one time in 10,000)."""
    ours = many(stream, range(500), range(12))
    key = int(key_of(stream))
    theirs = np.array([[philox(key, e, i) for i in range(12)] for e in range(500)])
    assert stats.ks_2samp(ours.ravel(), theirs.ravel()).pvalue > ALPHA
    assert stats.ks_2samp(ours.sum(axis=1), theirs.sum(axis=1)).pvalue > ALPHA
    assert abs(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]) < stats.norm.isf(ALPHA / 2) / math.sqrt(ours.size)


# ---------------------------------------------------------------- how the rules use them

# Streams that two files name, because both draw for the same decision.
SHARED: dict[str, str] = {
    "DEAL_ACCEPT": "a seller's first view of a lead: of an MQL in contacting, of an own find in selling",
}


def uses() -> dict[str, set[str]]:
    """File names by the stream they name."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in RULES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Stream":
                found[node.attr].add(path.name)
    return found


def test_one_stream_per_decision() -> None:
    """A stream that two files draw from couples two decisions that have nothing to do with each other."""
    several = {stream: sorted(files) for stream, files in uses().items() if len(files) > 1 and stream not in SHARED}
    assert not several, several


@pytest.mark.statistical
def test_who_cares_for_a_customer_says_nothing_about_luck() -> None:
    """Every first draw for a customer that any rule makes, by manager; fails one time in 1,000 a stream."""
    from sim.rules.dealing import MANAGER
    from sim.rules.handover import jump

    keys = stream_keys(5)
    customers = [(day << 20) + i for day in range(100) for i in range(30)]
    manager = np.array([jump(MANAGER, key, 4, keys) for key in customers])
    assert stats.chisquare(np.bincount(manager, minlength=4)).pvalue > ALPHA
    for stream in (Stream.EXPANSION_PASS, Stream.EXPANSION_SIGNAL, Stream.CUSTOMER_CHURN):
        luck = np.array([uniform(keys[stream], key, 0) for key in customers])
        assert stats.kruskal(*(luck[manager == m] for m in range(4))).pvalue > 1e-3

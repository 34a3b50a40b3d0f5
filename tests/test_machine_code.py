"""How rules become machine code changes no bit: the C library's own exp, log and pow, and rules put into callers."""

from __future__ import annotations

import ctypes
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from llvmlite.binding import address_of_symbol

from sim.compiled import INTERPRETED, compiled, doors, inlined

NUMBERS = st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True)


@compiled
def raised(x: float, y: float) -> float:
    """Compiled code's way to the C library's ``pow``."""
    return x**y


@compiled
def exponential_of(x: float) -> float:
    """Compiled code's way to the C library's ``exp``."""
    return math.exp(x)


@compiled
def logarithm_of(x: float) -> float:
    """Compiled code's way to the C library's ``log``."""
    return math.log(x)


@inlined
def added(x: float, y: float) -> float:
    """Three roundings, of which a fused multiplication would spare one."""
    return x * y + x * 0.1


@compiled
def added_called(x: float, y: float) -> float:
    """The same within another function, so that its machine code is put here."""
    return added(x, y)


def bits(value: float) -> bytes:
    """Bits of a float; one for all that are not a number."""
    return np.float64("nan" if math.isnan(value) else value).tobytes()


def from_library(name: str, *values: float) -> float:
    """What a C program gets from the C library."""
    function = getattr(ctypes.CDLL(None), name)
    function.restype, function.argtypes = ctypes.c_double, (ctypes.c_double,) * len(values)
    return float(function(*values))


only_compiled = pytest.mark.skipif(INTERPRETED, reason="Python's own exp, log and pow")


@only_compiled
@pytest.mark.parametrize("name", doors())
def test_compiled_code_takes_the_short_way(name: str) -> None:
    assert address_of_symbol(name) == doors()[name]


@only_compiled
@given(NUMBERS | st.floats(-750.0, 750.0))
def test_exp_has_the_bits_of_the_c_library(x: float) -> None:
    assert bits(exponential_of(x)) == bits(from_library("exp", x))


@only_compiled
@given(NUMBERS | st.floats(0.0, 2.0))
def test_log_has_the_bits_of_the_c_library(x: float) -> None:
    assert bits(logarithm_of(x)) == bits(from_library("log", x))


@only_compiled
@given(NUMBERS | st.floats(0.0, 2.0), NUMBERS | st.floats(-20.0, 20.0))
def test_pow_has_the_bits_of_the_c_library(x: float, y: float) -> None:
    assert bits(raised(x, y)) == bits(from_library("pow", x, y))


@pytest.mark.interpreted
@given(NUMBERS, NUMBERS)
def test_a_rule_put_into_its_caller_rounds_as_python_does(x: float, y: float) -> None:
    assert bits(added_called(x, y)) == bits(x * y + x * 0.1)

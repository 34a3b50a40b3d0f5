"""Foreign models for tests: quick, some with known answers, some that break."""

from __future__ import annotations

import math
import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np


def wave(x: float, seed: int, y: float = 0.0) -> dict[str, float]:
    """Numbers made of the factors and the seed."""
    return {"value": math.sin(x + seed % 1_000), "sum": x + y}


def ishigami(x1: float, x2: float, x3: float) -> dict[str, float]:
    """Ishigami & Homma 1990, a = 7, b = 0.1: mean 3.5, variance 13.84."""
    return {"f": math.sin(x1) + 7.0 * math.sin(x2) ** 2 + 0.1 * x3**4 * math.sin(x1)}


def sobol_g(seed: int, **factors: float) -> dict[str, float]:
    """Sobol' G with a = 0, 1, 4.5, …: mean 1."""
    a = (0.0, 1.0, 4.5, 9.0)
    return {"f": math.prod((abs(4.0 * x - 2.0) + a[i]) / (1.0 + a[i]) for i, x in enumerate(factors.values()))}


def breaks(x: float, seed: int) -> dict[str, float]:
    """Fails where x is above a half."""
    if x > 0.5:
        raise RuntimeError("too many\nleads")
    return {"value": x + seed % 10}


def wordy(x: float) -> dict[str, str]:
    """Returns what is no number."""
    return {"value": f"about {x}"}


def odd(kind: str) -> dict[str, object]:
    """What strangers return."""
    if kind == "exit":
        sys.exit(3)
    if kind == "generators":  # those that everybody shares
        return {"value": random.random() + float(np.random.random())}  # noqa: NPY002
    return {
        "scalars": {"value": np.float32(0.5), "other": np.int64(3), "truth": np.True_},
        "nothing known": {"value": np.nan},
        "digits": {"value": "3"},
        "empty": {},
        "a factor": {"kind": 1.0},
        "a column": {"seed": 1.0},
        "too large": {"value": 10**400},
        "a list": {"value": [1, 2]},
    }[kind]


def slow(x: float, seed: int) -> dict[str, float]:
    """Takes a fiftieth of a second, or what the environment says; the number does not depend on it."""
    time.sleep(float(os.environ.get("SLOW_SECONDS", "0.02")))
    return {"value": x * (seed % 1_000)}


def hangs(x: float, seed: int) -> dict[str, float]:
    """Does not come to an end where x is above a half."""
    while x > 0.5:
        time.sleep(0.1)
    return {"value": x * (seed % 1_000)}


def kills_its_worker_once(x: float, seed: int, marker: str) -> dict[str, float]:
    """The first time that x is above a half the process is killed, as if by the system."""
    if x > 0.5:
        try:
            Path(marker).touch(exist_ok=False)
        except FileExistsError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    return {"value": x + seed % 1_000}


def always_kills_its_worker(x: float) -> dict[str, float]:
    """No worker survives it."""
    os.kill(os.getpid(), signal.SIGKILL)
    return {"value": x}


def wolf_sheep(seed: int, **factors: int) -> dict[str, float]:
    """Mesa's predators and prey, which want a simulator that is no factor."""
    from mesa.examples.advanced.wolf_sheep.model import WolfSheep
    from mesa.experimental.devs import ABMSimulator

    simulator = ABMSimulator()
    model = WolfSheep(width=10, height=10, simulator=simulator, seed=seed, **factors)
    simulator.run_for(10)
    return {name: values[-1] for name, values in model.datacollector.model_vars.items()}

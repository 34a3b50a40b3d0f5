"""What a calibration found, in plain values: what narrowed, what did not, which form, what the draws show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from experiments.calibration import inference, sampler, waves
from experiments.calibration.emulator import Emulator, fit
from experiments.calibration.space import FORMS, Space
from experiments.calibration.waves import Wave
from experiments.patterns import Pattern
from sim.parameters import declarations

# A parameter whose spread shrinks by less than a tenth and whose middle moves by less than a quarter of its prior
# spread is not identified: the patterns say next to nothing about it.
SHRUNK, MOVED = 0.9, 0.25
THINNED = 4  # steps between draws that ranks are counted among
QUANTILES = (0.05, 0.5, 0.95)
Array = NDArray[np.float64]


def parameters(space: Space, z: Array) -> list[dict[str, Any]]:
    """Every number: quantiles before and after, how far it narrowed and moved in prior standard deviations."""
    before = space.values(np.repeat(ndtri(np.array(QUANTILES))[:, None], len(space.names), axis=1))
    after = space.values(z)
    found = []
    for i, name in enumerate(space.names):
        if name in FORMS:
            continue
        narrowed, moved = float(z[:, i].std(ddof=1)), float(z[:, i].mean())
        found.append(
            {
                "name": name,
                "shared": bool(space.shared[i]),
                "prior": before[name].astype(float).tolist(),
                "posterior": np.quantile(after[name].astype(float), QUANTILES).tolist(),
                "narrowed": narrowed,
                "moved": moved,
                "identified": narrowed < SHRUNK or abs(moved) > MOVED,
            }
        )
    return sorted(found, key=lambda row: row["narrowed"] - abs(row["moved"]))


def forms(space: Space, z: Array) -> list[dict[str, Any]]:
    """Every form: how likely each variant is after the patterns; each was as likely as the other before."""
    found = []
    for i, name in enumerate(space.names):
        if name in FORMS:
            second = float(np.mean(z[:, i] > 0.0))
            odds = dict(zip(declarations()[name].choices, (1.0 - second, second), strict=True))
            found.append({"name": name, "probability": odds})
    return found


def predictive(targets: Sequence[Pattern], prior: Wave, check: Wave) -> list[dict[str, Any]]:
    """Every target: what runs of draws of the posterior show, beside the first wave and the accepted range."""
    outputs = [t.measure for t in targets]
    after, before = check.means(outputs), prior.means(outputs)
    found = []
    for k, t in enumerate(targets):
        values = after[:, k][np.isfinite(after[:, k])]
        earlier = before[:, k][np.isfinite(before[:, k])]
        found.append(
            {
                "id": t.id, "label": t.label, "measure": t.measure,
                "target": t.target, "accepted": [t.low, t.high],
                "prior": np.quantile(earlier, QUANTILES).tolist() if len(earlier) else None,
                "posterior": np.quantile(values, QUANTILES).tolist(),
                "mean": float(values.mean()),
                "inside": float(np.mean((values >= t.low) & (values <= t.high))),
                "met": bool(t.low <= values.mean() <= t.high),
            }
        )  # fmt: skip
    return found


def emulation(emulator: Emulator, space: Space, check: Wave, replications: int) -> list[dict[str, Any]]:
    """How honest the last emulator is on runs it never saw: standardised errors should have mean 0 and spread 1."""
    means = check.means(emulator.outputs)
    expected = np.hypot(emulator.error, emulator.noise / np.sqrt(replications))
    errors = (emulator(space.features(check.z)) - means) / expected
    return [
        {
            "output": name, "explained": float(emulator.explained[k]), "error": float(emulator.error[k]),
            "noise": float(emulator.noise[k]),
            "unseen_mean": float(np.nanmean(errors[:, k])), "unseen_sd": float(np.nanstd(errors[:, k])),
        }
        for k, name in enumerate(emulator.outputs)
    ]  # fmt: skip


# ---------------------------------------------------------------- simulation-based calibration


def ranks(
    space: Space, targets: Sequence[Pattern], wave: Wave, replications: int, truths: int, draws: int, seed: int
) -> Array:
    """Simulation-based calibration (Talts et al. 2018) on runs of the prior: ranks of true among drawn coordinates.

    The last ``truths`` points of ``wave`` are taken for the truth one after the other: what they
    showed, blurred by tolerance and discrepancy, stands for the patterns, the other points train
    the emulator, and the posterior is drawn. If all is right, ranks are uniform.

    Returns
    -------
    array, shape (truths, coordinates)
        Rank of the true coordinate among ``draws`` drawn ones, as a share from 0 to 1.
    """
    random = np.random.default_rng(seed)
    outputs = [t.measure for t in targets if t.measure in wave.seen]
    means = wave.means(outputs)
    noise = waves.noise_of([wave.seen], outputs)
    features = space.features(wave.z)
    emulator = fit(features[:-truths], means[:-truths], noise, replications, tuple(outputs))
    _, spread = inference.goals(targets, outputs)
    shown = means[-truths:] + spread * random.standard_normal((truths, len(outputs)))
    there = np.isfinite(shown).all(axis=1)
    shown, true = shown[there], wave.z[-truths:][there]
    width = np.sqrt(spread**2 + emulator.error**2 + noise**2 / replications)

    def likelihood(z: Array, chains: NDArray[np.int64]) -> Array:
        return np.asarray(-0.5 * np.sum(((emulator(space.features(z)) - shown[chains]) / width) ** 2, axis=1))

    # The truth is itself a draw. Put at a random place of a chain that is run from it to both sides, it has a uniform
    # rank among the others however slowly the chain mixes (Gandy & Scott 2020); chance breaks ties of whole ranks.
    place = random.integers(0, draws + 1, len(true))
    below = np.zeros_like(true)
    for wanted in (place, draws - place):
        z = true.copy()
        level = likelihood(z, np.arange(len(z)))
        for n in range(int(wanted.max())):
            for _ in range(THINNED):
                level = sampler.step(z, level, likelihood, random)
            below += (z < true) & (n < wanted)[:, None]
    return np.asarray((below + random.uniform(size=below.shape)) / (draws + 1))


def uniformity(found: Array) -> dict[str, float]:
    """Whether ranks are uniform: Kolmogorov–Smirnov over all coordinates together, and the worst p after Bonferroni."""
    from scipy.stats import kstest

    each = [kstest(column, "uniform").pvalue for column in found.T]
    spread = float(found.var() * 12.0)
    return {
        "truths": float(len(found)),
        "variance_ratio": spread,
        "least_p": float(min(1.0, min(each) * len(each))),
        "share_below_5_percent": float(np.mean(np.array(each) < 0.05)),
    }


def table(space: Space, z: Array) -> pd.DataFrame:
    """Draws as parameter values, a row a draw."""
    return pd.DataFrame(space.values(z))

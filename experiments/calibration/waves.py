"""Waves: simulate, emulate, rule out, and simulate where the patterns may still be met.

The first waves run siloed organisations only (C1–C8), which is cheap and rules out nearly
everything; the later ones re-enact C9–C11 at what is left. Each wave is a study of its own
folder, run by the loop of all sweeps: whatever is done is found again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.calibration import emulator, inference, targets
from experiments.calibration.emulator import Emulator
from experiments.calibration.inference import TRIED, Likelihood
from experiments.calibration.space import Space
from experiments.calibration.targets import LEVELS, LUCK, WORLDS
from experiments.conduct import Outcome, conduct
from experiments.config import Settings
from experiments.patterns import Pattern
from experiments.points import Points

LUCK_OF_A_WAVE = 1_000_000
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Wave:
    """Points that were run together.

    Attributes
    ----------
    z : array, shape (points, coordinates)
        Where.
    seen : DataFrame
        Outputs, a row each point and replication.
    runs : int
        How many runs these took.
    found : bool
        Whether all of them were there before.
    """

    z: Array
    seen: pd.DataFrame
    runs: int
    found: bool = False

    def means(self, outputs: Sequence[str]) -> Array:
        """Mean over replications, shape (points, outputs); NaN where an output is not there."""
        found = self.seen.groupby(level="point").mean().reindex(columns=list(outputs)).reindex(range(len(self.z)))
        return found.to_numpy(dtype=float)


class InterruptedStudyError(Exception):
    """The user stopped a wave; the argument says how far it came."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.status)
        self.outcome = outcome


@dataclass
class Waves:
    """What is known so far.

    Attributes
    ----------
    settings : Settings
        Of the command.
    space : Space
        What is uncertain.
    targets : sequence of Pattern
        What is to be met.
    """

    settings: Settings
    space: Space
    targets: Sequence[Pattern]
    done: list[Wave] = field(default_factory=list)
    emulators: list[Emulator] = field(default_factory=list)
    run: Callable[[Settings], Outcome] = conduct

    @property
    def likelihood(self) -> Likelihood:
        """What the runs so far say of a point."""
        return Likelihood(self.space, self.targets, list(self.emulators))

    def add(self, n: int, slopes: bool) -> Wave:
        """Run one more wave of ``n`` points, and emulate anew."""
        k = len(self.done)
        folder = self.settings.out / f"wave_{k}"
        z = self._kept(folder, n)
        if z is None:
            z = self._first(n) if k == 0 else self._next(n, k)
            folder.mkdir(parents=True, exist_ok=True)
            np.save(folder / "points.npy", z)
        wave = self.simulate(folder, z, tuple(WORLDS) if slopes else LEVELS, k)
        self.done.append(wave)
        file = folder / "emulator.npz"
        if file.is_file() and all(each.found for each in self.done):  # nothing new to learn
            self.emulators.append(Emulator.load(file))
        else:
            self.emulators.append(self._fit())
            self.emulators[-1].save(file)
        return wave

    def simulate(self, folder: Path, z: Array, worlds: tuple[str, ...], k: int) -> Wave:
        """Run points in worlds, as a study in ``folder``; every point has luck of its own.

        Raises
        ------
        InterruptedStudyError
            The user stopped it.
        """
        columns: dict[str, Any] = self.space.values(z)
        columns[LUCK] = k * LUCK_OF_A_WAVE + np.arange(len(z))
        model = targets.Reenacted.of(self.settings.model, worlds)  # type: ignore[arg-type]
        outcome = self.run(self.settings.part(folder, model=model, points=Points(columns, len(z)), design={}))
        if outcome.status != "done":
            raise InterruptedStudyError(outcome)
        seen = targets.outputs(pd.read_parquet(folder / "runs.parquet"))
        return Wave(z, seen, outcome.kept, outcome.found == outcome.asked)

    def _kept(self, folder: Path, n: int) -> Array | None:
        """The points of a wave that was begun before."""
        file = folder / "points.npy"
        found = np.load(file, allow_pickle=False) if file.is_file() else None
        return found if found is not None and found.shape == (n, len(self.space.names)) else None

    def _first(self, n: int) -> Array:
        from scipy.special import ndtri
        from scipy.stats import qmc

        cube = qmc.LatinHypercube(len(self.space.names), rng=np.random.default_rng(self.settings.seed)).random(n)
        return np.asarray(ndtri(np.clip(cube, 1e-9, 1.0 - 1e-9)))

    def _next(self, n: int, k: int) -> Array:
        return inference.draw(self.likelihood, self.candidates(), n, self.settings.seed + k).z

    def candidates(self) -> Array:
        """Points where chains may start: what was run, and much of the prior."""
        random = np.random.default_rng(self.settings.seed)
        prior = random.standard_normal((TRIED, len(self.space.names)))
        return np.concatenate([*(wave.z for wave in self.done), prior])

    def _fit(self) -> Emulator:
        waves = self.done
        outputs = [t.measure for t in self.targets if any(t.measure in wave.seen for wave in waves)]
        # All points teach, so that the emulator knows its way back; those where the patterns may be met judge it.
        first = len(waves[0].z) if len(waves) > 1 else 0
        means = np.concatenate([wave.means(outputs) for wave in waves])
        features = self.space.features(np.concatenate([wave.z for wave in waves]))
        noise = noise_of([wave.seen for wave in waves[1:] or waves], outputs)
        return emulator.fit(features, means, noise, self.settings.seeds, tuple(outputs), judged=first)


def noise_of(seen: Sequence[pd.DataFrame], outputs: Sequence[str]) -> Array:
    """Standard deviation of a single replication, pooled over points."""
    variances = pd.concat([s.groupby(level="point").var(ddof=1).reindex(columns=list(outputs)) for s in seen])
    return np.asarray(np.sqrt(variances.mean().to_numpy(dtype=float)))


def plausible(wave: Wave, wanted: Sequence[Pattern], replications: int, cut: float = 3.0) -> float:
    """Share of the points of a wave that no output rules out, given noise, tolerance and discrepancy."""
    outputs = [t.measure for t in wanted if t.measure in wave.seen]
    target, spread = inference.goals(wanted, outputs)
    luck = noise_of([wave.seen], outputs) / np.sqrt(replications)
    worst = (np.abs(wave.means(outputs) - target) / np.hypot(spread, luck)).max(axis=1)
    return float(np.mean(worst <= cut))

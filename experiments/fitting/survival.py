"""Times until something happens, with what has not happened yet counted as that.

Open deals and unconverted leads are right-censored at the day of the export. Curves come
from statsmodels (:class:`SurvfuncRight`, :class:`CumIncidenceRight`): Kaplan and Meier's
for one event, Aalen and Johansen's for two that exclude each other (won, lost). Durations
are whole days, so a curve of any number of rows is one of some hundred cells with
weights; intervals come from resampling the cells.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from experiments.fitting.estimate import RESAMPLES, SEED, Estimate, Floats, from_draws

AT_RISK = 10  # rows still watched below which a curve is not followed further
SAME_DAY = 0.5  # days: what ends on the day it began, where a logarithm is needed
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Cells:
    """Rows of equal duration, status and entry, counted.

    Attributes
    ----------
    entry, time : array
        Day of the own clock on which a row came under watch (−0.5: from its beginning), and left it.
    status : array of int
        0 censored, 1 won (or converted), 2 lost.
    weight : array
        How many rows.
    """

    entry: Floats
    time: Floats
    status: Floats
    weight: Floats

    @property
    def n(self) -> int:
        """Rows in all."""
        return int(self.weight.sum())

    def events(self, kind: int) -> int:
        """Rows with an event."""
        return int(self.weight[self.status == kind].sum())


def cells(time: Floats, status: Floats, entry: Floats | None = None) -> Cells:
    """Count rows of equal times and status."""
    begin = np.full(len(time), -0.5) if entry is None else np.where(entry > 0, entry - 0.5, -0.5)
    rows = np.column_stack([begin, time, status])
    found, counts = np.unique(rows, axis=0, return_counts=True)
    return Cells(found[:, 0], found[:, 1], found[:, 2], counts.astype(float))


@dataclass(frozen=True)
class Curve:
    """Shares that have won and lost by each day.

    Attributes
    ----------
    times : array
        Days, up to the horizon.
    won, lost : array
        Cumulative incidence.
    horizon : float
        Last day on which enough rows are still watched.
    """

    times: Floats
    won: Floats
    lost: Floats
    horizon: float

    @property
    def win_rate(self) -> float:
        """Wins among those that end by the horizon."""
        ended = float(self.won[-1] + self.lost[-1]) if len(self.times) else 0.0
        return float(self.won[-1]) / ended if ended > 0 else math.nan

    @property
    def won_share(self) -> float:
        """Wins by the horizon among all that began."""
        return float(self.won[-1]) if len(self.times) else math.nan

    def quantile(self, q: float) -> float:
        """Day by which the share q of those who win by the horizon have won."""
        if not len(self.times) or self.won[-1] <= 0:
            return math.nan
        return float(self.times[int(np.searchsorted(self.won, q * self.won[-1] - 1e-12))])

    def log_moments(self) -> tuple[float, float]:
        """Mean and standard deviation of the logarithm of the days to a win."""
        if not len(self.times) or self.won[-1] <= 0:
            return math.nan, math.nan
        weight = np.diff(self.won, prepend=0.0) / self.won[-1]
        logs = np.log(np.maximum(self.times, SAME_DAY))
        mean = float((weight * logs).sum())
        return mean, math.sqrt(max(float((weight * (logs - mean) ** 2).sum()), 0.0))


def curve(table: Cells, weight: Floats | None = None, horizon: float | None = None) -> Curve:
    """Cumulative incidence of winning and losing of all rows, up to where enough are watched."""
    weights = table.weight if weight is None else weight
    inside = weights > 0
    time, status, entry, weights = (part[inside] for part in (table.time, table.status, table.entry, weights))
    if not (status > 0).any():
        return Curve(np.zeros(0), np.zeros(0), np.zeros(0), 0.0)
    if (entry > 0).any():  # rows that came under watch late: one event only
        found = SurvfuncRight(time, (status == 1).astype(float), entry=entry, freq_weights=weights)
        times, won = np.asarray(found.surv_times), 1.0 - np.asarray(found.surv_prob)
        lost = np.zeros(len(times))
    else:
        both = CumIncidenceRight(time, status, freq_weights=weights)
        times, won = np.asarray(both.times), np.asarray(both.cinc[0])
        lost = np.asarray(both.cinc[1]) if len(both.cinc) > 1 else np.zeros(len(times))
    end = _horizon(time, entry, weights) if horizon is None else horizon
    kept = times <= end
    return Curve(times[kept], won[kept], lost[kept], float(end))


def _horizon(time: Floats, entry: Floats, weight: Floats) -> float:
    """Last time at which at least :data:`AT_RISK` rows (a tenth of few) are under watch."""
    order = np.argsort(time)
    leaving, times = np.cumsum(weight[order]), time[order]
    entered = np.array([weight[entry < t].sum() for t in np.unique(times)])
    unique, last = np.unique(times, return_index=True)
    before = np.concatenate([[0.0], leaving])[last]
    watched = entered - before
    needed = min(AT_RISK, max(1.0, 0.1 * float(weight.sum())))
    enough = unique[watched >= needed]
    return float(enough[-1]) if len(enough) else float(times.max())


@dataclass(frozen=True)
class Lasting:
    """What a curve says, with intervals.

    Attributes
    ----------
    curve : Curve
        The curve itself.
    low, high : array
        Pointwise 95 % band of its winning part.
    win_rate, won_share : Estimate
        Wins among those that end, and among all that begin, by the horizon.
    quantiles : dict of float to Estimate
        Days to a win, of those who win.
    log_mean, log_spread : Estimate
        Of the days to a win.
    """

    curve: Curve
    low: Floats
    high: Floats
    win_rate: Estimate
    won_share: Estimate
    quantiles: dict[float, Estimate]
    log_mean: Estimate
    log_spread: Estimate


def lasting(table: Cells, resamples: int = RESAMPLES) -> Lasting:
    """The curve of a table with intervals, by resampling its rows."""
    whole = curve(table)
    rng = np.random.default_rng(SEED)
    drawn = rng.multinomial(table.n, table.weight / table.weight.sum(), size=resamples).astype(float)
    again = [curve(table, weight, whole.horizon) for weight in drawn]
    again = [one for one in again if len(one.times)]
    bands = np.array([_at(one, whole.times) for one in again]) if again else np.zeros((1, len(whole.times)))
    low, high = np.quantile(bands, [0.025, 0.975], axis=0)
    wins, ends = table.events(1), table.events(1) + table.events(2)
    moments = np.array([one.log_moments() for one in again] or [(math.nan, math.nan)])
    mean, spread = whole.log_moments()
    return Lasting(
        whole, low, high,
        from_draws(whole.win_rate, np.array([one.win_rate for one in again]), ends, "logit"),
        from_draws(whole.won_share, np.array([one.won_share for one in again]), table.n, "logit"),
        {q: from_draws(whole.quantile(q), np.array([one.quantile(q) for one in again]), wins) for q in QUANTILES},
        from_draws(mean, moments[:, 0], wins, "plain"),
        from_draws(spread, moments[:, 1], wins),
    )  # fmt: skip


def _at(one: Curve, times: Floats) -> Floats:
    place = np.searchsorted(one.times, times, side="right") - 1
    return np.where(place >= 0, one.won[np.maximum(place, 0)], 0.0)

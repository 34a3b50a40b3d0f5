"""What comes next, and how well the same method would have foretold what came.

New leads and opportunities follow their level (:mod:`levels`). Wins follow from who is
there to be won: everybody open on the day, and those still to come, meet a daily chance of
winning that depends on their age and on a level that may move from month to month (an
age–period table, as in demography), and a chance of being lost that depends on age. What
months differ by beyond that widens all of it (:attr:`levels.Level.dispersion`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.fitting.cleaning import LOST, OPEN, WON
from experiments.fitting.estimate import SEED, Floats
from experiments.fitting.export import Export
from experiments.fitting.levels import DRAWS, Level, level
from experiments.fitting.months import MONTH, Months, add_months, months, shown

AGES = np.array([0, 1, 4, 8, 15, 31, 61, 91, 121, 181, 271, 366, 731, 100_000], dtype=float)  # days
LONGEST = 1_826  # days of history looked at
AHEAD = 3  # months
FEWEST_MONTHS = 4  # of history before anything is foretold
MOST_ORIGINS = 12
COVERAGES = (0.8, 0.95)
GRID = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0])  # levels at which wins are worked out


@dataclass(frozen=True)
class Watched:
    """Who is open on each day, by the day on which it began.

    Attributes
    ----------
    first : int
        The day that row and column 0 stand for.
    begun : array
        How many began on each day.
    open, won, lost : array, shape (day begun, day)
        How many of them were open that morning, won and lost in its course.
    """

    first: int
    begun: Floats
    open: Floats
    won: Floats
    lost: Floats


def watch(export: Export) -> Watched | None:
    """Deals where losses are known, else leads; None where neither says when it was won."""
    if export.deals is not None and export.deals_are == "deal":
        rows = export.deals
        ends = rows["closed"].to_numpy(float)
        kind = rows["outcome"].to_numpy(float)
        usable = np.isfinite(rows["created"]) & ((kind == OPEN) | np.isfinite(ends))
    elif export.leads is not None and export.won_known:
        rows = export.leads
        ends = rows["won"].to_numpy(float)
        kind = np.where(np.isfinite(ends), WON, OPEN)
        usable = np.isfinite(rows["created"]) & ~(rows["is_won"] & ~np.isfinite(ends))
    else:
        return None
    usable = usable.to_numpy(bool) & (rows["created"].to_numpy(float) > export.cutoff - LONGEST)
    begin, ends, kind = rows["created"].to_numpy(float)[usable], ends[usable], kind[usable]
    if not (kind == WON).any():
        return None
    first = int(begin.min())
    n = int(export.cutoff) - first + 1
    begin = (begin - first).astype(int)
    begun = np.bincount(begin, minlength=n).astype(float)
    gone: dict[int, Floats] = {}
    for outcome in (WON, LOST):
        chosen = kind == outcome
        flat = begin[chosen] * n + (ends[chosen] - first).astype(int)
        gone[outcome] = np.bincount(flat, minlength=n * n).reshape(n, n).astype(float)
    left = gone[WON] + gone[LOST]
    still = begun[:, None] - (np.cumsum(left, axis=1) - left)
    still[np.tril_indices(n, -1)] = 0.0  # not begun yet
    return Watched(first, begun, still, gone[WON], gone[LOST])


@dataclass(frozen=True)
class Forecast:
    """Draws of the months after a day.

    Attributes
    ----------
    names : list of str
        The months.
    draws : dict of str to array, shape (month, draw)
        ``leads``, ``opportunities``, ``wins``, ``amount``: what the export can tell of.
    """

    names: list[str]
    draws: dict[str, Floats]

    def interval(self, what: str, month: int, coverage: float) -> tuple[float, float]:
        """Equal-tailed prediction interval."""
        low, high = np.quantile(self.draws[what][month], [(1 - coverage) / 2, (1 + coverage) / 2])
        return float(low), float(high)

    def plain(self) -> list[dict[str, Any]]:
        """As it stands in ``fit.json``."""
        return [
            {
                "month": name, "what": what, "mean": float(drawn[place].mean()),
                **self.intervals(what, place),
            }
            for what, drawn in self.draws.items()
            for place, name in enumerate(self.names)
        ]  # fmt: skip

    def intervals(self, what: str, month: int) -> dict[str, float]:
        """``low80``, ``high80``, ``low95``, ``high95``."""
        found: dict[str, float] = {}
        for coverage in COVERAGES:
            low, high = self.interval(what, month, coverage)
            found |= {f"low{round(100 * coverage)}": low, f"high{round(100 * coverage)}": high}
        return found


def foretell(export: Export, watched: Watched | None, ahead: int = AHEAD) -> Forecast:
    """Draws for the full months after the cutoff of an export (made ``as_of`` an earlier day, for a test)."""
    start = add_months(export.cutoff + 1, 0)
    if start <= export.cutoff:
        start = add_months(export.cutoff, 1)
    span = months(start, add_months(start, ahead) - 1)
    rng = np.random.default_rng(SEED)
    draws: dict[str, Floats] = {}
    rates: dict[str, list[Floats]] = {}
    for what, days, until in _arrivals(export):
        past = months(float(days.min()), until)
        present = level(past.counts(days), past.exposure)
        # The same place in its distribution through all months: a level that is high stays high.
        rates[what] = [present.draws(place + 1, seed=SEED + len(rates)) for place in range(span.n)]
        drawn = [rng.poisson(rate * e) for rate, e in zip(rates[what], span.exposure, strict=True)]
        draws[what] = wider(np.array(drawn, dtype=float), present)
    if watched is not None:
        new = rates["opportunities" if export.deals is not None and export.deals_are == "deal" else "leads"]
        draws["wins"] = _wins(watched, export.cutoff, span, new, rng)
    else:
        days = _wins_only(export)
        if len(days):
            past = months(float(days.min()), export.cutoff)
            present = level(past.counts(days), past.exposure)
            drawn = [rng.poisson(present.draws(n + 1) * e) for n, e in enumerate(span.exposure)]
            draws["wins"] = wider(np.array(drawn, dtype=float), present)
    amounts = _amounts(export)
    if "wins" in draws and len(amounts) >= 8:
        draws["amount"] = _sums(draws["wins"], amounts, rng)
    return Forecast(span.names, draws)


def _arrivals(export: Export) -> list[tuple[str, Floats, float]]:
    found = []
    if export.leads is not None:
        found.append(("leads", export.leads["created"].dropna().to_numpy(float), export.leads_until))
    if export.deals is not None and export.deals_are == "deal":
        found.append(("opportunities", export.deals["created"].dropna().to_numpy(float), export.deals_until))
    return [one for one in found if len(one[1])]


def _wins_only(export: Export) -> Floats:
    if export.deals is None:
        return np.zeros(0)
    return export.deals.loc[export.deals["outcome"] == WON, "closed"].dropna().to_numpy(float)


def _amounts(export: Export) -> Floats:
    """Amounts of the latest wins, at most a year's."""
    if export.deals is None:
        return np.zeros(0)
    won = export.deals[(export.deals["outcome"] == WON) & np.isfinite(export.deals["amount"])]
    late = won[won["closed"] > export.cutoff - 365]
    return np.asarray((late if len(late) >= 50 else won)["amount"], dtype=float)


def _sums(wins: Floats, amounts: Floats, rng: np.random.Generator) -> Floats:
    """Sums of as many amounts, drawn from those seen (of many, their normal limit)."""
    mean, sd = float(amounts.mean()), float(amounts.std())
    total = wins * mean + sd * np.sqrt(wins) * rng.standard_normal(wins.shape)
    few = (wins > 0) & (wins < 60)
    picked = rng.choice(amounts, size=(int(few.sum()), 60))
    running = np.cumsum(picked, axis=1)
    total[few] = running[np.arange(len(running)), wins[few].astype(int) - 1]
    return np.asarray(np.where(wins > 0, np.maximum(total, 0.0), 0.0))


# ---------------------------------------------------------------- wins


def _wins(watched: Watched, cutoff: float, span: Months, new: list[Floats], rng: np.random.Generator) -> Floats:
    last = int(cutoff) - watched.first + 1
    past = months(float(watched.first), cutoff)
    won, lost, at_risk = (
        _table(part[:, :last], past, watched.first) for part in (watched.won, watched.lost, watched.open)
    )
    chance, present = _age_and_period(won, at_risk)
    going = _by_age(lost.sum(axis=1), at_risk.sum(axis=1))
    alive = watched.open[:last, last - 1] - watched.won[:last, last - 1] - watched.lost[:last, last - 1]
    waiting = np.bincount(np.arange(last)[::-1], weights=alive, minlength=last).astype(
        float
    )  # by age in days, on the last evening
    days = int(span.start[-1] - cutoff - 1)
    of_day = np.searchsorted(span.start, cutoff + 1 + np.arange(days), side="right") - 1
    ahead = [_ahead(waiting, chance * r, going, days) for r in GRID]
    results = np.zeros((span.n, DRAWS))
    for month in range(span.n):
        r = present.draws(month + 1, seed=SEED + 7)
        inside = of_day == month
        there = np.array([one[0][inside].sum() for one in ahead])
        mean = np.interp(r, GRID, there)
        # Of those who come on day d, the share won by each later day is the same curve, shifted.
        coming = np.array([np.convolve(np.ones(days), one[1])[:days][inside].sum() for one in ahead])
        rate = new[min(month, len(new) - 1)] / MONTH
        mean = mean + np.interp(r, GRID, coming) * rate
        results[month] = rng.poisson(np.maximum(mean, 0.0))
    return wider(results, present)


def wider(drawn: Floats, known: Level) -> Floats:
    """Draws of months (rows) spread as far as the months before fell from what was foretold of them."""
    mean = drawn.mean(axis=1, keepdims=True)
    return np.asarray(np.maximum(np.round(mean + np.sqrt(known.dispersion) * (drawn - mean)), 0.0))


def _table(part: Floats, span: Months, first: int) -> Floats:
    """Sums by age (rows) and month (columns)."""
    width = part.shape[1]
    day = np.arange(width)
    month = np.searchsorted(span.start, first + day, side="right") - 1
    age_of = np.searchsorted(AGES, day, side="right") - 1
    begun, at = np.nonzero(part)
    place = age_of[at - begun] * span.n + month[at]
    table = np.bincount(place, weights=part[begun, at], minlength=(len(AGES) - 1) * span.n)
    return table.reshape(len(AGES) - 1, span.n).astype(float)


def _age_and_period(won: Floats, at_risk: Floats) -> tuple[Floats, Level]:
    """Daily chance of winning by age, and the level of the present relative to it."""
    period = np.ones(won.shape[1])
    chance = np.zeros(won.shape[0])
    for _ in range(12):
        chance = _by_age(won.sum(axis=1), (at_risk * period).sum(axis=1))
        expected = (at_risk * chance[:, None]).sum(axis=0)
        period = (won.sum(axis=0) + 0.5) / (expected + 0.5)
    chance *= max(float(period[-1]), 1e-3)  # relative to the present, so that a level of 1 means "as now"
    expected = (at_risk * chance[:, None]).sum(axis=0)
    return chance, level(won.sum(axis=0), expected)


def _by_age(events: Floats, at_risk: Floats) -> Floats:
    """Events a day at each age; ages that nobody has reached are as the last that somebody has."""
    rate = np.zeros(len(events))
    for age in range(len(events)):
        rate[age] = events[age] / at_risk[age] if at_risk[age] > 0 else rate[max(age - 1, 0)]
    return np.minimum(rate, 10.0)


def _ahead(waiting: Floats, chance: Floats, going: Floats, days: int) -> tuple[Floats, Floats]:
    """Wins on each of the next days of those who wait, and of one who begins on the first of them."""
    of_age = np.searchsorted(AGES, np.arange(len(waiting) + days + 1), side="right") - 1
    win, lose = 1.0 - np.exp(-chance[of_age]), 1.0 - np.exp(-going[of_age])
    alive, later = waiting.astype(float), np.zeros(days)
    one, begins = 1.0, np.zeros(days)
    for day in range(days):
        ages = slice(day + 1, day + 1 + len(waiting))
        gained = alive * win[ages]
        later[day] = gained.sum()
        alive = (alive - gained) * (1.0 - lose[ages])
        begins[day] = one * win[day]
        one = (one - begins[day]) * (1.0 - lose[day])
    return later, begins


# ---------------------------------------------------------------- put to the test


def back_test(export: Export, watched: Watched | None) -> dict[str, Any]:
    """Foretell each month from what was known one to three months before; count how often it came inside.

    Returns ``{"rows": [...], "coverage": [...], "why": str}``; no rows where the history is too short.
    """
    began = [
        frame[name].min()
        for frame in (export.leads, export.deals)
        if frame is not None
        for name in ("created", "closed")
        if name in frame
    ]
    first = float(np.nanmin(began))
    last = add_months(export.cutoff + 1, 0)  # first day that belongs to no whole month
    whole = int(
        (
            np.datetime64(int(last), "D").astype("datetime64[M]")
            - np.datetime64(int(first), "D").astype("datetime64[M]")
        ).astype(int)
    )
    origins = [n for n in range(1, MOST_ORIGINS + 1) if whole - n >= FEWEST_MONTHS]
    rows: list[dict[str, Any]] = []
    for n in reversed(origins):
        day = add_months(last, -n) - 1
        then = export.as_of(day)
        if not any(frame is not None and len(frame) for frame in (then.leads, then.deals)):
            continue
        known = None if watched is None or not (watched.won[:, : int(day) - watched.first + 1]).any() else watched
        told = foretell(then, known, min(AHEAD, n))
        came = _came(export, told.names)
        for what in told.draws:
            until = {"leads": export.leads_until, "opportunities": export.deals_until}.get(what, export.cutoff)
            for place, name in enumerate(told.names):
                if float(np.datetime64(name, "M").astype("datetime64[D]").astype(int)) + 27 > until:
                    continue
                inside = told.intervals(what, place)
                actual = float(came[what][place])
                rows.append(
                    {
                        "known_until": shown(day), "month": name, "ahead": place + 1, "what": what,
                        "mean": float(told.draws[what][place].mean()), **inside, "came": actual,
                        "inside80": inside["low80"] <= actual <= inside["high80"],
                        "inside95": inside["low95"] <= actual <= inside["high95"],
                    }
                )  # fmt: skip
    return {"rows": rows, "coverage": _coverage(rows), "months": whole}


def _came(export: Export, names: list[str]) -> dict[str, Floats]:
    starts = np.array([np.datetime64(name, "M").astype("datetime64[D]").astype(float) for name in names])
    span = Months(np.append(starts, add_months(float(starts[-1]), 1)), float(starts[0]), export.cutoff)
    came = {what: span.counts(days) for what, days, _ in _arrivals(export)}
    if export.deals is not None:
        won = export.deals[export.deals["outcome"] == WON]
        came["wins"] = span.counts(won["closed"].to_numpy(float))
        came["amount"] = span.sums(won["closed"].to_numpy(float), won["amount"].to_numpy(float))
    elif export.leads is not None:
        came["wins"] = span.counts(export.leads["won"].to_numpy(float))
    return came


def _coverage(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for what in dict.fromkeys(row["what"] for row in rows):
        chosen = [row for row in rows if row["what"] == what]
        error = [abs(row["mean"] - row["came"]) for row in chosen]
        size = sum(row["came"] for row in chosen)
        found.append(
            {
                "what": what, "n": len(chosen), "inside80": sum(row["inside80"] for row in chosen),
                "inside95": sum(row["inside95"] for row in chosen),
                "relative_error": sum(error) / size if size else float("nan"),
            }
        )  # fmt: skip
    return found

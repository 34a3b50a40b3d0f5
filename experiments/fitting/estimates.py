"""What the data say: volumes, seasons, conversion, winning, cycle, deal sizes, sellers, quarter ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.fitting.cleaning import LOST, OPEN, WON
from experiments.fitting.estimate import NOTHING, Estimate, Floats, log_spread_of, mean_of, quantiles_of, wilson
from experiments.fitting.export import Export
from experiments.fitting.levels import Level, level
from experiments.fitting.months import Months, add_months, month_of_year, months
from experiments.fitting.sellers import Sellers, sellers
from experiments.fitting.survival import Cells, Lasting, curve, lasting

SEASON_MONTHS = 24  # history that a seasonal pattern needs
MOVED = 0.26  # logarithm of how far the present may be from the mean of two years and still be noise or trend
BY_SOURCE = 30  # leads or ended deals of a source that a rate of its own needs
RECENT_MONTHS, RECENT_WINS = 24, 100  # deals created lately stand for today, if enough of them were won


@dataclass(frozen=True)
class Volume:
    """A count by month.

    Attributes
    ----------
    months : Months
        Which.
    counts : array
        How many in each.
    level : Level
        Its present rate a month.
    usual : Estimate
        What stands for the organisation: the mean of the last two years, unless the present level has left it.
    moved : bool
        Whether it has.
    season : list
        For each calendar month its factor with interval; empty where the history is too short.
    """

    months: Months
    counts: Floats
    level: Level
    usual: Estimate
    moved: bool
    season: list[Estimate]


@dataclass(frozen=True)
class Facts:
    """All estimates. ``None`` or NaN: the export does not tell."""

    first: float
    cutoff: float
    leads: Volume | None
    opportunities: Volume | None
    wins: Volume | None
    lead_converted: Lasting | None
    lead_won: Lasting | None
    deal: Lasting | None
    naive_win_rate: float
    by_source: list[dict[str, Any]]
    amounts: dict[str, Any]
    mean_deal: Estimate
    deal_spread: Estimate
    sellers: Sellers | None
    quarter_end: Estimate
    quarter_end_counted: str


def estimate(export: Export) -> Facts:
    """Everything at once."""
    leads, deals = export.leads, export.deals
    began = [frame["created"].min() for frame in (leads, deals) if frame is not None and "created" in frame]
    ended = [deals["closed"].min()] if deals is not None else []
    first = float(np.nanmin([*began, *ended]))
    recent = _recent(export)
    table = recent.deal_cells()
    lead_volume = None if leads is None else volume(leads["created"].to_numpy(float), export.leads_until)
    opened = None
    if deals is not None and export.deals_are == "deal" and np.isfinite(deals["created"]).any():
        opened = volume(deals["created"].to_numpy(float), export.deals_until)
    elif deals is None and export.converted_known and leads is not None and np.isfinite(leads["converted"]).any():
        opened = volume(leads["converted"].to_numpy(float), export.cutoff)
    won_days = _won_days(export)
    wins = volume(won_days, _wins_until(export, won_days), first) if len(won_days) else None
    sold = np.zeros(0)
    if deals is not None:
        decided = deals[deals["outcome"] != OPEN]
        naive = float((decided["outcome"] == WON).mean()) if export.has_losses else math.nan
        sold = deals.loc[(deals["outcome"] == WON) & np.isfinite(deals["amount"]), "amount"].to_numpy(float)
    else:
        naive = math.nan
    quarter, counted = _quarter_end(export)
    since = _since(export, wins)
    return Facts(
        first, export.cutoff, lead_volume, opened, wins,
        _lasting(export, "converted", since), _lasting(export, "won", since),
        None if table is None or not table.events(WON) else lasting(table),
        naive, _by_source(export), _sizes(sold),
        mean_of(sold) if len(sold) >= 8 else NOTHING, log_spread_of(sold),
        _sellers(export), quarter, counted,
    )  # fmt: skip


def _sellers(export: Export) -> Sellers | None:
    """Sellers; who is at work is told on the last day on which deals were still added."""
    if export.deals is None:
        return None
    if export.deals_are != "deal":
        return sellers(export.deals, export.deals, export.cutoff)
    then = export.as_of(export.deals_until)
    return None if then.deals is None else sellers(export.deals, then.deals, then.cutoff)


def _recent(export: Export) -> Export:
    """Deals created lately, if enough of them were won: a firm is not what it was years ago."""
    if export.deals is None or export.deals_are != "deal":
        return export
    late = export.deals[export.deals["created"] >= add_months(export.cutoff, -RECENT_MONTHS)]
    if (late["outcome"] == WON).sum() < RECENT_WINS:
        return export
    return replace(export, deals=late)


def _won_days(export: Export) -> Floats:
    if export.deals is not None:
        won = export.deals.loc[export.deals["outcome"] == WON, "closed"]
    elif export.won_known and export.leads is not None:
        won = export.leads["won"]
    else:
        return np.zeros(0)
    return won.dropna().to_numpy(float)


def _wins_until(export: Export, won_days: Floats) -> float:
    """Until when months of wins are whole: after the last new deal they run out, unless most come later anyway."""
    if export.deals_are != "deal" or (won_days <= export.deals_until).mean() < 0.5:
        return export.cutoff
    return export.deals_until


def _since(export: Export, wins: Volume | None) -> float:
    """From when on leads are watched: as far back as the present level of wins reaches."""
    if wins is None or export.leads is None:
        return -math.inf
    memory = wins.level.memory
    return -math.inf if memory > 0.8 * wins.months.n else add_months(export.cutoff, -max(round(memory), 3) + 1)


def _lasting(export: Export, event: str, since: float) -> Lasting | None:
    table = export.lead_cells(event, since)
    return lasting(table) if table is not None and table.events(1) else None


def volume(days: Floats, until: float, since: float | None = None) -> Volume | None:
    """Monthly counts of days, the level they have now, and seasons; None without any."""
    days = days[np.isfinite(days) & (days <= until)]
    if not len(days):
        return None
    span = months(float(days.min()) if since is None else since, until)
    counts, exposure = span.counts(days), span.exposure
    season = _season(span, counts, exposure) if span.n >= SEASON_MONTHS else []
    present = level(counts, exposure)
    usual, moved = _usual(counts, exposure, present)
    return Volume(span, counts, present, usual, moved, season)


def _usual(counts: Floats, exposure: Floats, present: Level) -> tuple[Estimate, bool]:
    """Mean a month of the last two years, its interval aware of drift (Newey and West); or the present level."""
    now = present.estimate()
    recent = slice(-RECENT_MONTHS, None)
    whole = exposure[recent] > 0.9
    rate = counts[recent][whole] / exposure[recent][whole]
    n = len(rate)
    if n < 6:
        return now, True
    mean = float(rate.mean())
    if mean <= 0 or (abs(math.log(now.value / mean)) > MOVED and not now.low <= mean <= now.high):
        return now, True
    apart = rate - mean
    lags = max(1, round(n ** (1 / 3)))
    variance = float((apart**2).mean())
    variance += 2.0 * sum((1 - k / (lags + 1)) * float((apart[k:] * apart[:-k]).sum()) / n for k in range(1, lags + 1))
    variance = max(variance, float((apart**2).mean()), mean) / max(n - 1, 1)
    from scipy import stats

    half = float(stats.t.ppf(0.975, n - 1)) * math.sqrt(variance)
    return Estimate(mean, max(mean - half, 0.0), mean + half, n, math.sqrt(variance) / mean), False


def _season(span: Months, counts: Floats, exposure: Floats) -> list[Estimate]:
    """Factor of each calendar month: a quasi-Poisson regression with a trend. None where a month never had an event."""
    import warnings

    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    usable = exposure > 0.5
    calendar = month_of_year(span.start[:-1])[usable]
    if len(np.unique(calendar[counts[usable] > 0])) < 12:
        return []
    dummies = (calendar[:, None] == np.arange(1, 13)).astype(float)
    contrasts = dummies[:, :11] - dummies[:, 11:]  # effects add up to nothing: factors around a usual month
    trend = np.linspace(-1, 1, usable.sum())
    design = np.column_stack([np.ones(len(trend)), trend, contrasts])
    if len(trend) <= design.shape[1] + 2:
        return []
    model = GLM(counts[usable], design, family=Poisson(), exposure=exposure[usable])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = model.fit(scale="X2")
    effects, spread = np.asarray(found.params)[2:], np.asarray(found.cov_params())[2:, 2:]
    last = -np.ones(11)
    effects, variances = np.append(effects, last @ effects), np.append(np.diag(spread), last @ spread @ last)
    return [
        Estimate(math.exp(e), math.exp(e - 1.96 * s), math.exp(e + 1.96 * s), int((calendar == n).sum()))
        for n, (e, s) in enumerate(zip(effects, np.sqrt(np.maximum(variances, 0)), strict=True), 1)
    ]


def _by_source(export: Export) -> list[dict[str, Any]]:
    """Conversion and winning by source, where a source has enough rows."""
    found: list[dict[str, Any]] = []

    def add(label: str, of: str, event: str, n: int, table: Cells | None) -> None:
        if table is None or not table.events(WON):
            return
        one = curve(table)
        value = one.won_share if of == "leads" else one.win_rate
        share = _share(value, table.events(WON))
        found.append({"source": label, "of": of, "event": event, "rows": n, **share, "days": one.horizon})

    if export.leads is not None and (export.knows("won") or export.knows("converted")):
        event = "won" if export.knows("won") else "converted"
        for label, rows in _sources(export.leads, export.lead_sources):
            add(label, "leads", event, int(rows.sum()), export.lead_cells(event, rows=rows))
    if export.has_losses and export.deals is not None:
        for label, rows in _sources(export.deals, export.deal_sources or export.lead_sources):
            table = replace(export, deals=export.deals[rows]).deal_cells()
            ended = 0 if table is None else table.events(WON) + table.events(LOST)
            add(label, "deals", "won", int(rows.sum()), table if ended >= BY_SOURCE else None)
    return found


def _sources(frame: pd.DataFrame, labels: Sequence[str]) -> list[tuple[str, NDArray[np.bool_]]]:
    """Labels with the rows that have them, where there are enough."""
    codes = frame["source"].to_numpy()
    found = [(label, codes == code) for code, label in enumerate(labels)]
    return [(label, rows) for label, rows in found if rows.sum() >= BY_SOURCE]


def _share(value: float, events: int) -> dict[str, Any]:
    """A share with Wilson's interval for as many rows as would give the same events uncensored."""
    rows = events / value if value > 0 else 0.0
    return {**wilson(events, rows).plain(), "value": value}


def _sizes(sold: Floats) -> dict[str, Any]:
    quantiles = quantiles_of(sold, (0.1, 0.25, 0.5, 0.75, 0.9))
    logs = np.log(sold) if len(sold) else np.zeros(0)
    counts, edges = (
        np.histogram(logs, bins=min(30, max(5, len(sold) // 10))) if len(sold) >= 20 else (np.zeros(0), np.zeros(0))
    )
    return {
        "n": len(sold), "quantiles": dict(zip(("10", "25", "50", "75", "90"), quantiles, strict=True)),
        "histogram": {"edges": np.exp(edges).tolist(), "counts": counts.tolist()},
    }  # fmt: skip


def _quarter_end(export: Export) -> tuple[Estimate, str]:
    """Share of what is won in the last month of calendar quarters; quarters vary, not deals alone."""
    days = _won_days(export)
    if not len(days):
        return NOTHING, ""
    weight, counted = np.ones(len(days)), "wins"
    if export.deals is not None:
        won = export.deals[(export.deals["outcome"] == WON) & np.isfinite(export.deals["closed"])]
        amount = won["amount"].to_numpy(float)
        if np.isfinite(amount).sum() > 0.5 * len(amount):
            weight, counted = np.where(np.isfinite(amount), amount, 0.0), "amount"
    span = months(float(days.min()), export.cutoff)
    frame = pd.DataFrame({"sum": span.sums(days, weight), "whole": span.exposure > 0.95})
    month = month_of_year(span.start[:-1]) - 1
    frame["quarter"] = np.cumsum(month % 3 == 0)
    frame["last"] = month % 3 == 2
    whole = frame.groupby("quarter")["whole"].agg(["all", "size"])
    kept = frame[frame["quarter"].isin(whole.index[whole["all"] & (whole["size"] == 3)])]
    totals = kept.groupby("quarter")["sum"].sum()
    lasts = kept[kept["last"]].groupby("quarter")["sum"].sum()
    n = len(totals)
    if n < 2 or totals.sum() <= 0:
        return NOTHING, counted
    share = float(lasts.sum() / totals.sum())
    spread = lasts.to_numpy() - share * totals.to_numpy()
    se = math.sqrt(float((spread**2).sum()) * n / (n - 1)) / float(totals.sum())
    from scipy import stats

    half = float(stats.t.ppf(0.975, n - 1)) * se
    return Estimate(share, max(share - half, 0.0), min(share + half, 1.0), n), counted

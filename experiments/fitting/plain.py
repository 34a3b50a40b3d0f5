"""Estimates and the end of the search as they stand in ``fit.json``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from experiments.fitting.estimate import Estimate
from experiments.fitting.estimates import Facts, Volume
from experiments.fitting.export import Export
from experiments.fitting.matching import Match, Target
from experiments.fitting.survival import Lasting


def match_plain(found: Match, targets: Sequence[Target]) -> dict[str, Any]:
    """How the search ended."""
    return {
        "runs": found.runs,
        "at_bound": list(found.at_bound),
        "x": found.x,
        "spread": found.spread,
        "targets": [
            {"moment": t.pair.moment, "what": t.what, "parameter": t.pair.parameter, **t.estimate.plain()}
            for t in targets
        ],
    }


# ---------------------------------------------------------------- facts as plain values


def facts_plain(facts: Facts, export: Export) -> dict[str, Any]:
    """All estimates, as they stand in ``fit.json``."""
    return {
        "rows": {
            "leads": 0 if export.leads is None else len(export.leads),
            "deals": 0 if export.deals is None else len(export.deals),
        },
        "leads_are": export.leads_are,
        "deals_are": export.deals_are,
        "leads": _volume(facts.leads),
        "opportunities": _volume(facts.opportunities),
        "wins": _volume(facts.wins),
        "lead_converted": _lasting(facts.lead_converted),
        "lead_won": _lasting(facts.lead_won),
        "deal": _lasting(facts.deal),
        "win_rate": None
        if facts.deal is None or not export.has_losses
        else {**facts.deal.win_rate.plain(), "among_closed": facts.naive_win_rate},
        "by_source": facts.by_source,
        "amounts": facts.amounts,
        "mean_deal": facts.mean_deal.plain(),
        "deal_spread": facts.deal_spread.plain(),
        "sellers": None
        if facts.sellers is None
        else {
            **{
                k: (v.plain() if isinstance(v, Estimate) else v)
                for k, v in ((f.name, getattr(facts.sellers, f.name)) for f in dataclasses.fields(facts.sellers))
            }
        },
        "quarter_end": {**facts.quarter_end.plain(), "of": facts.quarter_end_counted},
    }


def _volume(found: Volume | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "months": found.months.names,
        "counts": found.counts.tolist(),
        "exposure": found.months.exposure.tolist(),
        "usual": found.usual.plain(),
        "moved": found.moved,
        "level": found.level.estimate().plain(),
        "memory_months": found.level.memory,
        "season": [e.plain() for e in found.season],
    }


def _lasting(found: Lasting | None) -> dict[str, Any] | None:
    if found is None:
        return None
    one = found.curve
    drawn = {"days": one.times, "won": one.won, "lost": one.lost, "low": found.low, "high": found.high}
    every = max(1, len(one.times) // 200)
    return {
        "won_share": found.won_share.plain(), "horizon_days": found.curve.horizon,
        "quantiles": {str(q): e.plain() for q, e in found.quantiles.items()},
        "log_mean": found.log_mean.plain(), "log_spread": found.log_spread.plain(),
        "curve": {name: values[::every].tolist() for name, values in drawn.items()},
    }  # fmt: skip

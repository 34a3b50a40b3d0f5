"""Both tables of an export as one: joined where they share keys, cut at the day of the export."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.fitting.cleaning import LOST, OPEN, WON, Clean
from experiments.fitting.issues import Issues
from experiments.fitting.months import shown
from experiments.fitting.survival import Cells, cells
from sim.parameters import ParameterError

QUIET = 10.0  # days without a new lead, at the end of an export, that are nothing unusual


@dataclass(frozen=True)
class Export:
    """What is known on one day. Frames as in :class:`Clean`, without keys.

    Attributes
    ----------
    leads, deals : DataFrame or None
        The tables.
    leads_are : {"lead", "mql"}
        What a row of leads is.
    deals_are : {"deal", "won"}
        Every deal, or won ones only.
    cutoff : float
        Last day that is known.
    leads_until, deals_until : float
        Last day on which rows were still added.
    converted_known, won_known : bool
        Whether leads say what became of them.
    lead_sources, deal_sources : tuple of str
        Labels of the codes of sources.
    """

    leads: pd.DataFrame | None
    deals: pd.DataFrame | None
    leads_are: str
    deals_are: str
    cutoff: float
    leads_until: float
    deals_until: float
    converted_known: bool
    won_known: bool
    lead_sources: tuple[str, ...] = ()
    deal_sources: tuple[str, ...] = field(default=())

    @property
    def has_losses(self) -> bool:
        """Whether win rates can be told: deals were won, and others lost."""
        return self.deals is not None and self.deals_are == "deal" and bool((self.deals["outcome"] == LOST).any())

    def as_of(self, day: float) -> Export:
        """What was known at the end of an earlier day: later rows are not there, later ends are open."""
        leads, deals = self.leads, self.deals
        if leads is not None:
            leads = leads[leads["created"] <= day].copy()
            for name in ("converted", "won"):
                late = ~(leads[name] <= day)
                leads.loc[late, name] = np.nan
                leads.loc[late, f"is_{name}"] = False
        if deals is not None:
            known = deals["closed"] if self.deals_are == "won" else deals["created"]
            deals = deals[known <= day].copy()
            late = ~(deals["closed"] <= day)
            deals.loc[late, "closed"] = np.nan
            deals.loc[late, "outcome"] = OPEN
        return replace(
            self, leads=leads, deals=deals, cutoff=day,
            leads_until=min(self.leads_until, day), deals_until=min(self.deals_until, day),
        )  # fmt: skip

    # ------------------------------------------------------------ times

    def deal_cells(self) -> Cells | None:
        """Days from creation to winning or losing; open deals are watched until the cutoff."""
        if self.deals is None or self.deals_are != "deal":
            return None
        timed = self.deals[np.isfinite(self.deals["created"])]
        timed = timed[(timed["outcome"] == OPEN) | np.isfinite(timed["closed"])]
        if timed.empty:
            return None
        end = np.where(timed["outcome"] == OPEN, self.cutoff, timed["closed"])
        return cells(end - timed["created"].to_numpy(), timed["outcome"].to_numpy(float))

    def lead_cells(self, event: str, since: float = -math.inf, rows: NDArray[np.bool_] | None = None) -> Cells | None:
        """Days from a lead to its conversion or win; ``since`` watches from that day on only."""
        if self.leads is None or not self.knows(event):
            return None
        leads = self.leads if rows is None else self.leads[rows]
        usable = np.isfinite(leads["created"]) & ~(leads[f"is_{event}"] & ~np.isfinite(leads[event]))
        leads = leads[usable.to_numpy(bool)]
        happened = np.isfinite(leads[event].to_numpy(float))
        end = np.where(happened, leads[event], self.cutoff)
        inside = end >= since
        if not inside.any():
            return None
        created = leads["created"].to_numpy()[inside]
        entry = np.maximum(since - created, 0.0) if math.isfinite(since) else None
        return cells(end[inside] - created, happened[inside].astype(float), entry)

    def knows(self, event: str) -> bool:
        """Whether leads say when they converted, or won."""
        return self.won_known if event == "won" else self.converted_known


def join(leads: Clean | None, deals: Clean | None, issues: Issues, as_of: float | None = None) -> Export:
    """Join the tables, find the day of the export, forget the keys.

    Raises
    ------
    ParameterError
        Nothing with a date is left.
    """
    lead_frame = None if leads is None else leads.frame.copy()
    deal_frame = None if deals is None else deals.frame.copy()
    deals_are = "deal" if deals is None else str(deals.read["rows_are"])
    known = {"converted": False, "won": False} if leads is None else dict(leads.read["known"])
    linked = (
        lead_frame is not None and deal_frame is not None and _link(lead_frame, deal_frame, known, deals_are, issues)
    )
    days = [
        frame[name].to_numpy(float)
        for frame in (lead_frame, deal_frame)
        if frame is not None
        for name in ("created", "closed", "converted", "won")
        if name in frame
    ]
    together = np.concatenate(days)
    together = together[np.isfinite(together)]
    if not len(together):
        name = (deals or leads).read["file"] if (deals or leads) else ""  # type: ignore[union-attr]
        raise ParameterError(f"{name}: no row has a date that can be read.")
    cutoff = float(together.max()) if as_of is None else as_of
    export = Export(
        lead_frame, deal_frame,
        "lead" if leads is None else str(leads.read["rows_are"]), deals_are, cutoff,
        _until(lead_frame, "created", cutoff), _until(deal_frame, "created", cutoff),
        known["converted"] or linked, known["won"] or linked,
        () if leads is None else tuple(leads.sources), () if deals is None else tuple(deals.sources),
    )  # fmt: skip
    export = export.as_of(cutoff) if as_of is not None else export
    _note_stale(export, issues)
    _note_quiet(export, issues)
    if export.deals is not None and export.deals_are == "deal" and not export.has_losses:
        issues.add("no_losses", "deals", export.deals.index[export.deals["outcome"] == WON])
    return replace(export, leads=_without_keys(export.leads), deals=_without_keys(export.deals))


def _without_keys(frame: pd.DataFrame | None) -> pd.DataFrame | None:
    return None if frame is None else frame.drop(columns=["key", "lead_key", "deal_key"], errors="ignore")


def _link(leads: pd.DataFrame, deals: pd.DataFrame, known: dict[str, bool], deals_are: str, issues: Issues) -> bool:
    """Tell leads what became of them, and deals where they came from, where a key joins them."""
    if (deals["lead_key"] != "").any() and (leads["key"] != "").any():
        to_lead = deals["lead_key"].map(_places(leads["key"]))
    elif (leads["deal_key"] != "").any() and (deals["key"] != "").any():
        to_lead = deals["key"].map(_places(leads["deal_key"]))
    else:
        return False
    named = deals["lead_key"] != ""
    issues.add("linked_missing", "deals", deals.index[named & to_lead.isna()])
    found = to_lead.notna()
    if not found.any():
        return False
    places = to_lead[found].astype(int).to_numpy()
    created = leads["created"].to_numpy()
    if deals_are == "won":
        begun = np.full(len(deals), np.nan)
        begun[found.to_numpy()] = created[places]
        early = deals["closed"] < begun
        issues.add("closed_before_created", "deals", deals.index[early])
        deals["created"] = np.where(early, np.nan, begun)
    events = {"won": (deals["outcome"] == WON, deals["closed"])}
    if deals_are == "deal":
        events["converted"] = (pd.Series(True, index=deals.index), deals["created"])
    for name, (happened, when) in events.items():
        if known[name]:
            continue
        chosen = (found & happened).to_numpy()
        at = to_lead[chosen].astype(int).to_numpy()
        day = when.to_numpy(float)[chosen]
        day = np.where(day < created[at], np.where(day >= created[at] - 1, created[at], np.nan), day)
        leads.loc[leads.index[at], name] = day
        leads.loc[leads.index[at], f"is_{name}"] = True
    if (deals["source"] < 0).all():
        deals.loc[found, "source"] = leads["source"].to_numpy()[places]
    return True


def _places(keys: pd.Series[str]) -> dict[str, int]:
    return {key: place for place, key in enumerate(keys) if key}


def _until(frame: pd.DataFrame | None, name: str, cutoff: float) -> float:
    """Last day on which rows were added: the cutoff, unless the table clearly ends before."""
    if frame is None or name not in frame or not np.isfinite(frame[name]).any():
        return cutoff
    days = np.sort(frame[name].dropna().to_numpy())
    recent = np.diff(days[-200:])
    usual = float(np.quantile(recent, 0.95)) if len(recent) else 0.0
    last = float(days[-1])
    return cutoff if cutoff - last <= max(QUIET, 3.0 * usual) else last


def _note_quiet(export: Export, issues: Issues) -> None:
    """A table whose rows end before the export does: it was cut by date of creation, or nobody enters any more."""
    for table, frame, until in (
        ("leads", export.leads, export.leads_until),
        ("deals", export.deals, export.deals_until),
    ):
        if frame is not None and until < export.cutoff and not (table == "deals" and export.deals_are == "won"):
            issues.add("nothing_new", table, count=round(export.cutoff - until), detail=shown(until))


def _note_stale(export: Export, issues: Issues) -> None:
    """Open deals older than nearly all that ever closed: nobody works on them, nobody said so."""
    if export.deals is None:
        return
    lasted = (export.deals["closed"] - export.deals["created"]).dropna()
    if len(lasted) < 20:
        return
    old = (export.deals["outcome"] == OPEN) & (export.cutoff - export.deals["created"] > 2.0 * lasted.quantile(0.95))
    issues.add("open_stale", "deals", export.deals.index[old])

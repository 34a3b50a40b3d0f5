"""One fit from files to results."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from experiments.fitting import cleaning, estimates, forecast, plain, profile, tables
from experiments.fitting.estimate import NOTHING, Estimate
from experiments.fitting.estimates import Facts
from experiments.fitting.export import Export, join
from experiments.fitting.issues import Issues
from experiments.fitting.mapping import Mapped, map_columns
from experiments.fitting.matching import Target, match, target
from experiments.fitting.months import shown
from sim.configuration import load
from sim.parameters import ParameterError, Params

BASES = {"smb": 8_000.0, "mid_market": 35_000.0, "enterprise": 150_000.0}  # mean ACV of each
CYCLES = {"smb": 35.0, "mid_market": 75.0, "enterprise": 160.0}  # days, where no amount tells
FEWEST_WINS = 20  # below which nothing is matched to wins


@dataclass(frozen=True)
class Asked:
    """What a fit is asked for.

    Attributes
    ----------
    leads, deals : str or None
        Files; one at least.
    mapping : str
        One of :data:`experiments.fitting.mapping.MAPPINGS`.
    name : str
        Of the organisation that comes out.
    columns : mapping of str to mapping
        Table → field → column, as told.
    choices : Choices
        How cells are read.
    sheet : str or None
        Of an Excel file.
    base : str or None
        Profile for all that the export does not hold; None: chosen by the size of deals.
    as_of : float or None
        Day of the export, if not its last date.
    sellers : int or None
        Sellers at work, if the export does not say or says it wrong.
    """

    leads: str | None
    deals: str | None
    mapping: str
    name: str
    columns: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    choices: cleaning.Choices = field(default_factory=cleaning.Choices)
    sheet: str | None = None
    base: str | None = None
    as_of: float | None = None
    sellers: int | None = None


@dataclass(frozen=True)
class Fitted:
    """What came out.

    Attributes
    ----------
    organisation : dict
        Contents of ``organisation/<name>.yaml``.
    notes : dict of str to str
        Dotted name → where its value comes from, for the comments of that file.
    content : dict
        Contents of ``fit.json``.
    """

    organisation: dict[str, Any]
    notes: dict[str, str]
    content: dict[str, Any]


def read(asked: Asked) -> tuple[Export, Issues, dict[str, Any]]:
    """Read, map, clean and join the files: the export, what was wrong with it, how it was read."""
    issues = Issues()
    cleaned: dict[str, cleaning.Clean] = {}
    for table, given in (("leads", asked.leads), ("deals", asked.deals)):
        if given is None:
            continue
        source = tables.open_table(table, given, asked.sheet)
        mapped: Mapped = map_columns(source, asked.mapping, asked.columns.get(table, {}))
        cleaned[table] = cleaning.clean(source, mapped, asked.choices, issues)
    if asked.mapping == "olist" and "deals" in cleaned and "leads" not in cleaned:
        raise ParameterError("mapping=olist: the closed deals say nothing without the leads; give leads=FILE too.")
    export = join(cleaned.get("leads"), cleaned.get("deals"), issues, asked.as_of)
    return export, issues, {table: one.read for table, one in cleaned.items()}


def fit(asked: Asked, report: Callable[[str], None] | None = None) -> Fitted:
    """From files to an organisation, with everything that a report says about it.

    Raises
    ------
    ParameterError
        Something given is wrong, or the export holds too little.
    """
    say = report or (lambda _: None)
    say("reading")
    export, issues, how = read(asked)
    say("estimating")
    facts = estimates.estimate(export)
    _enough(facts, export)
    say("testing")
    watched = forecast.watch(export)
    tested = forecast.back_test(export, watched)
    ahead = forecast.foretell(export, watched)
    say("matching")
    base_name = asked.base or choose_base(facts)
    base = load(base_name)
    sellers = _sellers(asked, facts, base)
    targets = _targets(facts, export, sellers)
    finds = export.deals_are == "deal"  # else every win comes from a lead
    found = match(base, sellers, targets, finds)
    say("measuring")
    made = profile.build(base_name, base, sellers, found, targets, facts, asked.sellers is not None, finds)
    held = ", ".join(f"{key} ({value:.3g})" for key, value in made.beyond.items())
    issues.add("held_at_bound", "fit", count=len(made.beyond), detail=held)
    unmet = [f"{one['what']}: {one['simulated']:.3g}, not {one['export']:.3g}" for one in made.unmet]
    issues.add("not_reached", "fit", count=len(unmet), detail="; ".join(unmet))
    content = {
        "name": asked.name,
        "mapping": asked.mapping,
        "first": shown(facts.first),
        "cutoff": shown(facts.cutoff),
        "read": how,
        "quality": [issue.plain() for issue in issues],
        "estimates": plain.facts_plain(facts, export),
        "forecast": ahead.plain(),
        "back_test": tested,
        "base": base_name,
        **made.content,
    }
    return Fitted(made.organisation, made.notes, content)


def _enough(facts: Facts, export: Export) -> None:
    rows = sum(len(frame) for frame in (export.leads, export.deals) if frame is not None)
    wins = 0 if facts.wins is None else int(facts.wins.counts.sum())
    span = facts.cutoff - facts.first
    if rows < 30 or span < 28 or (wins < 3 and facts.leads is None):
        raise ParameterError(
            f"too little to fit: {rows:,} usable rows over {max(span, 0):.0f} days with {wins:,} dated wins; at least "
            "30 rows over four weeks are needed, and three wins where there are only deals."
        )


def choose_base(facts: Facts) -> str:
    """The profile whose deals are of nearest size; where no amount tells, of nearest length."""
    size = facts.mean_deal.value
    if math.isfinite(size) and size > 0:
        # Won deals are larger than leads (about 1.3 times in the profiles).
        return min(BASES, key=lambda name: abs(math.log(size / 1.3 / BASES[name])))
    if facts.deal is not None and math.isfinite(facts.deal.quantiles[0.5].value):
        days = max(facts.deal.quantiles[0.5].value, 1.0)
        return min(CYCLES, key=lambda name: abs(math.log(days / CYCLES[name])))
    return "smb" if facts.lead_won is not None else "mid_market"


def _sellers(asked: Asked, facts: Facts, base: Params) -> int:
    if asked.sellers is not None:
        return asked.sellers
    if facts.sellers is not None and facts.sellers.active.value >= 1:
        return int(facts.sellers.active.value)
    return base.people.sellers


def _targets(facts: Facts, export: Export, sellers: int) -> list[Target]:
    """What this export can tell of what the simulation shows."""
    wins = 0 if facts.wins is None else int(facts.wins.counts.sum())
    found: list[Target] = []
    what = "mqls" if export.leads_are == "mql" else "leads"
    won = None if facts.wins is None or wins < FEWEST_WINS else facts.wins.usual
    deals = export.deals is not None and export.deals_are == "deal"
    if facts.opportunities is not None:
        if deals and not export.has_losses:  # what was lost is missing, so these are not all opportunities
            found += target("flow", "wins", won, sellers)
        else:
            found += target("flow", "opportunities", facts.opportunities.usual, sellers)
        if facts.leads is not None:
            found += target("volume", what, facts.leads.usual, sellers)
    elif facts.leads is not None:
        found += target("load", what, facts.leads.usual, sellers)
        found += target("yield", "marketing_wins", won, sellers)
    else:
        found += target("flow", "wins", won, sellers)
    if won is None:
        return found
    if facts.deal is not None and export.has_losses:
        found += target("win_rate", "win_rate", facts.deal.win_rate)
    lasting, what = _lasting(facts, export)
    if lasting is not None:
        found += target("cycle", what, _at_least_a_day(lasting.quantiles[0.5]))
        if what == "deal_days":  # from a lead on, most of the spread is waiting, not the buyer's cycle
            found += target("cycle_spread", f"{what}_spread", lasting.log_spread)
    found += target("deal", "deal_size", facts.mean_deal)
    found += target("deal_spread", "deal_size_spread", facts.deal_spread)
    return found


def _lasting(facts: Facts, export: Export) -> tuple[Any, str]:
    if facts.deal is not None:
        return facts.deal, "deal_days"
    if facts.lead_won is not None:
        return facts.lead_won, "mql_days" if export.leads_are == "mql" else "lead_days"
    return None, ""


def _at_least_a_day(found: Estimate) -> Estimate:
    """A median of 0 days is one of less than a day: days are whole in exports."""
    if not math.isfinite(found.value):
        return NOTHING
    # Half a day either way is what rounding to days leaves open.
    rounding = math.log1p(0.5 / max(found.value, 0.5)) / math.sqrt(3)
    se = math.hypot(found.se, rounding) if math.isfinite(found.se) else rounding
    return Estimate(
        max(found.value, 0.5), max(found.low, 0.25), max(found.high, 0.75), found.n, float(np.maximum(se, 0.02))
    )

"""The two pages that a manager reads: the answer, what waiting costs, what would change it, where it fails."""

from __future__ import annotations

import math

from analysis.inaction.claims import ROOT, Sentence
from analysis.inaction.document import Block, Bullets, Heading, Picture, Section, Table, Text, Tile, Tiles
from analysis.inaction.figures import start_name
from analysis.inaction.teller import Teller
from analysis.inaction.words import words
from analysis.money.results import Programme, Result, Swing, ToCollect
from analysis.texts import capital

PROGRAMME = (ROOT, "programmes", 0)
NOW = (*PROGRAMME, "starts", 0)
YEARLY = 12
MOST_REGIONS, MOST_FACTS = 2, 5
ERROR_RATE = 0.05  # of calling a variable important that only chance made look so


def answer(result: Result, tell: Teller, gated: dict[str, Sentence]) -> Section:
    """The numbers looked for first, the other claims, and what kind of study this is."""
    say = words(tell.language)
    blocks: list[Block] = []
    if result.made != "runs":
        blocks.append(Text(say("by_hand"), tone="warning"))
    blocks.append(_tiles(result, tell))
    others = [one.text for name, one in gated.items() if name != "inaction_costs" and one.form != "not_applicable"]
    blocks.append(Bullets(tuple(others)))
    blocks.append(Text(say("stance"), tone="stance"))
    return Section("answer", "", tuple(blocks))


def _tiles(result: Result, tell: Teller) -> Tiles:
    say = words(tell.language)
    start = result.programmes[0].starts[0]
    tiles = []
    for name, path in (("npv", (*NOW, "npv")), ("delay", (*PROGRAMME, "delay_per_month"))):
        mean, interval = tell.estimate(*path)
        note = say(f"tiles.{name}_note", chance=tell.chance(*path, "probability_positive"))
        tiles.append(Tile(say(f"tiles.{name}"), mean, say("range95", range=interval), note))
    month = start.payback.q50
    tiles.append(
        Tile(
            say("tiles.payback"),
            say("tiles.month", month=tell.decimal(*NOW, "payback", "q50")) if month else say("tiles.no_payback"),
            _payback_range(result, tell),
            say("tiles.payback_note", share=tell.chance(*NOW, "payback", "share")),
        )
    )
    hours = (ROOT, "status_quo", "wasted_hours")
    tiles.append(
        Tile(
            say("tiles.waste"),
            tell.count(*hours, "mean", unit="hours"),
            say("tiles.waste_share", share=tell.percent(ROOT, "status_quo", "wasted_share", "mean")),
            say("tiles.capacity"),
        )
    )
    return Tiles(tuple(tiles))


def _payback_range(result: Result, tell: Teller) -> str:
    found = result.programmes[0].starts[0].payback
    say = words(tell.language)
    if found.q10 is None:
        return ""
    low = tell.decimal(*NOW, "payback", "q10")
    if found.q90 is None:
        return say("tiles.payback_open", low=low)
    return say("tiles.payback_range", low=low, high=tell.decimal(*NOW, "payback", "q90"))


def waiting(result: Result, tell: Teller) -> Section:
    """What inaction costs by when, and what a later start gives up."""
    say = words(tell.language)
    digits = 0 if round(1000 * result.client.discount_rate) % 10 == 0 else 1
    blocks: list[Block] = [
        Picture("inaction", say("pictures.inaction.alt"), say("pictures.inaction.caption")),
        _starts(result, tell),
        Text(say("waiting.note", rate=tell.percent(ROOT, "client", "discount_rate", digits=digits)), tone="fine"),
    ]
    return Section("waiting", say("titles.waiting"), tuple(blocks))


def _starts(result: Result, tell: Teller) -> Table:
    """One row a start."""
    say, rows, starts = words(tell.language), [], result.programmes[0].starts
    paths = [(*PROGRAMME, "starts", place) for place in range(len(starts))]
    values = tell.column([(*path, "npv") for path in paths])
    given_up = tell.column([(*path, "given_up") for path in paths])
    for path, start, value, (given, _) in zip(paths, starts, values, given_up, strict=True):
        lost, right = ("—", "—")
        if start.delay_months != 0:
            lost, right = given, tell.chance(*path, "probability_waiting_was_right")
        if start.delay_months is None:
            rows.append((say("starts.never_row"), "0", "—", "—", lost, right))
            continue
        month = "—" if start.payback.q50 is None else tell.decimal(*path, "payback", "q50")
        rows.append((capital(start_name(tell, start)), *value, month, lost, right))
    head = tuple(say(f"waiting.{name}") for name in ("start", "npv", "interval", "payback", "given_up", "right"))
    widths = (0.19, 0.15, 0.26, 0.13, 0.15, 0.12)
    return Table(head, tuple(rows), (False, True, True, True, True, True), widths=widths)


def horizon_table(result: Result, tell: Teller) -> Table:
    """Cumulated cash at the end of each year: begun now, against going on as today."""
    say, rows = words(tell.language), []
    path = (*NOW, "cumulative")
    months = len(result.programmes[0].starts[0].cumulative.mean)
    ends = sorted({*range(YEARLY, months + 1, YEARLY), months})
    beside = max(abs(tell.number(*path, name, month - 1)) for month in ends for name in ("q025", "q975"))
    for month in ends:
        place = month - 1
        bounds = [(*path, name, place) for name in ("q025", "q975", "q10", "q90")]
        mean = tell.mean_of((*path, "mean", place), bounds[0], bounds[1], short=True, beside=beside)
        ninetyfive, eighty = (tell.money_range(*bounds[k : k + 2], short=True, beside=beside) for k in (0, 2))
        rows.append((str(month), mean, eighty, ninetyfive))
    head = tuple(say(f"by_when.{name}") for name in ("month", "mean", "eighty", "ninetyfive"))
    return Table(head, tuple(rows), (False, True, True, True))


def change(result: Result, tell: Teller) -> Section:
    """What would change the answer: the swing variables, luck, and what to find out."""
    say, programme = words(tell.language), result.programmes[0]
    blocks: list[Block] = []
    if programme.tornado:
        blocks += [
            Text(_swing(programme, tell)),
            Picture("tornado", say("pictures.tornado.alt"), say("pictures.tornado.caption")),
        ]
    spread = (*PROGRAMME, "spread")
    shares = {name: tell.percent(*spread, name) for name in ("parameters", "luck")}
    blocks.append(Text(say("change.spread", **shares)))
    if programme.to_collect:
        blocks.append(Heading(say("change.collect")))
        blocks.append(Bullets(tuple(_collect(programme, tell)), ordered=True))
        if any(_unsure(fact) for fact in programme.to_collect[:MOST_FACTS]):
            blocks.append(Text(say("change.by_chance_note"), tone="fine"))
    return Section("change", say("titles.change"), tuple(blocks), breaks=True)


def _swing(programme: Programme, tell: Teller) -> str:
    """What moves the answer most, and whether anything alone turns it."""
    say, lang, first = words(tell.language), tell.language, programme.tornado[0]
    path = (*PROGRAMME, "tornado", 0)
    names = ("npv_low", "npv_high")
    ends = dict(zip(names, tell.amounts(*((*path, name) for name in names)), strict=True))
    if first.low is None or first.high is None:
        text = say("change.swing_word", label=first.label[lang], **ends)
    else:
        values = {name: tell.factor(*path, name, key=first.key) for name in ("low", "high")}
        text = say("change.swing", label=first.label[lang], **values, **ends)
    turning = [
        swing.label[lang]
        for swing in programme.tornado
        if swing.npv_low * swing.npv_high < 0.0 and math.isfinite(swing.npv_low * swing.npv_high)
    ]
    turns = say("change.turn", labels=say.listed(turning[:3])) if turning else say("change.no_turn")
    return " ".join([text, *([say("change.by_chance")] if _unsure(first) else []), turns])


def _unsure(found: Swing | ToCollect) -> bool:
    """Whether chance alone, among so many variables, would show as much more often than is usually let pass."""
    return found.by_chance > ERROR_RATE


def _collect(programme: Programme, tell: Teller) -> list[str]:
    say, lang = words(tell.language), tell.language
    return [
        say(
            "change.fact_unsure" if _unsure(fact) else "change.fact",
            label=capital(fact.label[lang]),
            how=fact.how[lang].rstrip("."),
            share=tell.percent(*PROGRAMME, "to_collect", place, "variance_share"),
        )
        for place, fact in enumerate(programme.to_collect[:MOST_FACTS])
    ]


def failing(result: Result, tell: Teller) -> Section:
    """Where our advice fails: on by default, and said in words even where nothing was found."""
    say, losing = words(tell.language), result.programmes[0].losing
    path = (*PROGRAMME, "losing")
    blocks: list[Block] = []
    counted = {"draws": tell.decimal(*path, "draws"), "share": tell.percent(*path, "share")}
    if losing.share <= 0.0:
        blocks.append(Text(say("failing.never", **counted)))
    elif losing.share >= 1.0:
        blocks.append(Text(say("failing.always", **counted)))
    else:
        blocks.append(Text(say("failing.share", **counted)))
        blocks += _regions(result, tell)
    return Section("failing", say("titles.failing"), tuple(blocks))


def _regions(result: Result, tell: Teller) -> list[Block]:
    say, losing = words(tell.language), result.programmes[0].losing
    path = (*PROGRAMME, "losing")
    if not losing.regions:
        return [Text(say("failing.no_region"))]
    found = [
        say(
            "failing.region",
            text=capital(tell.currency(region.text[tell.language])),
            coverage=tell.percent(*path, "regions", place, "coverage"),
            density=tell.percent(*path, "regions", place, "density"),
        )
        for place, region in enumerate(losing.regions[:MOST_REGIONS])
    ]
    lead = Text(say("failing.holds" if losing.holds else "failing.doubtful"))
    blocks: list[Block] = [lead, Bullets(tuple(found))]
    if losing.density_unseen is not None and losing.base is not None:
        unseen = {name: tell.percent(*path, name) for name in ("density_unseen", "base")}
        blocks.append(Text(say("failing.unseen", **unseen), tone="fine"))
    return blocks

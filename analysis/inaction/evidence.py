"""The pages behind the answer: today, gains, other programmes, the audit, assumptions, method, reproduction."""

from __future__ import annotations

from analysis.inaction.claims import ROOT
from analysis.inaction.document import Block, Bullets, Code, Heading, Picture, Section, Table, Text
from analysis.inaction.summary_pages import PROGRAMME, horizon_table
from analysis.inaction.teller import Step, Teller
from analysis.inaction.words import words
from analysis.money.results import Fact, Result
from analysis.texts import Texts, capital

JUDGEMENT = "judgement"
MOST_WASTE = 10


def today(result: Result, tell: Teller) -> Section:
    """Going on as today: ARR, and paid time that nobody gains from."""
    say, status = words(tell.language), result.status_quo
    path = (ROOT, "status_quo")
    mean, interval = tell.estimate(*path, "closing_arr", short=False)
    closing = {
        "arr": mean,
        "range": interval,
        "growth": tell.percent(*path, "growth", "mean", digits=1),
        "months": tell.decimal(ROOT, "client", "months"),
    }
    blocks: list[Block] = [
        Text(say("today.arr", **closing)),
        Picture("today", say("pictures.today.alt"), say("pictures.today.caption")),
        Heading(say("today.waste")),
        Text(say("today.capacity", money=tell.estimate(*path, "wasted_money", short=False)[0])),
    ]
    if status.waste:
        blocks.append(Picture("waste", say("pictures.waste.alt"), say("pictures.waste.caption")))
        rows = []
        for place, row in enumerate(status.waste[:MOST_WASTE]):
            at = (*path, "waste", place)
            rows.append(
                (
                    f"{capital(row.role_label[tell.language])}: {row.cause_label[tell.language]}",
                    say(f"basis.{row.basis}"),
                    tell.size(*at, "hours", "mean"),
                    *tell.estimate(*at, "money"),
                )
            )
        head = tuple(say(f"today.{name}") for name in ("what", "basis", "hours", "money", "interval"))
        blocks.append(Table(head, tuple(rows), (False, False, True, True, True)))
    return Section("today", say("titles.today"), tuple(blocks))


def gains(result: Result, tell: Teller) -> Section | None:
    """Where the gain comes from; None where the programme was not taken apart."""
    say, found = words(tell.language), result.programmes[0].decomposition
    blocks: list[Block] = [Heading(say("by_when.title")), horizon_table(result, tell)]
    if found is not None:
        path = (*PROGRAMME, "decomposition")
        blocks += [
            Heading(say("gains.title")),
            Text(say("gains.whole", **_amount(tell, *path, "whole"))),
            Picture("parts", say("pictures.parts.alt"), say("pictures.parts.caption")),
        ]
        if found.payout_only is not None and found.behaviour_on is not None:
            texts = {
                name: say("amount_range", **_amount(tell, *path, name)) for name in ("payout_only", "behaviour_on")
            }
            blocks.append(Text(say("gains.payout", **texts)))
    blocks += _outcome(result, tell)
    return Section("gains", say("titles.gains"), tuple(blocks))


def _outcome(result: Result, tell: Teller) -> list[Block]:
    """How far the programme itself gets."""
    start = result.programmes[0].starts[0]
    if start.success is None or start.failure is None or start.adoption is None:
        return []
    say = words(tell.language)
    shares = {name: tell.percent(*PROGRAMME, "starts", 0, name) for name in ("success", "failure", "adoption")}
    return [Heading(say("gains.outcome")), Text(say("gains.realised", **shares))]


def _amount(tell: Teller, *path: Step) -> dict[str, str]:
    mean, interval = tell.estimate(*path, short=False)
    return {"mean": mean, "range": interval}


def others(result: Result, tell: Teller) -> Section | None:
    """The programmes side by side; None where there is one."""
    if len(result.programmes) < 2:
        return None
    say, rows = words(tell.language), []
    for place, programme in enumerate(result.programmes):
        start = (ROOT, "programmes", place, "starts", 0)
        rows.append(
            (
                programme.label,
                tell.money(ROOT, "programmes", place, "cost", short=True),
                *tell.estimate(*start, "npv"),
                tell.chance(*start, "npv", "probability_positive"),
                "—" if programme.starts[0].payback.q50 is None else tell.decimal(*start, "payback", "q50"),
            )
        )
    head = tuple(say(f"others.{name}") for name in ("programme", "cost", "npv", "interval", "chance", "payback"))
    return Section(
        "programmes",
        say("titles.programmes"),
        (
            Text(say("others.intro")),
            Picture("programmes", say("pictures.programmes.alt"), say("pictures.programmes.caption")),
            Table(head, tuple(rows), (False, True, True, True, True, True)),
        ),
    )


def audit(result: Result, tell: Teller) -> Section | None:
    """What marketing, sales and management said, where they disagree, and what was made of it."""
    say, found, lang = words(tell.language), result.audit, tell.language
    if not found.answers:
        return None
    path, rows, said = (ROOT, "audit"), [], []
    for place, answer in enumerate(found.answers):
        said += [f"{say(f'audit.{who}')}: “{text}”" for who, text in answer.said.items() if text]
        if answer.marketing is None and answer.sales is None and answer.management is None:
            continue
        cells = []
        for who in ("marketing", "sales", "management"):
            missing = getattr(answer, who) is None
            cells.append("—" if missing else tell.decimal(*path, "answers", place, who))
        gap = "—" if answer.gap is None else tell.percent(*path, "answers", place, "gap")
        rows.append((answer.text[lang], *cells, gap))
    head = tuple(say(f"audit.{name}") for name in ("question", "marketing", "sales", "management", "gap"))
    gap = "" if found.gap is None else say("audit.mean_gap", gap=tell.percent(*path, "gap"))
    blocks: list[Block] = [
        Text(" ".join(filter(None, (say("audit.intro"), gap)))),
        Table(head, tuple(rows), (False, True, True, True, True)),
    ]
    if said:
        blocks += [Heading(say("audit.said")), Bullets(tuple(said))]
    if found.ranges:
        ranges = tuple(
            (
                capital(one.label[lang]),
                tell.quantity(*path, "ranges", place, "low"),
                tell.quantity(*path, "ranges", place, "mean"),
                tell.quantity(*path, "ranges", place, "high"),
                say.unit(one.unit),
            )
            for place, one in enumerate(found.ranges)
        )
        names = tuple(say(f"audit.{name}") for name in ("lever", "low", "mean", "high", "unit"))
        blocks += [Heading(say("audit.ranges")), Table(names, ranges, (False, True, True, True, False))]
    return Section("audit", say("titles.audit"), tuple(blocks))


def assumptions(result: Result, tell: Teller) -> Section:
    """What the answer rests on: given, fitted, audited, assumed, with grades; judgement is loud."""
    say = words(tell.language)
    facts = list(enumerate(result.client.facts))
    known = [(place, fact) for place, fact in facts if fact.source != "assumed"]
    assumed = [(place, fact) for place, fact in facts if fact.source == "assumed"]
    judged = sum(fact.grade == JUDGEMENT for _, fact in assumed)
    blocks: list[Block] = [Text(warning[tell.language], tone="warning") for warning in result.client.warnings]
    if known:
        head = tuple(say(f"facts.{name}") for name in ("what", "value", "range", "source"))
        rows: tuple[tuple[str, ...], ...] = tuple(
            (*_fact(tell, place, fact), say(f"facts.sources.{fact.source}")) for place, fact in known
        )
        blocks += [Heading(say("facts.known")), Table(head, rows, (False, True, True, False))]
    if assumed:
        head = tuple(say(f"facts.{name}") for name in ("what", "value", "range", "origin", "grade"))
        lines = tuple(
            (*_fact(tell, place, fact), origin(say, fact), say(f"facts.grades.{fact.grade}")) for place, fact in assumed
        )
        loud = tuple(row for row, (_, fact) in enumerate(assumed) if fact.grade == JUDGEMENT)
        intro = say("facts.intro", assumed=len(assumed), judged=judged, profile=result.client.profile)
        widths = (0.34, 0.13, 0.18, 0.25, 0.1)
        table = Table(head, lines, (False, True, True, False, False), widths=widths, loud=loud)
        blocks += [Heading(say("facts.assumed")), Text(intro), table]
    return Section("assumptions", say("titles.assumptions"), tuple(blocks))


def origin(say: Texts, fact: Fact) -> str:
    """Where an assumed value comes from; our own judgement is called so."""
    return say("facts.grades.judgement") if fact.origin == JUDGEMENT else say.source(fact.origin)


def _fact(tell: Teller, place: int, fact: Fact) -> tuple[str, str, str]:
    """What, value, and the 95 % range where it is uncertain."""
    say = words(tell.language)
    path, unit = (ROOT, "client", "facts", place), say.unit(fact.unit)
    value = "—" if fact.value is None else tell.quantity(*path, "value", unit=unit)
    span = "—"
    if fact.low is not None and fact.high is not None:
        span = say("span", low=tell.quantity(*path, "low"), high=tell.quantity(*path, "high"))
    return capital(fact.label[tell.language]), value, span


def method(result: Result, tell: Teller) -> Section:
    """How the numbers came about, and the conventions of money."""
    say, lang = words(tell.language), tell.language
    spread = (*PROGRAMME, "spread")
    counts = {"draws": tell.decimal(*spread, "draws"), "per_draw": tell.decimal(*spread, "per_draw")}
    conventions = tuple(text[lang] for text in result.conventions.values())
    blocks = (Text(say("method.model")), Text(say("method.runs", **counts)), Bullets(conventions))
    return Section("method", say("titles.method"), blocks)


def reproduce(result: Result, tell: Teller) -> Section:
    """How to have the same numbers again."""
    say, made = words(tell.language), result.reproduce
    facts = say(
        "reproduce2.facts",
        seed=made.seed,
        replications=tell.decimal(ROOT, "reproduce", "replications"),
        engine=made.engine,
        posterior=made.posterior or "—",
        version=made.version,
    )
    return Section(
        "reproduce",
        say("titles.reproduce"),
        (Code(made.command), Text(facts), Text(say("reproduce2.files"), tone="fine")),
    )

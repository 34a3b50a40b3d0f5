"""The pages behind the answer: today, gains, other programmes, the audit, assumptions, method, reproduction."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from analysis.inaction.claims import ROOT
from analysis.inaction.document import Block, Bullets, Code, Heading, Picture, Section, Table, Text
from analysis.inaction.figures import start_name
from analysis.inaction.summary_pages import PROGRAMME, horizon_table
from analysis.inaction.teller import Step, Teller
from analysis.inaction.words import words
from analysis.money.flows import HIGHEST_RATE
from analysis.money.results import Decomposition, Estimate, Fact, Result
from analysis.texts import Texts, capital
from experiments.inaction.draws import HUMAN

JUDGEMENT, DEFAULT = "judgement", "default"
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
        shown = status.waste[:MOST_WASTE]
        money = tell.column([(*path, "waste", place, "money") for place in range(len(shown))])
        for place, row in enumerate(shown):
            at = (*path, "waste", place)
            rows.append(
                (
                    f"{capital(row.role_label[tell.language])}: {row.cause_label[tell.language]}",
                    say(f"basis.{row.basis}"),
                    tell.size(*at, "hours", "mean"),
                    *money[place],
                )
            )
        head = tuple(say(f"today.{name}") for name in ("what", "basis", "hours", "money", "interval"))
        blocks.append(Table(head, tuple(rows), (False, False, True, True, True)))
    return Section("today", say("titles.today"), tuple(blocks))


def gains(result: Result, tell: Teller) -> Section | None:
    """Where the gain comes from; None where the programme was not taken apart."""
    say, found = words(tell.language), result.programmes[0].decomposition
    blocks: list[Block] = [Heading(say("by_when.title")), horizon_table(result, tell), *_worth(result, tell)]
    if found is not None:
        path = (*PROGRAMME, "decomposition")
        blocks += [
            Heading(say("gains.title")),
            Text(say("gains.whole", **_amount(tell, *path, "whole"))),
            Picture("parts", say("pictures.parts.alt"), say("pictures.parts.caption")),
        ]
        if found.payout_only is not None and found.behaviour_on is not None:
            names = ("payout_only", "behaviour_on")
            amounts = tell.column([(*path, name) for name in names], short=False)
            texts = {
                name: say("amount_range", mean=mean, range=interval)
                for name, (mean, interval) in zip(names, amounts, strict=True)
            }
            blocks.append(Text(say("gains.payout", **texts)))
    blocks += _outcome(result, tell)
    return Section("gains", say("titles.gains"), tuple(blocks))


def parts_of(found: Decomposition, tell: Teller) -> list[tuple[str, Estimate]]:
    """What a programme's gain is made of, its sum, and its pay plan paid and lived by, under their names."""
    say, lang = words(tell.language), tell.language
    parts = [(part.label[lang], part.npv) for part in found.parts] if len(found.parts) > 1 else []
    parts.append((say("figures2.whole"), found.whole))
    pay = {"payout_only": found.payout_only, "behaviour_on": found.behaviour_on}
    return parts + [(say(f"figures2.{name}"), one) for name, one in pay.items() if one is not None]


def _worth(result: Result, tell: Teller) -> list[Block]:
    """What finance asks of each start beside the NPV."""
    say, rows = words(tell.language), []
    begun = [start for start in result.programmes[0].starts if start.delay_months is not None]
    paths = [(*PROGRAMME, "starts", place) for place in range(len(begun))]
    tails = tell.column([(*path, "npv_with_tail") for path in paths])
    for start, path, tail in zip(begun, paths, tails, strict=True):
        even = affordable(tell, *path, "break_even_cost")
        rows.append((capital(start_name(tell, start)), *tail, rate(tell, *path), *even))
    head = tuple(say(f"worth.{name}") for name in ("start", "tail", "interval", "irr", "break_even", "eighty"))
    note = say("worth.note", limit=tell.write.percent(HIGHEST_RATE, 0))
    table = Table(head, tuple(rows), (False, True, True, True, True, True))
    return [Heading(say("worth.title")), table, Text(note, tone="fine")]


def rate(tell: Teller, *path: Step) -> str:
    """The internal rate of the mean cash flow of a start; beyond what means anything, as a bound."""
    found = tell.at(*path, "irr", "of_mean")
    if found is None:
        return "—"
    if found >= HIGHEST_RATE:
        return words(tell.language)("worth.beyond", rate=tell.write.percent(HIGHEST_RATE, 0))
    return tell.percent(*path, "irr", "of_mean")


def affordable(tell: Teller, *path: Step) -> tuple[str, str]:
    """A break-even cost, and what it is in 80 % of the runs; words where not even nothing could be paid."""
    say, found = words(tell.language), tell.at(*path)
    if found["of_mean"] is None:
        return "—", "—"
    low, high = (*path, "q10"), (*path, "q90")
    free = say("worth.not_even_free")
    mean = free if found["of_mean"] <= 0.0 else tell.mean_of((*path, "of_mean"), low, high, short=True)
    if found["q90"] <= 0.0:
        return mean, free
    if found["q10"] <= 0.0:
        return mean, say("worth.up_to", high=tell.money(*high, short=True), free=free)
    return mean, tell.money_range(low, high, short=True)


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
    values = tell.column([(ROOT, "programmes", place, "starts", 0, "npv") for place in range(len(result.programmes))])
    for place, programme in enumerate(result.programmes):
        start = (ROOT, "programmes", place, "starts", 0)
        rows.append(
            (
                programme.label,
                tell.money(ROOT, "programmes", place, "cost", short=True),
                affordable(tell, *start, "break_even_cost")[0],
                *values[place],
                tell.chance(*start, "npv", "probability_positive"),
                "—" if programme.starts[0].payback.q50 is None else tell.decimal(*start, "payback", "q50"),
            )
        )
    head = tuple(
        say(f"others.{name}") for name in ("programme", "cost", "break_even", "npv", "interval", "chance", "payback")
    )
    return Section(
        "programmes",
        say("titles.programmes"),
        (
            Text(say("others.intro")),
            Picture("programmes", say("pictures.programmes.alt"), say("pictures.programmes.caption")),
            Table(
                head,
                tuple(rows),
                (False, True, True, True, True, True, True),
                (0.23, 0.11, 0.13, 0.13, 0.17, 0.13, 0.1),
            ),
            *_their_parts(result, tell),
        ),
    )


def _their_parts(result: Result, tell: Teller) -> list[Block]:
    """Where the gain of the other programmes comes from."""
    say, rows = words(tell.language), []
    for place, programme in enumerate(result.programmes[1:], 1):
        found, path = programme.decomposition, (ROOT, "programmes", place, "decomposition")
        if found is None:
            continue
        paths = [("parts", k, "npv") for k in range(len(found.parts))] if len(found.parts) > 1 else []
        pay = [(name,) for name in ("payout_only", "behaviour_on") if getattr(found, name) is not None]
        values = tell.column([(*path, *step) for step in (*paths, ("whole",), *pay)])
        for (name, _), value in zip(parts_of(found, tell), values, strict=True):
            rows.append((programme.label, capital(name), *value))
    if not rows:
        return []
    head = tuple(say(f"others.{name}") for name in ("programme", "part", "before_cost", "interval"))
    table = Table(head, tuple(rows), (False, False, True, True), (0.32, 0.36, 0.14, 0.18))
    return [Heading(say("others.parts")), table, Text(say("others.parts_note"), tone="fine")]


def audit(result: Result, tell: Teller) -> Section | None:
    """What marketing, sales and management said, where they disagree, and what was made of it."""
    say, found, lang = words(tell.language), result.audit, tell.language
    if not found.answers:
        return None
    path, rows, said = (ROOT, "audit"), [], []
    for place, answer in enumerate(found.answers):
        said += [f"{say(f'audit.{who}')}: {say('quoted', text=text)}" for who, text in answer.said.items() if text]
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
                *(
                    tell.quantity(*path, "ranges", place, end, unit=one.unit, named=False)
                    for end in ("low", "mean", "high")
                ),
                "%" if one.unit == "fraction" else say.unit(one.unit),
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
        intro = say("facts.intro", assumed=len(assumed), judged=judged, profile=result.client.profile)
        blocks += [Heading(say("facts.assumed")), Text(intro)]
        called = {swing.key: swing.label for programme in result.programmes for swing in programme.tornado}
        first = list(called)
        moving = sorted((line for line in assumed if line[1].key in first), key=lambda line: first.index(line[1].key))
        rest = sorted((line for line in assumed if line not in moving), key=lambda line: line[1].grade)
        if moving:
            head = tuple(say(f"facts.{name}") for name in ("what", "value", "range", "origin", "grade"))
            lines = tuple(
                (*_fact(tell, place, fact, called), origin(say, fact), _grade(say, fact)) for place, fact in moving
            )
            widths = (0.34, 0.13, 0.18, 0.25, 0.1)
            table = Table(head, lines, (False, True, True, False, False), widths=widths, loud=_judged(moving))
            blocks += [Heading(say("facts.moving")), table]
        if rest:
            blocks += [Heading(say("facts.rest")), _dense(tell, rest)]
    return Section("assumptions", say("titles.assumptions"), tuple(blocks))


def _dense(tell: Teller, facts: list[tuple[int, Fact]]) -> Table:
    """Assumptions in small print, the better founded first: value with range, grade with origin."""
    say, rows = words(tell.language), []
    for place, fact in facts:
        what, value, span = _fact(tell, place, fact)
        whence = "" if fact.origin == JUDGEMENT else origin(say, fact)
        shown = value if span == "—" else say("amount_range", mean=value, range=span)
        rows.append((what, shown, ": ".join(filter(None, (_grade(say, fact), whence)))))
    head = (say("facts.what"), say("facts.value_range"), say("facts.grade_origin"))
    return Table(head, tuple(rows), (False, True, False), (0.44, 0.32, 0.24), loud=_judged(facts), dense=True)


def _judged(facts: list[tuple[int, Fact]]) -> tuple[int, ...]:
    """Rows that rest on judgement."""
    return tuple(row for row, (_, fact) in enumerate(facts) if fact.grade == JUDGEMENT)


def _grade(say: Texts, fact: Fact) -> str:
    return say(f"facts.grades.{fact.grade}")


def origin(say: Texts, fact: Fact) -> str:
    """Where an assumed value comes from; our own judgement is called so."""
    if fact.origin == DEFAULT:
        return say("facts.default")
    return say("facts.grades.judgement") if fact.origin == JUDGEMENT else say.source(fact.origin)


def _fact(
    tell: Teller, place: int, fact: Fact, called: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[str, str, str]:
    """What, value, and the 95 % range where it is uncertain; after the plain name of what other pages ``called`` so."""
    say = words(tell.language)
    path, unit = (ROOT, "client", "facts", place), fact.unit
    value = "—" if fact.value is None else tell.quantity(*path, "value", unit=unit)
    span = "—"
    if fact.low is not None and fact.high is not None:
        low, high = (tell.quantity(*path, end, unit=unit, named=False) for end in ("low", "high"))
        span = say("span", low=low, high=high)
    what = fact.label[tell.language]
    name = (called or {}).get(fact.key, fact.label)[tell.language]
    return capital(what if name == what else f"{name}: {what}"), value, span


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
    whose = "own" if made.posterior.startswith("posterior of") else "lent"
    drawn_from = say(f"reproduce2.{whose}", name=Path(result.client.profile).stem, human=HUMAN)
    facts = say(
        "reproduce2.facts",
        seed=made.seed,
        replications=tell.decimal(ROOT, "reproduce", "replications"),
        engine=made.engine,
        posterior=drawn_from,
        version=made.version,
    )
    return Section(
        "reproduce",
        say("titles.reproduce"),
        (Code(made.command), Text(facts), Text(say("reproduce2.files"), tone="fine")),
    )

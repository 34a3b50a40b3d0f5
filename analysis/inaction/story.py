"""The twin ledger in words: one lead's story under both regimes, and how many fared alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.inaction.document import Block, Text, Twins
from analysis.inaction.teller import Step, Teller
from analysis.inaction.words import words
from analysis.texts import Texts, capital

SIDES = ("before", "after")
FEW_HOURS = 72.0  # a longer wait is told in days


def twins(tell: Teller, *path: Step, names: tuple[str, str]) -> list[Block]:
    """The ledger that stands at ``path`` of the summary; ``names`` are those of the two regimes.

    The counts come first, and if more leads lost by the change than gained, that is what is
    said and the story told is one of those.
    """
    say = words(tell.language)
    ledger = tell.at(*path)
    if ledger["twin"] is None:
        return [Text(say("twins.none", both=tell.decimal(*path, "both"), before=names[0], after=names[1]))]
    gained, forgone = ledger["gained"], ledger["forgone"]
    way = "more" if gained > forgone else "fewer" if gained < forgone else "even"
    counts = {
        "gained": tell.decimal(*path, "gained"),
        "forgone": tell.decimal(*path, "forgone"),
        "decided": tell.decimal(*path, "decided"),
        "runs": tell.decimal(*path, "runs"),
    }
    twin = ledger["twin"]
    told = "before" if twin["after_ending"] == "won" else "after"  # where it was not won
    rule = say(
        "twins.rule",
        lead=twin["lead"],
        where=names[SIDES.index(told)],
        ending=say(f"twins.endings.{twin[f'{told}_ending']}"),
        alike=tell.decimal(*path, "twin", "alike"),
        acv=tell.money(*path, "twin", "acv"),
    )
    return [
        Text(say(f"twins.counts.{way}", before=names[0], after=names[1], **counts)),
        Text(rule),
        Twins(
            titles=(capital(names[0]), capital(names[1])),
            stories=(_story(tell, say, *path, "twin", "before"), _story(tell, say, *path, "twin", "after")),
            endings=(_ending(say, twin, "before"), _ending(say, twin, "after")),
        ),
        Text(say("twins.note"), tone="fine"),
    ]


def _ending(say: Texts, twin: Mapping[str, Any], side: str) -> str:
    return capital(say(f"twins.endings.{twin[f'{side}_ending']}"))


def _story(tell: Teller, say: Texts, *path: Step) -> tuple[tuple[str, str], ...]:
    """When and what, for each moment of one regime."""
    return tuple(
        (_when(tell, say, *path, place), _what(tell, say, *path, place)) for place in range(len(tell.at(*path)))
    )


def _when(tell: Teller, say: Texts, *path: Step) -> str:
    moment = tell.at(*path)
    day = tell.decimal(*path, "day")
    if moment["until"] == moment["day"]:
        return say("twins.day", day=day)
    return say("twins.days", day=day, until=tell.decimal(*path, "until"))


def _what(tell: Teller, say: Texts, *path: Step) -> str:
    moment = tell.at(*path)
    kind, values = moment["kind"], moment["values"]
    at = (*path, "values")
    blanks: dict[str, str] = {}
    for name, digits in (("score", 2), ("inflation", 2), ("times", 0), ("months", 0)):
        if name in values:
            blanks[name] = tell.decimal(*at, name, digits=digits)
    if "arr" in values:
        blanks["arr"] = tell.money(*at, "arr")
    if "sales_hours" in values:
        blanks["hours"] = tell.count(*at, "sales_hours", unit="hours", digits=1)
    if "response" in values:
        days = values["response"] > FEW_HOURS
        unit, per = ("days", 24.0) if days else ("hours", 1.0)
        blanks["response"] = tell.count(*at, "response", unit=unit, per=per)
    if "discount" in values:
        blanks["discount"] = tell.percent(*at, "discount")
    text = say(f"twins.moments.{_variant(kind, values)}", **blanks)
    return " ".join([text, *_pay(tell, say, *path)])


def _variant(kind: str, values: Mapping[str, float]) -> str:
    """Which text of a kind: once or often, pushed or not, at a discount or not."""
    if kind in ("touched", "attempted"):
        return f"{kind}.once" if values["times"] == 1.0 else f"{kind}.often"
    if kind == "handed_over":
        return f"{kind}.pushed" if round(values["inflation"], 2) > 0.0 else f"{kind}.plain"
    if kind == "won":
        return f"{kind}.discount" if round(values["discount"], 2) > 0.0 else f"{kind}.plain"
    return kind


def _pay(tell: Teller, say: Texts, *path: Step) -> list[str]:
    """What the moment pays whom, if anything."""
    pay = tell.at(*path)["pay"]
    parts = [
        say("twins.pay_one", role=say(f"roles.{role}"), amount=tell.money(*path, "pay", role))
        for role in pay
        if pay[role] >= 1.0
    ]
    return [say("twins.pay", parts=say.listed(parts))] if parts else []

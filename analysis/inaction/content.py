"""From a result to the document: the sections in the order of the reader's questions."""

from __future__ import annotations

import textwrap

from analysis.inaction import evidence, story, summary_pages
from analysis.inaction.claims import ROOT, Sentence, sentences
from analysis.inaction.document import Document, Section
from analysis.inaction.teller import Teller
from analysis.inaction.words import words
from analysis.money.results import Result

TWINS = "twins"
LONGEST_NAME = 44  # letters of a client's name at the foot of a page


def document(result: Result, tell: Teller) -> Document:
    """The report of a result; ``tell`` holds the summary it is written from."""
    say = words(tell.language)
    gated = sentences(tell, result.claims)
    sections = [
        summary_pages.answer(result, tell, gated),
        summary_pages.waiting(result, tell),
        summary_pages.change(result, tell),
        summary_pages.failing(result, tell),
        twins(result, tell),
        evidence.today(result, tell),
        evidence.gains(result, tell),
        evidence.others(result, tell),
        evidence.audit(result, tell),
        evidence.assumptions(result, tell),
        evidence.method(result, tell),
        evidence.reproduce(result, tell),
    ]
    return Document(
        language=tell.language,
        title=result.client.name,
        subtitle=say("subtitle"),
        headline=headline(gated),
        footer=say(
            "footer",
            client=textwrap.shorten(result.client.name, LONGEST_NAME, placeholder="…"),
            version=result.reproduce.version,
        ),
        sections=tuple(section for section in sections if section is not None),
    )


def headline(gated: dict[str, Sentence]) -> str:
    """The answer in one sentence."""
    return gated["inaction_costs"].text


def twins(result: Result, tell: Teller) -> Section | None:
    """One lead's story under both regimes; None where it was not recorded."""
    if not tell.at(ROOT).get(TWINS):
        return None
    say = words(tell.language)
    names = (say("today_way"), say("quoted", text=result.programmes[0].label))
    blocks = story.twins(tell, ROOT, TWINS, names=names)
    return Section("twins", say("titles.twins"), tuple(blocks), breaks=True)

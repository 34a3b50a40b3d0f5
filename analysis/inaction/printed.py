"""The report on paper: a PDF set by Typst, whose wheel needs no browser and no system library."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import typst

from analysis.inaction.document import Document, unbroken

TEMPLATE = Path(__file__).parent / "report.typ"
OTHER_SCRIPTS = re.compile("[\u0590-\u1dff\u2c00-\ud7ff\uf900-\U0010ffff]")  # beyond Latin, Greek and Cyrillic
SUMMARY_PAGES = 2
TIGHTER = ("1", "0.93", "0.86", "0.8")  # sizes tried, of what is usual, until the summary holds in its pages
EPOCH = 0  # the same report gives the same bytes, whenever it is written


def pdf(document: Document, pictures: Mapping[str, str]) -> bytes:
    """The document as a tagged PDF.

    Parameters
    ----------
    document : Document
        What is said.
    pictures : mapping of str to str
        Figures as SVG, by name.
    """
    made = fitted(document, pictures).compile(format="pdf", timestamp=EPOCH)
    assert isinstance(made, bytes)
    return made


def fitted(document: Document, pictures: Mapping[str, str]) -> typst.Compiler:
    """The template with its inputs, set as tight as its summary needs."""
    given = inputs(document, pictures)
    for tight in TIGHTER:
        found = typst.Compiler(
            TEMPLATE,
            # The fonts of the wheel, so that every machine breaks lines alike; names in other scripts need more.
            ignore_system_fonts=not OTHER_SCRIPTS.search(given["document"]),
            sys_inputs=given | {"tight": tight},
        )
        if json.loads(found.query("<end-of-summary>", field="value", one=True)) <= SUMMARY_PAGES:
            break
    return found


def inputs(document: Document, pictures: Mapping[str, str]) -> dict[str, str]:
    """What the template reads: all content as data, never as markup."""
    return {
        "document": unbroken(json.dumps(document.as_dict(), ensure_ascii=False)),
        "pictures": json.dumps(dict(pictures)),
    }

"""The report on paper: a PDF set by Typst, whose wheel needs no browser and no system library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import typst

from analysis.inaction.document import Document, unbroken

TEMPLATE = Path(__file__).parent / "report.typ"
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
    made = typst.compile(
        TEMPLATE.read_bytes(),
        format="pdf",
        ignore_system_fonts=True,  # the fonts of the wheel, so that every machine breaks lines alike
        sys_inputs=inputs(document, pictures),
        timestamp=EPOCH,
    )
    assert isinstance(made, bytes)
    return made


def inputs(document: Document, pictures: Mapping[str, str]) -> dict[str, str]:
    """What the template reads: all content as data, never as markup."""
    return {
        "document": unbroken(json.dumps(document.as_dict(), ensure_ascii=False)),
        "pictures": json.dumps(dict(pictures)),
    }

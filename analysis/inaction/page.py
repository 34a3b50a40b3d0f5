"""The report on screen: one self-contained page that opens offline, prints, and reads on a phone."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import jinja2

from analysis.inaction.document import Document, unbroken

FOLDER = Path(__file__).parent
STYLES = (FOLDER.parent / "report" / "style.css", FOLDER / "page.css")


def html(document: Document, pictures: Mapping[str, tuple[str, str]]) -> str:
    """The document as a page.

    Parameters
    ----------
    document : Document
        What is said.
    pictures : mapping of str to (str, str)
        Figures as SVG, by name: for wide pages, and for phones.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,  # nothing a client wrote is ever read as markup
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    page = environment.get_template("page.html.j2").render(
        d=document.as_dict(),
        pictures={name: {"wide": _data(wide), "narrow": _data(narrow)} for name, (wide, narrow) in pictures.items()},
        css="\n".join(path.read_text(encoding="utf-8") for path in STYLES),
    )
    return unbroken(page)


def _data(svg: str) -> str:
    """An image as an address that needs no request, and whose ids cannot meet another image's."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8")).decode("ascii")

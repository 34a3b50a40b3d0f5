"""The report on what inaction costs: one result, four files, in English or Spanish."""

from __future__ import annotations

from pathlib import Path

from analysis.inaction import figures
from analysis.inaction.content import document
from analysis.inaction.page import html
from analysis.inaction.teller import Teller
from analysis.money.results import Result, to_plain

__all__ = ["write"]


def write(result: Result, folder: Path | str, language: str = "en") -> list[Path]:
    """Write ``report.html``, ``report.pdf``, ``report.xlsx`` and ``slides.pptx``.

    The same result gives the same bytes, whenever and wherever it is written.

    Parameters
    ----------
    result : Result
        What is reported.
    folder : path
        Where the files go; it exists.
    language : {"en", "es"}
        Language of all text.

    Returns
    -------
    list of Path
        The files, in that order.
    """
    folder = Path(folder)
    tell = Teller({"inaction": to_plain(result)}, language, result.client.currency)
    made = document(result, tell)
    names = [picture.name for picture in made.pictures()]
    wide = {name: figures.svg(name, result, tell) for name in names}
    narrow = {name: figures.svg(name, result, tell, "narrow") for name in names}
    from analysis.inaction.printed import pdf
    from analysis.inaction.slides import slides
    from analysis.inaction.workbook import workbook

    files = {
        "report.html": html(made, {name: (wide[name], narrow[name]) for name in names}).encode("utf-8"),
        "report.pdf": pdf(made, wide),
        "report.xlsx": workbook(result, tell),
        "slides.pptx": slides(result, tell, made),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]

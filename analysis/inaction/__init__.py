"""The report on what inaction costs: one result, four files, in English or Spanish."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from analysis.inaction import figures
from analysis.inaction.content import document
from analysis.inaction.page import html
from analysis.inaction.teller import Teller
from analysis.money.results import Result, to_plain
from sim.parameters import ParameterError

__all__ = ["check_libraries", "write"]

LIBRARIES = {"typst": "report.pdf", "xlsxwriter": "report.xlsx", "pptx": "slides.pptx"}


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

    Raises
    ------
    ParameterError
        A library of the extra ``report`` is not installed; nothing is written.
    """
    check_libraries()
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


def check_libraries() -> None:
    """Refuse to begin what could not be written.

    Raises
    ------
    ParameterError
        A library of the extra ``report`` is not installed.
    """
    for library, file in LIBRARIES.items():
        if find_spec(library) is None:
            raise ParameterError(f"{file} needs {library}; install the extra: pip install 'gtm-sim[report]'.")

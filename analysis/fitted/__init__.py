"""The report of ``gtm fit``: one self-contained page, and what the terminal shows of it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import jinja2
from rich import box
from rich.console import Console
from rich.table import Table

from analysis.figures.style import render
from analysis.fitted import figures
from analysis.fitted.rows import Found, Row, Rows
from analysis.fitted.words import words

__all__ = ["Rows", "show", "words", "write"]

FOLDER = Path(__file__).parent
STYLE = FOLDER.parent / "report" / "style.css"
NARROWEST = 120


def write(folder: Path | str, language: str = "en") -> Path:
    """Write ``report.html`` and ``figures/`` of the fit in ``folder`` from its ``fit.json``.

    The same fit gives the same bytes.
    """
    folder = Path(folder)
    content = json.loads((folder / "fit.json").read_text(encoding="utf-8"))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    pictures = []
    (folder / "figures").mkdir(exist_ok=True)
    for name in figures.available(content):
        wide = figures.draw(name, content, language)
        svg = render(wide, "svg")
        (folder / "figures" / f"{name}.svg").write_bytes(svg)
        (folder / "figures" / f"{name}.png").write_bytes(render(wide, "png"))
        narrow = render(figures.draw(name, content, language, "narrow"), "svg")
        pictures.append(
            {
                "name": name,
                "caption": figures.caption(name, content, language),
                "wide": _data(svg),
                "narrow": _data(narrow),
            }
        )
    path = folder / "report.html"
    path.write_text(_html(content, pictures, str(manifest["call"]), language), encoding="utf-8")
    return path


def _data(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")


def _html(content: Found, pictures: list[dict[str, str]], call: str, language: str) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    say, rows = words(language), Rows(content, language)
    day, months = rows.last_months()
    return environment.get_template("fit.html.j2").render(
        t=say, rows=rows, pictures=pictures, language=language, css=STYLE.read_text(encoding="utf-8"), call=call,
        title=say("title", name=content["name"]), last_day=day, last_months=months,
        kicker=say("kicker", first=content["first"], cutoff=content["cutoff"], base=content["base"]),
        at_bound=", ".join(content["matching"]["at_bound"]),
    )  # fmt: skip


def show(content: Any, language: str, organisation: Path, report: Path) -> None:
    """Print what was understood, what is wrong with the data, what was found, and where it is."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=max(NARROWEST, console.width))
    content = json.loads(json.dumps(content, default=str))
    say, rows = words(language), Rows(content, language)
    console.print(f"[bold]{say('confirm')}[/bold]")
    for line in rows.files():
        console.print(line, markup=False)
    _print(console, "", ["", say("read.field"), say("read.column"), say("read.how")], rows.columns())
    if rows.stages():
        _print(console, "", [say("read.stage"), say("read.read_as"), say("rows")], rows.stages())
    console.print(say("read.change"), style="dim", markup=False)
    quality = rows.quality()
    head = ["", say("quality.kind"), say("quality.count"), say("quality.first"), say("quality.done")]
    _print(console, say("sections.quality") + ("" if quality else f": {say('quality.clean')}"), head, quality)
    _print(console, say("sections.estimates"), ["", say("value"), say("interval"), say("rows")], rows.estimates())
    head = [say("checks.what"), say("checks.export"), say("interval"), say("checks.simulated"), "", say("checks.met")]
    _print(console, say("sections.checks"), head, rows.checks())
    head = [say(f"backtest.{name}") for name in ("what", "n", "inside80", "inside95", "error")]
    _print(console, say("sections.backtest"), head, rows.coverage())
    if not rows.coverage():
        console.print(say("backtest.short"), markup=False)
    elif rows.badly_covered:
        console.print(say("backtest.bad"), markup=False)
    head = [say("backtest.month"), say("backtest.what"), say("backtest.foretold"), "80 %", "95 %"]
    _print(console, say("sections.forecast"), head, rows.forecast())
    console.print(say("stance"), markup=False)
    console.print(f"{say('organisation')}: {organisation}", soft_wrap=True, markup=False)
    console.print(f"{say('report')}: {report}", soft_wrap=True, markup=False)
    console.print(say("next", path=organisation), soft_wrap=True, markup=False)


def _print(console: Console, title: str, head: list[str], rows: list[Row]) -> None:
    from rich.text import Text

    if title:
        console.print()
        console.print(Text(title, style="bold"))
    if not rows:
        return
    table = Table(box=box.SIMPLE_HEAD)
    for name in head:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)

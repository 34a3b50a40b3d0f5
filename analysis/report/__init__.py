"""The report: one self-contained HTML file that opens offline, prints, and reads on a phone."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from analysis import catalogue, figures, gap, gate, hours, uncertainty
from analysis.numbers import Numbers, numbers
from analysis.report import assumptions
from analysis.report.tables import Tables
from analysis.summary import Study, load
from analysis.texts import Texts, capital, texts

__all__ = ["html", "write"]

FOLDER = Path(__file__).parent
# The differences a reader looks for first, and whether they are per year.
TILES = {"revenue_growth": True, "new_arr": True, "gtm_profit": True, "wasted_time_share": False}


@dataclass(frozen=True)
class Picture:
    """A figure in the report: for wide pages and for phones, as data of the page itself."""

    name: str
    alt: str
    caption: str
    wide: str
    narrow: str


def write(folder: Path | str, language: str = "en") -> Path:
    """Draw the figures of the finished study in ``folder`` and write its ``report.html``.

    The same study gives the same bytes: the report knows no time but the manifest's.

    Raises
    ------
    FileNotFoundError
        It is not the folder of a finished study.
    ValueError
        There are no texts in the language.
    """
    study = load(folder)
    texts(language)  # refused before anything is drawn
    figures.draw(study, language)
    path = study.folder / "report.html"
    path.write_text(html(study, language), encoding="utf-8")
    return path


def html(study: Study, language: str) -> str:
    """The page of a study whose figures have been drawn."""
    words, written = texts(language), numbers(language)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["unbroken"] = _unbroken
    return environment.get_template("report.html.j2").render(_content(study, words, written))


def _unbroken(text: str) -> str:
    """No end of line between a sign and the euro sign after it."""
    return re.sub("([+−])€", "\\1\N{WORD JOINER}€", text)


def _content(study: Study, words: Texts, written: Numbers) -> dict[str, Any]:
    tables = Tables(study, words, written)
    themes = assumptions.themes(study, words, written)
    arms = [words.arm_title(arm) for arm in study.arms]
    return {
        "t": words,
        "r": _prefixed(words, "report"),
        "css": (FOLDER / "style.css").read_text(encoding="utf-8"),
        "language": words.language,
        "study": study,
        "number": written,
        "title": _title(study, words),
        "study_line": _study_line(study, words, written),
        "arms": arms,
        "arm": words.arm,
        "arm_title": words.arm_title,
        "baseline": words.arm(study.baseline),
        "headline": gate.headline(study, words.language).text,
        "other_headlines": [gate.headline(study, words.language, arm).text for arm in study.others[1:]],
        "pairs": _pairs(study),
        "tiles": _tiles(study, tables),
        "split": _split(study, tables),
        "gap": gap.lines(study, words.language),
        "pictures": _pictures(study, words),
        "tables": tables,
        "definitions": _definitions(study, words),
        "hours": hours.recorded(study),
        "themes": themes,
        "count": assumptions.count(themes, words, written),
        "strongest": assumptions.strongest(words, written),
        "screening": assumptions.origin(words, written),
        "judgement": sum(theme.loud for theme in themes),
        "parameters": sum(len(theme.assumptions) for theme in themes),
        "differing": [row for theme in themes for row in theme.assumptions if not row.shared],
        "plans": assumptions.pay_plans(study, words, written),
        "facts": _facts(study),
        "uncertainty": uncertainty.lines(study, words.language),
    }


def _prefixed(words: Texts, prefix: str) -> Callable[..., str]:
    def say(key: str, **values: object) -> str:
        return words(f"{prefix}.{key}", **values)

    return say


def _title(study: Study, words: Texts) -> str:
    baseline = words.arm_title(study.baseline)
    if not study.others:
        return baseline
    others = words.listed([words.arm(arm) for arm in study.others])
    return words("report.against", arm=capital(others), baseline=words.arm(study.baseline))


def _pairs(study: Study) -> int:
    """Complete pairs behind the headline; runs of the only arm where there is no other."""
    if not study.others:
        return study.interval(gate.GROWTH, study.baseline).n
    return min(study.contrast(name, study.others[0]).n for name in (gate.GROWTH, gate.WASTED))


def _tiles(study: Study, tables: Tables) -> list[tuple[Any, bool]]:
    """Rows of the arm that the headline is about, and whether each is per year."""
    found = TILES.items()
    return [(tables.measure(name, arm), a) for arm in study.others[:1] for name, a in found if name in study.measures]


def _study_line(study: Study, words: Texts, written: Numbers) -> str:
    """Which organisation, for how long and how often; as much of it as the manifest says."""
    configuration = study.manifest.get("configuration") or {}
    horizon = configuration.get("parameters", {}).get(study.baseline, {}).get("horizon", {})
    parts = [str(configuration["organisation"])] if configuration.get("organisation") else []
    if horizon.get("months"):
        parts.append(words("report.months", n=written.decimal(horizon["months"], 0)))
    return " · ".join([*parts, words("report.replications", n=written.decimal(study.replications, 0))])


def _split(study: Study, tables: Tables) -> dict[str, str]:
    """Difference of wasted time by what it rests on: slack must not pass for search and dispute."""
    if not study.others or not hours.recorded(study):
        return {}
    sums = {kind: hours.share_contrast(study, study.others[0], names) for kind, names in catalogue.WASTED.items()}
    return {kind: tables.difference(found, "fraction").value for kind, found in sums.items()}


def _pictures(study: Study, words: Texts) -> list[Picture]:
    found = []
    for name, drawing in figures.FIGURES.items():
        path = study.folder / "figures" / f"{name}.svg"
        if not path.is_file():  # the study does not have what it takes
            continue
        wide = path.read_bytes()
        narrow = figures.render(drawing.draw(study, words.language, "narrow"), "svg")
        caption = drawing.caption(study, words.language)
        found.append(Picture(name, words(f"figures.order.{name}"), caption, _data(wide), _data(narrow)))
    return found


def _data(svg: bytes) -> str:
    """An image as an address that needs no request, and whose ids cannot meet another image's."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")


def _facts(study: Study) -> dict[str, str]:
    """How the study was run, from its manifest; a dash where that says nothing."""
    manifest = study.manifest

    def said(*names: str) -> str:
        found = next((manifest[name] for name in names if manifest.get(name) is not None), "—")
        return ", ".join(f"{key} {value}" for key, value in found.items()) if isinstance(found, Mapping) else str(found)

    return {
        "command": said("call", "command"),
        "seed": said("seed"),
        "hash": said("configuration_hash"),
        "started": said("start", "started"),
        "ended": said("end", "ended"),
        "machine": said("machine"),
        "versions": said("versions"),
    }


def _definitions(study: Study, words: Texts) -> list[tuple[str, str]]:
    names = [name for name in catalogue.HEADLINE if name in study.measures]
    found = [(capital(words.measure(name)), words.definition(name)) for name in names]
    return [(label, definition) for label, definition in found if definition]

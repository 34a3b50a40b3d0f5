"""The report before it has a format: sections of blocks, which page and print set each in their way."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import Any, Literal

_SIGN = re.compile("\N{MINUS SIGN}(?=\\D)")
Tone = Literal["plain", "lead", "fine", "stance", "warning"]


@dataclass(frozen=True)
class Text:
    """A paragraph; the tone says how loud it is."""

    text: str
    tone: Tone = "plain"
    kind: str = "text"


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    text: str
    kind: str = "heading"


@dataclass(frozen=True)
class Bullets:
    """A list; ordered where the order matters."""

    items: tuple[str, ...]
    ordered: bool = False
    kind: str = "bullets"


@dataclass(frozen=True)
class Tile:
    """A number that is looked for first: its name, the value, its interval, what it means."""

    name: str
    value: str
    interval: str = ""
    note: str = ""


@dataclass(frozen=True)
class Tiles:
    """Numbers side by side."""

    tiles: tuple[Tile, ...]
    kind: str = "tiles"


@dataclass(frozen=True)
class Table:
    """A table; ``numeric`` says of each column whether it is set flush right."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    widths: tuple[float, ...] = ()  # shares of the width; empty: as the cells need
    strong: tuple[int, ...] = ()  # rows that are sums
    loud: tuple[int, ...] = ()  # rows that rest on judgement
    dense: bool = False  # small print, in two columns on paper
    kind: str = "table"


@dataclass(frozen=True)
class Picture:
    """A figure by name, with what it shows."""

    name: str
    alt: str
    caption: str
    kind: str = "picture"


@dataclass(frozen=True)
class Twins:
    """Two stories side by side: entries of when and what."""

    titles: tuple[str, str]
    stories: tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]
    endings: tuple[str, str]
    kind: str = "twins"


@dataclass(frozen=True)
class Code:
    """Something to type, letter by letter."""

    text: str
    kind: str = "code"


Block = Text | Heading | Bullets | Tiles | Table | Picture | Twins | Code


@dataclass(frozen=True)
class Section:
    """A section; in print, one with ``breaks`` begins a page."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    breaks: bool = False


@dataclass(frozen=True)
class Document:
    """A report in one language.

    Attributes
    ----------
    language : {"en", "es"}
        Its language.
    title, subtitle : str
        The client, and what the report is.
    headline : str
        The answer in one sentence, as the gate lets it pass.
    footer : str
        What stands at the foot of each page.
    sections : tuple of Section
        In the order of the reader's questions.
    """

    language: str
    title: str
    subtitle: str
    headline: str
    footer: str
    sections: tuple[Section, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Plain mappings and lists, for templates."""
        return dataclasses.asdict(self)

    def pictures(self) -> tuple[Picture, ...]:
        """All figures, in order."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Picture))


def unbroken(text: str) -> str:
    """No end of line between a minus sign and the currency sign after it."""
    return _SIGN.sub("\N{MINUS SIGN}\N{WORD JOINER}", text)

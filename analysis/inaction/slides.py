"""The report as slides: about ten, with native charts that the consultant can edit."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Sequence
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
from pptx.enum.text import MSO_ANCHOR
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from analysis.figures.style import CAUSES
from analysis.inaction.claims import sentences
from analysis.inaction.document import Block, Bullets, Document, Section, Table, Text, Tiles, Twins
from analysis.inaction.evidence import parts_of
from analysis.inaction.figures import MOST_SWINGS, start_name
from analysis.inaction.teller import Teller, three
from analysis.inaction.words import words
from analysis.money.results import Result
from analysis.texts import capital

STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
WIDE, HIGH, EDGE = Inches(13.333), Inches(7.5), Inches(0.6)
TOP, FOOT = Inches(1.75), Inches(6.95)
ROOM = WIDE - 2 * EDGE
INK, QUIET, ACCENT, PALE, BAD = "1F2933", "52606D", "0B4F6C", "F4F6F8", "D55E00"
LATER = ("3D7EA6", "7FB2D1", "B9D5E5")
TITLE_ONLY = 5  # layout of the library's own template
SMALLEST, SMALL, LETTER = 9.0, 0.75, 0.56  # points of type; small print of it; width of a letter in it
LONGEST_NAME = 40  # letters of a table's first column
TITLES = (26, 22, 18, 15, 13, 11.5)  # points, the first that fits
SEPARATORS = {"en": "[$-409]", "es": "[$-C0A]"}  # whose thousands and decimals a chart writes, wherever it is opened


class Deck:
    """The slides in the making."""

    def __init__(self, result: Result, tell: Teller, document: Document) -> None:
        self.result, self.tell, self.document = result, tell, document
        self.gated = sentences(tell, result.claims)
        self.say = words(tell.language)
        self.sections = {section.key: section for section in document.sections}
        self.file = Presentation()
        self.file.slide_width, self.file.slide_height = WIDE, HIGH
        properties = self.file.core_properties
        properties.title = f"{document.title} · {document.subtitle}"
        properties.author, properties.last_modified_by = "gtm", "gtm"

    def slide(self, title: str) -> Any:
        """A slide with its title, and what stands at the foot of all."""
        made = self.file.slides.add_slide(self.file.slide_layouts[TITLE_ONLY])
        head = made.shapes.title
        head.left, head.top, head.width, head.height = EDGE, Inches(0.4), ROOM, Inches(1.25)
        head.text_frame.word_wrap = True
        head.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
        size = next((s for s in TITLES if _tall(title, s) < Emu(head.height).pt / Emu(ROOM).pt), TITLES[-1])
        self.write(head.text_frame, title, size, ACCENT, bold=True)
        rule = made.shapes.add_shape(1, EDGE, Inches(1.68), ROOM, Emu(19050))
        rule.fill.solid()
        rule.fill.fore_color.rgb = RGBColor.from_string(ACCENT)
        rule.line.fill.background()
        foot = made.shapes.add_textbox(EDGE, FOOT, ROOM, Inches(0.35)).text_frame
        foot.word_wrap = True
        number = self.tell.write.decimal(len(self.file.slides), 0)
        self.write(foot, f"{self.document.footer} · {number}", 10, QUIET)
        return made

    def write(self, frame: Any, text: str, size: float, colour: str = INK, *, bold: bool = False) -> None:
        """A paragraph; the first one of a frame replaces the empty one that is there."""
        first = frame.paragraphs[0]
        paragraph = first if not first.runs else frame.add_paragraph()
        paragraph.alignment = 1  # left: the template centres titles
        paragraph.space_after = Pt(size * 0.45)
        run = paragraph.add_run()
        run.text = text  # text only: it is never read as a field or a link
        run.font.size, run.font.bold, run.font.name = Pt(size), bold, "Calibri"
        run.font.color.rgb = RGBColor.from_string(colour)

    def box(self, slide: Any, top: Any, height: Any, left: Any = EDGE, width: Any = ROOM) -> Any:
        """A text frame."""
        frame = slide.shapes.add_textbox(left, top, width, height).text_frame
        frame.word_wrap = True
        return frame

    def blocks(self, slide: Any, blocks: Sequence[Block], top: Any, height: Any, size: float) -> None:
        """The words of some blocks, as large as their room allows and no larger than ``size``."""
        lines: list[tuple[str, bool]] = []
        for block in blocks:
            if isinstance(block, Text):
                lines.append((block.text, block.tone == "fine"))
            elif isinstance(block, Bullets):
                marks = (f"{place}." if block.ordered else "–" for place in range(1, len(block.items) + 1))
                lines += [(f"{mark} {item}", False) for mark, item in zip(marks, block.items, strict=True)]
        room = Emu(height).pt / Emu(ROOM).pt
        while size > SMALLEST and sum(_tall(text, size * SMALL if fine else size) for text, fine in lines) > room:
            size -= 0.5
        frame = self.box(slide, top, height)
        for text, fine in lines:
            self.write(frame, text, size * SMALL if fine else size, QUIET if fine else INK)

    def table(self, slide: Any, table: Table, top: Any, row_height: float = 0.36) -> None:
        """A native table."""
        rows, columns = len(table.rows) + 1, len(table.head)
        shape = slide.shapes.add_table(rows, columns, EDGE, top, ROOM, Inches(row_height * rows))
        made = shape.table
        heads = [max(1.3 * max(map(len, name.split())), len(name) / 2) for name in table.head]  # no word is broken
        needs = [max(9, *(len(row[place]) for row in table.rows), heads[place]) for place in range(columns)]
        needs[0] = min(needs[0], LONGEST_NAME)
        for place, need in enumerate(needs):
            made.columns[place].width = Emu(int(ROOM * need / sum(needs)))
        for y, row in enumerate((table.head, *table.rows)):
            for x, text in enumerate(row):
                cell = made.cell(y, x)
                cell.fill.solid()
                cell.fill.fore_color.rgb = RGBColor.from_string(ACCENT if y == 0 else PALE if y % 2 else "FFFFFF")
                cell.margin_top = cell.margin_bottom = Inches(0.04)
                self.write(cell.text_frame, text, 12, "FFFFFF" if y == 0 else INK, bold=y == 0)
                cell.text_frame.paragraphs[0].alignment = 3 if table.numeric[x] else 1

    def chart(
        self, slide: Any, kind: Any, data: CategoryChartData, top: Any, height: Any, label: str, form: str
    ) -> Any:
        """A native chart in the style of the deck; ``label`` names the axis of values, ``form`` writes them."""
        made = slide.shapes.add_chart(kind, EDGE, top, ROOM, height, data).chart
        made.font.size, made.font.name = Pt(12), "Calibri"
        made.font.color.rgb = RGBColor.from_string(INK)
        made.has_title = False
        made.has_legend = len(list(made.plots[0].series)) > 1
        if made.has_legend:
            made.legend.position, made.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
        values = made.value_axis
        values.has_title = True
        values.axis_title.text_frame.text = label
        values.axis_title.text_frame.paragraphs[0].runs[0].font.size = Pt(12)
        values.axis_title.text_frame.paragraphs[0].runs[0].font.bold = False
        values.major_gridlines.format.line.color.rgb = RGBColor.from_string("D9DEE4")
        values.format.line.fill.background()
        values.tick_labels.number_format, values.tick_labels.number_format_is_linked = self.form(form), False
        made.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
        if kind != XL_CHART_TYPE.LINE:  # the first bar on top, the axis of values below
            made.category_axis.reverse_order = True
            values.tick_label_position = XL_TICK_LABEL_POSITION.HIGH
            numbers = [number for series in made.plots[0].series for number in series.values]
            if min(numbers, default=0) >= 0:  # bars are read by their length, so the axis may not begin elsewhere
                values.minimum_scale = 0
            elif max(numbers) <= 0:
                values.maximum_scale = 0
        return made

    def form(self, pattern: str) -> str:
        """A number format in the separators of the report's language."""
        return SEPARATORS[self.tell.language] + pattern

    def money(self, values: Sequence[float]) -> tuple[float, str, str]:
        """What the amounts of a chart are counted in, its name, and how they are written."""
        largest = max(map(abs, values), default=1.0)
        scale, name = self.tell.unit_of(largest)
        return scale, name, "#,##0" if largest / scale >= 100 else "#,##0.00"

    def bytes(self) -> bytes:
        """The finished file."""
        stream = io.BytesIO()
        self.file.save(stream)
        return _timeless(stream.getvalue())


def _tall(text: str, size: float) -> float:
    """About how much of its width a paragraph is tall, in a wide font."""
    per_line = Emu(ROOM).pt / (size * LETTER)
    return (math.ceil(len(text) / per_line) * 1.2 + 0.45) * size / Emu(ROOM).pt


def _timeless(content: bytes) -> bytes:
    """A package, and the workbooks of charts inside it, without the time at which it was written."""
    fixed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as made, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as out:
        for name in made.namelist():
            part = made.read(name)
            if name.endswith(".xlsx"):
                part = _timeless(part)
            elif name == "docProps/core.xml":
                part = STAMP.sub(b"2000-01-01T00:00:00Z", part)
            out.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), part, zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


def slides(result: Result, tell: Teller, document: Document) -> bytes:
    """The deck of a result; its words are those of ``document``."""
    deck = Deck(result, tell, document)
    _answer(deck)
    _waiting(deck)
    _starts(deck)
    _tornado(deck)
    _words(deck, "failing")
    _twins(deck)
    _today(deck)
    _parts(deck)
    if "programmes" in deck.sections:
        _programmes(deck)
    _collect(deck)
    _method(deck)
    return deck.bytes()


def _answer(deck: Deck) -> None:
    section = deck.sections["answer"]
    slide = deck.slide(deck.document.headline)
    tiles = next(block for block in section.blocks if isinstance(block, Tiles)).tiles
    width = (ROOM - Inches(0.2) * (len(tiles) - 1)) // len(tiles)
    for place, tile in enumerate(tiles):
        frame = slide.shapes.add_shape(1, EDGE + place * (width + Inches(0.2)), TOP + Inches(0.1), width, Inches(1.6))
        frame.fill.solid()
        frame.fill.fore_color.rgb = RGBColor.from_string(PALE)
        frame.line.fill.background()
        frame.shadow.inherit = False
        inside = frame.text_frame
        inside.word_wrap, inside.vertical_anchor = True, MSO_ANCHOR.TOP
        deck.write(inside, tile.name, 12, QUIET)
        deck.write(inside, tile.value, 24, INK, bold=True)
        deck.write(inside, " · ".join(filter(None, (tile.interval, tile.note))), 11, QUIET)
    deck.blocks(slide, section.blocks, TOP + Inches(1.9), Inches(3.1), 15)


def _waiting(deck: Deck) -> None:
    """Cumulated cash flow by start, as a line chart."""
    say, programme = deck.say, deck.result.programmes[0]
    slide = deck.slide(deck.gated["programme_pays"].text)
    begun = [start for start in programme.starts if start.delay_months is not None]
    now = begun[0].cumulative
    scale, name, form = deck.money((*now.q10, *now.q90))
    data = CategoryChartData(number_format="#,##0.00")
    data.categories = [str(month) for month in range(1, len(now.mean) + 1)]
    series: list[tuple[str, Sequence[float], str, float]] = []
    for start, colour in zip(begun, (ACCENT, *LATER), strict=False):
        label = capital(start_name(deck.tell, start))
        series.append((label, start.cumulative.mean, colour, 2.75 if start.delay_months == 0 else 2.0))
    series += [(say("slides.q10"), now.q10, QUIET, 1.0), (say("slides.q90"), now.q90, QUIET, 1.0)]
    for label, values, _, _ in series:
        data.add_series(label, [value / scale for value in values])
    label = f"{say('figures2.cumulative')} ({name})"
    chart = deck.chart(slide, XL_CHART_TYPE.LINE, data, TOP, Inches(4.6), label, form)
    every = chart.category_axis._element.makeelement(qn("c:tickLblSkip"), {"val": "3"})  # noqa: SLF001
    chart.category_axis._element.insert_element_before(every, "c:tickMarkSkip", "c:noMultiLvlLbl")  # noqa: SLF001
    for made, (_, _, colour, width) in zip(chart.plots[0].series, series, strict=True):
        made.smooth = False
        made.format.line.color.rgb = RGBColor.from_string(colour)
        made.format.line.width = Pt(width)
    frame = deck.box(slide, Inches(6.4), Inches(0.5))
    deck.write(frame, say("pictures.inaction.caption"), 11, QUIET)


def _starts(deck: Deck) -> None:
    section = deck.sections["waiting"]
    slide = deck.slide(deck.gated["delay_costs"].text)
    table = next(block for block in section.blocks if isinstance(block, Table))
    deck.table(slide, table, TOP + Inches(0.15), 0.42)
    deck.blocks(slide, section.blocks, TOP + Inches(0.5 + 0.42 * (len(table.rows) + 1)), Inches(2), 15)


def _bars(deck: Deck, slide: Any, rows: Sequence[tuple[str, float]], label: str, height: float = 4.2) -> None:
    """Amounts below each other, the first one on top."""
    scale, name, form = deck.money([value for _, value in rows])
    data = CategoryChartData(number_format="#,##0.00")
    data.categories = [capital(text) for text, _ in rows]
    data.add_series(label, [three(value / scale) for _, value in rows])
    chart = deck.chart(slide, XL_CHART_TYPE.BAR_CLUSTERED, data, TOP, Inches(height), f"{label} ({name})", form)
    plot = chart.plots[0]
    plot.gap_width, plot.vary_by_categories = 60, False
    plot.has_data_labels = True
    plot.data_labels.number_format, plot.data_labels.number_format_is_linked = deck.form(form), False
    plot.series[0].format.fill.solid()
    plot.series[0].format.fill.fore_color.rgb = RGBColor.from_string(ACCENT)
    plot.series[0].invert_if_negative = False


def _tornado(deck: Deck) -> None:
    """Swing variables: bars from the expected value to the ends, as stacked differences."""
    section, programme = deck.sections["change"], deck.result.programmes[0]
    slide = deck.slide(section.title)
    say, middle = deck.say, programme.starts[0].npv.mean
    swings = programme.tornado[:MOST_SWINGS]
    text = [block for block in section.blocks if isinstance(block, Text)]  # what to collect has its own slide
    if swings:
        ends = [value - middle for swing in swings for value in (swing.npv_low, swing.npv_high)]
        scale, name, form = deck.money(ends)
        data = CategoryChartData(number_format="#,##0.00")
        data.categories = [capital(swing.label[deck.tell.language]) for swing in swings]
        data.add_series(say("figures2.low_end"), [(swing.npv_low - middle) / scale for swing in swings])
        data.add_series(say("figures2.high_end"), [(swing.npv_high - middle) / scale for swing in swings])
        label = f"{say('slides.swing_axis')} ({name})"
        chart = deck.chart(slide, XL_CHART_TYPE.BAR_CLUSTERED, data, TOP, Inches(3.7), label, form)
        plot = chart.plots[0]
        plot.overlap, plot.gap_width = 100, 45
        for series, colour in zip(plot.series, (LATER[1], ACCENT), strict=True):
            series.format.fill.solid()
            series.format.fill.fore_color.rgb = RGBColor.from_string(colour)
            series.invert_if_negative = False
    deck.blocks(slide, text, Inches(5.5), Inches(1.4), 14)


def _words(deck: Deck, key: str) -> None:
    """A section in words only."""
    section = deck.sections[key]
    deck.blocks(deck.slide(section.title), section.blocks, TOP + Inches(0.15), Inches(4.8), 17)


def _twins(deck: Deck) -> None:
    """Two stories side by side."""
    section = deck.sections.get("twins")
    if section is None:
        return
    slide = deck.slide(section.title)
    found = next((block for block in section.blocks if isinstance(block, Twins)), None)
    texts = [block for block in section.blocks if isinstance(block, Text)]
    deck.blocks(slide, texts[:2], TOP, Inches(1.6), 13)
    if found is None:
        return
    half = (ROOM - Inches(0.4)) // 2
    for side in (0, 1):
        frame = deck.box(slide, TOP + Inches(1.65), Inches(3.4), EDGE + side * (half + Inches(0.4)), half)
        deck.write(frame, found.titles[side], 15, ACCENT, bold=True)
        size = 12.0 if len(found.stories[side]) <= 7 else 10.5
        for when, what in found.stories[side]:
            deck.write(frame, f"{capital(when)}: {what}", size)
        deck.write(frame, found.endings[side], 14, INK, bold=True)


def _today(deck: Deck) -> None:
    """Wasted hours by role and cause."""
    section, say, lang = deck.sections["today"], deck.say, deck.tell.language
    slide = deck.slide(section.title)
    rows = deck.result.status_quo.waste
    texts = [block for block in section.blocks if isinstance(block, Text)]
    deck.blocks(slide, texts, TOP, Inches(1.3), 13)
    if not rows:
        return
    roles = list(dict.fromkeys(row.role for row in rows))
    data = CategoryChartData(number_format="#,##0")
    data.categories = [capital(next(row.role_label[lang] for row in rows if row.role == role)) for role in roles]
    causes = [cause for cause in CAUSES if any(row.cause == cause for row in rows)]
    for cause in causes:
        label = next(row.cause_label[lang] for row in rows if row.cause == cause)
        hours = [sum(row.hours.mean for row in rows if (row.role, row.cause) == (role, cause)) for role in roles]
        data.add_series(capital(label), hours)
    label = say("figures2.hours")
    chart = deck.chart(slide, XL_CHART_TYPE.BAR_STACKED, data, TOP + Inches(1.45), Inches(3.6), label, "#,##0")
    plot = chart.plots[0]
    plot.overlap, plot.gap_width = 100, 50
    for series, cause in zip(plot.series, causes, strict=True):
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = RGBColor.from_string(CAUSES[cause].lstrip("#").upper())


def _parts(deck: Deck) -> None:
    """What each part of the programme adds."""
    section, found = deck.sections["gains"], deck.result.programmes[0].decomposition
    if found is None:
        return
    pay = deck.gated["behaviour_not_payout"]
    slide = deck.slide(section.title if pay.form == "not_applicable" else pay.text)
    rows = [(name, one.mean) for name, one in parts_of(found, deck.tell)]
    _bars(deck, slide, rows, deck.say("figures2.npv_before_cost"), 3.6)
    deck.blocks(slide, _said(section), Inches(5.45), Inches(1.4), 13)


def _programmes(deck: Deck) -> None:
    section = deck.sections["programmes"]
    slide = deck.slide(section.title)
    table = next(block for block in section.blocks if isinstance(block, Table))
    deck.table(slide, table, TOP + Inches(0.2), 0.5)
    deck.blocks(slide, _said(section), TOP + Inches(0.6 + 0.5 * (len(table.rows) + 1)), Inches(1.0), 14)


def _said(section: Section) -> list[Block]:
    """Its paragraphs without the small print, which belongs to tables that are not shown."""
    return [block for block in section.blocks if isinstance(block, Text) and block.tone != "fine"]


def _collect(deck: Deck) -> None:
    """What to find out first: the next steps."""
    found = [block for block in deck.sections["change"].blocks if isinstance(block, Bullets)]
    if found:
        slide = deck.slide(deck.say("change.collect"))
        deck.blocks(slide, found, TOP + Inches(0.15), Inches(4.8), 17)


def _method(deck: Deck) -> None:
    section: Section = deck.sections["method"]
    slide = deck.slide(deck.say("slides.method"))
    texts = [block for block in deck.sections["reproduce"].blocks if isinstance(block, Text)]
    words_of = [*section.blocks, *texts, Text(deck.result.reproduce.command, tone="fine")]
    deck.blocks(slide, words_of, TOP + Inches(0.1), Inches(4.9), 13)

"""The report on inaction: gated sentences, numbers from the summary, four files that open anywhere."""

import dataclasses
import json
import re
import string
import zipfile

import openpyxl
import pptx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pptx.enum.chart import XL_CHART_TYPE

from analysis import inaction
from analysis.inaction import figures, printed
from analysis.inaction.claims import STRONG, form, sentences
from analysis.inaction.content import document
from analysis.inaction.document import Table
from analysis.inaction.slides import slides
from analysis.inaction.teller import Teller
from analysis.inaction.words import FOLDER, words
from analysis.inaction.workbook import workbook
from analysis.money.results import Claim, to_plain
from analysis.numbers import numbers
from analysis.texts import capital
from sim.parameters import ParameterError
from tests.inaction_results import made_up, twins
from tests.inaction_sample import sample

FILES = ["report.html", "report.pdf", "report.xlsx", "slides.pptx"]
LANGUAGES = ("en", "es")
NASTY = '=HYPERLINK("http://evil")<script>x</script> & #let *Ñandú* $Çía$, S.\N{NO-BREAK SPACE}L.'
LONG = "Soluciones Integrales de Transformación Digital y Consultoría Estratégica del Mediterráneo Occidental, S.L.U."
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="576" height="{height}"/>'


def teller(result, language="en"):
    return Teller({"inaction": to_plain(result)}, language, result.client.currency)


def texts_of(value):
    """Every text in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts_of(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_of(item)


@pytest.fixture(scope="module")
def result():
    return made_up(NASTY, months=18, programmes=("Shared goals", "=1+1 <b>Everything</b>"))


@pytest.fixture(scope="module")
def folders(result, tmp_path_factory):
    made = {language: tmp_path_factory.mktemp(language) for language in LANGUAGES}
    for language, folder in made.items():
        assert [path.name for path in inaction.write(result, folder, language)] == FILES
    return made


# ---------------------------------------------------------------- the gate


def claim(name, low, high, probability, unit="€", *, supported):
    weaker = "" if supported else "likely"
    return Claim(
        name, "shared_goals", (low + high) / 2, low, high, probability, unit, supported=supported, weaker=weaker
    )


MONEY = ("inaction_costs", "delay_costs", "behaviour_not_payout")
SHARES = ("programme_pays", "robust")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", MONEY)
@pytest.mark.parametrize(
    ("low", "high", "probability", "expected"),
    [
        (2e5, 9e5, 0.999, "supported"), (-1e5, 9e5, 0.9, "likely"), (-5e5, 5e5, 0.5, "unclear"),
        (-9e5, 1e5, 0.1, "unlikely"), (-9e5, -2e5, 0.001, "opposite"), (1e3, 9e5, 0.98, "likely"),
    ],
)  # fmt: skip
def test_data_that_contradict_a_sentence_get_the_weaker_true_one(language, name, low, high, probability, expected):
    """Also where the claim says of itself that it is supported, and where only rounding shows a bound as zero."""
    found = claim(name, low, high, probability, supported=True)
    assert form(found) == expected
    result = dataclasses.replace(made_up(), claims=(found,))
    text = sentences(teller(result, language), result.claims)[name].text
    forms = words(language).find(f"claims2.{name}")
    rest = [other for key, other in forms.items() if key != STRONG]
    fragments = [part for part in re.split(r"\{\w+\}", forms[STRONG]) if not any(part in other for other in rest)]
    assert fragments
    assert all((part in text) == (expected == STRONG) for part in fragments)


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.85, 0.95, "supported"), (0.6, 0.85, ""), (0.4, 0.6, "unclear"), (0.1, 0.4, "opposite")],
)
def test_a_share_of_runs_is_told_from_a_half(name, low, high, expected):
    """The advice is called robust only where nearly all draws agree."""
    found = claim(name, low, high, 1.0, "fraction", supported=True)
    said = expected or ("likely" if name == "robust" else "supported")
    assert form(found) == said
    result = dataclasses.replace(made_up(), claims=(found,))
    for language in LANGUAGES:
        text = sentences(teller(result, language), result.claims)[name].text
        assert numbers(language).percent(low, 0) in text
        forms = words(language).find(f"claims2.{name}")
        opening = {key: re.split(r"\{\w+\}|[,:(]", one.removeprefix("{programme}"))[0] for key, one in forms.items()}
        assert opening[said] in text
        if opening[STRONG] != opening[said]:
            assert opening[STRONG] not in text


def test_a_claim_that_withdraws_itself_is_not_printed_strongly():
    doubted = dataclasses.replace(
        claim("inaction_costs", 1e5, 2e5, 0.99, supported=True), supported=False, weaker="unclear"
    )
    assert form(doubted) == "unclear"
    assert form(dataclasses.replace(doubted, value=None)) == "not_applicable"
    assert form(dataclasses.replace(doubted, low=float("nan"))) == "not_applicable"


@given(
    st.floats(-1e13, 1e13), st.floats(0, 1e13), st.floats(0, 1), st.booleans(),
    st.sampled_from(["likely", "unclear", "unlikely", "opposite", "", "nonsense"]),
)  # fmt: skip
def test_no_strong_sentence_without_an_interval_that_prints_above_zero(low, width, probability, supported, weaker):
    high = low + width
    found = Claim("inaction_costs", "p", low, low, high, probability, "€", supported=supported, weaker=weaker)
    (shown, upper), _, _ = numbers("en").printed(low, high, "€")
    said = form(found)
    assert (said == STRONG) == (supported and shown > 0)
    if said == "opposite" and weaker != "opposite":
        assert upper < 0
    assert said in ("supported", "likely", "unclear", "unlikely", "opposite")


# ---------------------------------------------------------------- words and numbers


def flat(tree, path=()):
    for key, value in tree.items():
        yield from flat(value, (*path, key)) if isinstance(value, dict) else [((*path, key), value)]


def test_both_languages_have_the_same_texts_with_the_same_blanks():
    loaded = [dict(flat(yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))) for name in LANGUAGES]
    assert loaded[0].keys() == loaded[1].keys()
    for key, english in loaded[0].items():
        blanks = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, loaded[1][key])
        ]
        # «de»: the interval is said in full where English says the value alone
        assert blanks[0] == blanks[1], key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("found", [made_up(programmes=("A", "B")), made_up(gain=-0.4, spread=0.1), sample()], ids=str)
def test_every_number_of_the_text_is_in_the_summary(language, found):
    found = dataclasses.replace(found, twins=twins())
    tell = teller(found, language)
    made = document(found, tell)
    summary = json.loads(json.dumps(tell.summary, allow_nan=False))
    number = re.compile(r"\d[\d.,]*")
    allowed = set()
    for told in tell.told:
        stands = summary
        for step in told.path:
            stands = stands[step]
        assert stands is None or stands == told.value, told
        allowed |= set(number.findall(told.shown))
    own = yaml.safe_load((FOLDER / f"{language}.yaml").read_text(encoding="utf-8"))
    for text in (*texts_of(own), *texts_of(summary)):
        allowed |= set(number.findall(text))
    # Counted, not measured: facts by source, months and delays, the seed.
    facts, starts = found.client.facts, found.programmes[0].starts
    counts = [sum(fact.source == "assumed" for fact in facts), sum(fact.grade == "judgement" for fact in facts)]
    counts += [start.delay_months for start in starts if start.delay_months] + [found.reproduce.seed]
    counts += [*range(12, found.client.months + 1, 12), found.client.months, 0]
    allowed |= {str(count) for count in counts}
    strange = {token for text in texts_of(made.as_dict()) for token in number.findall(text)} - allowed
    assert not {token for token in strange if token.rstrip(".,") not in allowed}


def test_spanish_writes_its_own_numbers_and_counts_a_billion_as_a_thousand_millions():
    texts = " ".join(texts_of(document(huge := made_up(scale=3e12, months=18), teller(huge, "es")).as_dict()))
    assert "billones" in texts
    assert "billion" not in texts
    assert not re.search(r"\d%", texts)
    assert re.search(r"\d,\d", texts)
    tiny = made_up(scale=900.0, months=18, currency="CHF")
    assert "CHF\N{NO-BREAK SPACE}" in " ".join(texts_of(document(tiny, teller(tiny)).as_dict()))


def test_what_waiting_costs_comes_before_evidence_and_advice_that_fails_is_never_left_out():
    for found in (
        made_up(months=18),
        made_up(gain=-0.5, spread=0.05, months=18),
        made_up(gain=3.0, spread=0.01, months=18),
    ):
        keys = [section.key for section in document(found, teller(found)).sections]
        assert keys[:5] == ["answer", "waiting", "change", "failing", "twins"]
        assert keys[-3:] == ["assumptions", "method", "reproduce"]
        failing = next(s for s in document(found, teller(found)).sections if s.key == "failing")
        assert failing.blocks


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_assumption_is_left_out_of_the_register(language):
    found = made_up()
    section = next(s for s in document(found, teller(found, language)).sections if s.key == "assumptions")
    rows = [row[0] for block in section.blocks if isinstance(block, Table) for row in block.rows]
    called = {swing.key: swing.label[language] for one in found.programmes for swing in one.tornado}
    expected = []
    for fact in found.client.facts:
        what = fact.label[language]
        name = called.get(fact.key, what)
        expected.append(capital(what if name == what else f"{name}: {what}"))  # found again under both
    assert any(": " in row for row in expected)
    assert sorted(rows) == sorted(expected)


def test_amounts_of_a_column_are_counted_in_the_same():
    wide = {"mean": 55_501.0, "low": -628_000.0, "high": 757_000.0}
    assert Teller({"x": wide}, "en").estimate("x")[0] == "€60,000"  # not the hundred thousand that its interval allows
    mixed = [{"mean": 2e6, "low": 1e6, "high": 3e6}, {"mean": 5e4, "low": 4e4, "high": 6e4}]
    assert Teller({"x": mixed}, "en").column([("x", 0), ("x", 1)])[1][1] == "€0.040 to €0.060M"


def test_amounts_of_a_sentence_are_counted_in_the_same():
    told = Teller({"low": -0.9e6, "high": 1.234e6, "few": 12_345.0, "none": 0.0}, "en", "GBP")
    both = [text.replace("\N{NO-BREAK SPACE}", " ") for text in told.amounts(["low"], ["high"])]
    assert both == ["\N{MINUS SIGN}£0.90 million", "£1.23 million"]
    assert told.amounts(["few"], ["none"]) == ["£12,300", "£0"]
    assert told.amounts(["none"]) == ["£0"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_chance_may_have_shown_is_said_to_be_so(language):
    """Swings and facts: the strongest of many variables is not called the strongest where luck shows as much."""
    result, say = made_up(), words(language)
    told = say("change.by_chance"), say("change.by_chance_note")

    def texts(by_chance):
        first = result.programmes[0]
        changed = dataclasses.replace(
            first,
            tornado=tuple(dataclasses.replace(swing, by_chance=by_chance) for swing in first.tornado),
            to_collect=tuple(dataclasses.replace(fact, by_chance=by_chance) for fact in first.to_collect),
        )
        found = dataclasses.replace(result, programmes=(changed, *result.programmes[1:]))
        return " ".join(texts_of(document(found, teller(found, language)).as_dict()))

    assert all(text in texts(0.06) for text in told)
    assert not any(text in texts(0.04) for text in told)


# ---------------------------------------------------------------- the four files


def test_the_page_is_self_contained_and_reads_nothing_as_markup(folders):
    for folder in folders.values():
        page = (folder / "report.html").read_text(encoding="utf-8")
        assert "&lt;script&gt;" in page
        assert "<script" not in page
        assert "<b>" not in page
        assert not re.search(r"""(src|href)\s*=\s*["'](?!data:|#)""", page)
        assert not re.search(r"url\((?!data:)", page)
        assert "alt=" in page


def test_the_pdf_is_one_and_its_summary_ends_on_the_second_page(folders):
    for folder in folders.values():
        assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("long", [False, True])
def test_the_summary_takes_two_pages_whatever_the_names(language, long):
    found = made_up(LONG if long else "A", programmes=(f"Programa de {LONG[:60]}" if long else "B",))
    tell = teller(found, language)
    made = document(found, tell)
    pictures = {p.name: sized(p, found, tell) for p in made.pictures()}
    compiler = printed.fitted(made, pictures)
    assert json.loads(compiler.query("<end-of-summary>", field="value", one=True)) == 2


def sized(picture, result, tell):
    """A blank of the figure's size: drawing it would take a second, and only its size matters here."""
    figure = figures.draw(picture.name, result, tell)
    return SVG.format(height=72 * figure.get_size_inches()[1])


def test_a_workbook_holds_text_as_text(folders, result):
    for folder in folders.values():
        book = openpyxl.load_workbook(folder / "report.xlsx")
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert not any(cell.hyperlink for cell in cells)
        formulas = [cell for cell in cells if cell.data_type == "f"]
        assert len(formulas) > 500
        assert not any("HYPERLINK" in cell.value or "1+1" in cell.value for cell in formulas)
        named = [cell for cell in cells if cell.value in (NASTY, "=1+1 <b>Everything</b>")]
        assert len(named) >= 2
        assert all(cell.data_type == "s" and cell.quotePrefix for cell in named)


def test_slides_are_about_ten_with_native_charts_and_plain_text(folders):
    for folder in folders.values():
        deck = pptx.Presentation(str(folder / "slides.pptx"))
        assert 9 <= len(deck.slides) <= 12
        assert sum(shape.has_chart for slide in deck.slides for shape in slide.shapes) >= 4
        assert all(slide.shapes.title.text_frame.text for slide in deck.slides)
        with zipfile.ZipFile(folder / "slides.pptx") as parts:
            written = "".join(parts.read(name).decode() for name in parts.namelist() if "slides/slide" in name)
        assert "hlinkClick" not in written


@pytest.mark.parametrize(("language", "separators"), [("en", "[$-409]#,##0"), ("es", "[$-C0A]#,##0")])
def test_bars_begin_at_zero_and_axes_speak_the_language(language, separators, folders):
    deck = pptx.Presentation(str(folders[language] / "slides.pptx"))
    charts = [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    assert all(chart.value_axis.tick_labels.number_format.startswith(separators) for chart in charts)
    bars = [chart for chart in charts if chart.chart_type != XL_CHART_TYPE.LINE]
    of_one_sign = [chart for chart in bars if min(value for one in chart.series for value in one.values) >= 0]
    assert of_one_sign
    assert all(chart.value_axis.minimum_scale == 0 for chart in of_one_sign)


@pytest.mark.parametrize("language", LANGUAGES)
def test_slides_say_no_number_that_the_report_does_not(language, result, folders):
    tell = teller(result, language)
    number = re.compile(r"\d[\d.,]*")
    known = {
        token.rstrip(".,") for text in texts_of(document(result, tell).as_dict()) for token in number.findall(text)
    }
    for place, slide in enumerate(pptx.Presentation(str(folders[language] / "slides.pptx")).slides, 1):
        frames = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
        frames += [
            cell.text for shape in slide.shapes if shape.has_table for row in shape.table.rows for cell in row.cells
        ]
        found = {token.rstrip(".,") for text in frames for token in number.findall(text)}
        assert found <= known | {str(n) for n in range(1, place + 1)}, place


def test_the_same_result_gives_the_same_bytes(folders, result):
    tell = teller(result)
    made = document(result, tell)
    assert workbook(result, tell) == (folders["en"] / "report.xlsx").read_bytes()
    assert slides(result, tell, made) == (folders["en"] / "slides.pptx").read_bytes()


def test_a_missing_library_is_named_with_its_extra(monkeypatch, result, tmp_path):
    monkeypatch.setattr(inaction, "find_spec", lambda name: None if name == "typst" else name)
    with pytest.raises(ParameterError, match=r"report.pdf needs typst; .*gtm-sim\[report\]"):
        inaction.write(result, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.browser
def test_the_page_opens_offline_and_fits_a_desk_and_a_phone(folders, chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        asked = []
        for language, folder in folders.items():
            for width in (1280, 375):
                context = browser.new_context(offline=True, viewport={"width": width, "height": 900})
                page = context.new_page()
                errors = []
                page.on("request", lambda request: asked.append(request.url))
                page.on("requestfailed", lambda request, errors=errors: errors.append(request.url))
                page.on("pageerror", lambda error, errors=errors: errors.append(str(error)))
                page.goto((folder / "report.html").as_uri())
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (language, width)
                assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
                assert not errors
                context.close()
        browser.close()
    assert all(url.startswith(("file:", "data:")) for url in asked)

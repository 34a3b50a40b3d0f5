"""Numbers as people of a language write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.numbers import LANGUAGES, numbers, places_for


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")


@pytest.mark.parametrize(
    ("amount", "english", "spanish"),
    [
        (0, "€0", "0 €"),
        (5.123, "€5.12", "5,12 €"),
        (1234, "€1,230", "1230 €"),
        (45_678, "€45,700", "45.700 €"),
        (1e6, "€1.00 million", "1,00 millón de €"),
        (999_999, "€1.00 million", "1,00 millón de €"),
        (-38.25e6, "-€38.2 million", "-38,2 millones de €"),
        (1e9, "€1.00 billion", "1000 millones de €"),
        (2.3e9, "€2.30 billion", "2300 millones de €"),
        (45e9, "€45.0 billion", "45.000 millones de €"),
        (1e12, "€1.00 trillion", "1,00 billón de €"),
        (1.2e12, "€1.20 trillion", "1,20 billones de €"),
    ],
)
def test_amounts_in_words(amount, english, spanish):
    assert plain(numbers("en").euro(amount)) == english
    assert plain(numbers("es").euro(amount)) == spanish


@pytest.mark.parametrize(
    ("amount", "english", "spanish"),
    [(1.23e6, "€1.23M", "1,23 M€"), (2.3e9, "€2.30B", "2300 M€"), (1.2e12, "€1.20T", "1,20 billones de €")],
)
def test_short_amounts_have_no_ambiguous_letter(amount, english, spanish):
    assert plain(numbers("en").euro(amount, short=True)) == english
    assert plain(numbers("es").euro(amount, short=True)) == spanish


@pytest.mark.parametrize(
    ("written", "english", "spanish"),
    [
        (lambda n: n.decimal(1234.5), "1,234.5", "1234,5"),
        (lambda n: n.decimal(12345.5), "12,345.5", "12.345,5"),
        (lambda n: n.percent(0.1234), "12.3%", "12,3 %"),
        (lambda n: n.points(0.0042), "+0.4 pp", "+0,4 p. p."),
        (lambda n: n.points(-0.0042), "-0.4 pp", "-0,4 p. p."),
        (lambda n: n.points(-0.0001), "0.0 pp", "0,0 p. p."),
        (lambda n: n.value(41.26, "hours"), "41.3 h", "41,3 h"),
        (lambda n: n.value(84, "days", 0), "84 days", "84 días"),
        (lambda n: n.between(0.0091, 0.0168, "fraction"), "0.9 to 1.7 pp", "0,9 a 1,7 p. p."),
        (lambda n: n.between(-433, 24213, "€", signed=True), "€0 to +€24,000", "0 a +24.000 €"),
        (lambda n: n.between(7.0e5, 1.28e6, "€", short=False), "€0.70 to €1.28 million", "0,70 a 1,28 millones de €"),
        (lambda n: n.value(math.nan, "€"), "—", "—"),
        (lambda n: n.percent(math.nan), "—", "—"),
    ],
)
def test_values_with_units(written, english, spanish):
    assert plain(written(numbers("en"))) == english
    assert plain(written(numbers("es"))) == spanish


@pytest.mark.parametrize("language", LANGUAGES)
@given(number=st.floats(-1e12, 1e12), digits=st.integers(0, 6))
def test_what_is_written_can_be_read_back(language, number, digits):
    write = numbers(language)
    assert write.parse(write.decimal(number, digits)) == pytest.approx(number, abs=0.5000001 * 10.0**-digits, rel=1e-12)


@given(low=st.floats(-1e9, 1e9), width=st.floats(1e-3, 1e9))
def test_rounding_keeps_one_or_two_digits_of_the_half_width(low, width):
    half = abs((low + width) - low) / 2
    places = places_for(low, low + width)
    if half > 1e-3 and places < 4:
        assert 3.55 / 10 <= 10.0 ** (places - 1) * half <= 3.5501 * 10


@given(low=st.floats(-1e8, 1e8), width=st.floats(1, 1e8), unit=st.sampled_from(["€", "", "hours"]))
def test_printed_bounds_are_those_the_gate_sees(low, width, unit):
    write = numbers("en")
    (shown, _), _, scale = write.printed(low, low + width, unit)
    text = write.between(low, low + width, unit, signed=True).split(" to ")[0]
    assert write.parse(text) == pytest.approx(shown, rel=1e-9)
    assert ("-" in plain(text)) == (shown < 0)
    assert abs(shown * scale - low) <= width + 1e-4 * scale


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="allowed are en, es"):
        numbers.__wrapped__("de")


@pytest.mark.parametrize(
    ("value", "english", "spanish"),
    [
        (1.0, "> 99.9%", "> 99,9 %"), (0.9994, "> 99.9%", "> 99,9 %"), (0.0, "< 0.1%", "< 0,1 %"),
        (0.9512, "95.1%", "95,1 %"), (0.001, "0.1%", "0,1 %"), (math.nan, "—", "—"),
    ],
)  # fmt: skip
def test_no_probability_is_certain(value, english, spanish):
    assert numbers("en").probability(value) == english
    assert numbers("es").probability(value) == spanish.replace(" %", "\N{NO-BREAK SPACE}%")

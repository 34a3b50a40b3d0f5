"""Both languages say the same things, and name everything there is."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
import yaml

from analysis import catalogue
from analysis.factors import any_value
from analysis.numbers import LANGUAGES
from analysis.texts import FOLDER, texts
from experiments.inaction.client import fields
from sim.measures import MEASURES
from sim.parameters import declared


def leaves(tree, path=()):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def test_both_languages_have_the_same_keys_and_blanks():
    english, spanish = (dict(leaves(texts(language).entries)) for language in LANGUAGES)
    assert english.keys() == spanish.keys()
    for key, text in english.items():
        blanks = [
            {field for _, field, _, _ in string.Formatter().parse(str(one)) if field} for one in (text, spanish[key])
        ]
        assert blanks[0] == blanks[1], key


def test_spanish_names_every_measure():
    spanish = texts("es")
    unnamed = [name for name in MEASURES if catalogue.hours_class(name) is None and name not in spanish.measures]
    assert not unnamed, "a new measure needs a label in analysis/locale/measures.es.yaml"
    undefined = [name for name in catalogue.HEADLINE if "definition" not in spanish.measures[name]]
    assert not undefined, "a measure of the headline table needs a definition in analysis/locale/measures.es.yaml"
    gone = [name for name in spanish.measures if name not in MEASURES]
    assert not gone, "measures that no longer exist"


def test_every_measure_of_the_tables_exists():
    names = {*catalogue.HEADLINE, *catalogue.PICTURED}
    assert names <= set(MEASURES)
    assert {f"hours_{role}_{kind}" for role in catalogue.ROLES for kind in catalogue.CLASSES} <= set(MEASURES)


def test_spanish_explains_every_parameter():
    spanish = texts("es")
    parameters = {(theme, name): declaration for theme, name, declaration, _ in declared()}
    explained = {(theme, name) for theme, names in spanish.parameters.items() for name in names}
    assert parameters.keys() - explained == set(), "a new parameter needs a meaning in analysis/locale/model.es.yaml"
    assert explained - parameters.keys() == set(), "parameters that no longer exist"
    # A report on a client lists what its file gives beside the parameters, in units of its own.
    units = {declaration.unit for declaration in parameters.values()} | {
        spec.get("unit", "") for spec in fields().values()
    }
    assert units - {""} == set(spanish.units), (
        "units in analysis/locale/model.es.yaml are those of parameters and clients"
    )


def test_everything_uncertain_has_a_plain_name_in_both_languages():
    """What reports name in passing reads without a glossary: short, no symbols, and no two things alike."""
    parameters = {f"{theme}.{name}": declaration for theme, name, declaration, _ in declared()}
    plains = texts("en").plains
    assert set(plains["names"]) <= parameters.keys(), "parameters that no longer exist"
    drawn = {key for key, declaration in parameters.items() if declaration.prior} | set(plains["choices"])
    assert drawn <= set(plains["names"]), "what is drawn needs a plain name in analysis/locale/plain.yaml"
    for language in LANGUAGES:
        names = [name[language] for name in plains["names"].values()]
        assert len(names) == len(set(names)), [name for name in names if names.count(name) > 1]
        assert not [name for name in names if len(name) > 64 or not re.fullmatch(r"[\w' -]+", name)]
    for key, choices in plains["choices"].items():
        assert set(choices) == set(parameters[key].choices)
    units = {declaration.unit for declaration in parameters.values()}
    assert set(plains["units"]) <= units
    choices = [words for each in plains["choices"].values() for words in each.values()]
    for words in (*plains["names"].values(), *plains["units"].values(), *choices):
        assert set(words) == set(LANGUAGES)


@pytest.mark.parametrize(
    ("key", "value", "english", "spanish"),
    [
        ("behaviour.pushing_cost", 7.21, "7.21 times the pay for an MQL", "7,21 veces lo que se paga por un MQL"),
        ("behaviour.call_bar", 1300.0, "€1,300 of expected contract value", "1300 € de valor de contrato esperado"),
        ("customers.churn_monthly", 0.0062, "0.62% a month", "0,62 % al mes"),
        ("behaviour.call_form", "relative", "value per hour against all other work",
         "valor por hora frente a todo lo demás"),
        ("market.win_intercept", -1.9, "\N{MINUS SIGN}1.9 logit", "\N{MINUS SIGN}1,9 logit"),
    ],
)  # fmt: skip
def test_values_of_parameters_have_the_units_that_people_use(key, value, english, spanish):
    for language, expected in (("en", english), ("es", spanish)):
        assert any_value(texts(language))(key, value).replace("\N{NO-BREAK SPACE}", " ") == expected


def test_sources_that_are_words_and_not_names_are_translated():
    spanish = texts("es")
    for _, name, declaration, _ in declared():
        words = re.findall(r"[a-z]{3,}", re.sub(r"\b[A-Z]\w*", "", declaration.source))
        if declaration.source != "judgement" and words:
            assert declaration.source in spanish.sources, name


def test_every_theme_and_every_arm_that_is_shipped_has_a_name(root):
    for language in LANGUAGES:
        words = texts(language)
        assert {theme for theme, _, _, _ in declared()} <= set(words.find("report.assumptions.themes"))
        assert {path.stem for path in (root / "configs" / "arm").glob("*.yaml")} <= set(words.find("arms"))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.name)
def test_no_key_is_given_twice(path: Path):
    node = yaml.compose(path.read_text(encoding="utf-8"))

    def check(node):
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), [key for key in keys if keys.count(key) > 1]
            for _, value in node.value:
                check(value)

    check(node)


def test_unknown_things_keep_their_names():
    assert texts("es").arm("my_own_plan") == "my own plan"
    assert texts("es").measure("throughput_of_a_foreign_model") == "throughput of a foreign model"
    assert texts("es").measure("hours_seller_search") == "Buscar información: ventas"

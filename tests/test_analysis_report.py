"""The report and its figures: whole, self-contained, repeatable, honest about what is missing."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from analysis import figures, gap, gate, hours, load, summarise
from analysis.catalogue import CLASSES, WASTED_CLASSES
from analysis.figures.funnel import STAGES
from analysis.numbers import LANGUAGES, numbers
from analysis.paired import Contrast
from analysis.report import _tiles, _unbroken, assumptions, write
from analysis.report.tables import Tables
from analysis.texts import texts
from experiments.tables import write_json
from sim.parameters import declared
from tests.synthetic_study import synthetic

pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """What a page would fetch, its text, and whether its tags are closed."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.open, self.words, self.tags = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [
            value for name, value in attrs if name in {"src", "href", "srcset", "data", "action", "poster"}
        ]
        if tag not in {"meta", "img", "source", "br", "link", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"style", "script"}:
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"[ \n\t]+", " ", " ".join(self.words))


@pytest.fixture(scope="module", params=LANGUAGES)
def written(request, tmp_path_factory):
    folder = synthetic(tmp_path_factory.mktemp(request.param), replications=12)
    return request.param, folder, write(folder, request.param)


def test_the_page_says_all_it_has_to(written):
    language, folder, path = written
    study, words = load(folder), texts(language)
    page = Page(path.read_text(encoding="utf-8"))
    assert not page.open
    assert page.tags.count("h1") == 1
    assert gate.headline(study, language).text in page.text
    assert words("report.stance") in page.text
    assert words("report.abbreviations") in page.text
    assert len(gap.lines(study, language)) == len(study.others)
    assert all(line in page.text for line in gap.lines(study, language))
    assert words("report.measures.units") in page.text
    assert f"mid_market · {words('report.months', n=24)} · {words('report.replications', n=12)}" in page.text
    for tile, yearly in _tiles(study, Tables(study, words, numbers(language))):
        assert f"{tile.before.value} → {tile.after.value}" in page.text
        assert (words("report.a_year", measure=tile.label) in page.text) == yearly
    for section in words.find("report.sections").values():
        assert section in page.text
    for name, drawing in figures.FIGURES.items():
        assert drawing.caption(study, language) in page.text, name
    for theme, name, _, _ in declared():
        assert f"{theme}.{name}" in page.text
    for value in (study.manifest["command"], study.manifest["configuration_hash"], "numba 0.68.1"):
        assert value in page.text


def test_the_page_asks_for_nothing_from_outside(written):
    text = written[2].read_text(encoding="utf-8")
    page = Page(text)
    assert page.addresses
    assert all(address.startswith("data:image/svg+xml;base64,") for address in page.addresses)
    assert "url(" not in text
    assert "@import" not in text
    for address in page.addresses:
        drawing = base64.b64decode(address.partition(",")[2]).decode()
        # Names of namespaces are addresses too, but nobody fetches them.
        assert not re.search(r"(?:href|src)=[\"'](?!#|data:)", drawing)


def test_no_share_of_the_stage_before_where_sellers_own_finds_come_in(tmp_path):
    """Accepted leads hold what sellers found: more than were pursued is no 121 %."""
    study = load(synthetic(tmp_path, replications=3, effects={"shared_okr": {"accepted": 200.0}}))
    drawing = figures.FIGURES["funnel"].draw(study, "en", "wide")
    shares = [text.get_text() for text in drawing.axes[0].texts if "of the stage before" in text.get_text()]
    assert len(shares) == (len(STAGES) - 2) * len(study.arms)  # nor has the first stage one
    plt.close(drawing)


def test_no_line_ends_between_a_sign_and_its_euro():
    assert _unbroken("+€4 to −€5, €6") == "+\N{WORD JOINER}€4 to −\N{WORD JOINER}€5, €6"


@pytest.mark.parametrize("factor", [1e30, 1e300, float("inf")])
def test_a_gain_by_pairing_beyond_reckoning_is_just_large(tmp_path, factor):
    study = load(synthetic(tmp_path, replications=3))
    found = Contrast(1.0, 1.0, 1.0, 1.0, factor, 2)
    assert Tables(study, texts("en"), numbers("en")).pairing(found).startswith("> ")


def test_two_writes_give_the_same_bytes(written, tmp_path):
    language, folder, path = written
    again = shutil.copytree(folder, tmp_path / "again", ignore=shutil.ignore_patterns("figures", "report.html"))
    assert write(again, language).read_bytes() == path.read_bytes()
    for figure in sorted((folder / "figures").iterdir()):
        assert (again / "figures" / figure.name).read_bytes() == figure.read_bytes(), figure.name


def test_spanish_numbers_have_a_decimal_comma(written):
    language, _, path = written
    text = Page(path.read_text(encoding="utf-8")).text
    body = text[: text.index(texts(language)("report.sections.assumptions"))]
    assert bool(re.search(r"\d,\d+\s%", body)) == (language == "es")
    assert bool(re.search(r"\d\.\d+%", body)) == (language == "en")


def test_figures_are_there_in_both_formats_and_leave_nothing_open(written):
    _, folder, _ = written
    names = {path.name for path in (folder / "figures").iterdir()}
    assert names == {f"{name}.{kind}" for name in figures.FIGURES for kind in ("svg", "png")}
    assert not plt.get_fignums()


@pytest.mark.parametrize(
    "options",
    [
        {"replications": 1},
        {"replications": 2, "failing": 1},
        {"replications": 3, "failing": 3},
        {"replications": 6, "arms": ("siloed",)},
        {"replications": 1, "arms": ("siloed",)},
        {"replications": 5, "arms": ("siloed", "shared_okr", "my_plan", "hybrid")},
        {"replications": 4, "effects": {"siloed": {}, "shared_okr": {}}},
        {"replications": 5, "months": 1},
    ],
    ids=str,
)
def test_odd_studies_get_a_report_too(tmp_path, options):
    folder = synthetic(tmp_path, **options)
    language = LANGUAGES[options["replications"] % 2]
    page = Page(write(folder, language).read_text(encoding="utf-8"))
    assert not page.open
    assert "nan" not in re.findall(r"[a-z]+", page.text.lower())
    if options.get("failing"):
        assert "runs.parquet" in page.text


def test_missing_files_leave_out_what_needs_them(tmp_path):
    folder = synthetic(tmp_path, replications=4)
    write(folder)
    for name in ("monthly.parquet", "people.parquet"):
        (folder / name).unlink()
    runs = pd.read_parquet(folder / "runs.parquet")
    runs = runs[[name for name in runs if not name.startswith("hours_")]]
    runs.to_parquet(folder / "runs.parquet")
    write_json(folder / "summary.json", summarise(runs, "compare", "siloed"))
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({"baseline": "siloed", "arms": manifest["arms"]}))
    text = Page(write(folder).read_text(encoding="utf-8")).text
    assert texts("en")("report.waste.none") in text
    assert texts("en")("report.assumptions.missing") in text
    assert {path.stem for path in (folder / "figures").iterdir()} == {"growth", "funnel", "differences"}


def test_an_unfinished_folder_is_refused_by_name(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"runs\.parquet"):
        load(tmp_path)
    folder = synthetic(tmp_path / "study", replications=2)
    (folder / "manifest.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"manifest\.json"):
        load(folder)
    with pytest.raises(ValueError, match="allowed are en, es"):
        write(synthetic(tmp_path / "other", replications=2), "fr")


def test_names_from_outside_cannot_break_the_page(tmp_path):
    folder = synthetic(tmp_path, replications=3, arms=("siloed", "<b>bold</b>"))
    page = Page(write(folder).read_text(encoding="utf-8"))
    assert "b" not in page.tags


def test_hours_sum_to_all_paid_time_and_match_the_measure(tmp_path):
    study = load(synthetic(tmp_path, replications=8))
    for arm in study.arms:
        shares = hours.shares(study, arm)
        assert shares.sum(axis=1).to_numpy() == pytest.approx(1.0)
        assert list(shares) == list(CLASSES)
        assert hours.share(study, arm, WASTED_CLASSES).mean == pytest.approx(study.interval(gate.WASTED, arm).mean)


def test_assumptions_tell_what_the_arms_do_not_share(tmp_path):
    study = load(synthetic(tmp_path, replications=2))
    words, write_number = texts("es"), numbers("es")
    found = {row.key: row for theme in assumptions.themes(study, words, write_number) for row in theme.assumptions}
    assert len(found) == len(list(declared()))
    assert {key for key, row in found.items() if not row.shared} == {
        "alignment.visibility", "alignment.feedback", "alignment.score_owner",
    }  # fmt: skip
    assert found["alignment.visibility"].values == ("0,15", "0,8")
    assert found["people.quota"].values == ("187.500",)
    for theme, name, declaration, _ in declared():
        assert found[f"{theme}.{name}"].loud == (declaration.grade == "judgement")
    plans = dict(assumptions.pay_plans(study, words, write_number))
    assert plans["marketing"] == [
        "100\N{NO-BREAK SPACE}% de la variable por MQL (propio, mensual)",
        "100\N{NO-BREAK SPACE}% de la variable por ACV ganado (del equipo, mensual)",
    ]
    assert "× 2 si el scoring era bajo" in plans["ventas"][1]


def test_tables_call_a_difference_better_or_worse_only_where_it_is_told(tmp_path):
    study = load(synthetic(tmp_path, replications=40, effects={"shared_okr": {"churned_arr": 5e5, "wins": 0.0}}))
    tables = Tables(study, texts("en"), numbers("en"))
    assert tables.measure("churned_arr", "shared_okr").reading == "worse"
    unclear = tables.measure("score_validity", "shared_okr")
    assert (unclear.reading, unclear.tone) == ("not told apart", "")
    assert tables.measure("scores_amended_share", "shared_okr").reading == "no difference"


@pytest.mark.browser
def test_the_page_fits_a_phone(written, chromium, tmp_path):
    """No part of the page is wider than a screen of 375 points: tables scroll within themselves."""
    _, _, path = written
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<iframe id="f" src="{path.as_uri()}" style="width:375px;height:800px;border:0"></iframe>'
        '<script>onload = () => { const page = document.getElementById("f").contentDocument.documentElement;'
        "document.body.dataset.width = page.scrollWidth; };</script>"
    )
    options = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--virtual-time-budget=9000",
        "--allow-file-access-from-files", f"--user-data-dir={tmp_path / 'profile'}",
    ]  # fmt: skip
    done = subprocess.run(
        [chromium, *options, "--dump-dom", frame.as_uri()], capture_output=True, text=True, timeout=120
    )
    found = re.search(r'data-width="(\d+)"', done.stdout)
    assert found, done.stderr[-500:]
    assert int(found.group(1)) <= 375

"""The explorer in a real browser: levers, intervals, permalink, report, agents, keyboard, two widths."""

from __future__ import annotations

import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.servers import free_port, serving

pytestmark = [pytest.mark.slow, pytest.mark.browser]
SMALL = "organisation=essay&months=3&seeds=12"
WIDTHS = (375, 1440)


@contextmanager
def explorer(folder: Path) -> Iterator[str]:
    """Address of a server of the explorer alone."""
    port = free_port()
    log = folder / "server.log"
    with serving([sys.executable, "-m", "workshop.explorer", str(port)], port, log):
        yield f"http://127.0.0.1:{port}"
        assert "Traceback" not in log.read_text(errors="replace")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server that the tests of this file share."""
    with explorer(tmp_path_factory.mktemp("explorer")) as found:
        yield found


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[str]:
    """Address of a server of its own: a test takes all its places."""
    with explorer(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """One browser for all tests of this file."""
    with sync_api().sync_playwright() as tools:
        sync_api().expect.set_options(timeout=60_000)
        browser = tools.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page of the width asked for, which must not see an error, nor a request to anybody else."""
    width = getattr(request, "param", 1440)
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_default_timeout(60_000)
    wrong: list[str] = []
    asked: set[str] = set()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("request", lambda each: asked.add(re.sub(r"^(\w+:/*[^/]*).*", r"\1", each.url)))
    yield page
    page.close()
    assert wrong == []
    assert all(origin.startswith(("http://127.0.0.1:", "data:", "blob:")) for origin in asked), asked


def sync_api() -> Any:
    """Playwright, where it is installed."""
    return pytest.importorskip("playwright.sync_api")


def _ready(page: Any, of: int = 12) -> None:
    """Until all runs are in."""
    page.wait_for_selector(f"main[data-n='{of}']")
    sync_api().expect(page.locator("#status")).to_have_text(re.compile("All|Han"))


def _numbers(page: Any) -> list[str]:
    return page.locator("[data-measure] td b").all_inner_texts()


@pytest.mark.parametrize("page", WIDTHS, indirect=True)
def test_a_lever_changes_the_picture_and_its_address_gives_it_back(page: Any, address: str) -> None:
    page.goto(f"{address}/explorer?{SMALL}")
    _ready(page)
    before = _numbers(page)
    places = page.locator("section.card h2").evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
    if page.viewport_size["width"] < 600:
        page.locator("#panel > summary").click()
    level = page.locator("[data-key='shared_okr.alignment.level']")
    level.focus()
    page.evaluate("delete document.querySelector('main').dataset.n")
    level.press("Home")  # by keyboard: no alignment at all
    _ready(page)
    assert _numbers(page) != before
    assert "shared_okr.alignment.level=0" in page.url
    assert "arm.shared_okr.alignment.level=0" in page.input_value("#command")
    assert page.evaluate("document.activeElement.dataset.key") == "shared_okr.alignment.level"  # focus stays
    shown = page.locator("[data-key='shared_okr.alignment.visibility']").input_value()
    assert float(shown) < 0.5  # dials follow the level
    changed, link = _numbers(page), page.input_value("#permalink")
    page.goto(link)
    _ready(page)
    assert _numbers(page) == changed
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    if page.viewport_size["width"] > 600:
        now = page.locator("section.card h2").evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
        assert now[0] == pytest.approx(places[0], abs=2)


def test_another_plan_brings_its_own_terms_in_spanish(page: Any, address: str) -> None:
    page.goto(f"{address}/explorer?{SMALL}&language=es")
    _ready(page)
    assert page.get_attribute("html", "lang") == "es"
    page.locator("#levers-siloed > summary").click()
    page.select_option("[data-key='siloed.incentives']", "hybrid")
    page.wait_for_selector("[data-key='siloed.incentives.seller.1.weight']")
    _ready(page)
    assert page.locator("#levers-siloed").evaluate("part => part.open")
    assert "siloed.incentives=hybrid" in page.url
    page.click("#language")
    _ready(page)
    assert page.get_attribute("html", "lang") == "en"
    assert "siloed.incentives=hybrid" in page.url


def test_inputs_that_do_not_go_together_are_said_on_the_page(page: Any, address: str) -> None:
    answer = page.request.get(f"{address}/explorer?siloed.alignment.visibility=7")
    assert answer.status == 400
    assert "siloed.alignment.visibility='7': a number from 0 to 1 is needed." in answer.text().replace("&#39;", "'")
    hostile = page.request.get(f"{address}/explorer?organisation=%3Cscript%3Ealert(1)%3C/script%3E")
    assert hostile.status == 400
    assert "<script>alert" not in hostile.text()
    policy = hostile.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "style=" not in page.request.get(f"{address}/explorer").text()


def test_the_report_is_that_of_gtm_compare(address: str, tmp_path: Path) -> None:
    with urllib.request.urlopen(
        f"{address}/explorer/report?organisation=essay&months=3&seeds=2", timeout=200
    ) as answer:
        assert "attachment" in answer.headers["content-disposition"]
        text = answer.read().decode()
    assert "gtm compare organisation=essay" in text
    assert "seeds=2" in text


@pytest.mark.parametrize("page", WIDTHS, indirect=True)
def test_agents_move_and_can_be_looked_at(page: Any, address: str) -> None:
    page.goto(f"{address}/explorer/office?{SMALL}&arm=siloed")
    page.fill("#day", "130")
    page.click("#open button")
    page.wait_for_selector("main[data-day='130']")
    page.click("#step")
    page.wait_for_selector("main[data-day='131']")
    assert page.locator("#moves li").count() > 0
    person = page.locator("[data-who^='seller ']").first
    person.focus()
    person.press("Enter")
    page.wait_for_selector("#who dl")
    assert "trust" in page.inner_text("#who") or "good leads" in page.inner_text("#who")
    page.locator("#who li button").first.click()
    sync_api().expect(page.locator("#who h3")).to_have_text(re.compile("^Lead"))
    page.click("#play")
    sync_api().expect(page.locator("main")).to_have_attribute("data-day", re.compile("13[3-9]|1[4-9].|2.."))
    page.click("#play")
    stopped = page.get_attribute("main", "data-day")
    page.wait_for_timeout(1500)
    assert int(page.get_attribute("main", "data-day")) <= int(stopped) + 1  # the day under way may end
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_views_are_limited_and_refuse_what_is_not_theirs(crowded: str) -> None:
    def post(path: str, body: object) -> tuple[int, dict[str, Any]]:
        asked = urllib.request.Request(f"{crowded}{path}", json.dumps(body).encode(), method="POST")
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    choice = [["organisation", "essay"], ["months", "3"]]
    for body in ({"arm": "nobody"}, {"arm": "siloed", "day": -1, "choice": choice}, {"arm": "siloed", "day": True},
                 {"arm": "siloed", "day": 5, "choice": [["months", "9999"]]}, {"arm": "siloed", "day": 5, "choice": 7},
                 [], "x" * 100_000):  # fmt: skip
        status, found = post("/explorer/office/sessions", body)
        assert status == 400
        assert found["text"]
    assert post("/explorer/office/sessions/unknown/step", {})[0] == 404
    seen = [post("/explorer/office/sessions", {"arm": "siloed", "day": 0, "choice": choice}) for _ in range(13)]
    assert seen[-1][0] == 503
    token = seen[0][1]["token"]
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{crowded}/explorer/office/sessions/{token}/seller/9999", timeout=60)


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True])
def test_text_has_contrast_and_controls_have_names(page: Any, address: str, dark: bool) -> None:
    page.goto(f"{address}/explorer?{SMALL}")
    _ready(page)
    if dark:
        page.click("#dark")
    for name in ("main", ".quiet", ".hint", ".measures em.good, .measures em.bad, .measures em", "th", "a.button"):
        node = page.locator(name).first
        ink = node.evaluate("one => getComputedStyle(one).color")
        paper = node.evaluate(
            "one => { while (one && getComputedStyle(one).backgroundColor.endsWith(', 0)')) one = one.parentElement;"
            " return getComputedStyle(one ?? document.body).backgroundColor }"
        )
        light, shade = sorted((_luminance(ink), _luminance(paper)), reverse=True)
        assert (light + 0.05) / (shade + 0.05) >= 4.5, (name, ink, paper)
    unnamed = page.locator("input, select, textarea").evaluate_all(
        "all => all.filter(one => !one.labels?.length && !one.ariaLabel).map(one => one.id)"
    )
    assert unnamed == []
    page.keyboard.press("Tab")
    assert page.locator("h1").count() == 1


SHIFTS = """window.shifts = []; new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts.push(one.value);
}).observe({ type: "layout-shift", buffered: true })"""


@pytest.mark.parametrize("page", WIDTHS, indirect=True)
def test_nothing_jumps_and_accessibility_rules_hold(page: Any, address: str) -> None:
    """No serious finding of axe-core; shifts of the layout stay below what browsers call good (0.1)."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page.add_init_script(SHIFTS)
    for path in (f"/explorer?{SMALL}&language=es", f"/explorer/office?{SMALL}&arm=siloed"):
        page.goto(address + path)
        if "office" in path:
            page.fill("#day", "130")
            page.click("#open button")
            page.wait_for_selector("main[data-day='130']")
        else:
            _ready(page)
        found = [v for v in axe.run(page).response["violations"] if v["impact"] in ("serious", "critical")]
        assert [(v["id"], [node["html"][:120] for node in v["nodes"]][:3]) for v in found] == []
        assert sum(page.evaluate("window.shifts")) < 0.1, path

"""Facilitator, projector and six phones in a real browser, in both languages; a phone is lost, the server killed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx")

from tests.workshop_server import Server
from workshop.state import PARTS
from workshop.wording import words

pytestmark = [pytest.mark.slow, pytest.mark.browser]
SIZES = {"phone": (375, 740), "tablet": (768, 1024), "laptop": (1440, 900), "projector": (1920, 1080)}
SERIOUS = ("serious", "critical")
SEEN_IN = {"behaviour": "debrief.behaviour", "claims": "debrief.claims", "questions": "debrief.questions"}
WALLS = ((1920, 1080), (1366, 768), (1280, 800))  # projectors
SHIFTS = """window.shifts = []; new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts.push(one.value);
}).observe({ type: "layout-shift", buffered: true })"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = Server(tmp_path_factory.mktemp("workshop"))
    yield served
    served.stop()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=30_000)
    with playwright.sync_playwright() as tools:
        started = tools.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


class Table:
    """Everybody's browser, what went wrong in it, and pictures of it."""

    def __init__(self, browser: Any, server: Server, language: str, folder: Path) -> None:
        self.browser, self.server, self.language, self.folder = browser, server, language, folder
        self.w, self.wrong = words(language), []

    def open(self, size: str, path: str) -> Any:
        context = self.browser.new_context(
            viewport=dict(zip(("width", "height"), SIZES[size], strict=True)), locale=self.language
        )
        context.add_init_script(SHIFTS)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", lambda sent: self.wrong.append(sent.url) if self.foreign(sent.url) else None)
        page.on("console", lambda said: self.note(said) if said.type == "error" else None)
        page.goto(self.server.address + path)
        return page

    def note(self, said: Any) -> None:
        """An error on the console, unless it is the server being away, which is what we do to it."""
        if not re.search(r"ERR_CONNECTION|ERR_INCOMPLETE|ERR_CONTENT_LENGTH|status of 4", said.text):
            self.wrong.append(said.text)

    def foreign(self, url: str) -> bool:
        return not url.startswith((self.server.address, "data:", "blob:"))

    def picture(self, page: Any, name: str) -> None:
        page.screenshot(path=self.folder / f"{self.language}-{name}.png", full_page=True)

    def fits(self, page: Any) -> None:
        """Nothing runs out of the window sideways, nor, on a phone, out of a table's frame."""
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
        cut = "[...document.querySelectorAll('.scroll')].filter(part => part.scrollWidth > part.clientWidth).length"
        assert page.viewport_size["width"] > 400 or page.evaluate(cut) == 0, page.url

    def whole(self, wall: Any, name: str) -> None:
        """The class sees everything without scrolling, whatever the projector; its letters are large enough."""
        for width, height in WALLS:
            wall.set_viewport_size({"width": width, "height": height})
            tall = wall.evaluate("document.documentElement.scrollHeight")
            assert tall <= height, (name, width, height, tall)
        wall.set_viewport_size({"width": 1920, "height": 1080})
        self.picture(wall, f"{name}-projector")
        small = """(least) => [...document.querySelectorAll('main *')].filter(one => one.checkVisibility() &&
            [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()) &&
            !one.closest('.visually-hidden, [aria-hidden]') &&
            parseFloat(getComputedStyle(one).fontSize) * (one.ownerSVGElement ? one.getScreenCTM().a : 1) < least)
            .map(one => one.textContent.slice(0, 60))"""
        assert wall.evaluate(small, 1080 / 50) == [], name  # a fiftieth of the height

    def steady(self, page: Any) -> None:
        """The layout has not jumped since the page was opened or last asked."""
        assert page.evaluate("window.shifts.splice(0).reduce((sum, one) => sum + one, 0)") < 0.1, page.url

    def press(self, page: Any, control: Any) -> None:
        """Reach a control with the Tab key alone, and press Enter."""
        for _ in range(120):
            page.keyboard.press("Tab")
            if control.evaluate("one => one === document.activeElement"):
                seen = "one => getComputedStyle(one).outlineStyle !== 'none'"
                assert control.evaluate(seen), "where the focus is must be seen"
                page.keyboard.press("Enter")
                return
        raise AssertionError(f"{control} cannot be reached with the keyboard")

    def accessible(self, page: Any) -> None:
        """No serious finding of axe-core, which the test package brings along."""
        axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
        found = [v for v in axe.run(page).response["violations"] if v["impact"] in SERIOUS]
        told = [(v["id"], [node["html"][:120] for node in v["nodes"]][:3]) for v in found]
        assert told == [], page.url


def heading(page: Any) -> Any:
    return page.locator("main h1").first


def joined(table: Table, code: str) -> list[Any]:
    """Six phones that have a seat, one of them a tablet; the first joins with the keyboard."""
    from playwright.sync_api import expect

    w = table.w
    phones = []
    for n in range(6):
        phone = table.open("tablet" if n == 5 else "phone", "/")
        phone.get_by_label(w("join.code")).fill(code.lower())
        phone.get_by_role("button", name=w("join.go")).click()
        phone.get_by_label(w("join.name")).fill(f"Zoë {n}")
        if n == 0:
            table.accessible(phone)
            table.picture(phone, "join")
            table.press(phone, phone.get_by_role("button", name=w("join.submit")))
        else:
            phone.get_by_role("button", name=w("join.submit")).click()
        expect(heading(phone)).to_have_text(w("phone.lobby"))
        phones.append(phone)
    return phones


def debriefed(table: Table, lead: Any, wall: Any, phone: Any, go_on: Callable[[], None]) -> None:
    """The debrief, screen by screen, and back to one that was shown."""
    from playwright.sync_api import expect

    w = table.w
    for name, page in (("debrief-projector", wall), ("debrief-phone", phone)):
        expect(heading(page)).to_have_text(w("debrief.title"))
        expect(page.locator("svg.chart")).to_have_count(1)
        table.picture(page, name)
        table.accessible(page)
        table.fits(page)
    table.whole(wall, "debrief")
    for part in PARTS["debrief"][1:]:
        go_on()
        expect(lead.locator(f'button[value="{part}"]')).to_have_attribute("aria-pressed", "true")
        expect(wall.get_by_text(w(SEEN_IN[part]))).to_be_visible()
        table.whole(wall, f"debrief-{part}")
        table.accessible(wall)
    table.press(lead, lead.locator('button[value="chart"]'))  # and back
    expect(wall.locator("svg.chart")).to_be_visible()
    table.press(lead, lead.locator('button[value="questions"]'))
    expect(wall.get_by_text(w(SEEN_IN["questions"]))).to_be_visible()


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_short_workshop(server: Server, browser: Any, tmp_path: Path, language: str) -> None:
    from playwright.sync_api import expect

    table = Table(browser, server, language, tmp_path)
    w = table.w
    lead = table.open("laptop", f"/host/{server.host}?language={language}&template=managers")
    table.accessible(lead)
    table.picture(lead, "host")
    lead.get_by_label(w("host.teams")).fill("2")
    for kind, count in {"siloed": 1, "shared": 1, "free": 1, "break": 1}.items():
        lead.locator(f"[name=rounds_{kind}]").fill(str(count))
    lead.get_by_role("button", name=w("host.submit")).click()
    expect(heading(lead)).to_have_text(w.step("lobby"))
    code = lead.locator(".huge.code").inner_text()
    wall = table.open("projector", lead.locator('a[href^="/p/"]').get_attribute("href"))

    phones = joined(table, code)
    expect(wall.locator(".names li")).to_have_count(6)  # without anybody touching the projector
    table.whole(wall, "lobby")
    table.accessible(wall)
    table.accessible(lead)

    def go_on() -> None:
        """The facilitator's next click, made with the keyboard alone."""
        table.press(lead, lead.locator('form[action$="/advance"] button:not([disabled])'))

    def on(step: str) -> None:
        go_on()
        expect(heading(lead)).to_have_text(w.step(step))

    on("quiz_before")
    for phone in phones:
        expect(phone.locator("fieldset")).to_have_count(6)
        for n in range(6):
            phone.locator(f'[name=q{n}][value="1"]').check()
        phone.get_by_role("button", name=w("phone.hand_in")).click()
        expect(phone.get_by_text(w("phone.handed_in"))).to_be_visible()
    table.accessible(phones[0])
    on("siloed-1")
    marketer = phones[0]
    expect(heading(marketer)).to_have_text(w.step("siloed-1"))
    expect(marketer.locator(".lever")).to_have_count(2)  # own levers only
    before = marketer.locator("#lever-paid_share").bounding_box()
    marketer.locator("#paid_share").focus()
    for _ in range(3):
        marketer.keyboard.press("ArrowRight")  # with the keyboard alone
    expect(marketer.locator('output[for="paid_share"]')).to_have_text(w.lever("paid_share", 100.0))
    marketer.locator("#paid_for").select_option("lead_captured")
    table.accessible(marketer)
    table.picture(marketer, "siloed-phone")
    assert marketer.locator("#lever-paid_share").bounding_box()["width"] == before["width"]

    # A phone is lost and comes back; the server is killed in the middle of the round.
    lost = phones[5]
    lost.context.close()
    server.kill()
    server.start()
    marketer.reload()
    expect(marketer.locator("#paid_for")).to_have_value("lead_captured")
    lead.reload()
    lead.get_by_role("button", name=f"{w('facilitator.recode')}: Zoë 5").click()
    back = lead.get_by_text(re.compile(r"Zoë 5: [A-Z0-9]{8}")).inner_text()[-8:]
    phones[5] = table.open("tablet", f"/s/{code}")
    phones[5].get_by_text(w("join.again")).click()
    phones[5].get_by_label(w("join.back")).fill(back)
    phones[5].get_by_role("button", name=w("join.return")).click()
    expect(heading(phones[5])).to_have_text(w.step("siloed-1"))
    table.whole(wall, "round")
    table.press(marketer, marketer.get_by_role("button", name=w("phone.ready")))
    for phone in phones[1:]:
        phone.get_by_role("button", name=w("phone.ready")).click()
    for phone in phones:  # the results come by themselves
        expect(heading(phone)).to_have_text(w("phone.results", round=w.step("siloed-1")))
    assert w.measure("gtm_profit") not in marketer.locator("main").inner_text()
    for name, page in (("results-phone", marketer), ("results-tablet", phones[5])):
        table.picture(page, name)
    table.whole(wall, "results")
    table.accessible(marketer)
    for page in (marketer, phones[1], lead):
        table.steady(page)
    on("reveal")
    for page in (wall, marketer):  # the question first, nowhere the answer
        expect(page.get_by_text(w("reveal.ask"))).to_be_visible()
        assert page.locator("table").count() == 0
    go_on()
    for page in (wall, marketer):
        expect(page.get_by_text(w("board.profit"))).to_be_visible()
    table.whole(wall, "reveal")
    table.accessible(wall)
    for step in ("shared-1", "free-1", "break-1"):
        on(step)
        expect(heading(marketer)).to_have_text(w.step(step))
        if step == "free-1":
            marketer.locator("#shared_marketing").fill("50")
            expect(phones[2].locator("#shared_marketing")).to_have_value("50")  # a mate sees it
            table.picture(marketer, "free-phone")
        lead.get_by_role("button", name=w("facilitator.close")).click()
        expect(heading(marketer)).to_have_text(w("phone.results", round=w.step(step)))
        table.whole(wall, step)
        table.fits(marketer)
    table.picture(lead, "facilitator")
    table.accessible(lead)
    on("debrief")
    debriefed(table, lead, wall, marketer, go_on)
    on("quiz_after")
    on("closed")
    expect(heading(marketer)).to_have_text(w("phone.closed"))
    for page in (*phones, wall, lead):
        table.fits(page)
    table.whole(wall, "closed")
    for name in ("handout.html", "cards.html", "guide.html"):
        sheet = table.open("laptop", lead.locator(f'a[href$="{name}"]').get_attribute("href"))
        table.accessible(sheet)
        table.picture(sheet, name.partition(".")[0])
    for page in (*phones, wall, lead):
        page.context.close()
    assert table.wrong == []

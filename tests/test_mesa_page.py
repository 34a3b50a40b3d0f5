"""The example of mesa.visualization in a real browser: it opens, steps, plays and starts anew."""

from __future__ import annotations

import itertools
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import free_port, serving

pytestmark = [pytest.mark.slow, pytest.mark.browser]
SCRIPTS = "_solara/cdn/requirejs@2.3.6/require.js"  # one of those that the page needs


@pytest.fixture(scope="module")
def served(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address of the page and log of its server."""
    pytest.importorskip("solara")
    port = free_port()
    log = tmp_path_factory.mktemp("page") / "server.log"
    command = [sys.executable, "-m", "solara", "run", str(root / "examples" / "mesa_solara.py"),
               "--host=127.0.0.1", f"--port={port}", "--no-open", "--production"]  # fmt: skip
    with serving(command, port, log):
        address = f"http://127.0.0.1:{port}/"
        try:
            urllib.request.urlopen(address + SCRIPTS, timeout=60).close()
        except urllib.error.HTTPError:
            pytest.skip("the page's scripts come from a network that is not there; `solara-assets` brings them along")
        yield address, log


def _day(page: Any) -> int:
    found = re.search(r"Day (\d+) of 250", page.inner_text("body"))
    assert found
    return int(found.group(1))


@pytest.mark.parametrize("width", [1280, 375])
def test_the_page_opens_steps_and_plays(served: tuple[str, Path], chromium: str, width: int) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    address, log = served
    wrong: list[str] = []
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(address)
        expect = playwright.expect
        expect.set_options(timeout=60_000)
        expect(page.locator("img")).to_have_count(3)
        assert _day(page) == 0
        drawn = page.locator("img").evaluate_all("all => all.map(image => image.src)")

        page.get_by_role("button", name="Step").click()
        expect(page.locator("body")).to_contain_text("Day 5 of 250")
        for image, before in enumerate(drawn):
            expect(page.locator("img").nth(image)).not_to_have_attribute("src", before)
        page.get_by_role("button", name="▶").click()
        expect(page.locator("body")).to_contain_text(re.compile(r"Day [1-9]\d+ of 250"))
        page.get_by_role("button", name="Reset").click()  # Mesa's player may still finish its turn, on the new model
        expect(page.locator("body")).to_contain_text(re.compile(r"Day [0-5] of 250"))
        if width < 600:  # beside the drawer there is room to close it; what it covered stands one below the other
            page.mouse.click(width - 10, 600)
            images = page.locator("img")
            for image in range(3):  # a picture that is just being drawn anew is not there
                expect(images.nth(image)).to_be_visible()
            boxes = [box for image in images.all() if (box := image.bounding_box())]
            assert len(boxes) == 3
            assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
            assert all(a["y"] + a["height"] <= b["y"] for a, b in itertools.pairwise(boxes))
        browser.close()
    assert wrong == []
    assert not re.search(r"Traceback|ERROR", log.read_text(errors="replace"))

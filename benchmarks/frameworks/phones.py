"""Browsers with a small screen that join, set the slider and hand in, whatever the framework."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Error, Page

SMALL = {"width": 375, "height": 700}
CUT_OFF = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"  # no other host has an address
MOST = 5  # clicks on Submit
STEP = 0.1  # seconds between two keys
PAUSE = 0.5  # seconds between slider and Submit: nobody is quicker, and NiceGUI sends a moved slider after 0.05 s
# The page itself notes when a click and the result came: nobody has to ask thirty pages all the time.
WATCH = """
addEventListener("click", (event) => {
  if (event.target.closest("button")?.innerText.trim().toUpperCase() === "SUBMIT")
    sessionStorage.setItem("handedIn", Date.now());  // the click of a form leaves the page
}, true);
new MutationObserver(() => {
  if (!window.resultSeen && document.body?.textContent.includes("mean of all")) window.resultSeen = Date.now();
}).observe(document, { childList: true, subtree: true, characterData: true });
addEventListener("DOMContentLoaded", () => {
  if (document.body.innerText.includes("mean of all")) window.resultSeen ??= Date.now();
});
"""


class Outward:
    """A proxy that lets nothing out and remembers who was asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    _, target, *_ = connection.recv(4096).decode("latin-1").split()
                    self.asked.add(urlsplit(target).hostname or target.partition(":")[0])
                    connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                except (OSError, ValueError):
                    continue

    def close(self) -> None:
        self._socket.close()


class Phone:
    """One participant: a browser context of its own, so nothing is shared with another.

    Attributes
    ----------
    number : int
        What its slider shows after it was set, which is what it means to hand in.
    clicks : int
        How often it took a click to hand in.
    """

    def __init__(self, context: BrowserContext, page: Page, index: int) -> None:
        self.context, self.page, self.index = context, page, index
        self.number = self.clicks = 0

    @classmethod
    async def open(cls, browser: Browser, index: int) -> Phone:
        context = await browser.new_context(viewport=SMALL, is_mobile=True, has_touch=True)
        await context.add_init_script(WATCH)
        page = await context.new_page()
        page.set_default_timeout(180_000)
        return cls(context, page, index)

    async def join(self, address: str) -> None:
        await self.page.goto(address)
        await self.page.get_by_label("Name").fill(f"P{self.index}")
        await self.page.get_by_role("button", name="Join").click()
        await self.page.get_by_role("button", name="Submit").wait_for()

    async def set(self) -> None:
        """Move the slider with its keys, which all of them understand, and look where it stands."""
        slider = self.page.get_by_role("slider")
        within = slider.locator("[tabindex]")  # of one of them, a part of it takes the keys
        takes_keys = within if await within.count() else slider
        await takes_keys.focus()
        for _ in range(1 + self.index % 5):
            await takes_keys.press("ArrowRight")
            await asyncio.sleep(STEP)
        await asyncio.sleep(PAUSE)
        self.number = int(await self.slider() or 0)

    async def hand_in(self) -> None:
        """Submit, and once more if the page says nothing for a while, as people do."""
        button, said = self.page.get_by_role("button", name="Submit"), self.page.get_by_text("You handed in")
        for _ in range(MOST):
            await button.click()
            self.clicks += 1
            try:
                await said.wait_for(timeout=10_000)
            except Error:
                if await button.count():
                    continue
                await said.wait_for()
            return

    async def slider(self) -> float | None:
        """Where the slider stands; None if there is none."""
        found = self.page.get_by_role("slider")
        if await found.count() != 1:
            return None
        value = await found.evaluate("all => all.getAttribute('aria-valuenow') ?? all.value")
        return float(value)

    async def text(self) -> str:
        return await self.page.inner_text("body")

    async def noted(self, what: str) -> float:
        """When the page saw something happen, seconds; 0 if it did not."""
        found = await self.page.evaluate(f"Number(window.{what} ?? sessionStorage.getItem('{what}') ?? 0)")
        return float(found) / 1000

    async def wait_for_result(self) -> None:
        await self.page.get_by_text("mean of all").wait_for()


async def crowd(browser: Browser, address: str, count: int) -> list[Phone]:
    """Phones that have joined and stay connected; three at a time come in."""
    gate = asyncio.Semaphore(3)

    async def come(index: int) -> Phone:
        async with gate:
            phone = await Phone.open(browser, index)
            await phone.join(address)
            return phone

    return list(await asyncio.gather(*(come(index) for index in range(count))))


class Traffic:
    """What one page loads: requests, bytes on the wire, hosts."""

    def __init__(self) -> None:
        self.requests = self.bytes = 0
        self.others: set[str] = set()

    async def follow(self, phone: Phone) -> None:
        wire = await phone.context.new_cdp_session(phone.page)
        await wire.send("Network.enable")
        wire.on("Network.requestWillBeSent", self._request)
        wire.on("Network.webSocketCreated", lambda event: self._request({"request": event}))
        wire.on("Network.loadingFinished", lambda event: self._add(event["encodedDataLength"]))
        wire.on("Network.webSocketFrameReceived", lambda event: self._add(len(event["response"]["payloadData"])))

    def _add(self, count: float) -> None:
        self.bytes += int(count)

    def _request(self, event: Any) -> None:
        url = urlsplit(event["request"]["url"])
        if url.scheme in ("http", "https", "ws", "wss"):
            self.requests += 1
            if url.hostname != "127.0.0.1":
                self.others.add(str(url.hostname))

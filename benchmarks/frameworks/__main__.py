"""``python -m benchmarks.frameworks [name …]``: try the frameworks with thirty browsers each, and print a table.

For each candidate: what one phone loads, with other hosts out of reach; thirty browsers that hand in within five
seconds; the server killed with SIGKILL when half have handed in, and started again; a test without a browser. The
browsers are the larger part of the work, and they share the processors with the server: seconds of a processor that
the server took say more than how long anything lasted. Takes about nine minutes. Linux; needs Chromium and playwright.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from playwright.async_api import Browser, Error, async_playwright

from benchmarks.frameworks.candidates import CANDIDATES, ROOT, Candidate, Server
from benchmarks.frameworks.phones import CUT_OFF, Outward, Phone, Traffic, crowd
from benchmarks.frameworks.room import ALL, count_line, own_line
from benchmarks.frameworks.without_browser import BY, lines
from benchmarks.workshop import memory, processor

WITHIN = 5.0  # seconds in which all hand in
AFTER, AT_MOST = 10.0, 40.0  # seconds after a restart at which pages are looked at
Rows = dict[str, str]


@asynccontextmanager
async def browsing(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as tools:
        browser = await tools.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu", CUT_OFF])
        try:
            yield browser
        finally:
            await browser.close()


async def one_phone(server: Server, browser: Browser, outward: Outward) -> Rows:
    """What a phone with an empty cache loads until it can hand in."""
    phone, traffic = await Phone.open(browser, 0), Traffic()
    await traffic.follow(phone)
    begin = time.perf_counter()
    try:
        await phone.join(server.address)
        works = f"yes, {time.perf_counter() - begin:.1f} s"
    except Error:
        works = "no"
    await asyncio.sleep(2)  # what comes late
    return {
        "requests of one phone": str(traffic.requests),
        "megabytes that it loads": f"{traffic.bytes / 1e6:.3f}",
        "other hosts that the page asks": ", ".join(sorted(traffic.others)) or "none",
        "other hosts that the server asks": ", ".join(sorted(outward.asked)) or "none",
        "works without them, joined after": works,
    }


async def whole_round(server: Server, browser: Browser) -> Rows:
    """Thirty join, set their slider and hand in within five seconds."""
    pid = server.process.pid
    memory_idle, spent_idle = memory(pid), processor(pid)
    begin = time.perf_counter()
    phones = await crowd(browser, server.address, ALL)
    joining = time.perf_counter() - begin
    await asyncio.sleep(1)
    spent_joined, memory_joined = processor(pid), memory(pid)

    async def play(phone: Phone) -> None:
        await asyncio.sleep(WITHIN * phone.index / ALL)
        await phone.set()
        await phone.hand_in()

    await asyncio.gather(*(play(phone) for phone in phones))
    await asyncio.gather(*(phone.wait_for_result() for phone in phones))
    spent_end = processor(pid)
    clicks = [await phone.noted("handedIn") for phone in phones]
    results = [await phone.noted("resultSeen") for phone in phones]
    texts = [await phone.text() for phone in phones]
    arrived = sum(f"Your number: {phone.number};" in text for phone, text in zip(phones, texts, strict=True))
    rows = {
        "thirty joined after": f"{joining:.0f} s",
        "processor of the server, joining": f"{spent_joined - spent_idle:.1f} s",
        "processor of the server, handing in": f"{spent_end - spent_joined:.1f} s",
        "last hand-in to last result": f"{max(results) - max(clicks):.2f} s",
        "numbers that arrived as the slider showed them": f"{arrived} of {ALL}",
        "clicks that had to be repeated": str(sum(phone.clicks for phone in phones) - ALL),
        "memory of the server, idle": f"{memory_idle / 1e6:.0f} MB",
        "memory of the server, thirty joined": f"{memory_joined / 1e6:.0f} MB",
        "memory of the server, at the end": f"{memory(pid) / 1e6:.0f} MB",
    }
    await asyncio.gather(*(phone.context.close() for phone in phones))
    return rows


async def killed(server: Server, browser: Browser) -> Rows:
    """Half have handed in, the server is killed at once and started again; the others go on."""
    phones = await crowd(browser, server.address, ALL)
    done, others = phones[: ALL // 2], phones[ALL // 2 :]
    await asyncio.gather(*(phone.set() for phone in phones))
    for phone in done:
        await phone.hand_in()
    server.kill()
    for phone in phones:
        await phone.page.evaluate("window.before = true")
    server.start()
    begin = time.perf_counter()
    await asyncio.sleep(AFTER)
    rows = {f"{AFTER:.0f} s after it is back: pages that follow again": str(ALL - len(await lost(phones)))}
    while (stuck := await lost(phones)) and time.perf_counter() - begin < AT_MOST:
        await asyncio.sleep(1)
    rows |= {
        f"at most {AT_MOST:.0f} s after: pages that follow again": str(ALL - len(stuck)),
        "… of them loaded anew by themselves": str(sum([not await phone.noted("before") for phone in phones])),
        "… that somebody must load anew": str(len(stuck)),
    }
    for phone in stuck:
        await phone.page.reload()
    await asyncio.gather(*(phone.page.get_by_text("have handed in").wait_for() for phone in phones))

    line = count_line(dict.fromkeys(map(str, range(len(done))), 0))
    counts = [line in await phone.text() for phone in phones]
    own = [own_line(phone.number) in await phone.text() for phone in done]
    sliders = [await phone.slider() == phone.number for phone in others]
    rows |= {
        "then pages that show 15 of 30": str(sum(counts)),
        "numbers handed in that are kept": f"{sum(own)} of {len(done)}",
        "sliders of the others that are kept": f"{sum(sliders)} of {len(others)}",
    }
    for phone, kept in zip(others, sliders, strict=True):
        if not kept:
            await phone.set()
        await phone.hand_in()
    try:
        await asyncio.gather(*(phone.wait_for_result() for phone in phones))
        rows["the round can be ended"] = "yes"
    except Error:
        rows["the round can be ended"] = "no"
    await asyncio.gather(*(phone.context.close() for phone in phones))
    return rows


async def lost(phones: list[Phone]) -> list[Phone]:
    """Those whose page does not show the workshop, or says itself that it is cut off."""
    texts = [(await phone.text()).lower() for phone in phones]
    words = ("disconnected", "connection lost", "refresh")
    return [p for p, t in zip(phones, texts, strict=True) if "handed in" not in t or any(word in t for word in words)]


def tested(candidate: Candidate) -> Rows:
    """Join and hand in without a browser; what is to be kept up."""
    command = [sys.executable, "-m", "benchmarks.frameworks.without_browser", candidate.name]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)
    text = f"{BY[candidate.name]}: {lines(candidate.name)} lines"
    packages, megabytes = candidate.installed
    return {
        "a test hands in without a browser by": text if outcome.returncode == 0 else f"{text} (failed here)",
        "lines of the page": str(candidate.lines),
        "packages with what they need": f"{packages}, {megabytes:.0f} MB",
    }


async def tried(candidate: Candidate, chromium: str) -> Rows:
    """Everything about one candidate."""
    rows: Rows = {}
    outward = Outward()

    async def with_server(what: str, environment: dict[str, str] | None = None) -> Rows:
        with tempfile.TemporaryDirectory() as folder:
            server = Server(candidate, Path(folder), outward.address, environment)
            try:
                async with browsing(chromium) as browser:
                    if what == "one":
                        return await one_phone(server, browser, outward)
                    return await (whole_round if what == "round" else killed)(server, browser)
            finally:
                server.stop()

    def add(more: Rows) -> None:
        for key, value in more.items():
            print(f"  {key}: {value}", flush=True)
        rows.update(more)

    for what in ("one", "round", "kill"):
        add(await with_server(what))
    for name, environment in candidate.instead.items():
        add({f"{key} ({name})": value for key, value in (await with_server("kill", environment)).items()})
    outward.close()
    add(tested(candidate))
    return rows


def table(columns: dict[str, Rows]) -> str:
    """The rows side by side."""
    names = list(dict.fromkeys(key for rows in columns.values() for key in rows))
    body = [["", *columns], *([name, *(rows.get(name, "") for rows in columns.values())] for name in names)]
    widths = [max(len(cells[n]) for cells in body) for n in range(len(columns) + 1)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(c, widths, strict=True)).rstrip() for c in body)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frameworks", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(c.name for c in CANDIDATES))
    names = parser.parse_args().names
    if unknown := set(names) - {c.name for c in CANDIDATES}:
        parser.error(f"no candidate named {', '.join(sorted(unknown))}")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("no Chromium on this machine: `make browser` installs it on Debian")
    columns: dict[str, Rows] = {}
    for candidate in CANDIDATES:
        if names and candidate.name not in names:
            continue
        if candidate.missing:
            print(f"{candidate.name}: not installed (pip install {candidate.name})", flush=True)
            continue
        print(f"{candidate.title} …", flush=True)
        columns[candidate.title] = asyncio.run(tried(candidate, chromium))
    print(f"\n{table(columns)}")


if __name__ == "__main__":
    main()

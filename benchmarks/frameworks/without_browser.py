"""A test of each page that needs no browser: somebody joins and hands in, and what that takes.

    python -m benchmarks.frameworks.without_browser starlette

Each way is what the framework's documentation proposes. It is run in a process of its own, as a test would be.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
import tempfile

from benchmarks.frameworks.candidates import CANDIDATES, HERE


def starlette() -> None:
    """Plain HTTP: the same lines speak to a server that runs elsewhere, or was killed and started again."""
    import httpx

    from benchmarks.frameworks.starlette_page import app

    async def run() -> None:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://test", follow_redirects=True
        ) as client:
            await client.post("/join", data={"name": "P"})
            assert "1 of 30" in (await client.post("/hand-in", data={"number": "51"})).text

    asyncio.run(run())


def nicegui() -> None:
    """NiceGUI's ``User``: elements found and events given in the process of the server, no HTTP after the page."""
    from nicegui import ui
    from nicegui.testing import user_simulation

    async def run() -> None:
        async with user_simulation(main_file=HERE / "nicegui_page.py") as user:
            await user.open("/")
            user.find("Name").type("P")
            user.find("Join").click()
            await user.should_see(kind=ui.slider)
            user.find(kind=ui.slider).elements.pop().value = 51
            user.find("Submit").click()
            await user.should_see("1 of 30")
            await user.should_see("You handed in 51")

    asyncio.run(run())


def solara() -> None:
    """The component rendered into widgets, without a server; who is asking must be put in place of the cookie."""
    import ipyvuetify
    import solara as framework

    framework.get_session_id = lambda: "a session"
    from benchmarks.frameworks.solara_page import Page

    _, context = framework.render(Page(), handle_error=False)
    context.find(ipyvuetify.TextField).widget.v_model = "P"
    context.find(ipyvuetify.Btn, children=["Join"]).widget.click()
    context.find(ipyvuetify.Slider).widget.v_model = 51
    context.find(ipyvuetify.Btn, children=["Submit"]).widget.click()
    context.find(ipyvuetify.Html, children=["1 of 30 have handed in"]).assert_single()


WAYS = {"starlette": starlette, "nicegui": nicegui, "solara": solara}
BY = {"starlette": "HTTP", "nicegui": "its own user, in the process", "solara": "widgets, without a server"}


def lines(name: str) -> int:
    """How many lines a way takes, without its description and imports."""
    body = inspect.getsource(WAYS[name]).split('"""')[2].splitlines()
    return sum(1 for line in body if line.strip() and not line.strip().startswith(("import", "from")))


if __name__ == "__main__":
    if sys.argv[1:] not in [[candidate.name] for candidate in CANDIDATES]:
        raise SystemExit(f"one of {', '.join(WAYS)}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"FRAMEWORKS_FOLDER": folder, "FRAMEWORKS_PORT": "1", "NICEGUI_STORAGE_PATH": folder}
        os.environ["PYTEST_CURRENT_TEST"] = "this one"  # NiceGUI's user is made for pytest
        WAYS[sys.argv[1]]()

"""The page in Starlette: forms, server-sent events that only say *changed*, a script that fetches the page again.

htmx would be one more file of somebody else's, for the dozen lines of this script.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import uvicorn
from jinja2 import Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from benchmarks.frameworks.room import ALL, Room, count_line, own_line, result_line

PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Workshop</title>
<link rel="icon" href="data:,"><script src="/page.js" defer></script>
<main data-screen="{{ screen }}">
{% if screen == "join" %}<form method="post" action="/join"><label>Name <input name="name" required></label>
<button>Join</button></form>
{% else %}<p>Hello {{ name }}</p><p data-news>{{ count }}</p>
{% if screen == "play" %}<form method="post" action="/hand-in"><label>Number
<input type="range" name="number" min="0" max="100" value="50"></label> <button>Submit</button></form>
{% else %}<p>{{ own }}</p>{% endif %}{% if result %}<p>{{ result }}</p>{% endif %}{% endif %}
</main></html>""")

SCRIPT = """"use strict";
const main = () => document.querySelector("main"), news = (page) => page.querySelector("[data-news]");
let fetching = false, again = false;
async function refresh() {
  if (fetching) { again = true; return; }
  fetching = true;
  try {
    const fresh = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html").querySelector("main");
    if (fresh.dataset.screen !== main().dataset.screen) main().replaceWith(fresh);
    else if (news(fresh)) news(main()).textContent = news(fresh).textContent;
  } catch { /* the stream comes back and says so */ }
  fetching = false;
  if (again) { again = false; refresh(); }
}
new EventSource("/live").onmessage = refresh;
"""


class News:
    """How often something has changed, and a way to wait for more."""

    def __init__(self) -> None:
        self._version, self._event = 0, asyncio.Event()

    def tell(self) -> None:
        self._version += 1
        self._event.set()
        self._event = asyncio.Event()

    async def after(self, seen: int) -> int:
        """Wait for a version that has not been seen."""
        if self._version == seen:
            await self._event.wait()
        return self._version


room, news = Room(), News()


async def form(request: Request) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}


async def page(request: Request) -> Response:
    token, numbers = request.cookies.get("token", ""), room.numbers()
    name, own = room.name(token), numbers.get(token)
    full = len(numbers) == ALL and own is not None
    return HTMLResponse(
        PAGE.render(
            screen="join" if not name else "play" if own is None else "result" if full else "wait",
            name=name,
            count=count_line(numbers),
            own=own is not None and own_line(own),
            result=full and result_line(numbers, own or 0),
        )
    )


async def join(request: Request) -> Response:
    token, answer = secrets.token_urlsafe(), RedirectResponse("/", 303)
    room.join(token, (await form(request)).get("name", ""))
    answer.set_cookie("token", token, httponly=True, samesite="lax")
    return answer


async def hand_in(request: Request) -> Response:
    room.hand_in(request.cookies.get("token", ""), int((await form(request))["number"]))
    news.tell()
    return RedirectResponse("/", 303)


async def live(request: Request) -> Response:  # noqa: ARG001
    async def messages() -> AsyncIterator[str]:
        yield "retry: 1500\n\n"
        seen = -1
        while True:
            seen = await news.after(seen)
            yield "data: changed\n\n"
            await asyncio.sleep(0.2)  # what changes meanwhile is told together

    return StreamingResponse(messages(), media_type="text/event-stream")


async def script(request: Request) -> Response:  # noqa: ARG001
    return Response(SCRIPT, media_type="text/javascript")


app = Starlette(
    routes=[
        Route("/", page),
        Route("/page.js", script),
        Route("/live", live),
        Route("/join", join, methods=["POST"]),
        Route("/hand-in", hand_in, methods=["POST"]),
    ]
)

if __name__ == "__main__":
    # What the project has; the faster loop and parser that NiceGUI brings along would be used where it is installed.
    port = int(os.environ["FRAMEWORKS_PORT"])
    uvicorn.run(app, host="127.0.0.1", port=port, loop="asyncio", http="h11", log_level="warning")

"""What all routes share: pages, answers to forms, and the stream by which a browser learns of changes."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from analysis.texts import capital
from workshop import levers, scores, screens, security
from workshop.levers import ROLES
from workshop.rooms import Room, Rooms
from workshop.state import PARTS, QUIZZES, Refused, kind_of
from workshop.wording import LANGUAGES, Words, asked_for, words

HERE = Path(__file__).parent
BEAT = 15.0  # seconds after which a silent stream shows that it lives
MOST_STREAMS = 4  # open pages of one participant


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "pages"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["capitalize_first"] = capital
    made.filters["organisation_name"] = lambda name, w: w.organisation(name)
    made.globals |= {
        "levers": levers, "scores": scores, "screens": screens, "kind_of": kind_of, "roles": ROLES, "quizzes": QUIZZES,
        "parts_of": PARTS,
        "most_attacks": levers.MOST_ATTACKS, "languages": LANGUAGES,
        "screen": "", "live": "", "key": "", "notice": "", "message": "", "dark": False, "body_class": "",
    }  # fmt: skip
    return made


@dataclass
class Desk:
    """What the routes work with.

    Attributes
    ----------
    rooms : Rooms
        The sessions.
    address : str
        Where participants find the server, as ``http://192.0.2.7:8080``.
    own : str
        The profile of somebody's own that was named at the start.
    local : bool
        Whether only this computer can reach the server.
    """

    rooms: Rooms
    address: str
    own: str
    local: bool
    forms: security.Pace = field(default_factory=lambda: security.Pace(rate=8, burst=60))
    guesses: security.Pace = field(default_factory=lambda: security.Pace(rate=1, burst=90))
    environment: Environment = field(default_factory=_environment)

    def page(self, name: str, w: Words, status: int = 200, **values: Any) -> HTMLResponse:
        """A rendered page."""
        text = self.environment.get_template(f"{name}.html.j2").render(w=w, **values)
        return HTMLResponse(text, status)

    def wrong(self, request: Request, reason: str = "missing", status: int = 404) -> HTMLResponse:
        """A page that says that something is not there; the same whatever is not there."""
        w = visitor_words(request)
        return self.page("wrong", w, status, text=w(f"errors.{reason}"))

    def room_values(self, room: Room, **values: Any) -> dict[str, Any]:
        """What every page of a session is rendered with."""
        state = room.state
        # What replaces the whole page where it differs; else only parts are replaced.
        screen = f"{state.step}/{state.stage}"
        return {
            "w": words(state.config.language), "room": room, "state": state, "code": room.kept.code,
            "now": time.time(), "message": state.message, "screen": screen, "steps": state.config.steps(),
            "address": self.address.removeprefix("http://"), "join": f"{self.address}/s/{room.kept.code}", **values,
        }  # fmt: skip


def visitor_words(request: Request) -> Words:
    """The texts of the language that a browser asks for first."""
    return asked_for(request.headers.get("accept-language", ""))


def visitor(request: Request) -> str:
    """The address that a request comes from."""
    return request.client.host if request.client else ""


def key_of(*parts: object) -> str:
    """A short name of what a page depends on: a page with another one is fetched again."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def stream(room: Room, who: int, key: Callable[[], str], pause: float) -> Response:
    """Server-sent events: the key of the page, at the start and whenever it changes.

    Parameters
    ----------
    room : Room
        The session.
    who : int
        Member, or 0.
    key : callable
        Gives the key of the page as it is now; raises :class:`Refused` when the page is gone.
    pause : float
        Seconds between two messages at least.
    """
    if who and room.streams[who] >= MOST_STREAMS:
        return Response(status_code=429)

    async def messages() -> AsyncIterator[str]:
        room.streams[who] += 1
        if room.streams[who] == 1:
            room.tell()
        said = ""
        try:
            yield "retry: 1500\n\n"
            while True:
                try:
                    now = key()
                except Refused:
                    yield "data: gone\n\n"
                    return
                yield f"data: {now}\n\n" if now != said else ": here\n\n"
                said = now
                await asyncio.sleep(pause)
                if key() == said:
                    await room.news(BEAT)
        except Refused:
            yield "data: gone\n\n"
        finally:
            room.streams[who] -= 1
            if not room.streams[who]:
                room.tell()

    return StreamingResponse(messages(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def see(path: str) -> RedirectResponse:
    """Go and look there: the answer to a form that was accepted."""
    return RedirectResponse(path, 303)

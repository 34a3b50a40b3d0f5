"""Routes of whoever runs a session: create it, lead it, take its data away. The address is the key."""

from __future__ import annotations

import io
import secrets
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import segno
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sim.configuration import names
from workshop import exports, screens, security
from workshop.desk import Desk, key_of, see, stream, visitor, visitor_words
from workshop.levers import KINDS
from workshop.phone import said
from workshop.rooms import Room, hashed, word
from workshop.state import LENGTHS, MOST_TEAMS, Refused
from workshop.templates import OWN, TEMPLATES, Template
from workshop.wording import LANGUAGES, Words, words


@lru_cache(maxsize=64)
def qr(address: str) -> bytes:
    """A QR code as SVG."""
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", scale=8, border=2, xmldecl=False)
    return out.getvalue()


def organisations(desk: Desk) -> list[str]:
    """Names of the profiles that can be played, and the path of one of somebody's own."""
    return list(dict.fromkeys([*names("organisation"), desk.own]))


def host_page(
    desk: Desk, w: Words, template: Template, length: int = LENGTHS[-1], notice: str = "", status: int = 200
) -> HTMLResponse:
    """The page on which sessions are created."""
    return desk.page(
        "host", w, status, template=template, templates=TEMPLATES.values(), kinds=KINDS, notice=notice,
        chosen=[desk.own if name == OWN else name for name in template.organisations], length=length,
        organisations=organisations(desk), rooms=desk.rooms.rooms.values(), local=desk.local, most_teams=MOST_TEAMS,
        lengths=LENGTHS,
    )  # fmt: skip


def facilitator_page(desk: Desk, room: Room, notice: str = "", status: int = 200) -> HTMLResponse:
    """The page from which a session is led."""
    state, path = room.state, f"/f/{room.kept.facilitator}"
    values = desk.room_values(
        room, path=path, notice=notice, live=f"{path}/live", key=key_of(room.version), codes=room.codes,
        progress=screens.progress(room) if state.kind else [],
    )  # fmt: skip
    w = values.pop("w")
    files = [(name, w(f"facilitator.{label}")) for name, label in exports.NAMES.items()]
    values["screen"] = ""  # one page for the whole course: only its parts change
    return desk.page("facilitator", w, status, exports=files, **values)


def projector_page(desk: Desk, room: Room) -> HTMLResponse:
    """What everybody sees."""
    state, path = room.state, f"/p/{room.kept.screen}"
    playing = sorted({member.team for member in state.members.values()})
    values = desk.room_values(
        room, path=path, live=f"{path}/live", key=key_of(room.version), dark=True, body_class="projector",
        playing=playing, handed_in=sum((state.step, team) in state.locked for team in playing),
        answered=sum(name == state.step for name, _ in state.answers),
    )  # fmt: skip
    return desk.page("projector", values.pop("w"), **values)


def routes(desk: Desk) -> list[Route]:  # noqa: C901 - a few lines for each route
    """The routes."""

    def room_of(request: Request) -> Room | None:
        token = request.path_params["token"]
        find = desk.rooms.by_screen if request.url.path.startswith("/p/") else desk.rooms.by_facilitator
        room = find(token)
        if room is None:
            desk.guesses.allows(visitor(request))
        return room

    async def host(request: Request) -> Response:
        if not secrets.compare_digest(request.path_params["token"].encode(), desk.rooms.host.encode()):
            return desk.wrong(request)
        asked = request.query_params.get("language", "")
        w = words(asked) if asked in LANGUAGES else visitor_words(request)
        query = request.query_params
        template = TEMPLATES.get(query.get("template", ""), TEMPLATES["managers"])
        length = LENGTHS[0] if query.get("length") == str(LENGTHS[0]) else LENGTHS[-1]
        if request.method == "GET":
            return host_page(desk, w, template, length)
        given = await security.form(request)
        if given is None or not security.same_site(request):
            return host_page(desk, w, template, length, w("refused.form"), 400)
        template = TEMPLATES.get(given.get("template", ""), template)
        try:
            room = desk.rooms.create(asked_for(desk, template, given))
        except Refused as refused:
            return host_page(desk, w, template, length, said(w, refused), 409)
        return see(f"/f/{room.kept.facilitator}")

    async def lead(request: Request) -> Response:
        room = room_of(request)
        return facilitator_page(desk, room) if room else desk.wrong(request)

    async def project(request: Request) -> Response:
        room = room_of(request)
        return projector_page(desk, room) if room else desk.wrong(request)

    async def live(request: Request) -> Response:
        room = room_of(request)
        if room is None:
            return Response(status_code=404)
        return stream(room, 0, lambda: key_of(room.version), 0.5)

    async def code(request: Request) -> Response:
        room = room_of(request)
        if room is None:
            return desk.wrong(request)
        return Response(qr(f"{desk.address}/s/{room.kept.code}"), media_type="image/svg+xml")

    async def export(request: Request) -> Response:
        room = room_of(request)
        if room is None or request.path_params["name"] not in exports.NAMES:
            return desk.wrong(request)
        return exports.answer(desk, room, request.path_params["name"])

    async def act(request: Request) -> Response:
        room, what = room_of(request), request.path_params["what"]
        if room is None:
            return desk.wrong(request)
        w = words(room.config.language)
        given = await security.form(request)
        if given is None or not security.same_site(request):
            return facilitator_page(desk, room, w("refused.form"), 400)
        try:
            if what == "delete":
                if given.get("code", "").strip().upper() != room.kept.code:
                    return facilitator_page(desk, room, w("refused.code"), 409)
                desk.rooms.delete(room)
                return desk.page("wrong", w, text=w("facilitator.deleted"))
            if what == "retry":
                room.retry()
            elif what == "set_back":
                room.set_back()
            else:
                room.act(event(room, what, given))
        except Refused as refused:
            return facilitator_page(desk, room, said(w, refused), 409)
        return see(f"/f/{room.kept.facilitator}")

    return [
        Route("/host/{token}", host, methods=["GET", "POST"]),
        Route("/f/{token}", lead),
        Route("/f/{token}/live", live),
        Route("/f/{token}/qr.svg", code),
        Route("/f/{token}/export/{name}", export),
        Route("/f/{token}/{what}", act, methods=["POST"]),
        Route("/p/{token}", project),
        Route("/p/{token}/live", live),
        Route("/p/{token}/qr.svg", code),
    ]


def asked_for(desk: Desk, template: Template, given: Mapping[str, str]) -> dict[str, Any]:
    """What the form of a new session asks for; numbers are checked by the session's rules.

    Raises
    ------
    Refused
        A profile is none of those that can be played.
    """
    chosen = [name for name in (given.get("organisation", ""), given.get("beside", "")) if name]
    if not chosen:  # as the template has it
        chosen = [desk.own if name == OWN else name for name in template.organisations]
    if not set(chosen) <= set(organisations(desk)):
        raise Refused("organisation")
    return {
        "title": given.get("title", ""),
        "template": template.name,
        "language": given.get("language", ""),
        "organisations": list(dict.fromkeys(chosen)),
        "length": given.get("length", LENGTHS[-1]),
        "teams": given.get("teams", ""),
        "rounds": {kind: given.get(f"rounds_{kind}", "0") for kind in KINDS},
        "minutes": {kind: given.get(f"minutes_{kind}", "4") for kind in KINDS},
        "quiz": bool(given.get("quiz")),
        "profit_visible": bool(given.get("profit_visible")),
    }


def event(room: Room, what: str, given: Mapping[str, str]) -> dict[str, Any]:
    """The event of a form."""

    def number(name: str) -> int:
        text = given.get(name, "")
        return int(text) if text.isdecimal() and len(text) < 6 else -1

    if what == "advance":
        return {"type": "advanced", "position": number("position"), "stage": given.get("stage", ""), "at": time.time()}
    if what == "show":
        return {"type": "shown", "part": given.get("part", "")}
    if what == "minute":
        return {"type": "timed", "deadline": max(room.state.deadline or 0.0, time.time()) + 60}
    if what == "announce":
        return {"type": "announced", "message": given.get("message", "")}
    if what == "remove":
        return {"type": "removed", "member": number("member")}
    if what == "recode":
        member, back = number("member"), word(8)
        room.codes[member] = back
        return {"type": "recoded", "member": member, "back": hashed(back)}
    raise Refused("form")

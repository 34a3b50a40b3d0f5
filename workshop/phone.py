"""Routes of participants: join, take a seat, plan, answer. A cookie says who they are, nothing in an address does."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from workshop import screens, security
from workshop.desk import Desk, key_of, see, stream, visitor, visitor_words
from workshop.levers import LEVERS
from workshop.rooms import Room, hashed
from workshop.state import QUESTIONS, Refused, State
from workshop.wording import Words

DAY = 86_400
JOINED = "gtm_{}"  # name of the cookie


def token_of(request: Request, room: Room) -> str:
    """The token in a phone's cookie."""
    return request.cookies.get(JOINED.format(room.kept.code), "")


def view(desk: Desk, request: Request, room: Room, notice: str = "", status: int = 200) -> HTMLResponse:
    """The page of whoever asks, as the session stands."""
    token = token_of(request, room)
    member, state = room.member(token), room.state
    values = desk.room_values(room, member=member, notice=notice, body_class="phone", seal=seal(desk, token))
    w = values.pop("w")
    if member is None:
        values |= {"live": "", "screen": "join", "message": ""}
        return desk.page("phone", w, status, **values)
    locked = (state.step, member.team) in state.locked
    planning = state.stage == "plan"
    values |= {"live": f"/s/{room.kept.code}/live", "key": key(room, member.id), "locked": locked}
    values["screen"] = (
        f"{state.step}/{stage(state)}/{locked}/{member.team}/{member.role}/{planning and bool(state.today)}"
    )
    values |= {
        "controls": screens.controls(state, w, member) if planning and not locked else [],
        "meter": screens.meter(state, w, member) if planning and not locked else "",
        "today_rows": screens.today_rows(state, w, member) if planning else [],
        "waiting": [m.name for m in state.people(member.team) if (state.step, m.id) not in state.ready],
    }
    return desk.page("phone", w, status, **values)


def stage(state: State) -> str:
    """The stage as far as phones follow it: in the debrief they hold every part at once."""
    return "" if state.step == "debrief" else state.stage


def key(room: Room, number: int) -> str:
    """What a participant's page depends on."""
    state = room.state
    if number not in state.members:
        raise Refused("stranger")
    member = state.members[number]
    mates = state.people(member.team)
    ready = [m.id for m in mates if (state.step, m.id) in state.ready]
    plan = state.plan(state.step, member.team) if state.stage == "plan" else {}
    handed_in = (state.step, member.team) in state.locked
    quiz = state.answers.get((state.step, number))
    names = [(m.id, m.name, m.role) for m in mates]
    return key_of(
        state.position, stage(state), state.deadline, state.message, bool(state.today), member, names, ready,
        sorted(plan.items()), handed_in, quiz,
    )  # fmt: skip


def seal(desk: Desk, token: str) -> str:
    """What this phone's forms carry."""
    return security.seal(desk.rooms.salt, "phone", token)


def routes(desk: Desk) -> list[Route]:  # noqa: C901 - a few lines for each route
    """The routes."""

    async def home(request: Request) -> Response:
        w = visitor_words(request)
        if request.method == "GET":
            return desk.page("home", w, body_class="phone")
        given = await security.form(request) or {}
        code = "".join(given.get("code", "").split()).upper()
        if not desk.guesses.allows(visitor(request)):
            return desk.page("home", w, 429, body_class="phone", notice=w("refused.pace"))
        if code not in desk.rooms.rooms:
            return desk.page("home", w, 404, body_class="phone", notice=w("refused.code"))
        return see(f"/s/{code}")

    def room_of(request: Request) -> Room | None:
        room = desk.rooms.rooms.get(request.path_params["code"])
        # Whoever has a seat may come as often as there is news; codes cannot be tried in a row.
        if (room is None or room.member(token_of(request, room)) is None) and not desk.guesses.allows(visitor(request)):
            return None
        return room

    async def page(request: Request) -> Response:
        room = room_of(request)
        return view(desk, request, room) if room else desk.wrong(request)

    async def live(request: Request) -> Response:
        room = room_of(request)
        member = room.member(token_of(request, room)) if room else None
        if room is None or member is None:
            return Response(status_code=404)
        return stream(room, member.id, lambda: key(room, member.id), 0.2)

    async def act(request: Request) -> Response:
        room, what = room_of(request), request.path_params["what"]
        if room is None or what not in ("join", "return", *ACTIONS):
            return desk.wrong(request)
        given = await security.form(request)
        w = desk.room_values(room)["w"]
        if given is None or not security.same_site(request):
            return view(desk, request, room, w("refused.form"), 400)
        token = token_of(request, room)
        if not desk.forms.allows(token or visitor(request)):
            return view(desk, request, room, w("refused.pace"), 429)
        try:
            if what in ("join", "return"):
                return enter(room, request, what, given)
            member = room.member(token)
            if member is None:
                raise Refused("stranger")
            if not secrets.compare_digest(given.get("seal", "").encode(), seal(desk, token).encode()):
                return view(desk, request, room, w("refused.form"), 403)
            room.act({"type": ACTIONS[what][0], "member": member.id, **ACTIONS[what][1](given)})
        except Refused as refused:
            return view(desk, request, room, said(w, refused), 403 if refused.reason == "stranger" else 409)
        return see(f"/s/{room.kept.code}")

    def enter(room: Room, request: Request, what: str, given: Mapping[str, str]) -> Response:
        token = secrets.token_urlsafe(24)
        if what == "join":
            if room.member(token_of(request, room)) is not None:  # a second click
                return see(f"/s/{room.kept.code}")
            room.act({"type": "joined", "name": given.get("name", ""), "secret": hashed(token)})
        else:
            if not desk.guesses.allows(visitor(request)):
                raise Refused("pace")
            back = "".join(given.get("back", "").split()).upper()
            room.act({"type": "returned", "back": hashed(back), "secret": hashed(token)})
        answer = see(f"/s/{room.kept.code}")
        code = room.kept.code
        answer.set_cookie(JOINED.format(code), token, max_age=DAY, path=f"/s/{code}", httponly=True, samesite="lax")
        return answer

    return [
        Route("/", home, methods=["GET", "POST"]),
        Route("/s/{code}", page),
        Route("/s/{code}/live", live),
        Route("/s/{code}/{what}", act, methods=["POST"]),
    ]


def said(w: Words, refused: Refused) -> str:
    """Why something was refused, in words."""
    values = dict(refused.values)
    if values.get("lever") in LEVERS:
        values["lever"] = w(f"levers.{values['lever']}.name")
    return w(f"refused.{refused.reason}", **values)


def _plan(given: Mapping[str, str]) -> dict[str, object]:
    return {"round": given.get("round", ""), "moves": {k: v for k, v in given.items() if k not in ("round", "seal")}}


def _answers(given: Mapping[str, str]) -> dict[str, object]:
    chosen = [given.get(f"q{n}", "") for n in range(QUESTIONS)]
    return {"quiz": given.get("quiz", ""), "answers": [int(c) if c.isdecimal() and len(c) == 1 else -1 for c in chosen]}


ACTIONS: dict[
    str, tuple[str, Callable[[Mapping[str, str]], dict[str, object]]]
] = {  # what a form does, as event and what it takes from the form
    "seat": ("seated", lambda given: {"team": given.get("team", ""), "role": given.get("role", "")}),
    "plan": ("planned", _plan),
    "ready": ("ready", lambda given: {"round": given.get("round", "")}),
    "quiz": ("answered", _answers),
}

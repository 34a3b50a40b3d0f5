"""Pages, streams and files under /explorer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from analysis import catalogue
from analysis.numbers import LANGUAGES
from analysis.texts import capital
from sim.configuration import names
from sim.parameters import ParameterError
from workshop import security
from workshop.explorer.choice import ARMS, SETTINGS, Choice, parse
from workshop.explorer.levers import groups
from workshop.explorer.office import MOST_DRAWN, BusyOfficeError, Offices, ended_on
from workshop.explorer.picture import CARDS
from workshop.explorer.reports import BusyReportsError, Reports
from workshop.explorer.running import BusyError, Runs
from workshop.explorer.words import Words, words

FOLDER = Path(__file__).parent
LONGEST_BODY = 16_384  # bytes of a form of the office

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class Explorer:
    """All that the pages share: worker threads, views that are open, reports that were made."""

    def __init__(self, workers: int | None = None) -> None:
        self.runs = Runs(workers)
        self.offices = Offices(self.runs.pool)
        self.reports = Reports()
        self.pace = security.Pace(rate=8, burst=60)  # of what simulates; a slider that is dragged asks a few times
        self.templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )

    def routes(self) -> list[BaseRoute]:
        """Everything under /explorer."""
        return [
            Route("/explorer", self._refusing(self.page)),
            Route("/explorer/runs", self._limited(self.stream)),
            Route("/explorer/report", self._limited(self._refusing(self.report))),
            Route("/explorer/office", self._refusing(self.office)),
            Route("/explorer/office/sessions", self._limited(self.open_office), methods=["POST"]),
            Route("/explorer/office/sessions/{token}/step", self.step, methods=["POST"]),
            Route("/explorer/office/sessions/{token}/{kind}/{index:int}", self.agent),
            Mount("/explorer/static", StaticFiles(directory=FOLDER / "static")),
        ]

    # ---- pages ---------------------------------------------------------------------

    async def page(self, request: Request) -> Response:
        """The explorer with the inputs of its address."""
        choice = await _choice(request)
        return self._render("explorer.html.j2", choice, **await asyncio.to_thread(self._controls, choice))

    async def office(self, request: Request) -> Response:
        """The day-by-day view of one arm."""
        pairs = request.query_params.multi_items()
        arm = next((value for key, value in pairs if key == "arm"), ARMS[1])
        if arm not in ARMS:
            raise ParameterError(f"arm={arm[:80]!r}: allowed are {', '.join(ARMS)}.")
        choice = await asyncio.to_thread(parse, [pair for pair in pairs if pair[0] not in ("arm", "day")])
        last = ended_on(choice.params()[arm])
        return self._render("office.html.j2", choice, arm=arm, last=last, most=MOST_DRAWN)

    async def report(self, request: Request) -> Response:
        """The report of ``gtm compare`` for the inputs of the address, as a file."""
        choice = await _choice(request)
        say = words(choice.language)
        try:
            path = await self.reports.make(choice)
        except BusyReportsError:
            return self._wrong(choice, say("busy"), 503)
        if path is None:
            return self._wrong(choice, say("report_failed"), 500)
        return FileResponse(path, media_type="text/html", filename=f"gtm-{choice.organisation}.html")

    def _controls(self, choice: Choice) -> dict[str, Any]:
        params, say = choice.params(), words(choice.language)
        return {
            "arms": [(arm, say.model.arm_title(arm), groups(choice, arm, params[arm], say)) for arm in ARMS],
            "organisations": [(name, say.find("organisations").get(name, name)) for name in names("organisation")],
            "settings": SETTINGS,
            "cards": CARDS,
            "classes": catalogue.CLASSES,
        }

    def _render(self, template: str, choice: Choice, status: int = 200, **content: Any) -> HTMLResponse:
        say = words(choice.language)
        shared = {
            "say": say,
            "choice": choice,
            "query": choice.query(),
            "others": [choice.in_language(other).query() for other in LANGUAGES if other != choice.language],
            "titles": {arm: say.model.arm_title(arm) for arm in ARMS},
            "measure": lambda name: capital(say.model.measure(name)),
            "definition": say.model.definition,
            "kind": lambda name: capital(say.model(f"classes.{name}")),
        }
        return HTMLResponse(self.templates.get_template(template).render(**shared, **content), status)

    def _wrong(self, choice: Choice, message: str, status: int) -> HTMLResponse:
        return self._render("wrong.html.j2", choice, status, message=message)

    def _refusing(self, endpoint: Endpoint) -> Endpoint:
        """A page that says what is wrong with an address, instead of a defect's."""

        async def guarded(request: Request) -> Response:
            try:
                return await endpoint(request)
            except ParameterError as error:
                return self._wrong(Choice(language=_language(request)), str(error), 400)

        return guarded

    def _limited(self, endpoint: Endpoint) -> Endpoint:
        """What simulates: only for pages of ours (an image elsewhere could have its address), and not without end."""

        async def guarded(request: Request) -> Response:
            say = words(_language(request))
            if not security.same_site(request):
                return JSONResponse({"kind": "wrong", "text": say("not_found")}, 403)
            if not self.pace.allows(request.client.host if request.client else ""):
                return JSONResponse({"kind": "wrong", "text": say("busy")}, 429)
            return await endpoint(request)

        return guarded

    # ---- streams -------------------------------------------------------------------

    async def stream(self, request: Request) -> Response:
        """Pictures as lines of JSON: the controls first, then more and more replications."""
        try:
            choice = await _choice(request)
            controls = await asyncio.to_thread(self._controls, choice)
        except ParameterError as error:
            return JSONResponse({"kind": "wrong", "text": str(error)}, 400)
        template = self.templates.get_template("levers.html.j2")
        first = {
            "kind": "levers",
            "html": template.render(say=words(choice.language), choice=choice, **controls),
            "query": choice.query(),
            "command": choice.command(),
        }
        lines = self._lines(first, choice)
        return StreamingResponse(lines, media_type="application/x-ndjson", headers={"X-Accel-Buffering": "no"})

    async def _lines(self, first: dict[str, Any], choice: Choice) -> AsyncIterator[str]:
        say = words(choice.language)
        yield _line(first)
        pictures = self.runs.pictures(choice)
        try:
            async for found in pictures:
                yield _line({**found, "text": say("compiling")} if found["kind"] == "compiling" else found)
            yield _line({"kind": "done", "text": say("finished", of=choice.seeds)})
        except BusyError:
            yield _line({"kind": "wrong", "text": say("busy")})
        except ParameterError as error:  # found wrong only by a run
            yield _line({"kind": "wrong", "text": str(error)})
        finally:
            await pictures.aclose()  # type: ignore[attr-defined]

    # ---- day by day ----------------------------------------------------------------

    async def open_office(self, request: Request) -> Response:
        """Open an organisation at the day that the form names."""
        body = await _body(request)
        arm, day = body.get("arm"), body.get("day")
        try:
            if arm not in ARMS:
                raise ParameterError(f"arm={str(arm)[:80]!r}: allowed are {', '.join(ARMS)}.")
            pairs = [(str(key), str(value)) for key, value in body.get("choice", [])]
            choice = await asyncio.to_thread(parse, pairs)
            say = words(choice.language)
            token, found = await self.offices.open(choice, arm, day, say)
        except BusyOfficeError:
            return JSONResponse({"text": words(_language(request))("office.busy")}, 503)
        except (ParameterError, ValueError, TypeError) as error:
            return JSONResponse({"text": str(error)}, 400)
        return JSONResponse({"token": token, **found})

    async def step(self, request: Request) -> Response:
        """One business day of an open organisation."""
        return await self._open(request, self.offices.step(request.path_params["token"]))

    async def agent(self, request: Request) -> Response:
        """All that is known of one agent."""
        where = request.path_params
        return await self._open(request, self.offices.agent(where["token"], where["kind"], where["index"]))

    async def _open(self, request: Request, answer: Coroutine[Any, Any, dict[str, Any]]) -> Response:
        try:
            return JSONResponse(await answer)
        except LookupError:
            say: Words = words(_language(request))
            return JSONResponse({"text": say("expired")}, 404)


async def _choice(request: Request) -> Choice:
    """The checked choice of an address; composing reads files, so not in the loop."""
    return await asyncio.to_thread(parse, request.query_params.multi_items())


async def _body(request: Request) -> dict[str, Any]:
    """A small JSON object; anything else counts as an empty one."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > LONGEST_BODY:
            return {}
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _language(request: Request) -> str:
    asked = request.query_params.get("language", "")
    return asked if asked in LANGUAGES else LANGUAGES[0]


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False) + "\n"


async def not_found(request: Request, error: Exception) -> Response:  # noqa: ARG001 - as Starlette calls it
    """An address that nobody serves, in a server of its own."""
    return PlainTextResponse(words(_language(request))("not_found"), 404)

"""``python -m workshop.explorer``: the explorer alone, on this machine only."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workshop.explorer import routes
from workshop.explorer.pages import not_found

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}


class Headers:
    """Security headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, add to its answer."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", []), *ours]}
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)


def application() -> Starlette:
    """The explorer as an application of its own."""
    start = Route("/", lambda _: RedirectResponse("/explorer"))
    theme = Mount("/static", StaticFiles(directory=Path(__file__).parent.parent / "static"))
    return Starlette(
        routes=[start, *routes(), theme], middleware=[Middleware(Headers)], exception_handlers={404: not_found}
    )


def main(arguments: list[str]) -> None:
    """Serve on the port given, 8080 by default."""
    port = int(arguments[0]) if arguments else 8080
    print(f"Explorer: http://127.0.0.1:{port}/explorer", flush=True)
    uvicorn.run(application(), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1:])

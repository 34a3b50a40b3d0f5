"""``python -m workshop.explorer``: the explorer alone, on this machine only."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from workshop.explorer import routes
from workshop.explorer.pages import not_found
from workshop.security import Headers, KnownHosts


def application() -> Starlette:
    """The explorer as an application of its own."""
    start = Route("/", lambda _: RedirectResponse("/explorer"))
    theme = Mount("/static", StaticFiles(directory=Path(__file__).parent.parent / "static"))
    return Starlette(
        routes=[start, *routes(), theme],
        middleware=[Middleware(Headers), Middleware(KnownHosts)],
        exception_handlers={404: not_found},
    )


def main(arguments: list[str]) -> None:
    """Serve on the port given, 8080 by default; 0 takes a free one and says which."""
    port = arguments[0] if arguments else "8080"
    try:
        listening = socket.create_server(("127.0.0.1", int(port)))
    except (ValueError, OverflowError):
        sys.exit(f"error: {port!r} is no port: a whole number from 0 to 65535; 0 takes a free one.")
    except OSError as error:
        sys.exit(f"error: port {port} cannot be had ({error.strerror}); 0 takes a free one.")
    print(f"Explorer: http://127.0.0.1:{listening.getsockname()[1]}/explorer", flush=True)
    uvicorn.Server(uvicorn.Config(application(), log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main(sys.argv[1:])

"""The web application: routes, headers, wrong addresses, and what runs beside them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from sim.parameters import ParameterError
from workshop import explorer, facilitator, phone
from workshop.desk import HERE, Desk
from workshop.rooms import Rooms
from workshop.security import LOOPBACK, Headers, KnownHosts, OnlyHere, host_name
from workshop.simulation import Simulator
from workshop.store import Store


def application(
    folder: Path, address: str, own: str = "mid_market", local: bool = True, names: Sequence[str] = ()
) -> Starlette:
    """The application with its sessions.

    Parameters
    ----------
    folder : Path
        Where ``sessions.sqlite`` is, or will be.
    address : str
        Where participants find the server.
    own : str
        Profile for the template that takes one of somebody's own.
    local : bool
        Whether only this computer can reach it.
    names : sequence of str
        More names by which browsers may call the server.
    """
    simulator = Simulator(max(1, (os.cpu_count() or 2)))
    store = Store(folder / "sessions.sqlite")
    desk = Desk(Rooms(store, simulator), address, own, local)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:  # noqa: ARG001
        warming = asyncio.ensure_future(simulator.warm())
        running = asyncio.ensure_future(desk.rooms.run())
        yield
        for task in (running, warming):
            task.cancel()
        for room in desk.rooms.rooms.values():
            room.close()
        simulator.close()
        store.close()

    async def missing(request: Request, error: Exception) -> Response:  # noqa: ARG001
        return desk.wrong(request)

    async def broken(request: Request, error: Exception) -> Response:  # noqa: ARG001
        return desk.wrong(request, "broken", 500)

    routes: list[BaseRoute] = [
        *phone.routes(desk),
        *facilitator.routes(desk),
        *explorer.routes(),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(Headers),
            Middleware(KnownHosts, names=(host_name(address), socket.gethostname(), *names)),
            Middleware(OnlyHere, prefix="/explorer"),
        ],
        exception_handlers={404: missing, 405: missing, 500: broken},
        lifespan=lifespan,
    )
    app.state.desk = desk
    return app


def local_address(host: str) -> str:
    """The address at which others on the network find this computer."""
    if host not in ("0.0.0.0", "::"):
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: only the way there is looked up
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def serve(folder: Path, host: str, port: int, own: str, names: Sequence[str] = ()) -> None:
    """Run until it is stopped.

    Raises
    ------
    ParameterError
        The port is taken, or the host is none of this computer's.
    """
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        raise ParameterError(f"host={host}, port={port}: cannot listen there ({error.strerror}).") from None
    import sim.compiled

    address = f"http://{local_address(host)}:{port}"
    app = application(folder, address, own, host in LOOPBACK, names)
    here = address if host in LOOPBACK else f"http://127.0.0.1:{port}" if host == "0.0.0.0" else address
    if not sim.compiled.is_cached():
        sys.stderr.write("Compiling the model once, about a minute; pages open meanwhile.\n")
    print(f"Facilitator: {here}/host/{app.state.desk.rooms.host}")
    print(f"Participants: {address}" if host not in LOOPBACK else "Participants: only this computer (host=0.0.0.0 "
          "opens it to the network)")  # fmt: skip
    print("Ctrl-C ends it; sessions are kept and go on at the next start.", flush=True)
    gc.collect()
    gc.freeze()  # what was imported stays: collections then look at pages alone, are short and come soon
    uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False, timeout_graceful_shutdown=1)

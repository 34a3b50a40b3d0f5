"""What every answer carries, how much anybody may ask for, and whose form it was."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workshop.wording import asked_for

LOOPBACK = ("127.0.0.1", "localhost", "::1")  # names by which a computer calls itself
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
LONGEST_FORM = 8_192  # bytes
MOST_FIELDS = 60
REMEMBERED = 4_096  # addresses and phones whose pace is known


class Headers:
    """Middleware: security headers on every answer that does not say otherwise; only files are kept by browsers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, add to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kept = "public, max-age=3600" if scope["path"].startswith("/static/") else "no-store"
        headers = [(k.lower().encode(), v.encode()) for k, v in {**HEADERS, "Cache-Control": kept}.items()]

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                theirs = message.get("headers", [])
                said = {name.lower() for name, _ in theirs}
                message = {**message, "headers": [*theirs, *(pair for pair in headers if pair[0] not in said)]}
            await send(message)

        await self._app(scope, receive, sending)


def host_name(text: str) -> str:
    """The name in an address or a Host header, without scheme, port and brackets; empty if there is none."""
    try:
        return urlsplit(text if "://" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""


class KnownHosts:
    """Middleware: a request that calls the server by a name that is not its own is refused.

    A page elsewhere can point a name of its own at this computer (DNS rebinding); the browser then takes both for
    one site. Its requests still carry that name.
    """

    def __init__(self, app: ASGIApp, names: Collection[str] = ()) -> None:
        self._app, self._names = app, frozenset(name.lower() for name in (*LOOPBACK, *names))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http":
            request = Request(scope)
            given = request.headers.getlist("host")
            if len(given) != 1 or host_name(given[0]) not in self._names:
                text = asked_for(request.headers.get("accept-language", ""))("errors.name")
                await PlainTextResponse(f"421: {text}", 421)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class OnlyHere:
    """Middleware: pages below a prefix are for this computer alone; to others they are not there.

    The explorer simulates on every touch: thirty phones that play with it would leave a workshop no core.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app, self._prefix = app, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or send it nowhere."""
        if scope["type"] == "http" and scope["path"].startswith(self._prefix):
            client = (scope.get("client") or ("",))[0]
            if client not in ("127.0.0.1", "::1"):
                scope = {**scope, "path": "/nothing", "raw_path": b"/nothing"}
        await self._app(scope, receive, send)


class Pace:
    """A token bucket for each name: ``rate`` a second, up to ``burst`` at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, name: str) -> bool:
        """Whether one more is allowed now; it is counted."""
        now = time.monotonic()
        left, at = self._left.pop(name, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        self._left[name] = (left - 1 if left >= 1 else left, now)
        while len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        return left >= 1


def seal(salt: str, *parts: str) -> str:
    """What a form carries to show that it is one of ours, made for this phone."""
    return hmac.new(salt.encode(), "\0".join(parts).encode(), hashlib.sha256).hexdigest()[:32]


def same_site(request: Request) -> bool:
    """Whether a form comes from a page of ours, by what the browser says of it."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


async def form(request: Request) -> Mapping[str, str] | None:
    """Fields of a form, the last of a name; None if it is too large or no form."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            return None
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        return None

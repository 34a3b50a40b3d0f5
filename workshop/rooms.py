"""Sessions that are open: state in memory, log on disk, simulation behind, browsers that wait for news."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from workshop import session
from workshop.levers import Plan
from workshop.simulation import Means, Simulator
from workshop.state import Config, Member, Refused, State
from workshop.state import config as checked
from workshop.store import Kept, Store

ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # nothing that is misread from the back row
MOST_ROOMS = 50
GRACE = 60.0  # seconds that planning goes on at least after a restart
log = logging.getLogger(__name__)


def hashed(token: str) -> str:
    """What is kept of a token: who reads the file cannot take a participant's place."""
    return hashlib.sha256(token.encode()).hexdigest()


def word(length: int) -> str:
    """Random capital letters and digits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


class Room:
    """One session while the server runs.

    Attributes
    ----------
    kept : Kept
        Code, tokens and configuration.
    state : State
        Where it stands.
    version : int
        Changes with everything that browsers should know of.
    streams : Counter
        Open connections by member; those of facilitator and projector under 0.
    """

    def __init__(self, kept: Kept, store: Store, simulator: Simulator) -> None:
        self.kept = kept
        self.state = State(checked(kept.config))
        self.version = self._kept = 0
        self.streams: Counter[int] = Counter()
        self.failed: dict[object, str] = {}  # what could not be simulated, as in _running, and why
        self.codes: dict[int, str] = {}  # for new phones, in plain words: nowhere but on the facilitator's page
        self._store, self._simulator = store, simulator
        self._news = asyncio.Event()
        self._running: dict[object, asyncio.Task[None]] = {}
        for _, event in store.events(kept.code):
            self.state = session.after(self.state, event)
            self._kept += 1

    @property
    def config(self) -> Config:
        """What the facilitator chose."""
        return self.state.config

    def act(self, event: dict[str, Any]) -> None:
        """Check an event, keep it, then let everybody know.

        Raises
        ------
        Refused
            The rules do not allow it; nothing has changed.
        """
        state = session.after(self.state, event)
        self._store.append(self.kept.code, self._kept, event)
        self._kept += 1
        self.state = state
        self.tell()
        self.work()

    def tell(self) -> None:
        """Wake every browser that waits."""
        self.version += 1
        self._news.set()
        self._news = asyncio.Event()

    async def news(self, timeout: float) -> None:
        """Wait until something happens, at most ``timeout`` seconds."""
        news = self._news
        try:
            await asyncio.wait_for(news.wait(), timeout)
        except TimeoutError:
            return

    def work(self) -> None:
        """Simulate what the state wants and nobody is simulating."""
        for organisation in self.config.organisations:
            if organisation not in self.state.today:
                self._start(organisation, self._measure(organisation))
        for key in self.state.wanted():
            self._start(key, self._simulate(*key))

    def _start(self, key: object, work: Any) -> None:
        if key in self._running or key in self.failed:
            work.close()
            return
        task = asyncio.ensure_future(work)
        self._running[key] = task
        task.add_done_callback(lambda _: self._running.pop(key, None))

    async def _measure(self, organisation: str) -> None:
        result = await self._means(organisation, {}, organisation)
        if result is not None:
            self.act({"type": "measured", "organisation": organisation, "result": result})

    async def _simulate(self, name: str, team: int, organisation: str) -> None:
        result = await self._means((name, team, organisation), self.state.plan(name, team), organisation)
        if result is not None:
            self.act({"type": "simulated", "round": name, "team": team, "organisation": organisation, "result": result})

    async def _means(self, key: object, plan: Plan, organisation: str) -> Means | None:
        """What a plan brings; None, and a line for the facilitator, if it cannot be simulated."""
        try:
            return await self._simulator.means(self.kept.code, plan, organisation)
        except Exception as error:
            log.exception("%s: %s cannot be simulated", self.kept.code, key)
            self.failed[key] = f"{type(error).__name__}: {error}"
            self.tell()
            return None

    def set_back(self) -> None:
        """Every plan that cannot be simulated becomes the one before it, so that the round can go on."""
        running = {key[:2] for key in self.state.wanted() if key in self._running}  # of two organisations, the other
        for name, team in {key[:2] for key in self.state.wanted() if key in self.failed} - running:
            self.act({"type": "set_back", "round": name, "team": team})
        self.retry()

    def retry(self) -> None:
        """Simulate again what failed."""
        self.failed.clear()
        self.work()

    def close(self) -> None:
        """Stop what is under way."""
        for task in list(self._running.values()):
            task.cancel()

    def member(self, token: str) -> Member | None:
        """Whose phone holds a token."""
        if not token:
            return None
        secret = hashed(token)
        return next((m for m in self.state.members.values() if secrets.compare_digest(m.secret, secret)), None)

    def tick(self, now: float) -> None:
        """Close planning when its time is up."""
        if self.state.stage == "plan" and self.state.deadline is not None and now >= self.state.deadline:
            self.act({"type": "expired", "round": self.state.step})

    def resume(self, now: float) -> None:
        """After a restart: people get time to find back, and simulations go on."""
        if self.state.stage == "plan" and (self.state.deadline or 0.0) < now + GRACE:
            self.act({"type": "timed", "deadline": now + GRACE})
        self.work()

    def history(self) -> Iterator[tuple[float, dict[str, Any]]]:
        """Every event with its time."""
        return self._store.events(self.kept.code)


class Rooms:
    """All sessions of a server.

    Parameters
    ----------
    store : Store
        Their file.
    simulator : Simulator
        What runs their plans.
    """

    def __init__(self, store: Store, simulator: Simulator) -> None:
        self._store, self.simulator = store, simulator
        self.rooms = {kept.code: Room(kept, store, simulator) for kept in store.sessions()}
        self.host = store.setting("host", secrets.token_urlsafe(24))
        self.salt = store.setting("salt", secrets.token_urlsafe(24))

    def create(self, given: dict[str, Any]) -> Room:
        """Open a session.

        Raises
        ------
        Refused
            Its configuration is wrong, or there are too many sessions.
        """
        if len(self.rooms) >= MOST_ROOMS:
            raise Refused("rooms", most=MOST_ROOMS)
        checked(given)
        code = next(code for code in iter(lambda: word(5), "") if code not in self.rooms)
        kept = Kept(code, secrets.token_urlsafe(24), secrets.token_urlsafe(12), time.time(), given)
        self._store.create(kept)
        self.rooms[code] = room = Room(kept, self._store, self.simulator)
        room.work()
        return room

    def delete(self, room: Room) -> None:
        """Close a session and take all its data away."""
        room.close()
        self.rooms.pop(room.kept.code)
        self._store.delete(room.kept.code)
        room.tell()

    def by_facilitator(self, token: str) -> Room | None:
        """The session of a facilitator's link."""
        return self._with(token, "facilitator")

    def by_screen(self, token: str) -> Room | None:
        """The session of a projector's link."""
        return self._with(token, "screen")

    def _with(self, token: str, kind: str) -> Room | None:
        given = token.encode()
        same = (r for r in self.rooms.values() if secrets.compare_digest(getattr(r.kept, kind).encode(), given))
        return next(same, None)

    async def run(self) -> None:
        """Resume every session, then watch the clocks."""
        now = time.time()
        for room in self.rooms.values():
            room.resume(now)
        while True:
            await asyncio.sleep(0.5)
            for room in list(self.rooms.values()):
                try:
                    room.tick(time.time())
                except Refused:
                    continue

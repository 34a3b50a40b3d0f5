"""Pages and forms in this process, without simulating: names, two sessions at once, a plan that fails, limits."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx")

import httpx

from experiments.commands import main
from tests.workshop_server import FORM, found
from workshop import application as served
from workshop import exports, simulation
from workshop.wording import words

ROUNDS = {"rounds_siloed": "1", "rounds_shared": "1", "rounds_free": "0", "rounds_break": "1"}
MINUTES = {f"minutes_{kind}": "5" for kind in ("siloed", "shared", "free", "break")}
FAILS = 35.0  # a share of pay with which the stand-in fails


class Simulator:
    """Answers at once: a number for every plan; one plan fails until it is told otherwise."""

    fails = True

    def __init__(self, workers: int) -> None:
        self.workers = workers

    async def means(self, session: str, plan: dict[str, Any], organisation: str) -> dict[str, float]:
        if self.fails and plan.get("paid_share") == FAILS:
            raise RuntimeError("the worker died")
        own = sum(map(ord, repr(sorted(plan.items()))))
        return {name: 1.0 + (own * (n + 3) % 97) for n, name in enumerate(simulation.COLUMNS)}


def play(folder: Path, monkeypatch: pytest.MonkeyPatch, course: Callable[[Any], Awaitable[None]], **how: Any) -> None:
    """Run a course of requests against an application of its own."""
    monkeypatch.setattr(served, "Simulator", Simulator)
    app = served.application(folder, "http://127.0.0.1:8080", **how)
    asyncio.run(course(app))


def browser(app: Any, **headers: str) -> Any:
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1:8080", follow_redirects=True, headers=headers
    )


async def create(app: Any, **changes: str) -> tuple[Any, str, str]:
    """A facilitator's browser, the path of the page, the code."""
    lead = browser(app)
    answer = await lead.post(f"/host/{app.state.desk.rooms.host}", data={**FORM, **ROUNDS, **MINUTES, **changes})
    assert answer.status_code == 200, answer.text
    return lead, answer.url.path, found(r'class="huge code">(\w+)<', answer.text)


async def join(app: Any, code: str, name: str) -> tuple[Any, str]:
    """A phone and its seal."""
    phone = browser(app)
    page = await phone.post(f"/s/{code}/join", data={"name": name})
    return phone, found(r'name="seal" value="(\w+)"', page.text)


async def settled() -> None:
    """Give what was started its turns; the stand-in needs no time."""
    for _ in range(50):
        await asyncio.sleep(0)


async def on(lead: Any, path: str) -> str:
    """One click on; the page after whatever was simulated has been."""
    page = (await lead.get(path)).text
    form = {name: found(rf'name="{name}" value="(\w*)"', page) for name in ("position", "stage")}
    assert (await lead.post(f"{path}/advance", data=form)).status_code == 200
    await settled()
    return str((await lead.get(path)).text)


def test_the_server_answers_to_its_own_names_alone(tmp_path, monkeypatch):
    async def course(app: Any) -> None:
        for host, status in (("Laptop.local:8080", 200), ("127.0.0.1", 200), ("evil.example", 421)):
            assert (await browser(app).get("/", headers={"host": host})).status_code == status
        for language in ("en", "es"):
            said = await browser(app, **{"accept-language": language}).get("/", headers={"host": "evil.example"})
            assert words(language)("errors.name") in said.text

    play(tmp_path, monkeypatch, course, names=["laptop.local"])


@pytest.mark.parametrize("given", ["names=[3]", "names=laptop.local", "names=['']"])
def test_names_that_are_none_are_refused(given, capsys):
    assert main(["workshop", given]) == 2
    assert "a list of names of this computer is needed" in capsys.readouterr().err


def test_a_plan_that_fails_is_set_back_by_a_click(tmp_path, monkeypatch):
    async def course(app: Any) -> None:
        lead, path, code = await create(app, quiz="")
        phone, seal = await join(app, code, "Ana")
        await on(lead, path)
        moved = {"round": "siloed-1", "seal": seal, "paid_share": str(FAILS)}
        assert (await phone.post(f"/s/{code}/plan", data=moved)).status_code == 200
        page = await on(lead, path)
        w = words("es")
        assert w("facilitator.failed") in page
        assert w("facilitator.state.failed") in page
        assert (await lead.post(f"{path}/advance", data={"position": "1", "stage": "run"})).status_code == 409
        outsider = browser(app)
        for what in ("retry", "set_back"):
            assert (await outsider.post(f"/f/{'x' * 32}/{what}")).status_code == 404
        await lead.post(f"{path}/retry")
        await settled()
        assert w("facilitator.failed") in (await lead.get(path)).text
        await lead.post(f"{path}/set_back")
        await settled()
        page = (await lead.get(path)).text
        assert w("facilitator.failed") not in page
        assert w("board.bonus") in page
        assert 'class="results"' in (await phone.get(f"/s/{code}")).text
        plans = (await lead.get(f"{path}/export/plans.csv")).text
        assert str(FAILS) not in plans

    play(tmp_path, monkeypatch, course)


def test_two_sessions_at_once_know_nothing_of_each_other(tmp_path, monkeypatch):
    """Both are played in turn, click by click; then one is deleted."""

    async def course(app: Any) -> None:
        names = {"es": "Ana Uno", "en": "Ben Two"}
        rooms = {language: await create(app, language=language, title=f"T-{language}") for language in names}
        phones = {language: await join(app, rooms[language][2], name) for language, name in names.items()}
        (mine, seal), (_, other_seal) = phones["es"], phones["en"]
        other = rooms["en"][2]
        for what, form in (("plan", {"round": "siloed-1", "paid_share": "10"}), ("ready", {"round": "siloed-1"}),
                           ("seat", {"team": "1", "role": "sales"})):  # fmt: skip
            for mark in (seal, other_seal):
                assert (await mine.post(f"/s/{other}/{what}", data={**form, "seal": mark})).status_code == 403
        # A cookie under the other session's name opens nothing.
        mine.cookies.set(f"gtm_{other}", next(iter(mine.cookies.values())), domain="127.0.0.1", path="/")
        assert names["en"] not in (await mine.get(f"/s/{other}")).text
        while True:
            pages = {language: await on(lead, path) for language, (lead, path, _) in rooms.items()}
            for language, page in pages.items():
                code = rooms[language][2]
                state = app.state.desk.rooms.rooms[code].state
                own, own_seal = phones[language]
                shown = (await own.get(f"/s/{code}")).text
                stranger = next(name for key, name in names.items() if key != language)
                assert stranger not in page + shown
                if state.stage == "plan":
                    share = {"es": "20", "en": "60"}[language]
                    form = {"round": state.step, "seal": own_seal, "paid_share": share}
                    assert (await own.post(f"/s/{code}/plan", data=form)).status_code == 200
            if all('action="' + path + '/advance"' not in pages[key] for key, (_, path, _) in rooms.items()):
                break
        for language, (lead, path, _) in rooms.items():
            everything = (await lead.get(f"{path}/export/session.json")).text
            assert names[language] in everything
            assert not [name for name in names.values() if name != names[language] and name in everything]
            moves = re.findall(r'"paid_share": "(\d+)"', everything)
            assert set(moves) == {{"es": "20", "en": "60"}[language]}
            for name in exports.NAMES:
                answer = await lead.get(f"{path}/export/{name}")
                assert answer.status_code == 200, name
        lead, path, code = rooms["es"]
        gone = await lead.post(f"{path}/delete", data={"code": code})
        assert words("es")("facilitator.deleted") in gone.text
        assert (await phones["es"][0].get(f"/s/{code}")).status_code == 404
        lead, path, code = rooms["en"]
        assert names["en"] in (await lead.get(path)).text
        assert (await phones["en"][0].get(f"/s/{code}")).status_code == 200

    play(tmp_path, monkeypatch, course)


def test_thirty_phones_hand_in_at_once(tmp_path, monkeypatch):
    """Nobody's plan is lost or somebody else's; how quickly is what ``benchmarks/workshop.py`` measures."""

    async def course(app: Any) -> None:
        lead, path, code = await create(app, teams="10", quiz="")
        phones = [await join(app, code, f"P{n}") for n in range(30)]
        await on(lead, path)
        state = app.state.desk.rooms.rooms[code].state
        own = {"marketing": ("paid_share", 50), "sales": ("accelerator", 2), "management": ("coordination", 1)}

        async def hand_in(number: int, phone: Any, seal: str) -> None:
            member = state.members[number]
            lever, value = own[member.role]
            moved = value + (5 * member.team if lever == "paid_share" else 0)
            form = {"round": "siloed-1", "seal": seal}
            assert (await phone.post(f"/s/{code}/plan", data={**form, lever: str(moved)})).status_code == 200
            assert (await phone.post(f"/s/{code}/ready", data=form)).status_code == 200

        await asyncio.gather(*(hand_in(n + 1, *each) for n, each in enumerate(phones)))
        await settled()
        assert all(['class="results"' in (await phone.get(f"/s/{code}")).text for phone, _ in phones])
        plans = app.state.desk.rooms.rooms[code].state.plans
        for team in range(10):
            expected = {"paid_share": 50.0 + 5 * team, "accelerator": 2.0, "coordination": 1.0}
            assert plans["siloed-1", team] == {k: v for k, v in expected.items() if v != 85.0 or k != "paid_share"}

    play(tmp_path, monkeypatch, course)


def test_the_form_offers_profiles_and_takes_no_other(tmp_path, monkeypatch):
    async def course(app: Any) -> None:
        host = f"/host/{app.state.desk.rooms.host}"
        page = (await browser(app).get(f"{host}?template=class&length=60&language=es")).text
        assert re.search(r'name="rounds_siloed" min="0" max="3" value="1"', page)
        assert page.count('value="essay" selected') == 1
        assert page.count('value="mid_market" selected') == 1
        form = {**FORM, **ROUNDS, **MINUTES}
        for wrong in (
            {"organisation": "/etc/passwd"},
            {"organisation": "essay", "beside": "../smb"},
            {"length": "900"},
        ):
            assert (await browser(app).post(host, data={**form, **wrong})).status_code == 409
        lead, path, code = await create(app, organisation="enterprise", beside="smb", length="60")
        config = app.state.desk.rooms.rooms[code].config
        assert (config.organisations, config.length) == (("enterprise", "smb"), 60)
        guide = (await lead.get(f"{path}/export/guide.html")).text
        assert words("es")("say.results.siloed") in guide

    play(tmp_path, monkeypatch, course, own="smb")


def test_the_explorer_has_a_pace_and_serves_no_other_site(tmp_path, monkeypatch):
    async def course(app: Any) -> None:
        elsewhere = browser(app, **{"sec-fetch-site": "cross-site"})
        for path in ("/explorer/runs", "/explorer/report"):
            assert (await elsewhere.get(path)).status_code == 403
        assert (await elsewhere.post("/explorer/office/sessions", json={})).status_code == 403
        assert (await elsewhere.get("/explorer?months=x")).status_code == 400  # a permalink in a mail is answered
        here = browser(app)
        statuses = [(await here.get("/explorer/runs?months=9999")).status_code for _ in range(80)]
        assert statuses[0] == 400
        assert statuses[-1] == 429

    play(tmp_path, monkeypatch, course)

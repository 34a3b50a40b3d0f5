"""The server as clients meet it: a whole session, attempts to cheat, kill -9, numbers as gtm compare's."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterator

import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx")

import yaml

from experiments.commands import main
from tests.workshop_server import Lead, Phone, Server, client
from workshop import levers, simulation

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = Server(tmp_path_factory.mktemp("workshop"))
    yield served
    served.stop()


def test_headers_and_wrong_addresses(server):
    open_to_all = ("/", "/explorer", "/static/workshop.js")
    secret = ("/s/ABCDE", "/f/guess", "/host/guess", "/p/guess", "/f/guess/export/session.json", "/static/../store.py")
    paths = (*open_to_all, *secret, "/nothing")
    for path in paths:
        answer = client(server).get(path)
        assert answer.status_code == (200 if path in open_to_all else 404), path
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "http://" not in answer.text.replace(server.address, "")


def test_nobody_can_cheat(server):
    lead, other = Lead(server, {"siloed": 1}, quiz=""), Lead(server, {"siloed": 1})
    evil = "<img src=x id=evil>"
    ana, ben = Phone(server, lead.code, "Ana"), Phone(server, lead.code, evil)
    assert evil not in ben.page()
    assert "&lt;img src=x id=evil&gt;" in ben.page()
    assert evil not in client(server).get(lead.screen).text
    assert Phone(server, lead.code, "ana").joined.status_code == 409  # that name is taken
    while lead.at()[1] != "plan":
        lead.on()
    seal = ana.seal
    good = {"round": "siloed-1", "seal": seal, "paid_share": "40"}
    assert ana.do("plan", **{**good, "seal": "0" * 32}).status_code == 403
    assert ben.do("plan", **good).status_code == 403  # another phone's seal
    assert ana.do("plan", **{**good, "round": "siloed-2"}).status_code == 409
    assert ana.do("plan", **{**good, "accelerator": "2"}).status_code == 409  # sales' lever
    assert ana.do("plan", **{**good, "team": "1"}).status_code == 409  # somebody else's plan
    for wrong in ("nan", "1e9", "-5", "x", ""):
        assert ana.do("plan", **{**good, "paid_share": wrong}).status_code == 409
    assert ana.do("plan", **{**good, "horizon.months": "240"}).status_code == 409
    crossed = ana.http.post(f"{ana.path}/plan", data=good, headers={"origin": "http://elsewhere.example"})
    assert crossed.status_code == 400
    assert ana.do("plan", **good, junk="x" * 10_000).status_code == 400
    assert client(server).get(f"{ana.path}/live").status_code == 404  # no seat
    assert Phone(server, other.code, "Ana").http.get(ana.path).text.count("paid_share") == 0  # a seat elsewhere
    assert ana.http.post(f"{ana.path}/advance", data={"position": "1", "stage": "plan"}).status_code == 404
    assert ana.do("plan", **good).status_code == 200
    assert ana.do("ready", round="siloed-1", seal=seal).status_code == 200
    assert ana.do("plan", **{**good, "paid_share": "90"}).status_code == 409  # handed in
    kept = json.loads(lead.http.get(f"{lead.path}/export/session.json").text)
    moves = [event["moves"] for event in kept["events"] if event["type"] == "planned"]
    assert moves == [{"paid_share": "40"}]
    assert "secret" not in json.dumps(kept)


def test_paces_are_limited(server):
    lead = Lead(server, {"siloed": 1})
    ana = Phone(server, lead.code, "Ana")
    seal = ana.seal
    codes = {ana.do("seat", team="1", role="sales", seal=seal).status_code for _ in range(90)}
    assert codes == {200, 429}


def test_a_session_survives_kill_9_and_is_deleted_for_good(server):
    lead = Lead(server, {"siloed": 1, "shared": 1, "break": 1}, title="Persist <1>")
    phones = [Phone(server, lead.code, f"Person{n}") for n in range(3)]
    seals = [phone.seal for phone in phones]
    lead.on()
    answers = {f"q{n}": "1" for n in range(6)}
    assert phones[0].do("quiz", quiz="quiz_before", seal=seals[0], **answers).status_code == 200
    lead.on()
    assert phones[0].do("plan", round="siloed-1", seal=seals[0], paid_for="lead_captured").status_code == 200
    server.kill()
    server.start()
    assert "siloed-1" in phones[0].page()  # the same cookie, the same place
    assert re.search(r'value="lead_captured" selected', phones[0].page())
    for phone, seal in zip(phones, seals, strict=True):
        phone.do("ready", round="siloed-1", seal=seal)
    server.kill()  # while it simulates
    server.start()
    lead.on()
    # A phone is lost; another comes back with a code, the old one is out.
    page = lead.do("recode", member=1).text
    code = re.search(r"Person0: ([A-Z0-9]{8})", page)[1]
    new = client(server)
    assert new.post(f"/s/{lead.code}/return", data={"back": "WRONG"}).status_code == 409
    assert "Person0" in new.post(f"/s/{lead.code}/return", data={"back": code.lower()}).text
    assert new.post(f"/s/{lead.code}/return", data={"back": code}).status_code == 409
    assert 'action="/s/' + lead.code + '/join"' in phones[0].page()
    while lead.at()[1] != "plan" or "shared" not in phones[1].page():
        lead.on()
    phones[1].do("plan", round="shared-1", seal=seals[1], shared_marketing="50", visibility="80", accelerator="2")
    while "debrief" not in lead.http.get(lead.screen).text:
        lead.on()
    rows = list(csv.DictReader(io.StringIO(lead.http.get(f"{lead.path}/export/results.csv").text)))
    assert len(rows) == 1 + 3 * 3
    handout = lead.http.get(f"{lead.path}/export/handout.html").text
    assert "team-1.yaml" in handout
    assert "Person" not in lead.http.get(f"{lead.path}/export/quiz.csv").text
    for name in ("plans.csv", "cards.html"):
        assert lead.http.get(f"{lead.path}/export/{name}").status_code == 200
    assert lead.do("delete", code="WRONG").status_code == 409
    assert b"Persist" in disk(server)
    assert lead.do("delete", code=lead.code).status_code == 200
    assert lead.http.get(lead.path).status_code == 404
    assert b"Persist" not in disk(server)
    assert b"Person0" not in disk(server)


def disk(server: Server) -> bytes:
    """Every byte that the server keeps."""
    with sqlite3.connect(server.folder / "sessions.sqlite") as other:
        other.execute("select count(*) from events").fetchone()
    return b"".join(file.read_bytes() for file in server.folder.glob("sessions.sqlite*"))


def test_numbers_are_those_of_gtm_compare(tmp_path, monkeypatch):
    """The arm file of a handout, run by ``gtm compare``, gives what the workshop shows."""
    monkeypatch.chdir(tmp_path)
    plan = {"paid_for": "accepted_lead", "shared_marketing": 40.0, "accelerator": 2.0, "visibility": 60.0,
            "score_owner": "sellers", "routing": 6.0, "process": 60.0}  # fmt: skip
    (tmp_path / "team.yaml").write_text(yaml.safe_dump(levers.arm(plan)))
    words = ["organisation=essay", "arms=[siloed,team.yaml]", f"seeds={simulation.SEEDS}", "out=study"]
    assert main(["compare", *words, "executor.workers=2"]) == 0
    arms = json.loads((tmp_path / "study" / "summary.json").read_text())["arms"]
    for arm, own in (("siloed", {}), ("team", plan)):
        shown = simulation.means(simulation.run(levers.params(own, "essay"), range(simulation.SEEDS)))
        for name in simulation.MEASURES:
            if name in shown:
                assert shown[name] == pytest.approx(arms[arm][name]["mean"], rel=1e-12), (arm, name)


def test_other_names_of_the_server_are_refused(server):
    """DNS rebinding: a page elsewhere has its own name point here."""
    answers = {
        host: client(server).get("/", headers={"host": host}).status_code
        for host in (f"127.0.0.1:{server.port}", f"localhost:{server.port}", "evil.example",
                     f"evil.example:{server.port}", "127.0.0.1.evil.example", "[::1", "")
    }  # fmt: skip
    assert list(answers.values()) == [200, 200, 421, 421, 421, 421, 421]


def test_the_explorer_is_for_this_computer_alone():
    import asyncio

    from workshop.security import OnlyHere

    asked: list[str] = []

    async def app(scope, receive, send):
        asked.append(scope["path"])

    for caller, path in (("127.0.0.1", "/explorer/runs"), ("192.0.2.7", "/explorer/runs"), ("192.0.2.7", "/s/ABC")):
        asyncio.run(OnlyHere(app, "/explorer")({"type": "http", "path": path, "client": (caller, 1)}, None, None))
    assert asked == ["/explorer/runs", "/nothing", "/s/ABC"]

"""What a facilitator takes along: tables, everything; a guide, a handout and role cards to print."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import yaml
from starlette.responses import Response

from workshop import levers, screens, simulation
from workshop.state import kind_of
from workshop.wording import words

if TYPE_CHECKING:
    from workshop.desk import Desk
    from workshop.rooms import Room

NAMES = {  # file: label in facilitator.…
    "results.csv": "csv_results",
    "plans.csv": "csv_plans",
    "quiz.csv": "csv_quiz",
    "session.json": "everything",
    "handout.html": "handout",
    "cards.html": "cards",
    "guide.html": "guide",
}


def answer(desk: Desk, room: Room, name: str) -> Response:
    """One of :data:`NAMES`."""
    if name == "handout.html":
        values = desk.room_values(room, plans=plans(room), message="")
        return desk.page("handout", values.pop("w"), **values)
    if name == "cards.html":
        values = desk.room_values(room, message="")
        return desk.page("cards", values.pop("w"), **values)
    if name == "guide.html":
        values = desk.room_values(room, rows=screens.guide(room.config), message="")
        return desk.page("guide", values.pop("w"), **values)
    if name == "session.json":
        text, kind = json.dumps(everything(room), ensure_ascii=False, indent=1), "application/json"
    else:
        made = {"results.csv": results, "plans.csv": plan_rows, "quiz.csv": quiz}[name](room)
        text, kind = table(made), "text/csv; charset=utf-8"
    disposition = f'attachment; filename="workshop-{room.kept.code}-{name}"'
    return Response(text, media_type=kind, headers={"Content-Disposition": disposition})


def table(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV. A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" else cell for cell in row])
    return out.getvalue()


def results(room: Room) -> list[Sequence[object]]:
    """One row per round, team and organisation; round ``today`` is the empty plan."""
    state = room.state
    head = ["round", "team", "organisation", *simulation.COLUMNS]
    rows: list[Sequence[object]] = [head]
    for organisation, result in state.today.items():
        rows.append(["today", "", organisation, *(result.get(name, "") for name in simulation.COLUMNS)])
    for (name, team, organisation), result in sorted(state.results.items()):
        rows.append([name, team + 1, organisation, *(result.get(column, "") for column in simulation.COLUMNS)])
    return rows


def plan_rows(room: Room) -> list[Sequence[object]]:
    """One row per round and team: every lever, empty where it is as today."""
    state = room.state
    rows: list[Sequence[object]] = [["round", "team", *levers.LEVERS]]
    for name in state.config.steps()[: state.position + 1]:
        if kind_of(name):
            for team in range(state.config.teams):
                plan = state.plan(name, team)
                rows.append([name, team + 1, *(plan.get(lever, "") for lever in levers.LEVERS)])
    return rows


def quiz(room: Room) -> list[Sequence[object]]:
    """One row per participant and quiz, without names."""
    rows: list[Sequence[object]] = [["quiz", "participant", *(f"question_{n + 1}" for n in range(6))]]
    rows += [[name, member, *answers] for (name, member), answers in sorted(room.state.answers.items())]
    return rows


def plans(room: Room) -> list[tuple[int, list[tuple[str, str]], str, str, str]]:
    """Every team's last design: levers in words, and the arm file with which ``gtm compare`` gives the same numbers."""
    state = room.state
    w = words(room.config.language)
    names = screens.design_rounds(state)
    found = []
    for team in range(state.config.teams) if names else ():
        plan = state.plan(names[-1], team)
        file = f"team-{team + 1}.yaml"
        command = f"gtm compare organisation={state.main} arms=[siloed,{file}] seeds={simulation.SEEDS}"
        text = yaml.safe_dump(levers.arm(plan), sort_keys=False, default_flow_style=None, width=100)
        found.append((team, screens.described(w, plan), file, text, command))
    return found


def everything(room: Room) -> dict[str, Any]:
    """All that is kept of a session, but for what opens doors: tokens and their hashes."""
    events = []
    for at, event in room.history():
        shown = {key: value for key, value in event.items() if key not in ("secret", "back")}
        events.append({"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)), **shown})
    return {"code": room.kept.code, "config": room.kept.config, "seeds": simulation.SEEDS, "events": events}

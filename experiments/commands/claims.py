"""``gtm claims``: the article's register of claims, each with what the model says of it."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.commands import COMMANDS
from experiments.commands.application import DONE, application
from experiments.commands.page import place
from experiments.config import Command, Settings, whole
from sim.parameters import ParameterError

if TYPE_CHECKING:
    from analysis.claims import Found, Judged
    from analysis.numbers import Numbers
    from analysis.studies.firms import Sorting
    from analysis.texts import Texts
    from experiments.claims.register import Claim
    from experiments.models import Organisation

# Root seed 7: none of the searches, confirmations and calibrations saw its luck.
COMMAND = Command(
    name="claims",
    summary=COMMANDS["claims"],
    defaults={"seeds": 32, "seed": 7, "record": "none", "firms": 60, "panels": 8, "claims": [], "posterior": None,
              "page": None},
    most_arms=1,
)  # fmt: skip
NOT_REPEATED = ("out", "claims", "page", "executor", "executor.name", "executor.workers", "resume")


class StoppedError(Exception):
    """The user stopped a study; the argument is how far it came."""


def main(arguments: Sequence[str]) -> int:
    """Run the command; return the exit code."""
    return application(COMMAND, run, arguments)


def run(settings: Settings) -> int:
    """Run what the claims asked for need, judge, print the table, write claims.json."""
    asked, given = settings.own["claims"], settings.own["posterior"]
    asked = [asked] if isinstance(asked, str | int) else asked
    if not isinstance(asked, list):
        raise ParameterError(f"claims={asked!r}: a list of names is needed, as in claims=[10,12]; [] means all.")
    firms = whole("firms", settings.own["firms"], 10, 100_000)
    panels = whole("panels", settings.own["panels"], 2, 10_000)
    page = place(settings.own["page"], f"claims-{Path(settings.organisation).stem}")

    from analysis import claims as verdicts
    from experiments import conduct, manifest, tables
    from experiments.calibration import posterior
    from experiments.claims.register import CORNER, choose
    from experiments.commands.ending import interrupted

    start = manifest.now()
    chosen = choose([str(name) for name in asked])
    if given is not None:
        posterior.find(given, settings.organisation, settings.configs)
    settings.out.mkdir(parents=True, exist_ok=True)
    conduct.note_whole(settings, "running", 0, start)
    try:
        here = _contrasts(settings, settings.organisation, chosen, given)
        corner = here if settings.organisation == CORNER else _contrasts(settings, CORNER, chosen, None)
        sorted_firms = _sortings(settings, chosen, firms, panels)
        programmes = _programmes(settings, chosen, firms, panels)
    except StoppedError as stopped:
        conduct.note_whole(settings, "interrupted", 0, start)
        return interrupted(settings, stopped.args[0])
    judged = verdicts.judge(chosen, here, corner, sorted_firms, programmes)
    entries = [_entry(each, settings) for each in judged]
    content = {"organisation": settings.organisation, "seed": settings.seed, "seeds": settings.seeds, "claims": entries}
    tables.write_json(settings.out / "claims.json", content)
    conduct.note_whole(settings, "done", len(judged), start)
    _say(settings, judged)
    if page:
        page.write(_block(settings, judged))
    return DONE


# ---------------------------------------------------------------- running


def _study(settings: Settings, name: str, **changes: Any) -> Any:
    """Runs of one study, in a folder of its own."""
    import pandas as pd

    from experiments.conduct import conduct

    folder = settings.out / name
    outcome = conduct(settings.part(folder, **changes))
    if outcome.status != "done":
        raise StoppedError(outcome)
    runs = pd.read_parquet(folder / "runs.parquet")
    return runs.assign(arm=runs["arm"].astype(str))


def _contrasts(settings: Settings, organisation: str, chosen: list[Claim], given: object) -> dict[str, Found]:
    """What the worlds of each contrast differ by in an organisation, by the id of the claim."""
    from analysis.claims import change
    from experiments.calibration import posterior
    from experiments.claims.register import worlds_of

    worlds = worlds_of(chosen, "contrast")
    if not worlds:
        return {}
    model = _model(settings, organisation, worlds)
    per_draw = draws = 0
    if given is not None:
        file = posterior.find(given, organisation, settings.configs)
        model = posterior.Uncertain.of(model, file, settings.seed, settings.seeds)
        per_draw, draws = posterior.PER_DRAW, len(posterior.read(file))
    runs = _study(settings, Path(organisation).stem, organisation=organisation, model=model)
    return {claim.id: change(claim, runs, per_draw, draws) for claim in chosen if claim.kind == "contrast"}


def _model(settings: Settings, organisation: str, worlds: list[str]) -> Organisation:
    """The organisation whose arms are the worlds."""
    from experiments.claims.register import WORLDS
    from experiments.models import Organisation

    model = settings.model
    assert isinstance(model, Organisation)
    base = {name: WORLDS[name].params(organisation, [model.common], model.configs) for name in worlds}
    files = {name: WORLDS[name].arm for name in worlds}
    own = {name: dict(WORLDS[name].changes) for name in worlds}
    return dataclasses.replace(model, organisation=organisation, files=files, own=own, base=base)


def _sortings(settings: Settings, chosen: list[Claim], firms: int, panels: int) -> dict[str, Sorting]:
    """A panel of firms of the priors, sorted, by the id of the claim."""
    from analysis.studies.firms import sorting
    from experiments.studies import definition, plan

    wanted = [claim for claim in chosen if claim.kind == "sorting"]
    if not wanted:
        return {}
    design = {**definition("sorting").spec["design"], "points": firms}
    model = _model_of_arms(settings, wanted[0].worlds)
    planned = plan(design, model, settings.seed)
    runs = _study(settings, "panel", model=model, points=planned.points, design=design, seeds=panels)
    return {claim.id: sorting(runs, claim.measure, *claim.worlds) for claim in wanted}


def _programmes(settings: Settings, chosen: list[Claim], firms: int, panels: int) -> dict[str, tuple[Found, Found]]:
    """Shares of firms of the priors whose programmes end as claimed: what is meant and the other one, by claim."""
    from analysis.claims import share
    from experiments.claims.register import worlds_of
    from experiments.studies import plan

    worlds = worlds_of(chosen, "programme")
    if not worlds:
        return {}
    design = {"name": "panel", "points": firms}
    model = _model(settings, settings.organisation, worlds)
    points = plan(design, model, settings.seed).points
    runs = _study(settings, "programmes", model=model, points=points, design=design, seeds=panels)
    wanted = [claim for claim in chosen if claim.kind == "programme"]
    return {claim.id: (share(claim, runs, claim.worlds[1]), share(claim, runs, claim.worlds[0])) for claim in wanted}


def _model_of_arms(settings: Settings, arms: tuple[str, str]) -> Organisation:
    """The organisation asked about, under shipped arms."""
    from experiments.models import Organisation
    from sim.configuration import compose

    model = settings.model
    assert isinstance(model, Organisation)
    base = {arm: compose(settings.organisation, arm, [model.common], model.configs) for arm in arms}
    return dataclasses.replace(model, files={arm: arm for arm in arms}, own={}, base=base)


# ---------------------------------------------------------------- words


def _entry(judged: Judged, settings: Settings) -> dict[str, Any]:
    """A claim for scripts; its words are English whatever the language of the table."""
    from analysis.texts import texts

    words = texts("en")
    claim, found, beside = judged.claim, judged.found, judged.beside
    return {
        "id": claim.id,
        "claim": words(f"claims.entries.{claim.id}"),
        "origin": words(f"claims.origins.{claim.id}"),
        "grade": claim.grade,
        "verdict": words(f"claims.verdicts.{judged.verdict}"),
        "settled": judged.settled,
        "value": found.value, "low": found.low, "high": found.high, "n": found.n,
        "unit": claim.change if found.n else "",
        "claimed": [claim.low, claim.high],
        "beside": dataclasses.asdict(beside) if beside.n else None,
        "command": _command(settings, claim.id),
    }  # fmt: skip


def _command(settings: Settings, name: str) -> str:
    words = [word for word in settings.words if word.lstrip("+").partition("=")[0] not in NOT_REPEATED]
    return shlex.join(["gtm", "claims", *words, f"claims=[{name}]"])


def _shown(claim: Claim, value: float, words: Texts, write: Numbers) -> str:
    """A value in the unit of its claim."""
    if claim.change in ("share_of_level", "share", "rest"):
        return write.percent(value, signed=claim.change == "share_of_level")
    if claim.change == "points":
        return write.points(value, signed=True)
    if claim.change == "hours":
        return words("claims.hours", value=write.decimal(value, 2, signed=True))
    return f"{write.decimal(value, 0, signed=True)} k€"


def _row(judged: Judged, words: Texts, write: Numbers) -> tuple[str, ...]:
    claim, found, beside = judged.claim, judged.found, judged.beside
    value = span = aside = ""
    if found.n:
        value = _shown(claim, found.value, words, write)
        span = f"{_shown(claim, found.low, words, write)} … {_shown(claim, found.high, words, write)}"
    if beside.n:
        key = {"sorting": "gap", "programme": f"other.{claim.worlds[0]}"}.get(claim.kind, "corner")
        aside = words(f"claims.{key}", value=_shown(claim, beside.value, words, write))
    if not found.n:
        aside = words(f"claims.origins.{claim.id}")
    label = words(f"claims.entries.{claim.id}")
    verdict = words(f"claims.verdicts.{judged.verdict}") + (not judged.settled) * " ?"
    return claim.id.partition("-")[0], label, claim.grade, verdict, value, span, aside


HEAD = ("id", "claim", "grade", "verdict", "value", "interval", "beside")


def _say(settings: Settings, judged: list[Judged]) -> None:
    from rich import box
    from rich.table import Table

    from analysis.numbers import numbers
    from analysis.texts import texts
    from experiments.commands.finish import wide_console

    words, write = texts(settings.language), numbers(settings.language)
    table = Table(
        title=words("claims.title", organisation=settings.organisation),
        caption=words("claims.caption", n=write.decimal(settings.seeds, 0)),
        box=box.SIMPLE_HEAD, title_justify="left", caption_justify="left",
    )  # fmt: skip
    for name in HEAD:
        table.add_column(words(f"claims.columns.{name}"), justify="right" if name == "value" else "left")
    for each in judged:
        table.add_row(*_row(each, words, write))
    console = wide_console()
    console.print(table)
    console.print(words("report.stance"))
    console.print(words("claims.file", path=settings.out / "claims.json"), soft_wrap=True)


def _block(settings: Settings, judged: list[Judged]) -> str:
    """The register as a part of a Markdown page."""
    from analysis.numbers import numbers
    from analysis.texts import texts

    words, write = texts(settings.language), numbers(settings.language)
    kept = [word for word in settings.words if word.partition("=")[0] not in ("out", "page", "resume")]
    lines = [
        words("claims.made", call=shlex.join(["gtm", "claims", *kept])),
        "",
        "| " + " | ".join(words(f"claims.columns.{name}") for name in HEAD) + " |",
        "|" + "---|" * len(HEAD),
    ]
    for each in judged:
        cells = (cell.replace("|", "\\|") or "–" for cell in _row(each, words, write))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", words("claims.caption", n=write.decimal(settings.seeds, 0))])

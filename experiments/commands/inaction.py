"""``gtm inaction``: what going on as today costs a client, and what its programmes bring."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from experiments.commands import COMMANDS
from experiments.commands.application import DEFECT, DONE, application, refuse
from experiments.config import Command, Settings
from experiments.config.command import LANGUAGES
from sim.parameters import ParameterError

if TYPE_CHECKING:
    from analysis.money.results import Result

COMMAND = Command(
    name="inaction",
    summary=COMMANDS["inaction"],
    defaults={"client": None, "template": None, "team": None, "seeds": 160},
    most_arms=1,
)
FEWEST = 8  # replications: quantiles of fewer draws say nothing


def main(arguments: Sequence[str]) -> int:
    """Run the command; return the exit code."""
    given = dict(word.partition("=")[::2] for word in arguments)
    try:
        return _template(given) if given.get("template") else application(COMMAND, run, arguments)
    except ParameterError as error:
        return refuse(error)


def _template(given: dict[str, str]) -> int:
    """Write an empty client file; no study, so no folder of one."""
    from pathlib import Path

    from experiments.inaction import template
    from experiments.inaction.audit import TEAMS

    file, language, team = given.pop("template"), given.pop("language", "en"), given.pop("team", None)
    if given or language not in LANGUAGES:
        key, value = next(iter(given.items()), ("language", language))
        raise ParameterError(
            f"{key}={value}: beside template= only language=en|es and team={'|'.join(TEAMS)} are taken."
        )
    template.write(Path(file), language, team)
    print(file)
    return DONE


def run(settings: Settings) -> int:
    """Simulate a client's arms, reckon its money, write summary and report."""
    import numpy as np
    import pandas as pd

    from analysis import inaction, summary
    from analysis.money import assess, results
    from experiments import tables
    from experiments.calibration import posterior
    from experiments.commands.ending import ended_early
    from experiments.conduct import conduct
    from experiments.inaction import arms, client, draws, matching, twins

    _check(settings)
    inaction.check_libraries()
    asked = client.from_name(settings.own["client"], settings.configs)
    horizon = int(asked.get("horizon_months"))
    center = matching.center(asked)
    drawn = draws.draw(asked, center, -(-settings.seeds // posterior.PER_DRAW), settings.seed)
    settings.out.mkdir(parents=True, exist_ok=True)
    file = (settings.out / "draws.parquet").absolute()
    posterior.write(file, drawn.table, {"client": asked.get("client"), "posterior": drawn.posterior})
    drawn = dataclasses.replace(drawn, table=posterior.read(file))
    chosen = arms.arms(asked, horizon)
    model = arms.model(asked, center, file, chosen, settings.seed, settings.seeds, horizon)
    settings = dataclasses.replace(
        settings, model=dataclasses.replace(model, engine=settings.engine), organisation=str(asked.get("profile"))
    )
    outcome = conduct(settings)
    code = ended_early(settings, outcome)
    if code is not None:
        return code
    runs = pd.read_parquet(settings.out / "runs.parquet")
    monthly = pd.read_parquet(settings.out / "monthly.parquet")
    gathered = assess.gather(asked, drawn, model, chosen, runs, monthly, settings.seed)
    if len(np.unique(gathered.groups)) < 2:
        return DEFECT
    result = assess.assess(gathered, _reproduce(settings, drawn.posterior, len(drawn.table)))
    result = dataclasses.replace(result, twins=twins.twins(model, f"{asked.programmes[0].name}_0", runs))
    found = summary.summarise(runs, settings.command, settings.baseline)
    tables.write_json(settings.out / results.FILE, {**found, "inaction": results.to_plain(result)})
    inaction.write(result, settings.out, settings.language)
    _say(result, settings)
    return DONE


def _check(settings: Settings) -> None:
    """Refuse keys that would go unheard: everything about the client stands in its file."""
    from experiments.models import Organisation

    model = settings.model
    assert isinstance(model, Organisation)
    start = COMMAND.tree()
    if settings.own["client"] is None:
        raise ParameterError("client: whose? gtm inaction client=FILE; template=FILE writes an empty one.")
    if settings.own["team"] is not None:
        raise ParameterError("team: goes with template=, and writes the audit of one team.")
    if settings.organisation != start["organisation"] or list(model.arms) != start["arms"]:
        raise ParameterError("organisation, arms: stand in the client file (profile, pay, programmes).")
    for theme in (*model.common, *model.own):
        raise ParameterError(f"{theme}: not on the command line; what is known of a client stands in its file.")
    if settings.replications["name"] != "fixed":
        raise ParameterError(f"replications={settings.replications['name']}: inaction needs fixed.")
    if settings.seeds < FEWEST:
        raise ParameterError(f"seeds={settings.seeds}: at least {FEWEST} are needed.")


def _reproduce(settings: Settings, told: str, draws: int) -> Any:
    from importlib.metadata import version

    from analysis.money.results import Reproduce

    return Reproduce(settings.call, settings.seed, settings.seeds, draws, told, settings.engine, version("gtm-sim"))


def _say(result: Result, settings: Settings) -> None:
    """The values of the programmes, and where the files are."""
    from rich.markup import escape
    from rich.table import Table

    from analysis.inaction.claims import sentences
    from analysis.inaction.figures import start_name
    from analysis.inaction.teller import Teller
    from analysis.money import results
    from analysis.texts import capital, texts
    from experiments.commands.finish import wide_console

    words, console = texts(settings.language), wide_console()
    tell = Teller({"inaction": results.to_plain(result)}, settings.language, result.client.currency)
    table = Table(
        title=words("inaction.title", client=escape(result.client.name), months=result.client.months),
        title_justify="left",
    )
    for key in ("programme", "start", "npv", "range", "gain", "waiting"):
        table.add_column(words(f"inaction.{key}"), justify="left" if key in ("programme", "start") else "right")
    for i, programme in enumerate(result.programmes):
        for k, start in enumerate(programme.starts):
            path = ("inaction", "programmes", i, "starts", k)
            delay = start.delay_months
            when = capital(start_name(tell, start))
            right = tell.chance(*path, "probability_waiting_was_right") if delay != 0 else ""
            cells = ("0", "", "") if delay is None else (
                *tell.estimate(*path, "npv"), tell.chance(*path, "npv", "probability_positive")
            )  # fmt: skip
            table.add_row(escape(programme.label), when, *cells, right)
    console.print(table)
    for sentence in sentences(tell, result.claims).values():
        console.print(sentence.text, markup=False, highlight=False)
    for warning in result.client.warnings:
        console.print(warning[settings.language], markup=False, soft_wrap=True)
    console.print(words("report.stance"))
    console.print(str(settings.out / "summary.json"), soft_wrap=True, markup=False)

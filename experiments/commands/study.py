"""``gtm study``: the named studies."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from experiments.commands import COMMANDS
from experiments.commands.application import DONE, application, refuse, resumed
from experiments.config import Command, Settings
from experiments.config.command import LANGUAGES
from sim.parameters import ParameterError, nearest

if TYPE_CHECKING:
    from analysis.studies import Answer, Named
    from experiments.studies import Definition

START: dict[str, Any] = {"name": None, "seeds": 32, "points": None, "posterior": None}
OF_DESIGN = ("points", "posterior")  # what the command line changes of a design
COMMAND = Command("study", COMMANDS["study"], START)


def main(arguments: Sequence[str]) -> int:
    """List the studies, or run the one that ``name=…`` asks for; return the exit code."""
    words = [word for word in arguments if not word.startswith("-")]
    options = len(words) < len(arguments)
    try:
        given = dict(word.partition("=")[::2] for word in resumed(COMMAND, words)[0])
        if "name" not in given and not options:
            return _list(given)
        from experiments.studies import definition

        known = definition(given["name"].strip("'\"")) if "name" in given else None
        wrong = next((word for word in words if word.lstrip("+").startswith("design")), None)
        if wrong:
            raise ParameterError(
                f"{wrong}: a study's design stands in its file; points=, seeds= and posterior= change it."
            )
    except ParameterError as error:
        return refuse(error)
    return application(_command(known) if known else COMMAND, run, arguments)


def _command(study: Definition) -> Command:
    """The command as the study's file sets its keys."""
    own = {key: study.spec[key] for key in ("organisation", "arms", "seeds") if key in study.spec}
    size = {"points": 5, **{key: study.spec["design"][key] for key in OF_DESIGN if key in study.spec["design"]}}
    return dataclasses.replace(COMMAND, defaults={**START, **size, **own})


def _list(given: dict[str, str]) -> int:
    """Print every study with its question."""
    from experiments.studies import known

    language = given.pop("language", "en")
    if language not in LANGUAGES:
        allowed = ", ".join(LANGUAGES)
        raise ParameterError(f"language={language!r}: allowed are {allowed}.{nearest(language, LANGUAGES)}")
    if given:
        key, value = next(iter(given.items()))
        raise ParameterError(f"{key}={value}: name the study too, as in gtm study name=chaos.")
    studies = known()
    width = max(len(study.name) for study in studies)
    for study in studies:
        print(f"  gtm study name={study.name:<{width}}  {study.question(language)}")
    return DONE


def run(settings: Settings) -> int:
    """Run what is missing of a study, answer its question, draw its figures."""
    from analysis import studies
    from analysis.figures.studies import draw
    from experiments import tables
    from experiments.commands import finish
    from experiments.commands.ending import ended_early
    from experiments.conduct import conduct
    from experiments.models import Organisation
    from experiments.studies import definition, plan
    from experiments.studies.felt import Believing

    if settings.own["name"] is None:
        raise ParameterError("name: which study? gtm study lists them.")
    asked = definition(str(settings.own["name"]))
    model = settings.model
    assert isinstance(model, Organisation)
    model = Believing.of(model)
    design = {**asked.spec["design"], "posterior": settings.own["posterior"]}
    if settings.own["points"] is not None:
        design["points"] = settings.own["points"]
    planned = plan(design, model, settings.seed)
    settings = dataclasses.replace(settings, model=model, points=planned.points, design=design, record="none")
    outcome = conduct(settings)
    code = ended_early(settings, outcome)
    if code is not None:
        return code
    study = finish.summarised(settings, outcome, asked.name)
    placed = study.runs.join(planned.coordinates, on="point")
    named = studies.Named(dataclasses.replace(study, runs=placed), asked.spec, settings.language)
    answer = studies.answer(named)
    draw(named, settings.out)
    tables.write_json(settings.out / "study.json", _content(named, asked.name, answer))
    console = finish.wide_console()
    console.print(f"{named.words('studies.question')}: {named.question}", markup=False)
    console.print(f"{named.words('studies.answer')}: {answer.text}", style="bold", markup=False)
    finish.last_lines(console, named.words, "studies.files", folder=settings.out)
    return DONE


def _content(named: Named, name: str, answer: Answer) -> dict[str, Any]:
    """What ``study.json`` says."""
    return {
        "study": name,
        "question": named.question,
        "answer": answer.text,
        "claim": answer.claim,
        "quantities": [
            {"name": q.name, "what": q.what, "measure": q.measure, "verdict": q.verdict, **dataclasses.asdict(q.found)}
            for q in answer.quantities
        ],
        "details": dict(answer.details),
    }

"""``gtm discover``: where in the space of a finished sweep something happens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.commands import COMMANDS
from experiments.commands.application import DONE, application
from experiments.config import Command, Settings
from sim.parameters import ParameterError, nearest

if TYPE_CHECKING:
    from analysis.summary import Study

RELATIONS = ("below", "above", "at_least", "at_most")
COMMAND = Command(
    name="discover",
    summary=COMMANDS["discover"],
    defaults={"sweep": None, "measure": "revenue_growth", "of": None, **dict.fromkeys(RELATIONS)},
)


def main(arguments: Sequence[str]) -> int:
    """Run the command; return the exit code."""
    return application(COMMAND, run, arguments)


def run(settings: Settings) -> int:
    """Search the sweep for boxes, print them in sentences, write boxes.json."""
    own = settings.own
    if own["sweep"] is None:
        raise ParameterError("sweep: name the folder of a finished sweep, as in sweep=outputs/sweep/….")
    folder = Path(str(own["sweep"]))
    given = {name: own[name] for name in RELATIONS if own[name] is not None} or {"below": 0}
    if len(given) > 1:
        raise ParameterError(f"{', '.join(given)}: give one of them.")
    (relation, threshold), *_ = given.items()
    if isinstance(threshold, bool) or not isinstance(threshold, int | float):
        raise ParameterError(f"{relation}={threshold!r}: a number is needed, in the unit of the measure.")

    from analysis import load
    from analysis.factors import any_label, any_value
    from analysis.studies import regions
    from analysis.texts import texts
    from experiments import tables
    from experiments.commands import finish
    from sim.measures import MEASURES

    try:
        study = load(folder)
    except FileNotFoundError as error:
        raise ParameterError(f"sweep={str(folder)!r}: {error}") from None
    of = study.arms[-1] if own["of"] is None else str(own["of"])
    if of not in study.arms:
        raise ParameterError(f"of={of!r}: the arms of this sweep are {', '.join(study.arms)}.{nearest(of, study.arms)}")
    measure = str(own["measure"])
    if measure not in study.measures:
        raise ParameterError(
            f"measure={measure!r}: this sweep has none of that name.{nearest(measure, study.measures)}"
        )
    factors = _factors(study)
    asked: dict[str, Any] = {"measure": measure, "arm": of, relation: float(threshold)}
    found = regions.region(study.runs, asked, study.baseline, factors)
    words = texts(settings.language)
    console = finish.wide_console()
    what = regions.asked_in_words(asked, study.baseline, words)
    text = regions.in_words(found, what, any_label(words), any_value(words), words)
    console.print(text, style="bold", markup=False)
    content = {"sweep": str(folder), **asked, "baseline": study.baseline, "text": text, **regions.as_mapping(found)}
    settings.out.mkdir(parents=True, exist_ok=True)
    tables.write_json(settings.out / "boxes.json", content)
    # What a foreign model is worth is for others to say.
    finish.last_lines(console, words, "studies.boxes", stance=measure in MEASURES, path=settings.out / "boxes.json")
    return DONE


def _factors(study: Study) -> list[str]:
    """What the sweep varied: as its manifest says, or the columns of its file of points."""
    from analysis.summary import KEYS
    from sim.measures import MEASURES

    described = study.manifest.get("configuration", {}).get("design", {}).get("factors", {})
    found = list(described) or [n for n in study.runs if n not in {*KEYS, *study.measures, *MEASURES}]
    if not found:
        raise ParameterError(
            f"sweep={str(study.folder)!r}: that study varied no factor; gtm sweep makes one that does."
        )
    return found

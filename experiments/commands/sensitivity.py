"""``gtm sensitivity``: which factors move an outcome."""

from __future__ import annotations

import dataclasses
import math
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.commands import COMMANDS
from experiments.commands.application import DONE, application
from experiments.config import Command, Settings
from sim.parameters import ParameterError, nearest

if TYPE_CHECKING:
    import pandas as pd

    from analysis.sensitivity import Noise
    from analysis.summary import Study
    from analysis.texts import Texts
    from experiments.models import Model
    from experiments.points import Points

MEASURES = ("revenue_growth", "gtm_profit", "wasted_time_share")
TOP = 5


def _place(given: Mapping[str, Any], model: Model, seed: int) -> Points:
    from experiments.sensitivity import place

    return place(given, model, seed)[0]


COMMAND = Command(
    name="sensitivity",
    summary=COMMANDS["sensitivity"],
    defaults={
        "arms": ["siloed", "shared_okr"],
        "seeds": 32,
        "record": "none",
        "measures": [],
        "second": True,
        "register": None,
        "model": {"target": None, "steps": 100},
    },
    groups={"design": "morris"},
    place=_place,
)


def main(arguments: Sequence[str]) -> int:
    """Run the command; return the exit code."""
    return application(COMMAND, run, arguments)


def run(settings: Settings) -> int:
    """Run the sample, write the indices, say what they rest on."""
    import pandas as pd

    from analysis import screening, sensitivity
    from analysis.studies.regions import outcome as outcome_of
    from analysis.texts import texts
    from experiments import tables
    from experiments.commands import finish
    from experiments.commands.ending import ended_early
    from experiments.conduct import conduct
    from experiments.design import MORRIS_LEVELS
    from experiments.sensitivity import place

    second = settings.own["second"]
    if not isinstance(second, bool):
        raise ParameterError(f"second={second!r}: allowed are true and false.")
    method = str(settings.design["name"])
    points, cube = place(settings.design, settings.model, settings.seed, second)
    settings = dataclasses.replace(settings, points=points)
    asked = _asked(settings)
    register = _register(settings, method)
    outcome = conduct(settings)
    code = ended_early(settings, outcome)
    if code is not None:
        return code
    measures = _there(asked, settings)
    study = finish.summarised(settings, outcome, settings.command, measures)
    words = texts(settings.language)
    console = finish.wide_console()
    factors, first, other, noises = list(points.columns), [], [], []
    screened: dict[str, tuple[pd.DataFrame, Noise]] = {}
    for measure in measures:
        for arm in settings.model.arms:
            table = outcome_of(study.runs, {"measure": measure, "arm": arm}, settings.baseline)
            table = table.replace([math.inf, -math.inf], math.nan)
            lacking = _lacking(table, measure)
            what = _what(measure, arm, settings.baseline, words)
            labels = {"measure": measure, "arm": arm, "less": "" if arm == settings.baseline else settings.baseline}
            means, noise = sensitivity.point_means(table)
            if method == "morris":
                indices = sensitivity.morris_indices(factors, cube, means, MORRIS_LEVELS, settings.seed)
            else:
                indices, pairs = sensitivity.sobol_indices(factors, means, second, settings.seed)
                other.append(pairs.assign(**labels))
            first.append(indices.assign(**labels))
            if arm == screening.ARMS[1]:
                screened[measure] = indices, noise
            noises.append({**labels, "share": noise.share, "verdict": noise.verdict})
            console.print(_sentence(indices, method, what, words), style="bold")
            if lacking:
                console.print(words("studies.sensitivity.lacking", n=lacking, of=table.size, measure=what))
            console.print(_noise_sentence(noise, what, words), style="red" if noise.verdict == "dominant" else "")
            _draw(study, indices, method, what, f"{measure}-{arm}", settings)
    _write(settings, pd.concat(first), pd.concat(other) if second and other else None)
    tables.write_json(settings.out / "noise.json", {"replications": settings.seeds, "noise": noises})
    if register:
        _write_register(register, settings, screened)
    # What a foreign model is worth is for others to say.
    ours = bool(settings.model.measures)
    finish.last_lines(console, words, "studies.indices", stance=ours, path=settings.out / "indices.csv")
    return DONE


def _there(asked: list[str], settings: Settings) -> list[str]:
    """The measures that indices are about: those asked for, or all that a foreign model has."""
    import pyarrow.parquet as pq

    from analysis.summary import KEYS

    names = [n for n in pq.read_schema(settings.out / "runs.parquet").names if n not in KEYS]
    known = [name for name in names if name not in settings.points.columns]
    for name in asked:
        if name not in known:
            raise ParameterError(f"measures: {name}: this model has none of that name.{nearest(name, known)}")
    return asked or known


def _lacking(table: pd.DataFrame, measure: str) -> int:
    """How many runs have no value of a measure; indices need one at every point at least."""
    empty = table.isna().all(axis=1)
    if empty.any():
        raise ParameterError(
            f"measures: {measure}: at {int(empty.sum()):,} of {len(table):,} points all runs failed or have no value "
            f"of it, the first is point {empty.idxmax()}; indices need every point. Leave these out of the ranges of "
            "design.factors, or let the model return a number there."
        )
    return int(table.isna().to_numpy().sum())


def _register(settings: Settings, method: str) -> Path | None:
    """Where the screening of the headline goes, if it is one."""
    from analysis.screening import ARMS, HEADLINE

    given = settings.own["register"]
    if given is None:
        return None
    if method != "morris" or settings.model.arms != ARMS or not set(HEADLINE) <= set(_asked(settings)):
        raise ParameterError(
            f"register={given!r}: needs design=morris, arms=[{','.join(ARMS)}] and measures=[{','.join(HEADLINE)}]."
        )
    path = Path(str(given))
    if not path.parent.is_dir():
        raise ParameterError(f"register={given!r}: there is no folder {path.parent}.")
    return path


def _write_register(path: Path, settings: Settings, found: Mapping[str, tuple[pd.DataFrame, Noise]]) -> None:
    """The file of which lists of assumptions take how much the headline depends on each parameter."""
    from analysis import screening, sensitivity
    from experiments import manifest
    from experiments.design import MORRIS_LEVELS

    told = [w for w in settings.words if w.partition("=")[0] not in ("out", "resume", "register", "executor.workers")]
    about = {
        "organisation": settings.organisation,
        "command": shlex.join(["gtm", "sensitivity", *told]),
        "date": manifest.now().date().isoformat(),
        "points": settings.points.count,
        "replications": settings.seeds,
    }
    wanted = {measure: found[measure] for measure in screening.HEADLINE}
    factors = len(settings.points.columns)
    shape = MORRIS_LEVELS, settings.points.count // (factors + 1), factors
    noise = {m: (each.share, sensitivity.morris_limit(each, *shape)) for m, (_, each) in wanted.items()}
    screening.write(path, about, noise, {m: table for m, (table, _) in wanted.items()})


def _asked(settings: Settings) -> list[str]:
    """The measures asked for; by default a few of the organisation's, all of a foreign model."""
    given = settings.own["measures"]
    given = [given] if isinstance(given, str) else given
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise ParameterError(f"measures={given!r}: a list of names is needed, as in measures=[revenue_growth].")
    known = settings.model.measures
    for name in given:
        if known and name not in known:
            raise ParameterError(f"measures: {name}: unknown.{nearest(name, known)}")
    return given or (list(MEASURES) if known else [])


def _what(measure: str, arm: str, baseline: str, words: Texts) -> str:
    name = words.measure(measure)
    if arm == baseline:
        return name
    return words("studies.sensitivity.of", measure=name, arm=words.arm(arm), baseline=words.arm(baseline))


def _sentence(table: pd.DataFrame, method: str, what: str, words: Texts) -> str:
    """The factors whose index can be told from zero, strongest first."""
    from analysis.factors import factor_label
    from analysis.numbers import numbers
    from analysis.texts import capital

    write = numbers(words.language)
    index = "mu_star" if method == "morris" else "ST"
    told = table[table[index] - table[f"{index}_conf"] > 0].sort_values(index, ascending=False).head(TOP)
    if told.empty:
        return words("studies.sensitivity.nothing", measure=capital(what))
    symbol = "μ*" if method == "morris" else "S_T"
    parts = []
    for _, row in told.iterrows():
        digits = write.digits(row[index] - row[f"{index}_conf"], row[index] + row[f"{index}_conf"], "")
        value = f"({symbol} {write.decimal(row[index], digits)} ± {write.decimal(row[f'{index}_conf'], digits)})"
        parts.append(words("studies.sensitivity.part", factor=factor_label(row["factor"], words), value=value))
    return words("studies.sensitivity.top", measure=capital(what), parts="; ".join(parts))


def _noise_sentence(noise: Noise, what: str, words: Texts) -> str:
    from analysis.numbers import numbers

    write = numbers(words.language)
    share = write.percent(noise.share, 1 if noise.share < 0.1 else 0)
    text = words(
        f"studies.sensitivity.noise.{noise.verdict}", share=share, measure=what, n=write.decimal(noise.replications, 0)
    )
    return text[:1].upper() + text[1:]


def _draw(study: Study, table: pd.DataFrame, method: str, what: str, name: str, settings: Settings) -> None:
    from analysis.figures.indices import indices
    from analysis.figures.style import render

    if table.iloc[:, 1].isna().all():
        return
    folder = settings.out / "figures"
    folder.mkdir(exist_ok=True)
    figure = indices(study, table, method, what, settings.language)
    (folder / f"{name}.svg").write_bytes(render(figure, "svg"))
    (folder / f"{name}.png").write_bytes(render(figure, "png"))


def _write(settings: Settings, first: pd.DataFrame, other: pd.DataFrame | None) -> None:
    """``indices.csv`` and ``indices_second_order.csv``: the measure and what it is of, then the factor."""
    for table, name in ((first, "indices.csv"), (other, "indices_second_order.csv")):
        path = settings.out / name
        if table is None:
            path.unlink(missing_ok=True)  # an older analysis's would pass for this one's
            continue
        leading = ["measure", "arm", "less"]
        table[[*leading, *(column for column in table if column not in leading)]].to_csv(path, index=False)

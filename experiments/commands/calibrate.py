"""``gtm calibrate``: what the patterns C1–C11 leave of everything uncertain, rival forms included."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.commands import COMMANDS
from experiments.commands.application import DONE, application
from experiments.config import Command, Settings, whole
from sim.parameters import ParameterError

if TYPE_CHECKING:
    from experiments.calibration.inference import Likelihood, Nature
    from experiments.calibration.space import Space
    from experiments.calibration.waves import Waves

# Root seed 5: 1 to 3 served the search for default values, its confirmation and the held-out patterns.
COMMAND = Command(
    name="calibrate",
    summary=COMMANDS["calibrate"],
    defaults={
        "seeds": 2, "seed": 5, "record": "none", "levels": [3000, 1500], "slopes": [1000, 1000], "check": 200,
        "draws": 1000, "shared": [], "truths": 200,
    },
    most_arms=1,
)  # fmt: skip
LEAST = 40
MOST_STEPS = 9_600  # of chains in a row, until they agree
CHECK = 999  # number of the wave that checks


def main(arguments: Sequence[str]) -> int:
    """Run the command; return the exit code."""
    return application(COMMAND, run, arguments)


def run(settings: Settings) -> int:
    """Run what is missing of the waves, draw, check on fresh runs, write what was found."""
    own = settings.own
    levels, slopes = (_sizes(key, own[key]) for key in ("levels", "slopes"))
    draws, check, truths = (whole(key, own[key], *limits) for key, limits in (
        ("draws", (20, 100_000)), ("check", (10, 100_000)), ("truths", (0, 100_000)),
    ))  # fmt: skip
    if settings.seeds < 2:
        raise ParameterError("seeds=1: two replications a point or more are needed, to tell luck from the rest.")
    if truths and levels[0] - truths < LEAST:
        raise ParameterError(f"truths={truths}: the first wave has {levels[0]} points, and {LEAST} more are needed.")

    import numpy as np

    from experiments import conduct, manifest
    from experiments.calibration import inference, space, targets
    from experiments.calibration.waves import InterruptedStudyError, Waves
    from experiments.commands.ending import interrupted

    start = manifest.now()
    profile = Path(settings.organisation).stem
    where = space.space(settings.arms[settings.baseline])
    others = _others(own["shared"], where)
    settings.out.mkdir(parents=True, exist_ok=True)
    known = Waves(settings, where, targets.targets(profile))
    conduct.note_whole(settings, "running", 0, start)
    try:
        for n in levels:
            known.add(n, slopes=False)
        for n in slopes:
            known.add(n, slopes=True)
        joint = inference.Joint.of([known.likelihood, *(likelihood for likelihood, _ in others)])
        at = _starts(known, joint, others, settings.seed)
        drawn = inference.draw(joint, at, draws, settings.seed + 1_000, most=MOST_STEPS)
        z = drawn.z[:, : len(known.space.names)]
        checked = known.simulate(settings.out / "check", z[:check], tuple(targets.WORLDS), CHECK)
    except InterruptedStudyError as stopped:
        conduct.note_whole(settings, "interrupted", 0, start)
        return interrupted(settings, stopped.outcome)
    np.save(settings.out / "draws.npy", drawn.z)
    runs = sum(wave.runs for wave in (*known.done, checked))
    conduct.note_whole(settings, "done", runs, start)
    found = _found(settings, known, drawn, checked, runs, truths)
    _write(settings, known, z, found)
    _say(settings, found)
    return DONE


def _sizes(key: str, given: object) -> list[int]:
    if not isinstance(given, list) or not given:
        raise ParameterError(f"{key}={given!r}: a list of numbers of points is needed, as in {key}=[1000,500].")
    return [whole(key, n, LEAST, 10_000_000) for n in given]


def _others(given: object, where: Space) -> list[tuple[Likelihood | Nature, Any]]:
    """What other profiles say, each with draws in its own coordinates.

    A folder is a finished calibration; a file, or the name of an organisation whose draws are shipped, is draws only.
    """
    from experiments.calibration import posterior

    if not isinstance(given, list):
        raise ParameterError(f"shared={given!r}: a list is needed, as in shared=[outputs/calibrate/mid].")
    files = [name for name in map(str, given) if not Path(name).expanduser().is_dir()]
    if len(files) > 1:
        raise ParameterError(
            f"shared={given!r}: one file of draws at most, since draws may hold what others say already; of the rest "
            "give the folders of their calibrations."
        )
    found: list[tuple[Likelihood | Nature, Any]] = []
    for name in map(str, given):
        if name not in files:
            found.append(_finished(name))
            continue
        is_file = Path(name).expanduser().is_file()
        try:
            file = posterior.find(name if is_file else posterior.SHIPPED, name)
        except ParameterError:
            raise ParameterError(
                f"shared={name!r}: there is no finished calibration, no file of draws, and no organisation whose "
                "draws are shipped."
            ) from None
        found.append(_drawn(file, where))
    return found


def _drawn(file: Path, where: Space) -> tuple[Nature, Any]:
    """What a file of draws says of human nature, and its draws in shared coordinates."""
    import numpy as np

    from experiments.calibration import inference, posterior

    nature = inference.Nature.of(where, {str(name): column for name, column in posterior.read(file).items()})
    random = np.random.default_rng(0)
    spread = np.linalg.cholesky(np.linalg.inv(nature.precision))
    z = random.standard_normal((inference.TRIED, len(nature.space.names)))
    numbers = ~nature.space.forms
    z[:, numbers] = nature.mean + z[:, numbers] @ spread.T
    return nature, z


def _finished(folder: str) -> tuple[Likelihood, Any]:
    """Likelihood and draws of another profile's finished calibration."""
    import json

    import numpy as np

    from experiments.calibration import inference, space, targets
    from experiments.calibration.emulator import Emulator
    from sim.configuration import load

    path = Path(folder).expanduser()
    try:
        told = json.loads((path / "calibration.json").read_text(encoding="utf-8"))
        waves = [Emulator.load(path / f"wave_{k}" / "emulator.npz") for k in range(len(told["waves"]))]
        z = np.load(path / "draws.npy", allow_pickle=False)
    except (OSError, ValueError, KeyError) as error:
        raise ParameterError(f"shared={folder!r}: no finished calibration is there ({error}).") from None
    where = space.space(load(told["organisation"]))
    return inference.Likelihood(where, targets.targets(told["profile"]), waves), z


def _starts(known: Waves, joint: Any, others: Sequence[tuple[Likelihood | Nature, Any]], seed: int) -> Any:
    """Points of the joint space where chains may start: own points beside draws of the others."""
    import numpy as np

    mine = known.candidates()
    if not others:
        return mine
    random = np.random.default_rng(seed)
    found = random.standard_normal((len(mine), joint.dimensions))
    for (_, places), (_, z) in zip(joint.parts[1:], others, strict=True):
        found[:, places] = z[random.integers(0, len(z), len(mine))][:, : len(places)]
    own = ~known.space.shared
    found[:, : len(own)][:, own] = mine[:, own]
    return found


def _found(settings: Settings, known: Waves, drawn: Any, checked: Any, runs: int, truths: int) -> dict[str, Any]:
    import numpy as np

    from experiments.calibration import findings, waves

    z = drawn.z[:, : len(known.space.names)]
    horizon = known.space.params.horizon
    seeds = settings.seeds
    found: dict[str, Any] = {
        "organisation": settings.organisation,
        "profile": Path(settings.organisation).stem,
        "call": _call(settings),
        "shared": list(map(str, settings.own["shared"])),
        "runs": runs,
        "organisation_years": runs * (horizon.months + horizon.burn_in_months) / 12.0,
        "waves": [
            {"points": len(wave.z), "runs": wave.runs, "plausible": waves.plausible(wave, known.targets, seeds)}
            for wave in known.done
        ],
        "targets": findings.predictive(known.targets, known.done[0], checked),
        "forms": findings.forms(known.space, z),
        "parameters": findings.parameters(known.space, z),
        "emulation": findings.emulation(known.emulators[-1], known.space, checked, seeds),
        "mixing": float(np.quantile(drawn.mixing, 0.95)),
    }
    if truths:
        found["ranks"] = findings.uniformity(
            findings.ranks(known.space, known.targets, known.done[0], seeds, truths, 50, settings.seed)
        )
    return found


def _call(settings: Settings) -> str:
    """The command that made the draws, wherever its files went."""
    words = [word for word in settings.words if word.partition("=")[0] not in ("out", "resume", "executor.workers")]
    return " ".join(["gtm", "calibrate", *words])


def _write(settings: Settings, known: Waves, z: Any, found: dict[str, Any]) -> None:
    from analysis.figures import calibration as figures
    from experiments import tables
    from experiments.calibration import findings, posterior

    told = {
        "command": _call(settings),
        "organisation": settings.organisation,
        "organisation_years": f"{found['organisation_years']:.0f}",
    }
    posterior.write(settings.out / "posterior.parquet", findings.table(known.space, z), told)
    tables.write_json(settings.out / "calibration.json", found)
    figures.draw(found, settings.out, settings.language)


def _say(settings: Settings, found: dict[str, Any]) -> None:
    from rich.table import Table

    from analysis.numbers import numbers
    from analysis.texts import texts
    from experiments.commands import finish

    words, write = texts(settings.language), numbers(settings.language)
    console = finish.wide_console()
    years = write.decimal(found["organisation_years"], 0)
    console.print(words("calibrate.title", organisation=settings.organisation, years=years))
    lines = Table.grid(padding=(0, 2))
    for justify in ("left", "left", "right", "left", "left", "left"):
        lines.add_column(justify=justify)

    def span(key: str, low: float, high: float) -> str:
        return words(key, low=write.decimal(low, 3), high=write.decimal(high, 3))

    for row in found["targets"]:
        lines.add_row(
            f"  {row['id']}", words.fact(row["label"]), write.decimal(row["mean"], 3),
            span("calibrate.span", row["posterior"][0], row["posterior"][2]),
            span("baseline.accepted", *row["accepted"]),
            words("baseline.met" if row["met"] else "baseline.missed"),
        )  # fmt: skip
    console.print(lines)
    for form in found["forms"]:
        shares = ", ".join(f"{variant} {write.percent(p, 0)}" for variant, p in form["probability"].items())
        console.print(words("calibrate.form", name=form["name"], shares=shares))
    silent = [row for row in found["parameters"] if not row["identified"]]
    console.print(
        words("calibrate.silent", n=write.decimal(len(silent), 0), of=write.decimal(len(found["parameters"]), 0))
    )
    strongest = ", ".join(row["name"] for row in found["parameters"][:8])
    console.print(words("calibrate.strongest", names=strongest))
    if "ranks" in found and math.isfinite(found["ranks"]["least_p"]):
        told = found["ranks"]
        console.print(words("calibrate.ranks", n=write.decimal(told["truths"], 0), p=write.decimal(told["least_p"], 3)))
    finish.last_lines(console, words, "calibrate.file", path=settings.out / "posterior.parquet")


def with_posterior(settings: Settings) -> Settings:
    """Settings whose replications run with draws of the posterior that ``posterior=…`` names, if it names one."""
    given = settings.own["posterior"]
    if given is None:
        return settings
    from experiments.calibration import posterior
    from experiments.models import Organisation

    model = settings.model
    if not isinstance(model, Organisation) or settings.replications["name"] != "fixed":
        raise ParameterError(f"posterior={given}: needs an organisation and replications=fixed.")
    file = posterior.find(given, settings.organisation, settings.configs)
    uncertain = posterior.Uncertain.of(model, file, settings.seed, settings.seeds)
    if uncertain.draws < 2:
        raise ParameterError(
            f"seeds={settings.seeds}: two draws of the posterior or more are needed, so at least "
            f"{2 * posterior.PER_DRAW} seeds and two draws."
        )
    return dataclasses.replace(settings, model=uncertain)

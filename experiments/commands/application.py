"""A command as a Hydra application: from the words of the command line to an exit code.

Whoever gives wrong input gets a line that says so and exit code 2; only a defect of ours
shows a traceback. Hydra's own printing of errors is switched off for that purpose, and
its log is not sent to the terminal.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from experiments import manifest
from experiments.config import Command, Settings, paths_of_groups, settings, translate
from experiments.models import ORGANISATION, Organisation
from experiments.wording import said_twice, shortened
from sim.configuration import PATH
from sim.parameters import ParameterError

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from experiments.points import Points

CONFIG_DIR = ("--config-dir", "-cd")
EMPTY_OUT = ("out=", "out=''", 'out=""')
MOST_LINES = 4
MOST_MISTAKES = 16  # of a file: all that is wrong with it is said at once
DONE, DEFECT, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130

HELP = """\
gtm {name}: {summary}

  gtm {name} [key=value …]

Keys, with their defaults:

$CONFIG

Any parameter by its dotted name     alignment.visibility=0.8
A preset for all arms                alignment=integrated, incentives=hybrid, capability=systemic
A level of alignment                 alignment.level=0.5
A parameter of one arm only          arm.shared_okr.alignment.visibility=0.8
A term of a pay plan                 incentives.seller.won_acv.accelerator=2

organisation   {organisations}, or a YAML file
arms           {arms}
incentives     {incentives}
alignment      {alignment}
capability     {capability}

Hydra's own options (--cfg job, --multirun, --config-dir, …): gtm {name} --hydra-help
"""


def application(command: Command, task: Callable[[Settings], int], arguments: Sequence[str]) -> int:
    """Run ``task`` on the settings that ``arguments`` ask for; return the exit code."""
    import hydra
    from hydra._internal.utils import get_args_parser
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    before, started = sys.argv, False
    try:
        for word in arguments:
            if "\0" in word or (not word.isascii() and word.encode(errors="ignore").decode() != word):
                raise ParameterError(f"{word!r}: cannot be read; words are UTF-8.")
        parser = get_args_parser()
        parser.error = _refuse_option  # type: ignore[method-assign]
        parser.allow_abbrev = False
        options = parser.parse_intermixed_args(list(arguments))
        own: tuple[str, ...] = (options.config_dir,) if options.config_dir else ()
        if any(text.lstrip("+") in EMPTY_OUT for text in options.overrides):
            raise ParameterError("out='': the name of a folder is needed; out=. is this one.")
        overrides, former = resumed(command, options.overrides, options.multirun)
        own = own or _former_configs(former)
        _say_elsewhere(former, overrides)
        translated = translate(command, overrides, options.multirun, own)
        switches = [word for word in _for_hydra(arguments) if word not in options.overrides]
        ours = options.multirun or not any(text.startswith("out=") for text in overrides)
        _register(command, own, paths_of_groups(command, overrides))
        call = shlex.join(["gtm", command.name, *arguments])

        def job(config: DictConfig) -> int:
            nonlocal started
            if not started:  # words that are refused say only why
                for line in said_twice(options.overrides):
                    print(line, file=sys.stderr)
            started = True
            return _job(command, task, config, call, own, ours, None if options.multirun else overrides)

        sys.argv = [f"gtm {command.name}", *translated, *switches]
        os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to us as they are
        try:
            hydra.main(version_base="1.3", config_path=None, config_name=command.name)(job)()
        except ValueError as error:  # before the job: Hydra's own options do not go together
            if started or isinstance(error, ParameterError | OmegaConfBaseException):
                raise
            raise ParameterError(f"{error}.") from None
    except SystemExit as end:  # of argparse, of Hydra's own options, or of a job
        return end.code if isinstance(end.code, int) else DONE if end.code is None else DEFECT
    except OmegaConfBaseException as error:
        if getattr(error, "full_key", None) in ("hydra.run.dir", "hydra.sweep.dir"):
            return refuse(ParameterError(f"out: the name of a folder is needed ({str(error).splitlines()[0]})."))
        return refuse(error)
    except (ParameterError, HydraException) as error:
        return refuse(error)
    except OSError as error:  # before the job: Hydra could not make the folder
        if started:
            raise
        return refuse(ParameterError(f"out={str(error.filename)!r}: no folder can be made there ({error.strerror})."))
    except KeyboardInterrupt:
        print("Interrupted: nothing was run, nothing is saved.", file=sys.stderr)
        return INTERRUPTED
    finally:
        sys.argv = before
    return DONE


def _for_hydra(arguments: Sequence[str]) -> list[str]:
    """The words without ``--config-dir`` and its folder.

    All that is in that folder is registered by us. Hydra itself would take ``organisation=mine``
    for the choice of a file of a group of its own as soon as there is a folder ``organisation/``.
    """
    kept: list[str] = []
    words = iter(arguments)
    for word in words:
        if word in CONFIG_DIR:
            next(words)
        elif not word.startswith(tuple(f"{option}=" for option in CONFIG_DIR)):
            kept.append(word)
    return kept


def _refuse_option(message: str) -> NoReturn:
    raise ParameterError(f"{message}; options start with a dash, all else is key=value.")


def refuse(error: Exception) -> int:
    """Say what is wrong with the input, and with which exit code to end."""
    lines = [shortened(line) for line in str(error).splitlines() if line.strip()]
    most = MOST_MISTAKES if isinstance(error, ParameterError) else MOST_LINES
    print("error: " + "\n       ".join(lines[:most]), file=sys.stderr)
    return WRONG_INPUT


def resumed(command: Command, overrides: Sequence[str], multirun: bool = False) -> tuple[list[str], Mapping[str, Any]]:
    """The overrides of the study that ``resume=DIR`` names, with those given now in their places; and its manifest.

    Raises
    ------
    ParameterError
        There is no study of this command in the folder.
    """

    def key(text: str) -> str:
        return text.partition("=")[0].lstrip("+")

    wanted = [text.partition("=")[2].strip("'\"") for text in overrides if key(text) == "resume"]
    if not wanted or wanted[-1] in ("", "null"):
        return list(overrides), {}
    folder = Path(wanted[-1])
    if multirun:
        raise ParameterError(f"resume={str(folder)!r}: resumes one study, not one of --multirun.")
    if any(key(text) == "out" for text in overrides):
        raise ParameterError(f"resume={str(folder)!r}: results stay in that folder; leave out= away.")
    former = manifest.read(folder, "resume")
    if former.get("command") != command.name:
        raise ParameterError(f"resume={str(folder)!r}: that is a study of gtm {former.get('command')}.")
    now = {key(text) for text in overrides}
    before = [text for text in map(str, former.get("words", ())) if key(text) not in now | {"out", "resume"}]
    quoted = "'" + str(folder).replace("\\", "\\\\").replace("'", "\\'") + "'"
    return [*before, *(text for text in overrides if key(text) != "resume"), f"out={quoted}"], former


def _former_configs(former: Mapping[str, Any]) -> tuple[str, ...]:
    """Folders of configurations of a study that is resumed.

    Raises
    ------
    ParameterError
        One of them is not there any more.
    """
    folders = tuple(map(str, former.get("configs", ())))
    for folder in folders:
        if not Path(folder).is_dir():
            raise ParameterError(
                f"resume: the study took configurations from {folder!r}, which is not there; "
                "--config-dir names another folder."
            )
    return folders


def _say_elsewhere(former: Mapping[str, Any], overrides: Sequence[str]) -> None:
    """Relative paths count from the current folder: say so where a study is resumed in another one."""
    began = former.get("folder", "")
    if began and Path(began) != Path.cwd() and any(PATH.search(text.partition("=")[2]) for text in overrides[:-1]):
        print(f"The study began in {began}; relative paths of its keys count from here.", file=sys.stderr)


def _job(
    command: Command,
    task: Callable[[Settings], int],
    config: DictConfig,
    call: str,
    configs: Sequence[str],
    ours: bool,
    words: Sequence[str] | None,
) -> int:
    from hydra.core.hydra_config import HydraConfig

    hydra = HydraConfig.get()
    folder = Path(hydra.runtime.output_dir)
    if words is None:  # one of several: what was chosen for this one
        words = list(hydra.overrides.task)
    try:
        code = task(_measured(settings(command, config, folder, call, configs, words)))
    except ParameterError as error:
        _tidy(folder, ours)
        code = refuse(error)
    except KeyboardInterrupt:  # before a study began, or once more while what it has was put together
        _tidy(folder, ours)
        if not _said_kept(command, folder):
            raise
        code = INTERRUPTED
    if code != DONE:
        raise SystemExit(code)  # past Hydra, which would print a traceback
    return code


def _said_kept(command: Command, folder: Path) -> bool:
    """Say where the files of an interrupted command are, if there are any."""
    kept = {path.name for path in folder.iterdir()} - {".hydra"} if folder.is_dir() else set()
    if kept:
        on = f" To go on: gtm {command.name} resume={folder}" if manifest.NAME in kept else ""
        print(f"Interrupted: what was finished is in {folder}.{on}", file=sys.stderr)
    return bool(kept)


def _measured(settings: Settings) -> Settings:
    """The settings, unless no day of them would be measured (fine for a look from Python, no study)."""
    model = settings.model
    if not isinstance(model, Organisation):
        return settings
    for at in _horizons(settings.points):
        for arm in model.arms:
            try:
                horizon = model.prepare(arm, at).horizon
            except ParameterError:  # values that are impossible together: a run that fails and says why
                continue
            if horizon.months + horizon.days == 0:
                what = ", ".join(f"factor {name}={value}" for name, value in at.items()) or "horizon.months=0"
                raise ParameterError(f"{what}: nothing would be measured; at least 1 month is needed.")
    return settings


def _horizons(points: Points) -> list[dict[str, Any]]:
    """The different values of the factors that decide how long is measured, over the points of a study."""
    decide = [name for name in points.columns if name == ORGANISATION or "horizon" in name.split(".")]
    if not decide:
        return [{}]
    import pandas as pd

    different = pd.DataFrame({name: points.columns[name] for name in decide}).drop_duplicates()
    return [{name: row[name] for name in decide} for row in different.to_dict("records")]


def _tidy(folder: Path, ours: bool) -> None:
    """Take away Hydra's notes on a job that never ran, and the folder made for it."""
    notes = folder / ".hydra"
    if {path.name for path in folder.iterdir()} != {".hydra"}:
        return
    for file in notes.iterdir():
        file.unlink()
    notes.rmdir()
    if ours:
        folder.rmdir()


def _register(command: Command, configs: tuple[str, ...], paths: Mapping[str, Path]) -> None:
    """Tell Hydra the configuration that the command starts from."""
    from hydra.core.config_store import ConfigStore

    from sim.configuration import configs_folders, files, names

    groups = {
        f"{group}s" if group in ("organisation", "arm") else group: ", ".join(names(group, configs))
        for group in ("organisation", "arm", "incentives", "alignment", "capability")
    }
    hydra: dict[str, Any] = {
        "run": {"dir": "${out}"},
        "sweep": {"dir": "${out}", "subdir": "${hydra.job.num}"},
        "job": {"name": command.name, "chdir": False},
        "help": {
            "app_name": f"gtm {command.name}",
            "template": HELP.format(name=command.name, summary=command.summary, **groups),
        },
    }
    listed = []
    for group, chosen in command.chosen().items():
        found = {**files(group, configs), **({paths[group].stem: paths[group]} if group in paths else {})}
        for name, file in found.items():
            _store(group, name, file)
        listed.append({group: chosen})
    for folder in reversed(configs_folders(configs)[:-1]):  # what is stored last prevails: that of the first folder
        for file in sorted((folder / "hydra").rglob("*.yaml")):  # somebody's own launcher
            _store(file.parent.relative_to(folder).as_posix(), file.stem, file)
    tree = {
        "defaults": [
            "_self_",
            *listed,
            {"override hydra/job_logging": "none"},
            {"override hydra/hydra_logging": "none"},
        ],
        **command.tree(),
        "hydra": hydra,
    }
    ConfigStore.instance().store(name=command.name, node=tree)


def _store(group: str, name: str, file: Path) -> None:
    """Tell Hydra of a file of a group."""
    from hydra.core.config_store import ConfigStore
    from omegaconf.errors import OmegaConfBaseException

    from sim.configuration import read

    try:
        ConfigStore.instance().store(group=group, name=name, node=read(file))
    except OmegaConfBaseException as error:  # a date, a set
        raise ParameterError(f"{file}: {str(error).splitlines()[0]}.") from None

"""From the command line to settings: keys, their checks, and the parameters of every arm.

Hydra wants a plus sign before a key that its configuration does not hold, and knows
nothing of our parameters. :func:`translate` therefore looks at the overrides before Hydra
does: it refuses unknown keys with the nearest name and writes the others as Hydra needs
them (``alignment.visibility=0.8`` becomes ``++alignment.visibility=0.8``,
``alignment=integrated`` becomes ``++alignment.preset=integrated``). :func:`settings` turns
the configuration that Hydra composed into checked :class:`Settings`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from sim.configuration import ALL_THEMES, PATH, PRESET, PRESET_THEMES, compose, find, known_keys
from sim.parameters import ParameterError, Params, nearest, to_dict

if TYPE_CHECKING:
    from omegaconf import DictConfig

ENGINES = ("compiled", "mesa")
EXECUTORS = ("serial", "local", "dask")
LANGUAGES = ("en", "es")
RECORDS = ("none", "monthly")
PATH_KEYS = ("out", "organisation")
MOST_SEEDS = 10_000_000


@dataclass(frozen=True)
class Settings:
    """What one command was asked to do, checked.

    Attributes
    ----------
    command, call : str
        Name of the command, and how it was called.
    organisation : str
        Name or path of the organisation.
    arms : mapping of str to Params
        The parameters of each arm; the first one is the baseline.
    seeds, seed : int
        Number of replications; root seed.
    engine, executor : str
        What turns the handle, and on what the runs are spread.
    workers : int or None
        Threads or processes; None lets the executor choose.
    out : Path
        Folder of the results.
    language : {"en", "es"}
        Language of the report.
    fail_fast : bool
        End at the first run that fails, instead of noting it.
    record : {"none", "monthly"}
        Whether every month is kept besides every run.
    own : mapping
        Values of the command's own keys, not checked here.
    """

    command: str
    call: str
    organisation: str
    arms: Mapping[str, Params]
    seeds: int
    seed: int
    engine: Literal["compiled", "mesa"]
    executor: str
    workers: int | None
    out: Path
    language: str
    fail_fast: bool
    record: str
    own: Mapping[str, Any] = field(default_factory=dict)

    @property
    def baseline(self) -> str:
        """Name of the arm that the others are compared with."""
        return next(iter(self.arms))

    def numbers(self) -> dict[str, Any]:
        """All that the numbers depend on, as plain values (the manifest keeps their hash)."""
        return {
            "organisation": self.organisation,
            "seeds": self.seeds,
            "seed": self.seed,
            "parameters": {name: to_dict(params) for name, params in self.arms.items()},
        }


@dataclass(frozen=True)
class Command:
    """A command's keys: what Hydra starts from, with the help of each.

    Attributes
    ----------
    name, summary : str
        How it is called, and its line in the list of commands.
    defaults : mapping
        Values of the keys of its own, beside those that all commands share.
    fewest_arms, most_arms : int
        How many arms it takes.
    """

    name: str
    summary: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    fewest_arms: int = 1
    most_arms: int = 1_000

    def tree(self) -> dict[str, Any]:
        """The configuration Hydra starts from."""
        return {
            "organisation": "mid_market",
            "arms": ["siloed"],
            "seeds": 200,
            "seed": 1,
            "engine": "compiled",
            "executor": {"name": "local", "workers": None},
            "out": f"outputs/{self.name}/${{now:%Y-%m-%d_%H-%M-%S}}",
            "language": "en",
            "fail_fast": False,
            "record": "monthly",
            **self.defaults,
        }


# ---------------------------------------------------------------- before Hydra


def translate(command: Command, overrides: Sequence[str], multirun: bool = False) -> list[str]:
    """Overrides as users write them, in the words Hydra understands.

    Raises
    ------
    ParameterError
        A key is unknown or an override cannot be read.
    """
    return [_translate(command, text, multirun) for text in overrides]


def _translate(command: Command, text: str, multirun: bool) -> str:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        override = OverridesParser.create().parse_override(text)
    except HydraException as error:
        key, _, written = text.partition("=")
        if key in PATH_KEYS and not written.startswith(('"', "'")):
            return _translate(command, f"{key}={_quoted(written)}", multirun)
        reason = str(error).splitlines()[0]
        raise ParameterError(f"{text}: cannot be read; write key=value, lists as [a,b] ({reason}).") from None
    key = str(override.key_or_group)
    if key.startswith("hydra.") or "/" in key or override.package is not None:
        return text
    if override.is_delete():
        raise ParameterError(f"{text}: keys cannot be taken away, only changed: {key}=value.")
    written = text.partition("=")[2]
    if override.is_sweep_override() and not multirun:
        raise ParameterError(f"{text}: several values need brackets, {key}=[{written}], or --multirun to try each.")
    is_mapping = written.lstrip().startswith("{")
    return _hydra_key(command, key, is_mapping, text) + "=" + _as_list(key, written)


def _quoted(written: str) -> str:
    """A path may hold what Hydra's grammar gives a meaning to, as = or a bracket."""
    return "'" + re.sub(r"(\\*)'", r"\1\1\\'", written) + "'"


def _hydra_key(command: Command, key: str, is_mapping: bool, text: str) -> str:
    theme, *path = key.split(".")
    if key in ("executor", "arm") and not is_mapping:
        if key == "executor":
            return "executor.name"
        if command.most_arms == 1:
            return "arms"
        raise ParameterError(
            f"{text}: here arms stand in a list, arms=[…]; arm.<name>.<parameter>=… changes one of them."
        )
    if theme == "arm":
        if len(path) < 2 and not is_mapping:
            raise ParameterError(
                f"{text}: name the parameter too, as in arm.{'.'.join(path)}.alignment.visibility=0.8."
            )
        if len(path) < 2:
            return f"++{key}"
        return f"++arm.{path[0]}." + _parameter_key(".".join(path[1:]), is_mapping, f"arm.{path[0]}.")
    own = _own_keys(command)
    if key in own:
        return key
    if theme in ALL_THEMES:
        return "++" + _parameter_key(key, is_mapping)
    known = [*own, "arm", *_parameter_names()]
    raise ParameterError(f"{key}: unknown.{nearest(key, known)}")


def _own_keys(command: Command) -> list[str]:
    tree = command.tree()
    inside = [f"{key}.{name}" for key, value in tree.items() if isinstance(value, dict) for name in value]
    return [*tree, *inside]


@cache
def _parameter_names() -> frozenset[str]:
    return frozenset([*known_keys(), *ALL_THEMES, *(f"{theme}.{PRESET}" for theme in PRESET_THEMES)])


def _parameter_key(key: str, is_mapping: bool, before: str = "") -> str:
    """The key of a parameter or preset; what lies deeper in a pay plan is checked when it is built."""
    head = ".".join(key.split(".")[:2])
    if head not in _parameter_names():
        raise ParameterError(f"{before}{key}: unknown parameter.{nearest(head, _parameter_names())}")
    return f"{key}.{PRESET}" if key in PRESET_THEMES and not is_mapping else key


def _as_list(key: str, written: str) -> str:
    """``arm=a`` and ``arms=a`` mean a list of one."""
    if key not in ("arm", "arms") or written.lstrip().startswith("["):
        return written
    return ",".join(f"[{part}]" for part in written.split(","))


# ---------------------------------------------------------------- after Hydra


def settings(command: Command, config: DictConfig, out: Path, call: str, configs: Sequence[str] = ()) -> Settings:
    """Checked settings from the configuration that Hydra composed.

    Parameters
    ----------
    command : Command
        The command whose configuration it is.
    config : DictConfig
        What Hydra composed.
    out : Path
        Folder of the results.
    call : str
        How the command was called, for the manifest.
    configs : sequence of str
        Folders searched for organisations, arms and presets before all others.

    Raises
    ------
    ParameterError
        A value is wrong.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        tree: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ParameterError(f"the configuration cannot be resolved: {str(error).splitlines()[0]}.") from None
    workers = tree["executor"].get("workers")
    organisation = str(tree["organisation"])
    return Settings(
        command=command.name,
        call=call,
        organisation=organisation,
        arms=_arms(command, tree, organisation, configs),
        seeds=whole("seeds", tree["seeds"], 1, MOST_SEEDS),
        seed=whole("seed", tree["seed"], 0, 2**63 - 1),
        engine=cast("Literal['compiled', 'mesa']", _word("engine", tree["engine"], ENGINES)),
        executor=_word("executor", tree["executor"].get("name"), EXECUTORS),
        workers=None if workers is None else whole("executor.workers", workers, 1, 4_096),
        out=out,
        language=_word("language", tree["language"], LANGUAGES),
        fail_fast=_truth("fail_fast", tree["fail_fast"]),
        record=_word("record", tree["record"], RECORDS),
        own={key: tree[key] for key in command.defaults},
    )


def _arms(command: Command, tree: Mapping[str, Any], organisation: str, configs: Sequence[str]) -> dict[str, Params]:
    given = tree["arms"]
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise ParameterError(f"arms={given!r}: a list of names is needed, as in arms=[siloed,shared_okr].")
    if not command.fewest_arms <= len(given) <= command.most_arms:
        wanted = "one arm is" if command.most_arms == 1 else f"at least {command.fewest_arms} arms are"
        raise ParameterError(f"arms=[{','.join(given)}]: {wanted} needed by {command.name}.")
    themes = {theme: tree[theme] for theme in ALL_THEMES if theme in tree}
    single = tree.get("arm") or {}
    arms: dict[str, Params] = {}
    labels = [_label(name) for name in given]
    for label in single:
        if label not in labels:
            raise ParameterError(f"arm.{label}: not among the arms, {', '.join(labels)}.{nearest(str(label), labels)}")
    for name, label in zip(given, labels, strict=True):
        if label in arms:
            raise ParameterError(f"arms=[{','.join(given)}]: '{label}' stands there twice.")
        find("arm", name, "arms", configs)
        own = single.get(label, {})
        if not isinstance(own, Mapping):
            raise ParameterError(f"arm.{label}={own!r}: a mapping of parameters is needed.")
        arms[label] = compose(organisation, name, [themes, own], configs)
    return arms


def _label(arm: str) -> str:
    """Name of an arm in the results: a path counts by the name of its file."""
    return re.sub(r"\.ya?ml$", "", Path(arm).name) if PATH.search(arm) else arm


def _word(key: str, value: object, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise ParameterError(f"{key}={value!r}: allowed are {', '.join(allowed)}.{nearest(str(value), allowed)}")
    return str(value)


def whole(key: str, value: object, low: int, high: int) -> int:
    """``value`` as a whole number in the range, or :class:`ParameterError` naming ``key``."""
    wrong = isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)
    if wrong or value != int(value) or not low <= value <= high:  # type: ignore[call-overload, operator]
        raise ParameterError(f"{key}={value!r}: a whole number from {low:,} to {high:,} is needed.")
    return int(value)  # type: ignore[call-overload, no-any-return]


def _truth(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ParameterError(f"{key}={value!r}: allowed are true and false.")
    return value

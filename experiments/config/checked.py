"""After Hydra: checked :class:`Settings` from the configuration that it composed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from experiments.config.command import ENGINES, LANGUAGES, RECORDS, REPLICATIONS, Command, Settings
from experiments.models import Engine, Model, Organisation
from sim.configuration import ALL_THEMES, PATH, compose, configs_folders, find
from sim.parameters import ParameterError, Params, is_number, nearest

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from experiments.points import Points

MOST_SEEDS = 10_000_000
EXECUTORS = ("serial", "local", "dask")


def settings(
    command: Command,
    config: DictConfig,
    out: Path,
    call: str,
    configs: Sequence[str] = (),
    words: Sequence[str] = (),
) -> Settings:
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
    words : sequence of str
        The overrides of the call, for the manifest.

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
    engine = cast("Engine", _word("engine", tree["engine"], ENGINES))
    record = _word("record", tree["record"], RECORDS)
    model = _model(command, tree, engine, configs)
    seed = whole("seed", tree["seed"], 0, 2**63 - 1)
    spread = tree["executor"]
    design = dict(tree.get("design") or {})
    if design:
        design["factors"] = _factors(design.get("factors") or {})
    address = spread.get("address")
    return Settings(
        command=command.name,
        call=call,
        words=tuple(words),
        configs=tuple(str(folder.absolute()) for folder in configs_folders(configs)[:-1]),
        organisation=str(tree["organisation"]) if isinstance(model, Organisation) else "",
        model=model,
        seeds=whole("seeds", tree["seeds"], 1, MOST_SEEDS),
        seed=seed,
        engine=engine,
        executor=_word("executor", spread.get("name"), EXECUTORS),
        workers=_whole_or_none("executor.workers", spread.get("workers"), 4_096),
        address=None if address is None else str(address),
        block=_whole_or_none("executor.block", spread.get("block"), 1_000_000),
        out=out,
        language=_word("language", tree["language"], LANGUAGES),
        fail_fast=_truth("fail_fast", tree["fail_fast"]),
        # The report of run and compare is made of months and people: there they are always kept.
        record=record if "design" in command.groups else "monthly",
        replications={**REPLICATIONS, **tree["replications"]},
        points=_points(command, design, model, seed),
        design=design,
        own={key: tree[key] for key in command.defaults},
    )


def _points(command: Command, design: Mapping[str, Any], model: Model, seed: int) -> Points:
    from experiments.design import place
    from experiments.points import NOWHERE

    return (command.place or place)(design, model, seed) if "design" in command.groups else NOWHERE


def _factors(given: Any, before: str = "") -> Any:
    """Factors by their dotted names, whether they came as ``{a.b: …}`` or as ``{a: {b: …}}``."""
    from experiments.design import SPEC

    if not isinstance(given, Mapping):
        return given
    found: dict[str, Any] = {}
    for name, value in given.items():
        key = f"{before}{name}"
        if isinstance(value, Mapping) and value and not set(value) & set(SPEC):
            found.update(_factors(value, f"{key}."))
        else:
            found[key] = value
    return found


def _model(command: Command, tree: Mapping[str, Any], engine: Engine, configs: Sequence[str]) -> Model:
    """What is run: the organisation, or a foreign model."""
    foreign = tree.get("model") or {}
    if foreign.get("target") is None:
        return _organisation(command, tree, engine, configs)
    from experiments.foreign import Foreign

    start = command.tree()
    ours = [key for key in ("organisation", "arms", "engine", "record") if tree[key] != start[key]]
    ours += [key for key in ("arm", *ALL_THEMES) if key in tree]
    if ours:
        raise ParameterError(f"{ours[0]}: not for model.target={foreign['target']}, which has nothing but factors.")
    return Foreign(str(foreign["target"]), whole("model.steps", foreign["steps"], 1, 10**9)).loaded()


def _organisation(command: Command, tree: Mapping[str, Any], engine: Engine, configs: Sequence[str]) -> Organisation:
    organisation = str(tree["organisation"])
    given = tree["arms"]
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise ParameterError(f"arms={given!r}: a list of names is needed, as in arms=[siloed,shared_okr].")
    if not command.fewest_arms <= len(given) <= command.most_arms:
        wanted = "one arm is" if command.most_arms == 1 else f"at least {command.fewest_arms} arms are"
        raise ParameterError(f"arms=[{','.join(given)}]: {wanted} needed by {command.name}.")
    themes = {theme: tree[theme] for theme in ALL_THEMES if theme in tree}
    single = tree.get("arm") or {}
    arms: dict[str, Params] = {}
    folders = tuple(str(Path(folder).absolute()) for folder in configs)
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
        arms[label] = _composed(organisation, name, themes, label, own, configs)
    return Organisation(organisation, dict(zip(labels, given, strict=True)), themes, single, folders, arms, engine)


def _composed(
    organisation: str, name: str, themes: Mapping[str, Any], label: str, own: Mapping[str, Any], configs: Sequence[str]
) -> Params:
    try:
        return compose(organisation, name, [themes, own], configs)
    except ParameterError as error:
        compose(organisation, name, [themes], configs)  # whose fault it is: what holds for all arms is named as such
        raise ParameterError(f"arm.{label}.{error}") from None


def _label(arm: str) -> str:
    """Name of an arm in the results: a path counts by the name of its file."""
    return re.sub(r"\.ya?ml$", "", Path(arm).name) if PATH.search(arm) else arm


def _word(key: str, value: object, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise ParameterError(f"{key}={value!r}: allowed are {', '.join(allowed)}.{nearest(str(value), allowed)}")
    return str(value)


def whole(key: str, value: object, low: int, high: int) -> int:
    """``value`` as a whole number in the range, or :class:`ParameterError` naming ``key``."""
    if not is_number(value) or not low <= value <= high or value != int(value):
        raise ParameterError(f"{key}={value!r}: a whole number from {low:,} to {high:,} is needed.")
    return int(value)


def _whole_or_none(key: str, value: object, high: int) -> int | None:
    return None if value is None else whole(key, value, 1, high)


def _truth(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ParameterError(f"{key}={value!r}: allowed are true and false.")
    return value

"""From names to parameters: organisations, arms and presets are YAML files in ``configs/``.

:func:`load` stacks layers, the later one prevailing::

    declared defaults < organisation < arm < overrides

An organisation is nested mappings of the themes of :mod:`sim.parameters`, may start from another one
(``base: mid_market``) and keeps its status quo of alignment and capability under ``today:``; ``sources:`` says
which values an export has told (:func:`sources`). An arm or an override chooses *presets* (``alignment:
integrated``), a level between them (``alignment: {level: 0.5}``) or single values. A preset or a level sets its
theme anew, on top of the organisation's own values: nothing of a lower layer's choice stays. The presets
``undefined`` and ``manual`` are empty: as today in this organisation.

Wherever a name is asked for, the path of a YAML file may stand.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.files import is_file, read
from sim.parameters import (
    THEMES,
    Incentives,
    ParameterError,
    Params,
    Reference,
    Role,
    declarations,
    from_dict,
    is_number,
    nearest,
)

__all__ = [
    "compose",
    "configs_folders",
    "files",
    "find",
    "is_file",
    "known_keys",
    "load",
    "names",
    "nested",
    "read",
    "sources",
]

Tree = dict[str, Any]
Folders = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None

GROUPS = ("arm", "organisation", "incentives", "alignment", "capability", "programme", "behaviour", "market", "horizon")
ALL_THEMES = (*THEMES, "incentives", "reference")
PRESET_THEMES = tuple(theme for theme in ALL_THEMES if theme in GROUPS)
PRESET, LEVEL = "preset", "level"
PROGRAMME, INCENTIVES = "programme", "incentives"
LEVELS = ("undefined", "defined", "aligned", "integrated")  # alignment.level 0, 1/3, 2/3, 1
PATH = re.compile(r"[/\\]|\.(ya?ml|xls[xm])$", re.IGNORECASE)  # else it is a name


# ---------------------------------------------------------------- files


def configs_folders(configs: Folders = None) -> tuple[Path, ...]:
    """Folders searched for configurations, first match first; the shipped one comes last.

    ``configs`` (a folder or several) comes before the folders of the environment variable
    ``GTM_CONFIGS`` (separated as in ``PATH``).

    Raises
    ------
    ParameterError
        A folder that was named does not exist.
    """
    given = [] if configs is None else [configs] if isinstance(configs, str | os.PathLike) else list(configs)
    named = [entry for entry in os.environ.get("GTM_CONFIGS", "").split(os.pathsep) if entry]
    own = {Path(each).expanduser(): "configs" for each in given} | {Path(n).expanduser(): "GTM_CONFIGS" for n in named}
    for folder, name in own.items():
        if not folder.is_dir():
            raise ParameterError(f"{name}={str(folder)!r}: there is no such folder.")
    # Beside this package, in a checkout as in an installation: never whatever else is called configs.
    return (*own, Path(__file__).resolve().parent.parent / "configs")


def names(group: str, configs: Folders = None) -> list[str]:
    """Names of the configurations of a group, e.g. ``names("arm")``."""
    if group not in GROUPS:
        raise ParameterError(f"{group}: no such group; known are {', '.join(GROUPS)}.{nearest(group, GROUPS)}")
    return sorted(files(group, configs))


def files(group: str, configs: Folders = None) -> dict[str, Path]:
    """The files of any folder of configurations by name; a folder searched earlier prevails."""
    found: dict[str, Path] = {}
    for folder in configs_folders(configs):
        for file in sorted((folder / group).glob("*.yaml")):
            found.setdefault(file.stem, file)
    return found


def find(group: str, name: object, key: str = "", configs: Folders = None) -> Path:
    """The file of a name of a group, or of a path; ``key`` is how the name was given, for messages."""
    key = key or group
    if not isinstance(name, str) or not name:
        known = sorted(files(group, configs))
        raise ParameterError(f"{key}={name!r}: a name is needed; known are {', '.join(known)}.")
    if PATH.search(name):
        file = Path(name).expanduser()
        if not is_file(file):
            others = file.parent.glob("*.*") if file.parent.is_dir() else ()
            near = sorted(str(other) for other in others if PATH.search(other.name))
            raise ParameterError(f"{key}={name!r}: there is no such file.{nearest(str(file), near)}")
        return file
    for folder in configs_folders(configs):
        file = folder / group / f"{name}.yaml"
        if is_file(file):
            return file
    known = sorted(files(group, configs))
    raise ParameterError(f"{key}={name!r}: known are {', '.join(known)}, or the path of a file.{nearest(name, known)}")


# ---------------------------------------------------------------- layers


def load(
    organisation: str | os.PathLike[str] = "mid_market",
    arm: str | os.PathLike[str] = "siloed",
    overrides: Mapping[str, object] | None = None,
    configs: Folders = None,
) -> Params:
    """Checked parameters of one organisation under one arm.

    Parameters
    ----------
    organisation, arm : str or path
        Names in ``configs/organisation`` and ``configs/arm``, or paths of YAML files.
    overrides : mapping, optional
        Dotted or nested names: ``{"alignment.visibility": 0.8, "incentives": "hybrid",
        "alignment.level": 0.5, "incentives.seller.won_acv.accelerator": 2.0}``.
    configs : path or paths, optional
        Folders searched before ``GTM_CONFIGS`` and the shipped configurations.

    Raises
    ------
    ParameterError
        Something given is wrong; the message names the key, the value, what is allowed
        and the nearest name.

    Examples
    --------
    >>> load("smb", arm="shared_okr", overrides={"capability": "systemic"}).capability.process
    0.8
    """
    return compose(organisation, arm, [overrides or {}], configs)


def compose(
    organisation: str | os.PathLike[str],
    arm: str | os.PathLike[str],
    layers: Iterable[Mapping[str, object]],
    configs: Folders = None,
) -> Params:
    """:func:`load` with several layers of overrides, the later one prevailing."""
    base = _organisation(os.fspath(organisation), configs)
    arm_file = find("arm", os.fspath(arm), "arm", configs)
    own = read(arm_file)
    with _under(arm_file):
        tree = _add_layer(base, base, nested(_in_file(arm_file, own)), configs)
        from_dict(tree)
    for layer in layers:
        tree = _add_layer(tree, base, nested(layer), configs)
    return from_dict(tree)


def _organisation(name: object, configs: Folders, seen: tuple[Path, ...] = ()) -> Tree:
    key = f"{seen[-1]}: base" if seen else "organisation"
    file = find("organisation", name, key, configs)
    if file.resolve() in [other.resolve() for other in seen]:
        raise ParameterError(f"{key}={name!r} leads back to itself.")
    given = read(file)
    with _under(file):
        own = _in_file(file, given, extra=("base", "today", "sources"))
        _checked_sources(own.pop("sources", {}))
    tree = _organisation(own.pop("base"), configs, (*seen, file)) if "base" in own else {}
    with _under(file):
        today = own.pop("today", {})
        if not isinstance(today, Mapping):
            raise ParameterError(f"today={today!r}: a mapping with alignment and capability is needed.")
        for theme in today:
            if theme not in ("alignment", "capability"):
                raise ParameterError(f"today.{theme}: allowed are alignment and capability.")
        for layer in (own, today):
            tree = _add_layer(tree, tree, nested(layer), configs)
        from_dict(tree)
    return tree


def sources(organisation: str | os.PathLike[str], configs: Folders = None) -> dict[str, Tree]:
    """What an organisation's file says of where its values come from, by dotted name.

    Each is a mapping: ``from`` where, and ``low`` and ``high``, the 95 % interval, where it has one. What a file
    changes of its base without a source of its own has none.
    """
    file = find("organisation", os.fspath(organisation), "organisation", configs)
    given = read(file)
    below = sources(_from(file, given.pop("base")), configs) if "base" in given else {}
    with _under(file):
        told, today = _checked_sources(given.pop("sources", {})), given.pop("today", {})
        layers = [nested(layer) for layer in (given, today) if isinstance(layer, Mapping)]
        changed = [f"{theme}.{name}" for layer in layers for theme, values in layer.items() for name in values]
        whole = tuple(key.removesuffix(end) for key in changed for end in (PRESET, LEVEL) if key.endswith(f".{end}"))
        return {key: below[key] for key in below if key not in changed and not key.startswith(whole)} | told


def _checked_sources(given: object) -> dict[str, Tree]:
    if not isinstance(given, Mapping):
        raise ParameterError(f"sources={given!r}: a mapping of parameters is needed.")
    known = known_keys() if given else ()  # composing a design reads a file thousands of times
    for name, source in given.items():
        if name not in known:
            raise ParameterError(f"sources.{name}: unknown.{nearest(str(name), known)}")
        low, high = (source.get("low"), source.get("high")) if isinstance(source, Mapping) else (None, 0)
        if not ((is_number(low) and is_number(high) and low <= high) or (low is None and high is None)):
            raise ParameterError(
                f"sources.{name}={source!r}: a mapping is needed, as in {{from: export, low: 1, high: 2}}."
            )
    return {str(name): dict(source) for name, source in given.items()}


def _in_file(file: Path, given: Tree, extra: tuple[str, ...] = ()) -> Tree:
    """What a file gives: top names checked, paths counted from its folder."""
    known = (*extra, *ALL_THEMES)
    for name in given:
        if str(name).partition(".")[0] not in known:
            raise ParameterError(f"{name}: unknown; known are {', '.join(known)}.{nearest(str(name), known)}")
    return {name: _from(file, value) if name in ("base", *PRESET_THEMES) else value for name, value in given.items()}


def _from(file: Path, value: Any) -> Any:
    """A name or path that a file gives; of a mapping, its preset."""
    if isinstance(value, str) and PATH.search(value):
        return str(file.parent / value)
    if isinstance(value, Mapping):
        names = [name for name in (PRESET, INCENTIVES) if isinstance(value.get(name), str)]
        return {**value, **{name: _from(file, value[name]) for name in names}}
    return value


@contextmanager
def _under(file: Path) -> Iterator[None]:
    """What is refused inside is refused under the file's name."""
    try:
        yield
    except ParameterError as error:
        raise ParameterError(f"{file}: {error}") from None


def nested(given: Mapping[str, object]) -> dict[str, Tree]:
    """Dotted names, presets and mappings as one mapping of themes.

    ``{"alignment": "integrated", "alignment.visibility": 1}`` becomes
    ``{"alignment": {"preset": "integrated", "visibility": 1}}``.
    """
    tree: dict[str, Tree] = {}
    for key, value in given.items():
        theme, *path = str(key).split(".")
        if theme not in ALL_THEMES:
            raise ParameterError(f"{key}: unknown.{nearest(str(key), known_keys())}")
        if value is None and not path:
            raise ParameterError(f"{key}: nothing stands there; give it a value, or leave it out.")
        content: object = value
        if not path and not isinstance(value, Mapping):
            if theme not in PRESET_THEMES:
                raise ParameterError(f"{key}={value!r}: a mapping of parameters is needed, or a name as in {theme}.….")
            path = [PRESET]
        for part in reversed(path):
            content = {part: content}
        tree[theme] = _merge(theme, tree.get(theme, {}), content)
    return tree


def _add_layer(tree: Tree, base: Tree, layer: Mapping[str, Tree], configs: Folders) -> Tree:
    """``tree`` with a layer on top; a preset or level starts again from ``base``."""
    result = dict(tree)
    for theme, given in sorted(layer.items(), key=lambda item: item[0] == PROGRAMME):  # which may start from pay
        own = dict(given)
        if PRESET in own and LEVEL in own and theme == "alignment":
            raise ParameterError("alignment: give either a preset or a level, not both.")
        if PRESET in own:
            result[theme] = _with_preset(theme, own.pop(PRESET), base.get(theme, {}), configs)
        elif LEVEL in own and theme == "alignment":
            result[theme] = _at_level(own.pop(LEVEL), base.get(theme, {}), configs)
        if theme == PROGRAMME:
            result[theme] = _with_pay(result.get(theme, {}), result.get(INCENTIVES, {}), base, configs)
            own = _with_pay(own, result.get(INCENTIVES, {}), base, configs, result[theme].get(INCENTIVES))
        result[theme] = _merge(theme, result.get(theme, {}), own)
    return result


def _with_pay(programme: Tree, today: Tree, base: Tree, configs: Folders, planned: Tree | None = None) -> Tree:
    """A programme whose pay plan is no name any more; roles that no plan names keep today's terms."""
    given = programme.get(INCENTIVES)
    if isinstance(given, str):
        return {**programme, INCENTIVES: _plan(given, f"{PROGRAMME}.{INCENTIVES}", base.get(INCENTIVES, {}), configs)}
    if isinstance(given, Mapping) and not {"name", *Role.__members__} <= set(given):
        return {**programme, INCENTIVES: _merge(INCENTIVES, planned or {**today, "name": "planned"}, given)}
    return programme


def _with_preset(theme: str, name: object, today: Tree, configs: Folders) -> Tree:
    if theme not in PRESET_THEMES:
        raise ParameterError(f"{theme}.{PRESET}: unknown; presets exist for {', '.join(PRESET_THEMES)}.")
    if theme == INCENTIVES:
        return _plan(name, theme, today, configs)
    file = find(theme, name, theme, configs)
    preset = _from(file, read(file))
    with _under(file):
        from_dict({theme: {key: value for key, value in preset.items() if (theme, key) != (PROGRAMME, INCENTIVES)}})
    merged: Tree = _merge(theme, today, preset)
    return merged


def _plan(name: object, key: str, today: Tree, configs: Folders) -> Tree:
    """A pay plan by its name. It is whole: a role it does not name has a flat salary, not another plan's terms."""
    file = find(INCENTIVES, name, key, configs)
    preset = read(file)
    with _under(file):
        from_dict({INCENTIVES: preset})
    settings = {key: value for key, value in today.items() if key in ("cost_neutral", "low_score_quantile")}
    roles: Tree = {role: [] for role in Role.__members__}
    return {**settings, "name": file.stem, **roles, **preset}


def _at_level(level: object, today: Tree, configs: Folders) -> Tree:
    """Alignment between the presets: numbers change linearly, words change at the next preset."""
    key = "alignment.level"
    if not is_number(level) or not 0 <= level <= 1:
        raise ParameterError(f"{key}={level!r}: a number from 0 (as today) to 1 (integrated) is needed.")
    position = float(level) * (len(LEVELS) - 1)
    lower = min(math.floor(position), len(LEVELS) - 2)
    share = position - lower
    ends = [_with_preset("alignment", LEVELS[i], today, configs) for i in (lower, lower + 1)]
    # The parameters' own kinds and defaults: what a preset leaves out stays as declared.
    low, high = (vars(from_dict({"alignment": end}).alignment) for end in ends)
    return {name: _between(low[name], high[name], share) for name in low}


def _between(low: Any, high: Any, share: float) -> Any:
    if share == 0 or low == high:
        return low
    if share == 1:
        return high
    if isinstance(low, str):
        return low
    value = low + share * (high - low)
    return round(value) if isinstance(low, int) else value


def _merge(key: str, below: Any, above: Any) -> Any:
    """``above`` laid over ``below``; a mapping over a list of pay terms changes single terms."""
    if not isinstance(above, Mapping):
        return above
    if isinstance(below, list):
        return _merge_terms(key, below, above)
    result = dict(below) if isinstance(below, Mapping) else {}
    for name, value in above.items():
        result[name] = _merge(f"{key}.{name}", result.get(name), value)
    return result


def _merge_terms(key: str, terms: list[Any], changes: Mapping[Any, Any]) -> list[Any]:
    """Change terms named by their event, or by their position where an event stands twice."""
    result = list(terms)
    events = [term.get("event") if isinstance(term, Mapping) else None for term in terms]
    for name, change in changes.items():
        if str(name).isdecimal() and int(name) < len(terms):
            place = int(name)
        elif events.count(name) == 1:
            place = events.index(name)
        else:
            known = [f"{i} ({event})" for i, event in enumerate(events)]
            why = "stands more than once, give its position" if name in events else "no such term"
            hint = "" if name in events else nearest(str(name), [str(event) for event in events])
            raise ParameterError(f"{key}.{name}: {why}; this plan has {', '.join(known) or 'none'}.{hint}")
        result[place] = _merge(f"{key}.{name}", result[place], change)
    return result


def known_keys() -> list[str]:
    """Every dotted name an override may have (what lies inside a pay plan or reference is checked later)."""
    parameters = list(declarations())
    pay = [f"incentives.{name}" for name in Incentives.__dataclass_fields__]
    reference = [f"reference.{name}" for name in Reference.__dataclass_fields__]
    return [*PRESET_THEMES, "alignment.level", f"{PROGRAMME}.{INCENTIVES}", *parameters, *pay, *reference]

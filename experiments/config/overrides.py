"""Before Hydra: overrides as users write them, checked and put in Hydra's words.

Hydra wants a plus sign before a key that its configuration does not hold, and knows
nothing of our parameters. :func:`translate` refuses unknown keys with the nearest name and
writes the others as Hydra needs them (``alignment.visibility=0.8`` becomes
``++alignment.visibility=0.8``, ``alignment=integrated`` becomes
``++alignment.preset=integrated``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.config.command import Command
from sim.configuration import ALL_THEMES, PATH, PRESET, PRESET_THEMES, files, is_file, known_keys
from sim.parameters import ParameterError, nearest

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

PATH_KEYS = ("out", "organisation", "client", "resume", "design", "design.points", "model.target")
ORDER = ("serial", "local", "dask", "grid", "lhs", "sobol", "morris", "csv")
MOST_JOBS = 10_000  # of a range under --multirun; each costs a start of its own
OPEN = "design.factors"  # below it users name what they like


def translate(
    command: Command, overrides: Sequence[str], multirun: bool = False, configs: tuple[str, ...] = ()
) -> list[str]:
    """Overrides as users write them, in the words Hydra understands.

    Parameters
    ----------
    command : Command
        Whose keys they are.
    overrides : sequence of str
        As ``key=value``.
    multirun : bool
        Whether several values may stand behind a key, separated by commas.
    configs : tuple of str
        Folders searched for designs and executors before all others.

    Raises
    ------
    ParameterError
        A key is unknown or an override cannot be read.
    """
    return [_translate(command, text, multirun, configs) for text in overrides]


def _translate(command: Command, text: str, multirun: bool, configs: tuple[str, ...]) -> str:
    from hydra.errors import HydraException

    before, _, written = text.partition("=")
    if not before.strip("+~ "):
        raise ParameterError(f"{text!r}: there is no key; write key=value.")
    try:
        override = _parsed(text)
    except HydraException as error:
        if before in PATH_KEYS and not written.startswith(('"', "'")):
            return _translate(command, f"{before}={_quoted(written)}", multirun, configs)
        reason = str(error).splitlines()[0]
        raise ParameterError(f"{text}: cannot be read; write key=value, lists as [a,b] ({reason}).") from None
    except RecursionError:
        raise ParameterError(f"{text}: nested too deeply.") from None
    except ValueError as error:
        if isinstance(error, ParameterError):
            raise
        # Python reads no number of more than 4,300 digits
        raise ParameterError(f"{text}: no number that long can be read.") from None
    key = str(override.key_or_group)
    if key.startswith(("hydra.", "hydra/")):
        return text
    if "/" in key or override.package is not None:
        raise _unknown(command, key, text)
    if override.is_delete():
        raise ParameterError(f"{text}: keys cannot be taken away, only changed: {key}=value.")
    if override.is_sweep_override() and not multirun:
        raise ParameterError(f"{text}: several values need brackets, {key}=[{written}], or --multirun to try each.")
    _bounded(text, override)
    _of_its_kind(command, text, override)
    is_mapping = written.lstrip().startswith("{")
    if is_mapping:
        _known_inside(command, key, override.value())
    if key in command.chosen() and not is_mapping:
        return f"{key}={_group_file(key, written, multirun, configs)}"
    return _hydra_key(command, key, is_mapping, text) + "=" + _as_list(key, written)


def _parsed(text: str) -> Override:
    """An override as Hydra reads it, unless one of its mappings gives a key twice: Hydra would drop the first."""
    from hydra.core.override_parser import overrides_parser

    grammar: Any = overrides_parser
    found: Override = grammar.OverridesParser.create().parse_override(text)
    waiting: list[Any] = []
    if "{" in text:
        tokens = grammar.CommonTokenStream(grammar.OverrideLexer(grammar.InputStream(text)))
        waiting = [grammar.OverrideParser(tokens).override()]
    while waiting:
        node = waiting.pop()
        waiting += getattr(node, "children", None) or []
        if isinstance(node, grammar.OverrideParser.DictContainerContext):
            keys = [pair.dictKey().getText().strip() for pair in node.dictKeyValuePair()]
            twice = [key for key in keys if keys.count(key) > 1]
            if twice:
                raise ParameterError(f"{text}: {twice[0]} is given twice.")
    return found


def _bounded(text: str, override: Override) -> None:
    """Refuse a ``range(…)`` of more jobs than anybody can start; Hydra would write them all down first."""
    from hydra.core.override_parser.types import RangeSweep

    swept = override.value() if override.is_range_sweep() else None
    if not isinstance(swept, RangeSweep) or swept.start is None or swept.stop is None or not swept.step:
        return
    jobs = (swept.stop - swept.start) / swept.step
    if jobs > MOST_JOBS:
        raise ParameterError(f"{text}: {jobs:.4g} jobs; at most {MOST_JOBS:,} are possible. gtm sweep varies more.")


def _of_its_kind(command: Command, text: str, override: Override) -> None:
    """Refuse a mapping in place of a list, and in place of a mapping all else: Hydra would say it in its own words."""
    key, given = str(override.key_or_group), override.value()
    start: Any = {OPEN: {"alignment.level": [0, 1]}, **command.tree()}.get(key)
    if isinstance(start, list) and isinstance(given, Mapping):
        raise ParameterError(f"{text}: a list is needed, as in {key}=[{','.join(map(str, start)) or 'a,b'}].")
    named = key == "replications" or given is None or override.is_sweep_override()
    if isinstance(start, dict) and not isinstance(given, Mapping) and not named:
        inside = next(f"{name}: {'…' if value is None else value}" for name, value in start.items())
        raise ParameterError(f"{text}: a mapping is needed, as in {key}={{{inside}}}.")


def _known_inside(command: Command, key: str, value: object) -> None:
    """Refuse what a mapping like ``executor={name: local, worker: 3}`` gives that the key does not have."""
    own = command.keys()
    known = [name for name in own if name.startswith(f"{key}.")]
    for name in [f"{key}.{name}" for name in value] if isinstance(value, Mapping) and known else []:
        if name not in known:
            raise ParameterError(f"{name}: unknown; known are {', '.join(known)}.{nearest(name, known)}")


def _quoted(written: str) -> str:
    """A path may hold what Hydra's grammar gives a meaning to, as = or a bracket."""
    return "'" + re.sub(r"(\\*)'", r"\1\1\\'", written) + "'"


def _group_file(group: str, written: str, multirun: bool, configs: tuple[str, ...]) -> str:
    """Name of a file of one of Hydra's groups; a path counts by the name of its file (see :func:`paths_of_groups`)."""
    plain = written.strip("'\"")
    known = files(group, configs)
    if PATH.search(plain):
        if not is_file(Path(plain)):
            raise ParameterError(f"{group}={plain!r}: there is no such file.")
        return Path(plain).stem
    for name in plain.split(",") if multirun else [plain]:
        if name not in known:
            # The promised order, then what users added.
            names = sorted(known, key=lambda each: (ORDER.index(each) if each in ORDER else len(ORDER), each))
            raise ParameterError(f"{group}={name!r}: allowed are {', '.join(names)}.{nearest(name, names)}")
    return plain


def paths_of_groups(command: Command, overrides: Sequence[str]) -> dict[str, Path]:
    """Files that overrides name by their path, by the group that they belong to."""
    given = (text.partition("=") for text in overrides)
    written = {key.lstrip("+"): value.strip("'\"") for key, _, value in given}
    return {g: Path(written[g]) for g in command.chosen() if PATH.search(written.get(g, "")) and "{" not in written[g]}


def _hydra_key(command: Command, key: str, is_mapping: bool, text: str) -> str:
    theme, *path = key.split(".")
    if key == "replications" and not is_mapping:
        return "replications.name"
    if key == OPEN or key.startswith(f"{OPEN}."):
        return f"++{key}"
    if key == "arm" and not is_mapping:
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
        return f"++arm.{path[0]}." + _parameter_key(".".join(path[1:]), is_mapping, text)
    own = command.keys()
    if key in own:
        return key
    if theme in ALL_THEMES:
        return "++" + _parameter_key(key, is_mapping, text)
    raise _unknown(command, key, text)


def _unknown(command: Command, key: str, text: str) -> ParameterError:
    """What is said of a key that nobody knows: the nearest name, or all that the command has of its own."""
    near = nearest(key, [*command.keys(), "arm", *_parameter_names()])
    own = ", ".join([*command.tree(), *command.chosen()])
    return ParameterError(
        f"{text}: unknown." + (near or f" gtm {command.name} has {own}, and any parameter by its dotted name.")
    )


@cache
def _parameter_names() -> frozenset[str]:
    return frozenset([*known_keys(), *ALL_THEMES, *(f"{theme}.{PRESET}" for theme in PRESET_THEMES)])


def _parameter_key(key: str, is_mapping: bool, text: str) -> str:
    """The key of a parameter or preset; what lies deeper in a pay plan is checked when it is built."""
    head = ".".join(key.split(".")[:2])
    if head not in _parameter_names():
        raise ParameterError(f"{text}: unknown parameter.{nearest(head, _parameter_names())}")
    return f"{key}.{PRESET}" if key in PRESET_THEMES and not is_mapping else key


def _as_list(key: str, written: str) -> str:
    """``arm=a`` and ``arms=a`` mean a list of one."""
    if key not in ("arm", "arms") or written.lstrip().startswith(("[", "{")):
        return written
    return ",".join(f"[{part}]" for part in written.split(","))

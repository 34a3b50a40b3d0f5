"""What one run is: an organisation under an arm, or somebody else's model.

A study knows its model by five things: the arms it has, what a factor may be, how the
values of a point become something that runs, the *address* of that (a hash of all that
its numbers depend on but the seed) and the run itself. Models travel to worker
processes, so they hold plain values only; what is costly is kept per process.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol

import sim
from sim.configuration import LEVEL, PATH, PRESET, PRESET_THEMES, compose, known_keys, nested
from sim.parameters import THEMES, Declaration, ParameterError, Params, declared, nearest, replace
from sim.parameters.declare import coerce
from sim.parameters.priors import Prior, prior_of

Engine = Literal["compiled", "mesa"]
Value = float | int | bool | str
ORGANISATION = "organisation"


@dataclass(frozen=True)
class Ran:
    """What a run gave: its measures, and frames of its months and people where asked for."""

    measures: Mapping[str, float]
    monthly: Any = None
    people: Any = None


@dataclass(frozen=True)
class Kind:
    """What is declared about a factor: whether it counts in whole numbers, its bounds, its prior if it has one."""

    whole: bool = False
    low: float = -float("inf")
    high: float = float("inf")
    prior: Prior | None = None


class Model(Protocol):
    """What a study runs.

    Attributes
    ----------
    arms : tuple of str
        Names of the arms, the baseline first.
    measures : tuple of str
        Names of the measures of every run; empty when only a run can tell.
    threads : bool
        Whether runs let go of the interpreter's lock, so that threads run side by side.
    """

    @property
    def arms(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def measures(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def threads(self) -> bool: ...  # noqa: D102

    def code(self) -> str:
        """Hash of the code that runs, in this process."""
        ...

    def kind(self, factor: str) -> Kind:
        """What is declared about a factor; an unknown one is refused with the nearest name."""
        ...

    def check(self, factor: str, value: Value) -> None:
        """Refuse a value that the factor cannot have."""
        ...

    def prepare(self, arm: str, values: Mapping[str, Value]) -> Any:
        """What runs at a point: its parameters."""
        ...

    def address(self, prepared: Any) -> bytes:
        """Hash of all that the numbers depend on, but for the seed."""
        ...

    def run(self, prepared: Any, seed: int, monthly: bool) -> Ran:
        """One run."""
        ...


@dataclass(frozen=True)
class Organisation:
    """The simulated organisation, its parameters composed anew for every point.

    What prevails: organisation and arm < keys for all arms < factors < keys of one arm <
    factors of one arm (``arm.<name>.…``).

    Attributes
    ----------
    organisation : str
        Name or path.
    files : mapping of str to str
        Name or path of each arm by its label.
    common : mapping
        Overrides for all arms.
    own : mapping of str to mapping
        Overrides of single arms.
    configs : tuple of str
        Folders searched for configurations before all others.
    base : mapping of str to Params
        Every arm's parameters without any factor.
    engine : {"compiled", "mesa"}
        What turns the handle.
    folder : str
        Where relative paths count from.
    """

    organisation: str
    files: Mapping[str, str]
    common: Mapping[str, object]
    own: Mapping[str, Mapping[str, object]]
    configs: tuple[str, ...]
    base: Mapping[str, Params]
    engine: Engine = "compiled"
    folder: str = field(default_factory=lambda: str(Path.cwd()))

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms, the baseline first."""
        return tuple(self.files)

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the measures of every run."""
        return tuple(sim.MEASURES)

    @property
    def threads(self) -> bool:
        """Compiled code lets go of the interpreter's lock, Mesa's agents are plain Python."""
        return self.engine == "compiled"

    def kind(self, factor: str) -> Kind:
        """What is declared about a factor; an unknown one is refused with the nearest name."""
        plain = self._without_arm(factor)
        if plain in _fields():
            found, default = _fields()[plain]
            whole = isinstance(default, int)
            prior = prior_of(self.base[self._arm_of(factor)], plain) if found.prior else None
            return Kind(whole, found.low, found.high, prior)
        head = ".".join(plain.split(".")[:2])
        known = {ORGANISATION, *known_keys()}
        if head not in known:
            raise ParameterError(f"factor {factor}: unknown parameter.{nearest(plain, known)}")
        return Kind(low=0.0, high=1.0) if plain == "alignment.level" else Kind()

    def check(self, factor: str, value: Value) -> None:
        """Refuse a value that the factor cannot have."""
        plain = self._without_arm(factor)
        try:
            if plain in _fields():
                theme, name = plain.split(".")
                coerce(plain, value, THEMES[theme].__dataclass_fields__[name])
            elif plain == "alignment.level":  # one of a thousand levels need not be composed to be judged
                if isinstance(value, bool | str) or not 0 <= value <= 1:
                    raise ParameterError(f"{value!r}: a number from 0 (as today) to 1 (integrated) is needed.")
            else:
                self.prepare(self._arm_of(factor), {factor: value})
        except ParameterError as error:
            raise ParameterError(f"factor {factor}: {error}") from None

    def _arm_of(self, factor: str) -> str:
        """The arm that a factor belongs to; of one for all arms, the baseline."""
        return factor.split(".")[1] if factor.startswith("arm.") else self.arms[0]

    def _without_arm(self, factor: str) -> str:
        if not factor.startswith("arm."):
            return factor
        label, _, plain = factor.removeprefix("arm.").partition(".")
        if label not in self.files or not plain:
            raise ParameterError(
                f"factor {factor}: write arm.<name>.<parameter> with one of the arms, {', '.join(self.files)}."
                f"{nearest(label, self.files)}"
            )
        return plain

    def prepare(self, arm: str, values: Mapping[str, Value]) -> Params:
        """Parameters of an arm at a point.

        Raises
        ------
        ParameterError
            Values that are fine alone and impossible together, or a file that is gone.
        """
        before = f"arm.{arm}."
        mine = {name.removeprefix(before): value for name, value in values.items() if name.startswith(before)}
        for_all = {name: value for name, value in values.items() if not name.startswith("arm.")}
        organisation = self._path(str(for_all.pop(ORGANISATION, self.organisation)))
        own = nested(self.own.get(arm, {}))
        # Composing reads files. Plain parameters lie on top of whatever was composed, so points that
        # differ in these only are composed once.
        wholes = [{k: self._path(v) for k, v in layer.items() if k not in _fields()} for layer in (for_all, mine)]
        if any(wholes) or organisation != self._path(self.organisation):
            layers = json.dumps([self.common, wholes[0], own, wholes[1]])
            params = _composed(organisation, self._path(self.files[arm]), layers, self.configs)
        else:
            params = self.base[arm]
        above = [own, nested(wholes[1])]
        changes = {k: v for k, v in for_all.items() if k in _fields() and not any(_settles(tree, k) for tree in above)}
        changes.update({k: v for k, v in mine.items() if k in _fields()})
        return replace(params, changes) if changes else params

    def _path(self, value: Any) -> Any:
        """A path on the command line counts from the folder where the command was given."""
        return str(Path(self.folder) / value) if isinstance(value, str) and PATH.search(value) else value

    def code(self) -> str:
        """Hash of the model's code in this process."""
        return code_of_the_model()

    def address(self, prepared: Params) -> bytes:
        """Hash of all that the numbers depend on, but for the seed: not of the engine, whose bits are the same."""
        return _hashed(self.code(), repr(prepared))

    def run(self, prepared: Params, seed: int, monthly: bool) -> Ran:
        """One run."""
        return reported(sim.simulate(prepared, seed=seed, engine=self.engine), monthly)


def reported(result: sim.Result, monthly: bool) -> Ran:
    """What is kept of a run; its world is given up."""
    return Ran(result.measures, result.monthly, result.people) if monthly else Ran(result.measures)


@cache
def _fields() -> dict[str, tuple[Declaration, Any]]:
    """Declaration and default of every plain parameter by its dotted name."""
    return {f"{theme}.{name}": (found, default) for theme, name, found, default in declared()}


def _settles(tree: Mapping[str, Mapping[str, Any]], parameter: str) -> bool:
    """Whether a layer decides a parameter, by its value or by a preset or level of its theme."""
    theme, name = parameter.split(".")
    given = tree.get(theme, {})
    return name in given or (theme in PRESET_THEMES and (PRESET in given or LEVEL in given))


@lru_cache(maxsize=256)
def _composed(organisation: str, arm: str, layers: str, configs: tuple[str, ...]) -> Params:
    return compose(organisation, arm, json.loads(layers), configs)


def forget_files() -> None:
    """Read configurations anew: they may have changed since the last study of this process."""
    _composed.cache_clear()


# ---------------------------------------------------------------- addresses


@cache
def code_of_the_model() -> str:
    """Hash of the whole model's code, of the compiler and of what else can move a bit."""
    import sim.compiled
    import sim.world

    root = Path(sim.__file__).parent
    return _hashed(sim.compiled.source_hash(), *_sources(root, sorted(root.rglob("*.py")))).hex()


def _sources(root: Path, files: Iterable[Path]) -> Iterable[str]:
    for file in files:
        yield file.relative_to(root).as_posix()
        yield file.read_text(encoding="utf-8")


def code_of_a_file(file: Path) -> str:
    """Hash of the file of a foreign model and of the Python that runs it."""
    return _hashed(platform.python_version(), file.read_bytes().hex()).hex()


def hashed_values(code: str, values: Mapping[str, Value]) -> bytes:
    """Address of a foreign model at a point."""
    return _hashed(code, repr(sorted(values.items())))


def _hashed(*texts: str) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for text in texts:
        digest.update(text.encode())
        digest.update(b"\0")
    return digest.digest()

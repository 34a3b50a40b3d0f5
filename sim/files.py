"""YAML files as mappings, without the traps of YAML."""

from __future__ import annotations

import copy
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from sim.parameters.declare import ParameterError

Tree = dict[str, Any]
MOST_VALUES = 10_000  # in one file
MERGE = "tag:yaml.org,2002:merge"


def is_file(file: Path) -> bool:
    """Whether there is a file of that name that we may see."""
    try:
        return file.is_file()
    except OSError:  # a name longer than any file's, a folder that is closed to us
        return False


class _Loader(yaml.SafeLoader):
    """YAML without its traps.

    A key given twice and a flood of values are refused. Numbers are decimal: 1e6 is one, while 010
    (octal to YAML) and 1:30 (sexagesimal) are words, which no parameter takes for a number.
    """

    def get_single_node(self) -> yaml.Node | None:
        """The document, unless its anchors unfold into more values than anybody wrote."""
        node: yaml.Node | None = super().get_single_node()
        if node is not None and _size(node, {}) > MOST_VALUES:
            raise yaml.YAMLError(f"more than {MOST_VALUES:,} values")
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: ARG002
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == MERGE:  # "<<: *other": what the file itself says prevails
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} is given twice", key_node.start_mark)
            seen.add(key if isinstance(key, str) else repr(key))
        return super().construct_mapping(node, deep=True)  # deep: a node that contains itself is refused


NUMBERS = {  # in decimal; the specials as in YAML 1.1
    "tag:yaml.org,2002:int": r"^[-+]?(0|[1-9][\d_]*)$",
    "tag:yaml.org,2002:float": r"^[-+]?((0|[1-9][\d_]*)(\.[\d_]*([eE][-+]?\d+)?|[eE][-+]?\d+)|\.\d[\d_]*([eE][-+]?\d+)?"
    r"|\.(inf|Inf|INF))$|^\.(nan|NaN|NAN)$",
}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in NUMBERS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, _pattern in NUMBERS.items():
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), list("-+.0123456789"))


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Number of values below a node, each counted as often as anchors repeat it."""
    if id(node) not in known:
        known[id(node)] = 1  # a node that contains itself is refused when it is built
        pairs = isinstance(node, yaml.MappingNode)
        inside = [part for pair in node.value for part in pair] if pairs else node.value
        leaf = isinstance(node, yaml.ScalarNode)
        known[id(node)] += 0 if leaf else sum(_size(part, known) for part in inside)
    return known[id(node)]


def read(file: Path) -> Tree:
    """The mapping a YAML file holds; an unreadable one is refused with line and reason."""
    try:
        found = copy.deepcopy(_parsed(file.read_text(encoding="utf-8")))
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ParameterError(f"{file}{line}: {error.problem or error.context}.") from None
    except (OSError, ValueError, yaml.YAMLError) as error:  # ValueError: no UTF-8, no such date, no end of digits
        raise ParameterError(f"{file}: cannot be read: {' '.join(str(error).split())}.") from None
    except RecursionError:
        raise ParameterError(f"{file}: nested too deeply.") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ParameterError(f"{file}: a mapping of parameters is needed, this is a {type(found).__name__}.")
    return found


@lru_cache(maxsize=256)
def _parsed(text: str) -> Any:
    """What a YAML text says. Parsing is nine tenths of composing, and a design composes the same few files."""
    return yaml.load(text, Loader=_Loader)

"""The organisation as a YAML file, each value with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from sim.configuration import load
from sim.parameters import ParameterError


def organisation(path: Path, tree: Mapping[str, Any], notes: Mapping[str, str], head: str) -> None:
    """Write the file, and read it again as ``gtm compare`` will.

    Raises
    ------
    ParameterError
        It cannot be written there.
    """
    lines = [f"# {line}" for line in head.splitlines()]
    for theme, values in tree.items():
        if not isinstance(values, Mapping):
            lines.append(f"{theme}: {_plain(values)}")
            continue
        lines.append(f"{theme}:")
        if theme == "sources":
            lines[-1] += "  # what the export tells, with 95% intervals; all else is assumed"
        if theme == "reference":
            lines[-1] += "  # measured on siloed runs of this organisation; prices cost-neutral pay plans"
            dumped = yaml.safe_dump(dict(values), sort_keys=False, default_flow_style=False)
            lines += [f"  {line}" for line in dumped.splitlines()]
            continue
        for name, value in values.items():
            note = notes.get(f"{theme}.{name}", "")
            lines.append(f"  {name}: {_plain(value)}" + (f"  # {note}" if note else ""))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise ParameterError(f"out={str(path.parent.parent)!r}: cannot be written ({error.strerror}).") from None
    load(str(path))


def _plain(value: Any) -> str:
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=200).splitlines()[0]

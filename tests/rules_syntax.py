"""The rules as syntax trees: which function reads which parameter, and which calls which."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

from sim.parameters import ALIASES, declared

ROOT = Path(__file__).resolve().parent.parent
RULES = sorted((ROOT / "sim" / "rules").glob("*.py"))
RECORD = ("p", "w.params[0]")  # the only names by which rules know the parameters


@cache
def functions() -> dict[str, list[ast.FunctionDef]]:
    """Functions of each file of rules."""
    trees = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in RULES}
    return {stem: [n for n in ast.walk(t) if isinstance(n, ast.FunctionDef)] for stem, t in trees.items()}


@cache
def defined() -> dict[str, tuple[str, ast.FunctionDef]]:
    """Function → its full name and its tree; names are unique over all files (a test says so)."""
    return {f.name: (f"{stem}.{f.name}", f) for stem, found in functions().items() for f in found}


@cache
def reads() -> dict[str, set[str]]:
    """Parameter → functions of the rules that read it: as an attribute of the record of parameters."""
    names = {ALIASES.get(name, name): name for _, name, _, _ in declared()}
    found = defaultdict(set)
    for full, function in defined().values():
        for node in ast.walk(function):
            known = isinstance(node, ast.Attribute) and node.attr in names
            if known and ast.unparse(node.value) in RECORD:
                found[names[node.attr]].add(full)
    return found


@cache
def calls() -> dict[str, set[str]]:
    """Function → functions of the rules whose name it uses, called or handed on; all by their full names."""
    known = defined()
    return {
        full: {known[n.id][0] for n in ast.walk(function) if isinstance(n, ast.Name) and n.id in known} - {full}
        for full, function in known.values()
    }


def reached(start: str, stop: frozenset[str] = frozenset()) -> set[str]:
    """Functions that ``start`` comes to by calls, itself among them, without going through those in ``stop``."""
    found, edges = set[str](), calls()
    todo = [start]
    while todo:
        name = todo.pop()
        if name not in found and (name == start or name not in stop):
            found.add(name)
            todo += edges[name]
    return found

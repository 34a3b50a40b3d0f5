"""The three workshops that a facilitator starts from; everything in them can be changed before the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Template:
    """What a form starts from.

    ``organisations`` holds names of ``configs/organisation``; ``own`` stands for the profile that
    ``gtm workshop organisation=…`` names.
    """

    name: str
    organisations: tuple[str, ...]
    rounds: Mapping[str, int]
    minutes: Mapping[str, int]
    teams: int = 6


OWN = "own"
TEMPLATES = {
    template.name: template
    for template in (
        Template("managers", ("essay",), {"siloed": 2, "shared": 1, "free": 1, "break": 1},
                 {"siloed": 4, "shared": 5, "free": 6, "break": 5}),
        Template("leadership", (OWN,), {"siloed": 1, "shared": 1, "free": 2, "break": 1},
                 {"siloed": 4, "shared": 5, "free": 7, "break": 5}, teams=3),
        Template("class", ("essay", "mid_market"), {"siloed": 2, "shared": 1, "free": 1, "break": 1},
                 {"siloed": 4, "shared": 5, "free": 6, "break": 5}, teams=8),
    )
}  # fmt: skip

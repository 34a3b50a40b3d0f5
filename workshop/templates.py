"""The three workshops that a facilitator starts from, and their timetables of 60 and 90 minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workshop.state import LENGTHS, Config, kind_of

# Minutes of what is not planning: of a round, the talk after it. Added to those of planning they fill 60 and 90.
TALK = {
    60: {"lobby": 5, "quiz_before": 4, "siloed": 4, "reveal": 5, "shared": 4, "free": 4, "break": 4,
         "debrief": 14, "quiz_after": 4, "closed": 1},
    90: {"lobby": 8, "quiz_before": 5, "siloed": 4, "reveal": 8, "shared": 5, "free": 5, "break": 4,
         "debrief": 18, "quiz_after": 4, "closed": 1},
}  # fmt: skip
SHORT = {"siloed": 1, "shared": 1, "free": 1, "break": 0}  # rounds of 60 minutes, whatever the template


@dataclass(frozen=True)
class Template:
    """What a form starts from; everything in it can be changed before the start.

    Attributes
    ----------
    organisations : tuple of str
        Names of ``configs/organisation``; ``own`` stands for the profile that ``gtm workshop organisation=…`` names.
    long : mapping of str to int
        Rounds of each kind in 90 minutes.
    minutes : mapping of str to int
        Minutes of planning in a round of each kind.
    """

    name: str
    organisations: tuple[str, ...]
    long: Mapping[str, int]
    minutes: Mapping[str, int]
    teams: int = 6

    def rounds(self, length: int) -> Mapping[str, int]:
        """Rounds of each kind for a workshop of so many minutes."""
        return SHORT if length == LENGTHS[0] else self.long


def timetable(config: Config) -> list[tuple[str, int, int]]:
    """Every step with the minute at which it begins, and how many it has."""
    talk = TALK[min(LENGTHS, key=lambda length: abs(length - config.length))]
    found, at = [], 0
    for step in config.steps():
        kind = kind_of(step)
        takes = talk[kind or step] + (config.minutes[kind] if kind else 0)
        found.append((step, at, takes))
        at += takes
    return found


OWN = "own"
TEMPLATES = {
    template.name: template
    for template in (
        Template("managers", ("essay",), {"siloed": 2, "shared": 1, "free": 1, "break": 1},
                 {"siloed": 4, "shared": 5, "free": 6, "break": 5}),
        Template("leadership", (OWN,), {"siloed": 1, "shared": 1, "free": 2, "break": 1},
                 {"siloed": 4, "shared": 4, "free": 5, "break": 5}, teams=3),
        Template("class", ("essay", "mid_market"), {"siloed": 2, "shared": 1, "free": 1, "break": 1},
                 {"siloed": 4, "shared": 5, "free": 6, "break": 5}, teams=8),
    )
}  # fmt: skip

"""What is wrong with an export: each kind counted, named and handled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

SHOWN = 5  # row numbers named for each kind
Weight = Literal["error", "note"]

# Kind → how much it matters. Their texts, in both languages, stand with the report.
KINDS: dict[str, Weight] = {
    # the file
    "encoding": "note", "preamble": "note", "blank_row": "note", "short_row": "error", "long_row": "error",
    "other_sheets": "note", "unused_columns": "note", "control_characters": "error",
    # identity
    "duplicate_id": "error", "repeated_row": "error", "identical_row": "note", "id_missing": "error",
    "linked_missing": "error",
    # dates
    "created_missing": "error", "created_unreadable": "error", "closed_unreadable": "error",
    "closed_missing": "error", "closed_before_created": "error", "closed_day_before": "note", "in_future": "error",
    "far_from_others": "error", "converted_unreadable": "error", "converted_before_created": "error",
    "won_before_created": "error", "conversion_date_missing": "note", "zones": "note", "closed_of_open": "note",
    "nothing_new": "note",
    # outcomes
    "stage_unknown": "error", "closed_without_outcome": "error", "outcome_conflict": "error", "open": "note",
    "open_stale": "note", "no_losses": "error",
    # amounts
    "amount_missing": "error", "amount_zero": "error", "amount_negative": "error", "amount_unreadable": "error",
    "amount_extreme": "note", "other_currency": "error", "currency_at_par": "note", "currency_unknown": "note",
    # people and labels
    "owner_missing": "error", "source_missing": "error", "formula": "error",
    # the organisation
    "held_at_bound": "error", "not_reached": "error",
}  # fmt: skip


@dataclass(frozen=True)
class Issue:
    """One kind of trouble in one table.

    Attributes
    ----------
    code : str
        One of :data:`KINDS`.
    table : {"leads", "deals", "fit"}
        Where; fit: the organisation that comes out.
    count : int
        How many rows (or columns) have it.
    rows : tuple of int
        The first of them, as a spreadsheet numbers rows.
    detail : str
        What a reader needs besides: an encoding, a currency, names of stages. Never a person.
    """

    code: str
    table: str
    count: int
    rows: tuple[int, ...] = ()
    detail: str = ""

    def plain(self) -> dict[str, Any]:
        """As it stands in ``fit.json``."""
        return {
            "code": self.code,
            "table": self.table,
            "count": self.count,
            "rows": list(self.rows),
            "detail": self.detail,
            "weight": KINDS[self.code],
        }


@dataclass
class Issues:
    """All that was found, in the order in which it was found."""

    found: list[Issue] = field(default_factory=list)

    def add(
        self,
        code: str,
        table: str,
        rows: Sequence[int] | Iterable[int] = (),
        count: int | None = None,
        detail: str = "",
    ) -> None:
        """Note a kind of trouble; nothing is noted where no row has it."""
        if code not in KINDS:
            raise AssertionError(f"{code}: not a declared kind of trouble")
        listed = [int(row) for row in rows]
        n = len(listed) if count is None else count
        if n:
            self.found.append(Issue(code, table, n, tuple(sorted(listed)[:SHOWN]), detail))

    def __iter__(self) -> Iterator[Issue]:
        return iter(self.found)

    def count(self, code: str, table: str | None = None) -> int:
        """How many rows have a kind of trouble."""
        return sum(issue.count for issue in self.found if issue.code == code and table in (None, issue.table))

"""The yardstick in the idiom of this project: records, keyed draws, small rules, one kernel.

State lives in aligned NumPy records; ``rules.py`` says what happens to them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from benchmarks.funnel.rules import CHURNED, EXPIRED, LEADS_FULL, LOST, OPEN, WON, Records, kernel
from benchmarks.funnel.settings import Counts, Setting
from sim.compiled import INTERPRETED
from sim.draws import stream_keys

# Eight fields, one cache line; what the pass over waiting leads reads stands together.
LEAD = np.dtype(
    [
        ("status", np.int64),
        ("last_touch", np.int64),
        ("score", np.float64),
        ("quality", np.float64),
        ("id", np.int64),
        ("touches", np.int64),
        ("stage", np.int64),
        ("seller", np.int64),
    ],
    align=True,
)
# What is known of a lead while it waits in an inbox; sellers read these in a row, not the leads.
SLIP = np.dtype([("row", np.int64), ("last_touch", np.int64), ("score", np.float64)], align=True)
MARKETER = np.dtype([("leads", np.int64)], align=True)
SELLER = np.dtype([("desk", np.int64), ("inbox", np.int64), ("touches", np.int64), ("won", np.int64)], align=True)
SETTING = np.dtype(
    [(field.name, np.int64 if field.type == "int" else np.float64) for field in fields(Setting)], align=True
)


@dataclass(frozen=True, slots=True)
class Funnel:
    """All records of one finished run, one row an agent, in the order the agents came."""

    leads: NDArray[np.void]
    sellers: NDArray[np.void]
    marketers: NDArray[np.void]

    def digest(self) -> str:
        """Return a hash of every byte of every record."""
        state = hashlib.blake2b(digest_size=16)
        for records in (self.leads, self.sellers, self.marketers):
            state.update(len(records).to_bytes(8, "little"))
            state.update(records.tobytes())
        return state.hexdigest()

    def counts(self) -> Counts:
        """Return how the run ended, counted from the records of the leads."""
        status = self.leads["status"]
        return Counts(
            leads=len(self.leads),
            touches=int(self.leads["touches"].sum()),
            open=int((status == OPEN).sum()),
            won=int(((status == WON) | (status == CHURNED)).sum()),
            lost=int((status == LOST).sum()),
            expired=int((status == EXPIRED).sum()),
            churned=int((status == CHURNED).sum()),
        )


def setting_record(setting: Setting) -> NDArray[np.void]:
    """Return the settings as an array of one record, the form both compiled programs read."""
    return np.array([astuple(setting)], SETTING)


def rooms(setting: Setting) -> tuple[int, int]:
    """Return places for leads and for one inbox that are enough in all but freak runs.

    Ten standard deviations of a Poisson count above its mean, and a floor for tiny funnels.
    A run that needs more is refused by the kernel and repeated with twice the room.
    """
    a_day = setting.marketers * setting.leads_per_day
    leads = a_day * setting.days
    inbox = a_day / setting.sellers * min(setting.days, setting.days_to_expiry)
    return int(leads + 10 * math.sqrt(leads)) + 64, int(inbox + 10 * math.sqrt(inbox)) + 64


def as_records(array: NDArray[np.void]) -> Records:
    """Return the array in the form rules read: interpreted rules need fields as attributes too."""
    return array.view(np.recarray) if INTERPRETED else array


def drive(program: Callable[..., int], setting: Setting) -> Funnel:
    """Allocate the records, let a compiled program fill them, and grow them if it asks for it.

    Parameters
    ----------
    program
        Called as ``program(settings, leads, sellers, marketers, desks, inboxes, customers)``; returns
        the number of leads, or ``LEADS_FULL`` or ``INBOX_FULL``. The C version is driven the same way.
    setting
        The funnel to run.
    """
    settings = setting_record(setting)
    room, inbox = rooms(setting)
    while True:
        # A capture writes every field of its record: only the counters have to start at zero.
        leads = np.empty(room, LEAD)
        sellers = np.zeros(setting.sellers, SELLER)
        marketers = np.zeros(setting.marketers, MARKETER)
        desks = np.empty((setting.sellers, setting.touches_per_day), np.int64)
        inboxes = np.empty((setting.sellers, inbox), SLIP)
        customers = np.empty(room, np.int64)
        answer = program(settings, leads, sellers, marketers, desks, inboxes, customers)
        if answer >= 0:
            return Funnel(leads[:answer], sellers, marketers)
        if answer == LEADS_FULL:
            room *= 2
        else:
            inbox *= 2


def run(setting: Setting, seed: int) -> Funnel:
    """Run the funnel once.

    Parameters
    ----------
    setting
        The funnel to run.
    seed
        Any integer; the same seed gives the same bits.
    """
    keys = stream_keys(seed)
    # What the kernel ranks leads in.
    values, rows = np.empty(setting.touches_per_day, np.float64), np.empty(setting.touches_per_day, np.int64)

    def program(
        settings: NDArray[np.void],
        leads: NDArray[np.void],
        sellers: NDArray[np.void],
        marketers: NDArray[np.void],
        desks: NDArray[np.int64],
        inboxes: NDArray[np.void],
        customers: NDArray[np.int64],
    ) -> int:
        return int(
            kernel(
                as_records(settings),
                keys,
                as_records(leads),
                as_records(sellers),
                as_records(marketers),
                desks,
                as_records(inboxes),
                customers,
                values,
                rows,
            )
        )

    return drive(program, setting)

"""State of one organisation: one typed record per entity, and the arrays that hold them.

Ids are stable: a lead's key is (day it appeared, index that day), a person's key is
(role, index in the role); neither depends on what another entity did. Leads wait in
intrusive lists (``next``/``previous`` indices inside the record), so no inbox has a
capacity that could overflow; the arrays themselves are grown between days.

Hours are kept in whole seconds, so that classes add up to paid time exactly.
Times are business days since the first simulated day (float; the fraction is the
part of the working day that has passed).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.memory import SLOTS, Records, register_world
from sim.parameters import PARAMS_DTYPE, PLAN_DTYPE

# ---- calendar (business days) -------------------------------------------------------
WEEK, MONTH, QUARTER, YEAR = 5, 21, 63, 252
HOUR = 3600  # seconds
CALENDAR_HOURS_PER_DAY = 24.0 * 365.0 / 252.0

# ---- roles ---------------------------------------------------------------------------
MARKETER, DEVELOPER, SELLER, SUCCESS = 0, 1, 2, 3
N_ROLES = 4
ROLE_NAMES = ("marketer", "developer", "seller", "success")

# ---- classes of the hours account ------------------------------------------------------
(
    GENERATING, NURTURING, QUALIFYING, CONTACTING, DEALING, PROSPECTING, CARE, COORDINATION, ADMINISTRATION,
    UNVIABLE, SEARCH, CORRECTION, MANUAL, DISPUTE, UNPURSUED, IDLE,
) = range(16)  # fmt: skip
CLASS_NAMES = (
    "generating", "nurturing", "qualifying", "contacting", "opportunity", "prospecting", "care", "coordination",
    "administration", "unviable", "search", "correction", "manual", "dispute", "unpursued", "idle",
)  # fmt: skip
N_CLASSES = 16
FIRST_WASTE = UNVIABLE

# ---- stages of a lead -----------------------------------------------------------------
(PROSPECT, MQL, ACCEPTED, OPPORTUNITY, WON, LOST, DISQUALIFIED, EXPIRED, RECYCLED) = range(9)
STAGE_NAMES = ("prospect", "mql", "accepted", "opportunity", "won", "lost", "disqualified", "expired", "recycled")
N_STAGES = 9

# ---- sources and marks of a lead --------------------------------------------------------
FROM_MARKETING, FROM_DEVELOPER, FROM_SELLER = 0, 1, 2
DISPUTED, VIABLE, OBLIGED, REAL, DUPLICATE, AGREED, TRIAGED, AMENDED, OVERSOLD, DISCOVERED = (1 << i for i in range(10))

# ---- fields of a lead's record: four masks of six bits packed in one integer -------------
N_FIELDS = 6
FIT_FIELDS, INTENT_FIELDS = 0b000111, 0b111000
ALL_FIELDS = 0b111111
EXISTS, WRONG, CROSSED, KNOWN = 0, 6, 12, 18  # shifts

# Three cache lines of 64 bytes: what a walk along a line of leads looks at, what scoring and working a lead
# need besides, and the rest.
LEAD = np.dtype(
    [
        ("next", "i4"),
        ("previous", "i4"),
        ("next_time", "f8"),  # when something can next be done
        ("stage", "i2"),
        ("source", "i2"),
        ("marks", "i2"),
        ("steps", "i2"),
        ("acv", "f8"),  # €
        ("cycle", "f8"),  # business days from opportunity to close
        ("score", "f8"),  # as shown
        ("inflation", "f8"),  # part of it that was pushed
        ("chance", "f8"),  # of winning, as its owner sees it
        ("key", "i8"),  # (day << 20) + index; finds of a person: (1 << 50) + (person key << 24) + count
        ("fit", "f8"),
        ("intent", "f8"),  # at time intent_time; cools from then on
        ("intent_time", "f8"),
        ("seen_fit", "f8"),  # fit as the record shows it, in population sd
        ("misread", "f8"),  # error of what the record shows of intent, in standard deviations
        ("fields", "i4"),
        ("touches", "i4"),
        ("marketing_seconds", "i4"),
        ("sales_seconds", "i4"),
        ("signal", "f8"),  # log-odds of ``chance``
        ("handover", "f8"),  # time
        ("response", "f8"),  # calendar hours from hand-over to first attempt, −1 before
        ("opened", "f8"),  # time it became an opportunity
        ("discount", "f8"),
        ("born", "i4"),  # day
        ("marketer", "i4"),  # index or −1
        ("developer", "i4"),  # index among sellers array or −1
        ("seller", "i4"),  # index among sellers array or −1
        ("attempts", "i4"),
        ("failures", "i4"),
    ],
    align=True,
)

CUSTOMER = np.dtype(
    [
        ("key", "i8"),
        ("arr", "f8"),  # €; 0 after leaving
        ("won_acv", "f8"),  # € at the start
        ("fit", "f8"),
        ("demand", "f8"),  # unmet demand, €
        ("since", "f8"),  # time of winning (negative: before the first day)
        ("missing", "f8"),  # share of fields the success manager lacks
        ("discount", "f8"),
        ("left", "f8"),  # time of leaving, −1 while a customer
        ("lead", "i4"),  # index or −1
        ("seller", "i4"),
        ("marketer", "i4"),
        ("manager", "i4"),
        ("oversold", "i4"),
        ("onboarded", "i4"),  # 1 once onboarded
        ("visits", "i8"),  # wide, so that no record has padding: copies do not keep it, digests see it
        ("next", "i4"),
        ("previous", "i4"),
    ],
    align=True,
)

# A waiting line of leads (or customers): indices of its ends, −1 when empty.
LIST = np.dtype([("head", "i8"), ("tail", "i8"), ("count", "i8")], align=True)

_PERSON: list[tuple[Any, ...]] = [
    ("key", "i8"),  # (role << 20) + index in the role
    ("worker", "i4"),  # index into owed, counts and pay
    ("generation", "i4"),  # how many people have held this seat before
    ("left", "i8"),  # seconds left today
    ("debt", "i8"),  # seconds begun and not yet paid for, by class in ``owed``
    ("hired", "f8"),  # time
    ("skill", "f8"),
    ("integrity", "f8"),
    ("discounting", "f8"),  # 1/quarter
    ("effort", "f8"),
    ("felt", "f8"),  # felt variable pay relative to reference
]

MARKETER_RECORD = np.dtype(
    [
        *_PERSON,
        ("generation_hours", "f8"),  # effective generating hours of the day before
        ("split", "f8"),  # share of free hours spent generating rather than nurturing
        ("belief_a", "f8"), ("belief_b", "f8"),  # P(opportunity | pursued, s) = σ(a + b·z), z = (s − .5)/.2
        ("belief_aa", "f8"), ("belief_ab", "f8"), ("belief_bb", "f8"),
        ("win_rate", "f8"),  # believed P(win | opportunity)
        ("pay_lead", "f8"), ("pay_mql", "f8"), ("pay_accepted", "f8"), ("pay_opportunity", "f8"),
        ("pay_won", "f8"), ("pay_acv", "f8"),  # felt € for one event, for one € of ACV
        ("hour_value", "f8"),  # felt € of one generating hour
        ("soon", "f8"), ("next_touch", "f8"),  # discount factors: to an opportunity, to the next touch
        ("pays_wins", "i8"),  # whether any pay depends on wins
        ("leads_seen", "f8"), ("handed_over", "f8"), ("score_sum", "f8"),  # recent, for the weekly split
        ("pool_gap", "f8"), ("pool_n", "f8"),
    ],
    align=True,
)  # fmt: skip

SELLER_RECORD = np.dtype(
    [
        *_PERSON,
        ("role", "i8"),
        ("log_skill", "f8"),
        ("optimism", "f8"),
        ("trust", "f8"),
        ("territory", "f8"),  # share of the territory not yet worked
        ("yielding", "f8"),  # the same by what an hour in it yields (0 to 1), from the day's begin on
        ("quota", "f8"),  # € this quarter
        ("won_quarter", "f8"),  # € this quarter
        ("pay_factor", "f8"),  # felt pay for one € of ACV relative to the reference rate
        ("pay_later", "f8"),  # the same for what is won after this quarter
        ("pay_rate", "f8"),  # felt € for one € of ACV
        ("rate_later", "f8"),  # the same for what is won after this quarter
        ("low_multiplier", "f8"),  # factor on that for wins of low recorded score
        ("clawback", "f8"),  # months
        ("retained_rate", "f8"),  # felt € a year for one € of ARR that stays
        ("finds", "i8"), ("blocks", "i8"),  # prospecting blocks worked: index of the next draw
        ("tasks", "i8"),  # entries of the day's task list
    ],
    align=True,
)  # fmt: skip

MANAGER_RECORD = np.dtype(
    [
        *_PERSON,
        ("accounts", "i8"),
    ],
    align=True,
)  # fmt: skip

ORGANISATION = np.dtype(
    [
        ("day", "i8"), ("month", "i8"),
        ("leads", "i8"), ("customers", "i8"), ("living", "i8"),
        ("marketers", "i8"), ("developers", "i8"), ("sellers", "i8"), ("managers", "i8"), ("workers", "i8"),
        ("pod", "i8"),
        ("arr", "f8"),
        ("generation", "f8"), ("brand", "f8"),
        ("weight", "f8"),  # weight of fit in the score
        ("bar", "f8"), ("bar_agreed", "f8"),  # scores
        ("bar_level", "f8"), ("bar_agreed_level", "f8"),  # quantiles
        ("low_bar", "f8"), ("low_quantile", "f8"),  # recorded scores below are "low"
        ("fit_logit", "f8"), ("intent_logit", "f8"),  # of the market's medians
        ("usual_chance", "f8"),  # first belief about an average pursued lead
        ("pursue_rate", "f8"),  # recent share of MQLs pursued, for marketers' expectations
        ("hour_cost", "f8"),  # loaded € of one selling hour
        ("reference_mql", "f8"),  # € a reference marketer earns for one MQL
        ("mql_month", "f8"), ("pursued_month", "f8"),  # leads under the agreed rule, this month
        ("programme_ended", "i8"), ("waste_before", "f8"),  # wasted share of hours when the programme began
    ],
    align=True,
)  # fmt: skip

# What is counted, month by month. Sums and counts only; measures are ratios of them.
MONTH_NAMES = (
    "leads", "qualified", "agreed", "mqls", "viable_mqls", "pursued", "reached", "accepted", "opportunities", "wins",
    "marketing_wins", "expired", "burned", "finds", "accepted_marketing", "opportunities_marketing", "decided",
    "new_arr", "expansion_arr", "churned_arr", "opening_arr", "arr", "customers",
    "cohort_arr", "cohort_lost",
    "base_pay", "pay_marketer", "pay_developer", "pay_seller", "pay_success", "discount_cost", "list_arr",
    "cycle_days", "response_hours", "inflation", "amended", "low_wins", "touches", "obliged", "disputes",
    "score_n", "score_x", "score_y", "score_xx", "score_yy", "score_xy",
    "attainment_n", "attainment", "at_quota", "trust", "belief_slope", "bar_level", "bar_agreed_level",
    "effort_marketer", "effort_seller", "split", "territory", "signals", "signals_passed", "oversold",
    "leavers", "revenue", "weight", "attainment_squared",
    "invited", "attended", "programme_weeks", "using", "realised", "programme_cost",
)  # fmt: skip
MONTH_RECORD = np.dtype([(name, "f8") for name in MONTH_NAMES])

TERM_RECORD = np.dtype(
    [
        ("event", "i8"), ("scope", "i8"), ("period", "i8"), ("clawback_months", "i8"), ("on_quota", "i8"),
        ("rate", "f8"), ("target", "f8"), ("cliff", "f8"), ("cap", "f8"), ("accelerator", "f8"),
        ("low_multiplier", "f8"), ("reference", "f8"),  # annual amount the rate was priced with
    ],
    align=True,
)  # fmt: skip

TASK_RECORD = np.dtype(
    [("kind", "i8"), ("lead", "i8"), ("value", "f8"), ("hours", "f8"), ("passes", "i8"), ("worth", "f8")], align=True
)
# kinds of task
DONE, CONTACT, DISCOVER, ADVANCE, CLOSE, DEEPEN, PROSPECT_TASK = range(7)

# columns of ``pay``: since the first measured day (but what is due, and recent pay of a month, which go on)
PAY_BASE, PAY_VARIABLE, PAY_DUE, PAY_ATTAINMENT, PAY_QUARTERS, PAY_RECENT = range(6)
N_PAY = 6
# periods of ``counts`` and ``pooled``
N_PERIODS, MEASURED = 4, 3
N_BINS = 200  # of the score histogram
N_RETURNED = 25  # bins of returned dispositions

# ``dials``: what a programme moves, by name in the record of parameters; and the columns
DIALS = (
    "process", "data_quality", "technology", "shared_definition", "visibility", "feedback", "sla_hours",
    "follow_up_obligation", "coordination_hours",
)  # fmt: skip
N_DIALS = 9
TODAY, PLANNED, BUILT = range(3)
# ``adoption``: columns
USES, TRAINED, SINCE = range(3)  # works the new way (0 or 1), workshops attended, day of taking it up


# Arrays of an organisation: name → (dtype, axes).
LAYOUT: dict[str, tuple[np.dtype[Any], int]] = {
    "leads": (LEAD, 1),
    "customers": (CUSTOMER, 1),
    "marketers": (MARKETER_RECORD, 1),
    "sellers": (SELLER_RECORD, 1),  # development representatives first, then sellers
    "managers": (MANAGER_RECORD, 1),
    "lists": (LIST, 1),  # waiting lines, see sim.rules.lists
    "org": (ORGANISATION, 1),  # one record
    "params": (PARAMS_DTYPE, 1),  # one record, see sim.parameters.numeric_record
    "plan": (PLAN_DTYPE, 1),  # one record: the programme, and readiness for it
    "dials": (np.dtype(np.float64), 2),  # (dial; today, planned, share built)
    "adoption": (np.dtype(np.float64), 2),  # (worker, column)
    "months": (MONTH_RECORD, 1),  # one record a month
    "hours": (np.dtype(np.int64), 3),  # seconds, (month, role, class)
    "owed": (np.dtype(np.int64), 2),  # seconds begun and not yet booked, (worker, class)
    "counts": (np.dtype(np.float64), 3),  # (worker, event, period) since the period began; the fourth is measured time
    "pooled": (np.dtype(np.float64), 3),  # (role, or 4 for the company; event; period)
    "pay": (np.dtype(np.float64), 2),  # (worker, column)
    "earnings": (np.dtype(np.float64), 2),  # (role, 2): base € a month, on-target variable € a year
    "paid_terms": (TERM_RECORD, 2),  # (role, term): what is paid
    "felt_terms": (TERM_RECORD, 2),  # (role, term): what people think they are paid for
    "other_paid": (TERM_RECORD, 2),  # of the plan that a programme brings; once that is in force, of the former one
    "other_felt": (TERM_RECORD, 2),
    "other_earnings": (np.dtype(np.float64), 2),
    "histogram": (np.dtype(np.float64), 1),  # recent scores
    "shares": (np.dtype(np.float64), 1),  # cumulative generating hours by marketer
    "returned": (np.dtype(np.float64), 2),  # dispositions of the month by score: (bin; leads, opportunities)
    "tasks": (TASK_RECORD, 1),  # the day's task list of the person at work
    "keys": (np.dtype(np.uint64), 1),  # one key a stream
}
PLACES = {name: number * SLOTS for number, name in enumerate(LAYOUT)}  # in the table


class World:
    """The arrays of one organisation (see ``LAYOUT``). Compiled code changes them in place.

    Attributes
    ----------
    leads, customers, … : arrays
        One attribute for each entry of ``LAYOUT``; replace one only by :meth:`put`.
    table, address : uint64 array and its address
        Where compiled code finds the arrays.
    """

    def __init__(self, **arrays: NDArray[Any]) -> None:
        self.table = np.zeros(len(LAYOUT) * SLOTS, np.uint64)
        self.address = self.table.ctypes.data
        for name in LAYOUT:
            self.put(name, arrays[name])

    def put(self, name: str, array: NDArray[Any]) -> None:
        """Use ``array`` from now on."""
        dtype, axes = LAYOUT[name]
        if array.dtype != dtype or array.ndim != axes or not array.flags.c_contiguous:
            raise TypeError(f"{name}: an array of {dtype} with {axes} axes, C-contiguous, is needed")
        if dtype.names:
            array = array.view(np.recarray)
        setattr(self, name, array)
        place = PLACES[name]
        self.table[place] = array.ctypes.data
        self.table[place + 1 : place + 1 + axes] = array.shape

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays by name."""
        return {name: getattr(self, name) for name in LAYOUT}

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"an organisation has no array '{name}'")

    def __getstate__(self) -> dict[str, Any]:
        return {name: np.asarray(array) for name, array in self.arrays().items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        World.__init__(self, **state)


register_world(World, LAYOUT)


# Arrays that grow between days, and how compiled code says that one must.
LEADS_FULL, CUSTOMERS_FULL, TASKS_FULL = 1, 2, 4
GROWING = {"leads": LEADS_FULL, "customers": CUSTOMERS_FULL, "tasks": TASKS_FULL}


def records(size: int | tuple[int, ...], dtype: np.dtype[Any]) -> Records:
    """Zeroed records that compiled and interpreted code read by attribute."""
    return np.zeros(size, dtype).view(np.recarray)


def digest_parts(world: World) -> list[tuple[str, NDArray[Any]]]:
    """Everything that is state, cut to what is used: names and arrays in a fixed order."""
    used = {"leads": int(world.org["leads"][0]), "customers": int(world.org["customers"][0])}
    # Inputs (a programme changes some: see ``dials``, ``paid_terms``), and scratch.
    skipped = ("params", "plan", "keys", "tasks", "other_paid", "other_felt", "other_earnings")
    return [
        (name, np.asarray(array[: used[name]] if name in used else array))
        for name, array in world.arrays().items()
        if name not in skipped
    ]

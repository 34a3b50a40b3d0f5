"""What is known of each measure, and how measures are grouped when they are shown."""

from __future__ import annotations

from dataclasses import dataclass

from sim.measures import MEASURES

ROLES = ("marketer", "developer", "seller", "success")
USEFUL = (
    "generating",
    "nurturing",
    "qualifying",
    "contacting",
    "opportunity",
    "prospecting",
    "care",
    "coordination",
    "administration",
)
# Wasted hours by what the figure rests on (see `kinds` and `report.waste` in the texts).
WASTED = {
    "counted": ("unviable", "search", "correction", "dispute", "unpursued"),
    "automatable": ("manual",),
    "slack": ("idle",),
}
WASTED_CLASSES = tuple(name for names in WASTED.values() for name in names)
CLASSES = (*USEFUL, *WASTED_CLASSES)

# The measures of the headline table, in the order in which a person asks for them.
GROUPS = {
    "money": (
        "revenue_growth", "new_arr", "expansion_arr", "churned_arr", "net_retention", "cohort_retention", "gtm_profit",
    ),
    "time": ("wasted_time_share", "selling_time_share"),
    "funnel": (
        "mqls", "mql_viable_share", "mql_to_sql", "win_rate", "cycle_days", "first_response_hours",
        "never_followed_up_share", "obliged_per_seller_month",
    ),
    "information": ("score_validity", "threshold_shift", "score_inflation", "trust"),
    "pay": ("pay_marketing", "pay_sales", "pay_per_new_arr", "attainment_mean"),
}  # fmt: skip
HEADLINE = tuple(name for names in GROUPS.values() for name in names)
# The distributions worth a picture; growth alone hides what profit shows.
PICTURED = ("revenue_growth", "wasted_time_share", "gtm_profit", "mql_viable_share", "win_rate", "net_retention")


@dataclass(frozen=True)
class Known:
    """Name, unit and good direction of a measure.

    Attributes
    ----------
    label, definition : str
        English name; what it means.
    unit : str
        One of "fraction", "€", "hours", "days", "leads", "deals", "ratio", "people", "".
    better : {"up", "down", ""}
        Which direction is good for the organisation, if any.
    """

    label: str
    unit: str
    definition: str
    better: str


def measure(name: str) -> Known:
    """What is known of a measure; a foreign model's measure is known by its name alone."""
    found = MEASURES.get(name)
    if found is None:
        return Known(name.replace("_", " "), "", "", "")
    return Known(found.label, found.unit, found.definition, found.better)


def hours_class(name: str) -> tuple[str, str] | None:
    """Role and class of a measure ``hours_<role>_<class>``; None for any other measure."""
    prefix, _, rest = name.partition("_")
    role, _, kind = rest.partition("_")
    return (role, kind) if prefix == "hours" and role in ROLES and kind in CLASSES else None

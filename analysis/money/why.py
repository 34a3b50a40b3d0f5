"""Why a programme is worth what it is: its parts, its swing variables, where it loses, what to find out."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.money.today import Estimate, Words


@dataclass(frozen=True)
class Part:
    """What a part of the programme adds to its NPV before external cost (Shapley); parts sum to the whole."""

    part: str
    label: Words
    npv: Estimate


@dataclass(frozen=True)
class Decomposition:
    """Who makes the gain, programme begun now.

    Attributes
    ----------
    parts : tuple of Part
        ``pay``, ``agreements``, ``capability``, as far as the programme has them.
    whole : Estimate
        NPV before external cost: the sum of the parts.
    payout_only : Estimate or None
        The new pay plan paid on unchanged behaviour: what a compensation tool would say. None: pay stays.
    behaviour_on : Estimate or None
        The same plan once people behave by it, nothing else changed.
    """

    parts: tuple[Part, ...]
    whole: Estimate
    payout_only: Estimate | None
    behaviour_on: Estimate | None


@dataclass(frozen=True)
class Swing:
    """A variable and what the NPV is at the ends of its range (a bar of the tornado).

    Attributes
    ----------
    low, high : float or None
        10 % and 90 % quantile of the variable; None for words.
    npv_low, npv_high : float
        Expected NPV with the variable there and all others as they come.
    variance_share : float
        Share of the variance of the NPV over parameters that it explains by itself: what knowing it would remove.
    correlation : float
        Rank correlation with the NPV.
    by_chance : float
        Probability that the strongest of all variables would correlate as much if none of them mattered (Šidák).
    """

    key: str
    label: Words
    unit: str
    low: float | None
    high: float | None
    npv_low: float
    npv_high: float
    variance_share: float
    correlation: float
    by_chance: float
    source: str
    grade: str


@dataclass(frozen=True)
class Threshold:
    """A side of a box: the factor is at least ``low``, at most ``high``, or one of ``levels``."""

    key: str
    label: Words
    unit: str
    low: float | None
    high: float | None
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Region:
    """What would have to be true (PRIM).

    Attributes
    ----------
    thresholds : tuple of Threshold
        All of them hold.
    text : mapping
        In words.
    coverage, density, mass : float
        Share of all losing draws inside; share of those inside that lose; share of all draws inside.
    """

    thresholds: tuple[Threshold, ...]
    text: Words
    coverage: float
    density: float
    mass: float


@dataclass(frozen=True)
class Losing:
    """What would have to be true for the programme to lose money.

    Attributes
    ----------
    share : float
        Share of draws of parameters that lose.
    draws : int
        How many were searched.
    regions : tuple of Region
        Empty where losing is too rare, too common, or like chance.
    density_unseen, base : float or None
        Density of the first region on draws it has not seen, and of no region at all.
    holds : bool
        Whether the region tells more than none, beyond doubt.
    """

    share: float
    draws: int
    regions: tuple[Region, ...]
    density_unseen: float | None
    base: float | None
    holds: bool


@dataclass(frozen=True)
class ToCollect:
    """A fact whose collection would narrow the answer.

    Attributes
    ----------
    variance_share : float
        Share of the variance of the NPV (parameters only) that knowing it would remove.
    how : mapping
        How a client can find it out.
    by_chance : float
        As in :class:`Swing`: among many variables and few draws, some explain much by luck.
    """

    key: str
    label: Words
    variance_share: float
    how: Words
    by_chance: float


@dataclass(frozen=True)
class Spread:
    """Which part of the variance of a run's NPV is parameters and which is luck."""

    parameters: float
    luck: float
    draws: int
    per_draw: int

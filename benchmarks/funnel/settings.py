"""What all four programs share: the settings of the funnel and the counts it ends with."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Setting:
    """Settings of the reduced funnel; ``README.md`` says what each one does.

    The defaults are the yardstick. They are frozen: a changed default is another yardstick.
    """

    marketers: int = 10
    sellers: int = 20
    days: int = 252
    touches_per_day: int = 8
    advances_to_win: int = 4
    days_to_expiry: int = 60
    days_per_month: int = 21
    leads_per_day: float = 4.0
    score_noise: float = 1.0
    freshness_days: float = 10.0
    advance_base: float = -0.3
    advance_quality: float = 0.8
    advance_stage: float = 0.15
    loss_base: float = -2.2
    loss_quality: float = 0.6
    loss_touch: float = 0.1
    churn_per_month: float = 0.02

    def __post_init__(self) -> None:
        if not (0 <= self.marketers <= 2**20 and self.sellers >= 1 and self.days >= 0):
            raise ValueError("needs 0 to 2**20 marketers, at least one seller and no negative number of days")
        if not (1 <= self.touches_per_day <= 64 and self.days_per_month >= 1 and self.advances_to_win >= 1):
            raise ValueError("needs 1 to 64 touches a day, months of at least a day and at least one advance to win")
        # A marketer has 64 ids a day: a higher rate would feel the limit.
        if not (0.0 <= self.leads_per_day <= 20.0 and self.freshness_days > 0.0 and self.days_to_expiry >= 1):
            raise ValueError("needs 0 to 20 leads a day, and positive freshness_days and days_to_expiry")

    def times(self, factor: int) -> Setting:
        """Return the same funnel with ``factor`` times the marketers and sellers."""
        return replace(self, marketers=self.marketers * factor, sellers=self.sellers * factor)


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run ends with; ``leads == open + won + lost + expired`` always holds."""

    leads: int
    touches: int
    open: int
    won: int
    lost: int
    expired: int
    churned: int

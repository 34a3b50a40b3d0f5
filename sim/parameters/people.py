"""People and their work: who is employed, what they earn, what each event takes."""

from __future__ import annotations

from dataclasses import dataclass

from sim.parameters.declare import param


@dataclass(frozen=True)
class People:
    """Headcount, earnings, ramp, turnover and the spread of character."""

    marketers: int = param(14, "people", "marketers", 0, 20_000, kind="lever", source="archetype", grade="judgement")
    developers: int = param(10, "people", "development representatives (0: sellers make first contact)", 0, 20_000, kind="lever", source="archetype", grade="judgement")
    sellers: int = param(13, "people", "sellers who close", 0, 20_000, kind="lever", source="quota arithmetic of the archetype", grade="judgement")
    success_managers: int = param(18, "people", "customer success managers", 0, 20_000, kind="lever", source="ARR per manager 1–2 M€", grade="D")
    pod_size: int = param(7, "people", "people in a pod for pay terms of pod scope", 1, 10_000, kind="lever")
    marketer_earnings: float = param(70_000.0, "€/year", "on-target earnings of a marketer", 0, 1e7, kind="lever")
    developer_earnings: float = param(65_000.0, "€/year", "on-target earnings of a development representative", 0, 1e7, kind="lever")
    seller_earnings: float = param(150_000.0, "€/year", "on-target earnings of a seller", 0, 1e7, kind="lever", source="quota to on-target earnings 4.8 ×, n = 83", grade="C")
    success_earnings: float = param(75_000.0, "€/year", "on-target earnings of a success manager", 0, 1e7, kind="lever")
    marketer_variable: float = param(0.15, "fraction", "variable share of a marketer's on-target earnings", 0, 1, "beta(0.15, 30)", kind="lever", source="ICONIQ 2021", grade="C")
    developer_variable: float = param(0.36, "fraction", "variable share of a development representative's on-target earnings", 0, 1, kind="lever", source="pay-mix surveys 64/36", grade="C")
    seller_variable: float = param(0.5, "fraction", "variable share of a seller's on-target earnings", 0, 1, "triangular(0.4, 0.5, 0.6)", kind="lever", source="pay-mix surveys 50/50", grade="C")
    success_variable: float = param(0.15, "fraction", "variable share of a success manager's on-target earnings", 0, 1, kind="lever", source="ICONIQ 2021", grade="C")
    quota: float = param(187_500.0, "€/quarter", "new ARR a ramped seller is asked for in a quarter", 0, 1e12, "triangular(150000, 187500, 225000)", kind="lever", source="quota benchmarks 750 k€ a year", grade="C")
    quota_ratchet_up: float = param(0.0, "fraction", "part of overachievement added to the next quota", 0, 1, "uniform(0, 0.9)", kind="lever", source="Leone, Misra & Zimmerman 2004 (.5 where used)", grade="B")
    quota_ratchet_down: float = param(0.0, "fraction", "part of underachievement taken off the next quota", 0, 1, "uniform(0, 0.5)", kind="lever", source="Leone, Misra & Zimmerman 2004 (.2 where used)", grade="B")
    loading: float = param(1.35, "ratio", "loaded cost of a person relative to earnings", 1, 5, "triangular(1.2, 1.35, 1.6)")
    marketing_spend_share: float = param(0.10, "fraction of ARR", "media and programme spend as share of opening ARR", 0, 1, "triangular(0.05, 0.10, 0.15)", source="SiriusDecisions; marketing-share surveys", grade="D")
    overhead_share: float = param(0.10, "fraction of ARR", "selling overhead that no agent of the model makes", 0, 1, "triangular(0.08, 0.10, 0.12)", source="gap between bottom-up cost and survey medians", grade="judgement")
    ramp_months: float = param(5.0, "months", "time until a new seller works at full skill", 0, 60, "gamma(5, 6)", source="Bridge Group 2024", grade="C")
    ramp_start: float = param(0.4, "ratio", "skill of a new seller on the first day relative to full skill", 0.01, 1, "uniform(0.3, 0.6)")
    opening_tenure_years: float = param(3.0, "years", "how long the oldest seller of the first day has been there", 0, 100, kind="setting", source="convention", grade="-")
    turnover: float = param(0.30, "1/year", "hazard that a seller leaves in a year", 0, 5, "beta(0.30, 30)", source="CSO Insights; Xactly 2019", grade="C")
    turnover_pay: float = param(2.0, "per unit", "relative rise of that hazard when pay falls to zero (recent months against on-target earnings)", 0, 20, "uniform(0, 4)")
    pay_memory_months: float = param(6.0, "months", "months that make up what a person takes for recent pay", 1, 120)
    skill_spread: float = param(0.5, "log sd", "spread of skill between sellers", 0, 2, "uniform(0.3, 1.0)", source="skewed attainment (C7)", grade="C")
    marketer_skill_spread: float = param(0.25, "log sd", "spread of skill between marketers", 0, 2, "uniform(0.1, 0.5)")
    integrity_mean: float = param(1.0, "", "weight a person gives to not passing on what they know is bad", 0, 20, "uniform(0.3, 1.5)")
    integrity_spread: float = param(0.4, "log sd", "spread of integrity between people", 0, 2, "uniform(0.2, 0.6)")
    discount_mean: float = param(0.25, "1/quarter", "how fast people discount later pay", 0, 5, "uniform(0.05, 0.5)", source="Chung, Steenburgh & Sudhir 2014", grade="B")
    discount_spread: float = param(0.4, "log sd", "spread of discounting between people", 0, 2, "uniform(0.2, 0.6)")
    optimism_mean: float = param(0.53, "logit", "happy ears: how much sellers overrate their deals", -5, 5, "uniform(0.2, 0.9)")
    optimism_spread: float = param(0.3, "logit", "spread of optimism between sellers", 0, 3, "uniform(0.1, 0.5)")


@dataclass(frozen=True)
class Workload:
    """What one event takes in hours. Hours come from events only, never from a dial."""

    day_hours: float = param(8.0, "hours", "paid hours of a day", 1, 24, kind="setting", grade="-", source="convention")
    marketer_fixed: float = param(0.30, "fraction", "necessary administration of a marketer by decree: meetings, mail, planning", 0, 0.95, "uniform(0.2, 0.4)")
    seller_fixed: float = param(0.48, "fraction", "necessary administration of sellers by decree: meetings, mail, forecasts, travel", 0, 0.95, "uniform(0.35, 0.58)", source="selling time 22–41 %: CSO Insights, McKinsey", grade="C")
    success_fixed: float = param(0.30, "fraction", "necessary administration of a success manager by decree", 0, 0.95, "uniform(0.2, 0.4)")
    qualify: float = param(0.35, "hours", "qualifying one captured lead", 0, 100, "uniform(0.2, 0.5)")
    nurture: float = param(0.25, "hours", "one nurturing touch at technology 0", 0, 100, "uniform(0.15, 0.4)")
    handover: float = param(0.1, "hours", "passing one MQL on", 0, 100, "uniform(0.05, 0.2)")
    triage: float = param(0.15, "hours", "looking at one arriving lead", 0, 100, "uniform(0.02, 0.4)", source="nobody has measured it: field data wanted")
    contact: float = param(0.39, "hours", "one attempt to reach a lead", 0, 100, "uniform(0.25, 0.5)")
    discovery: float = param(1.2, "hours", "one discovery meeting", 0, 100, "uniform(0.8, 1.8)")
    discovery_margin: float = param(1.0, "hours", "what a seller allows for around that meeting (search, corrections) when choosing among tasks", 0, 100)
    step: float = param(1.4, "hours", "one step of a deal: meeting, demo, proposal", 0, 200, "uniform(0.6, 2.5)")
    deepen: float = param(1.2, "hours", "one more piece of work on an open deal", 0.05, 100, "uniform(0.6, 2)")
    close: float = param(1.2, "hours", "negotiating and closing", 0, 200, "uniform(0.6, 2)")
    prospect: float = param(1.0, "hours", "one block of prospecting in the own territory", 0.1, 100, "uniform(0.5, 1.5)")
    note: float = param(1.5, "hours", "writing the hand-over note for a new customer", 0, 100, "uniform(0.5, 2.5)")
    search: float = param(0.5, "hours", "searching for one field that exists but did not cross", 0, 100, "uniform(0.2, 1)")
    question: float = param(0.2, "hours", "asking the buyer for one field that was never captured", 0, 100, "uniform(0.1, 0.4)")
    correction: float = param(0.9, "hours", "repairing what one wrong field led to", 0, 100, "uniform(0.4, 1.5)")
    dispute: float = param(0.6, "hours", "arguing about one lead without an agreed rule, each side", 0, 100, "uniform(0.3, 1)")
    dispute_agreed: float = param(0.25, "hours", "settling one lead under an agreed rule, each side", 0, 100, "uniform(0.1, 0.5)")
    duplicate: float = param(0.4, "hours", "merging one duplicate record", 0, 100, "uniform(0.2, 0.6)")
    record: float = param(0.25, "hours", "entering one event in the systems by hand", 0, 100, "uniform(0.1, 0.4)")
    onboarding: float = param(12.0, "hours", "onboarding one customer", 0, 2_000, "lognormal(12, 0.3)")
    care: float = param(1.2, "hours", "one care visit to one customer", 0, 200, "lognormal(1.2, 0.3)")
    expansion: float = param(4.0, "hours", "working one expansion signal", 0, 500, "lognormal(4, 0.3)")

"""The market and the customer base: who could buy, what makes them buy, stay and grow."""

from __future__ import annotations

from dataclasses import dataclass

from sim.parameters.declare import param


@dataclass(frozen=True)
class Market:
    """Demand from outside, the leads it consists of, and what wins them."""

    candidates_per_day: float = param(139.0, "candidates/day", "people in the market each day whom marketing could capture", 0, 100_000, "lognormal(139, 0.3)", source="lead volumes implied by ACV, win rates and ARR", grade="judgement")
    capture_share: float = param(0.35, "fraction", "share of candidates captured at reference generating effort", 0, 0.99, "beta(0.35, 25)")
    generation_reference: float = param(45.0, "hours/day", "effective generating hours at which capture_share holds", 0, 1e6, kind="setting", source="generating hours of the calibrated siloed baseline", grade="-")
    generation_elasticity: float = param(0.55, "", "returns to generating hours (below 1: diminishing)", 0.0, 1.0, "uniform(0.3, 0.9)", source="Sethuraman, Tellis & Briesch 2011: advertising elasticity .12", grade="B")
    brand_share: float = param(0.2, "fraction", "part of captured demand that rests on generating work of past months", 0, 1, "uniform(0.05, 0.4)")
    brand_memory_days: float = param(126.0, "days", "memory of the demand stock", 5, 2_000, "lognormal(126, 0.4)")
    fit_mean: float = param(0.45, "fraction", "median fit of a lead to the product", 0.02, 0.98, "beta(0.45, 60)")
    fit_spread: float = param(0.9, "logit sd", "spread of fit between leads", 0, 4, "uniform(0.6, 1.3)")
    intent_mean: float = param(0.3, "fraction", "median buying intent of a captured lead", 0.02, 0.98, "beta(0.30, 60)")
    intent_spread: float = param(0.9, "logit sd", "spread of intent between leads", 0, 4, "uniform(0.6, 1.3)")
    fit_intent_correlation: float = param(0.2, "", "correlation of fit and intent between leads", -0.95, 0.95, "uniform(0, 0.4)")
    intent_half_life_days: float = param(75.0, "days", "time in which the intent of an untouched lead halves", 1, 10_000, "lognormal(75, 0.4)")
    acv: float = param(35_000.0, "€", "mean annual contract value of a lead", 1, 1e8, "lognormal(35000, 0.2)", source="Bridge Group 2017; KBCM 2019", grade="C")
    acv_spread: float = param(0.6, "log sd", "spread of annual contract value", 0, 2.5, "uniform(0.4, 0.8)", source="KBCM 2019", grade="C")
    cycle_days: float = param(36.0, "days", "median business days from opportunity to close when each step succeeds", 1, 1_000, "lognormal(36, 0.25)", source="Bridge Group 2017", grade="C")
    cycle_spread: float = param(0.4, "log sd", "spread of the buying-cycle length", 0, 2, "uniform(0.3, 0.6)", source="Bridge Group 2017", grade="C")
    project_intercept: float = param(0.39, "logit", "log-odds that a real project stands behind a lead of intent .4", -8, 8, "normal(0.39, 0.4)", source="calibrated: diminishing returns to selling hours (C9)")
    project_intent: float = param(3.7, "logit per unit", "how much intent says about a real project", 0, 20, "uniform(2, 5)", source="calibrated (C9)")
    readiness_mean: float = param(0.27, "fraction", "intent below which a first call comes too early", 0, 1, "uniform(0.15, 0.45)")
    readiness_spread: float = param(0.12, "fraction", "spread of that readiness between leads", 0, 1, "uniform(0.05, 0.2)")
    burn_probability: float = param(0.5, "fraction", "chance that a lead called too early is lost at once", 0, 1, "uniform(0.3, 0.8)")
    burn_setback: float = param(0.5, "fraction", "part of its intent that a lead called too early keeps if not lost", 0, 1, "uniform(0.3, 0.8)")
    win_intercept: float = param(-1.9, "logit", "log-odds of winning a reference deal", -10, 10, "normal(-1.9, 0.5)", source="calibrated to win rates (C2)", grade="C")
    win_fit: float = param(1.1, "logit per unit", "effect of fit on winning (weak: fit decides who stays)", 0, 10, "uniform(0.4, 2)")
    win_intent: float = param(5.0, "logit per unit", "effect of intent at the close on winning", 0, 20, "uniform(3, 7)")
    win_hours: float = param(0.46, "logit per log", "effect of ln(1 + hours / win_hours_scale) worked on a deal", 0, 5, "uniform(0.2, 0.8)", source="calibrated: diminishing returns to selling hours (C9)")
    win_hours_scale: float = param(6.7, "hours", "hours of work on a deal at which returns have clearly fallen", 0.1, 500, "lognormal(6.7, 0.3)")
    win_skill: float = param(0.5, "logit per log", "effect of ln(seller skill)", 0, 5, "uniform(0.3, 0.8)")
    win_delay: float = param(0.25, "logit per log", "effect of ln(1 + hours to first response): odds × (1 + hours)^−β", 0, 2, "triangular(0.10, 0.25, 0.50)", source="Oldroyd 2007 and HBR 2011, shrunk: observational", grade="D")
    win_discount: float = param(3.0, "logit per unit", "effect of a price discount on winning", 0, 20, "uniform(1.5, 5)", source="Larkin 2014: discounts at quarter end", grade="B")
    win_not_real: float = param(-3.1, "logit", "log-odds shift when there is no real project", -10, 0, "uniform(-4, -2)")
    fit_center: float = param(0.45, "fraction", "fit of the reference deal", 0, 1)
    intent_center: float = param(0.4, "fraction", "intent of the reference deal", 0, 1)
    gross_margin: float = param(0.78, "fraction", "gross margin on recurring revenue", 0, 1, "triangular(0.70, 0.78, 0.85)", grade="C", source="KBCM 2019")


@dataclass(frozen=True)
class Customers:
    """The customer base: how it leaves, what more it wants, what it costs to care for."""

    opening_arr: float = param(30e6, "€", "annual recurring revenue on the first day", 0, 1e12, kind="setting", source="archetype", grade="-")
    opening_customer_years: float = param(5.0, "years", "how long the oldest customer of the first day has been one", 0, 100, kind="setting", source="convention", grade="-")
    opening_fit: float = param(0.3, "logit", "how much better the customers of the first day fit than leads do", -5, 5, source="those who fit stay", grade="judgement")
    opening_missing: float = param(0.675, "fraction", "share of hand-over fields that the customers of the first day lack, on average", 0.175, 0.825)
    opening_demand_months: float = param(2.0, "months", "months of unmet demand that the customers of the first day bring", 0, 120)
    churn_monthly: float = param(0.0062, "1/month", "hazard of leaving of a reference customer", 0, 1, "lognormal(0.0062, 0.2)", source="SaaS Capital 2023; KBCM 2019", grade="C")
    churn_fit: float = param(1.9, "log per unit", "how much poor fit raises the hazard", 0, 10, "lognormal(1.9, 0.3)", source="Kim et al. 2019; Villanueva et al. 2008", grade="B")
    churn_discount: float = param(2.0, "per unit", "relative hazard added by a discount", 0, 20, "uniform(0, 4)")
    churn_missing: float = param(0.6, "per unit", "relative hazard added when no field of the hand-over note is known", 0, 10, "uniform(0.2, 1)")
    churn_oversold: float = param(0.5, "", "relative hazard of a customer who was oversold", 0, 10, "uniform(0.2, 1)")
    churn_first_year: float = param(1.4, "ratio", "hazard in the first year relative to later", 0, 20, "uniform(1.1, 1.8)")
    churn_not_onboarded: float = param(0.4, "", "relative hazard of a customer not onboarded within 30 days", 0, 10, "uniform(0.1, 0.8)")
    note_coverage: float = param(0.8, "fraction", "part of the hand-over fields that a written note brings across", 0, 1, "uniform(0.6, 0.95)")
    demand_monthly: float = param(0.0147, "1/month", "unmet demand that arises each month as share of a customer's ARR", 0, 1, "lognormal(0.0147, 0.2)", source="KBCM 2019: expansion share of new ARR", grade="C")
    demand_decay: float = param(0.03, "1/month", "share of unmet demand that goes elsewhere each month", 0, 1, "uniform(0.01, 0.05)")
    demand_fit: float = param(1.2, "per unit", "how much demand depends on fit (0: not at all)", 0, 5, "uniform(0.5, 2)")
    data_decay_monthly: float = param(0.021, "1/month", "share of contact fields that go stale each month", 0, 1, "gamma(0.021, 12)", source="MarketingSherpa contact decay", grade="D")

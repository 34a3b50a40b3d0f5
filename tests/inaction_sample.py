"""A result of ``gtm inaction`` written by hand, for tests of what reads one. No run stands behind it."""

from __future__ import annotations

import math
from collections.abc import Callable

from analysis.money.results import (
    Answer,
    Audit,
    BreakEven,
    Claim,
    Client,
    Components,
    Decomposition,
    Estimate,
    Fact,
    Fan,
    LeverRange,
    Losing,
    Part,
    Payback,
    Programme,
    Rate,
    Region,
    Reproduce,
    Result,
    Spread,
    Start,
    StatusQuo,
    Swing,
    Threshold,
    ToCollect,
    Waste,
)

MONTHS = 36
RATE, TAX = 0.12, 0.25


def both(text: str, spanish: str = "") -> dict[str, str]:
    """Words in both languages."""
    return {"en": text, "es": spanish or text}


def estimate(mean: float, spread: float) -> Estimate:
    """A bell around ``mean``."""
    positive = 0.5 * (1.0 + math.erf(mean / spread / math.sqrt(2.0)))
    low, q10, q90, high = (mean + k * spread for k in (-1.96, -1.2816, 1.2816, 1.96))
    error = 1.96 * spread / 10.0
    return Estimate(mean, low, high, q10, mean, q90, mean - error, mean + error, positive, 100)


def fan(of: Callable[[int], float], spread: Callable[[int], float]) -> Fan:
    """A trajectory."""
    lines = [tuple(of(m) + k * spread(m) for m in range(1, MONTHS + 1)) for k in (0, -1.96, -1.2816, 0, 1.2816, 1.96)]
    return Fan(*lines)


def start(delay: int | None, npv_now: float) -> Start:
    """A start ``delay`` months from now."""
    first = MONTHS + 1 if delay is None else delay + 1

    def part(gain: float, cost: float) -> list[tuple[float, ...]]:
        since = [max(m - first + 1, 0) for m in range(1, MONTHS + 1)]
        margin = tuple(gain * max(k - 6, 0) / 24.0 for k in since)
        pay = tuple(-500.0 if k > 3 else 0.0 for k in since)
        external = tuple(-cost / 12.0 if 0 < k <= 12 else 0.0 for k in since)
        tax = tuple(-TAX * (a + b + c) for a, b, c in zip(margin, pay, external, strict=True))
        net = tuple(sum(four) for four in zip(margin, pay, external, tax, strict=True))
        return [margin, pay, external, tax, net]

    components = Components(*part(30_000.0, 120_000.0))
    net = components.net
    npv = sum(c / (1.0 + RATE) ** ((m + 1) / 12.0) for m, c in enumerate(net))
    spent = (1.0 - TAX) * sum(c / (1.0 + RATE) ** ((m + 1) / 12.0) for m, c in enumerate(components.programme))
    even = math.nan if delay is None else 120_000.0 * (1.0 - npv / spent)
    summed = [sum(net[: m + 1]) for m in range(MONTHS)]
    never = delay is None
    wide = 0.0 if never else 1.0
    back = next((m + 1 for m in range(MONTHS) if min(summed[m:]) >= 0.0), None)
    value = estimate(npv, 60_000.0) if not never else Estimate(0, 0, 0, 0, 0, 0, 0, 0, 0, 100)
    return Start(
        delay_months=delay,
        cash=fan(lambda m: net[m - 1], lambda m: wide * 1_000.0),
        cumulative=fan(lambda m: summed[m - 1], lambda m: wide * 1_000.0 * m),
        components=components,
        npv=value,
        npv_with_tail=value if never else estimate(3.0 * npv, 180_000.0),
        payback=Payback(0.0 if never else 0.8, None if never else 18.0, None if never else 26.0, None, back),
        irr=Rate(0.0 if never else 0.8, *([None] * 4 if never else [0.1, 0.8, 1.0, 0.75])),
        break_even_cost=BreakEven(*([None] * 6 if never else [even, *(even + k * 8e4 for k in (-2, -1.3, 0, 1.3, 2))])),
        given_up=estimate(npv_now - npv, 30_000.0) if delay != 0 else Estimate(0, 0, 0, 0, 0, 0, 0, 0, 0, 100),
        probability_waiting_was_right=0.0 if delay == 0 else 0.2,
        success=None if never else 0.4,
        failure=None if never else 0.2,
        adoption=None if never else 0.7,
    )


def sample() -> Result:
    """The whole result."""
    now = start(0, 0.0)
    now_npv = now.npv.mean
    months = range(1, MONTHS + 1)
    facts = (
        Fact(
            "arr",
            both("annual recurring revenue", "ingresos recurrentes anuales (ARR)"),
            4.2e6,
            None,
            None,
            "€",
            "given",
            "-",
            "",
        ),
        Fact("people.sellers", both("sellers", "vendedores"), 6.0, None, None, "people", "given", "-", ""),
        Fact(
            "readiness.priority",
            both("rank of the programme", "prioridad del programa"),
            0.45,
            0.2,
            0.7,
            "fraction",
            "audit",
            "-",
            "",
        ),
        Fact(
            "market.win_hours",
            both("effect of hours on winning", "efecto de las horas en el cierre"),
            0.58,
            0.3,
            0.8,
            "logit per log",
            "assumed",
            "judgement",
            "calibrated: C9",
        ),
    )
    programme = Programme(
        name="revops",
        label="RevOps & objetivos compartidos",
        preset="process_first",
        cost=120_000.0,
        duration_months=12.0,
        pay_plan="shared_okr",
        pay_in_force_month=4,
        starts=(now, *(start(delay, now_npv) for delay in (3, 6, 12, None))),
        delay_per_month=estimate((now_npv - start(3, now_npv).npv.mean) / 3.0, 4_000.0),
        decomposition=Decomposition(
            parts=(
                Part("pay", both("pay plan", "plan de retribución"), estimate(-20_000.0, 20_000.0)),
                Part(
                    "agreements", both("agreements and sight", "acuerdos y visibilidad"), estimate(90_000.0, 40_000.0)
                ),
                Part(
                    "capability",
                    both("process, data, technology", "procesos, datos, tecnología"),
                    estimate(60_000.0, 30_000.0),
                ),
            ),
            whole=estimate(130_000.0, 60_000.0),
            payout_only=estimate(-5_000.0, 4_000.0),
            behaviour_on=estimate(-20_000.0, 20_000.0),
        ),
        tornado=(
            Swing(
                "readiness.leadership",
                both("support by management", "apoyo de la dirección"),
                "fraction",
                0.2,
                0.8,
                now_npv - 90_000.0,
                now_npv + 80_000.0,
                0.31,
                0.55,
                0.001,
                "audit",
                "-",
            ),
            Swing(
                "market.win_hours",
                both("effect of hours on winning", "efecto de las horas en el cierre"),
                "logit per log",
                0.3,
                0.8,
                now_npv - 50_000.0,
                now_npv + 45_000.0,
                0.18,
                0.4,
                0.2,
                "assumed",
                "judgement",
            ),
        ),
        losing=Losing(
            share=0.28,
            draws=400,
            regions=(
                Region(
                    (
                        Threshold(
                            "readiness.leadership",
                            both("support by management", "apoyo de la dirección"),
                            "fraction",
                            None,
                            0.35,
                            (),
                        ),
                    ),
                    both("support by management is at most 0.35", "el apoyo de la dirección es como mucho 0,35"),
                    0.62,
                    0.7,
                    0.25,
                ),
            ),
            density_unseen=0.66,
            base=0.28,
            holds=True,
        ),
        to_collect=(
            ToCollect(
                "readiness.leadership",
                both("support by management", "apoyo de la dirección"),
                0.31,
                both("ask who takes part", "pregunte quién participa"),
                0.001,
            ),
            ToCollect(
                "market.win_hours",
                both("effect of hours on winning", "efecto de las horas en el cierre"),
                0.18,
                both("fit a CRM export: gtm fit", "ajuste una exportación del CRM: gtm fit"),
                0.2,
            ),
        ),
        spread=Spread(0.64, 0.36, 50, 2),
    )
    return Result(
        made="by hand",
        client=Client("Ejemplo, S. L.", "EUR", "smb", "2027-01", MONTHS, RATE, TAX, facts, ()),
        audit=Audit(
            answers=(
                Answer("measures", both("How are results measured?", "¿Cómo medís?"), 4.0, 2.0, 3.0, 0.5, {}),
                Answer(
                    "one_thing",
                    both("What one thing would you improve?", "¿Qué mejorarías?"),
                    None,
                    None,
                    None,
                    None,
                    {"sales": "leads"},
                ),
            ),
            ranges=(
                LeverRange(
                    "readiness.priority",
                    both("rank of the programme", "prioridad del programa"),
                    "fraction",
                    0.2,
                    0.45,
                    0.7,
                    0.4,
                    ("top_ten",),
                ),
            ),
            gap=0.4,
        ),
        status_quo=StatusQuo(
            monthly={
                "arr": fan(lambda m: 4.2e6 * 1.008**m, lambda m: 4e4 * math.sqrt(m)),
                "new_arr": fan(lambda m: 70_000.0, lambda m: 20_000.0),
                "churned_arr": fan(lambda m: 38_000.0, lambda m: 9_000.0),
                "gtm_profit": fan(lambda m: 150_000.0 + 1_000.0 * m, lambda m: 8_000.0),
                "wasted_hours": fan(lambda m: 480.0, lambda m: 40.0),
                "wasted_money": fan(lambda m: 24_000.0, lambda m: 2_500.0),
            },
            closing_arr=estimate(4.2e6 * 1.008 ** len(months), 2.4e5),
            growth=estimate(0.1, 0.03),
            wasted_share=estimate(0.17, 0.02),
            wasted_hours=estimate(5_760.0, 400.0),
            wasted_money=estimate(288_000.0, 30_000.0),
            waste=(
                Waste(
                    "seller",
                    "unviable",
                    both("sellers", "vendedores"),
                    both("pursuit of unviable leads", "leads inviables"),
                    "events",
                    estimate(1_900.0, 200.0),
                    estimate(120_000.0, 12_000.0),
                ),
                Waste(
                    "marketer",
                    "manual",
                    both("marketers", "marketing"),
                    both("manual entry", "entrada manual"),
                    "manual",
                    estimate(900.0, 90.0),
                    estimate(40_000.0, 5_000.0),
                ),
            ),
        ),
        programmes=(programme,),
        claims=(
            Claim(
                "inaction_costs",
                "revops",
                now_npv,
                now_npv - 118_000.0,
                now_npv + 118_000.0,
                0.85,
                "€",
                False,
                "likely",
            ),
            Claim("programme_pays", "revops", 0.8, 0.72, 0.88, 1.0, "fraction", True, ""),
            Claim("delay_costs", "revops", 2_500.0, 300.0, 4_700.0, 0.98, "€/month", True, ""),
            Claim("behaviour_not_payout", "revops", -15_000.0, -56_000.0, 26_000.0, 0.24, "€", False, "unclear"),
            Claim("robust", "revops", 0.72, 0.68, 0.76, 1.0, "fraction", True, ""),
        ),
        conventions={
            "discounting": both(
                "Flows at the end of each month, discounted at 12 % a year, compounded.",
                "Flujos a fin de mes, descontados al 12 % anual compuesto.",
            ),
            "tax": both(
                "25 % of profit; losses offset other profit.",
                "25 % del beneficio; las pérdidas compensan otros beneficios.",
            ),
            "currency": both("Nominal euros.", "Euros nominales."),
            "capacity": both("Wasted hours are capacity, not cash.", "Las horas perdidas son capacidad, no caja."),
        },
        reproduce=Reproduce("gtm inaction client=example", 1, 100, 50, "", "compiled", "0.1.0"),
    )

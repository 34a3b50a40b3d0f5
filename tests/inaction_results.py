"""Made-up results of an inaction study, consistent in themselves: what the report is tested with.

Nothing here is simulated. Effects are drawn, cash flows follow from them, and every quantile,
value and probability is computed from these cash flows, so that a workbook can recompute them.
"""

from __future__ import annotations

import numpy as np

from analysis.money.results import (
    Answer,
    Audit,
    Claim,
    Client,
    Components,
    Decomposition,
    Estimate,
    Fact,
    LeverRange,
    Losing,
    Part,
    Programme,
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
from experiments.twins import Ledger, Moment, Twin
from tests.inaction_spread import break_even_of, estimate, fan, payback_of, rate_of

DELAYS = (0, 3, 6, 12, None)
DRAWS = 240


def both(en: str, es: str) -> dict[str, str]:
    return {"en": en, "es": es}


def made_up(
    name: str = "Acme Analytics",
    *,
    currency: str = "EUR",
    scale: float = 1e6,
    gain: float = 0.6,
    spread: float = 0.25,
    cost: float = 0.3,
    months: int = 36,
    programmes: tuple[str, ...] = ("Shared goals",),
    audit: bool = True,
    payout: bool = True,
    seed: int = 1,
) -> Result:
    """A result; amounts are multiples of ``scale`` (a year's effect of ``gain`` ± ``spread``, a cost)."""
    rng = np.random.default_rng(seed)
    found = [
        _programme(rng, label, scale, gain / (k + 1), spread, cost, months, payout)
        for k, label in enumerate(programmes)
    ]
    arr = scale * 10 * (1 + 0.01 * np.arange(1, months + 1)) * (1 + 0.05 * rng.standard_normal((DRAWS, 1)))
    wasted = scale * 0.02 * (1 + 0.2 * rng.standard_normal((DRAWS, months)))
    waste = tuple(
        Waste(
            role,
            cause,
            both(role, role),
            both(cause, cause),
            basis,
            estimate(h := size * (1 + 0.2 * rng.standard_normal(DRAWS))),
            estimate(h * 45.0),
        )
        for role, cause, basis, size in (
            ("seller", "unviable", "events", 5200.0),
            ("seller", "search", "events", 2100.0),
            ("marketer", "unpursued", "events", 1400.0),
            ("seller", "manual", "manual", 900.0),
            ("developer", "idle", "slack", 400.0),
        )
    )
    status = StatusQuo(
        monthly={
            "arr": fan(arr),
            "new_arr": fan(arr * 0.02),
            "churned_arr": fan(arr * 0.01),
            "gtm_profit": fan(arr * 0.03),
            "wasted_hours": fan(wasted / 45.0),
            "wasted_money": fan(wasted),
        },
        closing_arr=estimate(arr[:, -1]),
        growth=estimate(0.12 + 0.03 * rng.standard_normal(DRAWS)),
        wasted_share=estimate(0.18 + 0.01 * rng.standard_normal(DRAWS)),
        wasted_hours=estimate(wasted.sum(1) / 3 / 45.0),
        wasted_money=estimate(wasted.sum(1) / 3),
        waste=waste,
    )
    first = found[0]
    facts = (
        Fact("people.sellers", both("Sellers", "Comerciales"), 20, None, None, "people", "given", "-", ""),
        Fact("money.arr", both("ARR today", "ARR de hoy"), scale * 10, None, None, "€", "given", "-", ""),
        Fact("alignment.visibility", both("Visibility", "Visibilidad"), 0.2, 0.05, 0.4, "share", "audit", "-", ""),
        Fact(
            "market.win_hours",
            both("Effect of hours on winning", "Efecto de las horas en ganar"),
            1.1,
            0.8,
            1.4,
            "",
            "assumed",
            "B",
            "posterior",
        ),
        Fact(
            "behaviour.complementarity",
            both("Complementarity", "Complementariedad"),
            0.3,
            0.0,
            0.6,
            "",
            "assumed",
            "judgement",
            "prior",
        ),
    )
    return Result(
        made="by hand",
        client=Client(name, currency, "mid_market", "2027-01", months, 0.1, 0.25, facts, (both("Odd.", "Raro."),)),
        audit=_audit() if audit else Audit((), (), None),
        status_quo=status,
        programmes=tuple(found),
        claims=_claims(first),
        conventions={"discounting": both("Monthly, at the end of each month.", "Mensual, a fin de mes.")},
        twins=twins(),
        reproduce=Reproduce("gtm inaction client=acme.yaml", 1, DRAWS, 60, "posterior_mid_market", "compiled", "0.1.0"),
    )


def _programme(
    rng: np.random.Generator,
    label: str,
    scale: float,
    gain: float,
    spread: float,
    cost: float,
    months: int,
    payout: bool,
) -> Programme:
    effect = scale * (gain + spread * rng.standard_normal((DRAWS, 1))) / 12
    luck = scale * 0.01 * rng.standard_normal((DRAWS, months))
    starts = []
    tax_rate, discount = 0.25, (1.1) ** -(np.arange(1, months + 1) / 12)
    now = None
    for delay in DELAYS:
        age = np.arange(1, months + 1) - (months if delay is None else delay)
        ramp = np.clip((age - 4) / 8, 0, 1)
        dip = -0.1 * scale / 12 * ((age > 0) & (age <= 5))
        margin = effect * ramp + dip + luck * (age > 0)
        pay = -0.1 * effect * ramp
        external = np.broadcast_to(-cost * scale / 3 * ((age > 0) & (age <= 3)), margin.shape)
        tax = -tax_rate * (margin + pay + external)
        net = margin + pay + external + tax
        npv = net @ discount
        now = npv if now is None else now
        gross = (margin + pay) @ discount * (1 - tax_rate)
        unit = 0.0 if delay is None else (1 - tax_rate) * float(-external[0] @ discount)
        starts.append(
            Start(
                delay,
                fan(net),
                fan(net.cumsum(axis=1)),
                Components(*(tuple(map(float, part.mean(axis=0))) for part in (margin, pay, external, tax, net))),
                estimate(npv),
                estimate(npv * 1.4),
                payback_of(net.cumsum(axis=1)),
                rate_of(net),
                break_even_of(cost * scale, gross, unit),
                estimate(now - npv),
                float((npv > now).mean()),
                None if delay is None else 0.4,
                None if delay is None else 0.2,
                None if delay is None else 0.6,
            )
        )
    parts = np.stack([0.2 * effect[:, 0], 0.5 * effect[:, 0], 0.3 * effect[:, 0]]) * 20
    names = (
        ("pay", "New pay plan", "Nuevo plan de retribución"),
        ("agreements", "Agreements", "Acuerdos"),
        ("capability", "Process, data, technology", "Proceso, datos y tecnología"),
    )
    decomposition = Decomposition(
        tuple(Part(key, both(en, es), estimate(row)) for (key, en, es), row in zip(names, parts, strict=True)),
        estimate(parts.sum(axis=0)),
        estimate(-0.1 * parts[0]) if payout else None,
        estimate(parts[0]) if payout else None,
    )
    mean = starts[0].npv.mean
    swings = tuple(
        Swing(
            key,
            both(en, es),
            unit,
            low,
            high,
            mean - size * scale * sign,
            mean + size * scale * sign,
            share,
            sign * 0.5,
            0.001,
            source,
            grade,
        )
        for key, en, es, unit, low, high, size, sign, share, source, grade in (
            (
                "readiness.priority",
                "Priority of the programme",
                "Prioridad del programa",
                "",
                0.3,
                0.8,
                0.5,
                1,
                0.35,
                "audit",
                "-",
            ),
            (
                "behaviour.complementarity",
                "Complementarity of effort in a shared pool, as it is felt",
                "Complementariedad del esfuerzo en un fondo común, tal como se percibe",
                "",
                0.0,
                0.6,
                0.3,
                1,
                0.2,
                "assumed",
                "judgement",
            ),
            (
                "market.acv",
                "Contract value",
                "Valor del contrato",
                "€/year",
                12000.0,
                31000.0,
                0.2,
                -1,
                0.05,
                "assumed",
                "C",
            ),
        )
    )
    threshold = Threshold("readiness.priority", both("Priority", "Prioridad"), "", None, 0.35, ())
    region = Region(
        (threshold,),
        both("Priority of the programme at most 0.35", "Prioridad del programa de 0,35 como mucho"),
        0.7,
        0.6,
        0.2,
    )
    share = float((effect < 0.02 * scale).mean())
    collect = tuple(
        ToCollect(
            swing.key,
            swing.label,
            swing.variance_share,
            both("Ask the three heads.", "Preguntar a los tres responsables."),
            swing.by_chance,
        )
        for swing in swings
    )
    delay = estimate((now - _npv(starts, 1, now)) / 3)
    return Programme(
        label.lower().replace(" ", "_"),
        label,
        "pilot_then_spread",
        cost * scale,
        9.0,
        "shared_okr",
        4,
        tuple(starts),
        delay,
        decomposition,
        swings,
        Losing(share, 60, (region,), 0.5, share, True),
        collect,
        Spread(0.6, 0.4, 60, 4),
    )


def _npv(starts: list[Start], place: int, now: np.ndarray) -> np.ndarray:
    """Draws of a later start, as good as made up: now's, shrunk to its mean."""
    return now * (starts[place].npv.mean / now.mean())


def _audit() -> Audit:
    answers = (
        Answer(
            "visibility",
            both(
                "Does marketing see which of its leads become customers?",
                "¿Ve marketing cuáles de sus leads acaban en cliente?",
            ),
            2.0,
            4.0,
            4.0,
            0.5,
            {},
        ),
        Answer(
            "why_now",
            both("What one thing would you improve, and why now?", "¿Qué mejoraría, y por qué ahora?"),
            None,
            None,
            None,
            None,
            {"marketing": '=HYPERLINK("http://x")', "sales": "<b>Leads</b> & calidad"},
        ),
    )
    ranges = (
        LeverRange(
            "alignment.visibility", both("Visibility", "Visibilidad"), "share", 0.05, 0.2, 0.4, 0.5, ("visibility",)
        ),
    )
    return Audit(answers, ranges, 0.4)


def _claims(programme: Programme) -> tuple[Claim, ...]:
    now, never = programme.starts[0], programme.starts[-1]
    found = programme.decomposition
    gain = found.behaviour_on if found.payout_only else None
    return (
        _claim("inaction_costs", programme, never.given_up, "€"),
        _share("programme_pays", programme, now.npv.probability_positive, DRAWS),
        _claim("delay_costs", programme, programme.delay_per_month, "€/month"),
        _claim("behaviour_not_payout", programme, gain, "€"),
        _share("robust", programme, 1.0 - programme.losing.share, programme.losing.draws),
    )


def twins() -> Ledger:
    """A ledger written by hand."""
    before = (
        Moment(11, 11, "captured", {}, {"marketer": 1.86}),
        Moment(14, 60, "touched", {"times": 3.0}),
        Moment(61, 61, "handed_over", {"score": 0.62, "inflation": 0.05}, {"marketer": 32.06}),
        Moment(90, 95, "attempted", {"times": 2.0, "response": 660.0}),
        Moment(96, 96, "given_up", {"sales_hours": 0.8}),
    )
    after = (
        Moment(11, 11, "captured"),
        Moment(12, 12, "handed_over", {"score": 0.71, "inflation": 0.0}),
        Moment(13, 13, "attempted", {"times": 1.0, "response": 34.0}),
        Moment(13, 13, "accepted"),
        Moment(18, 18, "opened"),
        Moment(61, 61, "amended", {"score": 0.5}),
        Moment(61, 61, "won", {"arr": 18300.0, "discount": 0.08, "sales_hours": 7.8}, {"seller": 2142.7}),
        Moment(190, 190, "left", {"months": 6.1}),
    )
    twin = Twin(1, "136-78", 19895.7, before, after, "given_up", "won", 275)
    return Ledger(8, 177412, 168912, 618, 189, 51, 6, {"given_up > won": 275}, twin)


def _claim(name: str, programme: Programme, found: Estimate | None, unit: str) -> Claim:
    if found is None:
        return Claim(name, programme.name, None, None, None, None, unit, supported=False, weaker="not_applicable")
    if found.low > 0 or found.high < 0:
        weaker = "" if found.low > 0 else "opposite"
    else:
        p = found.probability_positive
        weaker = "likely" if p >= 0.8 else "unlikely" if p <= 0.2 else "unclear"
    return Claim(
        name,
        programme.name,
        found.mean,
        found.low,
        found.high,
        found.probability_positive,
        unit,
        supported=found.low > 0,
        weaker=weaker,
    )


def _share(name: str, programme: Programme, share: float, n: int) -> Claim:
    half = 1.96 * (max(share * (1 - share), 0.01) / n) ** 0.5
    low, high = max(share - half, 0.0), min(share + half, 1.0)
    weaker = "" if low > 0.5 else "opposite" if high < 0.5 else "unclear"
    return Claim(name, programme.name, share, low, high, 1.0, "fraction", supported=low > 0.5, weaker=weaker)

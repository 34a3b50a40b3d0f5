"""A finished study with a known effect, made without the engine."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.catalogue import CLASSES, ROLES
from analysis.summary import summarise
from experiments.tables import write_json
from sim.parameters import Params, replace, to_dict

# Level and spread between replications of every measure in the baseline.
LEVELS = {
    "revenue_growth": (0.14, 0.02), "new_arr": (7.2e6, 4e5), "expansion_arr": (2.6e6, 2e5), "churned_arr": (2.9e6, 2e5),
    "gross_retention": (0.91, 0.01), "net_retention": (1.0, 0.012), "gtm_profit": (11.5e6, 6e5),
    "wasted_time_share": (0.16, 0.006), "leads": (1020, 30), "mqls": (265, 9), "pursued": (190, 8), "accepted": (52, 3),
    "opportunities": (31, 2), "wins": (6.4, 0.6), "mql_viable_share": (0.34, 0.02), "mql_to_sql": (0.196, 0.01),
    "sql_to_opportunity": (0.6, 0.03), "win_rate": (0.206, 0.015), "cycle_days": (84, 3),
    "first_response_hours": (41, 2),
    "never_followed_up_share": (0.28, 0.02), "threshold_shift": (-0.05, 0.01), "score_inflation": (0.06, 0.01),
    "scores_amended_share": (0.0, 0.0), "score_validity": (0.44, 0.02), "belief_slope": (1.0, 0.1),
    "trust": (0.3, 0.03),
    "pay_marketing": (9.9e5, 1e4), "pay_sales": (2.55e6, 6e4), "pay_per_new_arr": (0.49, 0.02),
    "attainment_mean": (0.61, 0.03), "at_quota_share": (0.27, 0.04), "pay_gini": (0.18, 0.01),
    "last_month_of_quarter_share": (0.41, 0.02), "discount_cost_share": (0.03, 0.004),
    "marketing_sourced_share": (0.55, 0.03), "touches_per_mql": (2.1, 0.1), "obliged_per_seller_month": (0.0, 0.0),
    "closing_arr": (38e6, 1.1e6),
}  # fmt: skip
EFFECT = {
    "revenue_growth": 0.012, "new_arr": 4.1e5, "gtm_profit": 3.2e5, "wasted_time_share": -0.018, "leads": -60,
    "mqls": -55,
    "pursued": -12, "accepted": 5, "opportunities": 2.4, "wins": 0.5, "mql_viable_share": 0.08, "mql_to_sql": 0.06,
    "win_rate": 0.004, "score_validity": 0.05, "trust": 0.09, "closing_arr": 9e5, "pay_marketing": 2e4,
    "first_response_hours": -14, "obliged_per_seller_month": 3.0, "net_retention": 0.002,
}  # fmt: skip
CORRELATION = 0.9


def synthetic(
    folder: Path,
    *,
    replications: int = 40,
    seed: int = 1,
    arms: tuple[str, ...] = ("siloed", "shared_okr"),
    effects: dict[str, dict[str, float]] | None = None,
    failing: int = 0,
    months: int = 24,
) -> Path:
    """Write a study to ``folder``; arm k has k times the effect, or the one in ``effects``."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    common = {name: random.standard_normal(replications) for name in LEVELS}
    frames, monthly, people = [], [], []
    for place, arm in enumerate(arms):
        effect = (effects or {}).get(arm, {name: place * size for name, size in EFFECT.items()})
        table = _runs(random, common, effect, arm, replications)
        if failing and place:
            table.loc[table.index[:failing], "failed"] = True
            table.loc[table.index[:failing], "error"] = "RuntimeError: the inbox of seller 3 overflowed"
            numeric = [name for name in table if name not in {"point", "arm", "replication", "seed", "failed", "error"}]
            table.loc[table.index[:failing], numeric] = np.nan
        frames.append(table)
        monthly.append(_monthly(random, table, months))
        people.append(_people(random, arm, replications, linked=0.9 - 0.5 * min(place, 1)))
    runs = pd.concat(frames, ignore_index=True)
    runs.to_parquet(folder / "runs.parquet")
    pd.concat(monthly, ignore_index=True).to_parquet(folder / "monthly.parquet")
    pd.concat(people, ignore_index=True).to_parquet(folder / "people.parquet")
    write_json(folder / "summary.json", summarise(runs, "compare", arms[0]))
    (folder / "manifest.json").write_text(json.dumps(_manifest(arms, runs, replications, seed), indent=1))
    return folder


def _runs(random, common, effect, arm, replications) -> pd.DataFrame:
    own = np.sqrt(1 - CORRELATION**2)
    columns = {
        name: level
        + spread * (CORRELATION * common[name] + own * random.standard_normal(replications))
        + effect.get(name, 0.0)
        for name, (level, spread) in LEVELS.items()
    }
    wasted = columns["wasted_time_share"]
    for role, heads in zip(ROLES, (14, 10, 13, 18), strict=True):
        useful, waste = (
            random.dirichlet(np.full(9, 30.0), replications),
            random.dirichlet([9, 6, 4, 8, 3, 5, 1.5], replications),
        )
        shares = np.column_stack([useful * (1 - wasted)[:, None], waste * wasted[:, None]])
        for kind, share in zip(CLASSES, shares.T, strict=True):
            columns[f"hours_{role}_{kind}"] = share * heads * 2016.0
    keys = {"point": 0, "arm": arm, "replication": np.arange(replications), "seed": 1000 + np.arange(replications)}
    return pd.DataFrame({**keys, **columns, "failed": False, "error": None})


def _monthly(random, runs, months) -> pd.DataFrame:
    month = np.arange(1, months + 1)
    rows = []
    for run in runs.itertuples():
        path = 30e6 * (1 + run.revenue_growth) ** (month / 12) + np.cumsum(random.normal(0, 5e4, months))
        rows.append(pd.DataFrame({"arm": run.arm, "replication": run.replication, "month": month, "arr": path}))
    return pd.concat(rows)


def _people(random, arm, replications, linked) -> pd.DataFrame:
    size = replications * 13
    skill = np.exp(0.5 * random.standard_normal(size))
    won = 450e3 * skill * random.gamma(4, 0.25, size)
    variable = 75e3 * (linked * won / 450e3 + (1 - linked) * random.normal(1, 0.6, size))
    return pd.DataFrame(
        {
            "arm": arm, "replication": np.repeat(np.arange(replications), 13), "role": "seller",
            "person": np.tile(np.arange(13), replications), "skill": skill, "base_pay": 75e3,
            "variable_pay": np.clip(variable, 0, None), "won_acv": won, "attainment": won / 750e3,
        }
    )  # fmt: skip


def _manifest(arms, runs, replications, seed) -> dict:
    today = replace(
        Params(),
        {
            "incentives.marketer": [{"event": "mql", "weight": 1.0}],
            "incentives.seller": [{"event": "won_acv", "weight": 1.0, "target": "quota", "period": "quarter"}],
        },
    )
    shared = replace(
        today,
        {
            "alignment.visibility": 0.8,
            "alignment.feedback": 0.8,
            "alignment.score_owner": "neutral",
            "incentives.marketer": [{"event": "won_acv", "weight": 1.0, "scope": "team"}],
            "incentives.seller": [
                {"event": "won_acv", "weight": 1.0, "target": "quota", "period": "quarter", "low_score_multiplier": 2.0}
            ],
        },
    )
    parameters = {arm: to_dict(shared if place else today) for place, arm in enumerate(arms)}
    return {
        "command": "gtm compare organisation=mid_market seeds=40",
        "configuration": {"organisation": "mid_market", "seeds": replications, "parameters": parameters},
        "configuration_hash": "3f9a2c71d0b4e8aa",
        "seed": seed,
        "versions": {"gtm-sim": "0.1.0", "python": "3.11.9", "numpy": "2.4.6", "numba": "0.68.1", "mesa": "3.3.1"},
        "machine": "Linux x86_64, 2 cores",
        "started": "2026-11-22T19:00:00+00:00",
        "ended": "2026-11-22T19:00:21+00:00",
        "runs_done": int((~runs["failed"]).sum()),
        "runs_failed": int(runs["failed"].sum()),
        "baseline": arms[0],
        "arms": list(arms),
    }

"""Collecting your own numbers with Mesa's DataCollector (at every month end).

Run: python examples/mesa_datacollector.py
"""

from __future__ import annotations

import mesa
import pandas as pd

import sim


def open_deals(model: sim.GTMModel) -> float:
    """ACV of all open opportunities, €."""
    return sum(lead.acv for lead in model.agents_by_type[sim.Lead] if lead.stage_name == "opportunity")


def main() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Half a year of a small company under two kinds of number: of the model and of each seller."""
    collector = mesa.DataCollector(
        model_reporters={"day": "day", "arr": "arr", "open_deals": open_deals},
        agenttype_reporters={sim.Seller: {"trust": "trust", "quota": "quota", "won": "won_quarter"}},
    )
    params = sim.load("smb", overrides={"horizon.burn_in_months": 0, "horizon.months": 6})
    model = sim.GTMModel(params, seed=7, collect=collector)
    model.run()
    by_month = collector.get_model_vars_dataframe()
    by_seller = collector.get_agenttype_vars_dataframe(sim.Seller)
    print(by_month.round(0).to_string(index=False))
    print(by_seller.groupby(level="Step")["trust"].mean().round(3).to_string())
    return by_month, by_seller


if __name__ == "__main__":
    main()

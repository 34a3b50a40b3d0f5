"""The people, leads and customers of an organisation as Mesa agents: select, aggregate, change.

Run: python examples/mesa_agentset.py
"""

from __future__ import annotations

import numpy as np

import sim


def main() -> sim.GTMModel:
    """Two months of a small company, then a look around."""
    params = sim.load("smb", overrides={"horizon.burn_in_months": 0, "horizon.months": 3})
    model = sim.GTMModel(params, seed=7)
    model.run_compiled(42)  # two months at full speed; the agents are there when somebody looks

    # AgentSet: fields of the records are attributes of the agents.
    sellers = model.agents_by_type[sim.Seller].select(lambda seller: not seller.develops)
    print(f"sellers: {len(sellers)}, mean skill {sellers.agg('skill', np.mean):.2f}")
    leads = model.agents_by_type[sim.Lead]
    for stage, group in sorted(leads.groupby("stage_name", result_type="list")):
        print(f"  {stage:13} {len(group):5}")
    best = leads.select(lambda lead: lead.stage_name == "opportunity").sort("acv")
    for lead in list(best)[:3]:
        print(f"open deal of {lead.acv:,.0f} €: seller {lead.owner_sales.index}, intent now {lead.intent_now:.2f}")

    # Setting an attribute writes the record: both engines go on from there.
    sellers.do(lambda seller: setattr(seller, "trust", 0.9))
    model.run(5)
    print(f"day {model.day}: ARR {model.arr:,.0f} €")
    return model


if __name__ == "__main__":
    main()

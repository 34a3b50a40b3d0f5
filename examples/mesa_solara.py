"""An organisation in the browser with mesa.visualization: buttons, sliders, plots.

Run: solara run examples/mesa_solara.py   (needs the extra `viz`)
Choose an arm and how many people there are, press Reset, then Step (a week) or play.
"""

from __future__ import annotations

from threading import RLock
from typing import Any

import mesa
import pandas as pd
import solara
from matplotlib.figure import Figure
from mesa.visualization import SolaraViz, make_plot_component
from mesa.visualization.utils import update_counter

import sim
from sim.configuration import names

# What the page lets people choose; the names are those of `sim.load`'s overrides.
CHOICES: dict[str, Any] = {
    "arm": {"type": "Select", "value": "siloed", "values": names("arm"), "label": "Arm"},
    "people.marketers": {"type": "SliderInt", "value": 4, "label": "Marketers", "min": 1, "max": 12, "step": 1},
    "people.sellers": {"type": "SliderInt", "value": 6, "label": "Sellers", "min": 1, "max": 18, "step": 1},
    "seed": {"type": "SliderInt", "value": 7, "label": "Seed", "min": 1, "max": 99, "step": 1},
}
# Solara's drawer is wider than a phone, and Mesa's grid puts two plots side by side.
PHONE = """
.v-navigation-drawer--is-mobile { min-width: 0 !important; max-width: 85vw !important; }
@media (max-width: 600px) {
  .vue-grid-layout { height: auto !important; }
  .vue-grid-item { position: static !important; transform: none !important; width: 100% !important;
                   height: auto !important; }
}
"""
STAGES = ("prospect", "mql", "accepted", "opportunity")  # of leads that somebody may still work
WHOLE_DAYS = RLock()  # Mesa plays in a thread of its own: nobody may look while a day is half done


class Collector(mesa.DataCollector):
    """What the plots show, read between two days."""

    def get_model_vars_dataframe(self) -> pd.DataFrame:
        with WHOLE_DAYS:
            return super().get_model_vars_dataframe()


class Office(sim.GTMModel):
    """A small business and 50 weeks to look at. Mesa's page accepts no other name than `kwargs`."""

    def __init__(self, **kwargs: Any) -> None:
        collect = Collector(
            {
                "ARR (M€)": lambda model: model.arr / 1e6,
                "open deals": lambda model: sum(len(seller.deals) for seller in model.sellers),
                "MQLs waiting": lambda model: sum(len(seller.inbox) for seller in model.sellers),
            }
        )
        horizon = {"horizon.burn_in_months": 0, "horizon.months": 11, "horizon.days": 19}
        super().__init__("smb", collect=collect, collect_every=1, **horizon, **kwargs)
        self.datacollector.collect(self)  # plots begin on day 0

    def step(self) -> None:
        with WHOLE_DAYS:
            super().step()


@solara.component
def Today(model: Office) -> None:  # noqa: N802 - components are named like classes
    """Where the leads and the sellers stand today."""
    update_counter.get()  # drawn again after each step
    with WHOLE_DAYS:
        today = f"Day {model.day} of 250, ARR {model.arr:,.0f} €"
        stages = pd.Series([lead.stage_name for lead in model.agents_by_type.get(sim.Lead, [])], dtype=object)
        deals = [len(seller.deals) for seller in model.sellers if not seller.develops]

    solara.Text(today, style={"font-size": "large"})
    figure = Figure(figsize=(6.4, 5.4), layout="constrained")
    above, below = figure.subplots(2)
    above.barh(STAGES, stages.value_counts().reindex(STAGES, fill_value=0))
    above.invert_yaxis()
    above.set_title("Leads by stage", loc="left")
    below.bar(range(1, len(deals) + 1), deals)
    below.set_title("Open deals by seller", loc="left")
    solara.FigureMatplotlib(figure)


@solara.component
def Page() -> None:  # noqa: N802
    """The page; every browser tab has an organisation of its own."""
    office = solara.use_memo(Office, [])
    solara.Style(PHONE)
    SolaraViz(
        office,
        components=[Today, make_plot_component("ARR (M€)"), make_plot_component(["open deals", "MQLs waiting"])],
        model_params=CHOICES,
        name="A go-to-market organisation",
        play_interval=1,  # ms
        render_interval=5,  # days, also of the Step button
    )

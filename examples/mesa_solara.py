"""An organisation in the browser with mesa.visualization: buttons, sliders, plots.

Run: solara run examples/mesa_solara.py   (needs the extra `viz`)
Run as a script it only builds the page.
"""

from __future__ import annotations

from typing import Any

import solara
from mesa.visualization import SolaraViz, make_plot_component

import sim

CHOICES: dict[str, Any] = {
    "params": {"type": "Select", "value": "smb", "values": ["smb", "mid_market"], "label": "organisation"},
    "arm": {"type": "Select", "value": "siloed", "values": ["siloed", "shared_okr", "hybrid"], "label": "arm"},
    "seed": {"type": "InputText", "value": 7, "label": "seed"},
    "alignment.visibility": {
        "type": "SliderFloat", "value": 0.2, "label": "visibility", "min": 0.0, "max": 1.0, "step": 0.1,
    },
}  # fmt: skip


class Office(sim.GTMModel):
    """The model with a year to look at; what a text field gives is made a number."""

    def __init__(self, seed: int | str = 7, **chosen: Any) -> None:
        chosen.setdefault("params", "smb")
        super().__init__(seed=int(seed), **{"horizon.burn_in_months": 0, "horizon.months": 12}, **chosen)


@solara.component
def Today(model: Office) -> None:  # noqa: N802 - components are named like classes
    """Where the leads stand today."""
    stages = model.agents_by_type.get(sim.Lead, [])
    counts: dict[str, int] = {}
    for lead in stages:
        counts[lead.stage_name] = counts.get(lead.stage_name, 0) + 1
    solara.Markdown(f"**Day {model.day}**, ARR {model.arr:,.0f} €")
    solara.Markdown("\n".join(f"- {stage}: {n}" for stage, n in sorted(counts.items())) or "no leads yet")


def build() -> Any:
    """The page."""
    return SolaraViz(
        Office(),
        components=[make_plot_component("arr"), make_plot_component(["leads", "mqls"]), Today],
        model_params=CHOICES,
        name="A go-to-market organisation",
        play_interval=50,
    )


page = build()

if __name__ == "__main__":
    print(f"The page is built: {type(page).__name__}. See it with: solara run examples/mesa_solara.py")

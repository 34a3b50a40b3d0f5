"""A small experiment with mesa.batch_run: parameters by dotted name, seeds as a parameter.

For designs of thousands of runs use ``gtm sweep``: it resumes, keeps manifests and pairs arms.

Run: python examples/mesa_batch_run.py
"""

from __future__ import annotations

import mesa
import pandas as pd

import sim


def main() -> pd.DataFrame:
    """Two levels of visibility, three seeds, one quarter of a small company."""
    rows = mesa.batch_run(
        sim.GTMModel,
        parameters={
            "params": "smb",
            "seed": [1, 2, 3],
            "alignment.visibility": [0.0, 0.8],
            "horizon.burn_in_months": 0,
            "horizon.months": 3,
            "collect_every": 1,  # batch_run looks up every step
        },
        number_processes=1,
        max_steps=63,
        data_collection_period=-1,
        display_progress=False,
    )
    table = pd.DataFrame(rows)
    print(table[["seed", "alignment.visibility", "day", "arr", "mqls"]].to_string(index=False))
    print(table.groupby("alignment.visibility")["arr"].mean().round(0).to_string())
    return table


if __name__ == "__main__":
    main()

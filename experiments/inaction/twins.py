"""The same leads as today and under the first programme begun now, with the draws of the study's replications."""

from __future__ import annotations

import pandas as pd

from experiments.inaction.arms import NEVER, ClientModel
from experiments.twins import Ledger, ledger
from sim.parameters import Params

PAIRS = 8  # of runs: enough leads for a typical one, and a moment's work


def twins(model: ClientModel, arm: str, runs: pd.DataFrame) -> Ledger | None:
    """How leads fare in an arm against going on as today.

    Parameters
    ----------
    model : ClientModel
        What the study ran.
    arm : str
        The other arm.
    runs : DataFrame
        Its runs; the first ``PAIRS`` replications that did not fail in either arm are run again.

    Returns
    -------
    Ledger or None
        None where no replication was complete.
    """
    both = runs[runs["arm"].astype(str).isin((NEVER, arm))]
    whole = both.groupby("replication")["failed"].sum()
    kept = whole.index[whole == 0][:PAIRS]
    if not len(kept):
        return None
    seeds = both.drop_duplicates("replication").set_index("replication").loc[kept, "seed"]

    def params(label: str) -> list[Params]:
        prepared = model.prepare(label, {})
        return [model.drawn_for(prepared, int(place)) for place in kept]

    return ledger(params(NEVER), params(arm), [int(seed) for seed in seeds])

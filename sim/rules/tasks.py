"""What a seller does next: the task list of a day and the rule that picks from it.

:func:`choose_task` is the extension point of the compiled engine: hand in another
compiled function of the same signature.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.compiled import inlined
from sim.state import DONE

Choice = Callable[[Any, int], int]  # (world, seller) → entry of world.tasks, or −1


@inlined
def choose_task(w: Any, j: int) -> int:
    """Default rule: the task of highest felt value per hour, tasks past their bar preferred.

    Returns the index of the chosen entry of ``w.tasks``, or −1 to end the day. Ties go
    to the earlier entry.
    """
    best = -1
    highest = 0.0
    for k in range(w.sellers[j].tasks):
        task = w.tasks[k]
        better = (task.worth > highest) & (task.kind != DONE)
        highest = task.worth if better else highest
        best = k if better else best
    return best


@inlined
def add_task(w: Any, s: Any, kind: int, lead: int, value: float, hours: float, passes: bool) -> None:
    """Put a task on today's list."""
    task = w.tasks[s.tasks]
    task.kind = kind
    task.lead = lead
    task.hours = max(hours, 1e-3)
    task.passes = 1 if passes else 0
    value_task(w.params[0], task, value)
    s.tasks += 1


@inlined
def value_task(p: Any, task: Any, value: float) -> None:
    """Set what a task is felt to be worth, and that per hour, preferred if it passes its bar."""
    task.value = value
    task.worth = value / task.hours * (p.priority if task.passes else 1.0)

"""A seller with a policy of its own, in plain Python, on the Mesa engine.

Everything but the choice of the next task stays as it is, compiled, on the same draws:
what differs from the default run is the policy's doing.

Run: python examples/seller_policy.py
"""

from __future__ import annotations

import sim


class PromptSeller(sim.Seller):
    """Calls new leads before anything else, the longest waiting first; then as by default."""

    def choose_task(self, tasks: list[sim.Task]) -> int | None:
        """The index of the next task, or None to end the day."""
        calls = [task for task in tasks if task.kind == "contact" and task.lead.attempts == 0]
        if calls:
            return min(calls, key=lambda task: task.lead.handover).index
        return super().choose_task(tasks)


def organisation() -> sim.Params:
    """A small company whose sellers make the first contact themselves."""
    return sim.load("smb", overrides={"people.developers": 0, "horizon.burn_in_months": 1, "horizon.months": 3})


def main() -> dict[str, dict[str, float]]:
    """The same small company with both kinds of seller."""
    params = organisation()
    found = {}
    for name, kind in (("default", sim.Seller), ("prompt", PromptSeller)):
        model = sim.GTMModel(params, seed=7, seller_class=kind)
        model.run()
        found[name] = model.result().measures
        print(
            f"{name:8} first response {found[name]['first_response_hours']:5.1f} h, "
            f"never followed up {found[name]['never_followed_up_share']:.0%}, wins {found[name]['wins']:.1f} a month"
        )
    return found


if __name__ == "__main__":
    main()

"""The page in Solara: components that a kernel of each phone renders, and one observable object that all look at.

Solara keeps reactive variables for each browser apart; what everybody shares is an object with traits, which
``use_trait_observe`` is documented for. Names go by the cookie of the session, and numbers into SQLite.
"""

from __future__ import annotations

import solara
import traitlets

from benchmarks.frameworks.room import ALL, Room, count_line, own_line, result_line

room = Room()


class Shared(traitlets.HasTraits):
    """What all pages look at."""

    numbers = traitlets.Dict()


shared = Shared(numbers=room.numbers())


@solara.component
def Page() -> None:  # noqa: N802 - the name that Solara looks for
    me = solara.get_session_id()
    numbers = solara.use_trait_observe(shared, "numbers")
    joined, set_joined = solara.use_state(room.name(me))
    typed = solara.use_reactive("")
    number = solara.use_reactive(50)

    def join() -> None:
        room.join(me, typed.value)
        set_joined(typed.value)

    def hand_in() -> None:
        room.hand_in(me, number.value)
        numbers = room.numbers()
        if len(numbers) > len(shared.numbers):  # every phone has a thread: a slow one must not take the news back
            shared.numbers = numbers

    with solara.Column():
        if not joined:
            solara.InputText("Name", value=typed, continuous_update=True)
            solara.Button("Join", on_click=join)
            return
        solara.Text(f"Hello {joined}")
        solara.Text(count_line(numbers))
        if me in numbers:
            solara.Text(own_line(numbers[me]))
            if len(numbers) == ALL:
                solara.Text(result_line(numbers, numbers[me]))
        else:
            solara.SliderInt("Number", value=number, min=0, max=100)
            solara.Button("Submit", on_click=hand_in)

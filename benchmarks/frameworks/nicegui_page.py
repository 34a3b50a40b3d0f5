"""The page in NiceGUI: elements in the server, one part that all pages show anew, and the storage that it brings.

It keeps what was handed in in ``app.storage.general`` and name and slider in ``app.storage.user``, as its
documentation proposes for what must outlive the server.
"""

from __future__ import annotations

import os

from nicegui import app, ui

from benchmarks.frameworks.room import ALL, count_line, own_line, result_line


def numbers() -> dict[str, int]:
    """What has been handed in; changes are written to a file by NiceGUI."""
    found: dict[str, int] = app.storage.general.setdefault("numbers", {})
    return found


@ui.refreshable
def news(me: str) -> None:
    """The part that all pages show anew when anybody hands in."""
    ui.label(count_line(numbers()))
    if len(numbers()) == ALL and me in numbers():
        ui.label(result_line(numbers(), numbers()[me]))


@ui.page("/")
def page() -> None:
    user, me = app.storage.user, app.storage.browser["id"]

    @ui.refreshable
    def body() -> None:
        if "name" not in user:
            name = ui.input("Name")

            def join() -> None:
                user["name"] = name.value
                body.refresh()

            ui.button("Join", on_click=join)
            return
        ui.label(f"Hello {user['name']}")
        news(me)
        if me in numbers():
            ui.label(own_line(numbers()[me]))
            return
        slider = ui.slider(min=0, max=100, value=50).bind_value(user, "slider")

        def hand_in() -> None:
            numbers()[me] = slider.value
            body.refresh()
            news.refresh()

        ui.button("Submit", on_click=hand_in)

    body()


if __name__ in {"__main__", "__mp_main__"}:
    ui.run(
        host="127.0.0.1",
        port=int(os.environ["FRAMEWORKS_PORT"]),
        title="Workshop",
        reload=False,
        show=False,
        show_welcome_message=False,
        storage_secret="only for a trial",
    )

"""The explorer: move a lever, and two organisations run on the same luck, side by side."""

from __future__ import annotations

from starlette.routing import BaseRoute

__all__ = ["routes"]


def routes(workers: int | None = None) -> list[BaseRoute]:
    """Routes under ``/explorer``; pages expect the theme at ``/static/theme.css``.

    Parameters
    ----------
    workers : int, optional
        Threads that simulate; by default all cores that this process may use.
    """
    from workshop.explorer.pages import Explorer

    return Explorer(workers).routes()

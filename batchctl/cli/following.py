"""Following what a verb does."""

import contextlib
from typing import TYPE_CHECKING

from batchctl.cli.speaking import Voice

if TYPE_CHECKING:
    from collections.abc import Generator

    from batchctl.reconcile.events import Event


def follow(events: "Generator[Event, None, None]", out: Voice) -> None:
    """Print what happens. Closed in any case, so that an interrupted command lets go of its lock."""
    with contextlib.closing(events):
        for event in events:
            out.event(event)

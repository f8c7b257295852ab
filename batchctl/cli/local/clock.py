"""batchctl local advance: the service's clock is set ahead; and what else is said of its time."""

from datetime import timedelta
from typing import Annotated

import typer

from batchctl.cli.options import duration_of
from batchctl.cli.speaking import open_page
from batchctl.errors import UsageError


def local_advance(
    duration: Annotated[str, typer.Argument(help="How far: 90s, 10m, 2h, 3d, 1h30m or PT2H; a number is seconds.")],
) -> None:
    """Let time go by for the local Azure Batch: what waits on its clock happens now.

    Schedules make their jobs one after another, formulas are evaluated, limits are met, files of old tasks go.

    Tasks run in real time, and blobs and signatures keep it. `batchctl local reset` sets the clock back.
    """
    from batchctl.local import clock

    ahead = clock.advance(duration_of(duration).total_seconds())
    open_page().result(clock_line(ahead))


def clock_line(ahead_seconds: float) -> str:
    """How far the clock is ahead, in words."""
    from batchctl.render.text import shown_span

    return f"its clock is {shown_span(timedelta(seconds=ahead_seconds))} ahead"


def checked_scale(scale: float) -> float:
    """Raises UsageError for what is no time scale; `nan` is none either."""
    if not 0 <= scale <= 1000:
        raise UsageError("a time scale is a number from 0 to 1000: 0 is at once, 0.1 a tenth of the time on Azure")
    return scale

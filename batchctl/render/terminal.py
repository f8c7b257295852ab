"""A terminal, by rich."""

from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.text import Text


class Terminal(Console):
    """Paper (`render.paper.Paper`) that has colours. rich itself honours NO_COLOR, FORCE_COLOR and TERM=dumb."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{"highlight": False, "markup": False, "emoji": False, **given})

    def write(self, *parts: tuple[str, str]) -> None:
        self.print(Text.assemble(*parts), soft_wrap=True)

    def captured(self, write: Callable[[], None]) -> str:
        with self.capture() as written:
            write()
        return written.get()

    def on_broken_pipe(self) -> None:
        """It is the caller who says what happens when nobody listens any more; rich would end the process."""
        raise BrokenPipeError

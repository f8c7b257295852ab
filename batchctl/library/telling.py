"""What a program hears while something is done, and how an error reaches it: without a secret."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from batchctl.errors import BatchctlError, Refused
from batchctl.frozen import dataclass
from batchctl.reconcile.events import Event as Happening

if TYPE_CHECKING:
    from batchctl.reconcile.kept.codec import Codec

LOG = logging.getLogger("batchctl")
"""Hears, as INFO, what no event tells: that services start, that a request is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. `kind` and `data` are the `type` and the rest of a line of `--json`, as
    `batchctl schema events` describes it; `text` is what people are told of it, "" where that is nothing.

    `str(event)` is its text, or its kind.
    """

    kind: str
    text: str
    data: Mapping[str, Any]

    def __str__(self) -> str:
        return self.text or self.kind


Progress = Callable[[Event], object]
"""Hears each event in the thread that called; what it raises ends what is done, as Ctrl-C does."""


def told(event: Happening, codec: "Codec") -> Event:
    from batchctl.render.notebook import event_text
    from batchctl.render.stream import event_to_json, kind_of

    return Event(kind=kind_of(event), text=event_text(event, codec), data=event_to_json(event, codec))


def log(line: str) -> None:
    LOG.info(line)


@contextmanager
def veiled(codec: "Codec") -> Iterator[None]:
    """An error that comes out of it shows no value of the spec's secrets, and names no cause that could."""
    try:
        yield
    except BatchctlError as error:
        error.args = tuple(codec.veil(str(said)) for said in error.args)
        if isinstance(error, Refused):
            error.reasons = tuple(map(codec.veil, error.reasons))
        raise error from None

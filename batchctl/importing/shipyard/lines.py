"""The command of a task as a spec says it."""

import shlex
from collections.abc import Iterator, Sequence

from batchctl.importing.formats import Pieces
from batchctl.importing.found import Document, Found
from batchctl.importing.shipyard.around import TO, Around
from batchctl.importing.shipyard.commands import host_parts
from batchctl.importing.templates import joined
from batchctl.spec.template import Hole

MARK = "\ue000"
"""Around the number of a placeholder while a text is cut into words."""


def command_of(command: Found, pieces: Pieces, around: Around, *, told: bool) -> Document:
    """What runs in the container. Raises UnsayableError."""
    if around.nodes.native:
        first = pieces[0].lstrip() if pieces and isinstance(pieces[0], str) else ""
        said = joined([first, *pieces[1:]] if pieces and isinstance(pieces[0], str) else pieces)
        if told:
            command.carried(f"{TO}.commandLine", "native pool: without a shell, in the container")
        return {"commandLine": said}
    text, kept = _marked(pieces)
    acts = host_parts(text)
    try:
        words = None if acts else shlex.split(text)
    except ValueError:
        command.wrong("a quote is not closed: bash on the node ends with an error")
    if words is None:
        if told:
            parts = " ".join(acts)
            why = f"bash on the node, outside the container, did {parts}: here a shell in the container does"
            command.changed(f"{TO}.command", why)
        return {"command": ["/bin/sh", "-c", joined(_unmarked(text, kept))]}
    if told:
        command.carried(f"{TO}.command")
    return {"command": [joined(_unmarked(word, kept)) for word in words]}


def _marked(pieces: Pieces) -> tuple[str, list[Hole]]:
    kept: list[Hole] = []
    text = ""
    for piece in pieces:
        if isinstance(piece, Hole):
            text += f"{MARK}{len(kept)}{MARK}"
            kept.append(piece)
        else:
            text += piece
    return text, kept


def _unmarked(text: str, kept: Sequence[Hole]) -> Iterator[str | Hole]:
    for number, part in enumerate(text.split(MARK)):
        yield kept[int(part)] if number % 2 else part

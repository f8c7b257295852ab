"""What strangers wrote, as lines that no terminal and no CI system obeys."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import field

from batchctl.frozen import dataclass

COLOURS = re.compile(r"\x1b\[[0-9;:]*[A-Za-z]")
"""What a program says to a terminal about colours and the cursor."""

COMMANDS = re.compile(r"^(\s*):(?=:)|(##)(?=\[|vso\[)", re.IGNORECASE)
"""Where GitHub Actions and Azure Pipelines begin to read a line as a command to them."""


@dataclass(slots=True)
class LineReader:
    """Bytes of one stream to its lines, however they come in. A carriage return ends a line, too: progress bars."""

    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")(errors="replace")
    )
    _begun: str = ""

    def lines(self, content: bytes, *, last: bool = False) -> Iterator[str]:
        """The lines that are whole by now; `last`: what was begun is one as well."""
        text = self._begun + self._decoder.decode(content, final=last)
        # The other half of a line's end may still be to come.
        held = "\r" if text.endswith("\r") and not last else ""
        *whole, self._begun = re.split("\r\n|\r|\n", text.removesuffix(held))
        self._begun += held
        yield from map(harmless_line, whole)
        if last and self._begun:
            yield harmless_line(self._begun)
            self._begun = ""


def harmless_line(line: str) -> str:
    """Without colours, and so that a CI system takes it for text; control characters are left to the printer."""
    return COMMANDS.sub(_disarmed, COLOURS.sub("", line))


def _disarmed(found: re.Match[str]) -> str:
    return "\\u0023#" if found[2] else f"{found[1]}\\u003a"

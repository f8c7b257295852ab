"""What strangers wrote, as lines that no terminal and no CI system obeys."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import field

from batchctl.frozen import dataclass
from batchctl.render.text import disarmed
from batchctl.words import COLOURS

COMMAND = re.compile(r"^(\s*):(?=:)")
"""Where GitHub Actions begins to read a line as a command to it."""


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
    return disarmed(COMMAND.sub(r"\1\\u003a", re.sub(COLOURS, "", line)))

"""The text of a spec as its reader sees it: lines, places, and problems that point at them. Secrets are masked here."""

import difflib
import hashlib
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

from batchctl.errors import Problem
from batchctl.frozen import dataclass
from batchctl.sensitive import SECRETS, masked
from batchctl.words import SHOWN

At = tuple[str | int, ...]
"""Where something stands in the document: `("job", "tasks", 0, "id")`."""

Laid = tuple[At, At]
"""Where something is now, and where it stands in the text."""

LINE_BREAK = re.compile(r"\r\n|\r|\n")
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of the text. `line` and `column` count from 1; `start` and `end` are offsets into the text.

    `layer`: 0 for the spec, 1 for its first overlay.
    """

    line: int
    column: int
    start: int
    end: int
    layer: int = 0


TOP = Place(1, 1, 0, 0)


@dataclass(frozen=True)
class Source:
    """A spec's text, with the places of its keys and values; what it shows of a line hides secrets.

    `overlays` are the texts that are laid over it, in their order. Without slots, so that the lines are found once for
    all problems.
    """

    file: str
    text: str
    keys: Mapping[At, Place] = field(default_factory=dict)
    values: Mapping[At, Place] = field(default_factory=dict)
    scalars: Mapping[At, str] = field(default_factory=dict)
    overlays: "tuple[Source, ...]" = ()

    @property
    def all_text(self) -> str:
        """The texts of the spec and of its overlays."""
        return "\n".join((self.text, *(overlay.text for overlay in self.overlays)))

    def said_by(self, place: Place) -> "Source":
        """The file in which a place is."""
        return self.overlays[place.layer - 1] if 0 < place.layer <= len(self.overlays) else self

    def where(self, place: Place) -> str:
        """`line 3`, and which file's if that is an overlay."""
        file = self.said_by(place).file
        return f"line {place.line}" + (f" of {file}" if file != self.file else "")

    @property
    def digest(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def trace(self) -> str:
        """Sixteen hex digits of the SHA-256 of the text with its overlays: tells one version from another."""
        return hashlib.sha256(self.all_text.encode()).hexdigest()[:16]

    def problem(
        self, at: At, message: str, code: str, *, at_key: bool = False, offset: int = 0, width: int | None = None
    ) -> Problem:
        """A problem at the value that stands at `at` (or its key); `offset` and `width` mark a part of a scalar.

        Where the text has no such place, the nearest one around it is meant.
        """
        while at and at not in self.values:
            at, offset, width, at_key = at[:-1], 0, None, True
        place = (self.keys.get(at) if at_key else None) or self.values.get(at) or TOP
        if width is not None:
            place = self.said_by(place)._part(place, self.scalars.get(at, ""), offset, width)
        return self.here(place, message, code)

    def here(self, place: Place, message: str, code: str) -> Problem:
        """A problem at a place; what does not show is escaped. The caret stays within the line where it begins."""
        said = self.said_by(place)
        source = said.line(place.line)
        room = max(1, len(source) - place.column + 1)
        width = max(1, min(place.end - place.start, room))
        return Problem(said.file, place.line, place.column, escaped(message), code, source, width)

    def _part(self, place: Place, value: str, offset: int, width: int) -> Place:
        """Where a part of a scalar's value stands in the text as written: quotes and folding shift it."""
        needle, raw, at = value[offset : offset + width], self.text[place.start : place.end], -1
        for _ in range(value.count(needle, 0, offset) + 1):
            at = raw.find(needle, at + 1)
        if not needle or at < 0:
            return place
        start = place.start + at
        return Place(*self.position(start), start, start + width, place.layer)

    def position(self, start: int) -> tuple[int, int]:
        """(line, column) of an offset into the text, both from 1."""
        line = bisect_right(self._starts, start, 0, len(self._starts) - 1)
        return line, start - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """A line as written, without its end; secrets masked."""
        if number >= len(self._starts):
            return ""
        if number not in self._shown:
            whole = self.text[self._starts[number - 1] : self._starts[number]]
            self._shown[number] = masked(whole.rstrip("\r\n"))
        return self._shown[number]

    @cached_property
    def _starts(self) -> Sequence[int]:
        """Where lines begin, and the end of the text."""
        return [0, *(found.end() for found in LINE_BREAK.finditer(self.text)), len(self.text) + 1]

    @cached_property
    def _shown(self) -> dict[int, str]:
        return {}

    def with_places(self, laid: Sequence[Laid]) -> "Source":
        """The same text; what was laid somewhere, and all in it, is found there too."""

        def also(places: Mapping[At, Any]) -> dict[At, Any]:
            below: dict[At, list[tuple[At, Any]]] = {there: [] for _, there in laid}
            depths = {len(there) for there in below}
            for at, place in places.items():
                for above in (at[:depth] for depth in depths if depth <= len(at)):
                    if above in below:
                        below[above].append((at[len(above) :], place))
            return {**places, **{(*here, *at): place for here, there in laid for at, place in below[there]}}

        return replace(self, keys=also(self.keys), values=also(self.values), scalars=also(self.scalars))

    def secrets(self) -> Iterator[Problem]:
        """Every secret-looking literal, comments included."""
        for what, pattern in SECRETS.items():
            for found in pattern.finditer(self.text):
                place = Place(*self.position(found.start()), found.start(), found.end())
                yield self.here(place, f"{what} must not stand in a spec: {REMEDY}", "secret")

    def forbidden(self) -> Iterator[Problem]:
        """Every character that would not show, or would show something else (reliability B21)."""
        for start, char in enumerate(self.text):
            if is_hidden(char):
                place = Place(*self.position(start), start, start + 1)
                yield self.here(place, f"the character {code_point(char)} is not allowed in a spec", "hidden-character")


REMEDY = (
    "keys come from the environment or from Entra ID, and batchctl makes signatures itself; what others signed comes "
    "in as ${env:NAME}"
)


def is_hidden(char: str) -> bool:
    """Control characters but tab and newlines, line and paragraph separators, bidi controls, lone surrogates."""
    # Nearly all there is, told without a table.
    if char < "\x7f":
        return char < " " and char not in "\t\n\r"
    return char in BIDI or char in "\ufeff\ufffe\uffff" or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")


def code_point(char: str) -> str:
    """`U+202E (RIGHT-TO-LEFT OVERRIDE)`"""
    name = unicodedata.name(char, "")
    return f"U+{ord(char):04X} ({name})" if name else f"U+{ord(char):04X}"


def shown(value: object, limit: int = 60) -> str:
    """A value as a message shows it: quoted, hidden characters escaped, secrets masked, not too long."""
    text = masked(str(value))
    text = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return f"'{escaped(text, more=NEWLINES)}'"


NEWLINES = "\t\n\r"


def escaped(text: str, more: str = "") -> str:
    """The text with what does not show, and with `more`, as escapes."""
    if text.isprintable():
        return text
    return "".join(f"\\u{ord(c):04x}" if is_hidden(c) or c in more else c for c in text)


def listed(names: Collection[str]) -> str:
    """`'a', 'b'`; of very many the first."""
    return ", ".join([*map(shown, islice(names, SHOWN)), *(["…"] if len(names) > SHOWN else [])])


def nearest_word(word: str, known: Iterable[str]) -> str | None:
    """The word that was probably meant; `vm_size`, `VMSize` and `vmSise` all mean `vmSize`."""
    plain, wanted = _plain_words(tuple(known)), _plain_word(word)
    if wanted in plain or len(plain) > LOOKED_AT:
        return plain.get(wanted)
    # Closer than difflib asks for by itself (0.6): a wrong guess helps less than none.
    close = difflib.get_close_matches(wanted, plain, n=1, cutoff=0.7)
    return plain[close[0]] if close else None


def same_word(word: str, known: Iterable[str]) -> str | None:
    """The one of the known words that is written alike but for case, hyphens and underscores."""
    return _plain_words(tuple(known)).get(_plain_word(word))


LOOKED_AT = 500
"""Words that are compared letter by letter: the language has fewer, and names of a spec that are more look alike."""


@lru_cache(maxsize=64)
def _plain_words(known: tuple[str, ...]) -> Mapping[str, str]:
    return {_plain_word(name): name for name in known}


def _plain_word(word: str) -> str:
    return re.sub(r"[-_\s]", "", word).lower()

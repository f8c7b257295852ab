"""Placeholders: `{item.stem}`, `{index:05d}`, `{vars.x}`, `${env:X}`, `${keyvault:V/X}`. Pure substitution, no format
strings.

What is a placeholder: a word in braces, with dots and a format if any; behind `row.` the header of a column, as it is.
Every other brace is text, and so is `${HOME}`; `lookalikes` has those that somebody took for a placeholder.
`{{word}}` stands for a literal `{word}`, `$${env:X}` for a literal `${env:X}`.
"""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache

from batchctl.frozen import dataclass
from batchctl.sensitive import FROM_ENVIRONMENT, FROM_OUTSIDE, FROM_VAULT
from batchctl.spec.lookalikes import MEANT, MEANT_OF_SHELL, Lookalike, lookalikes

Value = str | int | float | bool | tuple[str, ...]


class Written(float):
    """A number that is told as it was written: `1e3` and `2.50`, not `1000.0` and `2.5`."""

    text: str

    def __new__(cls, text: str) -> "Written":
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


Values = Mapping[str, Value]
"""What placeholders stand for, by their names: `item.stem`, `index`, `vars.words`, `env:USER`. Several texts at once,
`items.names`, can stand only where there may be several words."""

_WORD = r"[A-Za-z_][A-Za-z0-9_]*"
_PLAIN = rf"{_WORD}(?:\.{_WORD}|\[[0-9]+\])*"
# The header of a column may hold nearly anything; what could be of the shell or of a format is left out.
_COLUMN = r"(?:rows?|items?)(?:\[[0-9]+\])?\.(?![ \t.])(?:[^{}:,;=$|\"'`\\\n\[\]]|,[ \t])+(?<![ \t])"
_NAME = rf"(?:{_PLAIN}|{_COLUMN})"
_SECRET = r"[A-Za-z0-9.-]+/[A-Za-z0-9-]+(?:/[0-9A-Fa-f]+)?"
TOKEN = re.compile(
    rf"(?P<doubled>\{{\{{(?:{_NAME}(?::[^{{}}\s]*)?|{MEANT})(?<![ \t])\}}\}})"
    rf"|(?P<kept>\$\$\{{{MEANT_OF_SHELL}\}})"
    rf"|\$\{{(?P<outside>env:{_WORD}|keyvault:{_SECRET})\}}"
    rf"|(?<!\$)\{{(?P<name>{_NAME})(?::(?P<format>[^{{}}\s]*))?\}}"
)
INDEX = re.compile(r"\[[0-9]+\]")
_FORMAT = re.compile(r"0?[1-9][0-9]?d?|d")
"""A width of at most 99, with a leading 0 to fill up with zeros."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A placeholder: what it names, and where it stands in the template."""

    name: str
    format: str
    start: int
    width: int
    text: str


class TemplateError(Exception):
    """A placeholder that cannot be filled; `start` and `width` are its place in the template."""

    def __init__(self, message: str, code: str, start: int, width: int) -> None:
        self.message, self.code, self.start, self.width = message, code, start, width
        super().__init__(message)


def layered(above: Values, below: Values) -> Values:
    """Values over values: those above count."""
    if above.__class__ is dict and below.__class__ is dict:
        return {**below, **above}
    return Layers(above, below)  # gathered items look theirs up when they are asked for


class Layers(Mapping[str, Value]):
    """The same, where names cannot be gone over."""

    __slots__ = ("_layers",)

    def __init__(self, *layers: Values) -> None:
        self._layers = layers

    def __getitem__(self, name: str) -> Value:
        for layer in self._layers:
            if name in layer:
                return layer[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(name in layer for layer in self._layers)

    def __iter__(self) -> Iterator[str]:
        return iter({name: None for layer in self._layers for name in layer})

    def __len__(self) -> int:
        return len(list(iter(self)))


# A spec has few templates, and very many tasks that fill them.
@lru_cache(maxsize=1024)
def parse_template(template: str) -> tuple[str | Hole, ...]:
    """Literal text and holes, in order. Raises nothing: `placeholder_errors` and `fill` say what cannot be filled."""
    return tuple(_parts_of(template))


def _parts_of(template: str) -> Iterator[str | Hole]:
    end = 0
    for found in TOKEN.finditer(template):
        yield template[end : found.start()]
        end = found.end()
        if found["doubled"] or found["kept"]:
            yield found[0][1:-1] if found["doubled"] else found[0][1:]
        else:
            name = found["outside"] or found["name"] or found[0]
            yield Hole(name, found["format"] or "", found.start(), end - found.start(), found[0])
    yield template[end:]


def holes(template: str) -> Iterator[Hole]:
    return (part for part in parse_template(template) if isinstance(part, Hole))


def is_a_variable(template: str) -> bool:
    """Whether it is `{vars.NAME}` and nothing else, which a list may stand for."""
    parts = [part for part in parse_template(template) if part]
    return len(parts) == 1 and isinstance(parts[0], Hole) and parts[0].name.startswith("vars.")


def outside_names(text: str) -> frozenset[str]:
    """`env:NAME` and `keyvault:VAULT/NAME` for all from outside that a text of any kind names."""
    return frozenset(found["outside"] for found in TOKEN.finditer(text) if found["outside"])


def placeholder_errors(
    template: str,
    known: Collection[str],
    *,
    texts: Collection[str] = (),
    why_not: str = "",
    shell: Collection[str] = (),
) -> Iterator[TemplateError]:
    """Every placeholder that names nothing known, or formats one of `texts` as a number, and what only looks like one.

    `why_not` says why names of items are not among the known; `shell`: the variables that the commands set.
    """
    for hole in holes(template):
        if _is_known(hole.name, known):
            if hole.format and (_is_known(hole.name, texts) or not _FORMAT.fullmatch(hole.format)):
                yield _bad_format(hole)
        elif hole.name.startswith(FROM_ENVIRONMENT):
            message = f"the environment variable {hole.name[4:]!r} is not set"
            yield TemplateError(message, "unset-variable", hole.start, hole.width)
        elif hole.name.startswith(FROM_VAULT):
            vault, _, name = hole.name.removeprefix(FROM_VAULT).partition("/")
            message = f"the key vault {vault!r} has no secret {name!r}"
            yield TemplateError(message, "unset-variable", hole.start, hole.width)
        else:
            yield TemplateError(_unknown_message(hole, known, why_not), "unknown-placeholder", hole.start, hole.width)
    for found in mistaken(template, known, shell):
        yield TemplateError(_mistaken_message(found, known), "unknown-placeholder", found.start, len(found.text))


HIDDEN = "\0"
"""Stands for each letter of a placeholder while it is looked for what only looks like one."""


def mistaken(template: str, known: Collection[str], shell: Collection[str] = ()) -> Iterator[Lookalike]:
    """What looks like a placeholder and is none."""
    if "{" in template:
        hidden = TOKEN.sub(lambda found: HIDDEN * len(found[0]), template)
        for found in lookalikes(hidden, known, shell):
            yield found._replace(text=template[found.start : found.start + len(found.text)])


def _is_known(name: str, known: Collection[str]) -> bool:
    """`items[7].name` is known where `items[0].name` is, `row.x` where `row.*` is."""
    plain = INDEX.sub("[0]", name)
    return name in known or plain in known or any(f"{plain[: dot.start()]}.*" in known for dot in _DOT.finditer(plain))


_DOT = re.compile(r"\.")


def _bad_format(hole: Hole) -> TemplateError:
    literal = f"; to mean the text {hole.text}, write {{{hole.text}}}"
    message = f"{hole.text}: only whole numbers take a format, such as 5d or 05d{literal}"
    return TemplateError(message, "placeholder-format", hole.start, hole.width)


def _unknown_message(hole: Hole, known: Collection[str], why_not: str) -> str:
    inner = hole.text.strip("${}")
    if near := _nearest_name(inner, known):
        return f"unknown placeholder {hole.text}; did you mean {{{near}}}?"
    literal = f"; to mean the text {hole.text}, write {{{hole.text}}}" if not hole.text.startswith("$") else ""
    if inner.startswith(OF_VARS):
        why_not = f": 'vars' declares no {inner.removeprefix(OF_VARS)!r}"
    return f"unknown placeholder {hole.text}{why_not}{literal}"


OF_VARS = "vars."


def _nearest_name(name: str, known: Collection[str]) -> str | None:
    sayable = (other for other in known if not other.startswith(FROM_OUTSIDE) and other.isprintable())
    folded = {other.casefold(): other for other in sayable}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    return folded[close[0]] if close else None


def _mistaken_message(found: Lookalike, known: Collection[str]) -> str:
    if HIDDEN in found.inner:
        return f"{found.text} is no placeholder: another one stands in it"
    # Of the environment alone is the `$` a part.
    if found.inner.startswith("env"):
        right = "write ${env:NAME}"
    elif found.inner.startswith("keyvault"):
        right = "write ${keyvault:VAULT/NAME}, a name with letters, digits and hyphens"
    elif near := found.name if _is_known(found.name, known) else _nearest_name(found.name or "item", known):
        # What is declared under a name that no placeholder can have is told where it is declared.
        right = f"write {{{near}}}" if f"{{{near}}}" != found.text else "a name has letters, digits and underscores"
    else:
        right = "one is a name in braces, without spaces and the like"
    literal = f"; to mean the text {found.meaning}, write {found.escaped}"
    return f"{found.text} is no placeholder: {right}{literal}"


def fill(template: str, values: Values) -> str:
    """The template with its holes filled. Raises TemplateError."""
    parts = parse_template(template)
    # A list, for very many tasks fill the same few texts.
    return "".join([part if isinstance(part, str) else hole_text(part, values) for part in parts])


def value_text(value: Value) -> str:
    """A single value as it is written."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def hole_texts(hole: Hole, values: Values) -> tuple[str, ...]:
    """The one text, or the several, that go into a hole."""
    value = values.get(hole.name)
    if value.__class__ is str and not hole.format:
        return (value,)  # nearly all there is
    return value if isinstance(value, tuple) else (hole_text(hole, values),)


def hole_text(hole: Hole, values: Values) -> str:
    """What goes into a hole."""
    value = values.get(hole.name)
    if value.__class__ is str and not hole.format:
        return value  # nearly all there is
    if value is None:
        raise TemplateError(_unknown_message(hole, list(values), ""), "unknown-placeholder", hole.start, hole.width)
    if isinstance(value, tuple):
        message = f"{hole.text} stands for several texts: it can be only a word of its own in a command, or in `blobs`"
        raise TemplateError(message, "several-values", hole.start, hole.width)
    if not hole.format:
        return value_text(value)
    # For Python true and false are whole numbers.
    if not isinstance(value, int) or isinstance(value, bool) or not _FORMAT.fullmatch(hole.format):
        raise _bad_format(hole)
    digits = hole.format.rstrip("d")
    return str(value).zfill(int(digits)) if digits.startswith("0") else str(value).rjust(int(digits or 0))

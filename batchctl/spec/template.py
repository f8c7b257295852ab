"""Placeholders in strings: pure substitution, no format strings, no evaluation.

`{name}`, `{name.part}` and `{name:05d}` are placeholders, `${env:NAME}` is an environment variable of the caller.
`{{name}}` stands for a literal `{name}`. Any other brace is left alone, so that `${HOME}`, `{a,b}`, `awk '{print $1}'`
and `{}` reach the shell as they are.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname, splitext

from batchctl.spec.model import Value

PATTERN = re.compile(
    r"\{\{(?P<literal>[A-Za-z_][\w.]*(?::[^{}\s]*)?)\}\}"
    r"|\$\{env:(?P<env>[^{}]*)\}"
    r"|(?<!\$)\{(?P<name>[A-Za-z_][\w.]*)(?P<format>:[^{}\s]*)?\}"
)
INTEGER_FORMAT = re.compile(r":0?\d{0,3}d")

Quote = Callable[[str, str], str]
"""(value, text before it) to what is written in its place."""


class TemplateError(ValueError):
    """A placeholder that cannot be filled; `offset` counts characters from the start of the string."""

    def __init__(self, message: str, offset: int) -> None:
        self.offset = offset
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Item:
    """A blob or file that a task is for. As text it is its `reference`."""

    reference: str
    path: str

    PARTS = ("name", "stem", "ext", "path", "parent")

    def part(self, name: str) -> str:
        stem, ext = splitext(basename(self.path))
        parts = (basename(self.path), stem, ext, self.path, dirname(self.path))
        return dict(zip(self.PARTS, parts, strict=True))[name]


Values = Mapping[str, Value | Item | Mapping[str, Value]]
"""What placeholders may name."""


def expand(text: str, values: Values, environ: Mapping[str, str], quote: Quote | None = None) -> str:
    """Fill every placeholder. Raises TemplateError for the first that is unknown."""
    out: list[str] = []
    end = 0
    for match in PATTERN.finditer(text):
        out.append(text[end : match.start()])
        end = match.end()
        if match["literal"] is not None:
            out.append("{" + match["literal"] + "}")
            continue
        found = _value(match, values, environ)
        try:
            out.append(quote(found, "".join(out)) if quote else found)
        except ValueError as error:
            raise TemplateError(str(error), match.start()) from error
    out.append(text[end:])
    return "".join(out)


def _value(match: re.Match[str], values: Values, environ: Mapping[str, str]) -> str:
    if (variable := match["env"]) is not None:
        if variable not in environ:
            raise TemplateError(f"the environment variable {variable!r} is not set", match.start())
        return environ[variable]
    found = _look_up(match["name"], values, match.start())
    if match["format"] is None:
        return _text(found)
    if not INTEGER_FORMAT.fullmatch(match["format"]) or not isinstance(found, int) or isinstance(found, bool):
        raise TemplateError(
            f"{match['format']!r} is not a format for {match['name']!r}: integers take one such as ':05d'",
            match.start(),
        )
    return format(found, match["format"][1:])


def _look_up(name: str, values: Values, offset: int) -> Value | Item:
    first, _, part = name.partition(".")
    found = values.get(first)
    if isinstance(found, Item) and part in Item.PARTS:
        return found.part(part)
    if isinstance(found, Mapping) and part in found:
        return found[part]
    if found is None or part or isinstance(found, Mapping):
        raise TemplateError(_unknown(name, values), offset)
    return found


def _unknown(name: str, values: Values) -> str:
    known = [word for first, value in values.items() for word in _words(first, value)]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {{{near[0]}}}?" if near else f"known here: {', '.join(f'{{{w}}}' for w in known) or 'none'};"
    return f"unknown placeholder {{{name}}}; {hint} for a literal brace write {{{{{name}}}}}"


def _words(first: str, value: object) -> list[str]:
    if isinstance(value, Item):
        return [first, *(f"{first}.{part}" for part in Item.PARTS)]
    if isinstance(value, Mapping):
        return [f"{first}.{part}" for part in value]
    return [first]


def _text(found: Value | Item) -> str:
    if isinstance(found, Item):
        return found.reference
    return str(found).lower() if isinstance(found, bool) else str(found)

"""Fields of a resource, by tables: where a spec has each, and how it is read."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from batchctl.frozen import dataclass
from batchctl.importing.found import At, Document, Found
from batchctl.importing.report import UNKNOWN, Row, Verdict
from batchctl.importing.settings import is_secret, variable_of
from batchctl.importing.signed import plain_url
from batchctl.importing.templates import UnsayableError, literal
from batchctl.importing.terraform.resources import Resource

DEFAULT = "as by default"
NOT_COPIED = "a secret is not copied"
LATER = "it is known only when Terraform has made it"


@dataclass(frozen=True, slots=True)
class Said:
    """A value of a resource, to be read for `to` in the spec; `later`: it is not known yet, and this is where the plan
    says so."""

    found: Found
    to: str
    resource: Resource
    later: bool = False

    @property
    def why_hidden(self) -> str:
        """Why it is not copied; "" where it is."""
        return LATER if self.later else NOT_COPIED if self.resource.is_secret(self.found) else ""

    def hidden(self, why: str) -> str:
        """What stands in its place."""
        name = self.found.report.variable(id(self.found.node), variable_of(self.found.at[1:]))
        self.found.changed(self.to, f"{why}: set {name} in the environment")
        return f"${{env:{name}}}"


Reader = Callable[[Said], Any]


@dataclass(frozen=True, slots=True)
class Word:
    """A field: its path, where blocks of which there is one alone are gone through, and where a spec has it.

    `absent`: what the provider takes where it is not said; `usual`: what Batch or a spec takes then, and need not say.
    """

    field: str
    to: str
    read: Reader
    why: str = ""
    absent: Any = None
    usual: Any = None


@dataclass(frozen=True, slots=True)
class Blocks:
    """A block of which there may be several: a list in the spec."""

    field: str
    to: str
    words: "Sequence[Word | Blocks]"


Words = Sequence[Word | Blocks]


def document(resource: Resource, words: Words, to: str) -> Document:
    """What a spec says of a resource. Raises SpecError."""
    return _document(resource, resource.values, words, to)


def _document(resource: Resource, found: Found, words: Words, to: str) -> Document:
    said: Document = {}
    for word in words:
        there = f"{to}.{word.to}"
        value: Any
        if isinstance(word, Blocks):
            blocks = found.get(word.field)
            several = [block for block in blocks.members() if not block.is_nothing] if blocks is not None else []
            value = [_document(resource, block, word.words, f"{there}[]") for block in several] or None
            value = [block for block in value or () if block] or None
        else:
            value = _value(resource, found, word, there)
        if value is not None:
            put(said, word.to.split("."), value)
    return said


def _value(resource: Resource, found: Found, word: Word, to: str) -> Any:
    inner = _single(found, word.field.split("."))
    if inner is None and (later := _later(resource, found.at[1:], word.field.split("."))) is not None:
        return word.read(Said(later, to, resource, later=True))
    if inner is None or (is_empty(inner) and not _has_later(resource, inner)):
        if inner is not None:
            inner.covered()
        return word.absent if _has_block(found, word) else None
    value = word.read(Said(inner, to, resource))
    if not inner.says_something():
        why = DEFAULT if value == word.usual else word.why
        inner.carried(to, why)
    return None if value in (word.usual, []) else value


def _has_later(resource: Resource, found: Found) -> bool:
    """Is something in it that is not known yet?"""
    return any(at[:-1] == found.at[1:] for at in resource.unknown)


def _has_block(found: Found, word: Word) -> bool:
    return _block(found, word.field.split(".")[:-1]) is not None


def _single(found: Found, path: Sequence[str]) -> Found | None:
    """What stands at a path below blocks of which there is one each."""
    above = _block(found, path[:-1])
    return above.get(path[-1]) if above is not None else None


def _block(found: Found, path: Sequence[str]) -> Found | None:
    inner: Found | None = found
    for name in path:
        inner = inner.get(name) if inner is not None else None
        if inner is not None and inner.is_list:
            blocks = inner.members()
            if len(blocks) > 1:
                inner.wrong("there is one of these blocks at most")
            inner = blocks[0] if blocks and not blocks[0].is_nothing else None
    return inner


def _later(resource: Resource, above: At, path: Sequence[str]) -> Found | None:
    """Where the plan says that it is not known yet."""
    for at, mark in resource.unknown.items():
        below = at[len(above) :]
        if at[: len(above)] == above and [part for part in below if isinstance(part, str)] == list(path):
            return mark
    return None


def is_empty(found: Found) -> bool:
    """Terraform says nothing of a field so: a text, a list or a map with nothing in it."""
    if found.is_mapping:
        return not found.node.entries
    if found.is_list:
        return not found.node.items
    return found.is_nothing or (not found.node.plain and not found.node.text)


def says_nothing(found: Found) -> bool:
    """Is it empty, as all is that is in it?"""
    if found.is_mapping:
        return all(says_nothing(inner) for _, inner in found.entries())
    return all(map(says_nothing, found.members())) if found.is_list else is_empty(found)


def put(said: Document, path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        said = said.setdefault(name, {})
    said[path[-1]] = value


# How values are read


def text(said: Said) -> str:
    return said.hidden(why) if (why := said.why_hidden) else plain_text(said.found)


def plain_text(found: Found) -> str:
    try:
        return literal(found.text())
    except UnsayableError:
        found.wrong("no text of a spec stands for this one")


def lowered(said: Said) -> str:
    """A word of Batch."""
    return said.hidden(why) if (why := said.why_hidden) else plain_text(said.found).lower()


def mixed(said: Said) -> str:
    """A word of Batch whose capitals count."""
    found = text(said)
    return found if said.why_hidden else found[:1].lower() + found[1:]


def whole(said: Said) -> int | str:
    return said.hidden(why) if (why := said.why_hidden) else said.found.whole()


def truth(said: Said) -> bool | str:
    return said.hidden(why) if (why := said.why_hidden) else said.found.truth()


def secret(said: Said) -> str:
    return said.hidden(said.why_hidden or NOT_COPIED)


def url(said: Said) -> str:
    """What opens an address is not copied."""
    if why := said.why_hidden:
        return said.hidden(why)
    report = said.found.report
    return plain_url(said.found, said.to, report.variable(id(said.found.node), "SAS"))


def texts(said: Said) -> list[str]:
    if _is_refused(said):
        return []
    return [text(one) for member in said.found.members() if (one := _member(said, member)) is not None]


def _member(said: Said, member: Found) -> Said | None:
    """Of a list in which a value that is not known yet stands as null."""
    if not member.is_nothing:
        return Said(member, said.to, said.resource)
    later = said.resource.unknown.get(member.at[1:])
    return Said(later, said.to, said.resource, later=True) if later is not None else None


def _is_refused(said: Said) -> bool:
    """A list or a map of which nothing is known, or that nobody may see."""
    if why := said.why_hidden:
        said.found.refused(f"{why}: write it into the spec")
    return bool(why)


def pairs(said: Said) -> list[dict[str, str]]:
    """A map as names and values; a value that is not known yet is left out of the plan's, and has a mark alone."""
    if said.later:
        _is_refused(said)
        return []
    known = [(name, Said(value, said.to, said.resource)) for name, value in said.found.entries()]
    later = [
        (str(at[-1]), Said(mark, said.to, said.resource, later=True))
        for at, mark in said.resource.unknown.items()
        if at[:-1] == said.found.at[1:]
    ]
    return [{"name": name, "value": _pair(value, name)} for name, value in (*known, *later)]


def _pair(said: Said, name: str) -> str:
    if why := said.why_hidden or (NOT_COPIED if is_secret(name, said.found.text()) else ""):
        return said.hidden(why)
    said.found.carried(said.to)
    return plain_text(said.found)


def json_text(said: Said) -> dict[str, Any] | None:
    """A JSON text."""
    return None if _is_refused(said) else _parsed(said.found)


def secret_json(said: Said) -> dict[str, str] | None:
    """A JSON text whose values nobody may see: each has a variable of its own."""
    if said.later:
        _is_refused(said)
        return None
    found = said.found
    names = {name: found.report.variable((id(found.node), name), variable_of((name,))) for name in _parsed(found)}
    found.changed(said.to, f"{NOT_COPIED}: set {', '.join(names.values())} in the environment")
    return {name: f"${{env:{variable}}}" for name, variable in names.items()}


def _parsed(found: Found) -> dict[str, Any]:
    try:
        value = json.loads(found.text())
    except ValueError:
        value = None
    if not isinstance(value, dict):
        found.wrong("this is to be a JSON object in a text")
    return value


def tell_others(resource: Resource, rows: Sequence[Row]) -> None:
    """What becomes of the fields that a table of words does not have."""
    for row in rows:
        found = resource.values.get(row.field) or resource.unknown.get((row.field,))
        if found is not None and not found.says_something() and not says_nothing(found):
            found.told(row.verdict, row.to, row.why)
    for left in [*resource.values.untold(), *(mark for mark in resource.unknown.values() if not mark.says_something())]:
        if says_nothing(left):
            left.covered()
        elif left.at[1:] in resource.unknown:
            left.refused(f"{LATER}: write it into the spec")
        else:
            left.dropped(UNKNOWN)


def rows(prefix: str, words: Words, to: str) -> Iterator[Row]:
    """What the page says of a table."""
    for word in words:
        if isinstance(word, Blocks):
            yield from rows(f"{prefix}{word.field}[].", word.words, f"{to}.{word.to}[]")
        else:
            yield Row(f"{prefix}{word.field}", Verdict.CARRIED, f"{to}.{word.to}", word.why)

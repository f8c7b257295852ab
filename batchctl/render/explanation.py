"""A word of the language explained, as lines for people."""

import json
import textwrap
from collections.abc import Iterator
from typing import Any

from batchctl.spec.reading.explained import Word

BESIDE = 28
"""Columns that a word has before what it holds."""


def explanation(word: Word, width: int, *, recursive: bool = False) -> Iterator[str]:
    """The word itself and those below it: these alone, or `recursive`, all of them. Lines of `width` columns at most,
    where no single word is longer."""
    yield f"{word.path or 'A spec'}: {_lower_first(word.title)}" if word.title else word.path
    yield ""
    yield from _wrapped(word.told, width, "  ")
    yield ""
    for name, said in _facts(word):
        yield from _wrapped(said, width, f"  {name:<10}")
    if word.inner:
        yield ""
    for inner in word.inner:
        yield from _listed(inner, width, 1, recursive=recursive)
    if word.path == "pool.scale":
        yield ""
        yield from _formula()


def _formula() -> Iterator[str]:
    from batchctl.configurations import Scale  # imported late: of all words, one is told so
    from batchctl.spec.filling.scale import scaling_formula

    yield "  The formula of {max: 20, spot: true}, on nodes with one task slot:"
    yield ""
    yield from (f"    {line}" for line in scaling_formula(Scale(max=20, spot=True), 1).splitlines())


def _facts(word: Word) -> Iterator[tuple[str, str]]:
    yield "holds", word.form
    if word.required:
        yield "needed", "yes"
    if word.default is not None:
        yield "default", _as_yaml(word.default)
    if word.rest:
        yield "in Batch", word.rest
    if word.change:
        yield "a change", word.change
    if word.on_paper:
        yield "locally", "on paper: the local service keeps it and does nothing about it"
    for example in word.examples[:2]:
        yield "example", f"{word.path.rpartition('.')[2]}: {_as_yaml(example)}"


def _listed(word: Word, width: int, depth: int, *, recursive: bool) -> Iterator[str]:
    name = word.path.rpartition(".")[2] + ("*" if word.required else "")
    before = "  " * depth
    yield from _wrapped(word.form, width, f"{before}{name:<{BESIDE - len(before)}}")
    yield from _wrapped(word.told, width, f"{before}    ")
    for inner in word.inner if recursive else ():
        yield from _listed(inner, width, depth + 1, recursive=True)


def _wrapped(text: str, width: int, before: str) -> list[str]:
    """Lines with a hanging indent; a text as long as `before` stands on lines of its own."""
    first = before if before.endswith(" ") else f"{before} "
    return textwrap.wrap(
        text, width=max(width, 40), initial_indent=first, subsequent_indent=" " * len(first), break_long_words=False
    ) or [first.rstrip()]


def _as_yaml(value: Any) -> str:
    """A value as a spec may have it in one line: JSON without the quotes that YAML does not need."""
    match value:
        case bool() | int() | float() | None:
            return json.dumps(value)
        case dict():
            return "{" + ", ".join(f"{name}: {_as_yaml(inner)}" for name, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_as_yaml, value)) + "]"
        case _:
            text = str(value)
            plain = text.replace("-", "").replace("_", "").replace(".", "").replace("/", "").isalnum()
            return text if plain and not text[0].isdigit() else json.dumps(text, ensure_ascii=False)


def _lower_first(title: str) -> str:
    return title if title[:2].isupper() else title[:1].lower() + title[1:]

"""The words of a spec, as `batchctl explain` has them."""

import json
from collections.abc import Iterator
from typing import Any

from batchctl.spec.reading.explained import Word, explain_word
from tests.documents.tables import cell, code, row, table

INTRODUCTION = """# The words of a spec

What `batchctl explain WORD` says, of all words: what each holds, what it means, and what a change of it does. Names are
those of the Batch REST API where it has one. A star: needed. *On paper*: the local service keeps it and does nothing
about it.
[All properties of Azure Batch](../coverage.md), and which of these words each is; [what a change does](../changes.md);
[forEach and placeholders](../fan-out.md). For editors: `batchctl schema`.
"""

Shape = tuple[Any, ...]


def spec_page() -> str:
    first: dict[Shape, str] = {}
    sections = list(_sections(explain_word(""), first))
    return "\n".join([INTRODUCTION, *sections])


def _sections(word: Word, first: dict[Shape, str]) -> Iterator[str]:
    """The section of a word, then those below it; what has been told under another path is told there alone."""
    first.setdefault(_shape(word), word.path)
    if first[_shape(word)] != word.path:
        return
    yield f"## {code(word.path) or 'A spec'}\n\n{_told(word)}\n"
    yield "\n".join(table(("word", "holds", "what it means"), [_row(inner, first) for inner in word.inner])) + "\n"
    for inner in word.inner:
        if inner.inner:
            yield from _sections(inner, first)


def _row(word: Word, first: dict[Shape, str]) -> str:
    name = f"`{word.path.rpartition('.')[2]}`"
    if word.inner:
        name = f"[{name}](#{_anchor(first.setdefault(_shape(word), word.path))})"
    return row(name + ("\\*" if word.required else ""), cell(word.form), _told(word))


def _told(word: Word) -> str:
    said = [cell(word.told)]
    if word.default is not None:
        said.append(f"Default: {code(json.dumps(word.default))}.")
    if word.change:
        said.append(f"A change: {cell(word.change)}.")
    if word.on_paper:
        said.append("*On paper.*")
    return " ".join(part for part in said if part)


def _shape(word: Word) -> Shape:
    """What a section says of the words below, whatever stands above it."""
    return tuple((inner.path.rpartition(".")[2], _told(inner), inner.form, _shape(inner)) for inner in word.inner)


def _anchor(path: str) -> str:
    """How GitHub and the site name a heading."""
    return path.replace(".", "").lower()

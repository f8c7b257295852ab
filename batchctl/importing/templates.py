"""Texts of other tools as texts of a spec: what is no placeholder there is none here. Pure."""

from collections.abc import Iterable

from batchctl.spec.lookalikes import lookalikes
from batchctl.spec.template import TOKEN, Hole, TemplateError, fill, mistaken, parse_template

PLACEHOLDERS = (
    *("item", "item.name", "item.stem", "item.ext", "item.path", "item.parent", "item.*", "items", "items[0]"),
    *("items[0].*", "row.*", "rows[0].*", "index", "key", "chunk", "hash8", "vars.*"),
)
"""What a spec may name, for a text that is to name none of it."""


class UnsayableError(Exception):
    """No text of a spec stands for this one."""


def literal(text: str) -> str:
    """The text of a spec that stands for this text. Raises UnsayableError."""
    if "{" not in text:
        return text
    said = _escaped(text)
    try:
        is_same = fill(said, {}) == text
    except TemplateError:
        is_same = False
    if not is_same or any(mistaken(said, PLACEHOLDERS)):
        raise UnsayableError(text)
    return said


def joined(pieces: Iterable[str | Hole]) -> str:
    """The text of a spec with these placeholders and, between them, these texts as they are. Raises UnsayableError."""
    wanted = _merged(pieces)
    said = "".join(piece.text if isinstance(piece, Hole) else literal(piece) for piece in wanted)
    found = [part for part in parse_template(said) if part]
    same = [(p.name, p.format) if isinstance(p, Hole) else p for p in _merged(found)]
    if same != [(p.name, p.format) if isinstance(p, Hole) else p for p in wanted]:
        raise UnsayableError(said)
    return said


def hole(name: str, form: str = "") -> Hole:
    """A placeholder of a spec: `{name}`, `{name:form}`."""
    text = f"{{{name}:{form}}}" if form else f"{{{name}}}"
    return Hole(name, form, 0, len(text), text)


def _merged(pieces: Iterable[str | Hole]) -> list[str | Hole]:
    found: list[str | Hole] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece:
            found.append(piece)
    return found


def _escaped(text: str) -> str:
    """With one more brace on both sides of what is a placeholder or looks like one, or one more `$` before it."""
    parts: list[str] = []
    for piece in pieces_of(text):
        if isinstance(piece, Hole):
            parts.append(f"${piece.text}" if piece.text.startswith("$") else f"{{{piece.text}}}")
        else:
            end = 0
            for found in lookalikes(piece, PLACEHOLDERS):
                parts.append(piece[end : found.start])
                # What closes it twice is text behind it.
                kept = found.text.removeprefix(found.meaning)
                parts.append(found.escaped + kept if kept != found.text else found.text)
                end = found.start + len(found.text)
            parts.append(piece[end:])
    return "".join(parts)


def pieces_of(text: str) -> list[str | Hole]:
    """Plain text, and as holes with their text what a spec would not take for it."""
    found: list[str | Hole] = []
    end = 0
    for match in TOKEN.finditer(text):
        found.append(text[end : match.start()])
        found.append(Hole("", "", match.start(), len(match[0]), match[0]))
        end = match.end()
    return [*found, text[end:]]

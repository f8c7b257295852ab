"""YAML text to nodes with places, from parser events and without recursion. Nothing becomes a Python object here:
a scalar stays the text that was written, and whether it was quoted. The only user of yaml."""

from collections.abc import Iterator
from dataclasses import field
from typing import Any

import yaml

from batchctl.errors import MOST_PROBLEMS, Problem, SpecError
from batchctl.frozen import dataclass
from batchctl.spec.source import Place, Source
from batchctl.spec.torn_lines import why_torn

# More than anybody writes: what a text can cost is bounded before it is read to its end.
DEPTH = 64
NODES = 50_000
EXTENSION = "x-"
"""How keys at the top begin that mean nothing: what stands below them is there for its anchors."""
ENOUGH = 200
"""Problems after which a check looks for no more: of those, the first in the text are told."""


@dataclass(slots=True)
class Node:
    """A scalar (`text`, `plain`: not quoted), a mapping (`entries`: key and value) or a sequence (`items`).

    `size`: how many nodes it is, itself included; `height`: how deep it goes below itself.
    """

    kind: str
    place: Place
    text: str = ""
    plain: bool = True
    entries: "list[tuple[Node, Node]]" = field(default_factory=list)
    items: "list[Node]" = field(default_factory=list)
    size: int = 1
    height: int = 0


def compose_nodes(source: Source, layer: int = 0, *, foreign: bool = False) -> tuple[Node, list[Problem]]:
    """The document's root, and what is wrong with its YAML short of not being YAML. `layer`: of an overlay; `foreign`:
    it is no spec, so its anchors stand wherever they like.

    Raises SpecError where there is nothing to go on with: broken syntax, no document or two, or too much of it.
    """
    builder = _Builder(source, layer, foreign)
    for event in _events(source):
        builder.take(event)
    if builder.root is None:
        what = "file" if foreign else "spec"
        raise SpecError([source.problem((), f"the {what} is empty", "empty")])
    return builder.root, builder.problems


class _Builder:
    """Takes events, keeps the open collections on a stack of its own."""

    def __init__(self, source: Source, layer: int, foreign: bool) -> None:
        self.source, self._layer, self._foreign = source, layer, foreign
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._open: list[Node] = []
        self._key: list[Node | None] = []
        self._count = 0
        self._merges = False
        # Anchors by their names, those of open collections, and what each of these began after.
        self._named: dict[str, Node] = {}
        self._names: list[str | None] = []
        self._begun: list[int] = []

    def take(self, event: Any) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self._document(event)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.ScalarEvent():
                self._decorated(event)
                plain = event.style is None
                node = Node("scalar", _place_of(event, self._layer), event.value, plain)
                if event.anchor:
                    self._named[event.anchor] = node
                self._add(node)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._decorated(event)
                kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "sequence"
                self._push(Node(kind, _place_of(event, self._layer)), event.anchor)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close(event)

    def _document(self, event: Any) -> None:
        if event.version or event.tags:
            self._stop(event, "directives (lines that begin with %) are not part of a spec", "syntax")
        if self.root is not None:
            self._stop(event, "a second document begins here: a spec is one document", "two-documents")

    def _decorated(self, event: Any) -> None:
        if event.anchor and not self._foreign and not self._is_in_extension():
            says = f"anchors can stand only below a key at the top that begins with x-: move &{event.anchor} there"
            self._stop(event, says, "anchor")
        if event.tag and event.tag != "!":
            self._wrong(event, f"tags are not part of a spec: remove {event.tag!r}", "tag")

    def _is_in_extension(self) -> bool:
        """Is this below a key at the top that is ours to ignore?"""
        if self.root is None or self.root.kind != "mapping" or not self._open:
            return False
        above = self._key[0] or (self.root.entries[-1][0] if len(self._open) > 1 and self.root.entries else None)
        return above is not None and above.text.startswith(EXTENSION)

    def _alias(self, event: Any) -> None:
        """What the anchor names, once more; all of it counts again."""
        node = self._named.get(event.anchor)
        if node is None:
            says = f"*{event.anchor} stands for nothing: an anchor &{event.anchor} comes before it, below a key x-…"
            self._stop(event, says, "alias")
            return
        if len(self._open) + node.height > DEPTH:
            self._stop(event, f"nested deeper than {DEPTH}", "too-deep")
        self._count += node.size - 1
        if self._count >= NODES:
            self._stop(event, f"more than {NODES} values", "too-large")
        self._add(node)

    def _push(self, node: Node, anchor: str | None = None) -> None:
        self._add(node)
        if len(self._open) >= DEPTH:
            self._stop(node, f"nested deeper than {DEPTH}", "too-deep")
        self._open.append(node)
        self._key.append(None)
        self._names.append(anchor)
        self._begun.append(self._count)

    def _close(self, event: Any) -> None:
        node = self._open.pop()
        self._key.pop()
        place = node.place
        node.place = Place(place.line, place.column, place.start, event.end_mark.index, self._layer)
        if self._merges and node.kind == "mapping":
            self._merge(node)
        node.size = 1 + self._count - self._begun.pop()
        node.height = 1 + max((inner.height for inner in (*node.items, *(v for _, v in node.entries))), default=0)
        if anchor := self._names.pop():
            self._named[anchor] = node

    def _merge(self, node: Node) -> None:
        """What `<<` brings, for the keys that the mapping does not have itself."""
        merged = [(key, value) for key, value in node.entries if _is_merge(key)]
        if not merged:
            return
        node.entries = [(key, value) for key, value in node.entries if not _is_merge(key)]
        known, named = {key.text for key, _ in node.entries}, {id(one) for one in self._named.values()}
        for key, value in merged:
            for source in value.items if value.kind == "sequence" else (value,):
                if source.kind != "mapping" or id(source) not in named:
                    says = "a merge key takes an alias of a mapping below a key x-…: write out what is merged"
                    self._stop(key, says, "merge-key")
                node.entries += [entry for entry in source.entries if entry[0].text not in known]
                known |= {inner.text for inner, _ in source.entries}

    def _add(self, node: Node) -> None:
        self._count += 1
        if self._count > NODES:
            self._stop(node, f"more than {NODES} values", "too-large")
        if not self._open:
            self.root = node
        elif self._open[-1].kind == "sequence":
            self._open[-1].items.append(node)
        elif (key := self._key[-1]) is None:
            self._new_key(node)
        else:
            self._key[-1] = None
            self._open[-1].entries.append((key, node))

    def _new_key(self, node: Node) -> None:
        self._key[-1] = node
        if node.kind != "scalar":
            self._stop(node, "a key must be a word", "bad-key")
        self._merges = self._merges or _is_merge(node)

    def _wrong(self, where: Any, message: str, code: str) -> None:
        place = where.place if isinstance(where, Node) else _place_of(where)
        self.problems.append(self.source.here(place, message, code))
        if len(self.problems) >= MOST_PROBLEMS:
            raise SpecError(self.problems)

    def _stop(self, where: Any, message: str, code: str) -> None:
        """What is here makes the rest unreliable, or too costly to read."""
        self._wrong(where, message, code)
        raise SpecError(self.problems)


def _is_merge(key: Node) -> bool:
    return key.plain and key.text == "<<"


def _events(source: Source) -> Iterator[Any]:
    place = Place(1, 1, 0, 0)
    try:
        for event in yaml.parse(source.text, Loader=yaml.SafeLoader):
            place = _place_of(event)
            yield event
    except yaml.MarkedYAMLError as error:
        raise SpecError([_syntax(source, error)]) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # PyYAML lets chr() and int() raise as they like
        raise SpecError([source.here(place, f"this is not YAML: {_first_line(error)}", "syntax")]) from None


def _syntax(source: Source, error: yaml.MarkedYAMLError) -> Problem:
    if quote := _open_quote(source, error):
        return quote
    mark = error.problem_mark or error.context_mark
    if error.context_mark and "<stream end>" in str(error.problem):
        mark = error.context_mark
    place = Place(mark.line + 1, mark.column + 1, mark.index, mark.index + 1) if mark else Place(1, 1, 0, 0)
    if mark and (told := why_torn(source, str(error.problem), place.line, place.column, _line_of(error.context_mark))):
        line, column, why = told
        return source.here(Place(line, column, 0, 1), f"this is not YAML: {why}", "syntax")
    parts = [part for part in (error.context, error.problem) if part]
    what = (": ".join(parts) or "unreadable").replace("found character '\\t' that cannot", "found a tab, which cannot")
    return source.here(place, f"this is not YAML: {what}{_hint(source, place, what)}", "syntax")


def _line_of(mark: Any) -> int:
    return mark.line + 1 if mark else 0


def _open_quote(source: Source, error: yaml.MarkedYAMLError) -> Problem | None:
    """What is wrong where a quote opens, if that is it: it ends with the text, or where the next one was to open."""
    opens, wrong = error.context_mark, error.problem_mark
    if opens and wrong and str(error.context).endswith("quoted scalar"):
        if "unexpected" in str(error.problem):
            return _quote_problem(source, opens, "is never closed")
        if opens.line != wrong.line:
            return _quote_problem(source, opens, f"runs on to line {wrong.line + 1}: {error.problem}")
    quoted = _last_quoted(source, wrong.index) if wrong else None
    if wrong is None or quoted is None or quoted.end_mark.line != wrong.line:
        return None
    if quoted.end_mark.index != wrong.index and quoted.start_mark.line == wrong.line:
        return None
    inside = "''" if quoted.style == "'" else '\\"'
    place = f"line {wrong.line + 1}, column {quoted.end_mark.column}"
    says = f"ends in {place}, and more follows: close it where it ends, and write {inside} for a quote inside it"
    return _quote_problem(source, quoted.start_mark, says)


def _quote_problem(source: Source, mark: Any, says: str) -> Problem:
    place = Place(mark.line + 1, mark.column + 1, mark.index, mark.index + 1)
    return source.here(place, f"this is not YAML: the quote that opens here {says}", "syntax")


def _last_quoted(source: Source, index: int) -> Any:
    """The last quoted scalar that ends before a place in the text."""
    found = None
    try:
        for token in yaml.scan(source.text, Loader=yaml.SafeLoader):
            if token.end_mark.index > index:
                break
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"'):
                found = token
    except (yaml.YAMLError, ValueError, OverflowError):  # the error that is looked into
        pass
    return found


def _hint(source: Source, place: Place, what: str) -> str:
    here = source.text[place.start : place.start + 1]
    if here == "\t" or "a tab" in what:
        return "; indent with spaces"
    if here in ("@", "`", "%", "*", "&", "!", "|", ">"):
        return f"; quote a value that begins with {here}"
    if "mapping values are not allowed" in what and _is_indented(source, place):
        return "; it is indented as if it belonged to the line above"
    if "mapping values are not allowed" in what:
        return "; quote a value that contains ': '"
    if here in ("{", "}") or "flow" in what:
        return "; quote a value that contains braces or brackets"
    return ""


def _is_indented(source: Source, place: Place) -> bool:
    """Is it the colon of a line's key, and does the line begin further right than the one above?"""
    above, here = ([""] + [line for line in source.text[: place.start].splitlines() if line.strip()])[-2:]
    indents = [len(line) - len(line.lstrip()) for line in (above, here)]
    return " " not in here.strip() and indents[0] < indents[1] and ":" in above


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]


def _place_of(event: Any, layer: int = 0) -> Place:
    """A block scalar's mark ends on a later line; the caret is cut to the first one by Source."""
    start, end = event.start_mark, event.end_mark
    return Place(start.line + 1, start.column + 1, start.index, end.index, layer)

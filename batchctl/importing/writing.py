"""A spec as YAML for people: keys in the order of the schema, short values in one line."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from batchctl.spec.reading.schema import Schema, chosen_branch, spec_schema, without_reference

MODELINE = "# yaml-language-server: $schema="
SHORT = 90
"""Characters of a mapping or list that stands in one line."""

LINES = frozenset({"commands", "coordinationCommands", "include", "exclude", "dependsOn"})
"""Lists of which each item has a line of its own, however short."""


class _Dumper(yaml.SafeDumper):
    """Indents the items of lists, and writes texts of several lines as such."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value and not value.startswith((" ", "\n")) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def spec_text(document: Mapping[str, Any], schema_at: str, comments: Sequence[str] = ()) -> str:
    """The text of a spec, with its modeline; `comments` stand above it."""
    ordered = in_order(document, spec_schema())
    lead = [MODELINE + schema_at, *(f"# {line}".rstrip() for comment in comments for line in comment.splitlines())]
    body = [_section(name, value) for name, value in ordered.items()]
    return "\n".join(lead) + "\n" + "".join(body)


def _section(name: str, value: Any) -> str:
    node = _Dumper(_Nowhere(), sort_keys=False).represent_data({name: value})
    _lay_out(node, top=True)
    return yaml.serialize(node, Dumper=_Dumper, width=1_000_000, allow_unicode=True)


NO_LINE = 10_000
"""Characters of what cannot stand in one line."""


def _lay_out(node: yaml.Node, key: str = "", *, top: bool = False) -> int:
    """Choose for each collection whether it stands in one line; the characters of the node if it does."""
    if isinstance(node, yaml.MappingNode):
        sizes = [len(name.value) + 2 + _lay_out(inner, name.value) for name, inner in node.value]
    elif isinstance(node, yaml.SequenceNode):
        sizes = [_lay_out(item) for item in node.value]
    else:
        return NO_LINE if "\n" in node.value else len(node.value) + 2
    size = sum(sizes) + 2 * len(sizes)
    node.flow_style = not top and (not sizes or (size <= SHORT and key not in LINES))
    return size if node.flow_style else NO_LINE


class _Nowhere:
    """What a Dumper writes to that is asked for nodes alone."""

    def write(self, _text: str) -> None:
        """Nothing is written."""


def in_order(value: Any, schema: Schema) -> Any:
    """The value with the keys of each mapping in the order in which the schema has them."""
    if isinstance(value, Mapping):
        chosen = chosen_branch(schema, value)
        named = chosen.get("properties", {})
        other = chosen.get("additionalProperties")
        below = other if isinstance(other, Mapping) else {}
        names: Iterable[str] = [*(n for n in named if n in value), *(n for n in value if n not in named)]
        return {name: in_order(value[name], named.get(name, below)) for name in names}
    if isinstance(value, list | tuple):
        items = without_reference(schema).get("items", {})
        return [in_order(item, items) for item in value]
    return value

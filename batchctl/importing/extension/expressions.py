"""Expressions in brackets, as azure-batch-extensions has them: in any text, and what is none loses its brackets."""

import json
import re
from collections.abc import Mapping
from typing import Any

from batchctl.errors import UsageError
from batchctl.importing.found import Found
from batchctl.spec.reading.compose import Node


class ExpressionError(Exception):
    """What the tool ends with."""


class Template:
    """A template's parameters and variables; `values` of parameters, by name. `lost` gathers brackets that went,
    `used` what was asked for: its part of the template, and its name."""

    def __init__(self, template: Found, values: Mapping[str, Any]) -> None:
        definitions = template.get("parameters")
        self.definitions: dict[str, Any] = definitions.plain() if definitions else {}
        variables = template.get("variables")
        self.variables: dict[str, Any] = variables.plain() if variables else {}
        self.values = values
        self.lost: list[str] = []
        self.used: set[tuple[str, str]] = set()

    def resolved(self, found: Found) -> Found:
        """The same with every text evaluated, each at its place. Raises SpecError."""
        return Found(self._node(found), found.source, found.report, found.at)

    def _node(self, found: Found) -> Node:
        node = found.node
        if found.is_mapping:
            entries = [
                (
                    key,
                    self._node(found.get(key.text) or Found(value, found.source, found.report, (*found.at, key.text))),
                )
                for key, value in node.entries
            ]
            return Node("mapping", node.place, entries=entries)
        if found.is_list:
            return Node("sequence", node.place, items=[self._node(member) for member in found.members()])
        if node.plain or "[" not in node.text:
            return node
        try:
            value = self.text(node.text)
        except ExpressionError as error:
            found.wrong(f"the tool cannot make this: {error}")
        return node_of(value, node)

    def text(self, text: str) -> Any:
        """What stands for a text: it is done on JSON as written, and a whole text may become a number or an object."""
        raw = json.dumps(text)
        made, at = "", 0
        while (start := raw.find("[", at)) >= 0:
            if raw.startswith("[[", start):
                made, at = made + raw[at:start] + "[", start + 2
                continue
            end = nested("]", raw, start + 1)
            if end >= len(raw):
                break
            value = self.expression(raw[start + 1 : end])
            if start == 1 and end == len(raw) - 2 and isinstance(value, bool | int | dict):
                return value
            said = value if isinstance(value, str) else json.dumps(value) if isinstance(value, dict) else str(value)
            made, at = made + raw[at:start] + json.dumps(said)[1:-1], end + 1
        return json.loads(made + raw[at:])

    def expression(self, said: Any) -> Any:
        if not isinstance(said, str):
            return said
        if not said:
            raise ExpressionError("[] is empty")
        if (said[0], said[-1]) in (("[", "]"), ("(", ")")):
            return self.expression(said[1:-1])
        if said[0] == said[-1] == "'":
            return said[1:-1]
        if said.startswith("parameters"):
            return self._parameter(said[11:])
        if said.startswith("variables"):
            return self._variable(said[10:])
        if said.startswith("concat"):
            return self._concat(said[7:-1])
        if said.startswith("reference"):
            raise ExpressionError("'reference' is not supported")
        self.lost.append(f"[{said}]")
        return said

    def _concat(self, said: str) -> str:
        made, at = "", 0
        while at < len(said):
            end = nested(",", said, at)
            part = self.expression(said[at:end].strip())
            if not isinstance(part, str):
                raise ExpressionError(f"concat takes texts, and {part!r} is none")
            made, at = made + part, end + 1
        return made

    def _parameter(self, said: str) -> Any:
        name, path = self._name(said)
        self.used.add(("parameters", name))
        definition = self.definitions.get(name)
        if not isinstance(definition, dict):
            raise ExpressionError(f"no parameter is called {name!r}")
        value = self.values.get(name, definition.get("defaultValue"))
        if value is None:
            raise UsageError(
                f"parameter {name!r} has no value: give one by a file of parameters, or --var {name}=VALUE"
            )
        if path:
            return self._inner(value, path)
        return self._object(value) if isinstance(value, dict) else checked(name, definition, value)

    def _variable(self, said: str) -> Any:
        name, path = self._name(said)
        self.used.add(("variables", name))
        if name not in self.variables:
            raise ExpressionError(f"no variable is called {name!r}")
        value = self.expression(self._inner(self.variables[name], path) if path else self.variables[name])
        return self._object(value) if isinstance(value, dict) else value

    def _object(self, value: Any) -> Any:
        """An object with the expressions in it filled."""
        if isinstance(value, dict):
            return {name: self._object(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._object(inner) for inner in value]
        return self.text(value) if isinstance(value, str) else value

    def _name(self, said: str) -> tuple[str, str]:
        """(name, what follows) of `'name').a[0]`."""
        end = nested(")", said, 0)
        if end >= len(said):
            raise ExpressionError(f"{said!r} does not end")
        name = self.expression(said[:end])
        return str(name), said[end + 1 :]

    def _inner(self, value: Any, path: str) -> Any:
        for dotted, bracketed in re.findall(r"\.([^.\[\]]+)|\[([^\]]+)\]", path):
            try:
                value = (
                    value[int(bracketed)]
                    if bracketed and isinstance(value, list)
                    else value[dotted or bracketed.strip("'")]
                )
            except (KeyError, IndexError, TypeError, ValueError):
                raise ExpressionError(f"nothing is at {path}") from None
        return value


def checked(name: str, definition: Mapping[str, Any], value: Any) -> Any:
    """A parameter's value as its type, within its bounds."""
    kind = definition.get("type")
    if kind == "int":
        value = _whole(name, value)
        for bound, is_out in (
            ("minValue", value < int(definition.get("minValue", value))),
            ("maxValue", value > int(definition.get("maxValue", value))),
        ):
            if is_out:
                raise ExpressionError(f"{name} is {value}, and its {bound} is {definition[bound]}")
    elif kind == "bool":
        if value not in (True, False) and str(value).lower() not in ("true", "false"):
            raise ExpressionError(f"{name} is no bool")
        value = value if value in (True, False) else str(value).lower() == "true"
    elif kind == "string":
        value = value if isinstance(value, str) else str(value)
        if not int(definition.get("minLength", 0)) <= len(value) <= int(definition.get("maxLength", len(value))):
            raise ExpressionError(f"{name} is too short or too long")
    elif kind != "object":
        raise ExpressionError(f"{name} is of type {kind!r}, which the tool does not take")
    if value not in definition.get("allowedValues", [value]):
        raise ExpressionError(
            f"{name} is {value!r}, and allowed are {', '.join(map(str, definition['allowedValues']))}"
        )
    return value


def _whole(name: str, value: Any) -> int:
    if not re.fullmatch(r"-?(0|[1-9][0-9]*)", str(value)):
        raise ExpressionError(f"{name} is no whole number as the tool takes it")
    return int(value)


def closing(quote: str, text: str, at: int) -> int:
    """Where a text in quotes ends."""
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == quote:
            return at
        at += 1
    raise ExpressionError("a quote or a bracket is not closed")


def nested(end: str, text: str, at: int) -> int:
    """Where this ends, brackets and quotes between left out; behind the text where it does not."""
    while at < len(text):
        char = text[at]
        if char == end:
            return at
        if char in "[(":
            at = nested("]" if char == "[" else ")", text, at + 1)
        elif char in "\"'":
            at = closing(char, text, at + 1)
        at += 1
    return at


def node_of(value: Any, at: Node) -> Node:
    """A value as a node that stands at the place of another."""
    if isinstance(value, dict):
        return Node(
            "mapping",
            at.place,
            entries=[(Node("scalar", at.place, n, False), node_of(v, at)) for n, v in value.items()],
        )
    if isinstance(value, list):
        return Node("sequence", at.place, items=[node_of(v, at) for v in value])
    if isinstance(value, str):
        return Node("scalar", at.place, value, False)
    return Node("scalar", at.place, json.dumps(value), True)

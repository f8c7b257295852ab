"""What an apply would send, as JSON for people and programs; no secret is in it."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from batchctl.cloud_answers import Request
from batchctl.resources import label_of
from batchctl.rules import NEVER_TOLD
from batchctl.sensitive import Veil
from batchctl.words import shown_json

Row = dict[str, Any]
"""`kind`, `name`, `file`, `line`, `method`, `path`, `body`."""


def request_row(request: Request, file: str, line: int, veil: Veil) -> Row:
    """One request, with the place in the spec that asks for it."""
    return {
        "kind": request.resource.kind,
        "name": veil(label_of(request.resource)),
        "file": file,
        "line": line,
        "method": request.method,
        "path": veil(request.path),
        "body": _hidden(request.body, veil, veil),
    }


def _hidden(value: Any, write: Callable[[str], str], veil: Veil) -> Any:
    """A body without secrets: by their values, by the names of settings, and what the service never gives back."""
    match value:
        case {"name": str(name), "value": str(text)} if len(value) == 2:
            return {"name": write(name), "value": veil.setting(name, text)}
        case dict():
            never = partial(veil.setting, "password")
            return {name: _hidden(inner, never if name in NEVER_TOLD else write, veil) for name, inner in value.items()}
        case list():
            return [_hidden(item, write, veil) for item in value]
        case str():
            return write(value)
        case _:
            return value


def document(rows: Iterable[Row]) -> str:
    """All of them as one JSON document."""
    return shown_json(list(rows), indent=2) + "\n"


def lines(rows: Iterable[Row]) -> str:
    """One JSON object a line."""
    return "".join(shown_json(row) + "\n" for row in rows)

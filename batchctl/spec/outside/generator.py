"""Items that a Python function makes: run in this process, and only where the command line allows it."""

import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from batchctl.spec.inventory import Generated
from batchctl.spec.outside.tables import MOST_ROWS
from batchctl.spec.source import is_hidden, shown
from batchctl.spec.template import Value, value_text


class GeneratorError(Exception):
    """Why there are no items."""


def generate_items(folder: Path, reference: str, variables: Mapping[str, Value]) -> tuple[Generated, ...]:
    """What `module:function` yields; the module is a file below the folder. Raises GeneratorError.

    The function is called with the spec's variables by name. An item is a text, number or boolean (`{item}`), or a
    mapping of names to these (`{item.NAME}`; its key is what is called `key`, or the first).
    """
    module, _, name = reference.partition(":")
    try:
        made = getattr(_load_module(folder, module), name)(dict(variables))
        # A generator may never end.
        return tuple(_checked_items(islice(made, MOST_ROWS)))
    except GeneratorError:
        raise
    # Whatever the code of a spec raises is a mistake of the spec, and no bug of ours.
    except Exception as error:
        raise GeneratorError(f"{shown(reference)} raised {type(error).__name__}: {error}") from error


def _load_module(folder: Path, name: str) -> Any:
    path = folder.joinpath(*name.split(".")).with_suffix(".py")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise GeneratorError(f"there is no file {shown(path.relative_to(folder))} beside the spec")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(folder))  # its imports are looked for beside the spec
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
    return module


def _checked_items(made: Iterable[Any]) -> Iterator[Generated]:
    for number, item in enumerate(made):
        if isinstance(item, Mapping):
            if not item:
                raise GeneratorError(f"item {number} is empty")
            values = {f"item.{_item_name(name, number)}": _item_value(value, number) for name, value in item.items()}
            yield value_text(values.get("item.key", next(iter(values.values())))), values
        else:
            value = _item_value(item, number)
            yield value_text(value), {"item": value}


def _item_name(name: Any, number: int) -> str:
    if not isinstance(name, str) or not name.isidentifier() or not name.isascii():
        raise GeneratorError(f"item {number} has the name {shown(name)}, which can stand in no placeholder")
    return name


def _item_value(value: Any, number: int) -> Value:
    if not isinstance(value, str | int | float | bool):
        raise GeneratorError(f"item {number} has a {type(value).__name__}; texts, numbers and booleans can be put in")
    if odd := next((c for c in value_text(value) if is_hidden(c)), None):
        raise GeneratorError(f"item {number} has the character U+{ord(odd):04X}, which no command line could carry")
    return value

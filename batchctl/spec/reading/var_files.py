"""Files of `--var-file`: a YAML mapping of variables to values, read with places as a spec is."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from batchctl.errors import Problem, SpecError
from batchctl.sensitive import is_sensitive
from batchctl.spec.reading.compose import EXTENSION, compose_nodes
from batchctl.spec.reading.typed import read_document
from batchctl.spec.reading.variables import Said, as_value, meant_variable, why_misfit
from batchctl.spec.source import Source, shown
from batchctl.spec.template import value_text

TYPES: Mapping[str, Any] = {
    "int": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "list": {"type": "array", "items": {"type": "string"}},
}
"""What YAML's texts are read as, by the type of the variable."""


def filed_values(sources: Iterable[Source], declared: Mapping[str, Any]) -> tuple[dict[str, Said], list[Problem]]:
    """(what the files say, what is wrong with it); of a variable that several name, the last file counts.

    Raises SpecError for what is no YAML.
    """
    found: dict[str, Said] = {}
    problems: list[Problem] = []
    for source in sources:
        if any(line.strip() and not line.lstrip().startswith("#") for line in source.text.splitlines()):
            found |= _values(source, declared, problems)
    return found, [_unshown(problem) for problem in problems]


def _unshown(problem: Problem) -> Problem:
    """Without its line, where that has a name of secrets: in a file of variables they may stand."""
    return replace(problem, source="", width=1) if is_sensitive(problem.source) else problem


def _values(source: Source, declared: Mapping[str, Any], problems: list[Problem]) -> dict[str, Said]:
    try:
        root, wrong = compose_nodes(source)
    except SpecError as error:
        raise SpecError([_unshown(problem) for problem in error.problems]) from None
    kinds = {name: v.get("type") for name, v in declared.items() if isinstance(v, dict)}
    schema = {"properties": {name: TYPES.get(str(kind), {"type": "string"}) for name, kind in kinds.items()}}
    document, placed, twice, _ = read_document(root, source, schema=schema)
    problems += [*wrong, *twice]
    if not isinstance(document, dict):
        message = "a file of variables is a mapping: `name: value`, one on a line"
        problems.append(placed.problem((), message, "type"))
        return {}
    said: dict[str, Said] = {}
    for name, value in document.items():
        if name.startswith(EXTENSION):
            continue
        if name not in declared:
            message = f"the spec has no variable {shown(name)}; {meant_variable(name, declared)}"
            problems.append(placed.problem((name,), message, "unknown-variable", at_key=True))
        elif name in kinds and (
            why := "is empty" if value is None else why_misfit(value, declared[name], hidden=is_sensitive(name))
        ):
            one = isinstance(value, str | int | float) and not is_sensitive(name)
            message = f"{name}: {shown(value_text(value))} {why}" if one else f"{name} {why}"
            problems.append(placed.problem((name,), message, "bad-value", at_key=value is None))
        elif name in kinds:
            said[name] = Said(as_value(kinds[name], value), f"{name} in {source.file}")
    return said

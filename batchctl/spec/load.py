"""A spec's file to a Spec, or to every problem in it at once. Sends no request."""

import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from batchctl.errors import MOST_PROBLEMS, Problem, SpecError
from batchctl.sensitive import Veil, sensitive_values
from batchctl.spec.model import Spec
from batchctl.spec.outside.origin import spec_origin
from batchctl.spec.outside.stocktaking import take_inventory
from batchctl.spec.reading.build import build_spec
from batchctl.spec.reading.check import check_schema
from batchctl.spec.reading.compose import compose_nodes
from batchctl.spec.reading.external import on_either_system
from batchctl.spec.reading.limits import check_limits
from batchctl.spec.reading.names import NEEDED, missing_values, needed_names, outlined
from batchctl.spec.reading.placeholders import Settling, likely_values
from batchctl.spec.reading.references import check_references
from batchctl.spec.reading.typed import read_document
from batchctl.spec.reading.variables import given_values
from batchctl.spec.resolve import resolve
from batchctl.spec.source import Source
from batchctl.spec.template import Value, Values, environment_names

LARGEST = 1 << 20
"""Bytes of a spec."""


def load(path: Path, variables: Mapping[str, str], environ: Mapping[str, str], *, allow_python: bool = False) -> Spec:
    """Read and check a spec. `variables` are those of the command line, `environ` what `${env:X}` may name.

    `allow_python`: generators may run. Raises SpecError with every problem, UsageError for variables that the spec does
    not take.
    """
    return replace(_spec(path, *_examined(path, variables, environ), variables, environ), allow_python=allow_python)


def load_names(path: Path, variables: Mapping[str, str], environ: Mapping[str, str]) -> Spec:
    """A spec as far as destroy asks for it: nobody has to know a secret, or a variable, that names nothing.

    Raises SpecError and UsageError as `load` does.
    """
    document, source = _examined(path, variables, environ, needed=NEEDED)
    asked = needed_names(document)
    declared = {
        name: variable
        for name, variable in _declared(document).items()
        if name in variables or "default" in variable or f"vars.{name}" in asked
    }
    values = {**_named_variables(source, environ), **given_values(declared, variables)}
    if problems := list(missing_values(document, source, values)):
        raise SpecError(problems)
    return _built(path, outlined(document), source, values)


def examine(path: Path, variables: Mapping[str, str], environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """Every problem that shows without a request."""
    return examined(path, variables, environ)[0]


def examined(
    path: Path, variables: Mapping[str, str], environ: Mapping[str, str]
) -> tuple[tuple[Problem, ...], Spec | None]:
    """Every problem that shows without a request, and the spec as far as it can be read; files are looked at,
    containers are not.

    Where a variable waits for the command line, nobody can say yet which files are meant; what a generator would make
    nobody asks.
    """
    spec: Spec | None = None
    try:
        document, source = _examined(path, variables, environ)
        if all(name in variables or "default" in variable for name, variable in _declared(document).items()):
            spec = _spec(path, document, source, variables, environ)
            if _generates(spec):
                return (), spec
            return tuple(_unseen(_told_on_either_system(spec), spec.values)), spec
    except SpecError as error:
        return tuple(_unseen(error.problems, spec.values if spec else {})), spec
    return (), spec


def _told_on_either_system(spec: Spec) -> list[Problem]:
    """What is wrong whatever the nodes run; what is wrong on one system alone, `plan` tells, which sees the pool."""
    first, *others = map(_problems_of, on_either_system(spec))
    return [problem for problem in first if all(problem in found for found in others)]


def _problems_of(spec: Spec) -> list[Problem]:
    try:
        resolve(spec, take_inventory(spec, None))
    except SpecError as error:
        return list(error.problems)
    return []


def _generates(spec: Spec) -> bool:
    forms = [f.for_each for f in spec.job.tasks if f.for_each] if spec.job else []
    return any(simple.form == "generator" for form in forms for simple in form.simple)


def fingerprint(path: Path) -> str:
    """The digest of a spec's text, as `Source.digest` of what `load` makes of it. Raises SpecError."""
    return Source(str(path), _file_text(path)).digest


def _spec(
    path: Path, document: dict[str, Any], source: Source, variables: Mapping[str, str], environ: Mapping[str, str]
) -> Spec:
    return _built(
        path, document, source, {**_named_variables(source, environ), **given_values(_declared(document), variables)}
    )


def _built(path: Path, document: dict[str, Any], source: Source, values: Values) -> Spec:
    return build_spec(document, folder=path.parent.absolute(), origin=spec_origin(path), values=values, source=source)


def _examined(
    path: Path, variables: Mapping[str, str], environ: Mapping[str, str], needed: Sequence[str] | None = None
) -> tuple[dict[str, Any], Source]:
    """(document, source); raises SpecError with all that is wrong. `needed`: the places whose values count, if not
    all."""
    source = Source(str(path), _file_text(path))
    # First, so that a secret is told whatever else ends the reading (reliability B43).
    problems = list(source.secrets())
    if hidden := list(islice(source.forbidden(), MOST_PROBLEMS)):
        raise SpecError([*problems, *hidden][:MOST_PROBLEMS])
    try:
        root, wrong = compose_nodes(source)
    except SpecError as error:
        raise SpecError(sorted([*problems, *error.problems])[:MOST_PROBLEMS]) from None
    # Read twice: what `vars` declares has to be known before placeholders are settled.
    declared, outside = _declared(read_document(root, source)[0]), _named_variables(source, environ)
    values = {**outside, **likely_values(declared, variables)}
    if needed is not None:
        outside = dict.fromkeys(environment_names(source.text), "")
    known = {**outside, **{f"vars.{name}": "" for name in declared}}
    settling = Settling(values, needed)
    document, source, twice, quoted = read_document(root, source, settling)
    checked = [
        *check_schema(document, source, quoted),
        *check_references(document, source, known),
        *check_limits(document, source),
    ]
    unknown = settling.open_places(source)
    problems += [*wrong, *twice, *(found for found in checked if (found.line, found.column) not in unknown)]
    problems += settling.problems(document, source, known)
    if problems:
        raise SpecError(_unseen(sorted(problems)[:MOST_PROBLEMS], values))
    return document, source


def _unseen(problems: Iterable[Problem], values: Mapping[str, Value]) -> list[Problem]:
    """The problems without what came from outside: a value that does not fit is told as well as any other."""
    veil = Veil(sensitive_values(values))
    return [replace(problem, message=veil(problem.message)) for problem in problems]


def _file_text(path: Path) -> str:
    """What the file holds. Refuses what is no regular file before reading: a FIFO or a device would never end."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _unreadable(path, "this is not a regular file")
        with path.open("rb") as stream:
            # One byte more tells that there is too much.
            content = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from None
    if len(content) > LARGEST:
        raise _unreadable(path, f"larger than {LARGEST >> 20} MiB", "too-large")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"not UTF-8: byte {error.start} cannot be read", "encoding") from None


def _unreadable(path: Path, why: str, code: str = "unreadable") -> SpecError:
    return SpecError([Problem(str(path), 1, 1, f"cannot read the spec: {why}", code)])


def _named_variables(source: Source, environ: Mapping[str, str]) -> dict[str, Value]:
    """Those variables that the text names; the others are none of a spec's business."""
    return {f"env:{name}": value for name, value in environ.items() if f"${{env:{name}}}" in source.text}


def _declared(document: Any) -> Mapping[str, Any]:
    found = document.get("vars") if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}

"""A spec's file to a Spec, or to every problem in it at once. Sends no request."""

import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from batchctl.errors import MOST_PROBLEMS, Problem, SpecError
from batchctl.frozen import dataclass
from batchctl.sensitive import FROM_ENVIRONMENT, FROM_VAULT, Veil, sensitive_values
from batchctl.spec.model import Spec
from batchctl.spec.outside.origin import spec_origin
from batchctl.spec.outside.stocktaking import take_inventory
from batchctl.spec.reading.build import build_spec
from batchctl.spec.reading.compose import Node, compose_nodes
from batchctl.spec.reading.external import on_either_system
from batchctl.spec.reading.limits import check_limits
from batchctl.spec.reading.names import NEEDED, missing_values, needed_names, outlined
from batchctl.spec.reading.placeholders import Settling, Spot, likely_values
from batchctl.spec.reading.references import check_references
from batchctl.spec.reading.schema import meets, spec_schema
from batchctl.spec.reading.short_forms import with_mpi_instances, with_task_defaults
from batchctl.spec.reading.typed import read_document
from batchctl.spec.reading.variables import Given, Said, given_values, require_declared, said_values, text_of
from batchctl.spec.resolve import resolve
from batchctl.spec.source import At, Source
from batchctl.spec.template import Value, Values, outside_names

LARGEST = 1 << 20
"""Bytes of a spec."""

UNREAD = "https://key.vault/secret"
"""Stands for a secret that nobody has read: of a form that suits nearly every place."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What was read and checked. `said`: what variables are given from outside, by their names."""

    document: dict[str, Any]
    source: Source
    said: Mapping[str, Said]

    @property
    def declared(self) -> Mapping[str, Any]:
        return _declared(self.document)


def load(
    path: Path,
    variables: Given,
    environ: Mapping[str, str],
    *,
    var_files: Sequence[Path] = (),
    overlays: Sequence[Path] = (),
    allow_python: bool = False,
) -> Spec:
    """Read and check a spec. `variables` are those of the command line, which count before `var_files` (of these the
    last) and these before BATCHCTL_VAR_… of `environ`, which is also what `${env:X}` may name, and under
    `keyvault:VAULT/NAME` has secrets of key vaults.

    `allow_python`: generators may run. Raises SpecError with every problem, UsageError for variables that the spec does
    not take.
    """
    read = _examined(path, variables, environ, (var_files, overlays))
    return replace(_spec(path, read, variables, environ), allow_python=allow_python)


def load_names(
    path: Path,
    variables: Given,
    environ: Mapping[str, str],
    *,
    var_files: Sequence[Path] = (),
    overlays: Sequence[Path] = (),
) -> Spec:
    """A spec as far as destroy asks for it: nobody has to know a secret, or a variable, that names nothing.

    Raises SpecError and UsageError as `load` does.
    """
    read = _examined(path, variables, environ, (var_files, overlays), needed=NEEDED)
    asked = needed_names(read.document)
    require_declared(read.declared, variables)
    declared = {
        name: variable
        for name, variable in read.declared.items()
        if name in read.said or "default" in variable or f"vars.{name}" in asked
    }
    values = {**_named_variables(read.source, environ), **given_values(declared, read.said)}
    if problems := list(missing_values(read.document, read.source, values)):
        raise SpecError(problems)
    return _built(path, replace(read, document=outlined(read.document)), values)


def with_stand_ins(
    path: Path, environ: Mapping[str, str], *, overlays: Sequence[Path] = ()
) -> tuple[Mapping[str, str], list[str]]:
    """The environment with something for each `${env:…}` that is not set and names nothing, and which these are.

    Raises SpecError for what cannot be read.
    """
    source = replace(read_source(path), overlays=tuple(read_source(file, "the overlay") for file in overlays))
    document, *_ = read_document(_composed(source)[0], source)
    named = needed_names(document) if isinstance(document, dict) else frozenset()
    asked = {
        name.removeprefix(FROM_ENVIRONMENT)
        for name in outside_names(source.all_text) - named
        if name.startswith(FROM_ENVIRONMENT)
    }
    unset = sorted(asked - environ.keys())
    return {**environ, **dict.fromkeys(unset, UNREAD)}, unset


def examined(
    path: Path,
    variables: Given,
    environ: Mapping[str, str],
    *,
    var_files: Sequence[Path] = (),
    overlays: Sequence[Path] = (),
) -> tuple[tuple[Problem, ...], Spec | None]:
    """Every problem that shows without a request, and the spec as far as it can be read; files are looked at,
    containers are not.

    Where a variable waits for the command line, nobody can say yet which files are meant; what a generator would make
    nobody asks.
    """
    spec: Spec | None = None
    try:
        read = _examined(path, variables, environ, (var_files, overlays), offline=True)
        if all(name in read.said or "default" in variable for name, variable in read.declared.items()):
            unread = {name: UNREAD for name in _vault_names(read.source) if name not in environ}
            spec = _spec(path, read, variables, {**environ, **unread})
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
    return read_source(path).digest


def _spec(path: Path, read: Examined, variables: Given, environ: Mapping[str, str]) -> Spec:
    require_declared(read.declared, variables)
    return _built(path, read, {**_named_variables(read.source, environ), **given_values(read.declared, read.said)})


def _built(path: Path, read: Examined, values: Values) -> Spec:
    given = tuple((name, text_of(values[f"vars.{name}"])) for name in read.said if f"vars.{name}" in values)
    return build_spec(
        read.document,
        folder=path.parent.absolute(),
        origin=spec_origin(path, [Path(overlay.file) for overlay in read.source.overlays]),
        values=values,
        given=given,
        source=read.source,
    )


def _examined(
    path: Path,
    variables: Given,
    environ: Mapping[str, str],
    beside: tuple[Sequence[Path], Sequence[Path]] = ((), ()),
    needed: Sequence[str] | None = None,
    *,
    offline: bool = False,
) -> Examined:
    """Raises SpecError with all that is wrong. `beside`: the files of variables, and the overlays; `needed`: the places
    whose values count, if not all; `offline`: nobody has looked into key vaults."""
    var_files, overlays = beside
    filed = [read_source(file, "the variables") for file in var_files]
    over = tuple(read_source(file, "the overlay") for file in overlays)
    source = replace(read_source(path), overlays=over)
    sources = (source, *over, *filed)
    # First, so that a secret is told whatever else ends the reading (reliability B43).
    problems = [problem for one in sources for problem in one.secrets()]
    if hidden := list(islice((problem for one in sources for problem in one.forbidden()), MOST_PROBLEMS)):
        raise SpecError([*problems, *hidden][:MOST_PROBLEMS])
    try:
        root, wrong = _composed(source)
    except SpecError as error:
        raise SpecError(sorted([*problems, *error.problems])[:MOST_PROBLEMS]) from None
    # Read twice: what `vars` declares has to be known before placeholders are settled.
    plain, source, *_ = read_document(root, source)
    declared, outside = _declared(plain), _named_variables(source, environ)
    in_files, misfits = _filed(filed, declared)
    said = said_values(declared, environ, in_files, variables)
    values = {**outside, **likely_values(declared, said)}
    if needed is not None:
        outside = dict.fromkeys(outside_names(source.all_text), "")
    unread = dict.fromkeys(_vault_names(source) - outside.keys(), "") if offline else {}
    known = {**outside, **unread, **{f"vars.{name}": "" for name in declared}}
    settling = Settling(values, needed)
    document, source, twice, quoted = read_document(root, source, settling)
    shaped = [] if meets(document, spec_schema()) else _breaches(document, source, quoted)
    document, source = with_mpi_instances(*with_task_defaults(document, source))
    # What all tasks have is found wrong in each of them, at one place.
    checked = dict.fromkeys(
        (*shaped, *check_references(document, source, known), *check_limits(document, source)),
    )
    misshapen = {_spot(found) for found in shaped if found.code in ("shape", "unknown-key")}
    problems += [*wrong, *twice, *misfits, *_worth_telling(checked, settling.open_places(source))]
    problems += settling.problems(document, source, known, misshapen)
    if problems:
        raise SpecError(_unseen(sorted(problems)[:MOST_PROBLEMS], values))
    return Examined(document, source, said)


def _worth_telling(checked: Collection[Problem], unknown: Collection[Spot]) -> Iterator[Problem]:
    """Those that hold whatever stands in the places whose values are unknown, and that no other one explains."""
    nowhere = {_spot(found) for found in checked if found.code == "unknown-container"}
    for found in checked:
        # Whatever a value says, it is no mapping. A container that is nowhere needs no word on how it is spelled.
        of_its_value = _spot(found) in unknown and found.code != "shape"
        if not of_its_value and not (found.code == "format" and _spot(found) in nowhere):
            yield found


def _spot(found: Problem) -> Spot:
    return found.file, found.line, found.column


def _breaches(document: Any, source: Source, quoted: frozenset[At]) -> list[Problem]:
    from batchctl.spec.reading.check import check_schema  # imported late: half of what reading a spec would cost

    return check_schema(document, source, quoted)


def _composed(source: Source) -> tuple[Node, list[Problem]]:
    """The nodes of the spec with its overlays, and what is wrong with them so far. Raises SpecError."""
    root, wrong = compose_nodes(source)
    for layer, overlay in enumerate(source.overlays, 1):
        from batchctl.spec.reading.overlays import laid_over  # imported late: few commands have overlays

        above, more = compose_nodes(overlay, layer)
        root, misfits = laid_over(root, above, overlay)
        wrong += [*more, *misfits]
    return root, wrong


def _filed(sources: Sequence[Source], declared: Mapping[str, Any]) -> tuple[Mapping[str, Said], Sequence[Problem]]:
    if not sources:
        return {}, ()
    from batchctl.spec.reading.var_files import filed_values  # imported late: few commands have such files

    return filed_values(sources, declared)


def _unseen(problems: Iterable[Problem], values: Mapping[str, Value]) -> list[Problem]:
    """The problems without what came from outside: a value that does not fit is told as well as any other."""
    veil = Veil(sensitive_values(values))
    return [replace(problem, message=veil(problem.message)) for problem in problems]


def read_source(path: Path, what: str = "the spec", largest: int = LARGEST) -> Source:
    """A file's text. Raises SpecError for what cannot be read, has more than `largest` bytes or is no UTF-8."""
    return Source(str(path), _file_text(path, what, largest))


def _file_text(path: Path, what: str = "the spec", largest: int = LARGEST) -> str:
    """What the file holds. Refuses what is no regular file before reading: a FIFO or a device would never end."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _unreadable(path, what, "this is not a regular file")
        with path.open("rb") as stream:
            # One byte more tells that there is too much.
            content = stream.read(largest + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise _unreadable(path, what, getattr(error, "strerror", None) or str(error)) from None
    if len(content) > largest:
        raise _unreadable(path, what, f"larger than {largest >> 20} MiB", "too-large")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(path, what, f"not UTF-8: byte {error.start} cannot be read", "encoding") from None


def _unreadable(path: Path, what: str, why: str, code: str = "unreadable") -> SpecError:
    return SpecError([Problem(str(path), 1, 1, f"cannot read {what}: {why}", code)])


def _named_variables(source: Source, environ: Mapping[str, str]) -> dict[str, Value]:
    """Those variables that the text names; the others are none of a spec's business. And the secrets that it does."""
    text = source.all_text
    variables: dict[str, Value] = {
        f"env:{name}": value for name, value in environ.items() if f"${{env:{name}}}" in text
    }
    return variables | {name: environ[name] for name in _vault_names(source) if name in environ}


def _vault_names(source: Source) -> frozenset[str]:
    """`keyvault:VAULT/NAME` of each secret that a value names."""
    if f"${{{FROM_VAULT}" not in source.all_text:
        return frozenset()
    named = (name for text in source.scalars.values() for name in outside_names(text))
    return frozenset(name for name in named if name.startswith(FROM_VAULT))


def _declared(document: Any) -> Mapping[str, Any]:
    found = document.get("vars") if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}

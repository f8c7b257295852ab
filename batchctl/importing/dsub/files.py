"""A task file of dsub (`--tasks`) to one spec."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from batchctl.errors import UsageError
from batchctl.importing.asked import Asked, Kind
from batchctl.importing.dsub.columns import Column, Place, columns, place_of
from batchctl.importing.found import Document, Found
from batchctl.importing.names import plain_name
from batchctl.importing.report import Line, Row, Verdict
from batchctl.importing.sweeps import Sweep, axis_name
from batchctl.importing.templates import UnsayableError, literal
from batchctl.sensitive import is_sensitive

TO = "job.tasks[]"
STAND_IN = "echo put the command of your script here"

FIELDS = (
    Row("--env NAME, NAME", Verdict.CARRIED, "environmentSettings"),
    Row("--label NAME", Verdict.DROPPED, "", "tasks of Batch have no labels"),
    Row(
        "--input NAME",
        Verdict.CHANGED,
        "resourceFiles",
        "a bucket stands for a container of its name, a path for one called `files`: what is there is to be copied",
    ),
    Row("--input-recursive NAME", Verdict.CHANGED, "resourceFiles", "all blobs below it"),
    Row("--output NAME", Verdict.CHANGED, "outputFiles", "of a failed task too, as there"),
    Row("--output-recursive NAME", Verdict.CHANGED, "outputFiles", "all files below it"),
    Row("dsub --command, --script", Verdict.CHANGED, "command", "no part of the file: `--var command=…` says it"),
    Row("dsub --image", Verdict.CHANGED, "containerSettings.imageName", "no part of the file: `--var image=…` says it"),
)


def knows(found: Found) -> bool:
    names = found.names() if found.is_mapping else frozenset()
    return found.source.file.endswith(".tsv") and bool(names)


def document(files: Sequence[Found], asked: Asked) -> Document:
    """Raises SpecError and UsageError."""
    if len(files) > 1:
        raise UsageError("a spec has one job: import one file")
    file = files[0]
    if unknown := [name for name in asked.values if name not in ("command", "image", "name")]:
        raise UsageError(f"--var {unknown[0]}: what dsub is given beside a task file is command, image and name")
    given = {name: values[-1] for name, values in asked.values.items()}
    read = list(columns(file))
    rows = len(read[0].found.members()) if read else 0
    if not rows:
        file.wrong("a head, and no task")
    storage: dict[str, Document] = {}
    name = plain_name(given.get("name") or PurePath(file.source.file).stem, "dsub", 58)
    tasks = list(_tasks(read, rows, given, storage))
    _say(file, given)
    said: Document = {"version": 1, "name": name}
    if storage:
        said["storage"] = {"containers": storage}
    return {
        **said,
        "pool": {"id": "dsub", "external": True},
        "job": {"id": name, "tasks": tasks},
        "logs": False,
    }


def _say(file: Found, given: dict[str, str]) -> None:
    """What is said of a task file whatever it says."""
    lines = [
        ("pool", "pool.id", "dsub has none: name a pool of yours"),
        ("cwd", TO, "a script begins in the task's working directory, and its files are below it"),
    ]
    if "command" not in given:
        lines.append(("command", f"{TO}.command", "dsub's command line says it: --var command=…, or write it there"))
    if "image" not in given:
        lines.append(("image", f"{TO}.containerSettings", "dsub's command line says it: --var image=…; here none"))
    for field, to, why in lines:
        file.report.lines.append(Line(file.source.file, 1, 1, field, Verdict.CHANGED, to, why))


def _tasks(
    read: Sequence[Column], rows: int, given: dict[str, str], storage: dict[str, Document]
) -> Iterator[Document]:
    """One factory for all rows that say the same columns, with files in the same containers."""
    values = [_values(column) for column in read]
    groups: dict[tuple[object, ...], list[int]] = {}
    for row in range(rows):
        groups.setdefault(tuple(_shape(of[row]) for of in values), []).append(row)
    for numbers in groups.values():
        used: list[tuple[Column, list[str | Place]]] = []
        for column, of in zip(read, values, strict=True):
            if _is_said(column):
                used.append((column, [value for row in numbers if (value := of[row]) is not None]))
        yield _factory(used, numbers, given, storage)
    for column in read:
        _tell(column)


def _values(column: Column) -> list[str | Place | None]:
    members = column.found.members()
    if column.is_file:
        return [place_of(member, is_folder=column.is_folder) for member in members]
    return [member.text() for member in members]


def _is_said(column: Column) -> bool:
    return column.sort != "--label" and (column.is_file or not is_sensitive(column.name))


def _shape(value: str | Place | None) -> object:
    return value.form if isinstance(value, Place) else type(value)


def _tell(column: Column) -> None:
    to = "outputFiles" if column.is_output else "resourceFiles"
    if column.sort == "--label":
        column.found.dropped("tasks of Batch have no labels")
    elif column.is_file:
        places = {place_of(member, is_folder=column.is_folder) for member in column.found.members()}
        names = ", ".join(sorted({place.container for place in places if place is not None})[:5])
        verb = "it is written to" if column.is_output else "it is to be in"
        column.found.changed(f"{TO}.{to}", f"{verb} the container {names}, by the path that it has here")
    elif is_sensitive(column.name):
        column.found.refused("secrets are not copied: take ${env:NAME} or ${keyvault:VAULT/NAME}")
    else:
        column.found.carried(f"{TO}.environmentSettings")


def _factory(
    used: Sequence[tuple[Column, list[str | Place]]],
    numbers: Sequence[int],
    given: dict[str, str],
    storage: dict[str, Document],
) -> Document:
    axes: list[Sequence[int | str]] = [[number + 1 for number in numbers]]
    environment, inputs, outputs, made = [], [], [], []
    for column, values in used:
        name = f"{{item.{axis_name(len(axes))}}}"
        # What is put in for a placeholder is text, and no pattern.
        texts = [value if isinstance(value, str) else value.folder if value.pattern else value.path for value in values]
        if any(texts):
            axes.append(texts)
        first = values[0] if values else ""
        if isinstance(first, str):
            environment.append({"name": column.name, "value": name if any(texts) else ""})
            continue
        storage.setdefault(first.container, {"external": True})
        below = "/".join(filter(None, (name if any(texts) else "", first.pattern)))
        side = "output" if column.is_output else "input"
        environment.append({"name": column.name, "value": "/".join(filter(None, (side, first.container, below)))})
        if column.is_output:
            outputs.append(_output(column, first, name if any(texts) else ""))
            made.append(f'"${column.name}"' if column.is_folder else f'"$(dirname "${column.name}")"')
        else:
            inputs.append(_input(column, first, name if any(texts) else ""))
    said: Document = {"id": "{item.a}", "forEach": Sweep(axes=tuple(axes), side_by_side=True).for_each()}
    if len(axes) == 1:
        said["id"] = "{item}"
    before = f"mkdir -p {' '.join(made)}\n" if made else ""
    said["command"] = ["/bin/bash", "-c", f"{before}{_command(given)}"]
    if "image" in given:
        said["containerSettings"] = {"imageName": given["image"]}
    for word, value in (("resourceFiles", inputs), ("outputFiles", outputs), ("environmentSettings", environment)):
        if value:
            said[word] = value
    return said


def _command(given: dict[str, str]) -> str:
    try:
        return literal(given.get("command", STAND_IN))
    except UnsayableError:
        raise UsageError("--var command: no text of a spec stands for it; put it into a script") from None


def _input(column: Column, first: Place, name: str) -> Document:
    to = f"input/{first.container}"
    if not column.is_folder and not first.pattern:
        return {"blob": f"{first.container}/{name}", "filePath": f"{to}/{name}"}
    return {"container": first.container, **({"blobPrefix": f"{name}/"} if name else {}), "filePath": to}


def _output(column: Column, first: Place, name: str) -> Document:
    parts = ("output", first.container, name, "**/*" if column.is_folder else first.pattern)
    return {
        "filePattern": "/".join(filter(None, parts)),
        "container": first.container,
        **({"path": name} if name else {}),
        "uploadCondition": "taskCompletion",
    }


DSUB = Kind(name="dsub", title="dsub", knows=knows, document=document, fields=FIELDS)

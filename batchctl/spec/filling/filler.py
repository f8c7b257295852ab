"""Parts of pools and tasks with their placeholders filled: command lines, resource and output files, environments.

What cannot be filled is kept as a problem, so that all of them are told at once.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from posixpath import basename
from typing import TYPE_CHECKING, Any

from batchctl import frozen
from batchctl.errors import Problem
from batchctl.resources import Blob
from batchctl.rest import filled_fields
from batchctl.sensitive import FROM_OUTSIDE, Hidden
from batchctl.spec import template
from batchctl.spec.filling import places, shell
from batchctl.spec.filling.many_files import gathered
from batchctl.spec.inventory import Inventory
from batchctl.spec.model import Commands, OutputFileSpec, ResourceFileSpec, Spec
from batchctl.spec.source import At, shown
from batchctl.spec.template import TemplateError, Values, layered
from batchctl.work import OutputFile, ResourceFile, Settings

LONGEST_LINE = 32 * 1024
"""Characters of a command line (reliability B68)."""

MOST_OF_A_VARIABLE = {False: 128 * 1024 - 1, True: 32_767}
"""Bytes of a variable's value on Linux (execve: MAX_ARG_STRLEN) and on Windows (SetEnvironmentVariable)."""

MOST_OF_FILES = 32_768
"""Characters of a task's resource files; for more the answer is RequestEntityTooLarge (Azure/BatchExplorer#1286)."""
LEAST_OF_AN_ADDRESS = (
    len("https://abc.blob.core.windows.net//?sv=2025-05-05&se=2026-12-05T09%3A19Z&sr=c&sp=r&sig=") + 44
)

if TYPE_CHECKING:
    from batchctl.spec.filling.windows import Script


class Filler:
    """Fills the placeholders of one task (or of none), and keeps what could not be filled. `scripts` are the .cmd files
    that command lines run, by their names."""

    def __init__(
        self, spec: Spec, values: Values, problems: list[Problem], scripts: dict[str, Blob] | None = None
    ) -> None:
        self.spec, self._problems, self.scripts = spec, problems, {} if scripts is None else scripts
        self.values: Values = layered(values, spec.values) if values else spec.values

    def __call__(self, at: At, text: str) -> str:
        """The text with its placeholders filled, as the place wants them (`places`)."""
        if "{" not in text:
            return text
        try:
            filled = places.WRITERS.get(str(at[-1]), template.fill)(text, self.values)
        except TemplateError as error:
            self.wrong(at, error)
            return text
        # What has no placeholder was checked by the schema.
        if filled != text and (why := places.why_misfit(at[-1], filled)):
            self.report(at, why, "format")
        return filled

    def several(self, at: At, text: str) -> tuple[str, ...]:
        """What a text gives that is one placeholder, maybe of several values."""
        try:
            return tuple(name for hole in template.holes(text) for name in template.hole_texts(hole, self.values))
        except TemplateError as error:
            self.wrong(at, error)
            return ()

    def maybe(self, at: At, text: str | None) -> str | None:
        return None if text is None else self(at, text)

    def wrong(self, at: At, error: TemplateError) -> None:
        self._keep(self.spec.problem(at, error.message, error.code, offset=error.start, width=error.width))

    def report(self, at: At, message: str, code: str, *, at_key: bool = False) -> None:
        self._keep(self.spec.problem(at, message, code, at_key=at_key))

    def _keep(self, problem: Problem) -> None:
        if problem not in self._problems:
            self._problems.append(problem)


def command_line(
    fill: Filler, commands: Commands, *, on_windows: bool, key: str = "command"
) -> tuple[str, tuple[ResourceFile, ...]]:
    """Batch runs a command line without a shell: `commands` get one, `command` is quoted as it is, `commandLine` goes
    over as it stands. With the line comes the .cmd file that it runs, if it does. `key`: how these words begin."""
    field = key if commands.argv else f"{key}s" if commands.lines or commands.before else f"{key}Line"
    script = None
    try:
        if field.endswith("Line"):
            line = fill((*commands.at, field), commands.line) if commands.line else ""
        elif commands.argv:
            line = _argv_of(on_windows)(commands.argv, fill.values)
        elif on_windows:
            from batchctl.spec.filling import windows  # imported late: few pools run Windows

            line, script = windows.cmd(commands.lines, fill.values)
        else:
            line = shell.bash(commands.lines, fill.values, commands.before)
    except shell.LineError as error:
        fill.wrong((*commands.at, field, error.number), error.error)
        return "", ()
    most = _longest(line, field, on_windows=on_windows)
    if len(line) > most:
        fill.report(
            (*commands.at, field), f"longer than {most} characters; put it in a script", "too-long", at_key=True
        )
    return line, (_script_file(fill, script),) if script else ()


def _longest(line: str, field: str, *, on_windows: bool) -> int:
    if not on_windows or not field.endswith("Line"):
        return LONGEST_LINE
    from batchctl.spec.filling import windows

    return windows.longest(line)


def _argv_of(on_windows: bool) -> Callable[[Sequence[str], Values], str]:
    if not on_windows:
        return shell.argv
    from batchctl.spec.filling import windows

    return windows.argv


def _script_file(fill: Filler, script: "Script") -> ResourceFile:
    """The file on the node; the blob that it comes from is kept in `fill.scripts`."""
    container, data = fill.spec.script_container, script.text.encode()
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    fill.scripts[script.name] = Blob(
        container=container, path=script.name, md5=md5, size=len(data), text=script.text, owner=fill.spec.name
    )
    return ResourceFile(container=container, blob=script.name, file_path=script.name)


def filled_resource_files(
    fill: Filler, inventory: Inventory, files: Sequence[ResourceFileSpec], coming: frozenset[str] = frozenset()
) -> tuple[ResourceFile, ...]:
    """`coming`: containers whose blobs may be there only when the task runs."""
    made: list[ResourceFile] = []
    together: list[ResourceFile] = []
    taken: dict[str, str] = {}
    for file in files:
        for found in _filled_resource_file(fill, inventory, file, coming):
            made.append(found)
            together += [found] if file.blobs else []
            if found.file_path and _has_long_part(found.file_path):
                fill.report((*file.at, "filePath" if file.file_path else "blob"), LONG_PART, "too-long")
            if (name := found.blob or found.http_url) and found.file_path:
                # The same blob twice is no clash.
                other = taken.setdefault(found.file_path, name)
                if other != name:
                    message = f"{shown(other)} and {shown(name)} would both be the file {shown(found.file_path)}"
                    fill.report(file.at, message, "same-file")
    if _characters(made) > MOST_OF_FILES:
        many = set(map(id, together))
        made = [*(file for file in made if id(file) not in many), *gathered(together, inventory, coming)]
    # What nobody was asked for may turn out to be all that is there.
    if _characters(made) > MOST_OF_FILES and (inventory.known or not together):
        message = (
            f"more than {MOST_OF_FILES:,} characters with their addresses, which Batch does not take: "
            "a 'container', alone or with a 'blobPrefix', is one entry for many blobs"
        )
        fill.report(files[0].at[:-1], message, "too-long", at_key=True)
    return tuple(made)


LONG_PART = "a part of the file's name is longer than 255 bytes, and no node can have such a file"


def _has_long_part(path: str) -> bool:
    # A character has four bytes at most.
    return len(path) * 4 > 255 and any(len(part.encode(errors="replace")) > 255 for part in path.split("/"))


def _characters(files: Sequence[ResourceFile]) -> int:
    return sum(map(_least_characters, files))


def _least_characters(file: ResourceFile) -> int:
    """Of an entry as it is sent, the address of its storage and the signature as short as they can be."""
    url = file.http_url or file.storage_container_url or file.auto_storage_container_name
    texts = (url, file.file_path, file.file_mode, file.container, file.blob, file.blob_prefix)
    return sum(map(len, filter(None, texts))) + (0 if url else LEAST_OF_AN_ADDRESS)


def _filled_resource_file(
    fill: Filler, inventory: Inventory, file: ResourceFileSpec, coming: frozenset[str]
) -> Iterator[ResourceFile]:
    path = fill.maybe((*file.at, "filePath"), file.file_path)
    alike: Any = {"file_mode": file.file_mode, "identity_reference": file.identity_reference}
    if file.http_url is not None:
        url = fill((*file.at, "httpUrl"), file.http_url)
        yield ResourceFile(http_url=url, file_path=path, **alike)
    elif file.blobs is not None:
        plain = ResourceFile(**alike)
        for name in fill.several((*file.at, "blobs"), file.blobs):
            container, blob = _blob_place(fill, inventory, (*file.at, "blobs"), name, coming)
            inside = f"{path.rstrip('/')}/{basename(blob)}" if path else basename(blob)
            yield frozen.replace(plain, container=container, blob=blob, file_path=inside)
    elif file.blob is not None:
        name = fill((*file.at, "blob"), file.blob)
        container, blob = _blob_place(fill, inventory, (*file.at, "blob"), name, coming)
        yield ResourceFile(container=container, blob=blob, file_path=path or basename(blob), **alike)
    else:
        yield ResourceFile(
            container=file.container,
            storage_container_url=fill.maybe((*file.at, "storageContainerUrl"), file.storage_container_url),
            auto_storage_container_name=file.auto_storage_container_name,
            blob_prefix=fill.maybe((*file.at, "blobPrefix"), file.blob_prefix),
            file_path=path,
            **alike,
        )


def _blob_place(fill: Filler, inventory: Inventory, at: At, name: str, coming: frozenset[str]) -> tuple[str, str]:
    """(container, path) of what is called CONTAINER/PATH; whether it is there is told."""
    container, _, blob = name.partition("/")
    if not container or not blob:
        fill.report(at, f"{shown(name)} is not a blob as CONTAINER/PATH", "format")
    elif container not in fill.spec.containers:
        fill.report(at, f"{shown(container)} is not among storage.containers", "unknown-container")
    elif found := inventory.content(container).get(blob):
        return found.container, found.path  # the texts that are held already
    elif inventory.known and container not in coming:
        fill.report(at, f"there is no blob {shown(blob)} in {shown(container)}, and none is uploaded", "no-blob")
    return container, blob


def filled_output_file(fill: Filler, output: OutputFileSpec, *, windows: bool) -> OutputFile:
    at = (*output.at, "filePattern")
    pattern, path = fill(at, output.file_pattern), fill.maybe((*output.at, "path"), output.path)
    if pattern != output.file_pattern:
        try:
            pattern, path = places.output_pattern(output.file_pattern, path, fill.values, windows=windows)
        except TemplateError as error:
            fill.wrong(at, error)
    if _has_long_part(pattern) and not any(c in pattern for c in "*?[$%"):
        fill.report(at, LONG_PART, "too-long")
    url = fill.maybe((*output.at, "containerUrl"), output.container_url)
    return OutputFile(
        file_pattern=pattern,
        container=output.container if url is None else url.partition("?")[0],
        container_url=url,
        identity_reference=output.identity_reference,
        path=path,
        upload_condition=output.upload_condition,
        # What is there nobody here can see.
        optional=output.optional or url is not None,
    )


def filled_texts(fill: Filler, at: At, value: Any) -> dict[str, Any]:
    """The fields of a value whose texts have placeholders (`rules.sent`, `rules.part`), filled."""
    found: dict[str, Any] = {}
    cls: Any = type(value)
    for name, path in filled_fields(cls):
        inner = getattr(value, name)
        if isinstance(inner, str):
            found[name] = fill((*at, *path), inner)
        elif inner is not None:
            found[name] = replace(inner, **filled_texts(fill, (*at, *path), inner))
    return found


def filled_settings(fill: Filler, at: At, settings: Settings) -> Settings:
    return tuple((name, _filled_setting(fill, (*at, i, "value"), value)) for i, (name, value) in enumerate(settings))


def _filled_setting(fill: Filler, at: At, value: str) -> str:
    """What comes from the environment is hidden, as is what the spec says to be."""
    filled = fill(at, value)
    pool = fill.spec.pool
    most = MOST_OF_A_VARIABLE[bool(pool and pool.windows)]
    if len(filled.encode(errors="surrogatepass")) > most:
        fill.report(at, f"longer than {most:,} bytes, which no variable can hold on the nodes", "too-long")
    from_outside = any(hole.name.startswith(FROM_OUTSIDE) for hole in template.holes(value))
    return Hidden(filled) if from_outside or isinstance(value, Hidden) else filled

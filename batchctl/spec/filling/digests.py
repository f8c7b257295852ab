"""Short hashes that change when what they stand for does: the content of files, parts of a task (design D6). Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from batchctl.configurations import TaskContainerSettings
from batchctl.resources import Blob, Task
from batchctl.rules import folded
from batchctl.spec.inventory import Inventory
from batchctl.work import HANDLING, OutputFile, ResourceFile, Settings, unsigned


class Digests:
    """What resource files will bring: blobs with their MD5 (or ETag, where there is none).

    Containers are summed up once.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self._containers: dict[tuple[str, str, frozenset[str]], str] = {}
        self._others: dict[tuple[str, frozenset[str]], Mapping[str, Blob]] = {}

    def content(self, file: ResourceFile, written: frozenset[str] = frozenset()) -> Any:
        """A value of texts and lists that changes when the file does; who may read it is no part of it. Blobs that the
        tasks with the ids `written` (in lower case) wrote do not count: what these tasks are is known otherwise."""
        if file.container is None:
            return [_elsewhere(file), file.file_path, file.file_mode]
        if file.blob is None:
            found = self._all(file.container, file.blob_prefix or "", written)
            return [file.container, found, file.file_path, file.file_mode]
        blob = self._counted(file.container, written).get(file.blob)
        return [file.container, file.blob, _version(blob) if blob else None, file.file_path, file.file_mode]

    def trace(self, file: ResourceFile, written: frozenset[str] = frozenset()) -> str:
        """Eight hex digits of what it holds, `-` where nobody here knows. Too few to compare by: a digest decides."""
        if file.container is None:
            return "-"
        if file.blob is None:
            return self._all(file.container, file.blob_prefix or "", written)[:8]
        blob = self._counted(file.container, written).get(file.blob)
        return "-" if blob is None else blob.md5[:8] if blob.md5 else short_hash(blob.etag)[:8]

    def _all(self, container: str, prefix: str, written: frozenset[str]) -> str:
        key = container, prefix, written
        if key not in self._containers:
            blobs = self._counted(container, written).items()
            self._containers[key] = short_hash(
                [[path, _version(blob)] for path, blob in blobs if path.startswith(prefix)]
            )
        return self._containers[key]

    def _counted(self, container: str, written: frozenset[str]) -> Mapping[str, Blob]:
        """The blobs of a container but for those; sorted out once for each set of tasks."""
        blobs = self.inventory.content(container)
        if not written:
            return blobs
        key = container, written
        if key not in self._others:
            self._others[key] = {p: b for p, b in blobs.items() if b.task is None or b.task.lower() not in written}
        return self._others[key]


def _version(blob: Blob) -> str | None:
    return blob.md5 or blob.etag


def _elsewhere(file: ResourceFile) -> Any:
    """What is in no container of ours, and whose content nobody here knows."""
    if file.http_url is not None:
        return unsigned(file.http_url)
    return [unsigned(file.storage_container_url), file.auto_storage_container_name, file.blob_prefix]


_encoded = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make an encoder for each of very many values


def short_hash(value: Any) -> str:
    """Twelve hex digits over a value of lists, texts and numbers."""
    return text_hash(_encoded(value))


def text_hash(text: str) -> str:
    """The same over the JSON of a value."""
    # 48 bits: it is only ever compared with the same part of the same task, so chance has a single try.
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def digest_parts(values: Mapping[str, Any], common: Settings, scripts: str, digests: Digests) -> dict[str, str]:
    """Each part with a hash of what it tells of. `common`: the settings of all tasks of the job; `scripts`: the hash of
    what is on the nodes before them."""
    container, outputs = values.get("container_settings"), values["output_files"]
    handling = _digested(values, HANDLING)
    return {
        "command": short_hash(_digested(values, "command")),
        "environment": settings_hash(common, values["environment"]),
        "inputs": files_hash((*values["resource_files"], *common_files(values)), digests),
        "scripts": scripts,
        **({"container": short_hash(_container_words(container))} if container else {}),
        **({HANDLING: short_hash(handling)} if any(handling) else {}),
        "outputs": outputs_hash(outputs),
    }


def settings_hash(common: Settings, own: Settings) -> str:
    return short_hash([sorted(common), sorted(own)])


def files_hash(files: Iterable[ResourceFile], digests: Digests) -> str:
    return short_hash([digests.content(file) for file in files])


def outputs_hash(outputs: Iterable[OutputFile]) -> str:
    return short_hash([_output_words(output) for output in outputs])


LINE = "\0line\0"
"""What no command line is."""


def around_line(values: Mapping[str, Any]) -> tuple[str, str]:
    """The JSON of what the `command` part tells, before and behind the command line."""
    before, _, behind = _encoded(_digested({**values, "command_line": LINE}, "command")).partition(_encoded(LINE))
    return before, behind


def _output_words(output: OutputFile) -> list[Any]:
    return [output.file_pattern, output.container, output.path, output.upload_condition]


def common_files(values: Mapping[str, Any]) -> tuple[ResourceFile, ...]:
    several = values.get("multi_instance_settings")
    return several.common_resource_files if several else ()


def _container_words(container: TaskContainerSettings) -> list[Any]:
    """What is said of a container; of the words that came later, what is not as it is by default."""
    image, options, directory, registry, mounts = folded(container)
    server, identity, username, _ = registry or (None,) * 4
    named = [[server, identity, username]] if username else [[server, identity]] if registry else [None]
    return [image, options, directory, *named, *([mounts] if mounts else [])]


def _digested(values: Mapping[str, Any], part: str) -> list[Any]:
    """What the fields of a part of the digest say. What is as it is by default says nothing, so that a new word in the
    vocabulary runs no task again; but for those fields that were there from the beginning."""
    found: list[Any] = []
    for name, default, fold, always in _digested_fields(part):
        value = values.get(name, default)
        if always:
            found.append(folded(value, fold))
        elif value != default:
            found.append([name, folded(value, fold)])
    return found


@cache
def _digested_fields(part: str) -> tuple[tuple[str, Any, Any, bool], ...]:
    """Name, default and fold of the fields of a task that this part of its digest tells of, and whether always."""
    told = [f for f in fields(Task) if f.metadata.get("digest") == part]
    return tuple((f.name, f.default, f.metadata["fold"], f.metadata["always"]) for f in told)

"""Resource files that are too many for a task, as one entry for all of a container. Pure."""

from collections.abc import Iterator, Sequence
from posixpath import commonprefix
from typing import Any

from batchctl.spec.inventory import Inventory
from batchctl.work import ResourceFile


def gathered(files: Sequence[ResourceFile], inventory: Inventory, coming: frozenset[str]) -> Iterator[ResourceFile]:
    """The files, those of one container as one entry where that brings the same.

    REST: what an entry with `storageContainerUrl` brings keeps the names that it has there, below `filePath`.
    """
    groups: dict[Any, list[ResourceFile]] = {}
    for file in files:
        groups.setdefault(_alike(file), []).append(file)
    for key, group in groups.items():
        names = {file.blob for file in group if file.blob}
        prefix = commonprefix(sorted(names))
        if isinstance(key, tuple) and len(group) > 1 and names == _below(prefix, key[0], inventory, coming):
            container, folder, mode, identity = key
            yield ResourceFile(
                container=container,
                blob_prefix=prefix or None,
                file_path=folder or None,
                file_mode=mode,
                identity_reference=identity,
            )
        else:
            yield from group


def _alike(file: ResourceFile) -> Any:
    """(container, folder, mode, identity) where the blob keeps its whole name on the node; else the file itself."""
    path, blob = file.file_path, file.blob
    if not (file.container and blob and path) or not f"/{path}".endswith(f"/{blob}"):
        return file
    return file.container, path[: -len(blob)].rstrip("/"), file.file_mode, file.identity_reference


def _below(prefix: str, container: str, inventory: Inventory, coming: frozenset[str]) -> set[str] | None:
    """Everything that such an entry brings; None where nobody knows yet."""
    if not inventory.known or container in coming:
        return None
    return {name for name in inventory.content(container) if name.startswith(prefix)}

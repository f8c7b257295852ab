"""The outside facts that fan-out sees, as values: files, tables, blobs as they will be after this plan. Pure."""

from collections.abc import Mapping
from dataclasses import field

from batchctl.frozen import dataclass
from batchctl.resources import Blob
from batchctl.spec.source import At
from batchctl.spec.template import Values

Generated = tuple[str, Values]
"""(key, values) of an item that a generator gave."""


@dataclass(frozen=True, slots=True)
class Table:
    """`columns`: the names that can stand in `{row.NAME}`, and the place of each in a row; a column may have two."""

    columns: Mapping[str, int]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """`uploads`: what the spec puts into containers. `contents`: what will be in them after this plan, by path, sorted.

    `files`: the (path, bytes) that the globs of a `forEach: {files: …}` met, `tables`: what the file of lines or rows
    holds, `generated`: the (key, values) that a generator gave, all by the place of their `forEach` in the spec.
    `outputs`: what the tasks of a factory wrote. `known`: False where nobody was asked what is in the containers, as in
    `validate`.
    """

    uploads: tuple[Blob, ...] = ()
    contents: Mapping[str, Mapping[str, Blob]] = field(default_factory=dict)
    files: Mapping[At, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    tables: Mapping[At, Table] = field(default_factory=dict)
    generated: Mapping[At, tuple[Generated, ...]] = field(default_factory=dict)
    outputs: Mapping[str, tuple[Blob, ...]] = field(default_factory=dict)
    known: bool = True

    def content(self, container: str) -> Mapping[str, Blob]:
        """The blobs of a container as they will be: uploads replace, and uploads that left the spec are gone."""
        return self.contents.get(container, {})

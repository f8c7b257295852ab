"""What an importer is asked for beside the files, and what it gives back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any

from batchctl.frozen import dataclass
from batchctl.importing.found import Found
from batchctl.importing.report import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`job`, `pool`: which of several, by its id; `values`: of parameters, by their names, each as texts."""

    job: str = ""
    pool: str = ""
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A tool whose files can be imported.

    `knows`: is this file one of its? `beside`: is a file that no tool knows of use to it? `document`: the spec of its
    files, as a document; what becomes of their fields goes to their report. `fields`: what docs/import.md says of them.
    """

    name: str
    title: str
    knows: Callable[[Found], bool]
    document: Callable[[Sequence[Found], Asked], dict[str, Any]]
    fields: Sequence[Row]
    beside: Callable[[Found], bool] = lambda _found: False

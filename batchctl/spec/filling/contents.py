"""What the files of a task hold when it is added, in eight hex digits each: by these `why --rerun` names the file that
changed. No part of any digest. Pure.

`5d41402a - 7d793037|start=2c26b46b start/setup.sh=fcde2b2e`: one for each resource file, in their order, `-` where
nobody here knows; then, by name, what is on the nodes before.
"""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from batchctl.spec.filling.digests import Digests, short_hash
from batchctl.work import ResourceFile, Work

MOST_FILES = 100
"""Of more files nothing is kept: a task's settings are no place for lists."""

MOST_CHARACTERS = 1000
"""Of what is on the nodes before."""


def kept_contents(
    files: Sequence[ResourceFile], digests: Digests, scripts: str, written: frozenset[str] = frozenset()
) -> str:
    """`scripts`: what `kept_scripts` gave; `written` as in `Digests.content`."""
    if not files or len(files) > MOST_FILES:
        return scripts
    return " ".join([digests.trace(file, written) for file in files]) + scripts


def kept_scripts(works: Mapping[str, tuple[str, Work]], digests: Digests) -> str:
    """Of what nodes run before tasks, by what it is called here, each with its command line as digests tell it."""
    found = " ".join(entry for name, (line, work) in works.items() for entry in _entries(name, line, work, digests))
    return f"|{found}" if found and len(found) <= MOST_CHARACTERS else ""


def _entries(name: str, line: str, work: Work, digests: Digests) -> Iterator[str]:
    yield f"{name}={short_hash(line)[:8]}"
    for file in work.resource_files:
        # An address may hold what nobody should see.
        called = file.file_path or file.blob or file.container or "address"
        yield f"{name}/{quote(called)}={digests.trace(file)}"

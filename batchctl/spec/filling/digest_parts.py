"""The parts of a task's digest, which say why it runs again (design D6). Pure."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from batchctl.resources import Task
from batchctl.rules import folded
from batchctl.spec.filling.digests import Digests, short_hash
from batchctl.work import HANDLING, Settings


def digest_parts(values: Mapping[str, Any], common: Settings, scripts: str, digests: Digests) -> dict[str, str]:
    """Each part with a hash of what it tells of. `common`: the settings of all tasks of the job; `scripts`: the hash of
    what is on the nodes before them."""
    container, outputs = values.get("container_settings"), values["output_files"]
    handling = _digested(values, HANDLING)
    return {
        "command": short_hash(_digested(values, "command")),
        "environment": short_hash([sorted(common), sorted(values["environment"])]),
        "inputs": short_hash([digests.content(f) for f in values["resource_files"]]),
        "scripts": scripts,
        **({"container": short_hash(folded(container))} if container else {}),
        **({HANDLING: short_hash(handling)} if any(handling) else {}),
        "outputs": short_hash([[o.file_pattern, o.container, o.path, o.upload_condition] for o in outputs]),
    }


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

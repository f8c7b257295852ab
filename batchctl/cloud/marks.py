"""Our mark on what we make (design D1): names and values of metadata, and reading them back.

One vocabulary for containers, blobs, pools and jobs: the names are C# identifiers, as container metadata asks.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from batchctl.resources import Stamp, Stamped, generation_id
from batchctl.work import Settings

OWNER = "batchctl_owner"
DIGEST = "batchctl_digest"
JOB = "batchctl_job"
GENERATION = "batchctl_generation"
TASK = "batchctl_task"
OUTPUT = "batchctl_output"
LOG = "batchctl_log"
ORIGIN = "batchctl_origin"
EXPIRES = "batchctl_expires"
TEXT = "batchctl_spec"
KEEP = "batchctl_keep"

LOST = "batchctl_lost"
"""On a container: the marks of outputs that another task overwrote."""

MOST_LOST = 200
"""Metadata of a container is at most 8 KiB, and a mark 13 bytes; of more the oldest are forgotten."""

DIGEST_SETTING = "BATCHCTL_DIGEST"
"""Tasks and start tasks have no metadata: their digest is an environment setting."""

CONTENTS_SETTING = "BATCHCTL_CONTENTS"
"""Of tasks: what their files held when they were added, for `why --rerun`; no part of the digest."""

TRAVELLING = frozenset({DIGEST_SETTING, CONTENTS_SETTING})
"""Settings of ours among those of a spec."""


REBOOTING = "batchctl_rebooting"
"""On a pool whose nodes are being given another start task."""

DEALLOCATION = "batchctl_deallocation"
"""On a pool: what becomes of tasks whose nodes we take away."""

OURS = "batchctl_"
"""How the names of our marks begin; what a spec's `metadata` may not."""


MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def spec_marks(owner: str, resource: Stamped, now: datetime) -> dict[str, str]:
    """Whose it is, where that spec comes from, and until when it is wanted: ASCII, as container metadata asks."""
    found, stamp = {OWNER: owner}, resource.stamp
    if stamp.origin:
        found[ORIGIN] = quote(stamp.origin, safe="/:@")
    if expires := now + stamp.expires_after if stamp.expires_after else stamp.expires:
        found[EXPIRES] = expires.strftime(MOMENT)
    return found


def read_stamp(metadata: Mapping[str, str]) -> Stamp:
    """The same read back; a moment that nobody can read is none."""
    try:
        expires = datetime.strptime(metadata.get(EXPIRES, ""), MOMENT).replace(tzinfo=UTC)
    except ValueError:
        expires = None
    return Stamp(origin=unquote(metadata.get(ORIGIN, "")), expires=expires, text=metadata.get(TEXT, ""))


def number(text: str) -> int:
    """A number as we write it; 0 for what anybody else wrote there."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0


def generation_of(job_id: str, metadata: Mapping[str, str]) -> tuple[str, int]:
    """Of which job it is which generation. Marks that lead to another id than its own are nobody's word: whoever
    believed them would ask for a job that may be a stranger's."""
    name, generation = metadata.get(JOB) or job_id, number(metadata.get(GENERATION, "1"))
    return (name, generation) if generation_id(name, generation).lower() == job_id.lower() else (job_id, 1)


def to_pairs(marks: Mapping[str, str] | Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Metadata as the Batch REST API writes it."""
    return [{"name": name, "value": value} for name, value in dict(marks).items()]


def from_pairs(metadata: Sequence[Mapping[str, Any]] | None) -> dict[str, str]:
    return {str(item["name"]): str(item.get("value", "")) for item in metadata or ()}


def user_labels(metadata: Sequence[Mapping[str, Any]] | None) -> Settings:
    """What the user, or somebody else, put beside our marks."""
    return tuple((name, value) for name, value in from_pairs(metadata).items() if not name.startswith(OURS))

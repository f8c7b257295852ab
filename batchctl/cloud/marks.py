"""Our mark on what we make (design D1): names and values of metadata, and reading them back.

One vocabulary for containers, blobs, pools and jobs: the names are C# identifiers, as container metadata asks.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from batchctl.resources import Settings

OWNER = "batchctl_owner"
DIGEST = "batchctl_digest"
JOB = "batchctl_job"
GENERATION = "batchctl_generation"
TASK = "batchctl_task"

DIGEST_SETTING = "BATCHCTL_DIGEST"
"""Tasks and start tasks have no metadata: their digest is an environment setting."""


REBOOTING = "batchctl_rebooting"
"""On a pool whose nodes are being given another start task."""

OURS = "batchctl_"
"""How the names of our marks begin; what a spec's `metadata` may not."""


def pairs(marks: Mapping[str, str] | Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Metadata as the Batch REST API writes it."""
    return [{"name": name, "value": value} for name, value in dict(marks).items()]


def from_pairs(metadata: Sequence[Mapping[str, Any]] | None) -> dict[str, str]:
    return {str(item["name"]): str(item.get("value", "")) for item in metadata or ()}


def labels(metadata: Sequence[Mapping[str, Any]] | None) -> Settings:
    """What the user, or somebody else, put beside our marks."""
    return tuple((name, value) for name, value in from_pairs(metadata).items() if not name.startswith(OURS))

"""Our mark on what we make (design D1): names and values of metadata, and reading them back.

One vocabulary for containers, blobs, pools and jobs: the names are C# identifiers, as container metadata asks.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from batchctl.resources import Resource

OWNER = "batchctl_owner"
DIGEST = "batchctl_digest"
JOB = "batchctl_job"
GENERATION = "batchctl_generation"
TASK = "batchctl_task"

DIGEST_SETTING = "BATCHCTL_DIGEST"
"""Tasks and start tasks have no metadata: their digest is an environment setting."""


def digest(resource: Resource) -> str:
    """What was asked, in 16 hex digits: over the compared fields alone."""
    asked = [(f.name, getattr(resource, f.name)) for f in fields(resource) if "rule" in f.metadata]
    return hashlib.sha256(repr(asked).encode()).hexdigest()[:16]


def pairs(marks: Mapping[str, str]) -> list[dict[str, str]]:
    """Metadata as the Batch REST API writes it."""
    return [{"name": name, "value": value} for name, value in marks.items()]


def from_pairs(metadata: Sequence[Mapping[str, Any]] | None) -> dict[str, str]:
    return {str(item["name"]): str(item.get("value", "")) for item in metadata or ()}

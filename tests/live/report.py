"""What is written of a run: a file for each probe in which the local service answered otherwise, as a recording."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from batchctl.cloud.clients.batch import API_VERSION

from .comparison import Difference, Json
from .redaction import Redaction


class LeakError(Exception):
    """What was to be written names the account all the same; nothing was written."""


def written(
    folder: Path,
    probe: str,
    real: Sequence[Sequence[Json]],
    local: Sequence[Sequence[Json]],
    found: Sequence[Sequence[Difference]],
    redactions: Sequence[Redaction],
) -> Path:
    """A recording of Azure's answers; beside the last of each step what the local service said, if it differs.

    Raises LeakError rather than to write what names the account.
    """
    pairs: list[Json] = []
    for theirs, ours, differences in zip(real, local, found, strict=True):
        pairs += theirs
        if differences:
            said = {name: ours[-1][name] for name in ("status", "headers", "response")}
            pairs[-1] = {**pairs[-1], "local": said, "differs": [one.as_json() for one in differences]}
    source = {
        "repository": "batchctl",
        "path": f"scripts/test-live {probe}",
        "api_version": [API_VERSION],
        "recorded": datetime.now(UTC).date().isoformat(),
    }
    for redaction in redactions:
        for name in redaction.leaks(json.dumps(pairs)):
            raise LeakError(f"what stands for {name!r} was not hidden everywhere")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"live.{probe}.json"
    path.write_text(as_text({"source": source, "pairs": pairs}), encoding="utf-8")
    return path


def as_text(recording: Json) -> str:
    """JSON with a pair a line, as recordings have it."""
    pairs = ",\n  ".join(json.dumps(pair, ensure_ascii=False) for pair in recording["pairs"])
    return f'{{"source": {json.dumps(recording["source"])},\n "pairs": [\n  {pairs}\n ]}}\n'

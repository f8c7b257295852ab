"""YAML of documents: a spec, or a part of one, which is completed before it is looked at."""

import json
import tempfile
from pathlib import Path
from typing import Any

import yaml

from batchctl.spec.reading.explained import explain_word
from tests.examine import examine

ENVIRON = {"REGISTRY_PASSWORD": "opens-the-registry", "SAS": "x"}
IMAGE = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
POOL = {"id": "example", "vmSize": "Standard_D2s_v5", "image": IMAGE, "targetDedicatedNodes": 1}
SAYS_THE_SAME = {
    "vmSize": {"needs"},
    "targetDedicatedNodes": {"scale", "autoScaleFormula", "targetSpotNodes"},
    "id": {"lifetime"},
}
"""Words that are not completed where one of these stands."""
TASK = {"id": "example", "commands": ["echo example"]}
FILES = {"no-match", "bad-file"}
"""What a block has not beside it."""
ELSEWHERE = {*FILES, "unknown-container", "unknown-factory", "unknown-placeholder"}
"""What a part cannot know."""


def wrong_in(text: str) -> str | None:
    """What is wrong with a block: its problems, a line each."""
    document = yaml.safe_load(text)
    if document is None:  # a comment, such as the line for editors
        return None
    if isinstance(document, dict) and "version" in document:
        return _problems(text, FILES)
    return _problems(json.dumps(_completed(_placed(document)), indent=1), ELSEWHERE)


def _problems(text: str, allowed: set[str]) -> str | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spec.yaml"
        path.write_text(text, encoding="utf-8")
        found = [one for one in examine(path, {}, ENVIRON) if one.code not in allowed]
    return "\n".join(f"{one.line}:{one.column}: {one.message} [{one.code}]" for one in found) or None


def _placed(part: Any) -> dict[str, Any]:
    """The part, in the place of a spec where its words belong. What begins with x- has said what it has to."""
    if isinstance(part, list):
        return {"job": {"tasks": part}}
    part = {word: value for word, value in part.items() if not word.startswith("x-")}
    for path, place in (("", lambda p: p), ("pool", lambda p: {"pool": p}), ("job", lambda p: {"job": p})):
        if set(part) <= _words(path):
            return dict(place(part))
    return {"job": {"tasks": [{**TASK, **part}]}}


def _words(path: str) -> set[str]:
    return {word.path.rpartition(".")[2] for word in explain_word(path).inner}


def _completed(spec: dict[str, Any]) -> dict[str, Any]:
    pool = spec.get("pool", {})
    if not pool.get("external"):
        pool = {**{k: v for k, v in POOL.items() if not SAYS_THE_SAME.get(k, set()) & set(pool)}, **pool}
    job = {"id": "example", "tasks": [TASK], **spec.get("job", {})}
    return {"version": 1, "name": "example", **spec, "pool": pool, "job": job}

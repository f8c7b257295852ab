"""A plan as a document that can be kept, read, and held against a plan made now. Pure.

It holds no secret, and it is data: what an apply does is the plan that it makes itself, if that one is the same.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from batchctl.errors import Refused
from batchctl.frozen import dataclass
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.kept.codec import Codec, Json, field_types
from batchctl.reconcile.plan import Change, Plan
from batchctl.resources import label_of
from batchctl.rest import camel
from batchctl.work import Settings

FORMAT = 1
MARK = "batchctlPlan"
"""The first key of every document; its value is the format."""

LIVES = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The account that a plan is about, as the addresses of its two services."""

    batch: str
    storage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a plan was made of. `spec`: its path as the user gave it. `digest`: the SHA-256 of its text.

    `variables`: what was given from outside the spec. `overlays`: the path of each, and the digest of its text.
    `batchctl`: the version that made it.
    """

    id: str
    batchctl: str
    made: datetime
    expires: datetime
    owner: str
    target: Place
    spec: str
    spec_digest: str
    variables: Settings = ()
    overlays: Settings = ()
    choices: Choices = Choices()


@dataclass(frozen=True, slots=True)
class Saved:
    """A header, and a plan as JSON: what was secret in it cannot be read any more, but compared."""

    header: Header
    plan: Mapping[str, Json]

    def decoded(self, folder: Path) -> Plan:
        """The plan as a value; `folder` is where its relative paths begin. Raises Refused for what is none."""
        try:
            return plan_from_json(self.plan, Codec(folder=folder))
        except ValueError as error:
            raise _damaged(error) from error


def to_document(saved: Saved) -> dict[str, Json]:
    """The whole document, with the digest of all that it says."""
    said = {MARK: FORMAT, **Codec(folder=Path("/")).encode(saved.header), "plan": saved.plan}
    return {**said, "digest": _digest_of_document(said)}


def document_text(saved: Saved) -> str:
    """The document as it is kept: JSON, one change on a line."""
    return "\n".join(_spread_lines(to_document(saved), 3)) + "\n"


def read_document(content: str) -> Saved:
    """The document of a text. Raises Refused for one that is damaged, was edited, or is of another format."""
    try:
        said = json.loads(content)
        if not isinstance(said, dict) or not {MARK, "digest", "plan"} <= said.keys():
            raise ValueError("it is not whole")
        if said[MARK] != FORMAT:
            raise Refused([f"the plan has format {said[MARK]}, and this batchctl reads {FORMAT}: make a new plan"])
        if said.pop("digest") != _digest_of_document(said):
            raise Refused(["the plan was edited after it was made: make a new one"])
        plan = said.pop("plan")
        return Saved(Codec(folder=Path("/")).decode(said, Header), plan)
    # The second: mappings in mappings, deeper than any plan.
    except (ValueError, RecursionError) as error:
        raise _damaged(error) from error


def _damaged(error: Exception) -> Refused:
    return Refused([f"the plan is damaged: {error}. Make a new one"])


def is_document(beginning: str) -> bool:
    """Is this the beginning of a saved plan, and not of a spec?"""
    return beginning.lstrip("\ufeff \t\r\n{").startswith(f'"{MARK}"')


def plan_to_json(plan: Plan, codec: Codec) -> dict[str, Json]:
    """The plan in words of JSON; of each change first what it does to what."""
    encoded: dict[str, Json] = codec.encode(replace(plan, changes=()))
    changes = [_change_to_json(change, codec) for change in plan.changes]
    return {"owner": encoded.pop("owner"), "changes": changes, **encoded}


def plan_from_json(data: Mapping[str, Json], codec: Codec) -> Plan:
    """Raises ValueError for what is no plan."""
    known = {camel(name) for name in field_types(Plan)}
    if not isinstance(data, dict) or "changes" not in data or not data.keys() <= known:
        raise ValueError("it is not whole, or more than a plan")
    plan: Plan = codec.decode(data, Plan)
    for said, change in zip(data["changes"], plan.changes, strict=True):
        _require_names(said, change)
    return replace(plan, changes=tuple(_with_values(change, codec) for change in plan.changes))


def _require_names(said: Mapping[str, Json], change: Change) -> None:
    """What is done to what is said in each change, besides the resource itself."""
    if change.before is None and change.after is None:
        raise ValueError("a change of nothing")
    if said.get("kind") != change.kind or not isinstance(said.get("name"), str):
        raise ValueError(f"a change that does not name its {change.kind}")


def _change_to_json(change: Change, codec: Codec) -> dict[str, Json]:
    encoded: dict[str, Json] = codec.encode(change)
    for part in (encoded, *encoded.get("fields", ())):
        for old, new in (("before", "after"), ("old", "new")):
            if old in part:
                part[old] = codec.veil.as_new(part[old], part.get(new))
    for field in encoded.get("fields", ()):
        field["name"] = camel(field["name"])
    return {"action": encoded["action"], "kind": change.kind, "name": codec.veil(label_of(change.resource)), **encoded}


def _with_values(change: Change, codec: Codec) -> Change:
    """The values of changed fields have the types that the resource's fields have."""
    kind: Any = type(change.resource)
    types = field_types(kind)
    changed = []
    for found in change.fields:
        name = re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", found.name)
        name = next((known for known in types if camel(known) == found.name), name)
        hint = types.get(name, Any)
        changed.append(replace(found, name=name, old=codec.decode(found.old, hint), new=codec.decode(found.new, hint)))
    return replace(change, fields=tuple(changed))


def _digest_of_document(said: Mapping[str, Json]) -> str:
    # Whoever formats the file anew has not edited it.
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def _spread_lines(value: Json, depth: int, begin: str = "", end: str = "", indent: str = "") -> Iterator[str]:
    """JSON, spread over lines down to a depth."""
    if not depth or not value or not isinstance(value, dict | list):
        yield f"{indent}{begin}{json.dumps(value, ensure_ascii=False)}{end}"
        return
    open_, close = "{}" if isinstance(value, dict) else "[]"
    yield f"{indent}{begin}{open_}"
    keyed = value.items() if isinstance(value, dict) else ((None, item) for item in value)
    last = len(value) - 1
    for number, (key, item) in enumerate(keyed):
        named = "" if key is None else f"{json.dumps(key)}: "
        yield from _spread_lines(item, depth - 1, named, "" if number == last else ",", f"{indent}  ")
    yield f"{indent}{close}{end}"

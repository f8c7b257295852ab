"""Does a saved plan still stand? What differs from a plan made now, in words. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any

from batchctl.reconcile.kept.codec import Json
from batchctl.reconcile.kept.document import Header, Place, Saved
from batchctl.reconcile.plan import Action
from batchctl.resources import changed_parts

IGNORED = frozenset({"before.state", "before.nodes", "before.modified", "after.contents", "fields"})
"""Of a change: what moves by itself while a plan is kept and decides nothing in it, and what is said elsewhere: by
before and after, or by the digest."""

SHOWN = 20

ADOPT = Action.ADOPT.name.lower()


def why_outdated(header: Header, spec_digest: str, now: datetime, overlays: Sequence[str] = ()) -> tuple[str, ...]:
    """What can be said before anybody is asked. `overlays`: the digests of their texts by now, in their order."""
    expired = f"the plan has expired: it was made at {header.made:%Y-%m-%d %H:%M} UTC and stood for 24 hours"
    edited = f"the spec {header.spec!r} was edited after the plan was made"
    over = [
        f"the overlay {file!r} was edited after the plan was made"
        for (file, then), digest in zip(header.overlays, overlays, strict=True)
        if then != digest
    ]
    return (
        *([expired] if now >= header.expires else ()),
        *([edited] if spec_digest != header.spec_digest else ()),
        *over,
    )


def why_another_account(planned: Place, found: Place) -> tuple[str, ...]:
    """In which of the two services the plan was made for another account."""
    pairs = {"batch": (planned.batch, found.batch), "storage": (planned.storage, found.storage)}
    return tuple(
        f"the plan was made for another {service} account, {then}; this is {now}"
        for service, (then, now) in pairs.items()
        if then.lower().rstrip("/") != now.lower().rstrip("/")
    )


def how_it_differs(saved: Saved, now: Mapping[str, Json]) -> tuple[str, ...]:
    """Everything in which a plan made now is not the saved one; empty: it stands."""
    pairs = list(_pairs(saved.plan, now))
    gone = [then for _, then, found in pairs if found is None]
    # It was used if by now as many more objects are as wanted as these changes would leave behind.
    used: tuple[str, ...] = ()
    if gone and now.get("unchanged", 0) - saved.plan.get("unchanged", 0) >= sum(map(_leaves, gone)) > 0:
        used = (f"{BEFORE}: {len(gone)} of its {len(saved.plan['changes'])} changes are made already",)
        pairs = [pair for pair in pairs if pair[2] is not None]
    lines = [line for pair in pairs for line in _change_lines(*pair)]
    if not used:
        for key in sorted({**saved.plan, **now}.keys() - TOLD):
            lines += _list_lines(
                key, *([_shown_item(key, item) for item in plan.get(key, ())] for plan in (saved.plan, now))
            )
    more = (f"… and {len(lines) - SHOWN} more differences",) if len(lines) > SHOWN else ()
    return (*used, *lines[:SHOWN], *more)


TOLD = frozenset({"owner", "changes", "unchanged", "notes", "ceiling"})
"""What is compared by name, counts the rest, or is for the reader alone; everything else is a list of what is done."""

BEFORE = "it was applied before, or somebody did what it says (apply the spec itself to go on from here)"


def _pairs(saved: Mapping[str, Json], now: Mapping[str, Json]) -> Iterator[tuple[str, Json, Json]]:
    """Every object that one of the plans changes, with what becomes of it then and now; None: nothing."""
    then, found = _by_object(saved), _by_object(now)
    for name in {**then, **found}:
        yield from ((name, *pair) for pair in _side_by_side(then.get(name, []), found.get(name, [])))


def _by_object(plan: Mapping[str, Json]) -> dict[str, list[Json]]:
    objects: dict[str, list[Json]] = {}
    for change in plan["changes"]:
        objects.setdefault(f"{change['kind']} {change['name']}", []).append(change)
    return objects


def _side_by_side(then: Sequence[Json], now: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """The changes of one object in pairs. One that is adopted may have two: it is taken over, and it changes."""
    if len(then) == len(now) == 1:
        yield then[0], now[0]
        return
    for adopts in (True, False):
        yield from zip_longest(*([c for c in side if (c["action"] == ADOPT) is adopts] for side in (then, now)))


def _past(change: Json) -> str:
    return Action[change["action"].upper()].past


def _change_lines(name: str, then: Json, now: Json) -> Iterator[str]:
    if now is None:
        yield f"{name}: was to be {_past(then)}, and is not any more"
    elif then is None:
        why = "; ".join(_reasons_now(now))
        yield f"{name}: would now be {_past(now)}" + (f" ({why})" if why else "")
    elif then["action"] != now["action"]:
        yield f"{name}: was to be {_past(then)}, and would now be {_past(now)}"
    else:
        yield from (f"{name}: {line}" for line in _value_lines("", then, now))


def _shown_item(key: str, item: Json) -> Json:
    """Jobs are waited for by name: what changes in one, its own change says."""
    return _shortened(item) if key == "waits" else item


def _leaves(change: Json) -> bool:
    """Does it leave an object behind, which is then as the spec wants it?"""
    return bool(change["action"] in ("create", "update"))


def _reasons_now(change: Json) -> Iterator[str]:
    source = change.get("after", {}).get("source")
    if source:
        yield f"the file {source} has this content now"
    else:
        yield from (
            f"{f['name']} is {_shortened(f['old'])} and not {_shortened(f['new'])}" for f in change.get("fields", ())
        )
    yield from change.get("reasons", ())


def _value_lines(path: str, then: Any, now: Any) -> Iterator[str]:
    if then == now or path in IGNORED:
        return
    if isinstance(then, dict) and isinstance(now, dict):
        if then.get("source") and then.get("md5") != now.get("md5"):
            yield f"the file {then['source']} has other content now"
            return
        for key in {**then, **now}:
            yield from _value_lines(f"{path}.{key}".lstrip("."), then.get(key), now.get(key))
    elif path == "after.digest":
        yield ", ".join(f"its {part} changed" for part in changed_parts(then or "", now or ""))
    elif isinstance(then, list) and isinstance(now, list):
        yield from _list_lines(path, then, now)
    else:
        yield f"{path} was {_shortened(then)}, and is {_shortened(now)} now"


def _list_lines(path: str, then: Json, now: Json) -> Iterator[str]:
    yield from (f"{path}: no more: {_shortened(item)}" for item in then if item not in now)
    yield from (f"{path}: now also: {_shortened(item)}" for item in now if item not in then)
    if then != now and all(item in now for item in then) and all(item in then for item in now):
        yield f"{path}: in another order"


def _shortened(value: Json) -> str:
    named = value["blob"] if isinstance(value, dict) and isinstance(value.get("blob"), dict) else value
    if isinstance(named, dict) and "kind" in named:
        generation = f"-g{named['generation']}" if "generation" in named else ""
        path = f"{named['container']}/{named['path']}" if {"container", "path"} <= named.keys() else named.get("name")
        return f"{named['kind']} {path}{generation}"
    text = "nothing" if value is None else str(value).replace("\n", "; ")
    return text if len(text) <= 200 else f"{text[:199]}…"

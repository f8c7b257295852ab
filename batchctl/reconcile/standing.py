"""Does a saved plan still stand? What differs from a plan made now, in words. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from batchctl.reconcile.codec import Json
from batchctl.reconcile.saved import Header, Place, Saved

VOLATILE = frozenset({"before.state", "before.nodes", "before.modified"})
"""What moves by itself while a plan is kept, and decides nothing in it."""

SHOWN = 20


def outdated(header: Header, spec_digest: str, now: datetime) -> tuple[str, ...]:
    """What can be said before anybody is asked."""
    expired = f"the plan has expired: it was made at {header.made:%Y-%m-%d %H:%M} UTC and stood for 24 hours"
    edited = f"the spec {header.spec!r} was edited after the plan was made"
    return (*([expired] if now >= header.expires else ()), *([edited] if spec_digest != header.spec_digest else ()))


def elsewhere(planned: Place, found: Place) -> tuple[str, ...]:
    """In which of the two services the plan was made for another account."""
    pairs = {"batch": (planned.batch, found.batch), "storage": (planned.storage, found.storage)}
    return tuple(
        f"the plan was made for another {service} account, {then}; this is {now}"
        for service, (then, now) in pairs.items()
        if then.lower().rstrip("/") != now.lower().rstrip("/")
    )


def differences(saved: Saved, now: Mapping[str, Json]) -> tuple[str, ...]:
    """Everything in which a plan made now is not the saved one; empty: it stands."""
    then = _changes(saved.plan)
    found = _changes(now)
    lines = [line for key in {**then, **found} for line in _change(key, then.get(key), found.get(key))]
    rest = {key: (saved.plan.get(key), now.get(key)) for key in {**saved.plan, **now} if key != "changes"}
    lines += [line for key, (old, new) in rest.items() for line in _values(key, old, new)]
    if not lines:
        return ()
    more = [f"… and {len(lines) - SHOWN} more differences"] if len(lines) > SHOWN else []
    return (*_used(then, found), *lines[:SHOWN], *more)


def _used(then: Mapping[str, Json], found: Mapping[str, Json]) -> Iterator[str]:
    """Changes that need not be made any more were made, most often by this plan."""
    done = [key for key in then if key not in found]
    if done:
        how_much = "all" if len(done) == len(then) else f"{len(done)} of {len(then)}"
        yield (
            f"the plan was applied before, or somebody did what it says: {how_much} of its changes are no longer to be "
            f"made. Apply the spec itself to go on from here"
        )


def _change(name: str, then: Json, found: Json) -> Iterator[str]:
    if found is None:
        yield f"{name}: was to be {PAST[then['action']]}, and is not any more"
    elif then is None:
        fields = [
            f"{f['name']} is {_short(f.get('old'))} and not {_short(f.get('new'))}" for f in found.get("fields", ())
        ]
        why = "; ".join((*fields, *found.get("reasons", ())))
        yield f"{name}: would now be {PAST[found['action']]}" + (f" ({why})" if why else "")
    else:
        yield from (f"{name}: {line}" for line in _values("", then, found))


def _values(path: str, old: Json, new: Json) -> Iterator[str]:
    if old == new or path in VOLATILE:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from _values(f"{path}.{key}".lstrip("."), old.get(key), new.get(key))
    else:
        yield f"{path} was {_short(old)} when the plan was made, and is {_short(new)} now"


def _changes(plan: Mapping[str, Json]) -> dict[str, Json]:
    return {f"{c['kind']} {c['name']}": c for c in plan.get("changes", ())}


def _short(value: Json) -> str:
    text = "nothing" if value is None or value == [] else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


PAST = {"create": "created", "update": "changed", "replace": "replaced", "delete": "deleted"}

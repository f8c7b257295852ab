"""In which compared fields two resources of a kind differ, what that means, and whose doing it is. Pure."""

from dataclasses import dataclass
from typing import Any

from batchctl.resources import Resource, changed_parts
from batchctl.rules import Rule, asked_hashes, field_differences


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field: what is held, what is wanted, and what that means.

    `drift`: the spec asks what it asked before, somebody else changed what is held.
    """

    name: str
    old: Any
    new: Any
    rule: Rule
    drift: bool = False


def field_changes(found: Resource, wanted: Resource) -> tuple[FieldChange, ...]:
    """The compared fields in which two resources of a kind differ, after folding."""
    before = getattr(found, "asked", "")
    edited = frozenset(changed_parts(before, asked_hashes(wanted))) if before else None
    return tuple(
        FieldChange(name=d.name, old=d.old, new=d.new, rule=d.rule, drift=edited is not None and d.name not in edited)
        for d in field_differences(found, wanted)
    )

"""In which compared fields two resources of a kind differ, and what that means. Generic: names no kind. Pure."""

from dataclasses import dataclass, fields
from typing import Any

from batchctl.resources import Resource, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field: what is held, what is wanted, and what that means."""

    name: str
    old: Any
    new: Any
    rule: Rule


def field_changes(found: Resource, wanted: Resource) -> tuple[FieldChange, ...]:
    """The compared fields in which two resources of a kind differ, after folding."""
    changed = []
    for field in fields(wanted):
        rule, fold = field.metadata.get("rule"), field.metadata.get("fold")
        if rule is None or fold is None:
            continue
        old, new = getattr(found, field.name), getattr(wanted, field.name)
        left_to_service = new is None and field.metadata["optional"]
        if not left_to_service and _folded(fold, old) != _folded(fold, new):
            changed.append(FieldChange(name=field.name, old=old, new=new, rule=rule))
    return tuple(changed)


def _folded(fold: Any, value: Any) -> Any:
    return None if value is None else fold(value)

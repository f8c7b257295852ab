"""The resources of a plan, of a state, or of its file, each with what nobody may see and what nobody knows yet."""

from collections.abc import Iterator, Mapping
from dataclasses import field

from batchctl.frozen import dataclass
from batchctl.importing.found import At, Found

Marks = frozenset[At]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """`whole`: all that the file says of it; `values`: its fields, at its address. `secret`: paths below it that are
    marked as sensitive; `unknown`: paths that are known only when it is there, and where the plan says so."""

    type: str
    address: str
    whole: Found
    values: Found
    secret: Marks = frozenset()
    unknown: Mapping[At, Found] = field(default_factory=dict)

    def is_secret(self, found: Found) -> bool:
        """Is it, or is anything that it is in?"""
        at = found.at[1:]
        return any(at[:end] in self.secret for end in range(len(at) + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A resource that Terraform reads and does not make (`data`)."""

    found: Found


def resources(file: Found) -> Iterator[Resource | Read]:
    """Those that are there once the plan is carried out, or that the state has. Raises SpecError."""
    changes = {found.need("address").text(): found for found in _changes(file)}
    module = file.get("planned_values", "root_module") or file.get("values", "root_module")
    if module is not None:
        yield from _of_module(module, changes)
    elif (listed := file.get("resources")) is not None:
        for found in listed.members():
            yield from _instances(found)
    else:
        yield from _changed(changes)


def removed(file: Found) -> Iterator[Found]:
    """What the plan takes away."""
    for found in _changes(file):
        actions = found.get("change", "actions")
        if actions is not None and actions.texts() == ["delete"]:
            yield found


def _changes(file: Found) -> list[Found]:
    found = file.get("resource_changes")
    return found.members() if found is not None else []


def _of_module(module: Found, changes: Mapping[str, Found]) -> Iterator[Resource | Read]:
    own, below = module.get("resources"), module.get("child_modules")
    for found in own.members() if own is not None else ():
        yield _resource(found, changes)
    for inner in below.members() if below is not None else ():
        yield from _of_module(inner, changes)


def _resource(found: Found, changes: Mapping[str, Found]) -> Resource | Read:
    if _is_read(found):
        return Read(found=found)
    address = found.need("address").text()
    values, marks = found.get("values"), found.get("sensitive_values")
    change = changes.get(address)
    after = change.get("change", "after_sensitive") if change is not None else None
    later = change.get("change", "after_unknown") if change is not None else None
    return Resource(
        type=found.need("type").text(),
        address=address,
        whole=_at(found, (address,)),
        values=_at(values if values is not None else found, (address,)),
        secret=frozenset([*_marked(marks), *_marked(after)]),
        unknown={path: _at(mark, (address, *path)) for path, mark in _marked(later).items()},
    )


def _changed(changes: Mapping[str, Found]) -> Iterator[Resource | Read]:
    """Of a plan that says no more than what changes."""
    for address, found in changes.items():
        after = found.get("change", "after")
        if _is_read(found):
            yield Read(found=found)
        elif after is not None:
            yield Resource(
                type=found.need("type").text(),
                address=address,
                whole=_at(found, (address,)),
                values=_at(after, (address,)),
                secret=frozenset(_marked(found.get("change", "after_sensitive"))),
                unknown={
                    path: _at(mark, (address, *path))
                    for path, mark in _marked(found.get("change", "after_unknown")).items()
                },
            )


def _is_read(found: Found) -> bool:
    mode = found.get("mode")
    return mode is not None and mode.text() == "data"


def _instances(found: Found) -> Iterator[Resource | Read]:
    """Those of a resource in a state's file (`terraform.tfstate`)."""
    if _is_read(found):
        yield Read(found=found)
        return
    kind, module = found.need("type").text(), found.get("module")
    name = ".".join([*([module.text()] if module is not None else []), kind, found.need("name").text()])
    for instance in found.need("instances").members():
        key = instance.get("index_key")
        address = name if key is None else f"{name}[{key.text()}]" if key.node.plain else f'{name}["{key.text()}"]'
        marks = instance.get("sensitive_attributes")
        secret = [_steps(path) for path in marks.members()] if marks is not None else []
        values = _at(instance.need("attributes"), (address,))
        whole = _at(instance, (address,))
        yield Resource(type=kind, address=address, whole=whole, values=values, secret=frozenset(secret))


def _steps(path: Found) -> At:
    """`[{"type": "get_attr", "value": "mount"}, {"type": "index", "value": {"value": 0, "type": "number"}}]`."""
    found: list[str | int] = []
    for step in path.members():
        value = step.need("value")
        inner = value.need("value") if value.is_mapping else value
        found.append(int(inner.text()) if inner.node.plain and inner.text().isdecimal() else inner.text())
    return tuple(found)


def _marked(marks: Found | None, at: At = ()) -> dict[At, Found]:
    """The paths at which marks say true."""
    if marks is None:
        return {}
    if marks.is_mapping:
        inner = [((*at, name), one) for name, one in marks.entries()]
    elif marks.is_list:
        inner = [((*at, number), one) for number, one in enumerate(marks.members())]
    else:
        return {at: marks} if marks.text() == "true" else {}
    return {path: mark for below, one in inner for path, mark in _marked(one, below).items()}


def _at(found: Found, at: At) -> Found:
    """The same under another path, by which the report calls it."""
    return Found(found.node, found.source, found.report, at)

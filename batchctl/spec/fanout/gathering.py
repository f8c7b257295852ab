"""Several items for one task: `groupBy` and `chunk`, and the placeholders that stand for what was gathered. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from batchctl.spec.fanout.group_patterns import BadPatternError, GroupPattern
from batchctl.spec.fanout.items import FanoutError, Item
from batchctl.spec.model import Chunk, ForEach
from batchctl.spec.source import shown
from batchctl.spec.template import Value, Values, value_text

MEMBERS = re.compile(r"(?P<many>items|rows)(?:\[(?P<number>[0-9]+)\])?(?:\.(?P<part>.+))?")
"""`items`, `items.names`, `items[0]`, `items[0].name`, `rows.column`, `rows[0].column`."""

SHOWN = 5


class Several(Mapping[str, Value]):
    """The values of a task that is given several items; each is looked up when it is asked for."""

    def __init__(self, members: Sequence[Values], own: Values) -> None:
        self._members, self._own = members, own

    def __getitem__(self, name: str) -> Value:
        if name in self._own:
            return self._own[name]
        found = MEMBERS.fullmatch(name)
        if found is None:
            raise KeyError(name)
        one = "item" if found["many"] == "items" else "row"
        if found["number"]:
            return self._member(name, found["number"])[f"{one}.{found['part']}" if found["part"] else one]
        plural = found["part"] or ""
        part = plural.removesuffix("s") if one == "item" else plural
        return tuple(value_text(member[f"{one}.{part}" if part else one]) for member in self._members)

    def _member(self, name: str, number: str) -> Values:
        digits = number.lstrip("0") or "0"
        # Python makes no number of thousands of digits.
        if len(digits) > len(str(len(self._members))) or int(digits) >= len(self._members):
            raise KeyError(name)
        return self._members[int(digits)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)


def gathered_names(placeholders: Iterable[str]) -> frozenset[str]:
    """What a factory that gathers items has in place of their placeholders; `[0]` stands for every number."""
    found = set()
    for name in placeholders:
        one, _, part = name.partition(".")
        many = f"{one}s"
        plural = part if one == "row" else f"{part}s"
        found |= {f"{many}[0].{part}", f"{many}.{plural}"} if part else {many, f"{many}[0]"}
    return frozenset(found)


def item_groups(for_each: ForEach, items: Iterable[Item]) -> Iterator[Item]:
    """Items by what the pattern finds in their paths, in the order of the first of each. Raises FanoutError."""
    pattern = GroupPattern(for_each.group_by or "")
    found: dict[str, list[Item]] = {}
    strangers: list[str] = []
    for item in items:
        if key := _group_key(pattern, item.key):
            found.setdefault(key, []).append(item)
        else:
            strangers.append(item.key)
    if strangers:
        message = f"{_some_shown(strangers)} do not match the pattern: `exclude` them, or let the pattern take them in"
        raise FanoutError("groupBy", message, "no-group")
    size = for_each.group_size
    for key, members in found.items():
        if size is not None and len(members) != size:
            message = (
                f"the group {shown(key)} has {len(members)} and not {size}: {_some_shown([m.key for m in members])}"
            )
            raise FanoutError("expectGroupSize", message, "group-size")
        yield Item(key, Several([m.values for m in members], {"key": key}), sum(m.size for m in members))


def _group_key(pattern: GroupPattern, path: str) -> str | None:
    try:
        return pattern.key(path)
    except BadPatternError as error:
        raise FanoutError("groupBy", f"{error.message} (at {shown(path)})", "slow-pattern") from None


def item_chunks(chunk: Chunk, items: Iterable[Item]) -> Iterator[Item]:
    """Items in their order, so many at once; with a limit of bytes, one that is larger stays alone."""
    members: list[Item] = []
    number = size = 0
    for item in items:
        if members and _is_full(chunk, len(members), size + item.size):
            yield _chunk_item(number, members)
            members, size, number = [], 0, number + 1
        members.append(item)
        size += item.size
    if members:
        yield _chunk_item(number, members)


def _is_full(chunk: Chunk, count: int, size: int) -> bool:
    return count == chunk.size if chunk.size is not None else size > (chunk.bytes or 0)


def _chunk_item(number: int, members: list[Item]) -> Item:
    own: dict[str, Any] = {"key": str(number), "chunk": number}
    return Item(str(number), Several([m.values for m in members], own), sum(m.size for m in members))


def _some_shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(shown, names[:SHOWN])) + more

"""Frozen dataclasses whose methods are written when they are first called.

`dataclasses` compiles six functions for each class as soon as it is read, 0.7 ms a class, and a command uses few of
the hundred and more classes that it loads. Here a class gets its fields and slots at once (0.07 ms) and its methods,
the very ones that `dataclasses` writes, with its first value.
"""

import dataclasses
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # what a type checker sees of it is the same
else:

    def dataclass(*, kw_only: bool = False, **others: bool) -> Callable[[type], type]:
        """As `dataclasses.dataclass`; what is not plainly frozen with slots is made by it at once."""
        if others != {"frozen": True, "slots": True}:
            return dataclasses.dataclass(kw_only=kw_only, **others)
        bare = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)
        return lambda cls: _with_methods(bare(_said(cls)))


def replace(value: T, **changes: Any) -> T:
    """As `dataclasses.replace`, in a tenth of its time where a class has many fields: a copy is made by a function that
    is written once, and no `__post_init__` sees it. Raises AttributeError for a field that the class does not have."""
    cls: Any = type(value)
    made: T = _copier(cls)(value, changes)
    return made


@cache
def _copier(cls: Any) -> Callable[[Any, dict[str, Any]], Any]:
    """What copies a value of this class with changes.

    The copy is made as one of a class that is the same but not frozen, whose fields are plain stores, and then is said
    to be of this one: to put forty fields past `_refuse_to_assign` takes four times as long.
    """
    plain = {"__slots__": cls.__slots__, "__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    lines = [
        "def copied(value, changes):",
        "    made = make(twin)",
        *(f"    made.{entry.name} = value.{entry.name}" for entry in dataclasses.fields(cls)),
        "    for name, held in changes.items():",
        "        setattr(made, name, held)",
        "    made.__class__ = cls",
        "    return made",
    ]
    known: dict[str, Any] = {"make": object.__new__, "twin": type(cls.__name__, cls.__bases__, plain), "cls": cls}
    exec("\n".join(lines), known)  # as dataclasses writes its methods
    copied: Callable[[Any, dict[str, Any]], Any] = known["copied"]
    return copied


def _said(cls: type) -> type:
    """With a docstring: where there is none `dataclasses` makes one of the signature, slower than the class."""
    cls.__doc__ = cls.__doc__ or cls.__name__
    return cls


WRITTEN = ("__init__", "__repr__", "__eq__", "__hash__")


def _with_methods(cls: Any) -> Any:
    for name in WRITTEN:
        if vars(cls).get(name) is None:
            setattr(cls, name, _first_call(cls, name))
    cls.__setattr__, cls.__delattr__ = _refuse_to_assign, _refuse_to_delete
    cls.__getstate__, cls.__setstate__ = _held, _hold
    return cls


def _first_call(cls: Any, name: str) -> Any:
    def method(self: Any, *args: Any, **named: Any) -> Any:
        write_methods(cls)
        return getattr(cls, name)(self, *args, **named)

    later: Any = method
    later.is_written_later = True
    return later


def write_methods(cls: Any) -> None:
    """The methods of a class of this module that nobody called yet, as `dataclasses` writes them for such fields."""
    members = [(entry.name, entry.type, entry) for entry in dataclasses.fields(cls)]
    after = {name: member for name, member in vars(cls).items() if name == "__post_init__"}
    twin = dataclasses.make_dataclass(cls.__name__, members, frozen=True, namespace=after)
    for name in WRITTEN:
        if hasattr(vars(cls)[name], "is_written_later"):
            setattr(cls, name, vars(twin)[name])


def _refuse_to_assign(_self: Any, name: str, _value: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


# By `copy` and `pickle`, which know no other way past `_refuse_to_assign`.


def _held(self: Any) -> list[Any]:
    return [getattr(self, entry.name) for entry in dataclasses.fields(self)]


def _hold(self: Any, state: list[Any]) -> None:
    for entry, held in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, entry.name, held)

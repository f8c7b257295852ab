"""The models of azure-batch as a tree of properties: what a pool, a job, a task and a schedule can be told."""

import datetime
import enum
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin

from azure.batch import models
from azure.batch.models import _models as private_models

OBJECTS = {
    "pool": models.BatchPoolCreateOptions,
    "job": models.BatchJobCreateOptions,
    "task": models.BatchTaskCreateOptions,
    "schedule": models.BatchJobScheduleCreateOptions,
}
"""What a spec speaks of, and the model of the body that makes it."""

NAMES = {"_models": models, "datetime": datetime, "Union": Union}


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a model: its name in REST, its type without Optional, whether it has to be there."""

    name: str
    kind: Any
    required: bool


def properties_of(model: Any) -> Iterator[Property]:
    model({})  # the SDK takes its models apart when the first of them is made
    for name, field in model._attr_to_rest_field.items():
        hint = next(found[name] for c in model.__mro__ if name in (found := inspect.get_annotations(c)))
        kind = _resolved(hint)
        options = get_args(kind) if get_origin(kind) is Union else ()
        required = type(None) not in options
        yield Property(field._rest_name, _plain(kind), required)


def _resolved(hint: Any) -> Any:
    text = hint if isinstance(hint, str) else getattr(hint, "__forward_arg__", None)
    if text is not None:
        return _resolved(eval(text, {**vars(private_models), **NAMES}))
    return hint


def _plain(kind: Any) -> Any:
    """A type without None, a forward reference as what it refers to, and of a word that may be text the word."""
    kind = _resolved(kind)
    if get_origin(kind) is Union:
        options = [_plain(option) for option in get_args(kind) if option is not type(None)]
        words = [o for o in options if isinstance(o, type) and issubclass(o, enum.Enum)]
        return (words or options)[0]
    if get_origin(kind) is list:
        return list[_plain(get_args(kind)[0])]  # type: ignore[misc]  # a type made at run time
    return kind


def member_of(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is list else None


def is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, private_models._Model)


def leaves(model: Any, before: str = "") -> Iterator[str]:
    """The dotted path of every property that holds no properties of its own; lists as what they are made of."""
    for found in properties_of(model):
        inner = member_of(found.kind) or found.kind
        path = f"{before}{found.name}"
        if is_model(inner):
            yield from leaves(inner, f"{path}.")
        else:
            yield path

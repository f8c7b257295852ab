"""What a digest tells of a secret: its name and never its value, so that a new key runs nothing again. Pure.

Whether a key opens the door is seen when a task runs; of what a task makes it says nothing.
"""

from collections.abc import Iterator

from batchctl.sensitive import FROM_ENVIRONMENT, FROM_OUTSIDE, FROM_VAULT, Hidden, is_sensitive
from batchctl.spec import template
from batchctl.spec.filling.filler import Filler, filled_settings
from batchctl.spec.model import Spec
from batchctl.spec.source import At
from batchctl.spec.template import Value, Values, layered
from batchctl.work import Settings

VARIABLE = "vars."


def holds_secrets(spec: Spec) -> bool:
    """Does anything in it come from outside that is a secret by its name or by what the spec says?"""
    return bool(_stand_ins(spec.values)) or any(hole for setting in spec.settings for hole in _outside(*setting))


def told(fill: Filler) -> Filler:
    """The same, but with the names of secrets in their place. What is wrong was told before."""
    return Filler(fill.spec, layered(_stand_ins(fill.spec.values), fill.values), [])


def told_settings(fill: Filler, at: At, settings: Settings) -> Settings:
    """Settings filled by what `told` gave; of one that is a secret itself, nothing counts that comes from outside."""
    return tuple(filled for setting in settings for filled in filled_settings(_for(fill, *setting), at, (setting,)))


def _for(fill: Filler, name: str, value: str) -> Filler:
    outside = {hole: _in_its_place(hole) for hole in _outside(name, value)}
    return Filler(fill.spec, layered(outside, fill.values), []) if outside else fill


def _outside(name: str, value: str) -> Iterator[str]:
    """The placeholders of a secret setting that stand for what comes from outside."""
    marked = isinstance(value, Hidden)
    if marked or is_sensitive(name):
        # `TOKEN_LIMIT: '{vars.limit}'` is no secret for its name; what comes from the environment may well be.
        outside = (*FROM_OUTSIDE, VARIABLE) if marked else FROM_OUTSIDE
        yield from (hole.name for hole in template.holes(value) if hole.name.startswith(outside))


def _stand_ins(values: Values) -> dict[str, Value]:
    return {name: _in_its_place(name) for name, value in values.items() if isinstance(value, str) and _is_secret(name)}


def _is_secret(name: str) -> bool:
    kinds = (FROM_ENVIRONMENT, VARIABLE)
    # What is kept in a vault is a secret, whatever it is called.
    return name.startswith(FROM_VAULT) or any(
        name.startswith(kind) and is_sensitive(name.removeprefix(kind)) for kind in kinds
    )


def _in_its_place(name: str) -> str:
    # Of characters that may stand wherever a value may.
    return f"-{name.replace(':', '.').replace('/', '.')}-"

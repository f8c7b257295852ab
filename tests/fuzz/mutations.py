"""A document of mappings and lists, changed at random places."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

At = tuple[str | int, ...]

VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        3.5,
        10**20,
        float("inf"),
        "",
        " ",
        "x",
        "x\n",
        "a" * 300,
        "\u0663",
        "\u202e",
        "\x00",
    ),
    *(
        "{item}",
        "{item.x[}",
        "{{",
        "{vars.nope}",
        "${env:HOME}",
        "${env:NOT_SET}",
        "PT5M",
        "P99999999D",
        "*",
        "[",
        "../x",
    ),
    *("/", "\\", "a/b", "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "(a+)+$", "(", "9" * 5000),
    *([], [1], ["a"], [[]], [None], {}, {"a": 1}, {"a": {"b": [{}]}}),
)
KEYS = (
    *(
        "forEach",
        "blobs",
        "files",
        "list",
        "range",
        "zip",
        "product",
        "groupBy",
        "chunk",
        "outputs",
        "rows",
        "csv",
        "x",
    ),
    *(
        "commands",
        "command",
        "type",
        "id",
        "container",
        "timeout",
        "dependsOn",
        "exitConditions",
        "vars",
        "default",
        "raw",
    ),
)


@dataclass(frozen=True)
class Mutation:
    """`at` was set to a value, or taken away, or put beside others; `words` are those that stood there before."""

    how: str
    at: At
    words: frozenset[str]


def mutated(document: Any, chance: random.Random, times: int = 1) -> tuple[Any, list[Mutation]]:
    changed: Any = json.loads(json.dumps(document))
    done = []
    for _ in range(times):
        if places := list(_places(changed)):
            done.append(_mutate(changed, chance.choice(places), chance))
    return changed, done


def _mutate(document: Any, at: At, chance: random.Random) -> Mutation:
    parent = document
    for part in at[:-1]:
        parent = parent[part]
    how = chance.choice(("set", "removed", "added") if isinstance(parent, dict) else ("set", "removed"))
    key = chance.choice(KEYS) if how == "added" else at[-1]
    before = parent[key] if how != "added" else parent.get(key)
    done = Mutation(how, (*at[:-1], key), frozenset({str(key), *_words(before)}))
    if how == "removed":
        del parent[key]
    else:
        parent[key] = json.loads(json.dumps(chance.choice(VALUES)))
    return done


def _words(value: Any) -> Iterator[str]:
    """The keys and the texts of a value, that others may speak of."""
    for at in _places(value):
        yield str(at[-1])
        inner = value
        for part in at:
            inner = inner[part]
        if isinstance(inner, str):
            yield inner
    if isinstance(value, str):
        yield value


def _places(document: Any, at: At = ()) -> Iterator[At]:
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in inner:
        yield (*at, key)
        yield from _places(value, (*at, key))

"""`task_factory` of Batch Shipyard: what each kind goes over, in the order of its own code."""

import random
from collections.abc import Callable, Sequence
from itertools import combinations, combinations_with_replacement, permutations
from typing import Any

from batchctl.importing.found import Found
from batchctl.importing.sweeps import Sweep, Value

TO = "job.tasks[].forEach"
ORDER = ("product", "product_iterables", "combinations", "permutations", "zip")
"""The first of these that is there wins."""


def parametric(found: Found) -> Sweep:
    """Raises SpecError."""
    kinds = [name for name in ORDER if name in found.names()]
    if not kinds:
        found.wrong(f"a parametric_sweep is one of {', '.join(ORDER)}")
    for other in kinds[1:]:
        found.need(other).refused(f"the tool takes {kinds[0]} and leaves this out without a word")
    part = found.need(kinds[0])
    part.carried(TO, WHY.get(kinds[0], ""))
    return FORMS[kinds[0]](part)


WHY = {
    "product": "`stop` is excluded; the last axis turns fastest",
    "zip": "it ends with the shortest",
}


def _product(part: Found) -> Sweep:
    return Sweep(axes=tuple(_numbers(axis) for axis in part.members()))


def _numbers(axis: Found) -> range:
    step = axis.need("step")
    if step.whole() == 0:
        step.wrong("a step is not 0")
    axis.known("start", "stop", "step")
    return range(axis.need("start").whole(), axis.need("stop").whole(), step.whole())


def _iterable(found: Found) -> list[Value]:
    """A text is gone over character by character."""
    if not found.is_list:
        return list(found.text())
    for member in found.members():
        if member.node.plain and not isinstance(member.plain(), str):
            member.wrong("the tool takes texts alone here: quote it")
    return list(found.texts())


def _iterables(part: Found) -> Sweep:
    return Sweep(axes=tuple(_iterable(axis) for axis in part.members()))


def _zip(part: Found) -> Sweep:
    return Sweep(axes=tuple(_iterable(axis) for axis in part.members()), side_by_side=True)


def _chosen(part: Found, of: Callable[[Sequence[Value], int], Any]) -> Sweep:
    part.known("iterable", "length", "replacement")
    made = list(of(_iterable(part.need("iterable")), part.need("length").whole()))
    axes = tuple(zip(*made, strict=True)) if made else ((),)
    return Sweep(axes=axes, side_by_side=True)


def _combinations(part: Found) -> Sweep:
    again = part.get("replacement")
    return _chosen(part, combinations_with_replacement if again and again.truth() else combinations)


def _permutations(part: Found) -> Sweep:
    return _chosen(part, permutations)


FORMS: dict[str, Callable[[Found], Sweep]] = {
    "product": _product,
    "product_iterables": _iterables,
    "combinations": _combinations,
    "permutations": _permutations,
    "zip": _zip,
}


def drawn(found: Found) -> Sweep | None:
    """Numbers as the tool's own Python draws them; None where no seed makes them the same each time."""
    seed, count = found.get("seed"), found.need("generate").whole()
    if seed is None:
        found.refused("without a seed the tool draws other numbers each time: give it one, or write a list")
        return None
    # The very series is wanted, which no better generator gives.
    source = random.Random(seed.whole())
    found.known("seed", "generate", "integer", "distribution")
    draw = _draw(found, source)
    found.carried(f"{TO}.list", "the numbers that the tool draws with this seed")
    return Sweep(axes=([draw() for _ in range(count)],))


DRAWS: dict[str, tuple[str, tuple[str, ...]]] = {
    "uniform": ("uniform", ("a", "b")),
    "triangular": ("triangular", ("low", "high", "mode")),
    "beta": ("betavariate", ("alpha", "beta")),
    "exponential": ("expovariate", ("lambda",)),
    "gamma": ("gammavariate", ("alpha", "beta")),
    "gauss": ("gauss", ("mu", "sigma")),
    "lognormal": ("lognormvariate", ("mu", "sigma")),
    "pareto": ("paretovariate", ("alpha",)),
    "weibull": ("weibullvariate", ("alpha", "beta")),
}
"""A distribution, the method that draws of it, and its parameters; the first that is there counts."""


def _draw(found: Found, source: random.Random) -> Callable[[], Value]:
    if (whole := found.get("integer")) is not None:
        whole.known("start", "stop", "step")
        start, stop, step = (whole.need(name).whole() for name in ("start", "stop", "step"))
        if not range(start, stop, step):
            whole.wrong("no number lies there")
        return lambda: source.randrange(start, stop, step)
    distribution = found.need("distribution")
    name = next((name for name in DRAWS if name in distribution.names()), None)
    if name is None:
        distribution.wrong(f"one of {', '.join(DRAWS)}")
    method, parameters = DRAWS[name]
    part = distribution.known(name).need(name).known(*DRAWS[name][1])
    values = [(p.number() if (p := part.get(parameter)) else None) for parameter in parameters]
    if None in values[:2] and name != "exponential":
        part.wrong(f"{' and '.join(parameters)} are missing")
    return lambda: getattr(source, method)(*values)

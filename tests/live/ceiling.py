"""How many node-hours a run may take, and which stages fit. Pure."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """A part of a run that has nodes: at most so many, for at most so long."""

    name: str
    nodes: int
    minutes: int

    @property
    def node_hours(self) -> float:
        return self.nodes * self.minutes / 60


STAGES = (Stage("probes with nodes", 2, 30), Stage("word-count", 1, 30))
"""In the order in which they get what the ceiling leaves."""


def parsed_ceiling(text: str) -> float:
    """Node-hours from what a person wrote. Raises ValueError, which says what is wanted."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not (0 <= found < math.inf):
        raise ValueError(
            f"a ceiling is a number of node-hours, such as 1.5 (0: nothing that needs a node), not {text!r}"
        )
    return found


def stages_within(ceiling: float) -> tuple[tuple[Stage, ...], tuple[Stage, ...]]:
    """The stages that fit under a ceiling of node-hours at their worst, and those that are left out."""
    fit: list[Stage] = []
    for stage in STAGES:
        if sum(one.node_hours for one in fit) + stage.node_hours <= ceiling:
            fit.append(stage)
    return tuple(fit), tuple(stage for stage in STAGES if stage not in fit)

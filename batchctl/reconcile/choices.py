"""What a command line decides about a plan, beyond what the spec says. A saved plan keeps it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """`discard_outputs`: outputs that are not at home may go."""

    discard_outputs: bool = False

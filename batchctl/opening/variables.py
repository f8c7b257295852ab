"""Values of variables, as a command line says them."""

from collections.abc import Sequence

from batchctl.errors import UsageError


def parse_variables(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """NAME=VALUE, as `--var` takes it; of a name that is there more than once, each. Raises UsageError."""
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--var takes NAME=VALUE, not {text!r}")
        found[name] = (*found.get(name, ()), value)
    return found

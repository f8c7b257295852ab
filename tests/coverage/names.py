"""Every name that Azure Batch has for properties of pools, jobs, tasks and schedules, as a module of batchctl."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import fill
from typing import Any

from azure.batch import models

from tests.coverage.models import OBJECTS, is_model, member_of, properties_of

MODULE = Path(__file__).parents[2] / "batchctl" / "spec" / "reading" / "batch_names.py"
ROOTS = (*OBJECTS.values(), models.BatchJobScheduleCreateOptions, models.BatchPoolIdentity)
OF_MANAGEMENT = frozenset({"identity"})
"""What a pool has, and Azure Resource Manager alone gives it."""

TEMPLATE = '''"""Every name that Azure Batch has for what pools, jobs, tasks and schedules are told. Pure.

Written by `python -m tests.coverage` from the models of azure-batch, and held true by a test.
"""

_NAMES = """
{names}
"""

BATCH_NAMES = frozenset(_NAMES.split())
'''


def names_of(model: Any, seen: set[Any]) -> Iterator[str]:
    if model in seen:
        return
    seen.add(model)
    for found in properties_of(model):
        yield found.name
        inner = member_of(found.kind) or found.kind
        if is_model(inner):
            yield from names_of(inner, seen)


def module() -> str:
    """The text of the module: words in lines, which cost a run nothing to speak of."""
    seen: set[Any] = set()
    names = OF_MANAGEMENT | {name for root in ROOTS for name in names_of(root, seen)}
    return TEMPLATE.format(names=fill(" ".join(sorted(names)), width=120, break_on_hyphens=False))

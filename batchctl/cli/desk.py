"""What the keys of the live view do to a run: read the end of a log, let tasks that failed alike run again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from batchctl.cli.target import Opened

if TYPE_CHECKING:
    from batchctl.reconcile.port import Eyes
    from batchctl.sights import Place

LINES = 40
"""More has no room in the view."""


def log_end(eyes: "Eyes", place: "Place") -> Sequence[str]:
    """The end of what a task or a start task wrote. Raises CloudError."""
    return eyes.last_words([place], LINES)[0]


def retry_like(opened: Opened, place: "Place") -> str:
    """Let a task that failed run again, and all that failed alike; returns what became of it. Raises BatchctlError."""
    from batchctl.verbs import act
    from batchctl.words import plural

    found, _ = act.failed_tasks(opened.spec, opened.cloud, opened.cloud.eyes, (), ())
    group = next((one.group for one in found if (one.run.job, one.run.id) == (place.above, place.id)), None)
    deeds = list(act.retry([one for one in found if one.group == group], opened.cloud.hands))
    again = sum(deed.done for deed in deeds)
    return f"retry: {again} of {plural(len(deeds), 'task')} {'waits' if again == 1 else 'wait'} for a node again"

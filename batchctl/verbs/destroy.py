"""`batchctl destroy`."""

from collections.abc import Iterator
from dataclasses import replace

from batchctl.reconcile.choices import Choices
from batchctl.reconcile.events import Event
from batchctl.reconcile.execute import execute
from batchctl.reconcile.plan import diff, kept
from batchctl.reconcile.port import Cloud
from batchctl.spec.model import Spec
from batchctl.spec.resolve import outline
from batchctl.verbs.running import Approve, agree, carried_out
from batchctl.verbs.survey import guard, held_by


def destroy(spec: Spec, cloud: Cloud, approve: Approve, choices: Choices = Choices()) -> Iterator[Event]:
    """Take away all that bears our mark but what the spec keeps; done means gone."""
    wanted = outline(spec)
    held = held_by(wanted, cloud)
    decided = replace(diff(kept(wanted, held), held), unchanged=0)
    if not choices.discard_outputs:
        decided = guard(decided, wanted, held)
    agree(decided, approve)
    yield from carried_out(execute(decided, cloud))

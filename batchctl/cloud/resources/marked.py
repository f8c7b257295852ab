"""Objects that bear our mark in their metadata, pools, jobs and schedules: made, adopted and deleted alike."""

from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from batchctl.cloud import marks
from batchctl.cloud.clients.batch import Json
from batchctl.cloud.clients.session import Session
from batchctl.errors import CloudError, Refused
from batchctl.frozen import dataclass
from batchctl.resources import Job, Pool, Schedule, label_of
from batchctl.rules import asked_hashes

M = TypeVar("M", Pool, Job, Schedule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked(Generic[M]):
    """A kind of them. `send` makes one of a `body`, `path` is an object's own; `own_marks`: what
    it bears beside its owner. `exists` and `being_deleted` are what the service says of an id that is taken."""

    send: Callable[[Session, Json], object]
    path: Callable[[M], str]
    body: Callable[[Session, M, str], Json]
    own_marks: Callable[[M], dict[str, str]]
    exists: str
    being_deleted: str

    def create(self, session: Session, owner: str, wanted: M) -> None:
        """Waits for one of that id that is still being deleted."""
        session.until(partial(self._created, session, owner, wanted), f"{_called(wanted)} is still being deleted")

    def _created(self, session: Session, owner: str, wanted: M) -> bool:
        try:
            session.ask(lambda: self.send(session, self.body(session, wanted, owner)))
        except CloudError as error:
            if error.code == self.being_deleted:
                return False
            # Our own request may have been done although its answer was lost: then our mark and digest are there.
            if error.code != self.exists or not self._is_ours(session, owner, wanted):
                raise
        return True

    def _is_ours(self, session: Session, owner: str, wanted: M) -> bool:
        item = session.find(lambda: session.batch.get(self.path(wanted)))
        metadata = marks.from_pairs(item.get("metadata")) if item else {}
        return metadata.get(marks.OWNER) == owner and metadata.get(marks.DIGEST) == asked_hashes(wanted)

    def adopt(self, session: Session, owner: str, held: M) -> None:
        """Put our mark beside what others wrote there."""
        item = session.ask(lambda: session.batch.get(self.path(held)))
        ours = self.own_marks(held) | marks.spec_marks(owner, held, session.service_clock.now())
        # PATCH takes metadata whole.
        metadata = marks.to_pairs(marks.from_pairs(item.get("metadata")) | ours)
        session.ask(lambda: session.batch.patch(self.path(held), {"metadata": metadata}))

    def delete(self, session: Session, owner: str, held: M) -> None:
        """Returns when it is gone. Raises Refused if it does not bear our mark any more."""
        item = session.find(lambda: session.batch.get(self.path(held)))
        if item is None:
            return
        if marks.from_pairs(item.get("metadata")).get(marks.OWNER) != owner:
            raise Refused([f"{_called(held)} does not bear our mark any more"])
        try:
            session.find(lambda: session.batch.delete(self.path(held)))
        except CloudError as error:
            if error.code != self.being_deleted:
                raise
        session.until(
            lambda: session.find(lambda: session.batch.get(self.path(held))) is None,
            f"{_called(held)} is not gone",
        )


def _called(resource: Pool | Job | Schedule) -> str:
    return f"{resource.kind} {label_of(resource)!r}"

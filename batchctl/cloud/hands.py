"""What somebody does to a run by hand: tasks ended and retried, a job held and let go, nodes restarted and entered."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from batchctl.cloud.clients.batch import node_path, path_segment, task_path
from batchctl.cloud.clients.session import Session
from batchctl.errors import CloudError
from batchctl.frozen import dataclass
from batchctl.sights import Place

TOO_LATE = frozenset(
    {
        *("TaskCompleted", "TaskSucceeded", "TaskNotCompleted"),
        *("JobDisabled", "JobNotActive", "JobTerminating", "JobCompleted", "JobBeingDeleted"),
        *("NodeNotReady", "NodeStateUnusable", "OperationInvalidForCurrentState"),
    }
)
"""What the service says of something that is done already, or can be done no more."""


@dataclass(frozen=True, slots=True)
class AzureHands:
    """Satisfies the port of `reconcile/`, which says what each method is for."""

    session: Session

    def end_task(self, place: Place) -> bool:
        return self._post(f"{task_path(place.above, place.id)}/terminate", {})

    def retry_task(self, place: Place) -> bool:
        return self._post(f"{task_path(place.above, place.id)}/reactivate", {})

    def hold_job(self, job: str, *, wait: bool) -> bool:
        body = {"disableTasks": "wait" if wait else "requeue"}
        return self._post(f"/jobs/{path_segment(job)}/disable", body)

    def release_job(self, job: str) -> bool:
        path = f"/jobs/{path_segment(job)}"
        # Until it is paused nothing can be resumed: the service refuses that.
        self.session.until(lambda: self._state(path) != "disabling", f"job {job!r} is still being paused")
        return self._post(f"{path}/enable", {})

    def reboot_node(self, place: Place, *, wait: bool) -> bool:
        return self._post(
            f"{node_path(place.above, place.id)}/reboot", {"nodeRebootOption": "taskcompletion" if wait else "requeue"}
        )

    def let_in(self, place: Place, user: str, key: str, until: datetime) -> bool:
        body = {"name": user, "isAdmin": True, "expiryTime": until.isoformat(), "sshPublicKey": key}
        return self._post(f"{node_path(place.above, place.id)}/users", body)

    def let_out(self, place: Place, user: str) -> None:
        self.session.find(
            lambda: self.session.batch.delete(f"{node_path(place.above, place.id)}/users/{path_segment(user)}")
        )

    def _state(self, path: str) -> str:
        item = self.session.find(lambda: self.session.batch.get(path, select="id,state"))
        return str((item or {}).get("state", "")).lower()

    def _post(self, path: str, body: Mapping[str, Any]) -> bool:
        """Was it accepted? False where it is over, or not there (any more)."""
        try:
            return self.session.find(lambda: self.session.batch.post(path, body)) is not None
        except CloudError as error:
            if error.code in TOO_LATE:
                return False
            raise

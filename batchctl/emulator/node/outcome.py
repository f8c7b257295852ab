"""How a run on a node went, and why it was killed if it was: what the node tells the service. Values only."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

MESSAGES = {
    # As recorded, and else as the REST pages had them (task scheduling error codes).
    "FailureExitCode": "The task exited with an exit code representing a failure",
    "TaskEnded": "Task Was Ended by User Request",
    "MaxWallClockTimeExpiry": "The task was ended because it ran longer than its maxWallClockTime",
    "CommandProgramNotFound": "The specified command program is not found",
    "CommandLaunchFailed": "Failed to launch the specified command line",
    "BlobNotFound": "One of the specified Azure Blob(s) is not found",
    "BlobAccessDenied": "Access for one of the specified Azure Blob(s) is denied",
    "BlobDownloadTimedOut": "Timeout encountered while downloading one of the specified Azure Blob(s)",
    "BlobDownloadMiscError": "Miscellaneous error encountered while downloading one of the specified Azure Blob(s)",
    "ResourceFileCreateFailed": "Failure encountered creating resource file",
    "ContainerInvalidImage": "One or more container images specified are invalid",
    "ContainerInvalidSettings": "At least one value of specified task container settings is invalid",
    "ContainerMiscError": "An error was encountered while attempting to run the task in a container",
    "FileUploadContainerNotFound": "The destination container of an output file is not found",
    "FileUploadAccessDenied": "Access to the destination container of an output file is denied",
    "FileUploadMiscError": "Miscellaneous error encountered while uploading an output file",
}

SERVER_ERRORS = frozenset({"BlobDownloadTimedOut", "BlobDownloadMiscError", "ResourceFileCreateFailed"})
"""Those that the same pages do not call the user's."""


class KillReason(Enum):
    """Why a run is killed. `requeue` and `terminate` are words of the wire too: what clients want of running tasks."""

    REQUEUE = "requeue"  # its node goes, its job is disabled or a more urgent job needs the room: it runs again
    TERMINATE = "terminate"  # somebody ended the task, or its job
    EXPIRED = "expired"  # it ran longer than its maxWallClockTime
    DELETE = "delete"  # its task is deleted, and nothing is to be left of it
    STOP = "stop"  # the service stops; its next start requeues the task
    FELLOW = "fellow"  # another instance of its multi-instance task failed


@dataclass(frozen=True, slots=True)
class Failure:
    """failureInfo: the service's code, and pairs of name and value that say more: `Message` is why, in words."""

    code: str
    details: tuple[tuple[str, str], ...] = ()

    def wire(self) -> dict[str, Any]:
        """As clients read it."""
        category = "ServerError" if self.code in SERVER_ERRORS else "UserError"
        info: dict[str, Any] = {"category": category, "code": self.code, "message": MESSAGES[self.code]}
        if self.details:
            # A path may have bytes that are no text: they could be neither stored nor sent.
            info["details"] = [
                {"name": name, "value": value.encode(errors="backslashreplace").decode()}
                for name, value in self.details
            ]
        return info


class Failed(Exception):  # noqa: N818 - what happened to a task, not an error of the service
    """A step of a run failed; carries the Failure."""

    def __init__(self, code: str, **details: str) -> None:
        self.failure = Failure(code, tuple((name, value) for name, value in details.items() if value))
        super().__init__(f"{code} {details}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run. `exit_code` None: the program never ran, or was not let end. `container`: the id of its own."""

    exit_code: int | None
    failure: Failure | None = None
    container: str | None = None

    def note(self, time: str) -> dict[str, Any]:
        """endTime, result, and what else is known of the end."""
        note: dict[str, Any] = {"endTime": time, "result": "success" if self.succeeded else "failure"}
        if self.exit_code is not None:
            note["exitCode"] = self.exit_code
        if self.failure:
            note["failureInfo"] = self.failure.wire()
        if self.container:
            note["containerInfo"] = {"containerId": self.container, "state": "exited"}
        return note

    @property
    def succeeded(self) -> bool:
        return self.failure is None


@dataclass(frozen=True, slots=True)
class Ended:
    """What the end of a run says: how it went, and why it was killed. A run may have been killed and yet succeeded:
    the reason counts that came while its output files were uploaded, too."""

    outcome: Outcome
    killed: KillReason | None = None

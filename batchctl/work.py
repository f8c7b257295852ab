"""What nodes run, and what all that they run has in common: a command, files that come and go, an environment."""

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from posixpath import basename
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from batchctl.configurations import ApplicationPackageReference, IdentityReference, TaskContainerSettings
from batchctl.frozen import dataclass
from batchctl.rules import aside, lower, part, policy, sent, unordered, unseen, word

RETENTION = timedelta(days=7)
"""How long a node keeps a task's files, where nothing else is said (REST: TaskConstraints.retentionTime)."""

HANDLING = "handling"
"""The part of a task's digest that says how it is shown and what its failure means: no reason to run again."""

Settings = tuple[tuple[str, str], ...]
"""Environment settings or metadata: name and value pairs. Their order means nothing."""


SIGNED = re.compile(r"s(v|s|rt|r|p|t|e|ip|pr|ig|i|dd|es|koid|ktid|kt|ke|ks|kv|aoid|uoid|cid)", re.IGNORECASE)
"""The parameters of a shared access signature (Learn: "Create a service SAS", "Create a user delegation SAS")."""


def unsigned(url: str | None) -> str | None:
    """A URL without who may read it, and until when."""
    if url is None or "sig=" not in url:
        return url
    parts = urlsplit(url)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not SIGNED.fullmatch(pair[0])]
    return urlunsplit(parts._replace(query=urlencode(kept)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFile:
    """A file that Batch puts on the node: one blob, all blobs of a container (under a prefix), or a URL.

    `container` with `blob`: that blob. `container` alone or with `blob_prefix`: all of them. `http_url`: anything.
    `storage_container_url`: a container of another account; `auto_storage_container_name`: one of the storage account
    that belongs to the Batch account. `identity_reference`: what reads it; without one, our own account is signed for.
    `file_path` is relative to the working directory: the file's name for a blob or URL, the directory for a container.
    `address` of what is read back of our own account: whoever named it so is told the same.
    """

    container: str | None = None
    blob: str | None = None
    blob_prefix: str | None = None
    http_url: str | None = part(None, fold=unsigned)
    storage_container_url: str | None = part(None, fold=unsigned)
    auto_storage_container_name: str | None = None
    file_path: str | None = None
    file_mode: str | None = None
    identity_reference: IdentityReference | None = None
    address: str | None = aside()

    def as_said_by(self, wanted: "ResourceFile") -> "ResourceFile":
        """The same in the other's words, if that names it by its address, opened by a signature or an identity."""
        url = wanted.http_url or wanted.storage_container_url
        if self.address is None or url is None or url.partition("?")[0] != self.address:
            return self
        one, all_ = wanted.http_url, wanted.storage_container_url
        return replace(self, container=None, blob=None, http_url=one, storage_container_url=all_)


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiInstanceSettings:
    """A task that runs on several nodes at once, as MPI does (REST: MultiInstanceSettings).

    The coordination command runs on all of them once the common files are there, and then the task's own on the first.
    """

    number_of_instances: int = 1
    coordination_command_line: str = ""
    common_resource_files: tuple[ResourceFile, ...] = ()


def told_instances(value: MultiInstanceSettings | None) -> tuple[int, str] | None:
    """What a digest tells of it beside the content of its files."""
    return None if value is None else (value.number_of_instances, value.coordination_command_line)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile:
    """Files that Batch uploads when the task ends. `path` is the blob's name, or its prefix if the pattern has
    wildcards. `upload_condition` is taskSuccess, taskFailure or taskCompletion. An output that is not
    `optional` must be there once the task has succeeded.

    `container_url`: a container of another account, with what opens it; `container` is that address without it.
    `identity_reference`: what writes there; without one, our own account is signed for."""

    file_pattern: str
    container: str
    container_url: str | None = None
    identity_reference: IdentityReference | None = None
    path: str | None = None
    upload_condition: str = "taskSuccess"
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStreams:
    """Where the standard streams of a task are kept for people, below its id: no result, nothing that a task runs again
    for, and the same for all tasks of a job. The rest is as in OutputFile."""

    container: str
    upload_condition: str = "taskCompletion"
    identity_reference: IdentityReference | None = None


def pool_is_none(scope: str | None) -> str | None:
    """The scope of a user that Batch makes; the pool's is ours by default."""
    return None if scope is None or scope.lower() == "pool" else scope.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a node runs, whatever it runs it for: start, preparation and release tasks and tasks have this in common.

    It runs as the user account `username` of the pool, or as a user that Batch makes: of the pool's scope if nothing
    else is said, for one of the task's own would not see the start task's files.
    """

    command_line: str = sent("", digest="command", always=True, key="")
    resource_files: tuple[ResourceFile, ...] = sent((), key="")
    environment: Settings = sent((), fold=unordered, key="environmentSettings")
    elevation: str = sent(
        "nonadmin",
        digest="command",
        always=True,
        fold=word,
        key="elevationLevel",
        rest="userIdentity.autoUser.elevationLevel",
    )
    user_scope: str | None = sent(None, digest="command", fold=pool_is_none, key="userIdentity.autoUser.scope")
    username: str | None = sent(None, digest="command", fold=lower, key="userIdentity.username")
    container_settings: TaskContainerSettings | None = sent(None, fill=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTask(Work):
    """What a node runs before it takes tasks. `content` is a digest of the blobs among its resource files."""

    wait_for_success: bool = True
    max_task_retry_count: int = 0
    content: str = policy("")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPreparationTask(Work):
    """What a node runs before its first task of the job. `content` as in a start task. Defaults are the service's;
    None of a limit: there is none."""

    max_wall_clock_time: timedelta | None = part(None, key="constraints.maxWallClockTime")
    max_task_retry_count: int = part(0, key="constraints.maxTaskRetryCount")
    retention_time: timedelta = part(RETENTION, key="constraints.retentionTime")
    id: str | None = part(None, optional=True)
    wait_for_success: bool = True
    rerun_on_node_reboot_after_success: bool = True
    content: str = policy("")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReleaseTask(Work):
    """What every node that ran the preparation runs when the job ends."""

    max_wall_clock_time: timedelta = timedelta(minutes=15)
    retention_time: timedelta = RETENTION
    id: str | None = part(None, optional=True)
    content: str = policy("")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobManagerTask(Work):
    """The task that Batch makes with the job, before all others; it may add others itself.

    `content` is its digest as a task, which tells of its outputs too. Defaults are the service's.
    """

    id: str
    display_name: str | None = None
    required_slots: int = 1
    max_wall_clock_time: timedelta | None = part(None, key="constraints.maxWallClockTime")
    max_task_retry_count: int | None = part(None, optional=True, key="constraints.maxTaskRetryCount")
    retention_time: timedelta = part(RETENTION, key="constraints.retentionTime")
    application_package_references: tuple[ApplicationPackageReference, ...] = part((), fold=unordered)
    kill_job_on_completion: bool = True
    run_exclusive: bool = True
    allow_low_priority_node: bool = True
    output_files: tuple[OutputFile, ...] = part((), fold=unseen, key="", rest="")  # each bears a mark of ours
    streams: KeptStreams | None = part(None, fold=unseen, key="", rest="")
    content: str = policy("")


EXPANDING = frozenset(("sh", "bash", "dash", "ash", "ksh", "zsh", "fish", "csh", "tcsh", "busybox", "envsubst"))
"""Programs that fill in variables by themselves."""

KNOWN = frozenset({"HOME", "PATH", "PWD", "TMPDIR", "USER", "HOSTNAME"})
VARIABLE = r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))"
INSTALLS = (
    r"(?<![\w/-])(apt-get|apt|yum|dnf|tdnf|zypper|snap)\s+(?:-\S+\s+)*(?:install|update|upgrade|remove|makecache)\b"
)


def unexpanded_names(line: str, known: Collection[str]) -> list[str]:
    """Variables that a command line has and no shell fills in. What only looks like one is none: it must be known."""
    if "$" not in line or line.startswith("/bin/bash -c "):
        return []
    import shlex  # imported late: few commands have a $ and no shell

    try:
        words = shlex.split(line)
    except ValueError:
        return []
    if any(basename(word) in EXPANDING for word in words):
        return []
    names = [one or other for word in words for one, other in re.findall(VARIABLE, word)]
    return list(dict.fromkeys(n for n in names if n in KNOWN or n in known or n.startswith("AZ_BATCH_")))


def is_no_administrator(work: Work, line: str) -> bool:
    """An account of the pool may be one, in a container everybody is."""
    becomes = work.username or work.container_settings or re.search(r"\bsudo\b", line)
    return work.elevation.lower() != "admin" and not becomes

"""What must hold of the words that say what nodes run, and no schema can say: rules of `references`. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from batchctl.errors import Problem
from batchctl.spec.reading.paths import NODE_TASKS, as_mapping, find_parts, get_in
from batchctl.spec.source import Source, nearest_word
from batchctl.spec.template import Values

COMMANDS = ("commands", "command", "commandLine")


def something_runs(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """Learn, "Run container workloads": an empty command line is the image's own; without a container there is none."""
    for pattern in (*NODE_TASKS, "job.tasks.*"):
        for at, work in find_parts(document, pattern):
            if not isinstance(work, dict) or {"containerSettings", "packages"} & work.keys():
                continue
            if work.get("commandLine") == "":
                message = (
                    "an empty command line is for containers, which have one of their own: see 'containerSettings'"
                )
                yield source.problem((*at, "commandLine"), message, "empty-value")
            elif not any(nearest_word(key, COMMANDS) for key in work):
                name = at[-1] if isinstance(at[-1], str) else f"{at[-2]}[{at[-1]}]"
                message = f"{name} needs 'commands' or 'command'; only a container has one of its own"
                yield source.problem(at, message, "missing-key", at_key=True)


NO_APT = (
    *("windows", "alma", "rocky", "rhel", "redhat", "centos", "openlogic", "oracle", "suse", "mariner", "azurelinux"),
    "batch.node.el",
)
"""Images, and node agents, of systems that have another way to install packages."""


def packages_can_be_installed(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    start, at = as_mapping(get_in(document, "pool", "startTask")), ("pool", "startTask")
    if "packages" not in start:
        return
    for key in ("command", "commandLine", "containerSettings"):
        if key in start:
            message = "'packages' come before lines for a shell of the node: write these as 'commands'"
            yield source.problem((*at, key), message, "two-forms", at_key=True)
    if not _may_install(document, start):
        message = (
            "an administrator alone may install packages: write 'elevationLevel: admin', or neither level nor user"
        )
        yield source.problem((*at, "packages"), message, "no-administrator", at_key=True)
    image = as_mapping(get_in(document, "pool", "image"))
    system = " ".join(
        map(str, (image.get("publisher"), image.get("offer"), get_in(document, "pool", "nodeAgentSKUId")))
    )
    if any(word in system.lower().replace("-", "") for word in NO_APT):
        message = "this image has no apt: write the lines that install packages as 'commands'"
        yield source.problem((*at, "packages"), message, "other-system", at_key=True)


def _may_install(document: Any, start: Mapping[str, Any]) -> bool:
    """Is it an administrator? A user account says of itself."""
    user = as_mapping(start.get("userIdentity"))
    name = user.get("username")
    accounts = [account for _, account in find_parts(document, "pool.userAccounts.*")]
    named = [get_in(a, "elevationLevel") for a in accounts if name is not None and get_in(a, "name") == name]
    said = [start.get("elevationLevel"), get_in(user, "autoUser", "elevationLevel"), *named]
    return not {"elevationLevel", "userIdentity"} & start.keys() or "admin" in said


def manager_leaves_the_tasks(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """REST: killJobOnCompletion is true by default. What is added beside a manager may then meet a job that ended."""
    job = as_mapping(get_in(document, "job"))
    manager = job.get("jobManagerTask")
    if job and "tasks" not in job and manager is None:
        message = "job needs 'tasks', or a 'jobManagerTask' that adds them"
        yield source.problem(("job",), message, "missing-key", at_key=True)
    if isinstance(manager, dict) and "tasks" in job and manager.get("killJobOnCompletion", True) is not False:
        message = "the job would end with its manager, whatever its tasks do: write 'killJobOnCompletion: false'"
        yield source.problem(("job", "jobManagerTask"), message, "ends-early", at_key=True)


def mpi_starts_a_command(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for at, task in find_parts(document, "job.tasks.*"):
        if "mpi" not in as_mapping(task):
            continue
        # The long form that stands there is the short one's, unless it was written.
        if (*at, "multiInstanceSettings") in source.keys and source.keys[*at, "multiInstanceSettings"] != source.keys[
            *at, "mpi"
        ]:
            message = "'mpi' stands for it: only one of them can be meant"
            yield source.problem((*at, "multiInstanceSettings"), message, "two-forms", at_key=True)
        if "commandLine" in task:
            message = "mpi starts a program for each process: write it as 'command' or 'commands'"
            yield source.problem((*at, "commandLine"), message, "two-forms", at_key=True)
        elif "containerSettings" in task and not {"command", "commands"} & task.keys():
            message = "mpi starts a program for each process: give the task a 'command' or 'commands'"
            yield source.problem((*at, "mpi"), message, "missing-key", at_key=True)

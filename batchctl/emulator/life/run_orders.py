"""From records to orders: where a task's directory lies and what its environment holds.

Nothing is started or written here; where a task wants a container, docker or podman is looked for.

The variables are those of "Task runtime environment variables" (Learn); nothing of the service's own environment
but the search path goes along.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

from batchctl.emulator.auto_storage import AutoStorage
from batchctl.emulator.identity.principals import ENDPOINT, header_of, identities_of
from batchctl.emulator.node import windows
from batchctl.emulator.node.container_runtime import find_runtime
from batchctl.emulator.node.containers import Container, mark_of, name_of
from batchctl.emulator.node.outcome import Failure
from batchctl.emulator.node.run import Order
from batchctl.emulator.node.wine import find_wine
from batchctl.emulator.records import Job, Json, Node, Pool, Task
from batchctl.emulator.settings import Settings
from batchctl.emulator.wire import on_paper

RESERVED_DISK_SPACE = "1000000"
"""Bytes, as in the example of that page: a node with less is DiskFull. Nothing here depends on it."""


@dataclass(frozen=True, slots=True)
class Site:
    """A node as its tasks see it. `url` is the account's."""

    settings: Settings
    url: str
    pool: Pool
    node: Node

    @property
    def root(self) -> Path:
        """AZ_BATCH_NODE_ROOT_DIR."""
        return node_root(self.settings, self.node)


def node_root(settings: Settings, node: Node) -> Path:
    """The directory that is a node."""
    return _node_root(settings.home, node.pool, node.id)


@lru_cache(4096)  # each task asks for it several times, and paths are made slowly
def _node_root(home: Path, pool: str, node: str) -> Path:
    return home / "nodes" / pool / node


def work_directory(job: Job, task_id: str) -> str:
    """A task's directory below its node's root; jobs of a schedule `s:job-2` lie in `workitems/s/job-2`."""
    item, _, run = job.id.partition(":")
    return f"workitems/{item}/{run or 'job-1'}/{task_id}"


def job_directory(job: Job) -> str:
    """What goes with the job: its part of a schedule's directory, or its own."""
    item, _, run = job.id.partition(":")
    return f"workitems/{item}/{run}" if run else f"workitems/{item}"


def start_order(site: Site, asked: Json, fresh: bool) -> Order:
    """The order for a node's start task."""
    directory = site.root / "startup"
    return _make_order(site, directory, asked, {}, (), fresh)


def task_order(site: Site, job: Job, task: Task, asked: Json, fresh: bool) -> Order:
    """The order for a task; `asked` is its `spec`, for whoever has it parsed already."""
    assert task.directory is not None
    names = {"AZ_BATCH_JOB_ID": job.id, "AZ_BATCH_TASK_ID": task.id, **_preparation_variables(site, job)}
    return _make_order(site, site.root / task.directory, asked, names, _common_settings(job), fresh)


def task_directories(settings: Settings, task: Task) -> list[Path]:
    """Where the files of a task lie, those of its subtasks too; they need not be there any more."""
    if task.pool is None or task.node is None or task.directory is None:
        return []
    nodes = settings.home / "nodes"
    subtasks = [nodes / entry["poolId"] / entry["nodeId"] / entry["directory"] for entry in task.subtasks or ()]
    return [nodes / task.pool / task.node / task.directory, *subtasks]


def instance_directory(job: Job, task: Task, index: int) -> str:
    """The directory of an instance of a multi-instance task, below its node's root; the primary's is the task's."""
    directory = work_directory(job, task.id)
    return f"{directory}/{index}" if index else directory


def instance_order(site: Site, job: Job, task: Task, index: int, names: dict[str, str]) -> Order:
    """The task's order for one of its instances."""
    own = {"AZ_BATCH_JOB_ID": job.id, "AZ_BATCH_TASK_ID": task.id, **_preparation_variables(site, job), **names}
    return _make_order(
        site, site.root / instance_directory(job, task, index), task.spec, own, _common_settings(job), fresh=True
    )


def job_order(site: Site, job: Job, asked: Json, fresh: bool) -> Order:
    """The order for a job's preparation or release task."""
    names = {"AZ_BATCH_JOB_ID": job.id, "AZ_BATCH_TASK_ID": asked["id"]}
    if asked["id"] != job.spec["jobPreparationTask"]["id"]:
        # A release task that cleans up "$AZ_BATCH_JOB_PREP_WORKING_DIR"/* would clean up /* without it.
        names |= _preparation_variables(site, job)
    return _make_order(site, site.root / work_directory(job, asked["id"]), asked, names, _common_settings(job), fresh)


def _make_order(
    site: Site, directory: Path, asked: Json, names: dict[str, str], common: Sequence[Json], fresh: bool
) -> Order:
    settings = (*common, *asked.get("environmentSettings", ()))
    environment = {**_service_variables(site, directory), **names}
    # Last: what a client sets stands above what the service sets.
    asked_for = {one["name"]: one.get("value", "") for one in settings}
    order = Order(
        directory=directory,
        root=site.root,
        command_line=asked["commandLine"],
        environment=environment | asked_for,
        resource_files=opened_files(asked.get("resourceFiles", []), site.settings.storage),
        output_files=opened_outputs(asked.get("outputFiles", ()), site.settings.storage),
        fresh=fresh,
        remark=_administrator_remark(site, directory, asked),
        **_container_part(site, directory, asked, frozenset(asked_for), names),
    )
    return _on_windows(site, order, environment, asked_for) if on_paper.runs_windows(site.pool) else order


def _on_windows(site: Site, order: Order, variables: dict[str, str], asked_for: dict[str, str]) -> Order:
    """The order as a node of Windows carries it out: paths as they are there, in files and variables."""
    root = site.root
    own = {name: value for name, value in asked_for.items() if name.upper() in windows.OF_WINE}
    environment = windows.windows_variables(variables, root)
    environment |= {name: value for name, value in asked_for.items() if name not in own}
    machine = windows.Machine(
        wine=find_wine(site.settings.search_path) or "wine", prefix=windows.prefix_of(root), root=root, own=own
    )
    return replace(
        order,
        machine=machine,
        environment=environment,
        resource_files=windows.local_files(order.resource_files, "filePath", root, {}),
        output_files=windows.local_files(order.output_files, "filePattern", root, environment),
    )


def _administrator_remark(site: Site, directory: Path, asked: Json) -> str:
    """Whoever asks for an administrator is told that there is none."""
    identity = asked.get("userIdentity", {})
    accounts = {one["name"]: one.get("elevationLevel") for one in site.pool.spec.get("userAccounts", ())}
    level = identity.get("autoUser", {}).get("elevationLevel") or accounts.get(identity.get("username"))
    if level != "admin":
        return ""
    where = directory.relative_to(site.root)
    return f"{where} asks for an administrator: it runs as the user of this service, as all else does"


class _Contained(TypedDict, total=False):
    """What an order says of containers."""

    container: Container
    refused: Failure


def _container_part(site: Site, directory: Path, asked: Json, own: frozenset[str], names: dict[str, str]) -> _Contained:
    """The container of a task that wants one, or why it cannot have one."""
    wanted = asked.get("containerSettings")
    if wanted is None or site.settings.containers == "host":
        return {}
    if "containerConfiguration" not in site.pool.spec.get("virtualMachineConfiguration", {}):
        reason = "the pool has no containerConfiguration"
        return {"refused": Failure("ContainerInvalidSettings", (("Message", reason),))}
    serves = site.settings.containers == "auto" and not on_paper.runs_windows(site.pool)
    runtime = find_runtime(site.settings.search_path) if serves else None
    if runtime is None:
        reason = "the node has neither docker nor podman"
        return {"refused": Failure("ContainerMiscError", (("Message", reason),))}
    made = Container(
        runtime=runtime,
        name=name_of(directory),
        mark=mark_of(site.settings.home),
        id_file=site.settings.home / "containers" / name_of(directory),
        root=site.root,
        directory=directory,
        prepared=names.get("AZ_BATCH_JOB_PREP_DIR"),
        settings=wanted,
        own=own,
    )
    return {"container": made}


def _preparation_variables(site: Site, job: Job) -> dict[str, str]:
    """Where the job's preparation ran, for tasks of a job that has one."""
    preparation = job.spec.get("jobPreparationTask")
    if preparation is None:
        return {}
    prepared = site.root / work_directory(job, preparation["id"])
    return {"AZ_BATCH_JOB_PREP_DIR": str(prepared), "AZ_BATCH_JOB_PREP_WORKING_DIR": str(prepared / "wd")}


def _common_settings(job: Job) -> Sequence[Json]:
    return tuple(job.spec.get("commonEnvironmentSettings", ()))


def _service_variables(site: Site, directory: Path) -> dict[str, str]:
    root, settings = str(site.root), site.settings
    trust = settings.certificates.trust if settings.certificates and settings.keyless else {}
    return {
        "PATH": site.settings.search_path,
        "HOME": f"{directory}/wd",
        "LANG": "C.UTF-8",
        "AZ_BATCH_ACCOUNT_NAME": site.settings.account,
        "AZ_BATCH_ACCOUNT_URL": site.url.replace("http:", "https:") if trust else site.url,
        "AZ_BATCH_POOL_ID": site.pool.id,
        "AZ_BATCH_NODE_ID": site.node.id,
        "AZ_BATCH_NODE_IS_DEDICATED": str(site.node.dedicated).lower(),
        "AZ_BATCH_NODE_ROOT_DIR": root,
        "AZ_BATCH_NODE_SHARED_DIR": f"{root}/shared",
        "AZ_BATCH_NODE_STARTUP_DIR": f"{root}/startup",
        "AZ_BATCH_NODE_STARTUP_WORKING_DIR": f"{root}/startup/wd",
        "AZ_BATCH_NODE_MOUNTS_DIR": f"{root}/fsmounts",
        "AZ_BATCH_TASK_DIR": str(directory),
        "AZ_BATCH_TASK_WORKING_DIR": f"{directory}/wd",
        "AZ_BATCH_CERTIFICATES_DIR": f"{directory}/certs",
        "AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES": RESERVED_DISK_SPACE,
        **_identity_variables(site),
        **trust,
    }


def _identity_variables(site: Site) -> dict[str, str]:
    """Where the identities of the pool give tokens, in the form of App Service: a node of Azure has an address of its
    own for that, 169.254.169.254, which no process of this machine may take."""
    if not identities_of(site.pool.spec):
        return {}
    header = header_of(site.settings.key, site.pool.id, site.node.id)
    return {"IDENTITY_ENDPOINT": f"{site.url}{ENDPOINT}", "IDENTITY_HEADER": header}


def opened_files(files: Sequence[Json], storage: AutoStorage | None) -> tuple[Json, ...]:
    """Resource files as they are fetched; without a storage account those that want one stay as they are, and fail."""
    return tuple(_opened_file(file, storage) if storage else file for file in files)


def _opened_file(file: Json, storage: AutoStorage) -> Json:
    container = file.get("autoStorageContainerName")
    if container is not None:
        rest = {name: value for name, value in file.items() if name != "autoStorageContainerName"}
        return {**rest, "storageContainerUrl": storage.container_url(container)}
    if "identityReference" not in file:
        return file
    urls: Json = {name: storage.opened(file[name], "rl") for name in ("httpUrl", "storageContainerUrl") if name in file}
    return {**file, **urls}


def opened_outputs(files: Sequence[Json], storage: AutoStorage | None) -> tuple[Json, ...]:
    """Output files as they are uploaded."""
    return tuple(_opened_output(file, storage) if storage else file for file in files)


def _opened_output(file: Json, storage: AutoStorage) -> Json:
    container = file["destination"]["container"]
    if "identityReference" not in container:
        return file
    opened = {**container, "containerUrl": storage.opened(container["containerUrl"], "cw")}
    return {**file, "destination": {"container": opened}}

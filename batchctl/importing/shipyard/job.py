"""A job of Batch Shipyard with its tasks."""

from collections.abc import Mapping, Sequence
from typing import Any

from batchctl.importing.found import Document, Found
from batchctl.importing.settings import environment_settings
from batchctl.importing.shipyard.around import Around, Ids, next_id, numbering
from batchctl.importing.shipyard.data import Storage, fetched
from batchctl.importing.shipyard.pool import ADMIN, Nodes, legal_id, shell_line
from batchctl.importing.shipyard.task_fields import exit_conditions
from batchctl.importing.shipyard.tasks import tasks_of
from batchctl.importing.shipyard.times import iso

ENDS = "batchctl ends every job once its tasks have ended"


def job_document(
    job: Found,
    config: Found | None,
    nodes: Nodes,
    storage: Storage,
    volumes: Mapping[str, Found],
    images: frozenset[str],
) -> Document:
    """What becomes of each of its fields is told. Raises SpecError."""
    said: Document = {"id": legal_id(job.need("id"), "job.id", 58)}
    if (priority := job.get("priority")) is not None:
        said["priority"] = priority.carried("job.priority").whole()
    _told_by_itself(job)
    limits = _job_limits(job)
    if limits:
        said["constraints"] = limits
    said |= _before_and_after(job, storage)
    defaults = _defaults(job)
    if defaults.get("environmentSettings") and "jobPreparationTask" in said:
        said["commonEnvironmentSettings"] = defaults["environmentSettings"]
    if defaults.get("exitConditions", {}).get("default", {}).get("jobAction"):
        said["onTaskFailure"] = "performexitoptionsjobaction"
    around = Around(job=job, config=config, nodes=nodes, storage=storage, volumes=volumes, images=images, ids=Ids())
    said["taskDefaults"] = defaults
    said["tasks"] = _tasks(job, around)
    if any("jobAction" in t.get("exitConditions", {}).get("default", {}) for t in said["tasks"]):
        said["onTaskFailure"] = "performexitoptionsjobaction"
    return said


def _told_by_itself(job: Found) -> None:
    if (ends := job.get("auto_complete")) is not None:
        if ends.truth():
            ends.carried("", ENDS)
        else:
            ends.changed("", f"{ENDS}; the tool left it open")
    for name, why in (
        ("allow_run_on_missing_image", "Batch pulls an image that is missing"),
        ("force_enable_task_dependencies", "batchctl sets it where tasks depend on each other"),
    ):
        if (found := job.get(name)) is not None:
            found.carried("", why)
    if (pool := job.get("auto_pool")) is not None:
        pool.changed("pool", "batchctl makes the pool itself; `afterRun: delete` takes it away with the run")
    if (admin := job.get("user_identity", "default_pool_admin")) is not None:
        admin.carried("job.taskDefaults.userIdentity", "as all container tasks there")


def _job_limits(job: Found) -> Document:
    said: Document = {}
    if (limit := job.get("max_wall_time")) is not None:
        limit.carried("job.constraints.maxWallClockTime", "a limit of the whole job, not of each task")
        said["maxWallClockTime"] = iso(limit)
    if (tries := job.get("max_task_retries")) is not None:
        said["maxTaskRetryCount"] = tries.carried("job.constraints.maxTaskRetryCount").whole()
    return said


def _defaults(job: Found) -> Document:
    to = "job.taskDefaults"
    # Containers of the tool are started by an administrator.
    said: Document = {"userIdentity": ADMIN}
    if (kept := job.get("retention_time")) is not None:
        kept.carried(f"{to}.constraints.retentionTime", "of each task")
        said["constraints"] = {"retentionTime": iso(kept)}
    if (variables := job.get("environment_variables")) is not None:
        said["environmentSettings"] = environment_settings(variables, f"{to}.environmentSettings")
    if (conditions := exit_conditions(job, f"{to}.exitConditions.default")) is not None:
        said["exitConditions"] = conditions
    return said


def _before_and_after(job: Found, storage: Storage) -> Document:
    said: Document = {}
    data, before, after = job.get("input_data", "azure_storage"), job.get("job_preparation"), job.get("job_release")
    files, lines = fetched(data, storage, "job.jobPreparationTask") if data else ([], [])
    if before is not None:
        lines = [*lines, *shell_line(before.need("command"), "job.jobPreparationTask.commands")]
    if lines or after is not None:
        said["jobPreparationTask"] = {
            "commands": lines or ["true"],
            "rerunOnNodeRebootAfterSuccess": False,
            "userIdentity": ADMIN,
            **({"resourceFiles": files} if files else {}),
        }
    if after is not None:
        last = shell_line(after.need("command"), "job.jobReleaseTask.commands")
        said["jobReleaseTask"] = {"commands": last or ["true"], "userIdentity": ADMIN}
    return said


def _tasks(job: Found, around: Around) -> list[Document]:
    made: list[tuple[Found, list[Document]]] = [(task, tasks_of(task, around)) for task in job.need("tasks").members()]
    for task, documents in made:
        if (needs := _depends_on(task, around)) and documents:
            documents[:] = [{**document, "dependsOn": needs} for document in documents]
    found = [document for _, documents in made for document in documents]
    merge = job.get("merge_task")
    return [*found, _merge(merge, found, around)] if merge is not None else found


def _depends_on(task: Found, around: Around) -> list[dict[str, str]]:
    to = "job.tasks[].dependsOn"
    ids: list[str] = []
    if (named := task.get("depends_on")) is not None:
        ids += _known(named, named.carried(to).texts(), around.ids.taken)
    if (ends := task.get("depends_on_range")) is not None:
        first, last = (member.whole() for member in ends.carried(to, "both ends").members()[:2])
        ids += _known(ends, [str(n) for n in range(first, last + 1)], around.ids.taken)
    return [{"task": name} for name in ids]


def _known(found: Found, ids: Sequence[str], taken: Sequence[str]) -> list[str]:
    missing = [name for name in ids if name not in taken]
    if missing:
        found.refused(f"no task of the job has the id {', '.join(missing[:5])}: the task would wait for ever")
    return [name for name in ids if name in taken]


FORBIDDEN = ("depends_on", "depends_on_range", "multi_instance", "task_factory")


def _merge(merge: Found, others: list[Document], around: Around) -> Document:
    """The last task, which waits for all others."""
    for name in FORBIDDEN:
        if (found := merge.get(name)) is not None:
            found.refused("the tool refuses it in a merge_task")
    if merge.get("id") is None:
        prefix, width = numbering(merge, around)
        task_id = next_id(f"merge-{prefix}", width, around.ids)
    else:
        task_id = ""
    document = tasks_of(merge, around)[0]
    if task_id:
        document["id"] = task_id
    return {**document, "dependsOn": [_reference(other, number) for number, other in enumerate(others, 1)]}


def _reference(other: Document, number: int) -> dict[str, Any]:
    """What a dependency calls it; a factory is given a name."""
    if "forEach" not in other:
        return {"task": other["id"]}
    name = other.setdefault("factory", f"tasks{number}")
    return {"factory": name}

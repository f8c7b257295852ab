"""JSON of `az batch` (pool, job, tasks, in any number of files) to one spec."""

from collections.abc import Iterator, Sequence

from batchctl.errors import UsageError
from batchctl.importing.asked import Asked, Kind
from batchctl.importing.found import Document, Found
from batchctl.importing.names import plain_name
from batchctl.importing.rest.bodies import FIELDS, auto_pool_document, job_document, pool_document, task_document
from batchctl.importing.rest.folding import folded
from batchctl.importing.rest.parts import Parts


def is_pool(found: Found) -> bool:
    return found.is_mapping and "vmSize" in found.names() and "id" in found.names()


def is_job(found: Found) -> bool:
    return (
        found.is_mapping
        and "poolInfo" in found.names()
        and not {"taskFactory", "applicationTemplateInfo"} & found.names()
    )


def is_schedule(found: Found) -> bool:
    return found.is_mapping and {"schedule", "jobSpecification"} <= found.names()


def is_task(found: Found) -> bool:
    return found.is_mapping and {"id", "commandLine"} <= found.names()


def objects(file: Found) -> Iterator[Found]:
    """What a file holds: one object, a list of them, or a page as the service answers (`value`)."""
    value = file.get("value") if file.is_mapping and "value" in file.names() else None
    if value is not None and value.is_list:
        yield from value.members()
    elif file.is_list:
        yield from file.members()
    else:
        yield file


def knows(found: Found) -> bool:
    return (found.is_mapping or found.is_list) and any(is_pool(o) or is_job(o) or is_task(o) for o in objects(found))


def document(files: Sequence[Found], asked: Asked) -> Document:
    """Raises SpecError and UsageError."""
    found = [one for file in files for one in objects(file)]
    for schedule in filter(is_schedule, found):
        for part in ("schedule", "jobSpecification"):
            schedule.need(part).refused("say it as `schedule:`, and its job manager as the job's one task")
    pools, jobs = [o for o in found if is_pool(o)], [o for o in found if is_job(o)]
    return one_spec(pools, jobs, [o for o in found if is_task(o) and not is_job(o)], asked, Parts())


def one_spec(
    pools: Sequence[Found], jobs: Sequence[Found], tasks: Sequence[Found], asked: Asked, parts: Parts
) -> Document:
    job = _one(jobs, asked.job, "job")
    wanted = job.get("poolInfo", "poolId") if job else None
    pool = _one(pools, asked.pool or (wanted.text() if wanted and len(pools) > 1 else ""), "pool")
    said: Document = {"version": 1, "name": spec_name(job or pool or tasks[0])}
    auto = job.get("poolInfo", "autoPoolSpecification") if job else None
    if auto is not None:
        said["pool"] = auto_pool_document(auto, parts)
    elif pool is not None:
        said["pool"] = pool_document(pool, parts)
    elif wanted is not None:
        said["pool"] = {
            "id": parts.say(wanted.changed("pool.id", "no file has this pool: the spec uses it as somebody else's")),
            "external": True,
        }
    elif tasks:
        raise UsageError("tasks alone say neither job nor pool: name the files of these as well")
    if job is not None:
        said["job"] = {**job_document(job, parts), "tasks": task_factories(tasks, parts)}
        said["logs"] = False
        if not said["job"]["tasks"]:
            if "jobManagerTask" not in said["job"]:
                raise UsageError(f"job {said['job']['id']} has no tasks here: name their file as well")
            del said["job"]["tasks"]
    elif tasks:
        raise UsageError("tasks need their job: name its file as well")
    if parts.containers:
        said["storage"] = {"containers": dict(parts.containers)}
    return said


def _one(found: Sequence[Found], name: str, what: str) -> Found | None:
    named = [one for one in found if not name or one.need("id").text() == name]
    if len(named) > 1:
        ids = ", ".join(one.need("id").text() for one in named)
        raise UsageError(f"a spec has one {what}, and here are {len(named)}: name one by --{what}, {ids}")
    if name and found and not named:
        raise UsageError(f"no {what} is called {name!r}")
    for other in found:
        if other not in named:
            other.dropped(f"a spec has one {what}")
    return named[0] if named else None


def spec_name(found: Found) -> str:
    return plain_name(found.need("id").text())


def task_factories(tasks: Sequence[Found], parts: Parts) -> list[Document]:
    """The tasks, those that differ in a word as one factory."""
    ids = [task.need("id").text() for task in tasks]
    made = []
    for task in tasks:
        said = task_document(task, parts)
        if needs := depends_on(task, ids):
            said["dependsOn"] = needs
        made.append(said)
    return folded(made)


def depends_on(task: Found, ids: Sequence[str]) -> list[dict[str, str]]:
    to = "job.tasks[].dependsOn"
    wanted: list[str] = []
    if (named := task.get("dependsOn", "taskIds")) is not None:
        wanted += named.carried(to).texts()
    ranges = task.get("dependsOn", "taskIdRanges")
    for span in ranges.carried(to).members() if ranges else ():
        ends = range(span.need("start").whole(), span.need("end").whole() + 1)
        wanted += [i for i in ids if i.isdecimal() and int(i) in ends]
    missing = [name for name in wanted if name not in ids]
    if missing and named is not None:
        named.refused(f"no task here has the id {', '.join(missing[:5])}")
    return [{"task": name} for name in wanted if name in ids]


AZ = Kind(
    name="az",
    title="az batch",
    knows=knows,
    beside=lambda file: (file.is_mapping or file.is_list) and any(map(is_schedule, objects(file))),
    document=document,
    fields=FIELDS,
)

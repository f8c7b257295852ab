"""Files of Batch Shipyard, in any number of them, to one spec."""

import re
from collections.abc import Iterator, Mapping, Sequence

from batchctl.errors import UsageError
from batchctl.importing.asked import Asked, Kind
from batchctl.importing.found import Document, Found, told_by_table
from batchctl.importing.names import plain_name
from batchctl.importing.report import Row
from batchctl.importing.shipyard import fields
from batchctl.importing.shipyard.data import Storage
from batchctl.importing.shipyard.job import job_document
from batchctl.importing.shipyard.pool import nodes_of, pool_document

TOPS = (
    "pool_specification",
    "job_specifications",
    "batch_shipyard",
    "global_resources",
    "credentials",
    "data_replication",
)

NO_TASK = "none of its tasks can be said: the spec is of the pool alone"
ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]+)?/?")
ACCOUNT = re.compile(r"[a-z0-9]{3,24}")


def knows(found: Found) -> bool:
    return found.is_mapping and bool(found.names() & set(TOPS))


def document(files: Sequence[Found], asked: Asked) -> Document:
    """Raises SpecError and UsageError."""
    parts = {name: part for file in files for name in TOPS if (part := file.get(name)) is not None}
    _require_one_of_each(files)
    config = next((file for file in files if file.get("global_resources") or file.get("batch_shipyard")), None)
    pool, job = parts.get("pool_specification"), _job(files, asked)
    if pool is None:
        raise UsageError("no file has a pool_specification, and a job runs on a pool: name pool.yaml as well")
    images = _images(parts.get("global_resources"))
    storage, nodes = Storage("", {}), nodes_of(pool)
    said_pool = pool_document(pool, images, storage, nodes)
    volumes = _volumes(parts.get("global_resources"))
    said: Document = {"version": 1, "name": _name(job or pool)}
    if job is not None:
        made = job_document(job, config, nodes, storage, volumes, frozenset(images))
        if made["tasks"]:
            # The tool keeps no streams of tasks.
            said |= {"job": made, "logs": False}
        else:
            job.need("id").refused(NO_TASK)
    uploads = list(_uploads(parts.get("global_resources"), storage))
    if account := _account(parts.get("credentials"), storage):
        said["account"] = account
    _tell_tables(parts, pool, job, files, is_made="job" in said)
    if storage.containers or uploads:
        said["storage"] = {"containers": storage.containers, **({"uploads": uploads} if uploads else {})}
    return {**said, "pool": said_pool}


def _require_one_of_each(files: Sequence[Found]) -> None:
    """Raises UsageError."""
    for name in TOPS:
        said = [file.source.file for file in files if name in file.names()]
        if len(said) > 1 and name != "job_specifications":
            raise UsageError(f"{' and '.join(said)} both have {name}: name one of them")


def _job(files: Sequence[Found], asked: Asked) -> Found | None:
    lists = (jobs for file in files if (jobs := file.get("job_specifications")) is not None)
    found: dict[str, Found] = {}
    for job in (job for jobs in lists for job in jobs.members()):
        other = found.setdefault(job.need("id").text(), job)
        if other is not job:
            names = f"{other.source.file} and {job.source.file}"
            raise UsageError(f"{names} both have a job {job.need('id').text()}: name the files of one")
    if asked.job:
        if asked.job not in found:
            raise UsageError(f"--job: no job is called {asked.job!r}; there are {', '.join(found)}")
        for name, other in found.items():
            if name != asked.job:
                other.dropped(f"--job {asked.job}: a spec has one job")
        return found[asked.job]
    if len(found) > 1:
        raise UsageError(f"a spec has one job, and here are {len(found)}: name one by --job, {', '.join(found)}")
    return next(iter(found.values()), None)


def _name(found: Found) -> str:
    return plain_name(found.need("id").text())


def _images(resources: Found | None) -> list[str]:
    images = resources.get("docker_images") if resources else None
    return images.carried("pool.containerConfiguration.containerImageNames").texts() if images else []


def _volumes(resources: Found | None) -> Mapping[str, Found]:
    found = resources.get("volumes", "data_volumes") if resources else None
    return dict(found.entries()) if found else {}


def _account(credentials: Found | None, storage: Storage) -> Document:
    """The addresses of accounts, and nothing that opens them."""
    if credentials is None:
        return {}
    said: Document = {}
    address = credentials.get("batch", "account_service_url")
    if address is not None and ADDRESS.fullmatch(address.text()):
        said["batch"] = address.carried("account.batch").text().rstrip("/")
    elif address is not None:
        address.dropped("it is no address: the environment or `account:` names one")
    account = credentials.get("storage", storage.account) if storage.account else None
    name = account.get("account") if account is not None else None
    if account is not None and name is not None and not ACCOUNT.fullmatch(name.text()):
        name.dropped("it is no account's name: the environment or `account:` names one")
    elif account is not None and name is not None:
        end = account.get("endpoint")
        domain = end.carried("account.storage").text() if end else "core.windows.net"
        said["storage"] = f"https://{name.carried('account.storage').text()}.blob.{domain}"
    return said


def _uploads(resources: Found | None, storage: Storage) -> Iterator[Document]:
    found = resources.get("files") if resources else None
    for item in found.members() if found else ():
        source, to = item.need("source"), item.need("destination")
        moved = to.get("data_transfer", "remote_path")
        if to.get("storage_account_settings") is None or moved is None:
            item.refused("it goes to nodes: let the start task bring it from a container")
            continue
        if (share := to.get("data_transfer", "is_file_share")) is not None:
            if share.truth():
                item.refused("a file share: mount it by pool.mountConfiguration, with ${env:NAME} for the key")
                continue
            share.carried("")
        container, _, prefix = moved.carried("storage.uploads[].to").text().strip("/").partition("/")
        storage.containers[container] = {}
        path = source.need("path")
        path.changed("storage.uploads[].from", "relative to the spec's folder")
        said: Document = {
            "from": f"{path.text().rstrip('/')}/**",
            "to": container,
            **({"path": prefix} if prefix else {}),
        }
        for name in ("include", "exclude"):
            if (patterns := source.get(name)) is not None:
                said[name] = patterns.carried(f"storage.uploads[].{name}").texts()
        to.need("storage_account_settings").carried("storage")
        yield said


def _tell_tables(
    parts: Mapping[str, Found], pool: Found, job: Found | None, files: Sequence[Found], *, is_made: bool
) -> None:
    told_by_table(pool, fields.POOL)
    for file in files:
        told_by_table(file, fields.CONFIG)
    for volume in _volumes(parts.get("global_resources")).values():
        if not volume.says_something():
            volume.dropped("no task that is made names it")
    resources = parts.get("global_resources")
    if resources is not None and (registries := resources.get("additional_registries", "docker")) is not None:
        registries.changed("pool.containerConfiguration.containerRegistries", fields.REGISTRIES)
    if job is not None:
        told_by_table(job, fields.JOB)
        for task in [*job.need("tasks").members(), *filter(None, [job.get("merge_task")])]:
            told_by_table(task, fields.TASK)
    if job is not None and not is_made:
        for left in job.untold():
            left.dropped("no task of the job is made")
    if (credentials := parts.get("credentials")) is not None:
        told_by_table(credentials, fields.CREDENTIALS)


def _below(prefix: str, rows: Sequence[Row]) -> Iterator[Row]:
    yield from (Row(f"{prefix}{row.field}", row.verdict, row.to, row.why) for row in rows)


SHIPYARD = Kind(
    name="shipyard",
    title="Batch Shipyard",
    knows=knows,
    document=document,
    fields=(
        *fields.CONFIG,
        *_below("credentials.", fields.CREDENTIALS),
        *_below("pool_specification.", fields.POOL),
        *_below("job_specifications[].", fields.JOB),
        *_below("job_specifications[].tasks[].", fields.TASK),
    ),
)

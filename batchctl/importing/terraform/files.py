"""Terraform's plans and states to one spec."""

from collections.abc import Sequence

from batchctl.errors import UsageError
from batchctl.importing.asked import Asked, Kind
from batchctl.importing.found import Document, Found
from batchctl.importing.names import plain_name
from batchctl.importing.report import Row, Verdict
from batchctl.importing.terraform import job as jobs
from batchctl.importing.terraform import words
from batchctl.importing.terraform.pool import pool_document
from batchctl.importing.terraform.reading import plain_text
from batchctl.importing.terraform.resources import Read, Resource, removed, resources

RESOURCES = ("planned_values", "values", "resource_changes", "resources")
ABOUT = "of the plan or the state itself"

KNOWN = {
    "azurerm_batch_application": "its packages are named by pool.applicationPackageReferences",
    "azurerm_storage_account": "made elsewhere",
    "azurerm_batch_account": "made elsewhere",
}


def knows(found: Found) -> bool:
    names = found.names() if found.is_mapping else frozenset()
    return bool(names & {"terraform_version", "format_version"}) and bool(names & set(RESOURCES))


def document(files: Sequence[Found], asked: Asked) -> Document:
    """Raises SpecError and UsageError."""
    found = [one for file in files for one in resources(file)]
    made = [one for one in found if isinstance(one, Resource)]
    for read in (one for one in found if isinstance(one, Read)):
        read.found.dropped("Terraform reads it, and makes nothing")
    for gone in (one for file in files for one in removed(file)):
        gone.dropped("the plan takes it away")
    job = _one([one for one in made if one.type == jobs.JOB], asked.job, "job")
    wanted = asked.pool or (jobs.pool_of(job) if job is not None else "")
    pool = _one([one for one in made if one.type == words.POOL], wanted, "pool")
    if pool is None:
        raise UsageError(f"{', '.join(file.source.file for file in files)}: no {words.POOL} is in there")
    said: Document = {"version": 1, "name": plain_name(_name(job or pool))}
    if account := _account(made, pool):
        said["account"] = account
    said["pool"] = pool_document(pool)
    if job is not None:
        said["job"] = jobs.job_document(job)
        said["logs"] = False
    for one in made:
        if one is not job and one is not pool:
            _tell_other(one)
    for file in files:
        _tell_rest(file)
    return said


def _name(resource: Resource) -> str:
    return plain_text(resource.values.need("name"))


def _one(found: Sequence[Resource], name: str, what: str) -> Resource | None:
    named = [one for one in found if not name or name in (_name(one), one.address)]
    if len(named) > 1:
        ids = ", ".join(_name(one) for one in named)
        raise UsageError(f"a spec has one {what}, and here are {len(named)}: name one by --{what}, {ids}")
    if name and found and not named:
        raise UsageError(f"no {what} is called {name!r}: there are {', '.join(_name(one) for one in found)}")
    for other in found:
        if other not in named:
            other.whole.dropped(f"a spec has one {what}")
    return named[0] if named else None


def _account(made: Sequence[Resource], pool: Resource) -> Document:
    """The addresses of the accounts, where a state tells them."""
    named = pool.values.get("account_name")
    batch = _named(made, "azurerm_batch_account", "name", named)
    if named is not None:
        named.dropped("the environment or `account:` names it")
    if batch is None:
        return {}
    said: Document = {}
    if (address := batch.values.get("account_endpoint")) is not None and address.text():
        said["batch"] = f"https://{address.carried('account.batch').text()}"
    storage = _named(made, "azurerm_storage_account", "id", batch.values.get("storage_account_id"))
    if storage is not None and (address := storage.values.get("primary_blob_endpoint")) is not None:
        said["storage"] = address.carried("account.storage").text().rstrip("/")
    return said


def _named(made: Sequence[Resource], kind: str, field: str, wanted: Found | None) -> Resource | None:
    for one in made if wanted is not None else ():
        value = one.values.get(field)
        if one.type == kind and value is not None and wanted is not None and value.text() == wanted.text():
            return one
    return None


def _tell_other(resource: Resource) -> None:
    """One that is neither the pool nor the job."""
    why = KNOWN.get(resource.type, "it is no pool and no job: Terraform goes on making it")
    if resource.type == "azurerm_batch_certificate":
        resource.whole.refused(words.NO_CERTIFICATES)
    elif not resource.whole.says_something():
        resource.whole.dropped(why)
    elif resource.values.says_something():
        for left in resource.values.untold():
            left.dropped(why)


INSIDE = frozenset(("root_module", "child_modules", "resources", "instances", "change"))
SAID_BY_ADDRESS = frozenset(
    (
        *("address", "mode", "type", "name", "index", "index_key", "module", "provider", "provider_name"),
        *("schema_version", "each", "depends_on", "dependencies", "private", "status", "tainted", "deposed"),
        *("create_before_destroy", "sensitive_values", "sensitive_attributes", "identity", "identity_schema_version"),
        *("actions", "action_reason", "before", "before_sensitive", "after_sensitive", "after_unknown"),
        *("replace_paths", "importing", "generated_config", "previous_address", "module_address"),
    )
)
"""What a plan or a state says of a resource beside its fields."""


def _tell_rest(file: Found) -> None:
    """What stands around the resources."""
    values = next((name for name in RESOURCES if name in file.names()), "")
    for name, part in file.entries():
        if name != values and not part.is_nothing:
            part.dropped(ABOUT)
    part = file.need(values)
    if part.is_mapping and (outputs := part.get("outputs")) is not None:
        outputs.dropped(ABOUT)
    _cover(part)


def _cover(part: Found) -> None:
    for inner in part.members() if part.is_list else ():
        _cover(inner)
    for name, inner in part.entries() if part.is_mapping else ():
        if name in INSIDE:
            _cover(inner)
        elif name in SAID_BY_ADDRESS and not inner.says_something():
            inner.covered()


TERRAFORM = Kind(
    name="terraform",
    title="Terraform",
    knows=knows,
    document=document,
    fields=(
        *words.FIELDS,
        *jobs.FIELDS,
        Row("azurerm_batch_account.account_endpoint", Verdict.CARRIED, "account.batch", "of the account of the pool"),
        Row(
            "azurerm_storage_account.primary_blob_endpoint",
            Verdict.CARRIED,
            "account.storage",
            "of the account that belongs to that",
        ),
        Row("azurerm_batch_application", Verdict.DROPPED, "", KNOWN["azurerm_batch_application"]),
        Row("azurerm_batch_certificate", Verdict.REFUSED, "", words.NO_CERTIFICATES),
        Row("any other resource", Verdict.DROPPED, "", "Terraform goes on making it"),
    ),
)

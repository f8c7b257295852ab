"""What the local service serves and what it does not, as the page docs/local-service.md.

`python -m batchctl.emulator.api.surface > docs/local-service.md` writes it; a test keeps it true.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields

from batchctl.emulator.api.account import COUNT_FILTERS, IMAGE_FILTERS, USAGE_FILTERS
from batchctl.emulator.api.door import BODY_WITHIN, MOST_BODY
from batchctl.emulator.api.entra.open_routes import ROUTES as OPEN_ROUTES
from batchctl.emulator.api.files import FILTERS as FILE_FILTERS
from batchctl.emulator.api.routes import OLDER, ROUTES
from batchctl.emulator.api.server import HEADERS_WITHIN
from batchctl.emulator.api.spellings import SPELLINGS, WHAT_FOLLOWS
from batchctl.emulator.api.tasks import MOST_BYTES
from batchctl.emulator.refusals import REFUSALS
from batchctl.emulator.settings import Settings
from batchctl.emulator.wire import views
from batchctl.emulator.wire.messages import MOST_RESULTS
from batchctl.emulator.wire.versions import JUNE_2025, VERSIONS

_HEAD = """\
# The local Azure Batch: what it serves and what it does not

Written by `python -m batchctl.emulator.api.surface`; do not edit it by hand.

The service speaks the data plane of the Batch REST API {newest} as Azure does, so that clients of Azure Batch need
another endpoint and key, or a token, and nothing else: azure-batch 15.1.0 and 14.2.0, the Azure CLI, `@azure/batch`
(`scripts/test-clients` drives the last three). It is no account of Azure: it listens on 127.0.0.1, for http and
[https](keyless.md) on one port, has one account with one key, and its nodes are directories in which tasks run as
processes of the user who started it.

It misbehaves when it is told to: [faults on demand](faults.md). Its [clock](clock.md) can be set ahead.

Versions of the API that it takes: {versions}.

**2026-10-01 is not yet in any SDK**, and no answer of it is on record: it is served as its specification has it
(Azure/azure-rest-api-specs, 0c0b1966, TypeSpec). A pool of `vmSize: Mix` mixes the sizes of its `vmSkuProfile`;
machines have `placement`, `resiliencyPolicy` and `hardwareProfile.vmSizeProperties`, nodes have `publicIPAddress`;
`retaineddata`, `poolusagemetrics` and `usageStats` are gone. Older versions do not know these, and do not see them on a
pool that has them. The sizes of a mix have as many vCPUs and the same letters before the number. With the strategy
`prioritized` every node has the size of the lowest rank, for nothing is scarce here; else each new node has the size of
which the pool has the fewest, in the order of the list, for no price is known here.

Newer versions than these are refused with `UnsupportedRequestVersion`. `batchctl local start --accept-newer-api` serves
them as the newest, from then on and until `--refuse-newer-api`, with a header that says so:
`Warning: 299 batchctl-emulator "api-version … is not known here and was served as …"`.
"""
_TOKENS = """\
Tokens (JWT, RS256, an hour long) are for whoever shows the secret of the account, and for processes of the user who
runs the service, as far as the system tells (Linux). Which client id, tenant and secret a client names is then all
the same: there is one tenant, and in it every application. A token is of version 1.0, as Azure Batch and storage want
it; for Batch by its application id (`ddbf3205-c6bd-46ae-8127-60eb93363864`) it is of version 2.0. `IDENTITY_ENDPOINT`
and `IDENTITY_HEADER` stand in the environment of tasks in pools that have an `identity`, and of no others. The last
two paths are what the Azure CLI asks of a cloud and of Azure Resource Manager when somebody signs in.
"""
_NOT_SERVED: tuple[tuple[str, str], ...] = (
    (
        "tokens (`Authorization: Bearer`) of another signer, audience or tenant, or out of their time",
        "401 `AuthenticationFailed` with what is wrong; roles are not looked at, every token that is good may do all",
    ),
    (
        "flows of Entra ID in which somebody signs in, and all others but `client_credentials`",
        "400 `unsupported_grant_type`",
    ),
    ("Azure Resource Manager: accounts, keys, application packages, private endpoints", "another service of Azure"),
    ("`GET /applications/{application}`", "404 `ApplicationNotFound`: a local account has no applications"),
    ("`applicationPackageReferences` that name a package", "409 `InvalidApplicationPackageReferences`"),
    ("`/certificates` of older versions", "400 `InvalidUri`"),
    (
        "`certificateReferences` that name a certificate",
        "409 `InvalidCertificateReferences`; in an auto pool its job completes with `InvalidCertificatesInAutoPool`",
    ),
    (
        "`GET .../rdp` and `POST .../upgradeos` of older versions",
        "409 `OperationNotValidOnNode`, `OperationNotValidOnPool`: only cloud services had them",
    ),
    (
        "images of publishers that Batch has never supported, and a node agent of another system than the image's",
        "400 `InvalidPropertyValue`",
    ),
    ("images and subnets of subscriptions such as 00000000-0000-0000-0000-000000000000", "400 `InvalidPropertyValue`"),
    ("properties of a body that the API does not have", "400 `InvalidRequestBody` with the property's name"),
    ("query parameters that no operation has", "400 `UnsupportedQueryParameter`"),
    ("paths that are not below", "400 `InvalidUri`"),
    ("methods that a path does not have", "405 `UnsupportedHttpVerb`"),
)
_ON_PAPER: tuple[tuple[str, str], ...] = (
    (
        "pools on Windows",
        'run with Wine where one is on the PATH whose `cmd /c "cmd /c exit 3 && echo wrong"` prints nothing (Wine 10 '
        "does so, Wine 8 does not), else their nodes are `unusable` and say why",
    ),
    ("VM sizes", "count for core quotas and task slots by the number in their name"),
    ("disks, encryption, security profiles, upgrade policies, mounts, licences, tags", "kept and given back"),
    (
        "networks",
        "kept; nodes have addresses of the asked families, endpoints of the inbound NAT pools, login settings",
    ),
    ("extensions", "listed as installed on every node, beside Batch's own"),
    (
        "users of nodes and pools, elevation",
        "kept without their secrets; every task runs as the user of the service, and `volatile/agent.log` of its node "
        "names those that asked for an administrator",
    ),
    (
        "multi-instance tasks",
        "run; `AZ_BATCH_TASK_SHARED_DIR` is one directory for all instances, as nodes here share a disk, and addresses "
        "of nodes lead nowhere",
    ),
    (
        "container tasks",
        "run with docker or podman where one is on the PATH, else fail with `ContainerMiscError`; `--containers host` "
        "runs their command line without a container",
    ),
    ("`autoStorageContainerName`", "a container of the local blob store: the account's auto storage"),
    (
        "managed identities",
        "a pool takes `identity` as any property (Azure gives it by Resource Manager alone), and its tasks get tokens "
        "as their pool's identity: the only one, or the one that they name, by the ids that the pool is read with (its "
        "maker may set `clientId` and `principalId`; else they follow from the name). Any identity that a file or an "
        "output names opens the storage account of this service, and no other",
    ),
    ("passwords, keys, `protectedSettings`", "go in and never come out"),
    ("statistics (`$expand=stats`)", "times and counts are real; CPU, memory, disk and network stand at zero"),
    ("`poolusagemetrics`", "an empty list: local hours cost nothing; not in 2026-10-01"),
    ("`placement`, `resiliencyPolicy`, `hardwareProfile`", "kept and given back; a node has the vCPUs of this machine"),
)

_PASSING: tuple[tuple[str, str], ...] = (
    (
        "pools: `resizing` (of a new pool too, be it to no nodes), `stopping`, `deleting`",
        "0.1 s; a second resize within it meets `PoolBeingResized`, a stop ends in `ResizeStopped`",
    ),
    (
        "jobs and schedules: `disabling`, `terminating`, `deleting`",
        "0.1 s, and as long as what they wait for; `enabling` passes at once, as on Azure",
    ),
    ("nodes: `leavingpool`", "0.1 s"),
    (
        "nodes: `creating`, `starting`, `waitingforstarttask`, `rebooting`, `reimaging`, `upgradingos`, `deallocating`",
        "until somebody was told, but at most 0.3 s; where tasks wait for the pool, no time",
    ),
)
"""The states that pass by themselves, and how long each lasts where nothing asks for more."""

_DEFAULTS = {field.name: field.default for field in fields(Settings)}


def surface_page() -> str:
    """The whole page."""
    return "\n".join(_page_lines()) + "\n"


def _page_lines() -> Iterator[str]:
    versions = sorted(VERSIONS, reverse=True)
    yield _HEAD.format(newest=JUNE_2025, versions=", ".join(f"`{version}`" for version in versions))
    yield from _section("What it serves", ("Method", "Path"), _route_rows(ROUTES))
    yield from _section("What older versions know besides", ("Method", "Path"), _route_rows(OLDER))
    yield from _section("What it serves in the place of Entra ID", ("Method", "Path"), _route_rows(OPEN_ROUTES))
    yield _TOKENS
    yield from _section("What `$filter` may name", ("List", "Properties"), _filter_rows())
    yield from _section("Limits", ("What", "Most"), _limit_rows())
    yield from _section("How long states last that pass", ("State", "By default"), _PASSING)
    yield (
        "`batchctl local start --time-scale 0.1` lets them last a tenth of their usual time on Azure, and "
        "`batchctl local fault delay`\none of them as long as it says, or no time ([faults](faults.md)).\n"
    )
    yield from _section("What it refuses", ("What", "How"), _NOT_SERVED)
    yield from _section("What it keeps on paper", ("What", "How"), _ON_PAPER)
    yield from _section("What it spells otherwise than the pages", ("Property", "Words", "Seen in"), SPELLINGS)
    yield WHAT_FOLLOWS
    codes = ((f"`{code}`", f"{status}", message) for code, (status, message) in REFUSALS.items())
    yield from _section("What it answers when it refuses", ("Code", "Status", "Message"), codes)


def _route_rows(routes: tuple[tuple[str, str, object], ...]) -> Iterator[tuple[str, str]]:
    for method, path, _ in routes:
        if not path.startswith("/_local/"):
            yield method, f"`{path}`"


def _filter_rows() -> Iterator[tuple[str, str]]:
    kinds = {
        "pools": views.POOL.filters,
        "nodes": views.NODE_FILTERS,
        "jobs": views.JOB.filters,
        "tasks": views.TASK.filters,
        "job schedules": views.SCHEDULE.filters,
        "preparation and release": views.PREPARATION_FILTERS,
        "files": FILE_FILTERS,
        "node counts": COUNT_FILTERS,
        "supported images": IMAGE_FILTERS,
        "pool usage metrics": USAGE_FILTERS,
    }
    for kind, names in kinds.items():
        yield kind, ", ".join(f"`{name}`" for name in sorted(names))


def _limit_rows() -> tuple[tuple[str, str], ...]:
    return (
        ("tasks in one `addtaskcollection`", "100"),
        ("bytes of a task or a collection of tasks", f"{MOST_BYTES:,}"),
        ("bytes of any body", f"{MOST_BODY:,}"),
        ("seconds in which the headers of a request come, then its body", f"{HEADERS_WITHIN:g}, then {BODY_WITHIN:g}"),
        ("characters of an id", "64"),
        ("entries of a page", f"{MOST_RESULTS:,}"),
        ("nodes in one `removenodes`", "100"),
        ("pools (a setting)", f"{_DEFAULTS['pool_quota']}"),
        ("active jobs and job schedules (a setting)", f"{_DEFAULTS['job_quota']}"),
        ("dedicated cores, and spot cores (settings)", f"{_DEFAULTS['dedicated_core_quota']:,}"),
    )


def _section(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"## {title}\n"
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


if __name__ == "__main__":
    print(surface_page(), end="")  # noqa: T201 - a program that writes a page

"""What must hold between the parts of a document and no schema can say: names that lead somewhere, placeholders that
can be filled, limits that depend on each other. Rules are rows of RULES.

They work on the document, whose parts may be missing or of a wrong type, so that a reader is told of a wrong reference
in the same run as of a misspelt key.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import chain, islice
from typing import Any

from batchctl.durations import parse_duration
from batchctl.errors import Problem
from batchctl.globs import MOST_ALTERNATIVES, stands_for_too_many
from batchctl.spec.reading.commands import (
    manager_leaves_the_tasks,
    mpi_starts_a_command,
    packages_can_be_installed,
    something_runs,
)
from batchctl.spec.reading.compose import ENOUGH
from batchctl.spec.reading.paths import FOR_EACH, NODE_TASKS, as_mapping, find_parts, find_texts, get_in, texts_below
from batchctl.spec.reading.placeholders import placeholders_are_known
from batchctl.spec.reading.schedules import schedules_can_run
from batchctl.spec.reading.schema import spec_schema
from batchctl.spec.reading.variables import WITH_PATTERN, why_bad_pattern, why_misfit
from batchctl.spec.reading.wiring import (
    factories_are_known,
    ids_differ_by_item,
    items_are_gathered_once,
    order_is_said,
    patterns_can_group,
    rows_go_forward,
    same_keys_have_items,
)
from batchctl.spec.source import At, Source, listed, nearest_word, shown
from batchctl.spec.template import Values, value_text

Rule = Callable[[Any, Source, Values], Iterator[Problem]]
"""(document, source, values that are known by now: those of env:X, and the names of vars.x) to problems."""

CONTAINERS_USED = (
    "storage.uploads.*.to",
    *(f"{task}.resourceFiles.*.container" for task in NODE_TASKS),
    *(f"{form}.blobs" for form in FOR_EACH),
    "job.tasks.*.resourceFiles.*.container",
    "job.tasks.*.multiInstanceSettings.commonResourceFiles.*.container",
    "job.tasks.*.outputFiles.*.container",
    "job.jobManagerTask.outputFiles.*.container",
    "download.*.container",
    "logs.container",
)
BLOBS_USED = (
    *(f"{task}.resourceFiles.*.blob" for task in (*NODE_TASKS, "job.tasks.*")),
    "job.tasks.*.multiInstanceSettings.commonResourceFiles.*.blob",
)
SETTINGS = (
    *(f"{task}.environmentSettings" for task in NODE_TASKS),
    "job.commonEnvironmentSettings",
    "job.tasks.*.environmentSettings",
)
RESERVED = ("AZ_BATCH_", "BATCHCTL_")
SHORTEST, LONGEST = timedelta(microseconds=1), timedelta(days=180)
NO_TIME, RETAINED = timedelta(), timedelta(days=7)
SPANS: Mapping[str, tuple[timedelta, timedelta]] = {
    "job.constraints.maxWallClockTime": (SHORTEST, LONGEST),
    "job.tasks.*.constraints.maxWallClockTime": (SHORTEST, LONGEST),
    "job.tasks.*.constraints.retentionTime": (NO_TIME, RETAINED),
    "job.jobManagerTask.constraints.maxWallClockTime": (SHORTEST, LONGEST),
    "job.jobManagerTask.constraints.retentionTime": (NO_TIME, RETAINED),
    "job.jobPreparationTask.constraints.maxWallClockTime": (SHORTEST, LONGEST),
    "job.jobPreparationTask.constraints.retentionTime": (NO_TIME, RETAINED),
    "job.jobReleaseTask.maxWallClockTime": (SHORTEST, timedelta(minutes=15)),
    "job.jobReleaseTask.retentionTime": (NO_TIME, RETAINED),
    "pool.autoScaleEvaluationInterval": (timedelta(minutes=5), timedelta(days=7)),
    "pool.scale.idle": (timedelta(minutes=5), timedelta(hours=2)),
    "pool.resizeTimeout": (timedelta(minutes=5), timedelta(days=7)),
}
"""The shortest and the longest that Batch takes (REST: the pages of these properties)."""
PATTERNS = (
    "storage.uploads.*.from",
    *(f"{place}.{key}.*" for place in ("storage.uploads.*", "download.*", *FOR_EACH) for key in ("include", "exclude")),
    *(f"{form}.files.*" for form in FOR_EACH),
)
"""Where globs stand."""
EXIT_OPTIONS = (
    "exitCodes.*.exitOptions",
    "exitCodeRanges.*.exitOptions",
    "preProcessingError",
    "fileUploadError",
    "default",
)
OWN_CONTAINERS = ("batchctl",)
"""Where batchctl keeps its locks."""


def check_references(document: Any, source: Source, known: Values) -> list[Problem]:
    """Every breach of RULES. `known` has what the environment gives, and the names of the variables."""
    return [problem for rule in RULES for problem in islice(rule(document, source, known), ENOUGH)]


def containers_are_declared(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    declared = as_mapping(get_in(document, "storage", "containers"))
    for pattern in CONTAINERS_USED:
        for at, name in find_texts(document, pattern):
            yield from _undeclared(source, at, name, declared)
    for pattern in BLOBS_USED:
        for at, blob in find_texts(document, pattern):
            container, slash, _ = blob.partition("/")
            if slash and "{" not in container:
                yield from _undeclared(source, at, container, declared, width=len(container))


def _undeclared(
    source: Source, at: At, name: str, declared: Mapping[str, Any], width: int | None = None
) -> Iterator[Problem]:
    if name not in declared:
        near = nearest_word(name, declared)
        hint = f"did you mean '{near}'?" if near else f"there is {listed(declared) or 'none'}"
        message = f"{shown(name)} is not among storage.containers; {hint}"
        yield source.problem(at, message, "unknown-container", width=width)


def reserved_names_are_free(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for pattern in (*SETTINGS, "pool.metadata", "job.metadata", "schedule.metadata"):
        for at, settings in find_parts(document, pattern):
            yield from _settings_problems(source, at, settings)
    for name in as_mapping(get_in(document, "storage", "containers")):
        if name in OWN_CONTAINERS:
            message = f"{shown(name)} is where batchctl keeps its locks: give the container another name"
            yield source.problem(("storage", "containers", name), message, "reserved-name", at_key=True)


def _settings_problems(source: Source, at: At, settings: Any) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for i, setting in enumerate(settings if isinstance(settings, list) else ()):
        name = get_in(setting, "name")
        if not isinstance(name, str):
            continue
        if at[-1] != "metadata" and name.upper().startswith(RESERVED):
            yield source.problem((*at, i, "name"), f"{shown(name)} is set by Batch or batchctl itself", "reserved-name")
        if name in seen:
            message = f"{shown(name)} is set twice: first in {source.where(source.values[(*at, seen[name], 'name')])}"
            yield source.problem((*at, i, "name"), message, "duplicate-name")
        seen.setdefault(name, i)


BESIDE_EXTERNAL = ("id", "external")
NOT_BESIDE_LIFETIME = {
    "nodeDeallocationOption": "Batch takes an auto pool away when no task of its job runs: take it out",
    "afterRun": "Batch deletes an auto pool when its job has ended, 'keepAlive: true' keeps it: take out 'afterRun'",
    "onFailure": "apply changes no auto pool: take out 'onFailure', or give the pool an 'id' and no 'lifetime'",
    "id": "Batch gives an auto pool its id: take out 'id', or 'lifetime' if the pool is to outlive its job",
    "identity": "an auto pool has no managed identity: take out 'identity', or give the pool an 'id' and no 'lifetime'",
}


def external_pools_stay(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """What a spec says of a pool would change it, and an external one is somebody else's."""
    if not _is_external(document):
        return
    known = spec_schema()["definitions"]["pool"]["properties"]
    for key in as_mapping(get_in(document, "pool")):
        if key in known and key not in BESIDE_EXTERNAL:
            message = (
                f"an external pool stays as whoever owns it made it: take out '{key}', "
                "or 'external' if this spec is to make the pool"
            )
            yield source.problem(("pool", key), message, "external-pool", at_key=True)


def auto_pools_come_with_jobs(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """REST: AutoPoolSpecification. Its pool has neither an id nor an identity, and lives for a job."""
    pool = as_mapping(get_in(document, "pool"))
    if "lifetime" not in pool or _is_external(document):
        return
    for key, message in NOT_BESIDE_LIFETIME.items():
        if key in pool:
            yield source.problem(("pool", key), message, "auto-pool", at_key=True)
    if get_in(pool, "scale", "initial") is not None:
        message = "an auto pool begins with what its formula says, which is 'min': take out 'initial'"
        yield source.problem(("pool", "scale", "initial"), message, "auto-pool", at_key=True)
    if "identity" in as_mapping(document):
        message = "the nodes of an auto pool have no managed identity: give the pool an 'id' and no 'lifetime'"
        yield source.problem(("identity",), message, "auto-pool", at_key=True)
    if pool["lifetime"] == "jobSchedule":
        message = "a job cannot have a pool of a job schedule: write 'lifetime: job'"
        yield source.problem(("pool", "lifetime"), message, "auto-pool")
    elif "job" not in as_mapping(document):
        message = "an auto pool comes with a job: give the spec a 'job', or the pool an 'id' and no 'lifetime'"
        yield source.problem(("pool", "lifetime"), message, "auto-pool", at_key=True)


def _is_external(document: Any) -> bool:
    return get_in(document, "pool", "external") is True


def slots_are_there(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    if _is_external(document):
        return
    there = get_in(document, "pool", "taskSlotsPerNode")
    # What Batch has where nothing is said.
    there = 1 if there is None else there
    slots_asked = (find_parts(document, f"job.{task}.requiredSlots") for task in ("tasks.*", "jobManagerTask"))
    for at, slots in chain.from_iterable(slots_asked):
        if isinstance(slots, int) and isinstance(there, int) and slots > there:
            message = f"a task takes {slots} slots, but a node has {there}: see pool.taskSlotsPerNode"
            yield source.problem(at, message, "too-many-slots")


def times_are_allowed(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for pattern, (least, most) in SPANS.items():
        for at, text in find_texts(document, pattern):
            # Of a text that is none the schema has told, and its numbers may be larger than time.
            length = parse_duration(text)
            if length is not None and not least <= length <= most:
                yield source.problem(at, f"{text} is not {_span(least, most)}, as Batch wants it", "range")


def _span(least: timedelta, most: timedelta) -> str:
    if least == SHORTEST:
        return f"more than no time, and at most {_duration_in_words(most)}"
    if least == NO_TIME:
        return f"at most {_duration_in_words(most)}"
    return f"at least {_duration_in_words(least)} and at most {_duration_in_words(most)}"


def _duration_in_words(length: timedelta) -> str:
    return f"{length.days} days" if length.days else f"{length.seconds // 60} minutes"


def nodes_are_asked_for_once(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """A formula and fixed targets cannot both say how many nodes there are (reliability B44)."""
    pool = as_mapping(get_in(document, "pool"))
    said_by = next((word for word in ("scale", "autoScaleFormula") if word in pool), None)
    for target in ("targetDedicatedNodes", "targetSpotNodes", *(("autoScaleFormula",) if said_by == "scale" else ())):
        if target in pool and said_by:
            message = f"'{said_by}' says how many nodes there are: take out '{target}'"
            yield source.problem(("pool", target), message, "two-targets", at_key=True)
    if said_by and pool.get("afterRun") == "resizeToZero":
        message = f"'{said_by}' says how many nodes there are, after the run too: 'keep' leaves it to that"
        yield source.problem(("pool", "afterRun"), message, "two-targets")


def preemptions_can_come(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """Spot nodes alone are taken away, and those of a formula are the formula's."""
    pool = as_mapping(get_in(document, "pool"))
    if "onFailure" not in pool or _is_external(document) or "lifetime" in pool:
        return
    said_by = next((word for word in ("scale", "autoScaleFormula") if word in pool), None)
    if said_by:
        message = f"'{said_by}' says which nodes there are, a formula by $PreemptedNodeCount: take out 'onFailure'"
        yield source.problem(("pool", "onFailure"), message, "unused-rule", at_key=True)
    elif pool.get("targetSpotNodes", 0) == 0:
        message = "no spot nodes are asked for, and others are not taken away: give 'targetSpotNodes', or take it out"
        yield source.problem(("pool", "onFailure"), message, "unused-rule", at_key=True)


def scale_is_a_span(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    scale = as_mapping(get_in(document, "pool", "scale"))
    least, most = scale.get("min", 0), scale.get("max")
    if not isinstance(least, int) or not isinstance(most, int):
        return
    if least > most:
        yield source.problem(("pool", "scale", "min"), f"{least} is more than 'max', which is {most}", "range")
    elif isinstance(first := scale.get("initial", least), int) and not least <= first <= most:
        message = f"{first} is not between 'min' and 'max', which are {least} and {most}"
        yield source.problem(("pool", "scale", "initial"), message, "range")


def containers_can_run(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    if _is_external(document) or get_in(document, "pool", "containerConfiguration") is not None:
        return
    for pattern in (*NODE_TASKS, "job.tasks.*"):
        for at, _ in find_parts(document, f"{pattern}.containerSettings"):
            message = "the nodes run no containers: give the pool a 'containerConfiguration'"
            yield source.problem(at, message, "no-containers", at_key=True)


def instances_can_meet(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """REST: multi-instance tasks run only where nodes may speak to each other."""
    if _is_external(document) or get_in(document, "pool", "enableInterNodeCommunication") is True:
        return
    for at, _ in find_parts(document, "job.tasks.*.multiInstanceSettings"):
        message = "the nodes do not speak to each other: give the pool 'enableInterNodeCommunication: true'"
        yield source.problem(at, message, "no-inter-node", at_key=True)


def job_actions_count(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """REST: ExitOptions.jobAction is refused where the job's onTaskFailure is noaction."""
    if str(get_in(document, "job", "onTaskFailure")).lower() == "performexitoptionsjobaction":
        return
    for pattern in EXIT_OPTIONS:
        for at, _ in find_parts(document, f"job.tasks.*.exitConditions.{pattern}.jobAction"):
            message = "it counts only where the job has 'onTaskFailure: performexitoptionsjobaction'"
            yield source.problem(at, message, "no-job-action", at_key=True)


def outputs_are_not_inputs(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """A task that writes where it reads everything would never be up to date (reliability B38)."""
    kept = dict.fromkeys((name for _, name in find_texts(document, "logs.container")), "standard streams")
    for at, task in (*find_parts(document, "job.jobManagerTask"), *find_parts(document, "job.tasks.*")):
        written = {**kept, **{name: "outputs" for _, name in find_texts(task, "outputFiles.*.container")}}
        for_each, files = get_in(task, "forEach"), get_in(task, "resourceFiles")
        over = get_in(for_each, "blobs")
        chosen = get_in(for_each, "include") or get_in(for_each, "exclude")
        if isinstance(over, str) and over in written and not chosen:
            yield _circular(source, (*at, "forEach", "blobs"), over, written[over], "`include` or `exclude`")
        for i, file in enumerate(files if isinstance(files, list) else ()):
            read = get_in(file, "container")
            if isinstance(read, str) and read in written and not get_in(file, "blobPrefix"):
                yield _circular(source, (*at, "resourceFiles", i, "container"), read, written[read], "`blobPrefix`")


def _circular(source: Source, at: At, name: str, what: str, remedy: str) -> Problem:
    message = f"the {what} go to {shown(name)} too, and would be inputs next time: use two containers, or {remedy}"
    return source.problem(at, message, "outputs-are-inputs")


def patterns_can_be_matched(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """A few braces stand for very many patterns, all of which would be tried on every file."""
    for place in PATTERNS:
        for at, text in find_texts(document, place):
            if stands_for_too_many(text):
                message = f"{shown(text)} stands for more than {MOST_ALTERNATIVES} patterns: use fewer braces"
                yield source.problem(at, message, "too-many-patterns")


MOUNT_SECRETS = (
    "azureBlobFileSystemConfiguration.accountKey",
    "azureBlobFileSystemConfiguration.sasKey",
    "cifsMountConfiguration.password",
    "azureFileShareConfiguration.accountKey",
)
SECRETS = (
    "pool.userAccounts.*.password",
    "pool.userAccounts.*.linuxUserConfiguration.sshPrivateKey",
    *(f"pool.mountConfiguration.*.{place}" for place in MOUNT_SECRETS),
    "pool.containerConfiguration.containerRegistries.*.password",
    *(f"{task}.containerSettings.registry.password" for task in (*NODE_TASKS, "job.tasks.*")),
)
"""Where a spec names a secret."""


def secrets_come_from_outside(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for place in SECRETS:
        for at, _ in find_texts(document, place):
            if "{" not in source.scalars.get(at, ""):
                remedy = f"write '{at[-1]}: ${{env:NAME}}' and set the variable NAME, or '${{keyvault:VAULT/NAME}}'"
                yield source.problem(at, f"a secret does not stand in a spec: {remedy}", "secret")
    for at, settings in find_parts(document, "pool.extensions.*.protectedSettings"):
        for below, _ in texts_below(settings):
            if "{" not in source.scalars.get((*at, *below), ""):
                remedy = "write '${env:NAME}' or '${keyvault:VAULT/NAME}'; what is no secret goes into 'settings'"
                yield source.problem((*at, *below), f"a secret does not stand in a spec: {remedy}", "secret")


def own_image_has_its_agent(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """What is in an image of somebody's own, no list of Batch tells."""
    image = as_mapping(get_in(document, "pool", "image"))
    named = next((key for key in image if str(key).endswith("ImageId")), None)
    if named is not None and get_in(document, "pool", "nodeAgentSKUId") is None:
        message = "which node agent suits it nobody here knows: give the pool a 'nodeAgentSKUId'"
        yield source.problem(("pool", "image", named), message, "no-agent", at_key=True)


def own_key_can_be_used(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """REST: DiskEncryptionConfiguration.customerManagedKey."""
    encryption = as_mapping(get_in(document, "pool", "diskEncryptionConfiguration"))
    key, at = encryption.get("customerManagedKey"), ("pool", "diskEncryptionConfiguration", "customerManagedKey")
    if not isinstance(key, dict):
        return
    targets = encryption.get("targets")
    if isinstance(targets, list) and "osdisk" not in targets:
        yield source.problem(at, "a key of your own wants 'osdisk' among the 'targets'", "no-osdisk", at_key=True)
    if "identityReference" not in key and get_in(document, "identity") is None:
        message = "nobody may use it: give it an 'identityReference', or the spec an 'identity'"
        yield source.problem(at, message, "no-identity", at_key=True)


def defaults_fit(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    for at, variable in find_parts(document, "vars.*"):
        default = get_in(variable, "default")
        if default is not None and (why := why_misfit(default, variable)):
            told = "" if isinstance(default, list) else f" {shown(default)}"
            yield source.problem((*at, "default"), f"the default{told} {why}", "bad-default")


def choices_can_be_made(document: Any, source: Source, _known: Values) -> Iterator[Problem]:
    """What a variable says of its values is said in the same words as they are."""
    for at, variable in find_parts(document, "vars.*"):
        kind, allowed, pattern = (get_in(variable, key) for key in ("type", "enum", "pattern"))
        single = {"type": "string" if kind == "list" else kind, **_without(variable, "type", "enum")}
        for number, word in enumerate(allowed if isinstance(allowed, list) else ()):
            if isinstance(word, str | int | float) and (why := why_misfit(word, single)):
                yield source.problem((*at, "enum", number), f"{shown(value_text(word))} {why}", "bad-choice")
        if isinstance(pattern, str) and isinstance(kind, str) and kind not in WITH_PATTERN:
            message = f"a pattern says what texts look like, and {at[-1]} is of type {kind}: use min, max or enum"
            yield source.problem((*at, "pattern"), message, "not-allowed", at_key=True)
        elif isinstance(pattern, str) and (found := why_bad_pattern(pattern)):
            why, where = found
            width = None if where is None else 1
            yield source.problem((*at, "pattern"), why, "bad-pattern", offset=where or 0, width=width)


def _without(part: Any, *keys: str) -> dict[str, Any]:
    return {key: value for key, value in as_mapping(part).items() if key not in keys}


RULES: tuple[Rule, ...] = (
    containers_are_declared,
    placeholders_are_known,
    ids_differ_by_item,
    items_are_gathered_once,
    patterns_can_group,
    rows_go_forward,
    factories_are_known,
    same_keys_have_items,
    order_is_said,
    reserved_names_are_free,
    external_pools_stay,
    auto_pools_come_with_jobs,
    slots_are_there,
    times_are_allowed,
    nodes_are_asked_for_once,
    something_runs,
    schedules_can_run,
    scale_is_a_span,
    preemptions_can_come,
    containers_can_run,
    packages_can_be_installed,
    manager_leaves_the_tasks,
    mpi_starts_a_command,
    instances_can_meet,
    job_actions_count,
    outputs_are_not_inputs,
    patterns_can_be_matched,
    secrets_come_from_outside,
    own_image_has_its_agent,
    own_key_can_be_used,
    defaults_fit,
    choices_can_be_made,
)

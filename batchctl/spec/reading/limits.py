"""What Batch refuses of a pool, a job or a task, and no schema can say: a table of rules, each a pure function of the
document. They run on what has its shape: anything else the schema has told of.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import chain, islice
from typing import Any

from batchctl.durations import parse_duration
from batchctl.errors import Problem
from batchctl.spec.reading.machine_limits import MACHINE_RULES
from batchctl.spec.reading.paths import NODE_TASKS, as_mapping, find_parts, get_in
from batchctl.spec.source import Source, shown
from batchctl.spec.template import holes

LONGEST_FORMULA = 8192


def check_limits(document: Any, source: Source) -> Iterator[Problem]:
    """Every breach of RULES."""
    for rule in RULES:
        yield from rule(document, source)


def some_tasks_may_run(document: Any, source: Source) -> Iterator[Problem]:
    """REST: maxParallelTasks is -1, for any number, or greater than 0."""
    if get_in(document, "job", "maxParallelTasks") == 0:
        message = "no task could run: -1 is for any number of them, else it is 1 or more"
        yield source.problem(("job", "maxParallelTasks"), message, "range")


def exit_codes_are_told_apart(document: Any, source: Source) -> Iterator[Problem]:
    """A code has one answer, and a range has codes in it."""
    for at, conditions in find_parts(document, "job.tasks.*.exitConditions"):
        seen: set[int] = set()
        for here, code in find_parts(conditions, "exitCodes.*.code"):
            if not isinstance(code, int):
                continue
            if code in seen:
                yield source.problem((*at, *here), f"the exit code {code} is there twice", "duplicate-code")
            seen.add(code)
        before: list[tuple[int, int, Any]] = []
        for here, span in find_parts(conditions, "exitCodeRanges.*"):
            start, end, answer = (get_in(span, key) for key in ("start", "end", "exitOptions"))
            if not isinstance(start, int) or not isinstance(end, int):
                continue
            if start > end:
                message = f"no exit code is from {start} to {end}: a range goes upwards"
                yield source.problem((*at, *here, "end"), message, "empty-range")
            elif both := next((o for o in before if o[0] <= end and start <= o[1] and o[2] != answer), None):
                message = f"the exit code {max(start, both[0])} is in the range from {both[0]} to {both[1]} as well"
                yield source.problem((*at, *here, "start"), message, "duplicate-code")
            before.append((start, end, answer))


RETRIES = "maxTaskRetryCount"
LONGEST = timedelta(days=180)
"""Of a wall clock; more is told as that."""
SIGNED_FOR = timedelta(days=7)
"""How long what batchctl signs can be used: the longest of a user delegation key."""


def signatures_outlive_tasks(document: Any, source: Source) -> Iterator[Problem]:
    """What a task writes at its end is uploaded with a signature that was made before it."""
    of_job = as_mapping(get_in(document, "job", "constraints"))
    ends = _length(of_job.get("maxWallClockTime"))
    if get_in(document, "identity") is not None or (ends is not None and ends <= SIGNED_FOR):
        return
    for at, task in chain.from_iterable(find_parts(document, place) for place in ("job.tasks.*", "job.jobManagerTask")):
        constraints, retries = as_mapping(get_in(task, "constraints")), 0
        text, asked = constraints.get("maxWallClockTime"), constraints.get(RETRIES, of_job.get(RETRIES))
        length = _length(text)
        if (
            length is None
            or length > LONGEST
            or not any(_is_signed(output) for _, output in find_parts(task, "outputFiles.*"))
        ):
            continue
        if isinstance(asked, int) and 0 < asked < 1000:
            retries = asked
        if length * (retries + 1) > SIGNED_FOR:
            all_runs = f" and {retries} retries" if retries else ""
            message = f"{text}{all_runs} is longer than 7 days, after which outputs can no longer be uploaded"
            yield source.problem((*at, "constraints", "maxWallClockTime"), message, "signature-too-short")


def _length(text: Any) -> timedelta | None:
    return parse_duration(text) if isinstance(text, str) else None


def _is_signed(output: Any) -> bool:
    """Does batchctl sign for it?"""
    return "container" in as_mapping(output) and "identityReference" not in output


def own_blobs_are_signed(document: Any, source: Source) -> Iterator[Problem]:
    """A container that batchctl makes has no public access: a URL into it needs a signature, which `blob` gets."""
    account = get_in(document, "account", "storage")
    made = {name for name, one in as_mapping(get_in(document, "storage", "containers")).items() if not _external(one)}
    if not isinstance(account, str):
        return
    opened = "identity" in document
    for pattern in (*NODE_TASKS, "job.tasks.*", "job.tasks.*.multiInstanceSettings"):
        files = ("commonResourceFiles",) if pattern.endswith("Settings") else ("resourceFiles", "outputFiles")
        for at, file in (found for name in files for found in find_parts(document, f"{pattern}.{name}.*")):
            for key, word in BY_ADDRESS.items():
                # The identity of the spec opens containers, and no address of a blob.
                if opened and key != "httpUrl":
                    continue
                url = get_in(file, key)
                rest = _behind(url, f"{account.rstrip('/')}/") if isinstance(url, str) else None
                container = rest.partition("/")[0] if rest else None
                if container in made and "identityReference" not in file:
                    instead = f"{word}: {rest if word == 'blob' else container}"
                    message = f"nobody may open it by its address alone: write '{instead}', which nodes can open"
                    yield source.problem((*at, key), message, "private-blob")


BY_ADDRESS: Mapping[str, str] = {"httpUrl": "blob", "storageContainerUrl": "container", "containerUrl": "container"}
"""Words for addresses, and for what is signed."""


def _external(container: Any) -> bool:
    return get_in(container, "external") is True


def _behind(url: str, account: str) -> str | None:
    """What of an address is behind that of the account; its host is written in any case."""
    is_in = url.lower().startswith(account.lower())
    return url[len(account) :] if is_in and "?" not in url else None


def formula_gives_nodes(document: Any, source: Source) -> Iterator[Problem]:
    """Learn: AutoScalingFormulaSyntaxError when a pool is made, and formulas that are never evaluated to a target."""
    text = get_in(document, "pool", "autoScaleFormula")
    if not isinstance(text, str) or len(text) > LONGEST_FORMULA or "{" in text:
        return
    from batchctl.spec.reading.formula import what_is_wrong  # imported late: few pools have one

    if why := what_is_wrong(text):
        yield source.problem(
            ("pool", "autoScaleFormula"), f"the formula gives no nodes: {shown(why, 200)[1:-1]}", "formula"
        )


def places_of_outputs_are_plain(document: Any, source: Source) -> Iterator[Problem]:
    """REST: `path` is a name or a prefix as it stands; in `filePattern` both slashes separate on Windows, only `/` does
    on Linux."""
    image = as_mapping(get_in(document, "pool", "image"))
    windows = "windows" in f"{image} {get_in(document, 'pool', 'nodeAgentSKUId')}".lower()
    for at, output in find_parts(document, "job.tasks.*.outputFiles.*"):
        for where in _written(get_in(output, "path"), "*?"):
            message = "Batch knows no wildcards in a path: they belong in 'filePattern', whose files go below the path"
            yield source.problem((*at, "path"), message, "blob-name", offset=where, width=1)
        for where in () if windows or not image else _written(get_in(output, "filePattern"), "\\"):
            message = "on Linux a backslash is a part of a name: folders end with '/'"
            yield source.problem((*at, "filePattern"), message, "file-pattern", offset=where, width=1)


def _written(text: Any, characters: str) -> Iterator[int]:
    """Where the first of these stands, outside of placeholders."""
    if isinstance(text, str):
        inside = {n for hole in holes(text) for n in range(hole.start, hole.start + hole.width)}
        yield from islice((n for n, c in enumerate(text) if c in characters and n not in inside), 1)


def some_may_be_used(document: Any, source: Source) -> Iterator[Problem]:
    """Of nothing, no run could begin."""
    limits = as_mapping(get_in(document, "limits"))
    for key in ("maxCost", "maxNodeHours"):
        text = str(limits.get(key, "")).partition(" ")[0]
        if text.replace(".", "", 1).isdecimal() and not float(text):
            yield source.problem(("limits", key), f"no run could begin: {key} is more than 0", "range")
    time = limits.get("maxDuration")
    if isinstance(time, str) and parse_duration(time) == timedelta():
        yield source.problem(("limits", "maxDuration"), "no run could begin: maxDuration is more than no time", "range")
    pool = as_mapping(get_in(document, "pool"))
    for key in ("maxCost", "maxNodeHours"):
        if key in limits and ("lifetime" in pool or pool.get("external") is True):
            message = "the nodes of an auto pool or an external one are not counted: 'maxDuration' is what is left"
            yield source.problem(("limits", key), message, "unused-limit", at_key=True)


RULES: tuple[Callable[[Any, Source], Iterator[Problem]], ...] = (
    *MACHINE_RULES,
    some_tasks_may_run,
    exit_codes_are_told_apart,
    signatures_outlive_tasks,
    own_blobs_are_signed,
    formula_gives_nodes,
    some_may_be_used,
    places_of_outputs_are_plain,
)

"""`batchctl debug-dump`: what somebody else needs to see of a run that went wrong. Reads alone.

What cannot be had is told with its reason: a dump is wanted most when something does not answer.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any, TypeVar

from batchctl.clock import Clock
from batchctl.errors import BatchctlError
from batchctl.frozen import dataclass
from batchctl.reconcile.decide.causes import by_end
from batchctl.reconcile.explain.report import Report
from batchctl.reconcile.kept.document import plan_to_json
from batchctl.reconcile.port import Cloud, Eyes
from batchctl.sensitive import Veil, is_sensitive
from batchctl.sights import NodeSight, Place, Status, TaskSight
from batchctl.spec.model import Spec
from batchctl.spec.reading.compose import compose_nodes
from batchctl.spec.reading.typed import read_document
from batchctl.spec.source import At, Source
from batchctl.verbs import look
from batchctl.verbs.logs import STREAMS, Kept, Stream, kept_stream, with_blobs
from batchctl.verbs.logs import Found as Streams
from batchctl.verbs.plan import plan
from batchctl.verbs.report import report
from batchctl.verbs.saved import codec_for

MOST_FAILED, MOST_RUNNING, MOST_NODES = 20, 10, 10
"""Tasks that failed and that run, and nodes, of which the streams are read: the first, the last, those in trouble."""

TAIL = 64 << 10
"""Bytes of a stream that are read, from its end."""

WELL = frozenset({"idle", "running", "leavingpool"})
"""States of nodes whose start task nobody needs to see."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The end of a stream. `size`: of all of it."""

    owner: str
    stream: str
    content: bytes
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was found. `missing`: what could not be had, and why."""

    status: Status | None
    report: Report | None
    nodes: Sequence[NodeSight]
    plan: Mapping[str, Any] | None
    logs: Sequence[Log]
    missing: Sequence[tuple[str, str]]


def gather(spec: Spec, cloud: Cloud, eyes: Eyes, clock: Clock, why_no_plan: str = "") -> Evidence:
    """`why_no_plan`: the spec is known as far as its names, and this is why."""
    missing: list[tuple[str, str]] = [("plan", why_no_plan)] if why_no_plan else []

    def had(what: str, ask: Callable[[], Found]) -> Found | None:
        try:
            return ask()
        except BatchctlError as error:
            missing.append((what, str(error)))
            return None

    status = had("status", lambda: look.status(spec, eyes, clock))
    found = had("report", lambda: report(spec, cloud, eyes, clock))
    nodes = had("nodes", lambda: look.nodes(spec, eyes)) or ()
    decided = None if why_no_plan else had("plan", lambda: plan_to_json(plan(spec, cloud), codec_for(spec)))
    streams = had("logs", lambda: _streams(spec, eyes, cloud, found.tasks if found else (), nodes)) or Streams()
    missing += [("logs", why) for why in streams.lost]
    log = partial(_log, eyes=eyes, cloud=cloud, kept=partial(kept_stream, spec, cloud))
    told = [had(f"{stream.name} of {stream.label}", partial(log, stream)) for stream in streams.streams]
    logs = [log for log in told if log]
    return Evidence(status=status, report=found, nodes=nodes, plan=decided, logs=logs, missing=missing)


def _streams(spec: Spec, eyes: Eyes, cloud: Cloud, tasks: Sequence[TaskSight], nodes: Sequence[NodeSight]) -> Streams:
    failed = sorted((run for run in tasks if run.status == "failed"), key=by_end)[:MOST_FAILED]
    running = [run for run in tasks if run.status == "running"][-MOST_RUNNING:]
    bad = [node for node in nodes if node.state not in WELL or node.start_failure][:MOST_NODES]
    pools = look.pools_of(spec, eyes.generations(spec.name)) if bad else ()
    places = [(Place(above=run.job, id=run.id), "") for run in (*failed, *running)]
    places += [(Place(above=pool, id=node.id, is_task=False), "startup/") for pool in pools[:1] for node in bad]
    asked = [
        Stream(label=place.id, place=place, name=f"{below}{name}")
        for place, below in places
        for name in STREAMS.values()
    ]
    return with_blobs(asked, spec, eyes, cloud) if asked else Streams()


def _log(stream: Stream, eyes: Eyes, cloud: Cloud, kept: Kept) -> Log | None:
    """None where it is gone."""
    state = None if stream.blob else eyes.file(stream.place, stream.name)
    if state:
        size = state.size
        content = eyes.part(stream.place, stream.name, max(0, size - TAIL), size)
    elif blob := stream.blob or kept(stream):
        size = blob.size
        content = look.end_of(blob, TAIL, cloud)
    else:
        return None
    return Log(owner=stream.label, stream=stream.name.rpartition("/")[2], content=content, size=size)


def veil_of(spec: Spec) -> Veil:
    """Hides what the spec's codec hides, and what the spec itself says under a name that tells a secret."""
    known = codec_for(spec).veil
    texts = (spec.source, *spec.source.overlays)
    said = {secret for source in texts for secret in _told_secrets(Source(source.file, source.text))}
    # In files of JSON and HTML they stand as these write them.
    values = {form for value in {*known.values, *said} for form in (value, json.dumps(value)[1:-1], escape(value))}
    return Veil(tuple(sorted(values, key=lambda value: (-len(value), value))), names=known.names)


def _told_secrets(source: Source) -> Iterator[str]:
    """Of one text alone: what an overlay replaces stands in it as well."""
    root, _ = compose_nodes(source)
    read = read_document(root, source)[1]
    return (text for at, text in read.scalars.items() if text and "{" not in text and _tells_secret(at, read))


def _tells_secret(at: At, source: Source) -> bool:
    """`API_TOKEN: x` wherever it stands, `{name: API_TOKEN, value: x}`, and the default of a variable of that name."""
    *above, last = at
    if last == "value":
        return is_sensitive(source.scalars.get((*above, "name"), ""))
    if last == "default" and above:
        last = above[-1]
    return isinstance(last, str) and is_sensitive(last)

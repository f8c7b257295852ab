"""A run as JSON (schemas/report.schema.json) and CSV, for programs: every task, nothing cut."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

from batchctl.reconcile.decide.causes import failure_words
from batchctl.reconcile.explain.ran_why import RunReason
from batchctl.reconcile.explain.report import Applied, FailureGroup, Report, Spans
from batchctl.reconcile.explain.timeline import Lane
from batchctl.reconcile.explain.waste import Waste
from batchctl.render.log_lines import harmless_line
from batchctl.render.tables import OUTPUTS, TASKS, plain_value, told_rows
from batchctl.sensitive import masked
from batchctl.sights import JobUse, PoolSight
from batchctl.words import one_line, shown_json


def as_json(report: Report) -> str:
    """A line for each part of the document."""
    parts = (f"{json.dumps(name)}: {shown_json(part)}" for name, part in _document(report).items())
    return "{\n" + ",\n".join(parts) + "\n}\n"


def as_csv(report: Report) -> str:
    """The columns of `batchctl tasks -o tsv`; what is not known is an empty cell."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow([column.name for column in TASKS])
    for row in _masked(told_rows(report.tasks, TASKS)):
        rows.writerow([one_line(value) if isinstance(value, str) else value for value in row.values()])
    return text.getvalue()


def said_line(text: str) -> str:
    """What a stranger wrote, as a line that nothing obeys and in which no secret stands."""
    return one_line(masked(harmless_line(text.expandtabs(4))))


def elapsed(report: Report) -> timedelta | None:
    """From the first start of a task to the last end, or to the look at those that go on."""
    if report.began is None:
        return None
    going = any(run.started and not run.ended for run in report.tasks)
    return (report.made if going or report.ended is None else report.ended) - report.began


def _document(report: Report) -> dict[str, Any]:
    return {
        "batchctlReport": 1,
        "spec": report.spec,
        "made": plain_value(report.made),
        "began": plain_value(report.began),
        "ended": plain_value(report.ended),
        "elapsed": plain_value(elapsed(report)),
        "counts": dict(report.counts),
        "ran": _spans(report.ran),
        "waited": _spans(report.waited),
        "retries": report.retries,
        "requeues": report.requeues,
        "utilisation": None if report.utilisation is None else round(report.utilisation, 4),
        "jobs": [
            {"id": job.id, "generation": job.generation, "state": job.state, "spec": job.text or None}
            for job in report.jobs
        ],
        "failures": [_failure(group) for group in report.failures],
        "durations": [{"upTo": plain_value(bound), "tasks": count} for bound, count in report.bins],
        "running": [{"from": plain_value(step.moment), "tasks": step.running} for step in report.steps],
        "timeline": [_lane(lane) for lane in report.lanes],
        "tasks": _masked(told_rows(report.tasks, TASKS)),
        "applied": _applied(report.applied),
        "pools": [_pool(pool) for pool in report.pools],
        "nodes": [{"from": plain_value(step.moment), "nodes": step.nodes} for step in report.nodes],
        "resizes": [{"from": plain_value(r.moment), "pool": r.pool, "nodes": r.wanted} for r in report.resizes],
        "spent": _spent(report),
        "waste": [_waste(waste) for waste in report.wastes],
        "used": [_used(use) for use in report.uses],
        "why": [_reason(reason) for reason in report.reasons],
        "advice": [{"about": a.about, "says": a.says, "numbers": a.numbers} for a in report.advice],
        "unknown": list(report.unknown),
        "inputs": None if report.inputs is None else {task: list(names) for task, names in report.inputs.items()},
        "outputBytes": sum(blob.size for blob in report.outputs),
        "outputs": told_rows(report.outputs, OUTPUTS),
    }


def _spans(spans: Spans | None) -> dict[str, Any] | None:
    names = ("count", "total", "median", "p95", "longest")
    return None if spans is None else {name: plain_value(getattr(spans, name)) for name in names}


def _failure(group: FailureGroup) -> dict[str, Any]:
    return {
        "cause": said_line(failure_words(group.runs[0])),
        "tasks": [run.id for run in group.runs],
        "said": [said_line(line) for line in group.said],
    }


def _applied(applied: Applied | None) -> dict[str, Any] | None:
    if applied is None:
        return None
    return {
        "spec": applied.file,
        "sha256": applied.digest,
        "text": applied.text,
        "commit": applied.commit or None,
        "changedFiles": None if applied.changed is None else list(applied.changed),
        "overlays": list(applied.overlays),
        "variables": {name: said_line(value) for name, value in applied.variables},
        "forThisReport": applied.now,
    }


def _pool(pool: PoolSight) -> dict[str, Any]:
    return {
        "id": pool.id,
        "vmSize": pool.vm_size,
        "taskSlotsPerNode": pool.slots_per_node,
        "external": pool.external,
        "resized": plain_value(pool.resized),
        "nodes": dict(pool.nodes),
    }


def _spent(report: Report) -> dict[str, Any]:
    prices = report.prices
    return {
        "nodes": [
            {
                "kind": use.kind or None,
                "nodes": use.nodes,
                "nodeHours": _hours(use.time),
                "atLeast": use.at_least,
                "cost": _money(use.cost),
            }
            for use in report.spent
        ],
        "cost": _money(report.cost),
        "currency": prices.currency if prices else None,
        "prices": {"region": prices.region, "date": f"{prices.made}", "source": prices.source} if prices else None,
    }


def _hours(time: timedelta) -> float:
    return round(time.total_seconds() / 3600, 6)


def _money(cost: float | None) -> float | None:
    return None if cost is None else round(cost, 6)


def _waste(waste: Waste) -> dict[str, Any]:
    return {"what": waste.what, "nodeHours": _hours(waste.time), "cost": _money(waste.cost), "count": waste.count}


def _used(use: JobUse) -> dict[str, Any]:
    cpu, told = plain_value(use.cpu), plain_value(use.told)
    return {"told": told, "wall": plain_value(use.wall), "cpu": cpu, "read": use.read, "written": use.written}


def _reason(reason: RunReason) -> dict[str, Any]:
    changed = [{"part": c.part, "lines": [said_line(line) for line in c.lines]} for c in reason.culprits]
    return {"why": said_line(reason.why), "tasks": [run.id for run in reason.runs], "changed": changed}


def _lane(lane: Lane) -> dict[str, Any]:
    bars = [
        {"task": bar.run.id, "job": bar.run.job, "start": plain_value(bar.start), "end": plain_value(bar.end)}
        for bar in lane.bars
    ]
    return {"node": lane.node, "slot": lane.slot, "tasks": bars}


def _masked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"message": said_line(row["message"])} if row["message"] else row for row in rows]

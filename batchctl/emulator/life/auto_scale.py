"""Pools that scale by a formula: what the formula reads, when it is evaluated, and what its result does."""

from collections import deque
from dataclasses import dataclass
from typing import Any

from batchctl.emulator import times
from batchctl.emulator.formula import language
from batchctl.emulator.formula.values import FormulaError, Interval, Moment, as_number
from batchctl.emulator.life import pool_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Json, Pool

SAMPLE_SECONDS = 30.0  # as the page on automatic scaling has it
MOST_SAMPLES = 2880  # of a pool: those of a day
TASKS = ("$ActiveTasks", "$RunningTasks", "$PendingTasks", "$SucceededTasks", "$FailedTasks")
NODES = ("$CurrentDedicatedNodes", "$CurrentLowPriorityNodes", "$UsableNodeCount", "$PreemptedNodeCount")
MEASURED = (
    "$CPUPercent",
    "$WallClockSeconds",
    "$MemoryBytes",
    "$DiskBytes",
    "$DiskReadBytes",
    "$DiskWriteBytes",
    "$DiskReadOps",
    "$DiskWriteOps",
    "$NetworkInBytes",
    "$NetworkOutBytes",
    "$SampleNodeCount",
)
READ_ONLY = frozenset({*TASKS, *NODES, *MEASURED, "$TaskSlotsPerNode"})
TARGETS = {"$TargetDedicatedNodes": "targetDedicatedNodes", "$TargetLowPriorityNodes": "targetLowPriorityNodes"}
OPTION = "$NodeDeallocationOption"


@dataclass(frozen=True, slots=True)
class History:
    """The samples of one variable out of those that were `taken`: a formula reads few, and they are very many."""

    now: float
    name: str
    taken: tuple[tuple[float, dict[str, float]], ...]

    @property
    def samples(self) -> tuple[tuple[float, float], ...]:
        """Oldest first: (time, value), one in 30 seconds."""
        return tuple((time, values[self.name]) for time, values in self.taken)

    def call(self, method: str, arguments: list[Any]) -> Any:
        """GetSample, GetSamplePercent, Count, GetSamplePeriod, HistoryBeginTime."""
        if method == "GetSample":
            return self._sample(arguments)
        if method == "GetSamplePercent":
            return self._percent(*self._bounds(arguments))
        if method == "Count":
            return float(len(self.samples))
        if method == "GetSamplePeriod":
            return Interval(SAMPLE_SECONDS)
        if method == "HistoryBeginTime":
            return Moment(self.samples[0][0] if self.samples else self.now)
        raise FormulaError(f"the method {method} is not known")

    def _sample(self, arguments: list[Any]) -> list[float]:
        if not arguments:
            raise FormulaError("GetSample wants a count or a time")
        if isinstance(arguments[0], float):
            count = int(arguments[0])
            return [value for _, value in self.samples[-count:]] if count > 0 else []
        percent = as_number(arguments[-1]) if isinstance(arguments[-1], float) else 0.0
        start, end = self._bounds(arguments)
        if self._percent(start, end) < percent:
            raise FormulaError("there are not enough samples")
        return [value for time, value in self.samples if start <= time <= end]

    def _bounds(self, arguments: list[Any]) -> tuple[float, float]:
        given = [one for one in arguments if isinstance(one, Moment | Interval)]
        if not given:
            raise FormulaError("a time or a length of time is wanted")
        moments = [one.seconds if isinstance(one, Moment) else self.now - one.seconds for one in given]
        return moments[0], moments[1] if len(moments) > 1 else self.now

    def _percent(self, start: float, end: float) -> float:
        wanted = max(1.0, (end - start) // SAMPLE_SECONDS)
        found = sum(start <= time <= end for time, _ in self.samples)
        return min(100.0, 100.0 * found / wanted)


def evaluate_formula(service: Service, pool: Pool, text: str) -> Json:
    """Evaluates a formula on the pool: an AutoScaleRun. If it cannot be evaluated, there is an error in it, and the
    results are what stands (JavaScript SDK, poolScaling.spec.ts).
    """
    now = service.clock.now()
    timestamp = {"timestamp": times.stamp(now)}
    try:
        if fault := service.faults.take("autoscale", pool.id):
            raise FormulaError(fault.asked["message"])
        scope = language.Scope(now, _variables(service, pool), READ_ONLY)
        language.parse_formula(text)(scope)
        return {**timestamp, "results": _results_text(pool, scope)}
    except FormulaError as error:
        code = "AutoScalingFormulaEvaluationError"
        told = {"code": code, "message": "The specified auto-scaling formula has evaluation error"}
        stands = _results_text(pool, language.Scope(now, {}))
        return {**timestamp, "results": stands, "error": {**told, "values": [{"name": "Message", "value": str(error)}]}}


def watch_pool(service: Service, pool: Pool) -> None:
    """Samples every 30 seconds, as long as the pool's autoscale is on."""
    take_sample(service, pool)
    service.timer((pool, "sample"), SAMPLE_SECONDS, lambda: _sample_again(service, pool))


def apply_formula(service: Service, pool: Pool, *, first: bool = False) -> None:
    """Evaluates the pool's own formula and resizes the pool to what it says: also to the targets that it has, if nodes
    are missing. No page tells so, but people who run such pools do: what a resize did not get is tried again at each
    evaluation, and only a resize clears resizeErrors.

    The first run after a formula was enabled is told once the resize that it asked for is over
    (Azure/azure-sdk-assets, python/…/test_batch_scale_pools, 2025-06-01, 2026-01-22).
    """
    pool.autoscale_first = first
    pool.autoscale_run = evaluate_formula(service, pool, pool.spec["autoScaleFormula"])
    pool.autoscale_enabled = service.clock.now()
    service.store.touch(pool)
    await_evaluation(service, pool)
    if "error" in pool.autoscale_run or pool.allocation != "steady":  # a resize under way is left to end
        return
    values = dict(part.split("=", 1) for part in pool.autoscale_run["results"].split(";"))
    dedicated, spot = (int(values[name]) for name in TARGETS)
    unchanged = (dedicated, spot) == tuple(pool.spec[name] for name in TARGETS.values())
    if not unchanged or pool_life.lacks_nodes(pool):
        pool_life.resize_pool(service, pool, dedicated, spot, values[OPTION])


def take_sample(service: Service, pool: Pool) -> None:
    """Takes a sample now."""
    samples = service.samples.setdefault(pool.key, deque(maxlen=MOST_SAMPLES))
    samples.append((service.clock.now(), _measure(service, pool)))


def await_evaluation(service: Service, pool: Pool) -> None:
    """The formula is evaluated again when the pool's interval is over."""
    interval = times.duration(pool.spec.get("autoScaleEvaluationInterval", "PT15M"))
    left = pool.autoscale_enabled + interval - service.clock.now()
    service.timer((pool, "evaluation"), left, lambda: _evaluate_again(service, pool))


def _sample_again(service: Service, pool: Pool) -> None:
    if _still_scales(service, pool):
        watch_pool(service, pool)
    else:
        service.samples.pop(pool.key, None)


def _evaluate_again(service: Service, pool: Pool) -> None:
    if _still_scales(service, pool):
        apply_formula(service, pool)


def _still_scales(service: Service, pool: Pool) -> bool:
    """Whether it has a formula still. Another pool may bear the id by now."""
    return service.store.pools.get(pool.key) is pool and bool(pool.spec["enableAutoScale"])


def _measure(service: Service, pool: Pool) -> dict[str, float]:
    """The variables as they are now; what the machine does is not measured for each node, and is 0.

    Active tasks are those that only want for room, each instance of a multi-instance task by itself.
    """
    key = pool.key
    tasks = [task for job in service.store.jobs.values() if job.pool == key for task in job.tasks.values()]
    active = sum(task.instances or 1 for task in tasks if task.state == "active" and not task.unmet)
    working = sum(task.state in ("running", "preparing") for task in tasks)
    failed = sum(task.failed for task in tasks)
    nodes = pool.nodes.values()
    dedicated = sum(node.dedicated for node in nodes)
    usable = sum(node.state in ("idle", "running") for node in nodes)
    done = sum(task.state == "completed" for task in tasks) - failed
    counts = (active, working, active + working, done, failed, dedicated, len(nodes) - dedicated, usable)
    preempted = sum(node.state == "preempted" for node in nodes)
    return {
        **dict(zip((*TASKS, *NODES), map(float, (*counts, preempted)), strict=True)),
        **dict.fromkeys(MEASURED, 0.0),
        "$SampleNodeCount": float(usable),
    }


def _variables(service: Service, pool: Pool) -> dict[str, Any]:
    """All that a formula can read."""
    now = service.clock.now()
    samples = (*service.samples.get(pool.key, ()), (now, _measure(service, pool)))
    names: dict[str, Any] = {name: History(now, name, samples) for name in samples[-1][1]}
    names |= {name: float(pool.spec[key]) for name, key in TARGETS.items()}
    names |= {name: samples[-1][1][name] for name in NODES[:2]}
    return {**names, "$TaskSlotsPerNode": float(pool.spec["taskSlotsPerNode"]), OPTION: "requeue"}


def _results_text(pool: Pool, scope: language.Scope) -> str:
    """The targets, the option, and what else the formula assigned, as `name=value` with semicolons."""
    given = {**scope.assigned}
    if "$TargetDedicated" in given:
        given["$TargetDedicatedNodes"] = given.pop("$TargetDedicated")
    found: dict[str, str] = {}
    for name, key in TARGETS.items():
        found[name] = str(max(0, int(as_number(given.pop(name, float(pool.spec[key]))))))
    option = given.pop(OPTION, "requeue")
    if option not in language.OPTIONS:
        raise FormulaError(f"{OPTION} is one of {', '.join(language.OPTIONS)}")
    found[OPTION] = option
    found |= {name: _value_text(value) for name, value in given.items()}
    return ";".join(f"{name}={value}" for name, value in found.items())


def _value_text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, History):
        return _value_text([sampled for _, sampled in value.samples[-1:]])
    if isinstance(value, list):
        return "[" + ",".join(map(_value_text, value)) + "]"
    if isinstance(value, Moment):
        return times.stamp(value.seconds)
    return times.iso_duration(value.seconds) if isinstance(value, Interval) else str(value)

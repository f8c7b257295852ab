"""Batch Shipyard's autoscale scenarios as formulas of our own that set the same targets.

What they do was seen of the formulas that 3.9.1 makes: the minimum is subtracted from what is needed and is a floor
again, a share of 0 to 1 is compared with a percentage, and the day's hours count to their last minute.
"""

from collections.abc import Iterator, Sequence

from batchctl.importing.found import Found
from batchctl.importing.shipyard.times import span

UNBOUND = 16_777_216
"""What a maximum of -1, or no increment, means there."""

DAYS = ("workday", "weekday", "weekend", "workday_with_offpeak_max_low_priority")
TASKS = {"active_tasks": "$ActiveTasks", "pending_tasks": "$PendingTasks"}


def formula(scenario: Found, minimum: tuple[int, int], slots: int) -> str:
    """`minimum`: (dedicated, low priority); `slots`: tasks that a node runs at once. Raises SpecError."""
    name = scenario.need("name").text()
    if name not in TASKS and name not in DAYS:
        scenario.need("name").wrong(f"no scenario: {', '.join((*TASKS, *DAYS))}")
    lines = _days(scenario, name, minimum) if name in DAYS else _tasks(scenario, name, minimum, slots)
    option = scenario.get("node_deallocation_option")
    ends = f"$NodeDeallocationOption = {option.text() if option else 'taskcompletion'}"
    return "".join(f"{line};\n" for line in (*lines, ends))


def _counts(scenario: Found, name: str, *, missing: int) -> tuple[int, int]:
    part = scenario.get(name)
    kinds = ("dedicated", "low_priority")
    return tuple(found.whole() if part and (found := part.get(kind)) else missing for kind in kinds)  # type: ignore[return-value]


def _maximum(scenario: Found, minimum: tuple[int, int]) -> list[int]:
    part = scenario.need("maximum_vm_count")
    most = [UNBOUND if n < 0 else n for n in _counts(scenario, "maximum_vm_count", missing=0)]
    if any(least > n for least, n in zip(minimum, most, strict=True)):
        part.wrong("the tool refuses a maximum below the vm_count of its kind")
    return most


def _bias(scenario: Found) -> str:
    found = scenario.get("bias_node_type")
    return found.text() if found else "auto"


def _tasks(scenario: Found, name: str, minimum: tuple[int, int], slots: int) -> Iterator[str]:
    most = _maximum(scenario, minimum)
    more = [UNBOUND if n <= 0 else n for n in _counts(scenario, "maximum_vm_increment_per_evaluation", missing=0)]
    lookback = scenario.get("sample_lookback_interval")
    wanted = scenario.get("required_sample_percentage")
    last = scenario.get("bias_last_sample")
    percent = f"{wanted.number():g}" if wanted else "70"
    yield f"span = TimeInterval_Second * {span(lookback).total_seconds() if lookback else 600:g}"
    yield from _needed(TASKS[name], percent, slots, by_last=last is None or last.truth())
    yield from _preempted(scenario, percent, by_last=last is None or last.truth())
    yield f"mostDedicated = min($CurrentDedicatedNodes + {more[0]}, {most[0]})"
    yield f"mostSpot = min($CurrentLowPriorityNodes + {more[1]}, {most[1]})"
    yield f"needed = max(0, needed - {minimum[0] + minimum[1]})"
    rebalances = scenario.get("rebalance_preemption_percentage") is not None
    yield from _shared(_bias(scenario), minimum, most, rebalances=rebalances)


def _needed(counted: str, percent: str, slots: int, *, by_last: bool) -> Iterator[str]:
    if not by_last:
        yield f"tasks = avg({counted}.GetSample(span, {percent}))"
        yield f"needed = tasks / {slots}"
        yield "needed = (tasks > 0 && needed < 1) ? 1 : needed"
        return
    yield f"known = {counted}.GetSamplePercent(span) >= {percent}"
    yield f"last = val({counted}.GetSample(1), 0)"
    yield f"average = known ? avg({counted}.GetSample(span)) : max(0, last)"
    yield "tasks = known ? (last < average ? avg(last, average) : max(last, average)) : max(0, last)"
    yield f"needed = tasks / {slots}"


def _preempted(scenario: Found, percent: str, *, by_last: bool) -> Iterator[str]:
    share = scenario.get("rebalance_preemption_percentage")
    if share is None:
        return
    counted = "$PreemptedNodeCount"
    if by_last:
        yield f"lost = val({counted}.GetSample(1), 0)"
        yield f"lostOnAverage = avg({counted}.GetSample(span))"
        yield (
            f"lost = {counted}.GetSamplePercent(span) < {percent} ? max(0, lost) : "
            "(lost > lostOnAverage ? avg(lost, lostOnAverage) : min(lost, lostOnAverage))"
        )
    else:
        yield f"lost = avg({counted}.GetSample(span, {percent}))"
    yield "nodes = $CurrentDedicatedNodes + $CurrentLowPriorityNodes"
    # Part by whole against a percentage, as there: it is seldom true.
    yield f"lost = (nodes > 0 ? lost / nodes : 0) >= {share.number():g} ? lost : 0"


def _shared(bias: str, minimum: Sequence[int], most: Sequence[int], *, rebalances: bool) -> Iterator[str]:
    first, second = ("Spot", "Dedicated") if bias == "low_priority" else ("Dedicated", "Spot")
    least = {"Dedicated": minimum[0], "Spot": minimum[1]}
    yield "first = needed"
    if bias == "auto" and all(most):
        yield "first = needed / 2"
    if bias == "auto":
        yield "first = (first > 0 && first < 1) ? 1 : first"
    yield f"first = max({least[first]}, min(first, most{first}))"
    yield "left = max(0, needed - first)"
    if rebalances:
        yield f"first = min(first + (left > 0 ? min(lost, left) : 0), most{first})"
        yield "left = max(0, needed - first)"
    yield f"second = max({least[second]}, min(left, most{second}))"
    targets = {"Dedicated": "$TargetDedicatedNodes", "Spot": "$TargetLowPriorityNodes"}
    yield f"{targets[first]} = first"
    yield f"{targets[second]} = second"


def _days(scenario: Found, name: str, minimum: tuple[int, int]) -> Iterator[str]:
    most = _maximum(scenario, minimum)
    bias = _bias(scenario)
    hours, days = _ends(scenario, "work_hours", (8, 17)), _ends(scenario, "weekdays", (1, 5))
    yield "now = time()"
    on_weekday = f"now.weekday >= {days[0]} && now.weekday <= {days[1]}"
    if name == "weekday":
        yield f"peak = {on_weekday}"
    elif name == "weekend":
        # As there, where no day is both: the pool stays at its minimum.
        yield f"peak = now.weekday < {days[0]} && now.weekday > {days[1]}"
    else:
        yield f"peak = {on_weekday} && now.hour >= {hours[0]} && now.hour <= {hours[1]}"
    off_peak_spot = name == "workday_with_offpeak_max_low_priority"
    dedicated = f"peak ? {most[0]} : {minimum[0]}" if bias != "low_priority" else str(minimum[0])
    spot = f"peak ? {most[1]} : {minimum[1]}" if bias != "dedicated" else str(minimum[1])
    yield f"$TargetDedicatedNodes = {dedicated}"
    yield f"$TargetLowPriorityNodes = {most[1] if off_peak_spot else spot}"


def _ends(scenario: Found, name: str, usual: tuple[int, int]) -> tuple[int, int]:
    part = scenario.get("time_ranges", name)
    return (part.need("start").whole(), part.need("end").whole()) if part else usual

"""batchctl local fault: the local Azure Batch misbehaves as Azure does to people, for tests of what stands on it."""

from typing import Annotated, Any

import typer

from batchctl.cli.local.clock import checked_scale
from batchctl.cli.options import duration_of
from batchctl.cli.speaking import open_page

app = typer.Typer(
    help="Make the local Azure Batch misbehave: slow, failing or dropped requests, slow deletes and boots, quotas "
    "used up, start tasks and image pulls that fail, nodes that break or are preempted. It ends with `clear` or "
    "`batchctl local reset`; a restart of the service keeps it.",
    no_args_is_help=True,
)

Method = Annotated[str, typer.Option("--method", help="GET, POST, PUT, PATCH, DELETE, HEAD; * is any.")]
Path = Annotated[
    str, typer.Option("--path", help="Pattern of the request's path, without its query: '/jobs/*/tasks', '/pools*'.")
]
Pool = Annotated[str, typer.Option("--pool", help="Pattern of the pool's id.")]
Every = Annotated[int, typer.Option("--every", min=1, help="Only each n-th of those that match.")]
Skip = Annotated[int, typer.Option("--skip", min=0, help="Let the first n that match pass.")]
ExitCode = Annotated[int, typer.Option("--exit-code", min=1, max=255, help="What it exits with.")]
NeverBegins = Annotated[
    str | None,
    typer.Option("--code", help="Instead of an exit code: BlobAccessDenied, BlobNotFound …; it never begins."),
]
FOREVER = "forever"
"""Instead of seconds: until `clear`."""
_USUAL = {"seconds": 0, "every": 1, "skip": 0}
Times = Annotated[int | None, typer.Option("--times", min=1, help="End after n hits; without it, at `clear`.")]


@app.command("fail")
def fault_fail(
    method: Method = "*",
    path: Path = "*",
    status: Annotated[int | None, typer.Option("--status", min=400, max=599, help="The HTTP status.")] = None,
    code: Annotated[
        str | None, typer.Option("--code", help="The service's error code: ServerBusy, JobExists …")
    ] = None,
    retry_after: Annotated[int | None, typer.Option("--retry-after", min=0, help="Seconds in Retry-After.")] = None,
    every: Every = 1,
    skip: Skip = 0,
    times: Times = None,
) -> None:
    """Fail requests with a status and an error code, without doing the work.

    One of --status and --code is enough. Example: the next three adds of tasks find the service busy:

    batchctl local fault fail --method POST --path '/jobs/*/addtaskcollection' --code ServerBusy --times 3
    """
    _make_and_print(
        "request",
        method=method,
        path=path,
        status=status,
        code=code,
        retryAfter=retry_after,
        **_hit_counts(every, skip, times),
    )


@app.command("slow")
def fault_slow(
    seconds: Annotated[str, typer.Argument(help="How long a request waits before it is done: 20, 0.5, 2m, forever.")],
    method: Method = "*",
    path: Path = "*",
    every: Every = 1,
    skip: Skip = 0,
    times: Times = None,
) -> None:
    """Let requests wait before they are done."""
    _make_and_print(
        "request", method=method, path=path, seconds=_seconds_or_forever(seconds), **_hit_counts(every, skip, times)
    )


@app.command("drop")
def fault_drop(
    method: Method = "*",
    path: Path = "*",
    after: Annotated[bool, typer.Option("--after", help="Do the work first: only the answer is lost.")] = False,
    every: Every = 1,
    skip: Skip = 0,
    times: Times = None,
) -> None:
    """End the connection of requests without an answer, before or after the work was done."""
    _make_and_print(
        "request", method=method, path=path, drop="after" if after else "before", **_hit_counts(every, skip, times)
    )


@app.command("delay")
def fault_delay(
    step: Annotated[
        str,
        typer.Argument(
            help="deletingpool, deletingjob, deletingschedule; disabling, enabling, terminating (a job); resizing, "
            "stopping (a pool); or the state of a node: creating, starting, waitingforstarttask, rebooting, reimaging, "
            "upgradingos, deallocating, leavingpool."
        ),
    ],
    seconds: Annotated[str, typer.Argument(help="How long it takes: 40, 0.5, 2m; forever is until `clear`.")],
) -> None:
    """Let a step of the platform take its time: a delete (PoolBeingDeleted, JobBeingDeleted meanwhile), a boot.

    Example: the allocation of every pool stays `resizing`:

    batchctl local fault delay resizing forever
    """
    _make_and_print("delay", step=step, seconds=_seconds_or_forever(seconds))


@app.command("time-scale")
def fault_time_scale(
    scale: Annotated[
        float, typer.Argument(help="0 all at once, 1 realistic minutes, 0.1 a tenth of them, 2 twice them.")
    ],
) -> None:
    """Let every step of pools, nodes and deletes take as long as on Azure, roughly, times a factor."""
    _make_and_print("timescale", scale=checked_scale(scale))


@app.command("quota")
def fault_quota(
    name: Annotated[str, typer.Argument(help="pools, jobs (with job schedules), dedicatedCores or spotCores.")],
    most: Annotated[int, typer.Argument(min=0, help="The quota.")],
) -> None:
    """Lower a quota: PoolQuotaReached, ActiveJobAndScheduleQuotaReached, AccountCoreQuotaReached in resizeErrors."""
    _make_and_print("quota", quota=name, most=most)


@app.command("allocation")
def fault_allocation(
    pool: Pool = "*",
    code: Annotated[
        str,
        typer.Option(
            "--code", help="AllocationFailed; AllocationTimedOut, which lasts until resizeTimeout; any other."
        ),
    ] = "AllocationFailed",
    every: Every = 1,
    skip: Skip = 0,
    times: Times = None,
) -> None:
    """Give pools no new nodes: their resize ends with this code in resizeErrors."""
    _make_and_print("allocation", pool=pool, code=code, **_hit_counts(every, skip, times))


@app.command("start-task")
def fault_start_task(
    pool: Pool = "*",
    exit_code: ExitCode = 1,
    code: NeverBegins = None,
    every: Every = 1,
    skip: Skip = 0,
    times: Times = None,
) -> None:
    """Fail start tasks instead of running them."""
    _make_and_print("starttask", pool=pool, exitCode=exit_code, code=code, **_hit_counts(every, skip, times))


@app.command("preparation")
def fault_preparation(
    pool: Pool = "*",
    exit_code: ExitCode = 1,
    code: NeverBegins = None,
    every: Every = 1,
    skip: Skip = 0,
    times: Times = None,
) -> None:
    """Fail job preparation tasks instead of running them."""
    _make_and_print("preparation", pool=pool, exitCode=exit_code, code=code, **_hit_counts(every, skip, times))


@app.command("image-pull")
def fault_image_pull(
    pool: Pool = "*",
    message: Annotated[str | None, typer.Option("--message", help="What the registry says.")] = None,
    every: Every = 1,
    skip: Skip = 0,
    times: Times = None,
) -> None:
    """Let nodes that come up find no container image: unusable, ContainerInvalidImage."""
    _make_and_print("imagepull", pool=pool, message=message, **_hit_counts(every, skip, times))


@app.command("autoscale")
def fault_autoscale(
    pool: Pool = "*",
    message: Annotated[str | None, typer.Option("--message", help="Why it cannot be evaluated.")] = None,
    every: Every = 1,
    skip: Skip = 0,
    times: Times = None,
) -> None:
    """Let the evaluations of autoscale formulas fail."""
    _make_and_print("autoscale", pool=pool, message=message, **_hit_counts(every, skip, times))


@app.command("node")
def fault_node(
    accident: Annotated[
        str,
        typer.Argument(
            help="break (unusable), preempt (spot nodes alone), lose (unknown), upgrade (upgradingos), hold (offline), "
            "deallocate, or mend what was broken, preempted, lost, held or put away."
        ),
    ],
    pool: Annotated[str, typer.Argument(help="The pool's id.")],
    node_id: Annotated[
        str | None,
        typer.Argument(metavar="[NODE]", help="The node's id; without it one of the pool, one at work first."),
    ] = None,
    mended_after: Annotated[str, typer.Option("--mended-after", help="Mend it by itself after 60, 0.5, 2m.")] = "0",
    code: Annotated[str, typer.Option("--code", help="The error of a node that breaks.")] = "DiskFull",
) -> None:
    """Let something happen to a node now; its tasks go back to the queue."""
    from batchctl.local import faults

    hit = faults.cause_accident(
        pool, node_id, {"accident": accident, "mendedAfter": _seconds(mended_after), "code": code}
    )
    open_page().result(f"{accident}: {hit}")


@app.command("list")
def fault_list() -> None:
    """List the faults in force: what they hit, how often they were met, and how often they hit."""
    from batchctl.local import faults

    out, found = open_page(), faults.faults_in_force()
    for one in found:
        out.result(_line(one))
    if not found:
        out.result("No fault is in force.")


@app.command("clear")
def fault_clear(
    number: Annotated[int | None, typer.Argument(metavar="[ID]", help="Which one; without it all.")] = None,
) -> None:
    """End one fault, or all of them."""
    from batchctl.local import faults

    faults.clear_faults(number)
    open_page().result("Cleared.")


def _make_and_print(kind: str, **asked: Any) -> None:
    from batchctl.local import faults

    open_page().result(_line(faults.make_fault({"kind": kind, **asked})))


def _seconds_or_forever(text: str) -> float | str:
    return FOREVER if text.lower() == FOREVER else _seconds(text)


def _seconds(text: str) -> float:
    """A length of time in seconds, without a point where it has none."""
    found = duration_of(f"{text}s" if text[-1:].isdecimal() else text).total_seconds()
    return int(found) if found.is_integer() else found


def _hit_counts(every: int, skip: int, times: int | None) -> dict[str, int | None]:
    return {"every": every, "skip": skip, "times": times}


def _line(fault: dict[str, Any]) -> str:
    """A fault in one line: id, kind, what was asked, counts."""
    told = {"id", "kind", "seen", "done"} | {name for name, usual in _USUAL.items() if fault.get(name) == usual}
    rest = {name: value for name, value in fault.items() if name not in told}
    asked = " ".join(f"{name}={value}" for name, value in rest.items())
    return f"{fault['id']}: {fault['kind']} {asked} (met {fault['seen']}, hit {fault['done']})"

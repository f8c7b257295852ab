"""What is said, line by line."""

import io
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from batchctl.cloud_answers import Counts
from batchctl.errors import MOST_PROBLEMS, CloudError, Problem, Refused, SpecError, TasksFailed
from batchctl.reconcile.decide.diff import diff
from batchctl.reconcile.events import (
    Applied,
    Begun,
    Detached,
    Event,
    Expanded,
    Failed,
    Fetched,
    Holdings,
    NodesWaiting,
    NotFetched,
    PoolNotice,
    Progress,
    TaskFailed,
    Verb,
)
from batchctl.reconcile.outputs import Fetch
from batchctl.reconcile.plan import Action, Change, LaterFactory, Plan, field_changes
from batchctl.render.changes import detail_lines
from batchctl.render.events import summary_line
from batchctl.render.paper import papers
from batchctl.render.printer import Printer
from batchctl.render.terminal import Terminal
from batchctl.render.text import columns_of, short_ids, shown_path, shown_size, shown_value, visible_text, wrapped_line
from batchctl.resources import Blob, Container, Image, Resource
from batchctl.rest import camel
from batchctl.rules import Rule
from batchctl.sensitive import Hidden
from batchctl.verbs.carrying_out import carried_out
from batchctl.words import some
from batchctl.work import OutputFile, ResourceFile, StartTask
from tests.reconcile.build import OWNER, desired, failed, held_job, held_pool, job, output, pool, run, task, waiting

INPUT = Container(name="input", owner=OWNER)
TEXT = Blob(container="input", path="a.txt", md5="1" * 32, size=1536)


class Said:
    """A printer, and what it has written to its two streams."""

    def __init__(self, **options: Any) -> None:
        self._out, self._err = io.StringIO(), io.StringIO()
        common: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False, "width": 40} | options
        self.printer = Printer(Terminal(file=self._out, **common), Terminal(file=self._err, **common))

    @property
    def out(self) -> list[str]:
        return self._out.getvalue().splitlines()

    @property
    def err(self) -> list[str]:
        return self._err.getvalue().splitlines()


def planned(plan: Plan, **options: bool) -> list[str]:
    said = Said()
    said.printer.plan(plan, **options)
    assert said.err == []
    return said.out


def told(*events: Event) -> list[str]:
    said = Said()
    for event in events:
        said.printer.event(event)
    said.printer.done("plan")
    assert said.out == []
    return said.err


# Plans.


def test_a_first_plan() -> None:
    start = StartTask(command_line="/bin/bash -c 'true'", resource_files=(ResourceFile(container="application"),))
    wanted = desired(
        Container(name="input"),
        TEXT,
        pool(target_dedicated_nodes=2, start_task=start),
        job(max_wall_clock_time=timedelta(hours=1), environment=(("A", "1"),)),
        task("top-a"),
        task("top-b"),
    )
    assert planned(diff(wanted, [])) == [
        "  + container input",
        "  + blob input/a.txt (1.5 KB)",
        "  + pool pool",
        "        vmSize: Standard_D2s_v5",
        "        image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}",
        "        nodeAgentSKUId: batch.node.ubuntu 24.04",
        "        targetDedicatedNodes: 2",
        "        startTask:",
        "            commandLine: /bin/bash -c 'true'",
        "            resourceFiles: [{container: application}]",
        "  + job count",
        "        pool: pool",
        "        maxWallClockTime: PT1H",
        "        environment: [A=1]",
        "  + task count/top-a: new",
        "  + task count/top-b: new",
        "Plan: 6 to add, 0 to change, 0 to destroy; 2 tasks to run, 1.5 KB to upload.",
    ]


def test_changes_with_their_fields_and_what_they_mean() -> None:
    wanted = desired(INPUT, TEXT, pool(vm_size="Standard_D4s_v5", target_spot_nodes=3), job(priority=4), task())
    held: list[Resource] = [
        INPUT,
        replace(TEXT, md5="2" * 32, owner=OWNER),
        held_pool(),
        held_job(sealed=False),
        waiting(),
    ]
    assert planned(diff(wanted, held)) == [
        "  ~ blob input/a.txt (1.5 KB): content changed",
        "  ~ pool pool",
        f"        vmSize: Standard_D2s_v5 -> Standard_D4s_v5 ({Rule.WHEN_EMPTY.value})",
        "        targetSpotNodes: 0 -> 3 (in place)",
        "  ~ job count",
        "        onAllTasksComplete: noaction -> terminatejob (in place)",
        "        priority: 0 -> 4 (in place)",
        "Plan: 0 to add, 3 to change, 0 to destroy; 1.5 KB to upload, waits for the tasks of count.",
    ]


def test_the_next_generation_is_named_as_the_service_will_name_it() -> None:
    wanted = desired(job(priority=4), task("a"), task("b", digest="command=2;inputs=2"))
    held: list[Resource] = [held_job(priority=4, state="completed"), failed("a"), run("b")]
    assert planned(diff(wanted, held)) == [
        "  + job count-g2: generation 2: a finished job takes no tasks",
        "        pool: pool",
        "        priority: 4",
        "  + task count-g2/a: failed with exit code 3",
        "  + task count-g2/b: command changed; inputs changed",
        "Plan: 3 to add, 0 to change, 0 to destroy; 2 tasks to run.",
    ]


def test_what_goes_what_stays_and_why() -> None:
    theirs = Blob(container="output", path="theirs", owner=None)
    gone = Container(name="output", owner=OWNER)
    held: list[Resource] = [INPUT, replace(TEXT, owner=OWNER), gone, theirs, held_job(), run()]
    assert planned(diff(desired(), held)) == [
        "  - container input: 1 blob",
        "  - job count: with 1 task",
        "  note: container 'output' is kept: it holds 1 blob that we did not put there (theirs)",
        "Plan: 0 to add, 0 to change, 2 to destroy.",
    ]


def test_a_replacement_counts_twice() -> None:
    change = Change(action=Action.REPLACE, before=held_pool(), after=pool())
    assert planned(Plan(owner=OWNER, changes=(change,))) == [
        "  -/+ pool pool",
        "Plan: 1 to add, 0 to change, 1 to destroy.",
    ]


def test_a_refused_plan_says_why() -> None:
    [line, _] = planned(diff(desired(pool()), [held_pool(owner=None)]))
    assert line.startswith("  refused: pool 'pool' exists already and is not ours: it bears no mark of batchctl.")


def test_nothing_to_do() -> None:
    assert planned(diff(desired(), [])) == ["No changes."]
    assert planned(diff(desired(INPUT), [INPUT])) == ["No changes. 1 object is as the spec wants it."]


def test_what_comes_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    fetches = [
        Fetch(blob=output("a.txt", size=5), root=tmp_path / "results"),
        Fetch(blob=output("b"), root=Path("/far")),
    ]
    assert planned(diff(desired(), [], fetches)) == [
        "  < output/a.txt (5 bytes) comes home to results/a.txt",
        "  < output/b (0 bytes) comes home to /far/b",
        "Plan: 0 to add, 0 to change, 0 to destroy; 2 blobs to bring home.",
    ]


def test_long_plans_are_counted_after_twenty_of_a_kind() -> None:
    fetches = [Fetch(blob=output(f"{i:02}"), root=Path("/far")) for i in range(22)]
    lines = planned(diff(desired(job(), *(task(f"t{i:02}") for i in range(23)), INPUT), [], fetches))
    assert lines[0] == "  + container input"
    assert lines[22] == "  + task count/t19: new"
    assert lines[23] == "    … and 3 more tasks: new (plan --full lists all)"
    assert lines[43].startswith("  < output/19 ")
    assert lines[44:] == [
        "    … and 2 more come home",
        "Plan: 25 to add, 0 to change, 0 to destroy; 23 tasks to run, 22 blobs to bring home.",
    ]
    assert len(planned(diff(desired(*(task(f"t{i:02}") for i in range(20))), []))) == 1


def test_tasks_are_told_by_their_reasons_and_in_full_one_by_one() -> None:
    held = [run(f"t{i:02}", digest="command=0;inputs=1" if i % 2 else "command=1;inputs=0") for i in range(46)]
    plan = diff(desired(job(), *(task(f"t{i:02}") for i in range(46))), [held_job(state="completed"), *held])
    lines = planned(plan)
    assert lines[2] == "  + task count-g2/t00: inputs changed"
    assert lines[21:24] == [
        "  + task count-g2/t38: inputs changed",
        "    … and 3 more tasks: inputs changed (plan --full lists all)",
        "  + task count-g2/t01: command changed",
    ]
    full = planned(plan, full=True)
    assert len([line for line in full if line.startswith("  + task")]) == 46
    assert not [line for line in full if "more" in line]


def test_waiting_alone_is_said() -> None:
    plan = diff(desired(job(), task()), [held_job(), waiting()])
    assert summary_line(plan) == "Plan: 0 to add, 0 to change, 0 to destroy; waits for the tasks of count."


# Secrets.

START: dict[str, Any] = {
    "command_line": "x",
    "environment": (("MODE", "slow"), ("API_TOKEN", "hunter2"), ("USER", Hidden("ada1"))),
}


def test_settings_that_hold_secrets_are_named_and_not_shown() -> None:
    lines = planned(diff(desired(pool(start_task=StartTask(**START))), []))
    assert "            environment: [MODE=slow, API_TOKEN=(sensitive), USER=(sensitive)]" in lines


def test_changed_settings_are_told_one_by_one_and_secrets_on_neither_side() -> None:
    settings = (("USER", "ada1"), ("API_TOKEN", "hunter2"), ("OLD", "1"))
    held = held_pool(start_task=StartTask(command_line="x", environment=settings))
    new = (("USER", Hidden("bob2")), ("API_TOKEN", "hunter3"), ("MODE", "slow"))
    lines = planned(diff(desired(pool(start_task=StartTask(command_line="x", environment=new))), [held]))
    why = "(can be patched only when the pool is empty)"
    assert lines[1:-1] == [
        f"        startTask.environment.USER: (sensitive) -> (sensitive) {why}",
        f"        startTask.environment.API_TOKEN: (sensitive) -> (sensitive) {why}",
        f"        startTask.environment.OLD: 1 -> (none) {why}",
        f"        startTask.environment.MODE: (none) -> slow {why}",
    ]


def test_a_signature_in_an_address_is_not_shown() -> None:
    sas = ResourceFile(http_url="https://a.net/c/b?sv=1&sig=" + "A" * 43 + "%3D", file_path="b")
    wanted = pool(start_task=StartTask(command_line="x", resource_files=(sas,)))
    assert "A" * 20 not in "\n".join(planned(diff(desired(wanted), [])))


# Events.


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Begun(verb="create", kind="blob", names=("a", "b")), "uploading 2 blobs"),
        (Begun(verb="update", kind="blob", names=("a", "b", "c")), "uploading 3 blobs"),
        (Begun(verb="create", kind="task", names=("a", "b")), "adding 2 tasks"),
        (Begun(verb="create", kind="pool", names=("a", "b")), "creating 2 pools"),
        (Begun(verb="update", kind="job", names=("a", "b")), "updating 2 jobs"),
        (Begun(verb="delete", kind="container", names=("a", "b")), "deleting 2 containers"),
        (Begun(verb="delete", kind="container", names=("a",)), None),
        (Applied(verb="create", kind="blob", name="input/a"), "uploaded blob input/a"),
        (Applied(verb="update", kind="blob", name="input/a"), "uploaded blob input/a"),
        (Applied(verb="create", kind="task", name="count/a"), "added task count/a"),
        (Applied(verb="create", kind="pool", name="p"), "created pool p"),
        (Applied(verb="update", kind="pool", name="p"), "updated pool p"),
        (Applied(verb="delete", kind="blob", name="input/a"), "deleted blob input/a"),
        (Failed(verb="create", kind="pool", name="p", error=CloudError("no")), "FAILED to create pool p: no"),
        (Failed(verb="seal", kind="job", name="count-g2", error=CloudError("no")), "FAILED to seal job count-g2: no"),
        (
            Progress(counts=Counts(active=1, running=2, succeeded=3, failed=4)),
            "tasks: 1 waiting, 2 running, 3 succeeded, 4 failed",
        ),
        (NodesWaiting(pool="p", nodes=()), "nodes of pool p: none yet"),
        (NodesWaiting(pool="p", nodes=(("idle", 1), ("starting", 2))), "nodes of pool p: 1 idle, 2 starting"),
        (PoolNotice(pool="p", says=("1 node unusable",)), "pool p: 1 node unusable"),
        (NotFetched(blob=output("a"), why="no space left"), "NOT fetched output/a: no space left"),
        (Fetched(blob=output("a"), path="/far/a"), "fetched output/a to /far/a"),
    ],
)
def test_one_line_for_each_event(event: Event, line: str | None) -> None:
    assert told(event) == ([line] if line else [])


def test_who_leaves_with_nothing_done_is_told_no_more() -> None:
    said = Said()
    said.printer.event(Detached(jobs=("a",)))
    said.printer.done("watch")
    assert said.out[-1] == "Watch detached."


@pytest.mark.parametrize("verb", get_args(Verb))
def test_whatever_is_done_to_an_object_is_told_and_counted(verb: Verb) -> None:
    said = Said()
    said.printer.event(Begun(verb=verb, kind="job", names=("a", "b")))
    said.printer.event(Applied(verb=verb, kind="job", name="a"))
    said.printer.done("apply")
    assert len(said.err) == 2
    [line] = said.out
    assert line.startswith("Apply complete: 1 ")


@pytest.mark.parametrize("action", Action, ids=lambda action: action.name.lower())
def test_whatever_a_plan_does_has_a_line(action: Action) -> None:
    change = Change(action=action, before=held_pool(), after=pool())
    assert planned(Plan(owner=OWNER, changes=(change,)))[0].startswith(f"  {action.value} pool pool")


def test_of_very_many_it_is_told_how_far_it_is_and_what_failed() -> None:
    names = tuple(f"job/t-{number}" for number in range(4_000))
    done = [Applied(verb="create", kind="task", name=name) for name in names]
    failed = Failed(verb="create", kind="task", name="job/t-7", error=CloudError("no"))
    lines = told(Begun(verb="create", kind="task", names=names), *done[:7], failed, *done[8:])
    assert lines[:4] == [
        "adding 4000 tasks",
        "FAILED to create task job/t-7: no",
        "added 200 of 4000 tasks",
        "added 400 of 4000 tasks",
    ]
    assert lines[-1] == "added 3800 of 4000 tasks"
    assert len(lines) == 21
    one = Applied(verb="create", kind="pool", name="p")
    assert told(Begun(verb="create", kind="pool", names=("p",)), one) == ["created pool p"]


def test_a_failed_task_shows_the_end_of_its_stderr_behind_its_id() -> None:
    assert told(
        TaskFailed(task=failed("top-a"), why="failed with exit code 3", stderr=("::set-env x", "\x1b[2Jboom"))
    ) == [
        "task top-a failed with exit code 3",
        "  [top-a] ::set-env x",
        "  [top-a] \\u001b[2Jboom",
    ]


@pytest.mark.parametrize(
    "say",
    [
        lambda p: p.line("  | a ##vso[task.complete]b ##[error]c"),
        lambda p: p.say("  | a ##vso[task.complete]b ##[error]c"),
        lambda p: p.result("  | a ##vso[task.complete]b ##[error]c"),
        lambda p: p.error(CloudError("  | a ##vso[task.complete]b ##[error]c")),
        lambda p: p.event(TaskFailed(task=failed("a"), why="broke", stderr=("| a ##vso[task.complete]b ##[error]c",))),
    ],
)
def test_no_ci_system_finds_a_command_within_a_line(say: Callable[[Printer], None]) -> None:
    said = Said()
    say(said.printer)
    said.printer.done("plan")
    assert "| a \\u0023#vso[task.complete]b \\u0023#[error]c" in "\n".join(said.out + said.err)


def test_failures_that_are_alike_are_told_once_with_their_count() -> None:
    tasks = [TaskFailed(task=failed(f"t-{i}"), why="failed with exit code 3", stderr=("no module",)) for i in range(12)]
    other = TaskFailed(task=failed("x"), why="failed with exit code 3", stderr=("disk full",))
    home = [NotFetched(blob=output(name), why="no space left") for name in "abc"]
    said = Said()
    for event in (*tasks[:6], other, *tasks[6:], home[0], Fetched(blob=output("d"), path="/far/d"), *home[1:]):
        said.printer.event(event)
    said.printer.error(TasksFailed("13 of the tasks failed"))
    assert said.err == [
        "12 tasks (t-0, t-1, t-2, t-3, t-4, t-5, t-6, t-7, t-8, t-9, …) failed with exit code 3",
        "  [t-0] no module",
        "task x failed with exit code 3",
        "  [x] disk full",
        "fetched output/d to /far/d",
        "NOT fetched 3 blobs (output/a, output/b, output/c): no space left",
        "error: 13 of the tasks failed",
    ]


def test_what_could_not_be_done_for_one_reason_is_told_once() -> None:
    quota = CloudError("no cores")
    names = ("job/a", "job/b", "job/c")
    events = [Failed(verb="create", kind="task", name=name, error=quota) for name in names]
    other = Failed(verb="create", kind="task", name="job/d", error=CloudError("too long"))
    assert told(*events, other) == ["FAILED to create task job/a: no cores", "FAILED to create task job/d: too long"]
    with pytest.raises(CloudError) as raised:
        list(carried_out([*events, other]))
    assert str(raised.value).splitlines()[:2] == [
        "could not create 3 tasks (job/a, job/b, job/c): no cores",
        "could not create task job/d: too long",
    ]


# Errors and the rest.


def test_errors_go_to_stderr_whole() -> None:
    said = Said()
    said.printer.error(Refused(["one reason that is longer than the forty columns of this console", "two"]))
    assert said.err == ["error: one reason that is longer than the forty columns of this console", "two"]
    assert said.out == []


@pytest.mark.parametrize("terminal", [True, False])
def test_who_reads_both_streams_is_told_a_refusal_once(terminal: bool) -> None:
    said = Said(force_terminal=terminal, color_system=None)
    said.printer.plan(Plan(owner=OWNER, refusals=("one", "two")))
    said.printer.error(Refused(("one", "two")))
    whole = ["error: one", "two"]
    refused = ["error: refused, for the 2 reasons above;", "      nothing was changed"]
    assert said.err == (refused if terminal else whole)
    other = Said(force_terminal=terminal, color_system=None)
    other.printer.error(Refused(("one", "two")))
    assert other.err == whole, "no plan has told them"


def test_problems_of_a_spec_stand_at_their_places() -> None:
    said = Said()
    said.printer.error(
        SpecError(
            [
                Problem("spec.yaml", 12, 3, "unknown key", "unknown-key", "  pol: x", 3),
                Problem("spec.yaml", 2, 5, "too long", "too-long", "", 4),
                Problem("spec.yaml", 13, 3, "odd", "odd", "長: x", 1),
            ]
        )
    )
    assert said.err == [
        "spec.yaml:2:5: error: too long [too-long]",
        "spec.yaml:12:3: error: unknown key [unknown-key]",
        "    12 |   pol: x",
        "       |   ^^^",
        "spec.yaml:13:3: error: odd [odd]",
        "    13 | 長: x",
        "       |    ^",
    ]


def test_where_there_are_as_many_problems_as_are_told_there_may_be_more() -> None:
    few, many = Said(width=200), Said(width=200)
    problems = [Problem("spec.yaml", line, 1, "odd", "odd") for line in range(1, MOST_PROBLEMS + 1)]
    few.printer.error(SpecError(problems[1:]))
    many.printer.error(SpecError(problems))
    assert few.err[-1] == "spec.yaml:50:1: error: odd [odd]"
    assert many.err[-1] == "50 problems are told; there may be more when these are mended."


def test_the_caret_stands_below_what_is_shown() -> None:
    said = Said()
    said.printer.error(SpecError([Problem("spec.yaml", 1, 2, "odd", "odd", "\x1bx", 1)]))
    assert said.err[1:] == ["     1 | \\u001bx", "       |       ^"]


def test_of_a_very_long_line_what_is_around_the_place_is_shown() -> None:
    said = Said()
    said.printer.error(SpecError([Problem("spec.yaml", 1, 5001, "odd", "odd", "a" * 5000 + "b" * 5000, 5000)]))
    assert said.err[1:] == [f"     1 | …{'a' * 200}{'b' * 200}…", f"       | {' ' * 201}{'^' * 201}"]


def test_results_to_stdout_and_what_is_said_to_stderr() -> None:
    said = Said()
    said.printer.target("azure", "so it was said")
    said.printer.result("Apply complete.")
    said.printer.say("Starting…")
    assert (said.out, said.err) == (["Target: azure (so it was said)", "Apply complete."], ["Starting…"])


HOSTILE = "a\x1b]52;c;x\x07\r\x00\x85\u202eb\u200b\ud800"
SHOWN = "a\\u001b]52;c;x\\u0007\\u000d\\u0000\\u0085\\u202eb\\u200b\\ud800"


@pytest.mark.parametrize(
    "say",
    [
        lambda p: p.plan(diff(desired(Container(name=HOSTILE)), [])),
        lambda p: p.plan(Plan(owner=OWNER, notes=(HOSTILE,), refusals=(HOSTILE,))),
        lambda p: p.plan(diff(desired(), [], [Fetch(blob=output(HOSTILE), root=Path("/far"))])),
        lambda p: p.event(Applied(verb="create", kind="blob", name=HOSTILE)),
        lambda p: p.event(Failed(verb="create", kind="blob", name="x", error=CloudError(HOSTILE))),
        lambda p: p.event(TaskFailed(task=failed("a"), why=HOSTILE, stderr=(HOSTILE,))),
        lambda p: p.event(TaskFailed(task=failed(HOSTILE), why="broke", stderr=("x",))),
        lambda p: p.error(CloudError(HOSTILE)),
        lambda p: p.error(SpecError([Problem(HOSTILE, 1, 1, HOSTILE, "x", HOSTILE)])),
        lambda p: p.target(HOSTILE, HOSTILE),
        lambda p: p.result(HOSTILE),
        lambda p: p.say(HOSTILE),
    ],
)
def test_control_characters_of_strangers_are_shown_and_never_obeyed(say: Callable[[Printer], None]) -> None:
    said = Said(force_terminal=True, no_color=True)
    said.printer.out.style = said.printer.err.style = "none"
    say(said.printer)
    said.printer.done("plan")
    text = "\n".join(said.out + said.err)
    assert SHOWN in text
    assert not set("\x07\r\x00\x85\u202e\u200b\ud800") & set(text)
    assert "\x1b]" not in text


SEPARATORS = "\n\r\u2028\u2029\t\x0b\x0c\x1c\x85"
LINES = "a" + "".join(f"{separator}::error::" for separator in SEPARATORS)
ONE = "a" + "".join(f"\\u{ord(separator):04x}::error::" for separator in SEPARATORS)


@pytest.mark.parametrize(
    "say",
    [
        lambda p: p.plan(diff(desired(Container(name=LINES)), [])),
        lambda p: p.plan(diff(desired(pool(vm_size=LINES.replace("\n", "\r"))), [])),
        lambda p: p.plan(Plan(owner=OWNER, notes=(LINES,))),
        lambda p: p.plan(Plan(owner=OWNER, refusals=(LINES,))),
        lambda p: p.plan(Plan(owner=OWNER, later=(LaterFactory(factory="f", label=LINES, after=LINES),))),
        lambda p: p.plan(diff(desired(), [], [Fetch(blob=output(LINES), root=Path("/far"))])),
        lambda p: p.holdings(Holdings(owner=LINES, origins=(LINES,), counts=())),
        lambda p: p.event(Applied(verb="create", kind="blob", name=LINES)),
        lambda p: p.event(Failed(verb="create", kind="blob", name=LINES, error=CloudError("no"))),
        lambda p: p.event(Expanded(tasks=1, job=LINES)),
        lambda p: p.event(NodesWaiting(pool=LINES, nodes=())),
        lambda p: p.event(PoolNotice(pool="p", says=(LINES,))),
        lambda p: p.event(TaskFailed(task=failed("a"), why=LINES, stderr=())),
        lambda p: p.event(Fetched(blob=output(LINES), path="/far/a")),
        lambda p: p.event(NotFetched(blob=output("a"), why=LINES)),
        lambda p: p.error(Refused([LINES])),
        lambda p: p.error(SpecError([Problem(LINES, 1, 1, "no", "x")])),
        lambda p: p.error(SpecError([Problem("spec.yaml", 1, 1, LINES, "x")])),
        lambda p: p.target(LINES, "so"),
    ],
)
def test_a_name_of_strangers_starts_no_line(say: Callable[[Printer], None]) -> None:
    said = Said()
    say(said.printer)
    said.printer.done("plan")
    lines = "\n".join(said.out + said.err).splitlines()
    assert any(ONE.partition("::")[2] in line for line in lines)
    assert not [line for line in lines if line.lstrip().startswith("::")]


def test_names_in_a_list_start_no_line() -> None:
    assert some(["b", LINES]) == f"b, {ONE}"


@pytest.mark.parametrize("text", ["plain", "two\nlines", "ü 長 🎈", "[red]no markup[/red] :smile:"])
def test_what_is_harmless_is_printed_as_it_is(text: str) -> None:
    assert visible_text(text) == text
    said = Said()
    said.printer.say(text)
    assert said.err == text.split("\n")


def test_colour_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)

    def printed(*, terminal: bool, no_color: bool = False) -> str:
        stream = io.StringIO()
        monkeypatch.setattr(stream, "isatty", lambda: terminal, raising=False)
        monkeypatch.setattr(sys, "stdout", stream)
        Printer(*papers(no_color=no_color)).plan(diff(desired(Container(name="input")), []))
        return stream.getvalue()

    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b" not in printed(terminal=False)
    assert "\x1b[32m  + container input" in printed(terminal=True)
    assert "\x1b[32m" not in printed(terminal=True, no_color=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in printed(terminal=True)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b[32m" not in printed(terminal=True)


def test_results_and_progress_have_their_own_streams(capsys: pytest.CaptureFixture[str]) -> None:
    printer = Printer(*papers(no_color=True))
    printer.result("done")
    printer.say("working")
    assert capsys.readouterr() == ("done\n", "working\n")


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.0 KB"),
        (1536, "1.5 KB"),
        (1024**2, "1.0 MB"),
        (5 * 1024**3, "5.0 GB"),
        (3 * 1024**4, "3.0 TB"),
        (5000 * 1024**4, "5000.0 TB"),
    ],
)
def test_sizes(count: int, said: str) -> None:
    assert shown_size(count) == said


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, "(none)"),
        (True, "true"),
        (0, "0"),
        ("two\nlines", "two; lines"),
        ("x" * 301, "x" * 297 + "…"),
        (timedelta(hours=1, minutes=30), "PT1H30M"),
        ((("A", "1"), ("B", "2")), "[A=1, B=2]"),
        ((), "[]"),
        (Image(publisher="p", offer="o", sku="s"), "{publisher: p, offer: o, sku: s}"),
    ],
)
def test_values(found: Any, said: str) -> None:
    assert shown_value(found) == said


@pytest.mark.parametrize(
    ("snake", "said"),
    [
        ("vm_size", "vmSize"),
        ("node_agent_sku_id", "nodeAgentSKUId"),
        ("pool", "pool"),
        ("max_wall_clock_time", "maxWallClockTime"),
    ],
)
def test_names_of_fields_are_those_of_rest(snake: str, said: str) -> None:
    assert camel(snake) == said


@pytest.mark.parametrize(("text", "columns"), [("", 0), ("abc", 3), ("長い", 4), ("e\u0301", 1)])
def test_columns_on_a_terminal(text: str, columns: int) -> None:
    assert columns_of(text) == columns


def test_paths_are_shown_from_where_the_user_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_path(tmp_path / "a" / "b") == str(Path("a", "b"))
    assert shown_path(tmp_path.parent / "b") == str(tmp_path.parent / "b")


LONG = "/bin/bash -c 'set -e -o pipefail\none\ntwo\nthree'"


def test_a_changed_command_is_shown_by_the_lines_that_differ() -> None:
    old, new = StartTask(command_line=LONG), StartTask(command_line=LONG.replace("two", "zwei"))
    change = field_changes(pool(start_task=old), pool(start_task=new))
    held = Change(action=Action.UPDATE, before=pool(start_task=old), after=pool(start_task=new), fields=change)
    first, *rest = detail_lines(held)
    assert first == "startTask.commandLine: (can be patched only when the pool is empty)"
    assert [line for line in rest if line.strip()[:1] in "+-"] == ["    - two", "    + zwei"]


def test_a_new_task_is_shown_whole_when_all_is_asked_for() -> None:
    files = (ResourceFile(container="in", blob="a.txt", file_path="x.txt"), ResourceFile(http_url="https://e.org/a"))
    made = task(
        command_line=LONG,
        resource_files=files,
        output_files=(OutputFile(file_pattern="*.txt", container="out", path="p"),),
        environment=(("A", "1"), ("API_KEY", "canary")),
    )
    change = Change(action=Action.CREATE, after=made)
    assert list(detail_lines(change)) == []
    assert list(detail_lines(change, full=True)) == [
        "commandLine:",
        "    /bin/bash -c 'set -e -o pipefail",
        "    one",
        "    two",
        "    three'",
        "input: in/a.txt as x.txt",
        "input: https://e.org/a",
        "output: *.txt to out/p/*.txt",
        "environment: [A=1, API_KEY=(sensitive)]",
    ]


def test_a_long_line_is_broken_between_words_with_a_hanging_indent() -> None:
    line = "        image: one two three four"
    assert wrapped_line(line, 0) == wrapped_line(line, 80) == line
    assert wrapped_line(line, 24) == "        image: one two\n              three four"
    assert wrapped_line("  a " + "x" * 40, 20).splitlines()[-1].strip() == "x" * 40


def test_an_error_is_broken_between_words_on_a_narrow_terminal_alone() -> None:
    error = CloudError("four of the tasks failed (read-07, total); apply again runs them")
    narrow, piped = Said(force_terminal=True, color_system=None), Said(force_terminal=False)
    for said in (narrow, piped):
        said.printer.error(error)
    assert narrow.err == [
        "error: four of the tasks failed",
        "      (read-07, total); apply again runs",
        "      them",
    ]
    assert piped.err == [f"error: {error}"]


def test_ids_of_nodes_are_cut_for_people() -> None:
    node = f"tvmps_{'0123456789abcdef' * 4}_d"
    assert short_ids(f"node {node}: start task failed") == "node tvmps_01234567…_d: start task failed"
    assert short_ids("tvmps_1_d tvmps") == "tvmps_1_d tvmps"
    said = Said(width=200)
    said.printer.error(CloudError(f"node {node} is gone"))
    assert said.err == ["error: node tvmps_01234567…_d is gone"]

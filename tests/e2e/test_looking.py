"""What is going on: status, tasks, nodes and outputs of a run on real services."""

import csv
import json
import re
from collections.abc import Callable

import pytest

from tests.e2e.conftest import Workbench
from tests.emulator.stand import until
from tests.services import unique

pytestmark = pytest.mark.e2e


def test_a_run_is_looked_at_before_while_it_is_there_and_after(
    workbench: Workbench, named: Callable[[str], str]
) -> None:
    spec = named("canary.yaml")
    path = workbench.folder / spec
    text = path.read_text().replace("  canary: 2\n  maxFailures: 10%\n", "")
    path.write_text(text.replace("taskSlotsPerNode: 4\n", "taskSlotsPerNode: 4\n  afterRun: keep\n"))
    before = workbench.run("status", spec)
    assert (before.code, before.out.splitlines()[1:]) == (
        0,
        [f"Nothing of this spec is there: `batchctl apply {spec}` makes it."],
    )

    assert workbench.run("apply", spec, "--yes", "--var", "limit=18").code == 3
    seen = workbench.run("status", spec)
    assert seen.code == 0, seen.said
    assert "       20 tasks: 18 succeeded, 2 failed\n" in seen.out
    assert "failed 2 x exit code 7: square-19, square-20\n" in seen.out
    assert ": standard_d2s_v5, 4 slots a node; 1 node (1 idle) of 1 wanted\n" in seen.out

    assert workbench.run_unread("tasks", spec) == (0, "")
    # So short that it is written at the end alone.
    assert workbench.run_unread("nodes", spec, "-o", "json") == (0, "Target: local (no Azure account is named)\n")

    failed = workbench.run("tasks", spec, "--failed", "-o", "json")
    # They run at the same time: either may end first.
    assert sorted((row["task"], row["exitCode"], row["why"]) for row in json.loads(failed.out)) == [
        ("square-19", 7, "FailureExitCode"),
        ("square-20", 7, "FailureExitCode"),
    ]
    assert failed.err.startswith("Target: local")
    two = workbench.run("tasks", spec, "square-0[12]", "-o", "tsv")
    rows = list(csv.DictReader(two.out.splitlines(), delimiter="\t"))
    assert [row["task"] for row in rows] == ["square-01", "square-02"]
    assert all(float(row["ran"]) > 0 and float(row["waited"]) >= 0 for row in rows)
    (node,) = json.loads(workbench.run("nodes", spec, "-o", "json").out)
    assert (node["state"], node["totalTasks"], node["kind"]) == ("idle", 20, "dedicated")
    assert node["node"] == rows[0]["node"]
    written = json.loads(workbench.run("outputs", spec, "*/square-1?.txt", "-o", "json").out)
    assert [row["task"] for row in written] == [f"square-{n}" for n in range(10, 19)]

    # What failed runs again in the next generation, and is no failure any more.
    assert workbench.run("apply", spec, "--yes").code == 0
    again = workbench.run("status", spec).out
    assert "failed" not in again.replace("18 succeeded, 2 failed", "")
    assert workbench.run("tasks", spec, "--failed").out.splitlines()[1:] == ["GROUP"]
    assert workbench.run("destroy", spec, "--yes").code == 0
    assert "Nothing of this spec is there" in workbench.run("status", spec).out


def test_a_form_that_there_is_not(workbench: Workbench, named: Callable[[str], str]) -> None:
    refused = workbench.run("tasks", named("canary.yaml"), "-o", "xml")
    assert (refused.code, refused.err) == (64, "error: -o is one of table, json, tsv, yaml, not 'xml'\n")


def test_logs_from_the_node_and_from_the_container(workbench: Workbench, named: Callable[[str], str]) -> None:
    spec = named("canary.yaml")
    path = workbench.folder / spec
    text = path.read_text().replace("wait:", "logs: {condition: taskSuccess}\nwait:")
    more = "taskSlotsPerNode: 4\n  afterRun: keep\n  startTask: {commands: [echo started]}\n"
    text = text.replace("taskSlotsPerNode: 4\n", more)
    path.write_text(text.replace('echo "$((', "printf 'a\\tb\\033[1m c\\n::end'; echo \"$(("))
    assert "has written nothing yet" not in workbench.run("logs", spec, "square-01").said
    assert workbench.run("logs", spec, "square-01").err.endswith("error: no task of this run meets 'square-01'\n")
    assert workbench.run("apply", spec, "--yes", "--var", "limit=19").code == 3

    one = workbench.run("logs", spec, "square-01")
    assert (one.code, one.out) == (0, "a\tb c\n\\u003a:end\n")
    failed = workbench.run("logs", spec, "square-20", "--stderr", "-f")
    assert failed.out == "20 is too heavy\n"
    both = workbench.run("logs", spec, "square-0[12]", "--all").out.splitlines()
    assert both[:2] == ["[square-01 stdout] a\tb c", "[square-01 stdout] \\u003a:end"]
    assert len(both) == 4
    assert workbench.run("logs", spec, "node.tvm").out == "started\n"

    listed = json.loads(workbench.run("ls", spec, "square-01", "-o", "json").out)
    files = {row["file"]: (row["size"], row["from"]) for row in listed}
    assert {"stdout.txt": (15, "node"), "wd/square-01.txt": (2, "node")}.items() <= files.items()
    assert "startup/stdout.txt" in workbench.run("ls", spec, "node.tvm", "startup/*").out
    assert workbench.run("get", spec, "square-0[12]", "std*.txt", "wd/*", "--to", "got").code == 0
    assert (workbench.folder / "got/square-02/wd/square-02.txt").read_text() == "4\n"
    assert (workbench.folder / "got/square-01/stdout.txt").read_bytes() == b"a\tb\033[1m c\n::end"
    again = workbench.run("get", spec, "square-0[12]", "std*.txt", "wd/*", "--to", "got")
    assert (again.code, "6 files are at home already" in again.said) == (0, True)
    (workbench.folder / "got/square-02/stdout.txt").write_text("mine")
    asked = workbench.run("get", spec, "square-0[12]", "std*.txt", "wd/*", "--to", "got")
    assert (asked.code, (workbench.folder / "got/square-02/stdout.txt").read_text()) == (64, "mine")
    assert workbench.run("get", spec, "square-0[12]", "std*.txt", "wd/*", "--to", "got", "--yes").code == 0
    assert (workbench.folder / "got/square-02/stdout.txt").read_text() != "mine"
    assert workbench.run("get", spec, "square-01", "*.csv").code == 1

    name = json.loads(workbench.run("nodes", spec, "-o", "json").out)[0]["node"]
    assert workbench.run("logs", spec, f"node.{name}").out == "started\n"
    found = re.search(r"(?m)^  id: (\S+)$", path.read_text())
    assert found is not None
    assert workbench.run("destroy", spec, "--yes", "--only", f"pool.{found[1]}").code == 0
    assert workbench.run("logs", spec, "square-01").out == one.out
    assert workbench.run("get", spec, "square-01", "square-01.txt", "stdout.txt", "--to", "kept").code == 0
    kept_files = {str(path.relative_to(workbench.folder)) for path in workbench.folder.rglob("kept/**/*.txt")}
    assert kept_files == {"kept/square-01.txt", "kept/square-01/stdout.txt"}
    assert "nobody can read what square-20 wrote any more" in workbench.run("ls", spec, "square-20").err
    gone = workbench.run("logs", spec, "square-20", "--stderr")
    assert gone.code == 1
    assert "nobody can read what square-20 wrote any more" in gone.err
    why = workbench.run("why", spec, "task.square-20").out
    assert "\nnobody can read what square-20 wrote any more: " in why
    assert why.endswith(f"  -> `batchctl apply {spec}` runs it again\n")
    some = workbench.run("logs", spec, "square-01", "square-20")
    assert (some.code, some.out) == (0, one.out)
    assert "nobody can read what square-20 wrote any more" in some.err
    assert workbench.run("destroy", spec, "--yes", "--discard-outputs").code == 0


def test_why_a_task_failed_and_why_another_never_runs(workbench: Workbench, named: Callable[[str], str]) -> None:
    spec = named("canary.yaml")
    path = workbench.folder / spec
    text = path.read_text().replace("  canary: 2\n  maxFailures: 10%\n", "")
    text = text.replace("taskSlotsPerNode: 4\n", "taskSlotsPerNode: 4\n  afterRun: keep\n")
    last = "    - {id: last, dependsOn: [{factory: square}], commands: [echo end]}\n"
    found = re.search(r"container: (\S+?)}", text)
    assert found is not None
    last += f"    - {{id: none, commands: [echo odd], outputFiles: [{{filePattern: '*.x', container: {found[1]}}}]}}\n"
    path.write_text(text.replace("wait:", f"{last}wait:"))
    assert workbench.run("why", spec, "task.last").code == 1
    assert workbench.run("apply", spec, "--yes", "--var", "limit=19").code == 3
    failed = workbench.run("why", spec, "task.square-20")
    assert failed.code == 0
    assert ": exit code 7\n  | 20 is too heavy\n  -> `batchctl logs " in failed.out
    none = workbench.run("why", spec, "task.none").out
    assert f"\nbut the output '{found[1]}/*.x' is not there\n  | odd\n  -> `batchctl logs " in none
    assert "but the output" not in workbench.run("why", spec, "task.square-19").out
    blocked = workbench.run("why", spec, "task.last").out
    assert "nothing of it runs any more" in blocked
    pool = re.search(r"(?m)^  id: (\S+)$", path.read_text())
    assert pool is not None
    assert "all of them may run tasks" in workbench.run("why", spec, f"pool.{pool[1]}").out
    nobodys = workbench.run("why", spec, "pool.nobodys").err
    assert nobodys.endswith(f"error: there is no pool 'nobodys'; of this spec: '{pool[1]}'\n")
    assert workbench.run("why", spec, "square-20").code == 64
    assert workbench.run("destroy", spec, "--yes", "--discard-outputs").code == 0


def test_streams_are_kept_and_are_no_outputs(workbench: Workbench, named: Callable[[str], str]) -> None:
    spec = named("hello.yaml")
    path = workbench.folder / spec
    assert workbench.run("apply", spec, "--yes").code == 0
    assert workbench.run("logs", spec, "hello").out.startswith("Hello from tvm")
    assert workbench.run("outputs", spec).out.splitlines()[1:] == ["BLOB"]
    # Which of them are kept is no reason to run again, and nobody speaks of those whose task left the spec.
    text = path.read_text()
    path.write_text(text.replace("}\nwait", ", condition: taskFailure}\nwait"))
    assert workbench.run("plan", spec, "--detailed-exitcode").code == 0
    path.write_text(text.replace("    - id: hello\n", "    - id: other\n"))
    planned = workbench.run("plan", spec)
    assert "1 task to run" in planned.out
    assert "outputs of tasks" not in planned.out
    path.write_text(text)
    assert workbench.run("destroy", spec, "--yes").code == 0


BESIDE = """
version: 1
name: {name}
pool:
  id: {name}
  vmSize: Standard_D2s_v5
  image: {{publisher: canonical, offer: ubuntu-24_04-lts, sku: server}}
  targetDedicatedNodes: 2
  enableInterNodeCommunication: true
  afterRun: keep
job:
  id: {name}
  jobPreparationTask: {{commands: [echo prepared]}}
  jobReleaseTask: {{commands: [echo released]}}
  tasks:
    - id: ring
      multiInstanceSettings: {{numberOfInstances: pool, coordinationCommands: [echo coordinated]}}
      commands: [echo done]
wait: {{timeout: 5m}}
"""


def test_logs_of_what_runs_beside_the_tasks(workbench: Workbench) -> None:
    name = unique("beside")
    (workbench.folder / "spec.yaml").write_text(BESIDE.format(name=name))
    assert workbench.run("apply", "spec.yaml", "--yes").code == 0
    assert workbench.run("logs", "spec.yaml", "ring/*").out == "coordinated\n"
    both = workbench.run("logs", "spec.yaml", "ring/1", "ring").out.splitlines()
    assert both == ["[ring/1] coordinated", "[ring] coordinated", "[ring] done"]
    prepared = workbench.run("logs", "spec.yaml", "preparation.*").out.splitlines()
    assert [line.partition("] ")[2] for line in prepared] == ["prepared", "prepared"]
    assert all(line.startswith(f"[{name}/") for line in prepared)
    until(lambda: workbench.run("logs", "spec.yaml", "release.*").out.count("released") == 2, "its release")
    assert workbench.run("get", "spec.yaml", "ring/1", "stdout.txt", "--to", "sub").code == 0
    assert (workbench.folder / "sub/stdout.txt").read_text() == "coordinated\n"
    assert workbench.run("logs", "spec.yaml", "ring/7").err.endswith("error: no task of this run meets 'ring/7'\n")
    assert workbench.run("destroy", "spec.yaml", "--yes").code == 0

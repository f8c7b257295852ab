"""Stories: what plan says and what apply does, step by step on one cloud, as data in `cases/plans/*.yaml`.

A story starts in a copy of `two-texts/`, a checkout of that name, and has `steps`. Each step first changes the world:
`edit` (texts of the spec to replace), `spec`, `files` (null: removed), `vars`, `fails` (exit codes by task),
`by_hand` (a list of rows of HANDS); then runs `verb` (apply unless said; destroy, plan), maybe with the choices
of CHOSEN or `crash_after` (so many writes), and may say what it expects: `plan`, the lines exactly as printed;
`ends`, the exit code or `crash` (0 unless said); `says`, pieces of what stderr holds; `runs`, the tasks that were
added; `home`, files that are at home after it; `left`, all that the cloud holds after it, with `owner` where it is
ours; `then`, the plan after it (empty unless said, and then a second apply sends no write).
"""

import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from batchctl.cloud_answers import BrokenNodes
from batchctl.errors import BatchctlError
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.events import Event
from batchctl.reconcile.kept.codec import Codec
from batchctl.reconcile.kept.document import plan_from_json, plan_to_json
from batchctl.reconcile.plan import Plan
from batchctl.render.printer import Printer
from batchctl.render.stream import JsonPrinter
from batchctl.render.terminal import Terminal
from batchctl.resources import Job, Task
from batchctl.spec.load import load
from batchctl.spec.model import Spec
from tests import verbs
from tests.clock import FakeClock
from tests.fake_cloud import UBUNTU, Crash, FakeCloud
from tests.reconcile.build import pool
from tests.streams import checked

STORIES_AT = Path(__file__).parent / "cases" / "plans"
STORIES = sorted(STORIES_AT.glob("*.yaml"))
CHOSEN: dict[str, Callable[[Any], Any]] = {
    "rerun": tuple,
    "only": tuple,
    "replace": tuple,
    "reboot_nodes": bool,
    "discard_outputs": bool,
    "force": bool,
    "adopt": bool,
    "prune_outputs": bool,
}
WORLD = {"edit", "spec", "files", "vars", "fails", "by_hand", "verb", "crash_after", *CHOSEN}
EXPECTED = {"plan", "ends", "says", "runs", "home", "left", "then"}


def _put(cloud: FakeCloud, blob: str, text: str) -> None:
    container, _, path = blob.partition("/")
    cloud.put(container, path, text.encode())


def _snapshot(cloud: FakeCloud, blob: str, count: int = 1) -> None:
    container, _, path = blob.partition("/")
    found, data = cloud.stored[container, path]
    cloud.stored[container, path] = replace(found, snapshots=count), data


def _delete(cloud: FakeCloud, blob: str) -> None:
    container, _, path = blob.partition("/")
    del cloud.stored[container, path]


def _change_pool(cloud: FakeCloud, id: str, **fields: Any) -> None:
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    cloud.pools[id.lower()] = replace(cloud.pools[id.lower()], **values)


def _change_job(cloud: FakeCloud, id: str, **fields: Any) -> None:
    cloud.jobs[id.lower()] = replace(cloud.jobs[id.lower()], **fields)


def _begin(cloud: FakeCloud, task: str, state: str = "running") -> None:
    job, _, id = task.partition("/")
    cloud.added[job][id] = replace(cloud.added[job][id], state=state)


def _make_pool(cloud: FakeCloud, id: str, owner: str | None = None) -> None:
    cloud.pools[id.lower()] = replace(pool(id, image=UBUNTU), owner=owner, state="active")


def _make_job(cloud: FakeCloud, id: str, owner: str | None = None, pool: str = "theirs", runs: str = "") -> None:
    cloud.jobs[id.lower()] = Job(name=id, pool=pool, owner=owner, state="active")
    cloud.added[id.lower()] = {runs: Task(job=id, id=runs, state="running")} if runs else {}


def _make_container(cloud: FakeCloud, name: str, owner: str | None = None) -> None:
    cloud.containers[name] = owner


def _lease(cloud: FakeCloud, name: str) -> None:
    cloud.leased.add(name)


def _lose_md5(cloud: FakeCloud, blob: str) -> None:
    """As setting a blob's other properties does: its time of change moves as well."""
    container, _, path = blob.partition("/")
    held, data = cloud.stored[container, path]
    written = cloud.put(container, path, data, held.owner, held.task)
    cloud.stored[container, path] = replace(written, md5=None), data


def _ail(cloud: FakeCloud, pool: str, **said: Any) -> None:
    well = cloud.health(pool)
    told = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
    told["broken"] = tuple(BrokenNodes(**nodes | {"codes": tuple(nodes["codes"])}) for nodes in told.get("broken", ()))
    cloud.ailing[pool] = replace(well, **{"state": "active"} | told)


def _lose_nodes(cloud: FakeCloud) -> None:
    """From now on no task's files are left."""
    cloud.nodes_gone = True


HANDS: dict[str, Callable[..., None]] = {
    "put": _put,
    "snapshot": _snapshot,
    "delete": _delete,
    "change_pool": _change_pool,
    "change_job": _change_job,
    "begin": _begin,
    "make_pool": _make_pool,
    "make_job": _make_job,
    "make_container": _make_container,
    "lease": _lease,
    "ail": _ail,
    "lose_md5": _lose_md5,
    "lose_nodes": _lose_nodes,
}


class Story:
    """One cloud, one folder, and the spec as it is by now."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(STORIES_AT / "two-texts", folder, dirs_exist_ok=True)
        (folder / ".git").mkdir()
        (folder / ".git" / "config").write_text('[remote "origin"]\n\turl = https://example.org/two-texts\n')
        self.cloud, self.folder, self.text = FakeCloud(), folder, (folder / "spec.yaml").read_text()
        self.variables: dict[str, str] = {}
        self.choices = Choices()

    def prepare(self, step: dict[str, Any]) -> None:
        self.write(step.get("files", {}))
        self.text = step.get("spec", self.text)
        for old, new in step.get("edit", {}).items():
            assert old in self.text, f"the spec has no {old!r}"
            self.text = self.text.replace(old, new)
        self.variables = step.get("vars", self.variables)
        self.choices = Choices(**{word: CHOSEN[word](step[word]) for word in CHOSEN if word in step})
        self.cloud.fails = step.get("fails", {})
        for hand in step.get("by_hand", ()):
            for name, arguments in hand.items():
                HANDS[name](self.cloud, **arguments)
        self.cloud.crash_after = None
        if "crash_after" in step:
            self.cloud.crash_after = len(self.cloud.writes) + step["crash_after"]

    def write(self, files: dict[str, str | None]) -> None:
        for path, text in files.items():
            if text is None:
                (self.folder / path).unlink()
            else:
                (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / path).write_text(text)

    def spec(self) -> Spec:
        (self.folder / "spec.yaml").write_text(self.text)
        return load(self.folder / "spec.yaml", self.variables, {})

    def events(self, verb: str, approve: Callable[[Plan], bool]) -> Iterator[Event]:
        if verb == "destroy":
            yield from verbs.destroy(self.spec(), self.cloud, FakeClock(), approve, self.choices)
        elif verb == "apply":
            yield from verbs.apply(self.spec(), self.cloud, FakeClock(), approve, self.choices)
        else:
            assert verb == "plan"
            approve(verbs.plan(self.spec(), self.cloud, self.choices))

    def run(self, verb: str) -> dict[str, Any]:
        """What happened, in the words of a step."""
        out, err = io.StringIO(), io.StringIO()
        printer = Printer(Terminal(file=out, highlight=False), Terminal(file=err, highlight=False))
        stream = io.StringIO()
        program = JsonPrinter(stream, printer, FakeClock())
        program.begin(verb)
        codec = Codec(folder=self.folder)
        before = len(self.cloud.writes)

        def approve(plan: Plan) -> bool:
            printer.plan(plan)
            program.plan(plan)
            assert plan_from_json(json.loads(json.dumps(plan_to_json(plan, codec))), codec) == plan
            return True

        ends: int | str = 0
        try:
            for event in self.events(verb, approve):
                printer.event(event)
                program.event(event)
            program.done(verb)
        except BatchctlError as error:
            printer.error(error)
            program.error(error)
            ends = error.exit_code
        except Crash:
            ends = "crash"
        if ends != "crash":
            assert checked(stream.getvalue())[-1]["exitCode"] == ends
        self.cloud.crash_after = None
        writes = self.cloud.writes[before:]
        assert writes == [] or ends != 4, "refused, and yet something was written"
        return {
            "plan": out.getvalue().splitlines(),
            "ends": ends,
            "says": err.getvalue(),
            "runs": [name for verb, kind, name in writes if (verb, kind) == ("create", "task")],
            "writes": writes,
        }

    def home(self) -> dict[str, str]:
        found = sorted(p for p in (self.folder / "results").rglob("*") if p.is_file())
        return {p.relative_to(self.folder / "results").as_posix(): p.read_text() for p in found}

    def left(self) -> dict[str, str | None]:
        cloud = self.cloud
        held = [(f"container {name}", owner) for name, owner in cloud.containers.items()]
        held += [(f"blob {blob.name}", blob.owner) for blob, _ in cloud.stored.values()]
        held += [(f"pool {p.name}", p.owner) for p in cloud.pools.values()]
        held += [(f"job {j.id}", j.owner) for j in cloud.jobs.values()]
        return dict(held)


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_story(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    story = Story(tmp_path)
    for number, step in enumerate(data["steps"], 1):
        assert set(step) <= WORLD | EXPECTED, f"step {number} has an unknown word"
        story.prepare(step)
        _expect(story, step, f"step {number}")


def _expect(story: Story, step: dict[str, Any], where: str) -> None:
    verb = step.get("verb", "apply")
    happened = story.run(verb)
    assert happened["ends"] == step.get("ends", 0), f"{where}: {happened['says']}"
    if "plan" in step:
        assert _lines(happened["plan"], step["plan"]) == step["plan"].rstrip("\n"), where
    for piece in step.get("says", ()):
        assert piece in happened["says"], where
    assert happened["runs"] == step.get("runs", happened["runs"]), where
    assert set(story.home()) == set(step.get("home", story.home())), where
    assert story.left() == step.get("left", story.left()), where
    if verb != "apply" or "crash_after" in step:
        return
    story.cloud.fails, story.choices = {}, Choices()
    after = "\n".join(story.run("plan")["plan"])
    if "then" in step:
        assert _lines(after.splitlines(), step["then"]) == step["then"].rstrip("\n"), where
        return
    if step.get("ends", 0) == 0:
        assert after.splitlines()[-1].startswith("No changes."), f"{where}: the plan afterwards is\n{after}"
        assert story.run("apply")["writes"] == [], f"{where}: the second apply wrote"


def _lines(shown: list[str], expected: str) -> str:
    """What a run can cost is told of each: a story in which it is the subject expects it."""
    return "\n".join(line for line in shown if "eiling: " in expected or not re.match("(No c|C)eiling: ", line))


def test_there_are_stories() -> None:
    assert len(STORIES) >= 16


def test_every_hand_and_word_is_used() -> None:
    steps = [step for path in STORIES for step in yaml.safe_load(path.read_text(encoding="utf-8"))["steps"]]
    assert {word for step in steps for word in step} == WORLD | EXPECTED
    assert {name for step in steps for hand in step.get("by_hand", ()) for name in hand} == set(HANDS)

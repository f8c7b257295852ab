"""Every field that a spec can set, changed alone, on both clouds: what the plan shows is what is written, at once, and
nothing else is. The cases are data: `cases/fields.yaml`.

A case has `field` (kind and field of the vocabulary), `before` and `after` (what is laid over BASE and over `before`;
null takes a key out), `files` (as they are after), `plan` (its lines), `writes` (the mutating requests, in their order
but for what goes on at the same time), and maybe `choices`. `refused` instead of `writes`: what an account like the
local one answers. NAME stands for the spec's name.
"""

import copy
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from batchctl.errors import BatchctlError, Stuck
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.plan import Plan
from batchctl.render.printer import Printer
from batchctl.render.terminal import Terminal
from batchctl.resources import KINDS
from batchctl.rules import Rule
from batchctl.spec.load import load
from batchctl.spec.model import Spec
from batchctl.work import HANDLING
from tests import verbs
from tests.counted import Quick, Side, real_side
from tests.fake_cloud import FakeCloud
from tests.services import unique

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "fields.yaml").read_text(encoding="utf-8"))
BASE: dict[str, Any] = CASES[0]["base"]
CHANGES: list[dict[str, Any]] = CASES[1:]


@pytest.fixture(scope="module", params=["fake", pytest.param("real", marks=pytest.mark.services)])
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    if request.param == "fake":
        fake = FakeCloud()
        yield Side(fake, fake)
        return
    with real_side(request.getfixturevalue("services")) as found:
        yield found


def laid_over(below: Any, above: Any) -> Any:
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    merged = {key: laid_over(below.get(key), value) for key, value in above.items()}
    return {key: value for key, value in {**below, **merged}.items() if value is not None}


def with_task(below: Any, above: dict[str, Any]) -> Any:
    """`task` stands for what is laid over the first task of the job."""
    rest = {key: value for key, value in above.items() if key != "task"}
    found = laid_over(copy.deepcopy(below), rest)
    if found["job"].get("tasks"):
        found["job"]["tasks"][0] = laid_over(found["job"]["tasks"][0], above.get("task", {}))
    return found


@dataclass
class Desk:
    """A folder with a spec in it, and a cloud."""

    folder: Path
    name: str
    side: Side

    def spec(self, content: dict[str, Any], files: dict[str, str]) -> Spec:
        for file, text in files.items():
            (self.folder / file).write_text(text)
        path = self.folder / "spec.yaml"
        path.write_text(json.dumps(content).replace("NAME", self.name))
        return load(path, {}, {})

    def applied(self, spec: Spec, choices: Choices) -> tuple[str, list[str]]:
        """The plan's lines, and what was written."""
        out = io.StringIO()
        printer = Printer(Terminal(file=out, highlight=False), Terminal(file=io.StringIO()))

        def approve(plan: Plan) -> bool:
            printer.plan(plan)
            return True

        before = [len(lines) for lines in self.side.written()]
        with suppress(Stuck):
            for _ in verbs.apply(spec, self.side.cloud, Quick(), approve, choices):
                pass
        since = [line for lines, seen in zip(self.side.written(), before, strict=True) for line in lines[seen:]]
        shown = re.sub(r"tvmps_[\w…]+|node-\d+", "NODE", out.getvalue())
        # BASE has no nodes, so that nothing ends while it is looked at: every plan would say so. What is on paper the
        # real service alone says.
        notes = re.compile(r"^  note: (pool .* will have no nodes|on paper here).*\n", re.MULTILINE)
        shown = notes.sub("", shown.replace(self.name, "NAME"))
        shown = shown.replace("standard_d2s_v5", "Standard_D2s_v5")  # the service has sizes in small letters
        # What a run can cost, and what a pool does, is told of each, and no subject here.
        shown = re.sub(r"^((No c|C)eiling: |  note: pool .* costs while it has ).*\n", "", shown, flags=re.MULTILINE)
        return shown, [line.replace(self.name, "NAME") for line in since]


@contextmanager
def desk(folder: Path, side: Side) -> Iterator[Desk]:
    found = Desk(folder, unique("set"), side)
    try:
        yield found
    finally:
        spec = found.spec(BASE, CASES[0]["files"])
        list(verbs.destroy(spec, side.cloud, Quick(), lambda _: True, Choices(discard_outputs=True)))


@pytest.mark.parametrize("case", CHANGES, ids=lambda case: case["field"])
def test_a_field_changed_alone(case: dict[str, Any], side: Side, tmp_path: Path) -> None:
    before = with_task(BASE, case.get("before", {}))
    after = with_task(before, case.get("after", {}))
    choices = Choices(**case.get("choices", {}))
    if "refused" in case and not side.fake:
        wanted = with_task(BASE, {**case.get("after", {}), **case.get("before", {})})
        with desk(tmp_path, side) as at, pytest.raises(BatchctlError, match=case["refused"]):
            at.applied(at.spec(wanted, CASES[0]["files"]), Choices())
        return
    with desk(tmp_path, side) as at:
        at.applied(at.spec(before, CASES[0]["files"]), Choices())
        changed = at.spec(after, case.get("files", {}))
        shown, written = at.applied(changed, choices)
        plan = verbs.plan(changed, side.cloud)
        again = at.applied(changed, Choices())[1]
    assert shown.splitlines() == case["plan"].splitlines()
    assert side.fake or written == case["writes"]
    assert (plan.changes, plan.refusals, again) == ((), (), [])
    notes = [note.replace(at.name, "NAME") for note in plan.notes if " keeps its " in note]
    assert [note for note in notes if note not in shown] == []


SHOWN = {
    Rule.IN_PLACE: "(in place)",
    Rule.WHEN_EMPTY: "(can be patched only when the pool is empty)",
    Rule.NEW_GENERATION: "generation",
    Rule.NEXT_JOB: "(from its next job on)",
    Rule.REPLACE: "(by replacing it)",
}
SETTABLE = [(kind.kind, f) for kind in KINDS for f in fields(kind) if not f.metadata.get("observed")]
UNSET = {("task", "digest"), ("task", "factory"), ("task", "manager"), ("job", "raw"), ("task", "raw")}
"""What no spec sets: a digest stands for the fields of which it is made, a factory is but a name, its job tells of a
manager, and of jobs and tasks there is nothing by now that no word says."""
COMPARED = [(k, f.name, f.metadata["rule"]) for k, f in SETTABLE if "rule" in f.metadata]
BY_DIGEST = [(k, f.name, Rule.NEW_GENERATION) for k, f in SETTABLE if k == "task" and "always" in f.metadata]
HANDLED = [f.name for k, f in SETTABLE if k == "task" and f.metadata.get("digest") == HANDLING]


@pytest.mark.parametrize(("kind", "name", "rule"), [f for f in (*COMPARED, *BY_DIGEST) if f[:2] not in UNSET])
def test_every_field_and_its_rule_has_a_case(kind: str, name: str, rule: Rule) -> None:
    [case, *_] = [c for c in CHANGES if c["field"].split()[0] == f"{kind}.{name}"]
    shown = {"blob": "content changed"}.get(kind, SHOWN[rule])
    # How a task is shown, and what its failure means, is no reason to run it again.
    assert shown in case["plan"] or name in HANDLED

"""Saved plans that stand and that do not, as data in `cases/saved/*.yaml`; the rules of the document itself.

A case has `before` (steps of a story that are applied first) and `planned` (what changes before the plan is saved),
both in the words of `test_plans`; then `meanwhile`, a list of steps in the same words, and of these: `applies` (the
saved plan is applied, and does what it says, or dies on the way), `applies_another` (of the spec itself),
`destroys`, `hours` (that pass), `batch` (the address
that is asked), `checkout` (the folder moves). At last the saved plan is applied:
`refused` has the reasons exactly, and nothing was written; without it the plan is carried out.
"""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from batchctl.cli.options import Options
from batchctl.cli.saved_plans import _variables_again
from batchctl.errors import Refused, UsageError
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.kept.comparison import how_it_differs, why_another_account, why_outdated
from batchctl.reconcile.kept.document import (
    Header,
    Place,
    Saved,
    document_text,
    is_document,
    read_document,
    to_document,
)
from batchctl.reconcile.plan import Action
from batchctl.spec.reading.schema import schema_text
from batchctl.verbs.saved import Occasion, approve_unchanged, save, ticket
from tests import verbs
from tests.clock import START, FakeClock
from tests.fake_cloud import Crash
from tests.test_plans import Story

CASES = sorted((Path(__file__).parent / "cases" / "saved").glob("*.yaml"))
HERE = Place(batch="https://here.westeurope.batch.azure.com", storage="https://here.blob.core.windows.net")
OURS = {"applies", "applies_another", "destroys", "hours", "batch", "checkout"}


class Desk:
    """A story, the plan that was saved in it, and what time and place it is by now."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.story, self.home = Story(folder), home
        self.now, self.place = START, HERE
        self.kept = ""

    def keep(self) -> Saved:
        spec, choices = self.story.spec(), self.story.choices
        decided = verbs.plan(spec, self.story.cloud, choices)
        variables = tuple(self.story.variables.items())
        when = Occasion(spec="spec.yaml", target=HERE, id="0" * 16, now=START, variables=variables, choices=choices)
        kept = save(decided, spec, when)
        self.kept = document_text(kept)
        return kept

    def apply(self) -> list[tuple[str, str, str]]:
        """What the command does; returns what was written."""
        saved, spec = read_document(self.kept), self.story.spec()
        before = len(self.story.cloud.writes)
        reasons = why_outdated(saved.header, spec.source.digest, self.now) or why_another_account(
            saved.header.target, self.place
        )
        if reasons:
            raise Refused(reasons)
        events = verbs.apply(
            spec,
            self.story.cloud,
            FakeClock(),
            approve_unchanged(saved, spec),
            saved.header.choices,
            ticket=ticket(saved),
        )
        for _ in events:
            pass
        return self.story.cloud.writes[before:]

    def meanwhile(self, step: dict[str, Any]) -> None:
        self.story.prepare({word: value for word, value in step.items() if word not in OURS})
        if step.get("applies") == "crash":
            with pytest.raises(Crash):
                self.apply()
            self.story.cloud.crash_after = None
        elif step.get("applies"):
            assert self.apply() or not read_document(self.kept).plan["changes"]
        if step.get("applies_another"):
            assert self.story.run("apply")["ends"] == 0
        if step.get("destroys"):
            assert self.story.run("destroy")["ends"] == 0
        if "checkout" in step:
            shutil.move(self.story.folder, self.home / step["checkout"])
            self.story.folder = self.home / step["checkout"]
        self.now += timedelta(hours=step.get("hours", 0))
        self.place = replace(self.place, batch=step.get("batch", self.place.batch))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path, tmp_path: Path) -> None:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(case) <= {"before", "planned", "meanwhile", "refused"}
    desk = Desk(tmp_path / "here", tmp_path)
    for step in case.get("before", ()):
        desk.story.prepare(step)
        assert desk.story.run("apply")["ends"] == 0
    desk.story.prepare(case.get("planned", {}))
    desk.keep()
    for step in case.get("meanwhile", ()):
        desk.meanwhile(step)
    before = list(desk.story.cloud.writes)
    if "refused" not in case:
        planned = {(c["kind"], c["name"]) for c in read_document(desk.kept).plan["changes"]}
        assert {(kind, name) for verb, kind, name in desk.apply() if verb != "seal"} == planned
        return
    with pytest.raises(Refused) as raised:
        desk.apply()
    assert [line.strip() for line in str(raised.value).splitlines()] == case["refused"]
    assert desk.story.cloud.writes == before


@pytest.mark.parametrize("then", Action, ids=lambda action: action.name.lower())
@pytest.mark.parametrize("now", Action, ids=lambda action: action.name.lower())
def test_whatever_was_to_be_done_can_be_told(desk: Desk, then: Action, now: Action) -> None:
    kept = desk.keep()
    plans = [{**kept.plan, "changes": [_change(action)]} for action in (then, now)]
    saved = replace(kept, plan=plans[0])
    said = f"pool p: was to be {then.past}, and would now be {now.past}"
    assert how_it_differs(saved, plans[1]) == (() if then is now else (said,))
    assert how_it_differs(saved, {**kept.plan, "changes": []}) == (
        f"pool p: was to be {then.past}, and is not any more",
    )


def _change(action: Action) -> dict[str, str]:
    return {"action": action.name.lower(), "kind": "pool", "name": "p"}


def test_there_are_cases() -> None:
    assert len(CASES) >= 15


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "here", tmp_path)


def test_the_document_is_as_its_schema_says(desk: Desk) -> None:
    schema = json.loads(schema_text("plan"))
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    validator.validate(to_document(desk.keep()))
    desk.apply()
    desk.story.prepare(
        {
            "edit": {"targetDedicatedNodes: 1": "targetDedicatedNodes: 2", "texts/*.txt": "texts/a.txt"},
            "files": {"texts/a.txt": "else"},
            "by_hand": [{"change_pool": {"id": "count", "target_spot_nodes": 3}}],
            "vars": {"words": "4"},
            "rerun": ["all"],
        }
    )
    shutil.rmtree(desk.story.folder / "results")
    written = to_document(desk.keep())
    validator.validate(written)
    assert {c["action"] for c in written["plan"]["changes"]} == {"create", "update", "delete"}
    assert written["plan"]["fetches"]
    assert list(validator.iter_errors({**written, "batchctlPlan": 2}))
    assert list(validator.iter_errors({**written, "plan": {**written["plan"], "more": 1}}))


def test_the_text_is_one_that_people_read(desk: Desk) -> None:
    kept = desk.keep()
    lines = desk.kept.splitlines()
    assert lines[:2] == ["{", '  "batchctlPlan": 1,']
    assert sum('{"action": "create", "kind": "task"' in line for line in lines) == 2
    assert json.loads(desk.kept) == to_document(kept)
    assert document_text(read_document(desk.kept)) == desk.kept


def test_a_plan_is_told_from_a_spec_by_its_beginning(desk: Desk) -> None:
    desk.keep()
    assert is_document(desk.kept[:100])
    assert is_document('\ufeff\n{"batchctlPlan":1,')
    assert not is_document('{"version": 1, "name": "batchctlPlan"}')
    assert not is_document(desk.story.text)


def test_a_plan_comes_back_as_it_was_made(desk: Desk) -> None:
    desk.keep()
    decided = verbs.plan(desk.story.spec(), desk.story.cloud)
    assert read_document(desk.kept).decoded(desk.story.folder) == decided


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda kept: kept[: len(kept) // 2], "the plan is damaged"),
        (lambda kept: "[1]", "the plan is damaged"),
        (lambda kept: "{}", "the plan is damaged"),
        (
            lambda kept: kept.replace('"batchctlPlan": 1', '"batchctlPlan": 2'),
            "has format 2, and this batchctl reads 1",
        ),
        (lambda kept: kept.replace('"create"', '"delete"', 1), "was edited after it was made"),
        (lambda kept: kept.replace('"digest"', '"other"'), "the plan is damaged"),
    ],
    ids=["truncated", "list", "empty", "newer", "edited", "without-digest"],
)
def test_a_document_that_is_not_as_it_was_written_is_refused(desk: Desk, change: Any, says: str) -> None:
    desk.keep()
    with pytest.raises(Refused, match=says):
        read_document(change(desk.kept))


SETTING = "      environmentSettings: [{name: API_TOKEN, value: canary-two}]\n"


def test_no_secret_is_in_a_saved_plan(desk: Desk) -> None:
    """Canaries everywhere that a value can come in: a variable, a setting, a command, what the service holds."""
    desk.story.prepare(
        {
            "edit": {
                "vars:": "vars:\n  db_password: {type: string}",
                "      commands:\n        - python3": SETTING
                + "      commands:\n        - echo {vars.db_password}\n        - python3",
            },
            "vars": {"db_password": "canary'one", "words": "3"},
        }
    )
    kept = desk.keep()
    assert "canary" not in desk.kept
    assert desk.kept.count("(sensitive ") > 4
    assert dict(kept.header.variables)["words"] == "3"
    desk.story.variables["db_password"] = "canary'two"
    with pytest.raises(Refused, match=r"environment|commandLine|digest"):
        desk.apply()
    desk.story.variables["db_password"] = "canary'one"
    assert desk.apply()


def test_a_variable_that_had_the_value_of_a_secret_is_given_again() -> None:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    header = Header(
        id="1",
        batchctl="0",
        made=made,
        expires=made,
        owner="me",
        target=Place(batch="b", storage="s"),
        spec="spec.yaml",
        spec_digest="d",
        variables=(("plain", "(sensitive 0f3a)"), ("words", "5")),
        choices=Choices(),
    )
    saved = Saved(header, {})
    with pytest.raises(UsageError, match="pass --var plain=VALUE again"):
        _variables_again(saved, Options())
    assert _variables_again(saved, Options(var=("plain=x",))) == ("plain=x", "words=5")


def test_a_secret_variable_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    header = Header(
        id="1",
        batchctl="0",
        made=made,
        expires=made,
        owner="me",
        target=Place(batch="b", storage="s"),
        spec="spec.yaml",
        spec_digest="d",
        variables=(("db_password", "(sensitive 0f3a)"), ("names", '["a", "b"]')),
    )
    monkeypatch.setenv("BATCHCTL_VAR_DB_PASSWORD", "x")
    monkeypatch.setenv("BATCHCTL_VAR_names", "c")
    assert _variables_again(Saved(header, {}), Options()) == ("db_password=x", 'names=["a", "b"]')
    with pytest.raises(UsageError, match="--var-file cannot change them"):
        _variables_again(Saved(header, {}), Options(var_file=(Path("v.yaml"),)))


def test_an_overlay_that_was_edited_is_named() -> None:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    header = Header(
        id="1",
        batchctl="0",
        made=made,
        expires=made + timedelta(hours=24),
        owner="me",
        target=Place(batch="b", storage="s"),
        spec="spec.yaml",
        spec_digest="d",
        overlays=(("prod.yaml", "e"), ("eu.yaml", "f")),
    )
    assert why_outdated(header, "d", made, ["e", "f"]) == ()
    assert why_outdated(header, "d", made, ["e", "g"]) == ("the overlay 'eu.yaml' was edited after the plan was made",)
    assert read_document(document_text(Saved(header, {}))).header == header

"""A plan as a comment on a pull request: coloured lines, and nothing that a stranger's name could make of it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from batchctl.desired import Desired
from batchctl.reconcile.decide.diff import diff
from batchctl.reconcile.kept.document import Header, Place
from batchctl.reconcile.outputs import Fetch
from batchctl.reconcile.plan import Action, Change, LaterFactory, Plan
from batchctl.render.markdown import LONGEST, as_markdown
from batchctl.resources import Blob, Container
from tests.reconcile.build import OWNER, held_pool, output, pool, task

HEADER = Header(
    id="0" * 16,
    batchctl="0.1.0",
    made=datetime(2026, 1, 1, tzinfo=UTC),
    expires=datetime(2026, 1, 2, tzinfo=UTC),
    owner=OWNER,
    target=Place(batch="https://b.example", storage="https://s.example"),
    spec="specs/x.yaml",
    spec_digest="0" * 64,
)


def plan(*changes: Change, **more: Any) -> Plan:
    return Plan(owner=OWNER, changes=changes, **more)


@pytest.mark.parametrize("action", Action, ids=lambda action: action.name.lower())
def test_whatever_a_plan_does_has_a_line(action: Action) -> None:
    change = Change(action=action, before=held_pool(), after=pool())
    assert f"{action.value} pool pool" in as_markdown(HEADER, plan(change))


def test_each_sign_has_its_colour() -> None:
    wanted = Desired(owner=OWNER, resources=(pool(target_dedicated_nodes=3),))
    [update] = diff(wanted, [held_pool()]).changes
    made = plan(
        Change(action=Action.CREATE, after=Container(name="new")),
        update,
        Change(action=Action.REPLACE, before=held_pool("old"), after=pool("old"), reasons=("asked for",)),
        Change(action=Action.DELETE, before=Container(name="gone")),
        later=(LaterFactory(factory="merge", label="merge", after="map"),),
        fetches=(Fetch(blob=output("a.txt", size=2048), root=Path("/r")),),
        notes=("read *this*",),
    )
    assert as_markdown(HEADER, made).splitlines() == [
        "### batchctl plan of `specs/x.yaml`",
        "",
        "**Plan: 2 to add, 1 to change, 2 to destroy; more of them later, 1 blob to bring home.**",
        "",
        "```diff",
        "+ container new",
        "! ~ pool pool",
        "!     targetDedicatedNodes: 0 -> 3 (in place)",
        "! -/+ pool old: asked for",
        "- container gone",
        "+ tasks merge: expanded when map is done",
        "  < output/a.txt (2.0 KB) comes home",
        "```",
        "",
        "> [!NOTE]",
        "> read \\*this\\*",
        "",
        "For `https://b.example` and `https://s.example`; "
        "made 2026-01-01 00:00 UTC, stands until 2026-01-02 00:00 UTC.",
    ]


def test_nothing_to_do_has_no_box() -> None:
    assert "```" not in as_markdown(HEADER, plan(unchanged=3))


def test_a_name_cannot_leave_the_box() -> None:
    hostile = Blob(container="c", path="````\n# heading <img src=x> @everyone\x1b[31m")
    text = as_markdown(HEADER, plan(Change(action=Action.CREATE, after=hostile), notes=("[click](http://x) <b>",)))
    fences = [line for line in text.splitlines() if line.startswith("`````")]
    assert fences == ["`````diff", "`````"]
    assert not [line for line in text.splitlines() if line.startswith("# heading")]
    assert "\x1b" not in text
    assert "\\[click\\](http://x) \\<b\\>" in text


@pytest.mark.parametrize("separator", ["\n", "\r", "\t", "\u2028", "\u2029", "\x0b", "\x85"])
def test_a_name_starts_no_line(separator: str) -> None:
    name = f"a{separator}+ pool forged"
    made = plan(
        Change(action=Action.CREATE, after=Blob(container="c", path=name)),
        later=(LaterFactory(factory="f", label=name, after=name),),
        fetches=(Fetch(blob=output(name), root=Path("/r")),),
        notes=(name,),
        refusals=(name,),
    )
    text = as_markdown(replace(HEADER, spec=name), made)
    assert not [line for line in text.splitlines() if line.startswith("+ pool forged")]
    assert text.count(f"\\u{ord(separator):04x}") == 7


def test_a_large_plan_fits_into_a_comment() -> None:
    many = (Change(action=Action.CREATE, after=task(f"t-{n:05}", generation=1)) for n in range(5000))
    text = as_markdown(HEADER, plan(*many))
    assert len(text) < LONGEST + 2000
    assert "more lines: batchctl show has them all" in text
    assert text.count("```") == 2

"""What overlays make of a spec, and where their mistakes are told."""

from pathlib import Path
from typing import Any

import pytest

from batchctl.errors import SpecError
from batchctl.resources import Pool, Task
from batchctl.spec.load import fingerprint, load, load_names
from batchctl.spec.model import Spec
from batchctl.spec.outside.stocktaking import take_inventory
from batchctl.spec.resolve import resolve
from tests.examine import examine

BASE = """\
version: 1
name: a
vars: {size: {type: int, default: 1}}
storage: {containers: {input: {}}, uploads: [{from: 'data/*.txt', to: input}]}
pool:
  id: p
  vmSize: Standard_D2s_v5
  image: {publisher: a, offer: b, sku: c}
  targetDedicatedNodes: '{vars.size}'
  startTask: {commands: ['true'], waitForSuccess: true}
job:
  id: j
  commonEnvironmentSettings: [{name: A, value: '1'}, {name: B, value: '2'}]
  tasks:
    - {factory: one, id: 'one-{index}', forEach: {list: [a, b]}, commands: ['echo {item}']}
    - {id: two, commands: ['echo {vars.size}']}
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def laid(folder: Path, *overlays: str, base: str = BASE, environ: Any = None) -> Spec:
    written(folder, "data/x.txt", "x")
    paths = [written(folder, f"over/{number}.yaml", text) for number, text in enumerate(overlays)]
    return load(written(folder, "spec.yaml", base), {}, environ or {}, overlays=paths)


def tasks(spec: Spec) -> dict[str, str]:
    found = resolve(spec, take_inventory(spec, {})).resources
    return {task.id: task.command_line.splitlines()[-1].rstrip("'") for task in found if isinstance(task, Task)}


def test_mappings_merge_and_named_items_do(tmp_path: Path) -> None:
    spec = laid(
        tmp_path,
        "pool: {vmSize: Standard_D4s_v5}\nvars: {size: {default: 5}}\n",
        "job:\n  commonEnvironmentSettings: [{name: B, value: '${env:B}'}, {name: C, value: '4'}]\n"
        "  tasks:\n  - {factory: one, forEach: {list: [c]}}\n  - {id: two, requiredSlots: 1}\n"
        "  - {id: three, commands: [x]}\n",
        environ={"B": "3"},
    )
    assert spec.pool is not None
    assert spec.job is not None
    assert (spec.pool.wanted.vm_size, spec.pool.wanted.target_dedicated_nodes) == ("Standard_D4s_v5", 5)
    assert spec.job.wanted.environment == (("A", "1"), ("B", "${env:B}"), ("C", "4"))
    assert tasks(spec) == {"one-0": "echo c", "two": "echo 5", "three": "x"}


def test_other_lists_take_the_place_and_null_takes_out(tmp_path: Path) -> None:
    written(tmp_path, "more/y.txt", "y")
    spec = laid(
        tmp_path,
        "storage: {uploads: [{from: 'more/*.txt', to: input}]}\npool: {startTask: null}\n"
        "job: {tasks: [{factory: one, forEach: {list: null, range: {start: 1, end: 2}}, commands: [run]}]}\n",
    )
    # Paths are those of the spec that is below.
    assert [blob.path for blob in take_inventory(spec, {}).uploads] == ["y.txt"]
    assert tasks(spec) == {"one-0": "run", "one-1": "run", "two": "echo 1"}
    assert not [r for r in resolve(spec, take_inventory(spec, {})).resources if isinstance(r, Pool) and r.start_task]


def test_an_item_is_told_by_its_factory_before_its_id(tmp_path: Path) -> None:
    spec = laid(tmp_path, "job: {tasks: [{factory: one, id: 'new-{index}'}]}\n")
    assert set(tasks(spec)) == {"new-0", "new-1", "two"}


@pytest.mark.parametrize(
    ("overlay", "problems"),
    [
        ("pool:\n  vmSise: x\n", ["over.yaml 2:3 unknown-key"]),
        ("pool:\n  taskSlotsPerNode: many\n", ["over.yaml 2:21 type"]),
        ("pool: {id: 'p{vars.nope}'}\n", ["over.yaml 1:14 unknown-placeholder"]),
        ("job: {tasks: [{id: two, dependsOn: [{factory: nope}]}]}\n", ["over.yaml 1:47 unknown-factory"]),
        ("storage: {containers: {input: null}}\n", ["spec.yaml 4:71 unknown-container"]),
        ("pool: {raw: {x: null}, nothing: null}\n", ["over.yaml 1:14 unknown-key", "over.yaml 1:24 nothing-there"]),
        ("pool: {startTask: {maxTaskRetryCount: null}}\n", ["over.yaml 1:20 nothing-there"]),
        ("pool: {taskSlotsPerNode:}\n", ["over.yaml 1:8 empty-value"]),
        ("pool: {id: a, id: b}\n", ["over.yaml 1:15 duplicate-key"]),
        ("- pool\n", ["over.yaml 1:1 type"]),
        ("pool: {\n", ["over.yaml 2:1 syntax"]),
        ("name: &a b\n", ["over.yaml 1:7 anchor"]),
        ("name: AccountKey=0123456789\n", ["over.yaml 1:7 format", "over.yaml 1:7 secret"]),
        ("", ["over.yaml 1:1 empty"]),
    ],
)
def test_what_is_wrong_is_told_in_the_file_that_says_it(tmp_path: Path, overlay: str, problems: list[str]) -> None:
    spec, over = written(tmp_path, "spec.yaml", BASE), written(tmp_path, "over.yaml", overlay)
    written(tmp_path, "data/x.txt", "x")
    found = examine(spec, {}, {}, overlays=[over])
    assert sorted(f"{Path(p.file).name} {p.line}:{p.column} {p.code}" for p in found) == sorted(problems)
    for problem in found:
        lines = [*(overlay if "over" in problem.file else BASE).splitlines(), ""]
        assert problem.source in (lines[problem.line - 1], f"name: {'*' * 21}")


def test_another_line_is_told_with_its_file(tmp_path: Path) -> None:
    over = written(tmp_path, "over.yaml", "job: {tasks: [{id: six, factory: ONE, commands: [x]}]}\n")
    written(tmp_path, "data/x.txt", "x")
    (found,) = examine(written(tmp_path, "spec.yaml", BASE), {}, {}, overlays=[over])
    assert (Path(found.file).name, found.code) == ("over.yaml", "duplicate-name")
    assert "see line 15; case" in found.message
    again = written(tmp_path, "again.yaml", "job: {tasks: [{id: ten, factory: oNe, commands: [x]}]}\n")
    spec = written(tmp_path, "spec.yaml", BASE.replace("factory: one, ", ""))
    (found,) = examine(spec, {}, {}, overlays=[over, again])
    assert f"see line 1 of {over}; case" in found.message


def test_overlays_that_cannot_be_read(tmp_path: Path) -> None:
    spec = written(tmp_path, "spec.yaml", BASE)
    with pytest.raises(SpecError, match="cannot read the overlay"):
        load(spec, {}, {}, overlays=[tmp_path / "none.yaml"])


def test_what_is_laid_over_a_spec_makes_it_another(tmp_path: Path) -> None:
    plain = laid(tmp_path)
    over = laid(tmp_path, "name: b\n", "pool: {id: q}\n")
    assert over.origin == f"{plain.origin} + {tmp_path}/over/0.yaml + {tmp_path}/over/1.yaml"
    assert plain.source.digest == over.source.digest
    assert [o.digest for o in over.source.overlays] == [fingerprint(tmp_path / f"over/{n}.yaml") for n in (0, 1)]
    names = load_names(tmp_path / "spec.yaml", {}, {}, overlays=[tmp_path / "over/0.yaml"])
    assert names.name == "b"

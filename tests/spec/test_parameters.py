"""What variables are given, by whom, and what a list of texts is good for."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from batchctl.errors import SpecError, UsageError
from batchctl.resources import Task
from batchctl.spec.inventory import Inventory
from batchctl.spec.load import load, load_names
from batchctl.spec.reading.variables import as_value
from batchctl.spec.resolve import resolve
from batchctl.spec.template import Written
from tests.examine import examine

DECLARED = """\
version: 1
name: a
vars:
  stage: {type: string, default: test, enum: [test, prod]}
  size: {type: int, default: 1, max: 8}
  names: {type: list, default: [x, 2.50, true], pattern: '^[^!]+$'}
  rate: {type: number, default: 1}
  fast: {type: boolean, default: false}
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def values(
    folder: Path, given: Mapping[str, Any] = {}, environ: Mapping[str, str] = {}, *files: str, declared: str = DECLARED
) -> dict[str, Any]:
    spec = written(folder, "spec.yaml", declared)
    paths = [written(folder, f"{number}.yaml", text) for number, text in enumerate(files)]
    loaded = load(spec, given, environ, var_files=paths).values
    return {name.removeprefix("vars."): value for name, value in loaded.items()}


def test_who_says_it_last_counts(tmp_path: Path) -> None:
    environ = {
        "BATCHCTL_VAR_size": "2",
        "BATCHCTL_VAR_RATE": "2",
        "BATCHCTL_VAR_stage": "prod",
        "BATCHCTL_VAR_other": "",
    }
    first, second = "size: 3\nrate: 3\nfast: true\n", "# more\nsize: 4\n"
    assert values(tmp_path)["size"] == 1
    assert values(tmp_path, {}, environ)["size"] == 2
    assert values(tmp_path, {}, environ, first)["size"] == 3
    assert values(tmp_path, {}, environ, first, second)["size"] == 4
    found = values(tmp_path, {"size": ("5", "6")}, environ, first, second)
    assert found == {"stage": "prod", "size": 6, "names": ("x", "2.50", "true"), "rate": 3, "fast": True}


def test_a_name_in_capitals_is_another_variable_where_there_is_one(tmp_path: Path) -> None:
    declared = "version: 1\nname: a\nvars: {x: {type: int, default: 1}, X: {type: int, default: 2}}\n"
    assert values(tmp_path, {}, {"BATCHCTL_VAR_X": "3"}, declared=declared) == {"x": 1, "X": 3}


@pytest.mark.parametrize(
    ("given", "items"),
    [
        ("a,b , c", ("a", "b", "c")),
        (("a,b", "c"), ("a", "b", "c")),
        ("", ()),
        ('["a,b", 1.50, true]', ("a,b", "1.50", "true")),
        ("[a],b", ("[a]", "b")),
        ("[1", ("[1",)),
    ],
)
def test_lists_of_the_command_line(tmp_path: Path, given: Any, items: tuple[str, ...]) -> None:
    assert values(tmp_path, {"names": given})["names"] == items
    assert values(tmp_path, {}, {"BATCHCTL_VAR_names": given})["names"] == items if isinstance(given, str) else True


def test_what_is_given_can_be_given_again(tmp_path: Path) -> None:
    text = "names: ['a,b', 0.10]\nsize: 7\n"
    spec = written(tmp_path, "spec.yaml", DECLARED)
    first = load(spec, {"rate": "2.50"}, {"BATCHCTL_VAR_fast": "true"}, var_files=[written(tmp_path, "v.yaml", text)])
    assert dict(first.given) == {"fast": "true", "names": '["a,b", "0.10"]', "size": "7", "rate": "2.50"}
    assert load(spec, dict(first.given), {}).values == first.values


@pytest.mark.parametrize(
    ("given", "environ", "said"),
    [
        ({"stage": "prd"}, {}, "--var stage=prd is not one of 'test', 'prod'; did you mean 'prod'?"),
        ({}, {"BATCHCTL_VAR_size": "9"}, "BATCHCTL_VAR_size=9 is more than the largest value, 8"),
        ({}, {"BATCHCTL_VAR_SIZE": "x"}, "BATCHCTL_VAR_SIZE=x is not of type int"),
        ({"names": "a,b!"}, {}, "--var names=a,b! has 'b!', which does not match"),
    ],
)
def test_values_that_do_not_fit(tmp_path: Path, given: Any, environ: Any, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        values(tmp_path, given, environ)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("siez: 3\nsize: x\n", ["1:1 unknown-variable", "2:7 bad-value"]),
        ("size: 9\nsize: 2\nstage:\n", ["1:7 bad-value", "2:1 duplicate-key", "3:1 bad-value"]),
        ("size: '3'\nnames: a\n", ["1:7 bad-value", "2:8 bad-value"]),
        ("names: [a, [b], '!']\nfast: yes\n", ["1:8 bad-value", "2:7 bad-value"]),
        ("- size\n", ["1:1 type"]),
        ("size: 3\nstage: [\n", ["3:1 syntax"]),
        ("stage: AccountKey=0123456789\n", ["1:8 secret", "1:8 bad-value"]),
        ("stage: &a test\n", ["1:8 anchor"]),
    ],
)
def test_what_is_wrong_in_a_file_is_told_at_its_place(tmp_path: Path, text: str, problems: list[str]) -> None:
    spec, file = written(tmp_path, "spec.yaml", DECLARED), written(tmp_path, "prod.yaml", text)
    found = examine(spec, {}, {}, var_files=[file])
    assert {p.file for p in found} == {str(file)}
    assert [f"{p.line}:{p.column} {p.code}" for p in found] == problems


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    spec = written(tmp_path, "spec.yaml", DECLARED)
    for path in (tmp_path / "none.yaml", tmp_path, Path("/dev/zero")):
        with pytest.raises(SpecError, match="cannot read the variables"):
            load(spec, {}, {}, var_files=[path])
    assert load(spec, {}, {}, var_files=[written(tmp_path, "v.yaml", "# nothing\n\n")]).given == ()


def test_destroy_takes_what_is_given_from_everywhere(tmp_path: Path) -> None:
    text = "version: 1\nname: 'a-{vars.stage}-{vars.size}'\nvars: {stage: {type: string}, size: {type: int}}\n"
    spec, file = written(tmp_path, "spec.yaml", text), written(tmp_path, "v.yaml", "size: 3\n")
    assert load_names(spec, {}, {"BATCHCTL_VAR_stage": "x"}, var_files=[file]).name == "a-x-3"


LISTS = """\
version: 1
name: a
vars: {names: {type: list, default: [a b, '07', 3]}, globs: {type: list, default: ['*.txt']}}
storage: {containers: {input: {}}}
download: [{container: input, to: here, include: ['{vars.globs}', '*.csv']}]
pool: {id: p, vmSize: Standard_D2s_v5, image: {publisher: a, offer: b, sku: c}}
job:
  id: j
  tasks:
    - {id: 'n-{index}', forEach: {list: '{vars.names}'}, commands: ['run {item}']}
    - {id: 'm-{index}', forEach: {list: [first, '{vars.names}', last]}, command: [run, '{item}']}
    - {id: all, commands: ['run {vars.names}'], requiredSlots: 1}
    - {id: argv, command: [run, '{vars.names}', end]}
    - {id: 'f-{index}', forEach: {files: ['{vars.globs}']}, commands: ['run {item}']}
"""


def test_where_a_list_fits(tmp_path: Path) -> None:
    written(tmp_path, "one.txt", "")
    spec = load(written(tmp_path, "spec.yaml", LISTS), {}, {})
    assert spec.downloads[0].include == ("*.txt", "*.csv")
    files = {("job", "tasks", 4, "forEach"): (("one.txt", 0),)}
    tasks = {r.id: r.command_line for r in resolve(spec, Inventory(files=files)).resources if isinstance(r, Task)}
    assert len(tasks) == 3 + 5 + 1 + 1 + 1
    said = {name: shlex.split(line) for name, line in tasks.items()}
    assert shlex.split(said["n-0"][2])[-2:] == ["run", "a b"]
    assert said["m-2"] == ["run", "07"]
    assert shlex.split(said["all"][2])[-4:] == ["run", "a b", "07", "3"]
    assert said["argv"] == ["run", "a b", "07", "3", "end"]


def test_an_empty_list_is_no_task(tmp_path: Path) -> None:
    spec = written(tmp_path, "spec.yaml", LISTS)
    written(tmp_path, "one.txt", "")
    (problem,) = examine(spec, {"names": ""}, {})
    assert (problem.line, problem.code) == (10, "no-match")


def test_what_an_item_holds_is_no_placeholder(tmp_path: Path) -> None:
    spec = load(written(tmp_path, "spec.yaml", LISTS), {"names": '["{vars.globs}", "${env:HOME}"]'}, os.environ)
    assert spec.job is not None
    assert spec.job.tasks[0].for_each is not None
    assert spec.job.tasks[0].for_each.source == ["{vars.globs}", "${env:HOME}"]


def test_secrets_in_a_list_are_hidden(tmp_path: Path) -> None:
    text = LISTS.replace("names:", "tokens_secret:").replace("vars.names", "vars.tokens_secret")
    from batchctl.sensitive import sensitive_values

    spec = load(written(tmp_path, "spec.yaml", text), {"tokens_secret": "canary1,canary2"}, {})
    assert {"canary1", "canary2"} <= set(sensitive_values(spec.values))


ANCHORS = """\
version: 1
name: a
x-env: &env [{name: A, value: '1'}]
x-limits: &limits {maxWallClockTime: PT2H, maxTaskRetryCount: 2}
pool: {id: p, vmSize: Standard_D2s_v5, image: {publisher: a, offer: b, sku: c}}
job:
  id: j
  commonEnvironmentSettings: *env
  tasks:
    - {id: one, constraints: *limits, commands: ['true']}
    - {id: two, constraints: {<<: *limits, maxTaskRetryCount: 0}, commands: ['true']}
    - {id: six, constraints: {maxTaskRetryCount: 1, <<: [*limits]}, commands: ['true']}
"""


def test_anchors_stand_below_keys_that_are_ignored(tmp_path: Path) -> None:
    spec = load(written(tmp_path, "spec.yaml", ANCHORS), {}, {})
    assert spec.job is not None
    assert [f.wanted.max_task_retry_count for f in spec.job.tasks] == [2, 0, 1]
    assert {str(f.wanted.max_wall_clock_time) for f in spec.job.tasks} == {"2:00:00"}
    assert spec.job.wanted.environment == (("A", "1"),)


def test_secrets_in_files_are_not_shown(tmp_path: Path) -> None:
    declared = (
        "version: 1\nname: a\nvars: {db_password: {type: string, pattern: '^x'}, db_secrets: {type: list, enum: [a]}}\n"
    )
    spec = written(tmp_path, "spec.yaml", declared)
    texts = ("db_password: canary\n", "db_password: [canary]\n", "api_token: canary\n", "db_password: 'canary\n")
    for text in (*texts, "db_password: x\ndb_password: canary\n", "api_secret: canary\n"):
        problems = examine(spec, {"db_secrets": "a"}, {}, var_files=[written(tmp_path, "v.yaml", text)])
        assert problems
        assert "canary" not in repr(problems)
    with pytest.raises(UsageError) as caught:
        load(spec, {"db_password": "canary", "db_secrets": "a"}, {})
    assert "canary" not in str(caught.value)
    with pytest.raises(UsageError) as caught:
        load(spec, {"db_password": "x", "db_secrets": "canary"}, {})
    assert "has an item, which is not one of 'a'" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("boolean", "True", True),
        ("boolean", "FALSE", False),
        ("int", "0x10", 16),
        ("int", Written("1.0"), 1),
        ("int", Written("1.5"), "1.5"),
        ("number", ".5", ".5"),
        ("string", "True", "True"),
        ("int", "ten", "ten"),
    ],
)
def test_a_default_is_what_yaml_has_it_for(kind: str, written: object, value: object) -> None:
    found = as_value(kind, written)
    assert found == value or str(found) == value

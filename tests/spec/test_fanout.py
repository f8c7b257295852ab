"""Fan-out: the cases in tests/cases/fanout, from a factory to its tasks."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from batchctl.configurations import TaskDependencies, padded_numbers
from batchctl.desired import Desired
from batchctl.errors import SpecError
from batchctl.resources import Blob, Task
from batchctl.spec import moulds
from batchctl.spec.fanout.dependencies import Draft
from batchctl.spec.fanout.forms import FORMS, legal_task_id
from batchctl.spec.fanout.gathering import Several
from batchctl.spec.fanout.group_patterns import GroupPattern
from batchctl.spec.fanout.items import SORTS, Item
from batchctl.spec.filling.filler import Filler
from batchctl.spec.load import load
from batchctl.spec.model import AXES
from batchctl.spec.outside.stocktaking import take_inventory
from batchctl.spec.reading.build import MODIFIERS
from batchctl.spec.resolve import resolve

CASES = Path(__file__).parents[1] / "cases" / "fanout"


def plain_cases() -> list[dict[str, Any]]:
    return [case for path in sorted(CASES.glob("*.yaml")) for case in yaml.safe_load(path.read_text("utf-8"))]


def cases() -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in plain_cases()]


@pytest.mark.parametrize("case", cases())
def test_fanout(case: dict[str, Any], tmp_path: Path) -> None:
    if "refuses" in case:
        with pytest.raises(SpecError) as caught:
            tasks(case, tmp_path)
        assert [p.code for p in caught.value.problems] == [wanted["code"] for wanted in case["refuses"]]
        for problem, wanted in zip(caught.value.problems, case["refuses"], strict=True):
            assert [part for part in wanted["says"] if part not in problem.message] == [], problem.message
        return
    desired = resolved(case, tmp_path)
    made = [r for r in desired.resources if isinstance(r, Task)]
    said = {stage.label: stage.wrong for stage in desired.stages}
    for label, parts in case.get("later", {}).items():
        assert len(said[label]) == len(parts)
        assert [part for part, wrong in zip(parts, said[label], strict=True) if part not in wrong] == [], said
    words = {task.id: shlex.split(task.command_line) for task in made}
    assert words == {str(name): shlex.split(text) for name, text in case["tasks"].items()}
    for name, files in case.get("given", {}).items():
        found = next(task for task in made if task.id == name).resource_files
        assert [f"{f.container}/{f.blob} {f.file_path}" for f in found] == files
    for name, urls in case.get("fetches", {}).items():
        assert [f.http_url for f in next(task for task in made if task.id == name).resource_files] == urls
    for name, outputs in case.get("uploads_as", {}).items():
        found = next(task for task in made if task.id == name).output_files
        assert [" -> ".join(filter(None, (o.file_pattern, o.path))) for o in found] == outputs
    if "waits" in case:
        waits = {task.id: " ".join(task.depends_on.task_ids) for task in made if task.depends_on}
        assert waits == case["waits"]


@pytest.mark.parametrize("case", [case for case in cases() if "tasks" in case.values[0]])
def test_a_task_is_the_same_whatever_was_made_before_it(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fresh(moulds.Mould):
        """What tasks have alike is made with each of them."""

        def draft(self, fill: Filler, key: str) -> Draft:
            return moulds.Mould(self.factory, self.frame).draft(fill, key)

    together = tasks(case, tmp_path)
    monkeypatch.setattr("batchctl.spec.tasks.Mould", Fresh)
    assert tasks(case, tmp_path) == together


def tasks(case: dict[str, Any], folder: Path) -> list[Task]:
    return [r for r in resolved(case, folder).resources if isinstance(r, Task)]


def resolved(case: dict[str, Any], folder: Path) -> Desired:
    for name, content in case.get("files", {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    document = {
        "version": 1,
        "name": "me",
        "vars": {"word": {"type": "string", "default": "hello"}},
        "storage": {"containers": {"abc": {}, "ext": {"external": True}}, "uploads": case.get("uploads", [])},
        "pool": {
            "id": "p",
            "vmSize": "Standard_D2s_v5",
            "image": {"publisher": "a", "offer": "b", "sku": "c"},
            **({"containerConfiguration": {"type": "dockerCompatible"}} if case.get("containers") else {}),
        },
        "job": {"id": "j", "tasks": case.get("factories") or [case["factory"]]},
        "logs": False,
    }
    path = folder / "spec.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    spec = load(path, {}, {"HERE": "there"}, allow_python=case.get("python", False))
    return resolve(spec, take_inventory(spec, listings(case.get("blobs", {}), case.get("sizes", {}))))


def listings(blobs: dict[str, str], sizes: dict[str, int]) -> dict[str, tuple[Blob, ...]]:
    found: dict[str, tuple[Blob, ...]] = {"abc": (), "ext": ()}
    for name, marks in blobs.items():
        container, _, path = name.partition("/")
        owner, task, log = [*marks.split(), *[None] * 2][:3]
        said = {"owner": owner, "task": task, "is_log": log is not None}
        blob = Blob(container=container, path=path, etag="0x1", size=sizes.get(name, 1), **said)
        found[container] = (*found[container], blob)
    return found


def words_of(case: dict[str, Any]) -> set[str]:
    """The forms, modifiers and placeholders that a case is about."""
    factories = case.get("factories") or [case["factory"]]
    forms = [f["forEach"] for f in factories if "forEach" in f]
    forms += [axis for form in forms for key in AXES if key in form for axis in form[key].values()]
    holes = re.findall(r"{([a-z0-9]+)(?:\[0\])?(?:\.[a-z_]+)*(:[^}]*)?}", json.dumps(factories))
    return {key for form in forms for key in form} | {f"{{{name}{':' if form else ''}}}" for name, form in holes}


WORDS = sorted({*FORMS, *MODIFIERS})
PLACEHOLDERS = ("{item}", "{index}", "{index:}", "{key}", "{row}", "{rows}", "{items}", "{chunk}", "{hash8}", "{vars}")


@pytest.mark.parametrize("word", [*WORDS, *PLACEHOLDERS])
def test_everything_has_cases_for_what_it_gives(word: str) -> None:
    assert [c for c in plain_cases() if "tasks" in c and word in words_of(c)], f"no case gives what {word} does"


@pytest.mark.parametrize("word", [*WORDS, *(p for p in PLACEHOLDERS if p not in ("{rows}", "{index:}"))])
def test_the_page_about_fan_out_tells_of_it(word: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "fan-out.md").read_text(encoding="utf-8")
    assert word.rstrip("}") in page


@pytest.mark.parametrize("word", WORDS)
def test_every_form_and_modifier_has_cases_for_what_it_refuses(word: str) -> None:
    assert [c for c in plain_cases() if word in words_of(c) and "refuses" in c], f"no case of what {word} refuses"


def test_barriers_stand_for_a_list_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchctl.spec.fanout.dependencies.ROOM", 11)
    case: dict[str, Any] = {
        "factories": [
            {"id": "end", "dependsOn": [{"factory": "map"}], "command": ["true"]},
            {"id": "last", "dependsOn": [{"factory": "map"}, {"task": "end"}], "command": ["true"]},
            {"id": "m{item}", "factory": "map", "forEach": {"range": {"start": 10, "end": 16}}, "command": ["true"]},
        ]
    }
    made = {task.id: task for task in tasks(case, tmp_path)}
    waits = {i: " ".join(task.depends_on.task_ids) for i, task in made.items() if task.depends_on}
    barriers = {"map-barrier-1": "m10 m11 m12", "map-barrier-2": "m13 m14 m15", "map-barrier-3": "m16"}
    assert waits == {"end": " ".join(barriers), "last": f"{' '.join(barriers)} end", **barriers}
    assert made["map-barrier-1"].command_line == "/bin/true"
    case["factories"][0]["id"] = "map-barrier-2"
    with pytest.raises(SpecError, match=r"map-barrier-2.*is the id of a barrier"):
        tasks(case, tmp_path)


def test_numbers_make_ranges_and_need_no_barrier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchctl.spec.fanout.dependencies.ROOM", 11)
    case: dict[str, Any] = {
        "factories": [
            {"id": "{item}", "factory": "map", "forEach": {"range": {"start": 1, "end": 99}}, "command": ["true"]},
            {"id": "end", "dependsOn": [{"factory": "map"}], "command": ["true"]},
        ]
    }
    assert len(tasks(case, tmp_path)) == 100
    told = TaskDependencies.on(["7", "x", "3", "4", "05", "0", "5", "9999999999", "-1"])
    assert told.task_ids == ("x", "05", "9999999999", "-1")
    assert [(r.start, r.end) for r in told.task_id_ranges] == [(0, 0), (3, 5), (7, 7)]


WRITTEN = (
    "1e3",
    "1e-5",
    "2.50",
    "0.10",
    "-3.0",
    "1E+2",
    "007",
    "+5",
    "1_000",
    "0x1F",
    ".5",
    "5.",
    "true",
    "True",
    "~5",
)


def test_what_is_written_in_a_list_arrives_as_it_is(tmp_path: Path) -> None:
    listed = ", ".join(WRITTEN)
    (tmp_path / "spec.yaml").write_text(
        f"""version: 1
name: me
vars: {{rate: {{type: number, default: 1e-3}}, given: {{type: number}}}}
pool: {{id: p, vmSize: Standard_D2s_v5, image: {{publisher: a, offer: b, sku: c}}}}
job:
  id: j
  tasks:
  - {{id: 'a{{index}}', forEach: {{list: [{listed}]}}, command: ['{{item}}']}}
  - {{id: 'b{{index}}', forEach: {{zip: {{x: {{list: [{listed}]}}}}}}, command: ['{{item.x}}']}}
  - {{id: c, command: ['{{vars.rate}}', '{{vars.given}}']}}
""",
        encoding="utf-8",
    )
    spec = load(tmp_path / "spec.yaml", {"given": "3.10"}, {})
    made = {r.id: r.command_line for r in resolve(spec, take_inventory(spec, {})).resources if isinstance(r, Task)}
    for index, text in enumerate(WRITTEN):
        assert (made[f"a{index}"], made[f"b{index}"]) == (shlex.quote(text), shlex.quote(text))
    assert made["c"] == "1e-3 3.10"


def test_a_range_names_no_id_with_zeros_before_it() -> None:
    ambiguous = padded_numbers(["00", "01", "002", "7", "x01", "0", "0" * 70 + "5", "0" + "9" * 70])
    assert ambiguous == {0, 1, 2, 5}
    told = TaskDependencies.on(["0", "1", "2", "3", "4"], ambiguous)
    assert told.task_ids == ("0", "1", "2")
    assert [(r.start, r.end) for r in told.task_id_ranges] == [(3, 4)]


def test_a_barrier_knows_that_numbers_with_zeros_make_no_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchctl.spec.fanout.dependencies.ROOM", 12)
    span = {"range": {"start": 0, "end": 9}}
    case: dict[str, Any] = {
        "factories": [
            {"id": "{item}", "factory": "map", "forEach": span, "command": ["true"]},
            {"id": "0{item}", "dependsOn": [{"factory": "map"}], "forEach": span, "command": ["true"]},
        ]
    }
    made = {task.id: task for task in tasks(case, tmp_path)}
    assert "map-barrier-1" not in made
    monkeypatch.setattr("batchctl.spec.fanout.dependencies.ROOM", 9)
    assert "map-barrier-1" in {task.id for task in tasks(case, tmp_path)}


def test_a_fan_out_over_nothing_is_refused_where_the_containers_are_known(tmp_path: Path) -> None:
    factory = {"id": "t{index}", "forEach": {"blobs": "ext"}, "command": ["true"]}
    with pytest.raises(SpecError) as caught:
        tasks({"factory": factory}, tmp_path)
    assert [p.code for p in caught.value.problems] == ["no-match"]


def test_a_blob_that_is_nowhere_is_refused_where_the_containers_are_known(tmp_path: Path) -> None:
    factory = {"id": "t", "command": ["true"], "resourceFiles": [{"blob": "ext/a"}, {"blob": "ext/b"}]}
    with pytest.raises(SpecError) as caught:
        tasks({"factory": factory, "blobs": {"ext/a": "x"}}, tmp_path)
    assert [p.message for p in caught.value.problems] == ["there is no blob 'b' in 'ext', and none is uploaded"]


@pytest.mark.parametrize("factories", [{"list": ["a", "b", "c"]}, {"files": ["data/*"]}])
def test_more_tasks_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, factories: dict[str, Any]) -> None:
    monkeypatch.setattr("batchctl.spec.tasks.MOST_TASKS", 2)
    case = {
        "factory": {"id": "t{index}", "forEach": factories, "command": ["true"]},
        "files": {"data/a": "", "data/b": "", "data/c": ""},
    }
    with pytest.raises(SpecError) as caught:
        tasks(case, tmp_path)
    assert [p.code for p in caught.value.problems] == ["too-many-tasks"]


@given(st.lists(st.text(min_size=1, max_size=120), min_size=2, unique=True))
def test_ids_are_legal_and_do_not_meet(texts: list[str]) -> None:
    printable = [t for t in texts if not any("\ud800" <= c <= "\udfff" for c in t)]
    ids = [legal_task_id(text) for text in printable]
    assert all(re.fullmatch("[A-Za-z0-9_-]{1,64}", i) for i in ids)
    assert len(set(ids)) == len(ids)
    assert [legal_task_id(text) for text in printable] == ids


def test_a_number_of_any_length_is_one_of_the_items_or_none() -> None:
    """Python makes no number of more than 4,300 digits."""
    gathered = Several([{"item": "a"}, {"item": "b"}], {})
    assert [gathered[f"items[{number}]"] for number in ("0", "1", "01", "0" * 5000 + "1")] == ["a", "b", "b", "b"]
    for number in ("2", "10", "9" * 5000):
        assert f"items[{number}]" not in gathered


def test_numbers_of_thousands_of_digits_have_an_order() -> None:
    """Python makes no number of more than 4,300 digits."""
    names = ["f" + "1" * 5000, "f" + "2" * 4999, "f" + "0" * 5000 + "7", "f8", "f"]
    found = sorted((Item(name, {}) for name in names), key=SORTS["natural"])
    assert [names.index(item.key) for item in found] == [4, 2, 3, 1, 0]


def test_a_slow_path_or_two_is_no_slow_pattern() -> None:
    pattern = GroupPattern(r"(?:x+x+)+(y)")
    assert [pattern.key("x" * 60 + end) for end in ("y", "z")] == ["y", None]


@pytest.mark.parametrize(
    ("name", "others", "path", "made"),
    [
        ("part-{}", ["other"], None, ("part-", None)),
        ("{}", [], "in", (None, "in")),
        ("part-{}", ["part-of-another"], None, None),
        ("raw/{}", [], None, None),
    ],
)
def test_very_many_files_become_one_entry_where_that_is_the_same(
    tmp_path: Path, name: str, others: list[str], path: str | None, made: tuple[str | None, str | None] | None
) -> None:
    chosen = [f"{chr(97 + n % 26)}{n:04}" for n in range(600)]
    blobs = {f"ext/{one}": "x" for one in (*(name.format(n) for n in chosen), *others)}
    files = [{"blobs": "{items}", **({"filePath": path} if path else {})}]
    over = {"blobs": "ext", "include": [name.format("[a-z][0-9]*")], "chunk": {"size": 1000}}
    case = {"factory": {"id": "t{chunk}", "forEach": over, "command": ["true"], "resourceFiles": files}, "blobs": blobs}
    if made is None:
        with pytest.raises(SpecError, match="one entry for many blobs"):
            tasks(case, tmp_path)
        return
    [task] = tasks(case, tmp_path)
    [file] = task.resource_files
    assert (file.container, file.blob, file.blob_prefix, file.file_path) == ("ext", None, *made)

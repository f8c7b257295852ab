"""From a spec to what it asks for: what a change changes, what each command line becomes, whose blobs count."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from batchctl.configurations import IdentityReference
from batchctl.desired import Desired, Download
from batchctl.globs import chooser
from batchctl.machines import PoolIdentity, UserAssignedIdentity
from batchctl.resources import Blob, Container, Job, Pool, Schedule, Task, changed_parts
from batchctl.sensitive import Hidden
from batchctl.spec.load import load
from batchctl.spec.model import Spec
from batchctl.spec.outside.patterns import Pattern
from batchctl.spec.outside.stocktaking import take_inventory
from batchctl.spec.resolve import outline, resolve
from batchctl.spec.source import Source

SPEC: dict[str, Any] = {
    "version": 1,
    "name": "me",
    "storage": {
        "containers": {"app": {}, "src": {"keep": True}, "out": {"external": True}},
        "uploads": [{"from": "run.py", "to": "app"}, {"from": "data/*", "to": "src", "path": "x"}],
    },
    "pool": {
        "id": "p",
        "vmSize": "Standard_D2s_v5",
        "image": {"publisher": "canonical", "offer": "b", "sku": "c"},
        "taskSlotsPerNode": 2,
        "containerConfiguration": {"type": "dockerCompatible"},
        "startTask": {"commands": ["cp run.py shared"], "resourceFiles": [{"container": "app"}]},
    },
    "job": {
        "id": "j",
        "commonEnvironmentSettings": [{"name": "A", "value": "1"}],
        "tasks": [
            {
                "id": "t-{item.stem}",
                "forEach": {"blobs": "src"},
                "commands": ["run {item.name}"],
                "resourceFiles": [{"blob": "{item}"}],
                "outputFiles": [{"filePattern": "*.out", "container": "out", "path": "{item.stem}"}],
            }
        ],
    },
    "logs": False,
    "wait": {"timeout": "PT1H30M"},
    "download": [{"container": "out", "to": "../home"}],
}
READER = "/subscriptions/0/resourceGroups/r/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader"
FILES = {"run.py": "print()", "data/a.txt": "a", "data/b.txt": "b"}


def edited(*changes: tuple[tuple[str | int, ...], Any]) -> dict[str, Any]:
    """SPEC with values put at paths."""
    spec: dict[str, Any] = json.loads(json.dumps(SPEC))
    for path, value in changes:
        part: Any = spec
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = value
    return spec


def resolved(
    folder: Path,
    spec: dict[str, Any] | None = None,
    files: dict[str, str] | None = None,
    listed: tuple[Blob, ...] = (),
    variables: dict[str, str] | None = None,
    environ: dict[str, str] | None = None,
) -> Desired:
    for name, content in {**FILES, **(files or {})}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    path = folder / "spec.json.yaml"
    path.write_text(json.dumps(spec or SPEC), encoding="utf-8")
    asked = load(path, variables or {}, environ or {})
    return resolve(asked, take_inventory(asked, {"src": listed}))


def scripts(desired: Desired) -> dict[str, str]:
    """The texts of the .cmd files, whose blobs are as their texts."""
    found = [b for b in desired.resources if isinstance(b, Blob) and b.text is not None]
    assert all(b.md5 == hashlib.md5((b.text or "").encode(), usedforsecurity=False).hexdigest() for b in found)
    return {b.path: b.text or "" for b in found}


def tasks(desired: Desired) -> dict[str, Task]:
    return {r.id: r for r in desired.resources if isinstance(r, Task)}


def pool(desired: Desired) -> Pool:
    return next(r for r in desired.resources if isinstance(r, Pool))


def test_everything_in_its_order(tmp_path: Path) -> None:
    desired = resolved(tmp_path)
    names = [f"{r.kind} {r.name}" for r in desired.resources]
    assert names == [
        *("container app", "container src"),
        *("blob app/run.py", "blob src/x/a.txt", "blob src/x/b.txt"),
        *("pool p", "job j", "task j/t-a", "task j/t-b"),
    ]
    assert desired.external == {"out"}
    assert desired.downloads == (Download(container="out", to=tmp_path.parent / "home"),)
    assert desired.wait_timeout is not None
    assert desired.wait_timeout.total_seconds() == 5400


def test_the_outline_names_the_same_and_reads_no_file(tmp_path: Path) -> None:
    desired = resolved(tmp_path)
    for name in FILES:
        (tmp_path / name).unlink()
    said = outline(load(tmp_path / "spec.json.yaml", {}, {}))
    kinds = {"container", "pool", "job"}
    assert [(r.kind, r.name) for r in said.resources] == [
        (r.kind, r.name) for r in desired.resources if r.kind in kinds
    ]
    assert (said.external, said.downloads) == (desired.external, desired.downloads)


CHANGES: list[tuple[str, tuple[tuple[str | int, ...], Any] | None, dict[str, str], dict[str, tuple[str, ...]]]] = [
    ("nothing", None, {}, {}),
    ("one input", None, {"data/a.txt": "z"}, {"t-a": ("inputs",)}),
    ("the script", None, {"run.py": "print(1)"}, {"t-a": ("scripts",), "t-b": ("scripts",)}),
    (
        "the command",
        (("job", "tasks", 0, "commands"), ["run -v {item.name}"]),
        {},
        {"t-a": ("command",), "t-b": ("command",)},
    ),
    (
        "the job's environment",
        (("job", "commonEnvironmentSettings", 0, "value"), "2"),
        {},
        {"t-a": ("environment",), "t-b": ("environment",)},
    ),
    (
        "the declaration of outputs",
        (("job", "tasks", 0, "outputFiles", 0, "uploadCondition"), "taskCompletion"),
        {},
        {"t-a": ("outputs",), "t-b": ("outputs",)},
    ),
    (
        "the start task's command",
        (("pool", "startTask", "commands"), ["true"]),
        {},
        {"t-a": ("scripts",), "t-b": ("scripts",)},
    ),
    ("slots", (("job", "tasks", 0, "requiredSlots"), 2), {}, {"t-a": ("command",), "t-b": ("command",)}),
    (
        "the container",
        (("job", "tasks", 0, "containerSettings"), {"imageName": "ubuntu:{item.stem}"}),
        {},
        {"t-a": ("container",), "t-b": ("container",)},
    ),
    (
        "the job's preparation",
        (("job", "jobPreparationTask"), {"commands": ["true"]}),
        {},
        {"t-a": ("scripts",), "t-b": ("scripts",)},
    ),
    (
        "what failure means",
        (("job", "tasks", 0, "exitConditions"), {"default": {"dependencyAction": "block"}}),
        {},
        {"t-a": ("handling",), "t-b": ("handling",)},
    ),
    (
        "how it is shown",
        (("job", "tasks", 0, "displayName"), "{item.name}"),
        {},
        {"t-a": ("handling",), "t-b": ("handling",)},
    ),
    ("a limit", (("job", "tasks", 0, "constraints"), {"maxWallClockTime": "PT1M"}), {}, {}),
    ("the size of the pool", (("pool", "targetDedicatedNodes"), 9), {}, {}),
]


@pytest.mark.parametrize(("change", "files", "parts"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_what_a_change_changes(
    tmp_path: Path,
    change: tuple[tuple[str | int, ...], Any] | None,
    files: dict[str, str],
    parts: dict[str, tuple[str, ...]],
) -> None:
    before = tasks(resolved(tmp_path))
    after = tasks(resolved(tmp_path, edited(change) if change else None, files))
    assert {i: p for i in before if (p := changed_parts(before[i].digest, after[i].digest))} == parts


SAS = "https://acct.blob.core.windows.net/c/data.bin?sv=2024-11-04&sr=b&sp=r&se=2026-{month}-01&sig={key}"

ROTATED: dict[str, tuple[list[tuple[tuple[str | int, ...], Any]], set[str]]] = {
    "a setting with such a name": ([(("environmentSettings",), [{"name": "API_KEY", "value": "${env:X}"}])], set()),
    "a part of one": ([(("environmentSettings",), [{"name": "AUTH_TOKEN", "value": "Bearer ${env:X}"}])], set()),
    "a variable with such a name": ([(("environmentSettings",), [{"name": "A", "value": "${env:API_KEY}"}])], set()),
    "one that is said to be sensitive": (
        [(("environmentSettings",), [{"name": "A", "value": "${env:X}", "sensitive": True}])],
        set(),
    ),
    "a variable of the spec that is": (
        [(("environmentSettings",), [{"name": "A", "value": "{vars.v}", "sensitive": True}])],
        set(),
    ),
    "a variable of the spec with such a name": ([(("commands",), ["run -k {vars.my_secret}"])], set()),
    "in a command": ([(("commands",), ["curl -H 'Authorization: ${env:API_KEY}' \"{item.name}\" > $HOME/a"])], set()),
    "where nothing is quoted": ([(("commands",), ["cat <<E\n${env:API_KEY}\nE"])], set()),
    "an argument": ([(("command",), ["curl", "--user=${env:API_KEY}"])], set()),
    "a URL": (
        [(("resourceFiles",), [{"httpUrl": "https://e.org/{item.name}?k=${env:API_KEY}", "filePath": "a"}])],
        set(),
    ),
    "options of a container": (
        [(("containerSettings",), {"imageName": "i", "containerRunOptions": "-e K=${env:API_KEY}"})],
        set(),
    ),
    "no secret: a setting": ([(("environmentSettings",), [{"name": "REGION", "value": "${env:X}"}])], {"environment"}),
    "no secret: a command": ([(("commands",), ["run ${env:X} ${env:API_KEY}"])], {"command"}),
    "no secret: a limit": ([(("environmentSettings",), [{"name": "MAX_TOKEN", "value": "{vars.v}"}])], {"environment"}),
    "a container of another account": (
        [(("resourceFiles",), [{"storageContainerUrl": "https://e.org/c?${env:API_KEY}"}])],
        set(),
    ),
    "outputs to another account": (
        [
            (
                ("outputFiles",),
                [{"filePattern": "x", "containerUrl": "https://e.org/c?${env:API_KEY}", "path": "{item.stem}"}],
            )
        ],
        set(),
    ),
    "no secret: a URL": (
        [(("resourceFiles",), [{"httpUrl": "https://e.org/${env:X}?k=${env:API_KEY}", "filePath": "a"}])],
        {"inputs"},
    ),
}


BASH = {"in a command", "where nothing is quoted", "options of a container"}
ROTATIONS = [(case, "canonical") for case in ROTATED] + [
    (c, "microsoftwindowsserver") for c in ROTATED if c not in BASH
]


@pytest.mark.parametrize(("case", "publisher"), ROTATIONS)
def test_a_rotated_key_runs_nothing_again(tmp_path: Path, case: str, publisher: str) -> None:
    parts, changed = ROTATED[case]
    at = ("job", "tasks", 0)
    spec = edited(*(((*at, *path), value) for path, value in parts), (("pool", "image", "publisher"), publisher))
    if "command" in spec["job"]["tasks"][0]:
        del spec["job"]["tasks"][0]["commands"]
    spec["vars"] = {"v": {"type": "string"}, "my_secret": {"type": "string"}}
    values = ("one", "another.-one")
    before, after = (
        tasks(resolved(tmp_path, spec, variables={"v": v, "my_secret": v}, environ={"X": v, "API_KEY": v}))
        for v in values
    )
    found = {part for i in before for part in changed_parts(before[i].digest, after[i].digest)}
    assert found == changed
    assert before["t-a"].digest != before["t-b"].digest, "what the items say still counts"
    assert replace(before["t-a"], digest="") != replace(after["t-a"], digest=""), "a task that runs has the new key"


def test_a_new_key_of_nodes_and_of_all_tasks_runs_nothing_again(tmp_path: Path) -> None:
    spec = edited(
        (("job", "commonEnvironmentSettings"), [{"name": "API_KEY", "value": "${env:X}"}]),
        (("job", "jobPreparationTask"), {"commands": ["login ${env:API_KEY}"]}),
        (("pool", "startTask", "commands"), ["login ${env:API_KEY}"]),
    )
    before, after = (tasks(resolved(tmp_path, spec, environ={"X": v, "API_KEY": v})) for v in ("one", "two"))
    assert {i: t.digest for i, t in before.items()} == {i: t.digest for i, t in after.items()}
    spec["pool"]["startTask"]["commands"] = ["logout ${env:API_KEY}"]
    other = tasks(resolved(tmp_path, spec, environ={"X": "two", "API_KEY": "two"}))
    assert changed_parts(after["t-a"].digest, other["t-a"].digest) == ("scripts",)


def test_what_a_literal_secret_says_counts(tmp_path: Path) -> None:
    def digest(value: str) -> str:
        settings = [{"name": "API_KEY", "value": value, "sensitive": True}]
        return tasks(resolved(tmp_path, edited((("job", "tasks", 0, "environmentSettings"), settings))))["t-a"].digest

    assert changed_parts(digest("one"), digest("two")) == ("environment",)


def test_a_url_signed_anew_is_the_same_file(tmp_path: Path) -> None:
    def digest(url: str) -> str:
        files = [{"httpUrl": "${env:URL}", "filePath": "data.bin"}]
        spec = edited((("job", "tasks", 0, "resourceFiles"), files))
        return tasks(resolved(tmp_path, spec, environ={"URL": url}))["t-a"].digest

    one = digest(SAS.format(month="01", key="abc%3D"))
    assert one == digest(SAS.format(month="02", key="def%3D"))
    assert changed_parts(one, digest(SAS.format(month="01", key="abc%3D") + "&versionid=2")) == ("inputs",)
    assert changed_parts(digest("https://e.org/a?se=1"), digest("https://e.org/a?se=2")) == ("inputs",)


def test_who_may_read_and_write_is_no_part_of_what_a_task_does(tmp_path: Path) -> None:
    def digests(**by: Any) -> dict[str, str]:
        files = [{"blob": "{item}", **by}, {"container": "app", **by}]
        outputs = [{"filePattern": "*.out", "container": "out", "path": "{item.stem}", **by}]
        task = ("job", "tasks", 0)
        spec = edited(((*task, "resourceFiles"), files), ((*task, "outputFiles"), outputs))
        return {i: t.digest for i, t in tasks(resolved(tmp_path, spec)).items()}

    assert digests() == digests(identityReference={"resourceId": READER})


IDENTITY = IdentityReference(resource_id=READER)
OTHER = IdentityReference(resource_id=READER.replace("reader", "other"))


def everything_opened(value: Any) -> Iterator[tuple[Any, IdentityReference | None]]:
    """All that an identity can open, with the one that does."""
    if isinstance(value, tuple):
        for one in value:
            yield from everything_opened(one)
    elif is_dataclass(value):
        if hasattr(value, "identity_reference"):
            yield value, value.identity_reference
        for entry in fields(value):
            yield from everything_opened(getattr(value, entry.name))


def test_the_identity_of_a_spec_opens_what_nothing_else_opens(tmp_path: Path) -> None:
    registry = {"imageName": "i", "registry": {"registryServer": "r.example"}}
    own = {"username": "u", "password": "${env:PASSWORD}", "registryServer": "s.example"}
    foreign = "https://other.blob.core.windows.net/c"
    blobfuse = {"accountName": "store", "containerName": "c", "relativeMountPath": "m"}
    files = [
        {"blob": "{item}"},
        {"container": "app", "identityReference": {"resourceId": OTHER.resource_id}},
        {"storageContainerUrl": foreign},
        {"storageContainerUrl": f"{foreign}?${{env:PASSWORD}}"},
        {"autoStorageContainerName": "abc"},
        {"httpUrl": f"{foreign}/open.txt", "filePath": "open.txt"},
    ]
    outputs = [{"filePattern": "*.a", "container": "out"}, {"filePattern": "*.b", "containerUrl": foreign}]
    task = ("job", "tasks", 0)
    spec = edited(
        ((*task, "resourceFiles"), files),
        ((*task, "outputFiles"), outputs),
        ((*task, "containerSettings"), registry),
        (("job", "jobPreparationTask"), {"commands": ["true"], "resourceFiles": [{"container": "app"}]}),
        (("pool", "containerConfiguration", "containerRegistries"), [registry["registry"], own]),
        (
            ("pool", "mountConfiguration"),
            [
                {"azureBlobFileSystemConfiguration": blobfuse},
                {
                    "azureBlobFileSystemConfiguration": {
                        **blobfuse,
                        "relativeMountPath": "n",
                        "accountKey": "${env:PASSWORD}",
                    }
                },
            ],
        ),
    )
    environ = {"PASSWORD": "only-for-a-test"}
    before = resolved(tmp_path, spec, environ=environ)
    after = resolved(tmp_path, {**spec, "identity": READER}, environ=environ)
    assert after == resolved(tmp_path, {**spec, "identity": {"resourceId": READER}}, environ=environ)
    assert pool(after).identity == PoolIdentity(user_assigned_identities=(UserAssignedIdentity(resource_id=READER),))
    said = [reference for _, reference in everything_opened(before.resources)]
    assert [reference for reference in said if reference] == [OTHER] * 2
    now = [(type(value).__name__, reference) for value, reference in everything_opened(tasks(after)["t-a"])]
    assert now == [
        *(("ResourceFile", one) for one in (IDENTITY, OTHER, IDENTITY, None, None, None)),
        ("ContainerRegistry", IDENTITY),
        *(("OutputFile", IDENTITY) for _ in outputs),
    ]
    held = [(type(value).__name__, reference) for value, reference in everything_opened(pool(after))]
    assert held == [
        *(("ContainerRegistry", one) for one in (IDENTITY, None)),
        ("ResourceFile", IDENTITY),
        *(("AzureBlobFileSystemConfiguration", one) for one in (IDENTITY, None)),
    ]
    [prepared] = [r.job_preparation_task for r in after.resources if isinstance(r, Job)]
    assert [reference for _, reference in everything_opened(prepared)] == [IDENTITY]
    assert {i: t.digest for i, t in tasks(before).items()} == {i: t.digest for i, t in tasks(after).items()}


def test_the_identity_of_a_spec_comes_to_those_that_the_pool_has(tmp_path: Path) -> None:
    def named(*ids: str) -> list[str]:
        said = {"userAssignedIdentities": [{"resourceId": i} for i in ids]}
        found = pool(resolved(tmp_path, {**edited((("pool", "identity"), said)), "identity": READER})).identity
        assert found is not None
        return [one.resource_id for one in found.user_assigned_identities]

    assert named(OTHER.resource_id) == [OTHER.resource_id, READER]
    assert named(READER.replace("/r/", "/R/")) == [READER.replace("/r/", "/R/")], "which know no case"


def test_a_container_of_another_account_signed_anew_is_the_same(tmp_path: Path) -> None:
    def made(url: str, prefix: str = "a/") -> Task:
        files = [{"storageContainerUrl": "${env:URL}", "blobPrefix": prefix}]
        outputs = [{"filePattern": "x", "containerUrl": "${env:URL}", "path": "{item.stem}"}]
        task = ("job", "tasks", 0)
        spec = edited(((*task, "resourceFiles"), files), ((*task, "outputFiles"), outputs))
        return tasks(resolved(tmp_path, spec, environ={"URL": url}))["t-a"]

    one, two = (made(SAS.format(month=month, key="abc%3D")) for month in ("01", "02"))
    assert one.digest == two.digest
    assert one.output_files[0].container == SAS.partition("?")[0]
    assert one.output_files[0].optional
    assert changed_parts(one.digest, made("https://e.org/c").digest) == ("inputs", "outputs")
    assert changed_parts(one.digest, made(SAS.format(month="01", key="abc%3D"), "b/").digest) == ("inputs",)


def test_a_changed_script_is_a_changed_start_task(tmp_path: Path) -> None:
    before, after = pool(resolved(tmp_path)), pool(resolved(tmp_path, files={"run.py": "print(1)"}))
    assert before.start_task is not None
    assert after.start_task is not None
    assert before.start_task.content != after.start_task.content
    assert before.start_task.command_line == after.start_task.command_line


def test_blobs_without_md5_are_told_by_their_etag(tmp_path: Path) -> None:
    def listed(etag: str) -> tuple[Blob, ...]:
        return (Blob(container="src", path="big.bin", md5=None, etag=etag, owner="somebody"),)

    one, same, other = (tasks(resolved(tmp_path, listed=listed(e)))["t-big"].digest for e in ("0x1", "0x1", "0x2"))
    assert one == same
    assert changed_parts(one, other) == ("inputs",)


def test_whose_blobs_count(tmp_path: Path) -> None:
    listed = (
        Blob(container="src", path="x/a.txt", md5="0" * 32, owner="me"),
        Blob(container="src", path="x/gone.txt", md5="0" * 32, owner="me"),
        Blob(container="src", path="output.txt", md5="0" * 32, owner="me", task="t-0"),
        Blob(container="src", path="theirs.txt", md5="0" * 32, owner=None),
    )
    assert list(tasks(resolved(tmp_path, listed=listed))) == ["t-output", "t-theirs", "t-a", "t-b"]
    assert tasks(resolved(tmp_path, listed=listed))["t-a"] == tasks(resolved(tmp_path))["t-a"]


def test_the_task_of_a_schedule_is_of_no_generation(tmp_path: Path) -> None:
    spec = edited((("schedule",), {"id": "s", "recurrenceInterval": "P1D"}), (("identity",), READER))
    spec["job"]["tasks"] = [{"id": "one", "commands": ["run"]}]
    (made,) = resolved(tmp_path, spec).of(Schedule)
    assert made.task is not None
    assert (made.task.id, made.task.generation) == ("one", None)


def test_what_comes_from_the_environment_or_is_said_to_be_sensitive_is_hidden(tmp_path: Path) -> None:
    settings = [
        {"name": "A", "value": "{vars.x}", "sensitive": True},
        {"name": "B", "value": "${env:HOME_OF_B}/b"},
        {"name": "C", "value": "{vars.x}"},
    ]
    spec = edited((("job", "tasks", 0, "environmentSettings"), settings), (("vars",), {"x": {"type": "string"}}))
    (tmp_path / "spec.yaml").write_text(json.dumps(spec), encoding="utf-8")
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    asked = load(tmp_path / "spec.yaml", {"x": "1"}, {"HOME_OF_B": "/home"})
    made = tasks(resolve(asked, take_inventory(asked, {})))["t-a"].environment
    assert made == (("A", "1"), ("B", "/home/b"), ("C", "1"))
    assert [isinstance(value, Hidden) for _, value in made] == [True, True, False]


def test_command_lines(tmp_path: Path) -> None:
    assert tasks(resolved(tmp_path))["t-a"].command_line == "/bin/bash -c 'set -e -o pipefail\nrun a.txt'"
    spec = edited((("job", "tasks", 0), {"id": "t", "command": ["run", "it's", "$HOME"]}))
    assert tasks(resolved(tmp_path, spec))["t"].command_line == "run 'it'\"'\"'s' '$HOME'"


def test_command_lines_on_windows(tmp_path: Path) -> None:
    spec = edited(
        (("pool", "image", "publisher"), "MicrosoftWindowsServer"),
        (("job", "tasks", 0, "commands"), ["cd x", 'type "{item.name}"']),
    )
    desired = resolved(tmp_path, spec)
    made, script = tasks(desired), scripts(desired)
    (name,) = script
    for letter in "ab":
        run = f'"%AZ_BATCH_TASK_WORKING_DIR%\\{name}" "{letter}.txt"'
        assert made[f"t-{letter}"].command_line == f'cmd.exe /d /e:on /v:off /s /c "{run}"'
        file = made[f"t-{letter}"].resource_files[-1]
        assert (file.container, file.blob, file.file_path) == ("me-scripts", name, name)
    assert "\r\ncd x\r\n" in script[name]
    assert "a.txt" not in script[name]
    assert [c.name for c in desired.resources if isinstance(c, Container)] == ["app", "me-scripts", "src"]
    start = pool(desired).start_task
    assert start is not None
    assert start.command_line == 'cmd.exe /d /e:on /v:off /s /c "cp run.py shared"'


def test_all_that_a_node_runs_on_windows_has_its_script(tmp_path: Path) -> None:
    lines = ["cd x", "dir"]
    spec = edited(
        (("pool", "image", "publisher"), "MicrosoftWindowsServer"),
        (("pool", "startTask", "commands"), lines),
        (("job", "jobPreparationTask"), {"commands": [*lines, "prepare"]}),
        (("job", "jobReleaseTask"), {"commands": [*lines, "release"]}),
        (("job", "tasks", 0, "commands"), lines),
    )
    desired = resolved(tmp_path, spec)
    job = next(r for r in desired.resources if isinstance(r, Job))
    works = [pool(desired).start_task, job.job_preparation_task, job.job_release_task, *tasks(desired).values()]
    ran = [work.resource_files[-1].blob for work in works if work]
    assert ran[0] == ran[3] == ran[4]
    assert set(ran) == set(scripts(desired))
    assert all(work and f"\\{name}" in work.command_line for work, name in zip(works, ran, strict=True))


def test_a_spec_whose_commands_need_no_script_has_no_container_for_them(tmp_path: Path) -> None:
    for commands in ({"commands": ["dir {item.name}"]}, {"command": ["run.exe", "a", "b"]}):
        task = {"id": "t-{item.stem}", "forEach": {"blobs": "src"}, **commands}
        spec = edited((("pool", "image", "publisher"), "MicrosoftWindowsServer"), (("job", "tasks", 0), task))
        desired = resolved(tmp_path, spec)
        assert [c.name for c in desired.resources if isinstance(c, Container)] == ["app", "src"]
    assert scripts(resolved(tmp_path, edited((("job", "tasks", 0, "commands"), ["cd x", "dir"])))) == {}


def test_the_container_of_scripts_is_named_by_the_spec() -> None:
    names = ["a", "Word_Count", "word-count", "Word-count", "x" * 64, "a--b", "a__"]
    made = [Spec(name=n, folder=Path(), source=Source("", "")).script_container for n in names]
    assert made[0] == "a-scripts"
    assert len(set(made)) == len(names)
    assert all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", name) and 3 <= len(name) <= 63 for name in made)


def test_files_that_a_task_is_given(tmp_path: Path) -> None:
    files = [
        {"blob": "{item}", "filePath": "in/{index:03d}.txt", "fileMode": "0755"},
        {"container": "app", "blobPrefix": "lib/", "filePath": "lib"},
        {"httpUrl": "https://example.org/{item.stem}", "filePath": "m"},
    ]
    made = tasks(resolved(tmp_path, edited((("job", "tasks", 0, "resourceFiles"), files))))["t-b"].resource_files
    assert [(f.container, f.blob, f.blob_prefix, f.http_url, f.file_path, f.file_mode) for f in made] == [
        ("src", "x/b.txt", None, None, "in/001.txt", "0755"),
        ("app", None, "lib/", None, "lib", None),
        (None, None, None, "https://example.org/b", "m", None),
    ]


def test_a_glob_of_files_leaves_out_what_begins_with_a_dot(tmp_path: Path) -> None:
    for name in ("d/a.txt", "d/.dot.txt", "d/.hidden/b.txt", "d/sub/c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    def met(pattern: str) -> list[str]:
        return [match.name for match in Pattern(tmp_path, pattern).matches()]

    assert met("d") == met("d/**") == ["a.txt", "sub/c.txt"]
    assert met("d/**.txt") == met("d/*") == ["a.txt"]
    assert met("d/.*") == [".dot.txt"]


def test_include_and_exclude_take_names_that_begin_with_a_dot_as_any_other() -> None:
    chosen = chooser(["*.txt"], ["sub/**"])
    assert [name for name in ("a.txt", ".dot.txt", ".hidden/b.txt", "sub/c.txt") if chosen(name)] == [
        "a.txt",
        ".dot.txt",
        ".hidden/b.txt",
    ]


ALL_HAVE: dict[str, Any] = {
    "containerSettings": {"imageName": "tools:{item.stem}", "containerRunOptions": "--rm"},
    "constraints": {"maxWallClockTime": "PT1H", "maxTaskRetryCount": 2},
    "environmentSettings": [{"name": "A", "value": "{item.name}"}, {"name": "B", "value": "b"}],
    "resourceFiles": [{"container": "app"}],
    "requiredSlots": 2,
    "userIdentity": {"autoUser": {"scope": "task"}},
}
OWN: dict[str, Any] = {
    "containerSettings": {"imageName": "mine", "workingDirectory": "containerImageDefault"},
    "constraints": {"maxTaskRetryCount": 0},
    "environmentSettings": [{"name": "B", "value": "mine"}],
    "resourceFiles": [{"blob": "{item}"}],
    "elevationLevel": "admin",
}
BOTH: dict[str, Any] = {
    **OWN,
    "containerSettings": {**OWN["containerSettings"], "containerRunOptions": "--rm"},
    "constraints": {"maxWallClockTime": "PT1H", "maxTaskRetryCount": 0},
    "environmentSettings": [OWN["environmentSettings"][0], ALL_HAVE["environmentSettings"][0]],
    "resourceFiles": [{"blob": "{item}"}, {"container": "app"}],
    "requiredSlots": 2,
}
NEITHER: dict[str, Any] = {"withoutDefaults": ["containerSettings", "constraints", "userIdentity"]}
REST_OF_ALL = {key: value for key, value in ALL_HAVE.items() if key not in NEITHER["withoutDefaults"]}


@pytest.mark.parametrize(("own", "both"), [({}, ALL_HAVE), (OWN, BOTH), (NEITHER, REST_OF_ALL)])
def test_what_all_tasks_have_is_as_if_each_said_it(tmp_path: Path, own: dict[str, Any], both: dict[str, Any]) -> None:
    """Digests too, so that who says it once runs nothing again."""
    plain = {"id": "t-{item.stem}", "forEach": {"blobs": "src"}, "command": ["run"]}
    once = edited((("job", "taskDefaults"), ALL_HAVE), (("job", "tasks"), [{**plain, **own}]))
    said = edited((("job", "tasks"), [{**plain, **both}]))
    assert tasks(resolved(tmp_path, once)) == tasks(resolved(tmp_path, said))

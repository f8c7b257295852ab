"""`batchctl expand`: the bodies that apply would send, with their lines and without secrets."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from azure.batch import models

from batchctl.cli import run
from batchctl.render.az_files import az_files
from batchctl.spec.load import load
from batchctl.verbs.expand import expand
from batchctl.words import obeyed
from tests import verbs
from tests.clock import FakeClock
from tests.fake_cloud import FakeCloud

SPEC = """\
version: 1
name: a
vars: {names: {type: list, default: [x, y]}}
storage:
  containers: {input: {}, out: {}}
  uploads: [{from: 'data/*.txt', to: input}]
pool:
  id: p
  vmSize: Standard_D2s_v5
  image: {publisher: a, offer: b, sku: c}
  nodeAgentSKUId: batch.node.ubuntu 24.04
  userAccounts: [{name: me, password: '${env:SECRET}', elevationLevel: admin}]
job:
  id: j
  commonEnvironmentSettings: [{name: API_TOKEN, value: shown-nowhere}, {name: PLAIN, value: seen}]
  tasks:
    - factory: first
      id: f-{item.stem}
      forEach: {blobs: input}
      resourceFiles: [{blob: '{item}'}]
      commands: ['cat {item.name}']
      outputFiles: [{filePattern: '{item.stem}.out', container: out}]
    - id: second-{item}
      forEach: {list: '{vars.names}'}
      commands: ['echo "${env:SECRET}" {item}']
    - id: last-{index}
      forEach: {outputs: first}
      commands: ['true']
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SECRET", "canary-word")
    for name in ("BATCHCTL_TARGET", "AZURE_BATCH_ACCOUNT", "AZURE_BATCH_ENDPOINT", "AZURE_BATCH_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/one.txt").write_text("1")
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC)
    return path


def expanded(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[list[dict[str, Any]], str]:
    assert run(["expand", *words]) == 0
    said = capsys.readouterr()
    return json.loads(said.out), said.err


def test_each_body_with_its_line(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, told = expanded(capsys, str(spec))
    assert [(row["kind"], row["line"], row["method"], row["path"]) for row in rows] == [
        ("pool", 7, "POST", "/pools"),
        ("job", 13, "POST", "/jobs"),
        ("task", 17, "POST", "/jobs/j/tasks"),
        ("task", 23, "POST", "/jobs/j/tasks"),
        ("task", 23, "POST", "/jobs/j/tasks"),
        ("job", 13, "PATCH", "/jobs/j"),
    ]
    assert {row["file"] for row in rows} == {str(spec)}
    assert [row["body"].get("id") for row in rows] == ["p", "j", "f-one", "second-x", "second-y", None]
    assert rows[1]["body"]["onAllTasksComplete"] == "noaction"
    assert rows[-1]["body"] == {"onAllTasksComplete": "terminatejob"}
    assert "no container was listed: of input" in told
    assert "tasks last-{index} are left out" in told.replace("\n", " ")


def test_no_secret_and_no_signature(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, told = expanded(capsys, str(spec))
    said = json.dumps(rows) + told
    assert "canary" not in said
    assert "shown-nowhere" not in said
    assert "sig=" not in said
    assert rows[0]["body"]["userAccounts"][0]["password"] == "(sensitive)"
    common = {one["name"]: one["value"] for one in rows[1]["body"]["commonEnvironmentSettings"]}
    assert common == {"API_TOKEN": "(sensitive)", "PLAIN": "seen"}
    file, output = rows[2]["body"]["resourceFiles"][0], rows[2]["body"]["outputFiles"][0]
    assert file["httpUrl"] == "https://STORAGE_ACCOUNT.blob.core.windows.net/input/one.txt?SIGNATURE_input_r"
    assert output["destination"]["container"]["containerUrl"].endswith("/out?SIGNATURE_out_cw")


def test_the_account_that_is_named(
    spec: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    account = "account: {batch: https://b.eu.batch.azure.com, storage: https://mine.blob.core.windows.net}\n"
    spec.write_text(SPEC + account)
    rows, _ = expanded(capsys, str(spec))
    assert rows[2]["body"]["resourceFiles"][0]["httpUrl"].startswith(
        "https://mine.blob.core.windows.net/input/one.txt?"
    )


def test_one_request_a_line(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["expand", str(spec), "--json", "--var", "names=z"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in rows] == ["p", "j", "j/f-one", "j/second-z", "j"]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_nothing_that_a_terminal_obeys(form: tuple[str, ...], spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["expand", str(spec), "--var", "names=a\x85b\u202e\x9b2J", *form]) == 0
    assert obeyed(capsys.readouterr().out) == []


def test_a_key_vault_is_not_read(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(SPEC.replace("${env:SECRET}', elevation", "${keyvault:vault/name}', elevation"))
    rows, _ = expanded(capsys, str(spec))
    assert rows[0]["body"]["userAccounts"][0]["password"] == "(sensitive)"


def test_a_spec_that_is_wrong(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(SPEC.replace("vmSize", "vmSise"))
    assert run(["expand", str(spec)]) == 65
    assert capsys.readouterr().out == ""


KINDS = {
    "pool": models.BatchPoolCreateOptions,
    "job": models.BatchJobCreateOptions,
    "task": models.BatchTaskCreateOptions,
}


def known(model: Any, body: Any) -> None:
    """Every name of the body is one of the SDK's model."""
    if isinstance(body, list):
        for item in body:
            known(model, item)
    elif isinstance(body, dict) and hasattr(model, "_attr_to_rest_field"):
        fields = {field._rest_name for field in model._attr_to_rest_field.values()}
        assert body.keys() <= fields


def test_files_that_the_azure_cli_takes(spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "out/az"
    assert run(["expand", str(spec), "-o", "az", "--output-dir", str(folder)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "create.sh" in said.err
    assert sorted(path.name for path in folder.iterdir()) == ["create.sh", "job-j.json", "pool-p.json", "tasks-j.json"]
    found = {path.stem.partition("-")[0]: json.loads(path.read_text()) for path in folder.glob("*.json")}
    assert len(found["tasks"]) == 3
    for kind, model in KINDS.items():
        bodies = found["tasks"] if kind == "task" else [found[kind]]
        for body in bodies:
            known(model, body)
            assert model(body).as_dict() == body
    script = (folder / "create.sh").read_text()
    assert "canary" not in "".join(path.read_text() for path in folder.iterdir())
    assert "# pool-p.json: put the secrets in yourself" in script
    assert "sign input r\nsign out cw\n" in script
    assert "# Without these tasks, which are not known before others have run: last-{index}. Then:" in script
    assert "\n# az batch job set --job-id j --on-all-tasks-complete terminatejob\n" in script
    assert subprocess.run(["bash", "-n", folder / "create.sh"], check=False).returncode == 0
    assert run(["expand", str(spec), "-o", "az", "--output-dir", str(folder)]) == 64


def test_what_is_uploaded_already_is_uploaded_to_another_account_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/one.txt").write_text("1")
    text = "version: 1\nname: a\nstorage: {containers: {input: {}}, uploads: [{from: data, to: input}]}\n"
    (tmp_path / "spec.yaml").write_text(text)
    spec, cloud = load(tmp_path / "spec.yaml", {}, {}), FakeCloud()
    list(verbs.apply(spec, cloud, FakeClock(), lambda plan: True))
    (script,) = az_files((), expand(spec, cloud), "spec.yaml").values()
    assert f"--name one.txt --file {tmp_path}/data/one.txt --overwrite" in script


@pytest.mark.parametrize("path", sorted(Path("specs").glob("*.yaml")), ids=lambda path: path.name)
def test_every_spec_comes_to_something(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_PASSWORD", "what-opens-the-registry")
    words = ["--allow-python"] if "generator" in path.read_text(encoding="utf-8") else []
    rows, _ = expanded(capsys, str(path), *words)
    assert rows
    assert "what-opens-the-registry" not in str(rows)


def test_a_schedule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, told = expanded(capsys, "specs/nightly.yaml")
    lines = Path("specs/nightly.yaml").read_text(encoding="utf-8").splitlines()
    assert [(row["kind"], row["path"]) for row in rows] == [("pool", "/pools"), ("schedule", "/jobschedules")]
    assert [lines[row["line"] - 1] for row in rows] == ["pool:", "schedule:"]
    assert "gets its identity from Azure's resource manager" in told.replace("\n", " ")
    assert run(["expand", "specs/nightly.yaml", "-o", "az", "--output-dir", str(tmp_path / "az")]) == 0
    script = (tmp_path / "az/create.sh").read_text(encoding="utf-8")
    assert 'az batch job-schedule create --json-file "$(fill schedule-nightly.json)"' in script
    models.BatchJobScheduleCreateOptions(json.loads((tmp_path / "az/schedule-nightly.json").read_text()))


def test_what_is_not_set_is_asked_of_nobody(
    spec: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be hidden anyway; but a name that only the environment has is needed."""
    monkeypatch.delenv("SECRET")
    rows, said = expanded(capsys, str(spec))
    assert "note: SECRET of the environment is not set, and stands as (sensitive) here" in said
    assert rows[0]["body"]["userAccounts"][0]["password"] == "(sensitive)"
    spec.write_text(SPEC.replace("id: p\n", "id: '${env:SECRET}'\n"))
    assert run(["expand", str(spec)]) == 65
    assert "the environment variable 'SECRET' is not set" in capsys.readouterr().err

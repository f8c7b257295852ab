"""What destroy needs of a spec: no secret, and no variable, that only tasks, nodes or uploads use."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from batchctl.errors import SpecError, UsageError
from batchctl.spec.load import load, load_names
from batchctl.spec.model import Spec
from batchctl.spec.resolve import outline

TEXT = """\
version: 1
name: a
vars: {size: {type: string}, n: {type: int}, where: {type: string, default: out}, time: {type: string}}
storage:
  containers: {input: {}, output: {keep: true}}
  uploads: [{from: '${env:DATA}/*', to: input}]
pool:
  id: p
  vmSize: '{vars.size}'
  image: {publisher: a, offer: b, sku: c}
  targetDedicatedNodes: '{vars.n}'
  resizeTimeout: '{vars.time}'
  metadata: [{name: who, value: '${env:WHO}'}]
  mountConfiguration:
    - azureFileShareConfiguration:
        accountName: acct
        azureFileUrl: https://acct.file.core.windows.net/s
        accountKey: '${env:KEY}'
        relativeMountPath: m
  startTask: {commands: ['echo ${env:GREETING}'], environmentSettings: [{name: T, value: '${env:TOKEN}'}]}
job:
  id: j
  commonEnvironmentSettings: [{name: REGION, value: '${env:REGION}'}]
  constraints: {maxWallClockTime: '{vars.time}'}
  tasks:
    - id: t-{index}
      forEach: {blobs: input, include: ['${env:KIND}*'], chunk: {bytes: '{vars.time}'}}
      environmentSettings: [{name: API_KEY, value: '${env:API_KEY}'}]
      resourceFiles: [{httpUrl: '${env:PARTNER_URL}', filePath: data.bin}]
      commands: ['run --n {vars.n} {items.names}']
wait: {timeout: '{vars.time}'}
expiresAfter: '{vars.time}'
download: [{container: output, to: '{vars.where}'}]
"""

Values = Mapping[str, str]
NONE: Values = MappingProxyType({})


def named(folder: Path, text: str = TEXT, variables: Values = NONE, environ: Values = NONE) -> Spec:
    (folder / "spec.yaml").write_text(text)
    return load_names(folder / "spec.yaml", variables, environ)


def test_nothing_that_only_tasks_and_nodes_use_has_to_be_known(tmp_path: Path) -> None:
    spec = named(tmp_path)
    wanted = outline(spec)
    assert {(r.kind, r.name) for r in wanted.resources} == {
        ("container", "input"),
        ("container", "output"),
        ("container", "a-logs"),
        ("pool", "p"),
        ("job", "j"),
    }
    assert [d.to for d in wanted.downloads] == [tmp_path / "out"]
    assert spec.hidden_settings == {"T", "REGION", "API_KEY"}, "what is held is still not shown"
    with pytest.raises(SpecError):
        load(tmp_path / "spec.yaml", {}, {})


@pytest.mark.parametrize("value", ["https://x.blob.core.windows.net/c/b?sig=" + "A" * 43 + "%3D", "", "{vars.nope}"])
def test_what_they_hold_is_not_looked_at(tmp_path: Path, value: str) -> None:
    names = ("DATA", "WHO", "GREETING", "TOKEN", "REGION", "KIND", "API_KEY", "PARTNER_URL")
    assert named(tmp_path, environ=dict.fromkeys(names, value)).name == "a"


@pytest.mark.parametrize(
    ("place", "before", "after", "says"),
    [
        ("name", "name: a\n", "name: '${env:WHO}'\n", "'WHO' is not set"),
        ("pool", "id: p\n", "id: '${env:WHO}-pool'\n", "'WHO' is not set"),
        ("job", "id: j\n", "id: 'j-${env:WHO}'\n", "'WHO' is not set"),
        ("keep", "keep: true", "keep: '${env:WHO}'", "'WHO' is not set"),
        ("to", "to: '{vars.where}'", "to: '${env:WHO}'", "'WHO' is not set"),
        ("pool's variable", "id: p\n", "id: 'p-{vars.size}'\n", "--var size=VALUE"),
    ],
)
def test_what_names_something_has_to_be_known(tmp_path: Path, place: str, before: str, after: str, says: str) -> None:
    with pytest.raises((SpecError, UsageError), match=says):
        named(tmp_path, TEXT.replace(before, after, 1))
    filled = named(tmp_path, TEXT.replace(before, after, 1), {"size": "big"}, {"WHO": "true"})
    assert {"true", "true-pool", "j-true", "p-big", "p"} & {filled.name, *(r.name for r in outline(filled).resources)}


def test_what_is_wrong_in_the_spec_is_still_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="tsaks"):
        named(tmp_path, TEXT.replace("  tasks:", "  tsaks:"))
    with pytest.raises(UsageError, match="no variable 'sise'"):
        named(tmp_path, variables={"sise": "1"})


@pytest.mark.parametrize("value", ["${env:DATA}", "{vars.size}", "x-${env:DATA}"])
@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("{input: {}, ", "{input: 'V', ", "input takes a mapping"),
        ("storage:\n", "logs: 'V'\nstorage:\n", "logs takes true or false or a mapping"),
        ("    - id: t-{index}\n", "    - 'V'\n    - id: t-{index}\n", r"tasks\[0\] takes a mapping"),
        (
            "commonEnvironmentSettings: [{name: REGION, value: '${env:REGION}'}]",
            "commonEnvironmentSettings: 'V'",
            "a list",
        ),
        ("[{container: output, to: '{vars.where}'}]", "['V']", r"download\[0\] takes a mapping"),
        ("[{container: output, to: '{vars.where}'}]", "'V'", "download takes a list"),
    ],
)
def test_a_mapping_is_made_of_no_value(tmp_path: Path, before: str, after: str, says: str, value: str) -> None:
    text = TEXT.replace(before, after.replace("V", value), 1)
    assert text != TEXT
    with pytest.raises(SpecError, match=says):
        named(tmp_path, text)

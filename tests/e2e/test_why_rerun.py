"""`why --rerun` on the local service: the culprit is named from what the account holds alone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Workbench

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
name: again
vars: {greeting: {type: string, default: hello}}
storage:
  containers: {again-inputs: {}, again-results: {}}
  uploads: [{from: data/*.txt, to: again-inputs}]
pool:
  id: again
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  targetDedicatedNodes: 1
  afterRun: keep
  startTask:
    resourceFiles: [{blob: again-inputs/setup.txt}]
    commands: [cat setup.txt]
job:
  id: again
  tasks:
    - id: one
      environmentSettings: [{name: MODE, value: fast}, {name: API_TOKEN, value: '0123456789-old'}]
      resourceFiles: [{blob: again-inputs/a.txt}, {blob: again-inputs/b.txt}]
      commands: ['echo {vars.greeting} > one.txt']
      outputFiles: [{filePattern: one.txt, container: again-results}]
wait: {timeout: PT20M}
"""


def test_the_culprit_is_named(workbench: Workbench) -> None:
    folder = workbench.folder / "specs"
    (folder / "data").mkdir()
    for name in ("a", "b", "setup"):
        (folder / "data" / f"{name}.txt").write_text(name)
    (folder / "again.yaml").write_text(SPEC)
    path, spec = folder / "again.yaml", "specs/again.yaml"
    text = path.read_text()

    def asked(old: str, new: str, *options: str) -> str:
        assert old in text
        path.write_text(text.replace(old, new))
        said = workbench.run("why", spec, "--rerun", "task.one", *options)
        path.write_text(text)
        assert said.code == 0, said.said
        return said.out

    assert "task one is new: it never ran" in asked("fast", "fast")
    assert workbench.run("apply", spec, "--yes").code == 0
    assert "task one does not run again: it is up to date" in asked("fast", "fast")
    assert workbench.run("plan", spec, "--detailed-exitcode").code == 0

    setting = asked("value: fast", "value: slow")
    assert f"environment changed ({spec}, line 20)\n  MODE: fast -> slow\n" in setting
    assert "as it was: command, inputs, scripts, outputs\n" in setting
    secret = asked("-old", "-new")
    assert "  API_TOKEN: changed; it is not shown\n" in secret
    assert "0123456789" not in secret
    assert "echo bye" in asked("echo {vars.greeting}", "echo bye")
    variable = asked("fast", "fast", "--var", "greeting=goodbye")
    assert "echo goodbye" in variable
    assert "  {vars.greeting} stands in it, which is goodbye now\n" in variable
    assert "  + *.txt to " in asked("filePattern: one.txt", "filePattern: '*.txt'")
    assert "  the command line of the start task, hash: " in asked("cat setup", "cat ./setup")
    _a_changed_blob(folder / "data", asked)
    assert workbench.run("destroy", spec, "--yes", "--discard-outputs").code == 0


def _a_changed_blob(data: Path, asked: Callable[[str, str], str]) -> None:
    (data / "b.txt").write_text("other")
    blob = asked("fast", "fast")
    assert "b.txt: content 92eb5ffe -> 795f3202, of the local file b.txt, which apply uploads\n" in blob
    assert "a.txt" not in blob
    (data / "b.txt").write_text("b")
    (data / "setup.txt").write_text("other")
    script = asked("fast", "fast")
    assert "  setup.txt of the start task, content: " in script
    assert "as it was: command, environment, inputs, outputs\n" in script


CONTAINER = """\
version: 1
name: image
pool:
  id: image
  vmSize: Standard_D2s_v5
  image: {publisher: microsoft-dsvm, offer: ubuntu-hpc, sku: 2404}
  containerConfiguration: {type: dockerCompatible}
  targetDedicatedNodes: 0
job:
  id: image
  tasks:
    - {id: one, containerSettings: {imageName: 'python:3.11'}, commands: [echo hello]}
"""


def test_another_image(workbench: Workbench) -> None:
    path, spec = workbench.folder / "specs" / "image.yaml", "specs/image.yaml"
    path.write_text(CONTAINER)
    # Without nodes it waits for ever.
    assert workbench.run("apply", spec, "--yes").code == 6
    path.write_text(path.read_text().replace("3.11", "3.12"))
    said = workbench.run("why", spec, "--rerun", "task.one")
    assert said.code == 0, said.said
    assert "  imageName: python:3.11 -> python:3.12\n" in said.out
    assert workbench.run("destroy", spec, "--yes", "--force").code == 0

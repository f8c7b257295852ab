"""A spec as somebody wants it by now, and what its tasks run with."""

from dataclasses import dataclass, field
from pathlib import Path

INPUT, OUTPUT = "input", "output"

_STORAGE = """\
version: 1
name: NAME
storage:
  containers: {NAME-input: {}, NAME-output: {}EXTRA}
  uploads: [{from: texts/*.txt, to: NAME-input}]
pool:
  id: NAME
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  targetDedicatedNodes: NODES
wait: {timeout: P1D}
"""

_JOB = """\
job:
  id: NAME
  tasks:
    - id: copy-{item.stem}
      forEach: {blobs: NAME-input}
      resourceFiles: [{blob: '{item}'}]
      commands: ['COMMAND {item.name} > {item.stem}_OUTPUT.txt']
      outputFiles: [{filePattern: '{item.stem}_OUTPUT.txt', container: NAME-output}]
download: [{container: NAME-output, to: results}]
"""

COMMANDS = {"cat": str, "tr a-z A-Z <": str.upper}
"""What a task does with its input, and what comes of it."""


@dataclass
class Wish:
    """`files`: texts by the stem of their names. `extra`: further containers."""

    name: str
    files: dict[str, str] = field(default_factory=lambda: {"a": "one"})
    command: str = "cat"
    extra: set[str] = field(default_factory=set)
    nodes: int = 1
    has_job: bool = True

    def written(self, folder: Path) -> Path:
        """The spec, and the files that it speaks of."""
        (folder / "texts").mkdir(exist_ok=True)
        for path in (folder / "texts").iterdir():
            path.unlink()
        for stem, text in self.files.items():
            (folder / "texts" / f"{stem}.txt").write_text(text)
        extra = "".join(f", NAME-{name}: {{}}" for name in sorted(self.extra))
        text = (_STORAGE + _JOB * self.has_job).replace("EXTRA", extra).replace("NODES", str(self.nodes))
        (folder / "spec.yaml").write_text(text.replace("COMMAND", self.command).replace("NAME", self.name))
        return folder / "spec.yaml"

    @property
    def runs(self) -> dict[str, tuple[str, str]]:
        """What each task runs with."""
        return {f"copy-{stem}": (self.command, text) for stem, text in self.files.items()} if self.has_job else {}

    @property
    def home(self) -> dict[str, str]:
        """What each task makes."""
        made = {f"{stem}_OUTPUT.txt": COMMANDS[self.command](text) for stem, text in self.files.items()}
        return made if self.has_job else {}

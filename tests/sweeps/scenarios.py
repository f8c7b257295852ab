"""The workloads of the experiments, and what an apply without any fault leaves of them."""

from dataclasses import dataclass

COPY = "cp {item.name} {item.stem}_OUTPUT.txt"


@dataclass(frozen=True)
class Scenario:
    """`files` of the folder, by their paths. `whole`: what is in the account in the end, one object for each thing that
    the spec asks for. `home`: what comes home. NAME is a stage's name, COMMAND what its first tasks do."""

    spec: str
    files: dict[str, str]
    whole: dict[str, int]
    home: dict[str, str]


_SMALL = """\
version: 1
name: NAME
storage:
  containers: {NAME-input: {}, NAME-output: {}}
  uploads:
    - {from: texts/*.txt, to: NAME-input}
pool:
  id: NAME
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  targetDedicatedNodes: 1
  startTask: {commands: ['true']}
job:
  id: NAME
  tasks:
    - id: copy-{item.stem}
      forEach: {blobs: NAME-input}
      resourceFiles: [{blob: '{item}'}]
      commands: ['COMMAND']
      outputFiles: [{filePattern: '*_OUTPUT.txt', container: NAME-output}]
wait: {timeout: P1D}
download:
  - {container: NAME-output, to: results}
"""

_WIDE = """\
version: 1
name: NAME
storage:
  containers: {NAME-input: {}, NAME-parts: {}, NAME-output: {}}
  uploads:
    - {from: texts/*.txt, to: NAME-input}
    - {from: big.bin, to: NAME-input}
pool:
  id: NAME
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  targetDedicatedNodes: 2
  taskSlotsPerNode: 2
  startTask: {commands: ['true']}
job:
  id: NAME
  tasks:
    - factory: map
      id: map-{item.stem}
      forEach: {blobs: NAME-input, include: ['*.txt']}
      resourceFiles: [{blob: '{item}'}]
      commands: ['cp {item.name} {item.stem}.part']
      outputFiles: [{filePattern: '*.part', container: NAME-parts}]
    - factory: join
      id: join-{item.stem}
      forEach: {outputs: map}
      resourceFiles: [{blob: '{item}'}]
      commands: ['tr a-z A-Z < {item.name} > {item.stem}.joined']
      outputFiles: [{filePattern: '*.joined', container: NAME-output}]
wait: {timeout: P1D}
download:
  - {container: NAME-output, to: results}
"""


def _logs(*tasks: str) -> dict[str, int]:
    return {f"blob NAME-logs/{task}/{name}.txt": 1 for task in tasks for name in ("stdout", "stderr")}


def _one(*things: str) -> dict[str, int]:
    return dict.fromkeys(things, 1)


TEXTS = {"a": "one\n", "b": "two\nthree\n"}

_FILES = {f"texts/{stem}.txt": text for stem, text in TEXTS.items()}

SMALL = Scenario(
    spec=_SMALL,
    files=_FILES,
    whole={
        **_one(*(f"container NAME-{end}" for end in ("input", "output", "logs"))),
        **_one(
            *(
                f"blob NAME-{end}"
                for end in ("input/a.txt", "input/b.txt", "output/a_OUTPUT.txt", "output/b_OUTPUT.txt")
            )
        ),
        **_logs("copy-a", "copy-b"),
        **_one("pool NAME", "job NAME", "task NAME/copy-a", "task NAME/copy-b"),
    },
    home={f"{stem}_OUTPUT.txt": text for stem, text in TEXTS.items()},
)

WIDE = Scenario(
    spec=_WIDE,
    files={**_FILES, "big.bin": "0123456789abcde\n" * 10_000},
    whole={
        **_one(*(f"container NAME-{end}" for end in ("input", "parts", "output", "logs"))),
        **_one(*(f"blob NAME-input/{name}" for name in ("a.txt", "b.txt", "big.bin"))),
        **_one(*(f"blob NAME-{end}" for end in ("parts/a.part", "parts/b.part", "output/a.joined", "output/b.joined"))),
        **_logs("map-a", "map-b", "join-a", "join-b"),
        "job NAME": 2,  # the outputs are known when the first has ended
        **_one("pool NAME", *(f"task NAME/{step}-{stem}" for step in ("map", "join") for stem in TEXTS)),
    },
    home={f"{stem}.joined": text.upper() for stem, text in TEXTS.items()},
)
"""Tasks over the outputs of others, nodes that run several, and a file that is sent in blocks (`hasty`)."""

SCENARIOS = {"small": SMALL, "wide": WIDE}

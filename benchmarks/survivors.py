"""The clients whose survival is compared: how one is started on a stage, by which proxies, and what it brought home."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from benchmarks import tutorial
from tests.sweeps import warm
from tests.sweeps.scenarios import Scenario
from tests.sweeps.stage import OURS, Stage, Ways

ROOT = Path(__file__).parent.parent
WITHIN = 60
"""Seconds after which a client that has not ended is killed: its pauses are skipped, so it would not end at all."""

SPEC = """\
version: 1
name: NAME
storage:
  containers: {NAME-application: {}, NAME-input: {}, NAME-output: {}}
  uploads:
    - {from: node_scripts/top_words.py, to: NAME-application}
    - {from: specs/word-count/data/*.txt, to: NAME-input}
pool:
  id: NAME
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  targetDedicatedNodes: 1
  startTask:
    waitForSuccess: true
    resourceFiles: [{container: NAME-application}]
    commands: [cp -r "$AZ_BATCH_TASK_WORKING_DIR"/* "$AZ_BATCH_NODE_SHARED_DIR"]
job:
  id: NAME
  tasks:
    - id: top-words-{item.stem}
      forEach: {blobs: NAME-input}
      resourceFiles: [{blob: '{item}'}]
      commands:
        - python3 "$AZ_BATCH_NODE_SHARED_DIR/top_words.py" --filepath {item.name} --numwords 3
      outputFiles: [{filePattern: '*_OUTPUT.txt', container: NAME-output}]
wait: {timeout: PT30M}
download: [{container: NAME-output, to: results}]
"""
FILES = (*ROOT.glob("specs/word-count/data/*.txt"), ROOT / "node_scripts/top_words.py")
WORD_COUNT = Scenario(
    spec=SPEC, files={path.relative_to(ROOT).as_posix(): path.read_text() for path in FILES}, whole={}, home={}
)


@dataclass(frozen=True, slots=True)
class Survivor:
    """`agent`: what the User-Agent of its requests has in it. `start`: its process for a verb. `results`: its folder of
    what came home."""

    agent: str
    start: Callable[[Stage, Ways, str], warm.Client]
    results: str


def words(stage: Stage, client: Survivor) -> dict[str, str]:
    """What came home: the counts, without the lines that say where they were made."""
    folder = stage.folder / client.results.replace("NAME", stage.name)
    return {path.name: path.read_text().partition("\n\n")[0] for path in folder.glob("[!.]*")}


def _ours(stage: Stage, ways: Ways, verb: str) -> warm.Client:
    return warm.start(stage, ways, verb, "spec.yaml", "--yes", "--discard-outputs")


def _theirs(stage: Stage, ways: Ways, verb: str) -> warm.Client:
    told = stage.folder / f"told-{len(list(stage.folder.glob('told-*')))}.txt"
    proxied = replace(stage.services, batch_url=ways.batch.url, blob_url=ways.storage.url)
    given = (stage.folder, told, proxied.environment, stage.name, verb)
    process = get_context("forkserver").Process(target=_tutorial, args=given)
    process.start()
    return warm.Client(process, told)


def _tutorial(folder: Path, told: Path, environ: Mapping[str, str], name: str, verb: str) -> None:
    os.environ.update(environ)
    stream, sleep = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND), time.sleep
    for number in (1, 2):
        os.dup2(stream, number)
    time.sleep = lambda seconds: sleep(min(float(seconds), 0.05))
    if verb == "destroy":
        tutorial.clean(name)
    else:
        tutorial.main(name, folder)
    sys.stdout.flush()


SURVIVORS = {
    "batchctl": Survivor(OURS, _ours, "results"),
    "tutorial": Survivor("azsdk-python-", _theirs, "results-NAME"),
}

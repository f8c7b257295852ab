"""Words of a spec explained: every one of them, in agreement with the schema and with the values that they become."""

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest

from batchctl import emulator
from batchctl.errors import UsageError
from batchctl.on_paper import ON_PAPER
from batchctl.render.explanation import explanation
from batchctl.spec.reading.explained import Word, explain_word
from batchctl.spec.reading.formula import what_is_wrong
from batchctl.spec.reading.schema import homes_of_keys


def every_word(word: Word) -> Iterator[Word]:
    yield word
    for inner in word.inner:
        yield from every_word(inner)


WORDS = {word.path: word for word in every_word(explain_word(""))}


def test_every_key_of_the_language_is_explained() -> None:
    places = {f"{place}.{key}" for key, homes in homes_of_keys().items() for place in homes}
    paths = {p.removeprefix("the top level.").replace("[]", "").replace(".*", ".NAME") for p in places}
    assert paths <= WORDS.keys()
    assert {path.rpartition(".")[2] for path in paths} == {p.rpartition(".")[2] for p in WORDS} - {"", "NAME"}


@pytest.mark.parametrize("path", WORDS)
def test_every_word_says_what_it_is_and_holds(path: str) -> None:
    word = WORDS[path]
    assert word.told
    assert word.form
    assert explain_word(path) == word
    for line in takewhile(lambda line: "The formula" not in line, explanation(word, 60, recursive=True)):
        assert len(line) <= 60 or max(map(len, line.split())) > 20


@pytest.mark.parametrize(
    ("path", "rest", "change"),
    [
        ("pool.vmSize", "vmSize", "in an empty pool"),
        ("pool.osDisk.diskSizeGB", "virtualMachineConfiguration.osDisk.diskSizeGB", "in an empty pool"),
        ("pool.startTask.commands", "startTask.commandLine", "in an empty pool"),
        ("pool.startTask.userIdentity.autoUser", "startTask.userIdentity.autoUser", "in an empty pool"),
        ("job.constraints.maxWallClockTime", "constraints.maxWallClockTime", "in place"),
        (
            "job.jobPreparationTask.waitForSuccess",
            "jobPreparationTask.waitForSuccess",
            "in the next generation of the job",
        ),
        ("job.tasks.commands", "commandLine", "the task runs again"),
        ("job.tasks.displayName", "displayName", "with the task's next run"),
        ("job.tasks.forEach.blobs", "", ""),
    ],
)
def test_what_batch_calls_it_and_what_a_change_means(path: str, rest: str, change: str) -> None:
    assert (WORDS[path].rest, WORDS[path].change) == (rest, change)


def test_lists_and_names_in_a_path() -> None:
    assert explain_word("job.tasks[].forEach").path == "job.tasks.forEach"
    assert explain_word("storage.containers.input.keep").path == "storage.containers.NAME.keep"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("pool.vmsize", "there is no word 'vmsize' in pool (pool.vmsize): did you mean 'vmSize'?"),
        ("pol", "there is no word 'pol' at the top level (pol): did you mean 'pool'?"),
        ("pool.id.x", "there is no word 'x' in pool.id (pool.id.x): it has none"),
    ],
)
def test_what_is_no_word_leads_to_the_nearest(path: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        explain_word(path)


def test_what_is_on_paper_is_nowhere_acted_on() -> None:
    """The last name of each such property stands in no file of the local service that does something. Of a
    `userIdentity` the node's log says that it was not heeded; of the images, the fault of a pull names the first."""
    rooms = (Path(emulator.__path__[0], name) for name in ("life", "node"))
    acting = [path for room in rooms for path in sorted(room.iterdir()) if path.suffix == ".py"]
    code = "".join(path.read_text(encoding="utf-8") for path in acting)
    leaves = {name.rpartition(".")[2] for names in ON_PAPER.values() for name in names} - {
        "networkConfiguration",
        "userIdentity",
        "containerImageNames",
    }
    assert {leaf for leaf in leaves if f'"{leaf}"' in code} == set()


def test_of_scale_the_formula_is_shown() -> None:
    said = list(explanation(explain_word("pool.scale"), 80))
    formula = "\n".join(
        line[4:]
        for line in said[said.index("  The formula of {max: 20, spot: true}, on nodes with one task slot:") + 2 :]
    )
    assert what_is_wrong(formula) is None
    assert "$TargetLowPriorityNodes = min(20, " in formula

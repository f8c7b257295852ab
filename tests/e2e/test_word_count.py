"""The workload that the project grew from, through the command line, on real services and processes."""

import re
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from batchctl.local import Services
from tests.e2e.conftest import Workbench
from tests.proxy import counting
from tests.services import blob_service

pytestmark = pytest.mark.e2e

SPEC = "word-count.yaml"


def most_frequent(text: str, count: int) -> list[tuple[str, int]]:
    """An independent computation: runs of letters and digits, with inner apostrophes, without regard to case."""
    words = re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text.casefold())
    return sorted(Counter(words).items(), key=lambda pair: (-pair[1], pair[0]))[:count]


def counts_in(output: str) -> list[tuple[str, int]]:
    """The `word: count` lines of what top_words.py wrote."""
    return [(m[1], int(m[2])) for m in re.finditer(r"(?m)^(\S+):\s+(\d+)$", output)]


def texts(workbench: Workbench) -> dict[str, Path]:
    return {p.stem: p for p in sorted((workbench.folder / "specs/word-count/data").glob("*.txt"))}


def test_plan_apply_plan_destroy(workbench: Workbench, named: Callable[[str], str]) -> None:
    spec = named(SPEC)
    planned = workbench.run("plan", spec, "--detailed-exitcode")
    assert planned.code == 2, planned.said
    assert planned.out.splitlines()[0].startswith("Target: local")
    assert "3 tasks to run" in planned.out

    applied = workbench.run("apply", spec, "--yes")
    assert applied.code == 0, applied.said
    results = {p.name: p for p in (workbench.folder / "results").iterdir()}
    assert sorted(results) == sorted(f"{stem}_OUTPUT.txt" for stem in texts(workbench))
    for stem, text in texts(workbench).items():
        output = results[f"{stem}_OUTPUT.txt"].read_text(encoding="utf-8")
        assert counts_in(output) == most_frequent(text.read_text(encoding="utf-8"), 3)
        assert f"top-words-{stem}" in output

    again = workbench.run("plan", spec, "--detailed-exitcode")
    assert again.code == 0, again.said
    assert "No changes." in again.out

    destroyed = workbench.run("destroy", spec, "--yes")
    assert destroyed.code == 0, destroyed.said
    once_more = workbench.run("destroy", spec, "--yes")
    assert once_more.code == 0, once_more.said
    assert "No changes." in once_more.out


def test_an_edited_text_runs_its_task_alone(workbench: Workbench, named: Callable[[str], str]) -> None:
    spec = named(SPEC)
    assert workbench.run("apply", spec, "--yes").code == 0
    stems = list(texts(workbench))
    edited = texts(workbench)[stems[0]]
    edited.write_text(edited.read_text(encoding="utf-8") + " zebra" * 5000, encoding="utf-8")
    # Not when they were changed: that is when the blob was stored, to the second.
    stamps = {p.name: p.stat().st_ctime_ns for p in (workbench.folder / "results").iterdir()}

    planned = workbench.run("plan", spec, "--detailed-exitcode")
    assert planned.code == 2
    assert edited.name in planned.out
    assert f"top-words-{stems[0]}: inputs changed" in planned.out
    assert not [s for s in stems[1:] if s in planned.out]
    assert "1 task to run" in planned.out

    applied = workbench.run("apply", spec, "--yes")
    assert applied.code == 0, applied.said
    changed = {p.name for p in (workbench.folder / "results").iterdir() if p.stat().st_ctime_ns != stamps.get(p.name)}
    assert changed == {f"{stems[0]}_OUTPUT.txt"}
    output = (workbench.folder / "results" / f"{stems[0]}_OUTPUT.txt").read_text(encoding="utf-8")
    assert counts_in(output)[0][0] == "zebra"
    assert "-g2" in output
    assert workbench.run("plan", spec, "--detailed-exitcode").code == 0
    assert workbench.run("destroy", spec, "--yes").code == 0


def test_a_changed_script_runs_everything_on_nodes_that_have_it(
    workbench: Workbench, named: Callable[[str], str]
) -> None:
    spec = named(SPEC)
    assert workbench.run("apply", spec, "--yes").code == 0
    script = workbench.folder / "node_scripts/top_words.py"
    script.write_text(script.read_text(encoding="utf-8") + "\nprint('second edition')\n", encoding="utf-8")
    planned = workbench.run("plan", spec)
    assert "scripts changed" in planned.out
    assert "3 tasks to run" in planned.out
    assert workbench.run("apply", spec, "--yes").code == 0
    assert workbench.run("plan", spec, "--detailed-exitcode").code == 0
    assert workbench.run("destroy", spec, "--yes").code == 0


def test_destroy_keeps_a_container_that_holds_what_others_put_there(
    workbench: Workbench, named: Callable[[str], str], services: Services
) -> None:
    spec = named(SPEC)
    assert workbench.run("apply", spec, "--yes").code == 0
    blobs = blob_service(services)
    name = re.search(r"(?m)^name: (\S+)$", (workbench.folder / spec).read_text(encoding="utf-8"))
    assert name is not None
    output = f"{name[1]}-output"
    blobs.get_blob_client(output, "from-a-colleague.txt").upload_blob(b"precious")
    destroyed = workbench.run("destroy", spec, "--yes")
    assert destroyed.code == 0, destroyed.said
    assert "from-a-colleague.txt" in destroyed.out
    assert [b.name for b in blobs.get_container_client(output).list_blobs()] == ["from-a-colleague.txt"]
    blobs.delete_container(output)


def test_killed_in_the_middle_and_applied_again(workbench: Workbench, named: Callable[[str], str]) -> None:
    spec = named(SPEC)
    with workbench.start("apply", spec, "--yes") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("created job"):
                break
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
    applied = workbench.run("apply", spec, "--yes")
    assert applied.code == 0, applied.said
    for stem, text in texts(workbench).items():
        output = (workbench.folder / "results" / f"{stem}_OUTPUT.txt").read_text(encoding="utf-8")
        assert counts_in(output) == most_frequent(text.read_text(encoding="utf-8"), 3)
    assert workbench.run("plan", spec, "--detailed-exitcode").code == 0
    assert workbench.run("destroy", spec, "--yes").code == 0


def test_a_task_that_fails(workbench: Workbench, named: Callable[[str], str]) -> None:
    spec = named(SPEC)
    stem = next(iter(texts(workbench)))
    script = workbench.folder / "node_scripts/top_words.py"
    failing = f"import sys\nif {stem!r} in ' '.join(sys.argv):\n    sys.exit('cannot read this one')\n"
    body = script.read_text(encoding="utf-8")
    script.write_text(
        re.sub(r"(?m)^(from __future__.*)$", r"\1", body).replace("import ", failing + "import ", 1), encoding="utf-8"
    )
    applied = workbench.run("apply", spec, "--yes")
    assert applied.code == 3, applied.said
    assert f"top-words-{stem} failed with exit code 1" in applied.err
    assert f"[top-words-{stem}] cannot read this one" in applied.err
    others = sorted(p.name for p in (workbench.folder / "results").iterdir())
    assert others == sorted(f"{s}_OUTPUT.txt" for s in texts(workbench) if s != stem)
    planned = workbench.run("plan", spec)
    assert f"top-words-{stem}: failed with exit code 1" in planned.out
    assert "1 task to run" in planned.out
    assert workbench.run("destroy", spec, "--yes").code == 0


def test_five_mistakes_and_no_request(workbench: Workbench, services: Services) -> None:
    path = workbench.folder / "specs" / SPEC
    text = path.read_text(encoding="utf-8")
    text = text.replace("vmSize:", "vmSise:").replace("targetDedicatedNodes: 1", "targetDedicatedNodes: many")
    text = text.replace("container: output", "container: outptu", 1).replace("{item.stem}", "{item.stam}", 1)
    text = text.replace("wait: {timeout: PT20M}", "wait: {timeout: 20}")
    path.write_text(text, encoding="utf-8")
    with counting(services.batch_url) as log:
        ran = workbench.run("apply", f"specs/{SPEC}", "--yes", "--target", "local")
    assert ran.code == 65, ran.said
    assert log.requests == []
    places = re.findall(r"(?m)^specs/word-count\.yaml:(\d+):(\d+): error: ", ran.err)
    assert len(places) == 5, ran.err
    lines = text.splitlines()
    wrong = ("vmSise", "many", "outptu", "{item.stam}", "20}")
    for (line, column), word in zip(places, sorted(wrong, key=lambda w: text.index(w)), strict=True):
        assert lines[int(line) - 1][int(column) - 1 :].startswith(word)

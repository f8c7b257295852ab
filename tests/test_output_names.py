"""Which blobs a declared output can make, and of which declaration of which run a blob is."""

from dataclasses import replace
from typing import Any

import pytest

from batchctl.output_names import ALWAYS_THERE, WORK, blob_names, why_no_name, written_mark
from batchctl.reconcile.outputs import missing_line, missing_outputs, outputs_by_task
from batchctl.work import OutputFile
from tests.reconcile.build import output, task


def declared(pattern: str, path: str | None = None, **more: Any) -> OutputFile:
    return OutputFile(file_pattern=pattern, container="output", path=path, **more)


@pytest.mark.parametrize(
    ("pattern", "path", "shown", "only", "beginning"),
    [
        ("*.csv", None, "*.csv", None, ""),
        ("../std*.txt", "logs", "logs/std*.txt", None, "logs/std"),
        ("a/x.csv", None, "x.csv", "x.csv", "x.csv"),
        ("r.txt", "p/q.txt", "p/q.txt", "p/q.txt", "p/q.txt"),
        ("out/**/*.log", "l/", "l/**/*.log", None, "l/"),
        ("$AZ_BATCH_TASK_ID.log", None, "a.log", "a.log", "a.log"),
        ("%AZ_BATCH_TASK_ID%.log", None, "a.log", "a.log", "a.log"),
        ("${X}_a.txt", None, "${X}_a.txt", None, ""),
        ("$RUN/a*.txt", None, "a*.txt", None, "a"),
        ("q[*].txt", "d", "d/q*.txt", "d/q*.txt", "d/q*.txt"),
        ("r.txt", "50% of $x.txt", "50% of $x.txt", "50% of $x.txt", "50% of $x.txt"),
    ],
)
def test_names(pattern: str, path: str | None, shown: str, only: str | None, beginning: str) -> None:
    names = blob_names(declared(pattern, path), task("a", environment=(("RUN", "7"),)))
    assert (str(names), names.only, names.beginning) == (f"output/{shown}", only, beginning)


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("*.csv", "*.csv", True),
        ("*.csv", "*.txt", False),
        ("a*.csv", "ab*.csv", True),
        ("a*.csv", "b*.csv", False),
        ("r.csv", "*.csv", True),
        ("r.csv", "*.txt", False),
        ("*/x.csv", "*/*/x.csv", False),
        ("**/x.csv", "*/*/x.csv", True),
        ("a-*-[0-9].csv", "a-*.csv", True),
        ("x/*.csv", "y/*.csv", True),
        ("$X.csv", "*.csv", True),
        ("$X.csv", "$Y.txt", False),
        ("[$]x*", "*x", True),
    ],
)
def test_names_that_both_can_make(one: str, other: str, meet: bool) -> None:
    first, second = blob_names(declared(one), task("a")), blob_names(declared(other), task("b"))
    assert (first.may_meet(second), second.may_meet(first)) == (meet, meet)
    elsewhere = blob_names(OutputFile(file_pattern=other, container="more"), task("b"))
    assert not first.may_meet(elsewhere)


@pytest.mark.parametrize(
    ("pattern", "met"),
    [
        ("../std*.txt", ["stdout.txt", "stderr.txt"]),
        ("../stdout.txt", ["stdout.txt"]),
        ("$AZ_BATCH_TASK_DIR/*", ["stdout.txt", "stderr.txt"]),
        ("../**/*.txt", ["stdout.txt", "stderr.txt"]),
        ("../**", ["stdout.txt", "stderr.txt"]),
        ("$AZ_BATCH_TASK_WORKING_DIR/../std[oe]*.txt", ["stdout.txt", "stderr.txt"]),
        ("../std[!o]*", ["stderr.txt"]),
        ("std*.txt", []),
        ("**/*", []),
        ("../.std*.txt", []),
        ("../[z-a].txt", []),
        ("../*/stdout.txt", []),
        ("/var/std*.txt", []),
    ],
)
def test_files_that_every_task_has(pattern: str, met: list[str]) -> None:
    names = blob_names(declared(pattern), task())
    assert [blob for file in ALWAYS_THERE if (blob := names.blob_of(file))] == met


@pytest.mark.parametrize(
    ("pattern", "path", "meets", "not_"),
    [
        ("out/*.csv", None, "x.csv", "y/x.csv"),
        ("a/*/x.csv", "p", "p/b/x.csv", "p/x.csv"),
        ("**/x.csv", None, "b/c/x.csv", "b/.c/x.csv"),
        ("*.gif", None, "a.gif", ".a.gif"),
        (".*.gif", None, ".a.gif", "a.gif"),
        ("[[]x]*", None, "[x]1", "x1"),
        ("a+(b).?", "50%+", "50%+/a+(b).c", "50%+/aab.c"),
        ("$X.csv", None, "anything.csv", "x.txt"),
    ],
)
def test_which_names_fit(pattern: str, path: str | None, meets: str, not_: str) -> None:
    names = blob_names(declared(pattern, path), task())
    assert names.fits(meets)
    assert not names.fits(not_)


def test_the_file_of_a_blob_is_found_again() -> None:
    for entry, blob, file in [
        (declared("a/*/x.csv", "p"), "p/b/x.csv", f"{WORK}/a/b/x.csv"),
        (declared("a/x.csv", "p"), "p", f"{WORK}/a/x.csv"),
    ]:
        names = blob_names(entry, task())
        assert (names.file_of(blob), names.blob_of(file)) == (file, blob)


@pytest.mark.parametrize("name", ["", "/a", "a/", "a//b", "./a", "a/..", "a\\b", "a\nb"])
def test_names_that_no_output_can_have(name: str) -> None:
    assert why_no_name(name)


def test_a_blob_says_for_which_declaration_it_was_written() -> None:
    """Of two folders that write a file of one name, the one that is overwritten, or was empty, is missing."""
    one, two = declared("a/*.csv"), declared("b/*.csv")
    wanted = task("t", output_files=(one, two))
    there = outputs_by_task([output("x.csv", "t", output=written_mark(two, wanted))])
    assert missing_outputs(wanted, there) == (one,)
    assert missing_line(one, wanted, there) == "'output/*.csv' is not there (output/x.csv was written by task 't')"


def test_a_file_that_two_declarations_name_is_there_for_both() -> None:
    one, two = declared("*.csv"), declared("x.csv")
    wanted = task("t", output_files=(one, two))
    assert missing_outputs(wanted, outputs_by_task([output("x.csv", "t", output=written_mark(two, wanted))])) == ()
    other = replace(wanted, output_files=(one, declared("y.csv", "x.csv")))
    there = outputs_by_task([output("x.csv", "t", output=written_mark(other.output_files[1], other))])
    assert missing_outputs(other, there) == (one,)


def test_what_an_earlier_run_wrote_is_no_output_of_this_one() -> None:
    entry = declared("x.csv")
    wanted = task("t", output_files=(entry,), generation=2)

    def missing(**changed: Any) -> bool:
        blob = output("x.csv", "t", output=written_mark(entry, replace(wanted, **changed)))
        return bool(missing_outputs(wanted, outputs_by_task([blob])))

    assert missing(generation=1)
    assert missing(digest="command=2")
    assert not missing(digest=f"{wanted.digest};handling=3")

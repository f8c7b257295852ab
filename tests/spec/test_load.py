"""Reading specs: any bytes give a Spec or problems, never a traceback; what is no file is refused before it is read."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from batchctl.errors import SpecError, UsageError
from batchctl.spec.load import load
from batchctl.spec.model import Spec
from tests.examine import examine

WORD_COUNT = Path(__file__).parents[2] / "specs" / "word-count.yaml"
TEXT = WORD_COUNT.read_text(encoding="utf-8")

MANY = (settings.default or settings()).max_examples * 3 // 2
"""More than elsewhere, as the profile of the run has it."""
one_file = settings(max_examples=MANY, suppress_health_check=[HealthCheck.function_scoped_fixture])


def loaded(folder: Path, content: bytes) -> Spec | SpecError | UsageError:
    """UsageError: what is left of the text declares a variable without a default."""
    path = folder / "spec.yaml"
    path.write_bytes(content)
    try:
        return load(path, {}, {})
    except (SpecError, UsageError) as error:
        return error


@one_file
@given(st.binary(max_size=300))
@example(b"\xef\xbb\xbf")
@example(b"\x00")
@example(b"- " * 3000)
@example(b"a: " + b"9" * 6000)
@example(b'name: "\\xd8\\ud800\\U0011ffff"')
@example(b"? ? ? ?")
@example(b"%TAG ! x\n--- !y")
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    found = loaded(tmp_path, content)
    assert not isinstance(found, SpecError) or found.problems


@one_file
@given(st.data())
def test_any_damage_to_a_spec(tmp_path: Path, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(TEXT)))
    end = data.draw(st.integers(start, min(len(TEXT), start + 40)))
    words = (
        "",
        "{",
        "}",
        "[",
        "]",
        ": ",
        "- ",
        "'",
        '"',
        "\n",
        "\t",
        "null",
        "&a ",
        "*a",
        "!!x ",
        "<<: ",
        "{item}",
        "-1",
        "\x85",
        "\u2028",
    )
    middle = data.draw(st.lists(st.sampled_from(words), max_size=4).map("".join) | st.text(max_size=10))
    content = (TEXT[:start] + middle + TEXT[end:]).encode("utf-8", "surrogatepass")
    found = loaded(tmp_path, content)
    if isinstance(found, SpecError):
        lines = content.decode("utf-8", "replace").count("\n") + 1
        assert all(1 <= p.line <= lines + 1 and p.column >= 1 and p.width >= 1 for p in found.problems)


def test_the_example() -> None:
    spec = load(WORD_COUNT, {"words": "7"}, {"USER": "ada"})  # which it does not name
    assert (spec.name, spec.folder, list(spec.containers)) == (
        "word-count",
        WORD_COUNT.parent,
        ["application", "input", "output", "word-count-logs"],
    )
    assert spec.values == {"vars.words": 7}
    assert examine(WORD_COUNT, {}, {}) == ()


@pytest.mark.parametrize(
    ("given_variables", "said"),
    [
        ({"wrods": "3"}, "the spec has no variable 'wrods'; did you mean 'words'?"),
        ({"words": "0"}, "--var words=0 is less than the smallest value, 1"),
        ({"words": "three"}, "--var words=three is not of type int"),
        ({"words": "1.5"}, "--var words=1.5 is not of type int"),
        ({"words": ""}, "--var words= is not of type int"),
    ],
)
def test_variables_that_the_spec_does_not_take(given_variables: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load(WORD_COUNT, given_variables, {})


def test_a_variable_that_only_the_command_line_gives(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("version: 1\nname: a\nvars: {who: {type: string, description: whom to greet}}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"the spec needs --var who=VALUE \(whom to greet\)"):
        load(path, {}, {})
    assert load(path, {"who": "no"}, {}).values == {"vars.who": "no"}
    assert examine(path, {}, {}) == ()


def directory(path: Path) -> None:
    path.mkdir()


def dangling_link(path: Path) -> None:
    path.symlink_to(path.parent / "nothing")


def nothing(path: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (os.mkfifo, "not a regular file"),
        (directory, "not a regular file"),
        (dangling_link, "No such file"),
        (nothing, "No such file"),
    ],
)
def test_what_is_no_file(tmp_path: Path, make: object, said: str) -> None:
    path = tmp_path / "spec.yaml"
    make(path)  # type: ignore[operator]  # each takes a path
    with pytest.raises(SpecError, match=said):
        load(path, {}, {})


def test_what_never_ends() -> None:
    with pytest.raises(SpecError, match="not a regular file"):
        load(Path("/dev/zero"), {}, {})


def test_a_file_name_that_is_not_utf8(tmp_path: Path) -> None:
    shutil.copytree(WORD_COUNT.parent, tmp_path / "specs")
    shutil.copytree(WORD_COUNT.parents[1] / "node_scripts", tmp_path / "node_scripts")
    try:
        (tmp_path / "specs/word-count/data" / os.fsdecode(b"caf\xe9.txt")).write_text("x", encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    problems = examine(tmp_path / "specs/word-count.yaml", {}, {})
    assert [p.message for p in problems] == ["'word-count/data/caf\\udce9.txt': its name is not UTF-8"]


def test_validate_reads_no_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hashed(*_: object) -> str:
        raise AssertionError("a file was hashed")

    for name in ("md5", "known_md5", "read_md5"):
        monkeypatch.setattr(f"batchctl.hashes.{name}", hashed)
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        "version: 1\nname: a\nstorage:\n  containers: {input: {}}\n  uploads: [{from: '*.bin', to: input}]\n"
    )
    with (tmp_path / "huge.bin").open("wb") as huge:
        huge.truncate(1 << 40)
    assert examine(spec, {}, {}) == ()

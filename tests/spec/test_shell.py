"""Values reach the program as they are, whatever bash would make of them: seen through a real bash."""

import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchctl.spec.filling import shell
from batchctl.spec.filling.shell import Bash, LineError

SHOW = "show() { printf '%s\\0' \"$@\"; }"
CONTEXTS = [
    ("show {item}", "{}"),
    ("show '{item}'", "{}"),
    ('show "{item}"', "{}"),
    ("show --in={item}.txt", "--in={}.txt"),
    ("show 'a{item}b'\"{item}\"{item}", "a{}b{}{}"),
    ('show "$(show2 {item})"', "{}"),
    ('show "$(show2 "{item}")"', "{}"),
    ("show $'x' \"${HOME:+}\" # it's a comment\nshow {item}", None),
    ("# don't\nshow {item}", "{}"),
    ('x={item}; show "$x"', "{}"),
    ("(show {item})", "{}"),
    ("if true; then show {item}; fi", "{}"),
    ("cat <<< '' >/dev/null; show {item}", "{}"),
    ('show "it\'s {item}"', "it's {}"),
    ("show 'say \"{item}\"'", 'say "{}"'),
    ("show \\'{item}\\'", "'{}'"),
    ('for x in {item}; do show "$x"; done', "{}"),
    ('case {item} in *) show "{item}";; esac', "{}"),
    ("show {item} | cat", "{}"),
    ("{ show {item}; }", "{}"),
]
HOSTILE = [
    *(
        "a b",
        "it's",
        '"',
        "$(id)",
        "`id`",
        ";id",
        "&",
        "*",
        "%41",
        "#",
        "?",
        "+",
        "\\",
        "\\'",
        "-rf",
        "a\nb",
        "!x",
        "~",
    ),
    *("$HOME", "${HOME}", "{item}", "'\"'\"'", "", "ü😀", "a\\", ")", "}", "<<EOF", "=", "\t", "\x01"),
    *("'; touch pwned; '", '"; touch pwned; "'),
]


def run(line: str) -> list[str]:
    """The words that the last program of a command line was given."""
    done = subprocess.run(shlex.split(line), capture_output=True, check=True, env={"PATH": "/usr/bin:/bin"})
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


def shown(template: str, value: str) -> list[str]:
    return run(shell.bash([SHOW, 'show2() { printf %s "$1"; }', *template.split("\n")], {"item": value}))


@pytest.mark.parametrize(("template", "expected"), [c for c in CONTEXTS if c[1] is not None])
def test_hostile_values_reach_argv(template: str, expected: str) -> None:
    for value in HOSTILE:
        # $(…) drops newlines at the end, in any shell.
        if "$(show2" in template and value.endswith("\n"):
            continue
        assert shown(template, value) == [expected.replace("{}", value)], value


@settings(max_examples=60)
@given(
    st.sampled_from([c for c in CONTEXTS if c[1] is not None and "show2" not in c[0]]),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20),
)
def test_any_value_reaches_argv(context: tuple[str, str], value: str) -> None:
    template, expected = context
    assert shown(template, value) == [expected.replace("{}", value)]


@settings(max_examples=30)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20), min_size=1))
def test_the_words_of_a_command_stay_words(values: list[str]) -> None:
    named = {f"item{i}": value for i, value in enumerate(values)}
    line = shell.argv(["printf", "%s\\0", *(f"{{{name}}}" for name in named)], named)
    assert run(line) == values


@pytest.mark.parametrize(
    "template",
    [
        "echo `echo {item}`",
        "cat <<EOF\n{item}\nEOF",
        "echo $(( {item} + 1 ))",
        "(( x = {item} ))",
        "echo $'a{item}'",
        "echo ${x:-{item}}",
        "echo # {item}",
        "echo \\{item}",
        'echo "\\{item}"',
        'echo "$(case x in x) echo {item};; esac)"',
        'echo "$(echo {item}; case x in x) echo {item};; esac)"',
    ],
)
def test_where_quoting_cannot_be_told_only_plain_values_go_in(template: str) -> None:
    lines = template.split("\n")
    assert "plain.txt" in shell.bash(lines, {"item": "plain.txt"})
    for value in ("a b", "$(id)", "'", "a;b", "\n", "*"):
        with pytest.raises(LineError) as caught:
            shell.bash(lines, {"item": value})
        assert caught.value.error.code == "unsafe-placeholder"
        assert lines[caught.value.number][caught.value.error.start :].startswith("{item}")


@pytest.mark.parametrize(
    ("template", "value", "written"),
    [
        ("echo {item}>o", "1", "1"),
        ("echo {item}>>o", "12", "12"),
        ("echo {item}> o", "2", "2"),
        ("echo {item} >o", "3", "3"),
        ("echo {item}<i >o", "0", "0"),
        ("echo {item}{item}>o", "1", "11"),
        ("echo 1{item}>o", "2", "12"),
        ("echo {item}>&1 >o", "7", "7"),
        ('echo "$(echo {item}>&1)" >o', "2", "2"),
        ('echo "{item}">o', "1", "1"),
        ("echo {item}>o", "1a", "1a"),
        ("echo \\{item}>o", "1", "1"),
    ],
)
def test_digits_before_a_redirection_are_no_file_handle(
    template: str, value: str, written: str, tmp_path: Path
) -> None:
    (tmp_path / "i").touch()
    line = shell.bash(["exec 7>/dev/null", template], {"item": value})
    subprocess.run(shlex.split(line), cwd=tmp_path, check=True, env={"PATH": "/usr/bin:/bin"})
    assert (tmp_path / "o").read_text() == f"{written}\n"


def test_digits_before_a_redirection_are_refused_where_nothing_can_be_quoted() -> None:
    for template in ("echo $((1)) {item}>o", "echo $((1)) {item}<i"):
        with pytest.raises(LineError):
            shell.bash([template], {"item": "1"})
        assert "1a>" in shell.bash(["echo $((1)) {item}>o"], {"item": "1a"})
    assert "<n>1</n>" in shell.bash(["cat <<EOF", "<n>{item}</n>", "EOF"], {"item": "1"})
    assert "# 1>o" in shell.bash(["# {item}>o"], {"item": "1"})


@pytest.mark.parametrize(
    ("before", "lines"), [(["a 'b'"], []), ([], ["c"]), (["a"], ["c 'd'", "", "e"]), (["a", "b"], ["c"])]
)
def test_lines_without_placeholders_stand_as_they_are(before: list[str], lines: list[str]) -> None:
    assert shell.bash(lines, {}, before) == shell.in_bash(*before, *lines)


def test_the_first_line_that_fails_ends_it() -> None:
    line = shell.bash(["false | true", "echo reached"], {})
    assert subprocess.run(shlex.split(line), capture_output=True, check=False).stdout == b""


@given(st.text(alphabet="'\"\\$(){}#`a <;\n", max_size=14))
@settings(max_examples=60, deadline=None)
def test_a_quote_is_said_to_be_open_only_where_bash_says_so(text: str) -> None:
    shell_text = Bash()
    shell_text.read(f"echo {text}\n")
    if shell_text.open_quote is not None:
        assert subprocess.run(["bash", "-n", "-c", f"echo {text}"], capture_output=True, check=False).returncode

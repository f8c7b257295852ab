"""Command lines on Windows, word by word.

That cmd makes of them what is said here was seen under the cmd of Wine 10, and is what Learn says of cmd, if and for.
"""

import pytest

from batchctl.spec.filling import windows
from batchctl.spec.filling.shell import LineError
from batchctl.spec.template import Value

RUN = "cmd.exe /d /e:on /v:off /s /c"
HEAD = ["@echo off", "setlocal EnableExtensions DisableDelayedExpansion"]
CHECK = ["if errorlevel 1 goto :batchctl_failed", "if not errorlevel 0 goto :batchctl_failed"]
TAIL = [":batchctl_failed", "exit /b %errorlevel%", ""]


def inline(line: str, **values: Value) -> str:
    """What stands between the quotes of the one line."""
    written, script = windows.cmd([line], values)
    assert script is None
    assert written.startswith(f'{RUN} "')
    return written[len(RUN) + 2 : -1]


def script(*items: str, **values: Value) -> tuple[str, list[str]]:
    """The arguments of the .cmd file, and its lines between head and tail."""
    line, file = windows.cmd(items, values)
    assert file is not None
    assert line.startswith(f'{RUN} ""%AZ_BATCH_TASK_WORKING_DIR%\\{file.name}"')
    lines = file.text.split("\r\n")
    assert "\n" not in file.text.replace("\r\n", "")
    assert (lines[:2], lines[-3:]) == (HEAD, TAIL)
    return line.partition(f'{file.name}"')[2][:-1].strip(), lines[2:-3]


def refused(*items: str, **values: Value) -> tuple[int, str, str]:
    """Which item is refused, what of it, and why."""
    with pytest.raises(LineError) as caught:
        windows.cmd(items, values)
    error = caught.value.error
    return caught.value.number, items[caught.value.number][error.start : error.start + error.width], error.message


@pytest.mark.parametrize(
    ("line", "value", "written"),
    [
        ("type {item}", "a.txt", "type a.txt"),
        ("type {item}", "c:\\x\\y.txt", "type c:\\x\\y.txt"),
        ("type {item}", "a b", 'type "a b"'),
        ("type {item}", "", 'type ""'),
        ("type {item}", "a&b|c>d<e(f)^g!h;i,j=k", 'type "a&b|c>d<e(f)^g!h;i,j=k"'),
        ('type "{item}"', "a b", 'type "a b"'),
        ('"my prog.exe" {item}', "x", '"my prog.exe" x'),
        ("run {item} next", "C:\\my dir\\", 'run "C:\\my dir\\\\" next'),
        ('run "{item}" next', "C:\\my dir\\", 'run "C:\\my dir\\\\" next'),
        ('run "{item}x" next', "C:\\my dir\\", 'run "C:\\my dir\\x" next'),
        ("run {item} next", "C:\\dir\\", "run C:\\dir\\ next"),
        ("run --in={item}.txt", "a b", 'run --in="a b".txt'),
        ("run {item}{ext}", "a b", 'run "a b".txt'),
        ("run ^{item}", "a", "run ^a"),
        ('run ^"{item}^"', "a", 'run ^"a^"'),
        ('run ^"a b^" {item}', "c d", 'run ^"a b^" "c d"'),
        ("echo {item}>o.txt", "1", 'echo "1">o.txt'),
        ("echo {item}<o.txt", "12", 'echo "12"<o.txt'),
        ("echo {item}>>o.txt", "a1", "echo a1>>o.txt"),
        ("echo {item} >o.txt", "1", "echo 1 >o.txt"),
        ('echo "{item}">o.txt', "1", 'echo "1">o.txt'),
        ("go {several}", "", 'go a "b c"'),
        ("echo 100% sure %PATH%", "", "echo 100% sure %PATH%"),
        ("for %f in (*.txt) do work %f {item}", "a", "for %f in (*.txt) do work %f a"),
        ('set "PATH=C:\\Program Files (x86)\\y;%PATH%" && run', "", None),
        ("set PATH=C:\\a&b;%PATH% & call echo %%PATH%%", "", "script"),
        ("reg add HKCU\\x /v {item}", "a!b", 'reg add HKCU\\x /v "a!b"'),
    ],
)
def test_one_command_is_one_line(line: str, value: str, written: str | None) -> None:
    if written != "script":
        assert inline(line, item=value, ext=".txt", several=("a", "b c")) == (written or line)


def test_newlines_at_the_end_are_no_second_line() -> None:
    assert inline("echo a\n") == "echo a"
    assert inline("echo a\r\n") == "echo a"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("type {item}", "%PATH%"),
        ("type {item}", 'a"b'),
        ("type {item}", "a\nb"),
        ("type {item}", "a\rb"),
        ('type "{item}"', "100%"),
        ('run ^"{item}^"', "x&argv z"),
        ('run ^"{item}^"', "a b"),
        ("run ^{item}", "a&b"),
        ('cmd /c "echo {item}"', "a&b"),
        ('CMD.exe /d /c "echo {item}"', "a&b"),
        ("call x.cmd {item}", "a&b"),
        ("call x.cmd {item}", "a^b"),
        ('cmd /v:on /c "echo !X!" {item}', "a!b"),
        ('run "a"{item}', "b c"),
        ('run {item}"a"', "C:\\dir\\"),
        ("run {item}{item}", "a b"),
    ],
)
def test_a_value_that_cannot_be_quoted_is_refused_at_its_place(line: str, value: str) -> None:
    for items in ((line,), ("cd x", line)):
        number, text, message = refused(*items, item=value)
        assert (number, text) == (len(items) - 1, "{item}")
        assert "cannot be put in safely" in message


def test_several_values_stand_outside_quotes_alone() -> None:
    assert refused('go "{item}"', item=("a", "b"))[1] == "{item}"
    assert refused("cd x", 'go ^"{item}^"', item=("a", "b"))[:2] == (1, "{item}")


def test_several_commands_are_a_file_that_stops_at_the_first_that_fails() -> None:
    items = ["if exist out rmdir /s /q out", "REM prepare", ":: too", "set OUT=o1", "mkdir %OUT%", "work && more"]
    arguments, lines = script(*items)
    assert arguments == ""
    assert lines == [line for item in items for line in (item, *CHECK)]


def test_an_item_of_several_lines_is_asked_once() -> None:
    assert script("robocopy a b\nif errorlevel 8 exit /b 8\nver>nul\n", "work")[1] == [
        *("robocopy a b", "if errorlevel 8 exit /b 8", "ver>nul", *CHECK),
        *("work", *CHECK),
    ]
    assert script("echo a\r\necho b")[1] == ["echo a", "echo b", *CHECK]


def test_blocks_go_over_items_and_lists_are_not_torn() -> None:
    assert script("if exist in.txt (", "work", ") else (", "other", ")")[1][:4] == ["if exist in.txt (", *CHECK, "work"]
    items = ["for %%f in (", "a", "b", ") do (", "work %%f", ")"]
    assert script(*items)[1] == ["for %%f in (", "a", "b", ") do (", *CHECK, "work %%f", *CHECK, ")", *CHECK]


def test_what_only_a_file_understands_goes_into_one() -> None:
    assert script("for %%f in (*.txt) do work %%f")[1] == ["for %%f in (*.txt) do work %%f", *CHECK]


def test_values_are_arguments_so_that_tasks_share_the_file() -> None:
    items = ["cd {dir}", 'work {dir} --in={name} "{dir}\\x" "{dir}"', "echo {n}>o.txt", "go {several}"]
    first = windows.cmd(items, {"dir": "C:\\my dir\\", "name": "a.txt", "n": "1", "several": ("a", "b c")})
    other = windows.cmd(items, {"dir": "D:\\x", "name": "it's & so", "n": "zwölf", "several": ("", "d")})
    assert first[1] == other[1]
    arguments, lines = script(*items, dir="C:\\my dir\\", name="a.txt", n="1", several=("a", "b c"))
    assert arguments == '"C:\\my dir\\\\" a.txt "C:\\my dir\\" "C:\\my dir\\\\" "1" a "b c"'
    assert lines[:7] == [
        "set batchctl_1=%1",
        "set batchctl_2=%2",
        'set "batchctl_3=%~3"',
        'set "batchctl_4=%~4"',
        'set "batchctl_5=%~5"',
        "set batchctl_6=%6",
        "set batchctl_7=%7",
    ]
    assert [line for line in lines[7:] if line not in CHECK] == [
        "cd %batchctl_1%",
        'work %batchctl_1% --in=%batchctl_2% "%batchctl_3%\\x" "%batchctl_4%"',
        'echo "%batchctl_5%">o.txt',
        "go %batchctl_6% %batchctl_7%",
    ]


def test_more_values_than_a_file_can_name() -> None:
    arguments, lines = script("e {x}", "e {y}", x=tuple("abcdefghi"), y=("j", "k l"))
    assert arguments == 'a b c d e f g h i j "k l"'
    assert lines[8:13] == ["set batchctl_9=%9", "shift /1", "set batchctl_10=%9", "shift /1", "set batchctl_11=%9"]


def test_texts_that_are_no_ascii_are_read_as_what_they_are() -> None:
    arguments, lines = script("echo ü {x}", 'run "größe" ü', x="長")
    assert arguments == '"ü" "長" "öß"'
    assert lines[:3] == ['set "batchctl_1=%~1"', "set batchctl_2=%2", 'set "batchctl_3=%~3"']
    assert [line for line in lines[3:] if line not in CHECK] == [
        "echo %batchctl_1% %batchctl_2%",
        'run "gr%batchctl_3%e" %batchctl_1%',
    ]
    assert inline("echo ü") == "echo ü"


def test_the_file_is_named_by_its_content() -> None:
    names = {windows.cmd([*items, "work"], {"x": "1"})[0] for items in (["a"], ["b"], ["a {x}"], ["a"])}
    assert len(names) == 3


@pytest.mark.parametrize(
    ("items", "number", "text", "why"),
    [
        (["if 1==1 (", "work"], 0, "(", "never closed"),
        (["for %f in (a b"], 0, "(", "never closed"),
        (["work", ")"], 1, ")", "closes nothing"),
        (["(echo (a))", "work"], 0, ")", "closes nothing"),
        (["work ^", "more"], 0, "^", "goes on"),
        (["work ^"], 0, "^", "goes on"),
        (["set X=1 && echo %X%"], 0, "%X%", "before the `set`"),
        (['set "x=1"&echo a%X:~0,1%', "work"], 0, "%X:", "before the `set`"),
        (["if a==a (", "set X=1", "echo %X%", ")"], 2, "%X%", "before the `set`"),
        (["for %f in (a) do work", "once"], 0, "%", "%%f"),
        (["echo 100% sure", "work"], 0, "%", "%%"),
        (["curl a%20b", "work"], 0, "%2", "%%2"),
        (["echo %1", "work"], 0, "%1", "argument"),
        (["echo %*", "work"], 0, "%*", "argument"),
        (["echo %{x}%", "work"], 0, "%{x}%", "placeholder"),
        ([":batchctl_failed", "work"], 0, ":batchctl_failed", "own"),
        (["echo %größe%", "work"], 0, "%größe%", "ASCII"),
        ([":größe", "work"], 0, ":größe", "label"),
        ([":l{x}", "work"], 0, ":l{x}", "label"),
        (["run.cmd a", "work"], 0, "run.cmd", "call run.cmd"),
        (["work {x} && {file} {x}", "work"], 0, "{x}", "call in/make.cmd"),
        (["{file}", "work"], 0, "{file}", "call in/make.cmd"),
        (["work", "a && .\\run.BAT && b"], 1, ".\\run.BAT", "call"),
        (['"C:\\my dir\\run.bat" a', "work"], 0, "C:\\my dir\\run.bat", "call"),
        (["if not exist o npm ci", "work"], 0, "npm", "call npm"),
        (["for %%f in (a b) do az %%f", "work"], 0, "az", "call az"),
        (["echo " + "x" * 8_200], 0, "e", "8191"),
        (["work", "echo " + "{x}" * 2_000], 1, "e", "8191"),
    ],
)
def test_what_cmd_would_do_otherwise_is_refused_at_its_place(
    items: list[str], number: int, text: str, why: str
) -> None:
    found = refused(*items, x="12345", file="in/make.cmd")
    assert found[:2] == (number, text)
    assert why in found[2]


@pytest.mark.parametrize(
    "items",
    [
        ["echo (a", "work"],
        ["echo :) ", "work"],
        ['powershell -Command "Get-ChildItem | Where-Object {{ ($_.Length -gt 1 }}"', "work"],
        ["echo a^^", "work"],
        ["rem 100% (", "work"],
        ["if %X%==(y) work", "more"],
        ["(if exist a work) && more", "work"],
        ["for /f \"tokens=1\" %%i in ('dir /b') do (echo %%~ni)", "work"],
        ["set X=1", "echo %X% %X:~0,1% %ProgramFiles(x86)% %~dp0 %0 %%20"],
        ["set X=1 & call echo %%X%%", "echo %X%"],
        ["call :s a", "goto :eof", ":s", "echo %1 %~2 %*", "exit /b 0"],
        ["call run.cmd a", "call npm ci", "del run.cmd", "work run.cmd", "run.cmd"],
        ["work {row.a (b}", "more"],
        [":: größe", "call {file}", "type {file}", "{file}"],
        ["git commit -m 'az' & echo az npm", "more"],
    ],
)
def test_what_means_itself_is_let_through(items: list[str]) -> None:
    lines = script(*items, **{"row.a (b": "v", "file": "make.cmd"})[1]
    changed = [item for item in items if "{row" in item or "{file" in item or not item.isascii()]
    assert [item for item in items if item not in lines] == changed


def test_what_opens_and_what_is_text() -> None:
    assert refused("if a==b (echo (x)) else (", "y", ")")[:2] == (0, ")")
    script("if a==b (echo (x) else (", "y", ")")
    for before in ("do", "else", "if a==b", "for %%i in", "@", "a &", "a |", "("):
        assert refused(f"{before} (", "work")[1] == "("
    for before in ("echo", "undo", "false", "begin in", "echo a", "set X=", "notif a b"):
        script(f"{before} (", "work")


def test_a_line_is_as_long_as_cmd_reads() -> None:
    assert len(inline("x" * (8_191 - len(RUN) - 3))) == 8_191 - len(RUN) - 3
    assert "8191" in refused("x" * (8_191 - len(RUN) - 2))[2]
    assert "longer" in refused("go {x}", "work", x=tuple("x" * 100 for _ in range(80)))[2]


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("a", "a"),
        ("a b", '"a b"'),
        ("", '""'),
        ('a"b', '"a\\"b"'),
        ("a b\\", '"a b\\\\"'),
        ('\\"', '"\\\\\\""'),
        ("a\\b", "a\\b"),
        ("%PATH%&|<>", "%PATH%&|<>"),
    ],
)
def test_words_of_a_program(word: str, written: str) -> None:
    """Rules of CommandLineToArgvW: https://learn.microsoft.com/windows/win32/api/shellapi/nf-shellapi-commandlinetoargvw"""
    assert windows.argv(["run.exe", "{item}"], {"item": word}) == f"run.exe {written}"


@pytest.mark.parametrize("program", ["run.bat", "C:\\x\\RUN.CMD", "run.cmd. .", "run", "C:\\a.b\\run"])
def test_words_of_a_batch_file_are_those_that_cmd_leaves_alone(program: str) -> None:
    written = windows.argv([program, "{item}", "b"], {"item": "C:\\my dir\\;x,y=z"})
    assert written.endswith(' "C:\\my dir\\;x,y=z" b')
    for char in '"%!^&|<>()\n':
        with pytest.raises(LineError) as caught:
            windows.argv([program, "b", "x {item}"], {"item": f"a{char}b"})
        assert (caught.value.number, caught.value.error.code) == (2, "unsafe-argument")


def test_what_the_author_wrote_for_a_batch_file_is_looked_at_too() -> None:
    with pytest.raises(LineError):
        windows.argv(["run.bat", "a&b"], {})
    assert windows.argv(["cmd", "/c", "a & b"], {}) == 'cmd /c "a & b"'


def test_a_line_without_a_shell_may_be_longer() -> None:
    assert len(windows.argv(["run.exe", "x" * (32_766 - 8)], {})) == 32_766
    for program, most in (("run.exe", 32_766), ("run.bat", 8_191), ("C:\\Windows\\cmd.EXE", 8_191)):
        with pytest.raises(LineError, match=str(most)):
            windows.argv([program, "x" * (most - 7)], {})

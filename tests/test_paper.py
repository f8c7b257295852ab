"""What is written where no terminal is: what rich would write there, letter by letter, without rich."""

import io
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

from batchctl.render.paper import Part, Plain, papers
from batchctl.render.terminal import Terminal

LINES: tuple[tuple[Part, ...], ...] = (
    (("plain", ""),),
    (),
    (("", ""),),
    (("  indented, and blanks at the end   ", "bold"),),
    (("error: ", "bold red"), ("two\nlines\n", "")),
    (("\n\n", "green"),),
    (("[bold]no markup[/] :smile: 12.5 'quoted' http://x.y/z", ""),),
    (("a\tb\t\tc", ""), ("12345678\t|", "red")),
    (("\t", ""),),
    (("ä\té\n語語\t語\tx\n\t👍\t|", ""),),
    (("left out: \a\b\v\f\r.", ""),),
    (("e\u0301\tx", ""),),
)


WIDE: tuple[Part, ...] = (("wide: " + "語" * 100 + " " + "long " * 100, "cyan"),)
SINCE_15 = pytest.mark.skipif(
    Version(version("rich")) < Version("15"), reason="it leaves a blank where such a line ends"
)


@pytest.mark.parametrize("parts", [*LINES, pytest.param(WIDE, marks=SINCE_15)], ids=repr)
def test_what_is_no_terminal_gets_the_letters_that_rich_writes(
    parts: tuple[Part, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    stream = io.StringIO()
    Terminal(file=stream).write(*parts)
    for err in (False, True):
        plain = Plain(err=err)
        plain.write(*parts)
        assert capsys.readouterr()[err] == stream.getvalue()
        assert plain.captured(lambda: plain.write(*parts)) == stream.getvalue()  # noqa: B023 - called at once
    assert capsys.readouterr() == ("", "")


def test_a_stream_without_the_letters_is_told_with_the_remedy_of_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    for paper in (Terminal(), Plain()):
        monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
        with pytest.raises(UnicodeEncodeError) as raised:
            paper.write(("é", ""))
        said.append(str(raised.value))
    assert said[0] == said[1]


def test_who_asks_for_colours_gets_them_where_no_terminal_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(isinstance(paper, Plain) for paper in papers(no_color=False))
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert all(isinstance(paper, Terminal) and paper.is_terminal for paper in papers(no_color=False))


def test_a_command_whose_output_is_read_by_no_terminal_does_not_load_rich(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("version: 1\nname: bench\nstorage: {containers: {input: {}}}\n", encoding="utf-8")
    code = (
        f"import sys; from batchctl.cli import run; code = run(['validate', {str(spec)!r}]); "
        "sys.exit(code or str({name for name in sys.modules if name.split('.')[0] == 'rich'} or '') or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

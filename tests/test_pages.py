"""docs/design.md and CONTRIBUTING.md say of rooms, files and laws what is so."""

import re

import pytest

from tests.house.code import PACKAGE, House
from tests.house.laws import LAWS
from tests.house.pages import PAGES, PARTS, ROOT, written

HOUSE = House.at(ROOT / PACKAGE)
AGAIN = "run `python -m tests.house`, which writes these parts anew, and commit what it wrote"


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_what_the_code_says(name: str) -> None:
    page = (ROOT / name).read_text(encoding="utf-8")
    assert "written by `python -m tests.house`" in page
    assert page.splitlines() == written(page, HOUSE).splitlines(), AGAIN


def test_the_readme_shows_the_spec_as_it_is() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    spec = (ROOT / "specs" / "count.yaml").read_text(encoding="utf-8").splitlines(keepends=True)
    assert shown[0] == "".join(line for line in spec if not line.startswith("#"))


@pytest.mark.parametrize("name", PAGES)
def test_every_file_that_a_page_names_is_there(name: str) -> None:
    named = set(re.findall(r"`([\w/.-]+\.(?:py|json|md|yaml))`", (ROOT / name).read_text(encoding="utf-8")))
    rooms = ("batchctl", "tests", "docs", "schemas", "specs", "node_scripts", "benchmarks")
    there = [f"/{file.relative_to(ROOT)}" for room in rooms for file in (ROOT / room).rglob("*.*")]
    there += [f"/{file.name}" for file in ROOT.glob("*.*")]
    assert [one for one in sorted(named) if not any(path.endswith(f"/{one}") for path in there)] == []


def test_every_file_is_on_the_map() -> None:
    lines = PARTS["files"](HOUSE).splitlines()
    assert sum(".py " in line for line in lines) == sum(module.path.stem != "__init__" for module in HOUSE.values())
    assert [line for line in lines[1:-1] if len(line.split(maxsplit=1)) == 1] == [], "these say nothing of themselves"


def test_what_stands_between_other_lines_stays() -> None:
    page = "a\n<!-- laws: by whom -->\nold\n<!-- end -->\nb\n<!-- a comment -->\n"
    assert (
        written(page, HOUSE)
        == f"a\n<!-- laws: by whom -->\n{PARTS['laws'](HOUSE)}\n<!-- end -->\nb\n<!-- a comment -->\n"
    )


def test_a_marker_that_nobody_knows_is_no_silence() -> None:
    with pytest.raises(KeyError):
        written("<!-- lows: by whom -->\n<!-- end -->", HOUSE)


def test_the_design_has_every_law_with_its_number() -> None:
    design = (ROOT / PAGES[0]).read_text(encoding="utf-8")
    assert [law.number for law in LAWS if f"\n{law.number}. {law.text[:40]}" not in design] == []

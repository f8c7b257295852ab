"""What `scripts/site` finds in the pages that it built."""

from pathlib import Path

import pytest

from tests.documents.built import problems

PAGE = '<body>{outside}<article><h1 id="top">A</h1>{inside}</article></body>'


def site(folder: Path, source: str, inside: str, outside: str = "") -> list[str]:
    pages, html = folder / "pages", folder / "html"
    for made in (pages, html):
        made.mkdir()
    (pages / "README.md").write_text(f"# A\n\n{source}\n")
    (html / "index.html").write_text(PAGE.format(inside=inside, outside=outside))
    (html / "picture.svg").write_text("<svg/>")
    return problems(pages, html)


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ('<a href="#top">', []),
        ('<img src="picture.svg">', []),
        ('<a href="https://example.com/">', []),
        ('<a href="#down">', ["index.html: #down has no such heading"]),
        ('<a href="index.html#down">', ["index.html: index.html#down has no such heading"]),
        ('<a href="spec.yaml">', ["index.html: spec.yaml is not there"]),
        ('<a href="./">', ["index.html: ./ is not there"]),
        ('<img src="//example.com/a.png">', ["index.html: loads //example.com/a.png from another host"]),
        (
            '<source srcset="https://example.com/a.svg">',
            ["index.html: loads https://example.com/a.svg from another host"],
        ),
    ],
)
def test_links_lead_somewhere_and_nothing_comes_from_elsewhere(tmp_path: Path, inside: str, said: list[str]) -> None:
    assert site(tmp_path, "", inside) == said


def test_a_list_that_the_two_markdowns_read_otherwise(tmp_path: Path) -> None:
    found = site(tmp_path, "- a\n  - b", "<ul><li>a</li><li>b</li></ul>")
    assert found == ["README.md: 2 times <ul> in CommonMark, 1 on the page"]


def test_blocks_beside_the_article_are_the_sites_own(tmp_path: Path) -> None:
    assert site(tmp_path, "", "", "<ul><li>navigation</li></ul>") == []


def test_a_document_without_a_page(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "html").mkdir()
    (tmp_path / "pages" / "a.md").write_text("# A\n")
    assert [line.rpartition("/")[2] for line in problems(tmp_path / "pages", tmp_path / "html")] == [
        "a.md: no page was made of it"
    ]

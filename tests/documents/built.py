"""What is wrong with a built site: links that lead nowhere, requests to other hosts, Markdown read in another way."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt

BLOCKS = frozenset(["h1", "h2", "h3", "h4", "li", "ol", "pre", "table", "tr", "ul"])
LOADED = {("img", "src"), ("link", "href"), ("script", "src"), ("source", "srcset"), ("iframe", "src")}
"""Tags and attributes of what a browser loads by itself."""
FOLLOWED = {("a", "href")}


@dataclass
class Page(HTMLParser):
    """A page's anchors, its addresses, and the blocks of its article."""

    anchors: set[str] = field(default_factory=set)
    loaded: list[str] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)
    blocks: Counter[str] = field(default_factory=Counter)
    in_article: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_article |= tag == "article"
        if self.in_article and tag in BLOCKS:
            self.blocks[tag] += 1
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            if (tag, name) in LOADED:
                self.loaded.append(value or "")
            if (tag, name) in FOLLOWED:
                self.followed.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.in_article &= tag != "article"


def problems(pages: Path, html: Path) -> list[str]:
    """A line for each, for the Markdown in `pages` and what was made of it in `html`."""
    read = {file: _read(file) for file in sorted(html.rglob("*.html"))}
    found = [line for file, page in read.items() if file.name != "404.html" for line in _links(file, page, read, html)]
    for source in sorted(pages.rglob("*.md")):
        page = read.get(_made_of(source, pages, html))
        found += [f"{source}: no page was made of it"] if page is None else _otherwise(source, page)
    return found


def _read(file: Path) -> Page:
    page = Page()
    page.feed(file.read_text(encoding="utf-8"))
    return page


def _made_of(source: Path, pages: Path, html: Path) -> Path:
    name = "index.html" if source.name == "README.md" else f"{source.stem}.html"
    return html / source.relative_to(pages).with_name(name)


def _links(file: Path, page: Page, read: dict[Path, Page], html: Path) -> Iterator[str]:
    where = file.relative_to(html)
    yield from (f"{where}: loads {one} from another host" for one in page.loaded if urlsplit(one).netloc)
    for address in (*page.loaded, *page.followed):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
        if not target.is_file():
            yield f"{where}: {address} is not there"
        elif parts.fragment and target in read and unquote(parts.fragment) not in read[target].anchors:
            yield f"{where}: {address} has no such heading"


def _otherwise(source: Path, page: Page) -> Iterator[str]:
    """The site's Markdown is Python's, which wants nested lists four columns in; the repository's is CommonMark."""
    tokens = MarkdownIt("commonmark").enable("table").parse(source.read_text(encoding="utf-8"))
    meant = Counter("pre" if token.tag == "code" else token.tag for token in tokens if token.nesting >= 0)
    for tag in sorted(BLOCKS):
        if meant[tag] != page.blocks[tag]:
            yield f"{source.name}: {meant[tag]} times <{tag}> in CommonMark, {page.blocks[tag]} on the page"

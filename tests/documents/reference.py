"""docs/reference/, from schemas, commands, errors and cases: `python -m tests.documents.reference` writes it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.documents.commands import commands_page
from tests.documents.errors import error_codes_page, exit_codes_page
from tests.documents.events import events_page
from tests.documents.words import spec_page

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
HEAD = "<!-- written by `python -m tests.documents.reference` -->\n"
PAGES: Mapping[str, Callable[[], str]] = {
    "spec.md": spec_page,
    "commands.md": commands_page,
    "exit-codes.md": exit_codes_page,
    "events.md": events_page,
    "error-codes.md": error_codes_page,
}


def written(name: str) -> str:
    return HEAD + PAGES[name]()


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in PAGES:
        (FOLDER / name).write_text(written(name), encoding="utf-8")


if __name__ == "__main__":
    write()

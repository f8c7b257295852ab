"""The tables of fields in docs/import.md, from those of the importers: `python -m tests.importing.page` writes them."""

import re
from pathlib import Path

from batchctl.importing.kinds import KINDS
from batchctl.importing.report import Row

PAGE = Path(__file__).parents[2] / "docs" / "import.md"
TABLES = re.compile(r"(?s)(?P<begin><!-- fields: (?P<kind>[\w-]+), [^>]*-->).*?(?P<end><!-- end -->)")


def written(page: str) -> str:
    return TABLES.sub(lambda found: f"{found['begin']}\n{table(found['kind'])}\n{found['end']}", page)


def table(kind: str) -> str:
    rows = ["| field | what becomes of it | in the spec | |", "| --- | --- | --- | --- |"]
    return "\n".join([*rows, *map(_row, KINDS[kind].fields)])


def _row(row: Row) -> str:
    to = f"`{row.to}`" if row.to else ""
    return f"| `{row.field}` | {row.verdict} | {to} | {row.why} |".replace("|  |", "| |")


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

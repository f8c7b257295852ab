"""Rows of Markdown tables."""

import re

CODE = re.compile(r"(`+[^`]*`+)")


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def table(head: tuple[str, ...], rows: list[str]) -> list[str]:
    return [row(*head), row(*("---" for _ in head)), *rows]


def cell(text: str) -> str:
    """Text that may hold code, as a cell: in one line, without bars that end it or tags that nobody meant."""
    line = " ".join(text.split()).replace("|", "\\|")
    return "".join(
        part if part.startswith("`") else part.replace("<", "&lt;").replace("*", "\\*") for part in CODE.split(line)
    )


def code(text: str) -> str:
    """Text as code in a cell."""
    return f"`{' '.join(text.split())}`".replace("|", "\\|") if text else ""

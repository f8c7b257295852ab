"""The code blocks of the documents. sybil finds them, and those that are not looked at: `<!-- skip: next "why" -->`."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import SkipTest

from sybil import Document, Example
from sybil.parsers.markdown import CodeBlockParser, SkipParser

from tests.documents.console import Bench, run_console, run_python, run_shell
from tests.documents.fragments import wrong_in

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "findings/README.md"])
NAMED = re.compile(r"# ([\w./-]+\.ya?ml)\n")
"""The first line of a block that is a file of this name, for the commands behind it."""


def read_yaml(example: Example) -> str | None:
    if (named := NAMED.match(example.parsed)) and (bench := example.namespace.get("bench")):
        bench.write(named[1], example.parsed)
    return wrong_in(str(example.parsed))


def read_json(example: Example) -> None:
    json.loads(example.parsed)


def run(runner: Callable[[Bench, str], str | None]) -> Callable[[Example], str | None]:
    """Run a block where there is a bench for it; else it is only read."""

    def evaluate(example: Example) -> str | None:
        bench = example.namespace.get("bench")
        return runner(bench, str(example.parsed)) if bench else None

    return evaluate


RUNNERS = {"console": run_console, "sh": run_shell, "python": run_python}
LANGUAGES: dict[str, Callable[[Example], str | None]] = {
    "yaml": read_yaml,
    "json": read_json,
    "text": lambda example: None,
    "js": lambda example: "nobody runs it here: say who does, `skip: next`",
    **{language: run(runner) for language, runner in RUNNERS.items()},
}


@dataclass(frozen=True)
class Page:
    """A document, read."""

    document: Document

    @classmethod
    def at(cls, path: Path) -> "Page":
        parsers = (*(CodeBlockParser(language, evaluator) for language, evaluator in LANGUAGES.items()), SkipParser())
        return cls(Document.parse(str(path), *parsers))

    def evaluate(self, bench: Bench | None = None) -> Iterator[str]:
        """Evaluate every block; why some are not, in the order of the blocks."""
        if bench:
            self.document.namespace["bench"] = bench
        for example in self.document:
            try:
                example.evaluate()
            except SkipTest as skipped:
                yield str(skipped)


def fences(path: Path) -> list[tuple[int, str]]:
    """Line and language of each block."""
    found, inside = [], False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            found += [] if inside else [(number, line.strip().strip("`"))]
            inside = not inside
    return found


def is_run(path: Path) -> bool:
    """Whether a document has blocks that are commands or programs."""
    return any(language in RUNNERS for _, language in fences(path))

"""`python -m tests.action.workflows DIR` writes the pipelines of docs/ci.md, each into a file of its own."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "ci.md"
WRITTEN = ROOT / "batchctl" / "cli" / "begin" / "ci"
"""What `batchctl init --ci` writes."""


def shown() -> Mapping[str, str]:
    """By the name that stands before each, those that `init` writes; and the one of the action."""
    page = PAGE.read_text(encoding="utf-8")
    named = dict(re.findall(r"<!-- ([\w-]+\.yml) -->\n```yaml\n(.*?)```", page, re.DOTALL))
    action = next(block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "OWNER/batchctl@" in block)
    return {**named, "github-action.yml": action}


def main(folder: Path) -> None:
    for name, text in shown().items():
        own = "github-commands.yml" if name == "github.yml" else name
        (folder / own).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

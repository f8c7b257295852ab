"""`scripts/site`: the documents as pages that a browser opens, from a server or as files. The tool is zensical."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.documents.built import problems

ROOT = Path(__file__).parents[2]
SHOWN = (
    "*.md",
    "LICENSE",
    "Containerfile",
    "action.yml",
    "compose.yaml",
    "docs/**/*",
    "specs/**/*",
    "schemas/*",
    "benchmarks/*.md",
    "benchmarks/*.py",
    "findings/*.md",
    "tests/sweeps/*.py",
)
"""What pages are made of, or link to, as it lies in the repository."""
SHIM = "https://unpkg.com/iframe-worker/shim"
"""What zensical's pages ask another host for; docs/site/ has it."""
HOME = re.compile(r'href="(?:\./)?((?:\.\./)*\.\.)"')
"""How its pages in folders lead to the first: a browser that reads files lists the folder."""


def main(into: Path) -> int:
    """Build the site in `into`/html; 1 where zensical or the links of its pages complain."""
    shutil.rmtree(into, ignore_errors=True)
    pages = into / "pages"
    for file in (file for pattern in SHOWN for file in ROOT.glob(pattern) if file.is_file()):
        copy = pages / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    shutil.copyfile(ROOT / "docs/site/zensical.toml", into / "zensical.toml")
    built = subprocess.run([sys.executable, "-m", "zensical", "build", "--strict", "--clean"], cwd=into, check=False)
    if built.returncode != 0:
        return 1
    for page in (into / "html").rglob("*.html"):
        _mend(page, into / "html")
    found = problems(pages, into / "html")
    sys.stderr.writelines(f"{line}\n" for line in found)
    sys.stdout.write(f"The site begins at {into / 'html/index.html'}\n")
    return 1 if found else 0


def _mend(page: Path, top: Path) -> None:
    up = "../" * (len(page.relative_to(top).parts) - 1)
    text = page.read_text(encoding="utf-8").replace(SHIM, f"{up}docs/site/iframe-worker.js")
    page.write_text(HOME.sub(r'href="\1/index.html"', text), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

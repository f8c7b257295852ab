"""The word-count by batchctl, on either side: apply, its results, destroy."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SPECS = Path(__file__).parents[2] / "specs"


@dataclass(frozen=True)
class Ended:
    """How it went: exit codes of apply and destroy, the words that were counted by files, and what was said."""

    apply: int
    destroy: int
    results: dict[str, str]
    said: str


def spec_text(prefix: str, size: str) -> str:
    """The published spec, in which all that it makes bears the prefix. Pure but for reading it."""
    text = (SPECS / "word-count.yaml").read_text(encoding="utf-8")
    text = text.replace("word-count", prefix).replace("Standard_D2s_v5", size)
    return re.sub(r"(?<=[ {])(application|input|output)(?=[:,}])", rf"{prefix}-\1", text)


def run_word_count(folder: Path, prefix: str, size: str, environ: Mapping[str, str], within: float) -> Ended:
    """Both commands take at most `within` seconds; what outlasts them is for whoever takes the prefix away."""
    (folder / "specs").mkdir(parents=True)
    shutil.copytree(SPECS / "word-count", folder / "specs" / prefix)
    shutil.copytree(SPECS.parent / "node_scripts", folder / "node_scripts")
    spec = folder / "specs" / "spec.yaml"
    spec.write_text(spec_text(prefix, size), encoding="utf-8")
    applied, said = _batchctl(["apply", str(spec)], environ, within)
    found = sorted((folder / "results").rglob("*_OUTPUT.txt"))
    # Behind the words come places on the node, which are others each time.
    results = {file.name: file.read_text(encoding="utf-8").partition("\n\n")[0] for file in found}
    destroyed, farewell = _batchctl(["destroy", str(spec)], environ, within)
    return Ended(applied, destroyed, results, said + farewell)


def _batchctl(arguments: list[str], environ: Mapping[str, str], within: float) -> tuple[int, str]:
    # A lock would be in a container of another name, which stays.
    command = [sys.executable, "-m", "batchctl", *arguments, "--yes", "--no-lock", "-o", "lines"]
    try:
        done = subprocess.run(
            command, env=dict(environ), capture_output=True, text=True, timeout=within, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return 124, f"batchctl {arguments[0]} took longer than {within:.0f} s\n"
    return done.returncode, done.stdout + done.stderr

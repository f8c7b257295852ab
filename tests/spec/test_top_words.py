"""The script that runs on the node, run as it is there."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "node_scripts" / "top_words.py"
PLACES = {"AZ_BATCH_NODE_ID": "n1", "AZ_BATCH_TASK_ID": "t1", "AZ_BATCH_JOB_ID": "j1", "AZ_BATCH_POOL_ID": "p1"}


def counted(folder: Path, text: str, count: int, environ: dict[str, str] | None = None) -> list[str]:
    (folder / "my text.txt").write_text(text, encoding="utf-8")
    command = [sys.executable, str(SCRIPT), "--filepath", "my text.txt", "--numwords", str(count)]
    subprocess.run(command, cwd=folder, env=environ or {}, check=True, capture_output=True)
    return (folder / "my text_OUTPUT.txt").read_text(encoding="utf-8").splitlines()


def test_words_and_places(tmp_path: Path) -> None:
    lines = counted(tmp_path, "Don't don’t DON'T! Straße STRASSE, éclair — Éclair éclair; a_b 7", 4, PLACES)
    assert lines == ["éclair: 3", "don't: 2", "strasse: 2", "7: 1", "", "Node: n1", "Task: t1", "Job: j1", "Pool: p1"]


def test_without_batch_and_with_fewer_words_than_asked(tmp_path: Path) -> None:
    assert counted(tmp_path, "", 3)[:2] == ["", "Node: (none)"]

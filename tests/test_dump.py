"""What is handed on of a run that went wrong: nothing secret, and a list of what is in it."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batchctl.render.dump_files import dump_files, error_lines, told_log
from batchctl.sensitive import Veil
from batchctl.sights import FailureInfo, JobSight, NodeSight, PoolSight, ScalingSight, Status
from batchctl.spec.load import load
from batchctl.verbs.dump import veil_of

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

SPEC = """\
version: 1
name: a
vars: {api_token: {type: string, default: from-default}, plain: {type: string, default: told}}
storage: {containers: {ccc: {}}}
pool: {id: p, vmSize: Standard_D2s_v5, image: {publisher: a, offer: b, sku: c}}
job:
  id: j
  commonEnvironmentSettings:
    - {name: DB_PASSWORD, value: "it's <quoted>"}
    - {name: WORD, value: '${env:WORD}'}
    - {name: PLAIN, value: plainly}
  tasks: [{id: t, commands: ['true']}]
"""


@pytest.fixture
def veil(tmp_path: Path) -> Veil:
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "over.yaml").write_text("job: {commonEnvironmentSettings: [{name: DB_PASSWORD, value: over-laid}]}\n")
    given = {"WORD": "quicksilver"}
    return veil_of(
        load(tmp_path / "spec.yaml", {"api_token": ("from-outside",)}, given, overlays=[tmp_path / "over.yaml"])
    )


def test_what_the_spec_knows_for_a_secret_is_hidden_in_every_file(veil: Veil) -> None:
    secrets = ("from-default", "from-outside", "quicksilver", "it's <quoted>", "over-laid")
    files = {"plain.txt": "\n".join(secrets), "a.json": json.dumps(list(secrets)), "a.html": "it&#x27;s &lt;quoted&gt;"}
    told = dump_files({**files, "others.txt": "plainly told"}, veil, [("plan", "no quicksilver")], NOON)
    for text in told.values():
        assert [secret for secret in (*secrets, "it&#x27;s") if secret in text] == []
    assert told["others.txt"] == "plainly told"


def test_what_has_the_form_of_a_secret_is_hidden() -> None:
    signed = "https://a.blob.core.windows.net/c?sv=2024&sig=abcdefghijklmnopqrstuvwxyz0123456789%3D"
    told = dump_files(
        {"logs/t.stderr.txt": f"GET {signed}", "spec/0-a.yaml": "AccountKey=" + "A" * 86 + "=="}, Veil(), [], NOON
    )
    assert "abcdefgh" not in told["logs/t.stderr.txt"]
    assert "AAAA" not in told["spec/0-a.yaml"]


def test_the_list_says_what_is_there_and_what_is_not() -> None:
    found = dump_files(
        {"status.txt": "x" * 10, "logs/t.stderr.txt": "y", "logs/u.stderr.txt": "zz"}, Veil(), [("plan", "a\nb")], NOON
    )
    contents = next(iter(found.values()))
    assert "status.txt: what `batchctl status` says (10 bytes)\nlogs/: " in contents
    assert " (3 bytes)\n  logs/t.stderr.txt\n  logs/u.stderr.txt\n" in contents
    assert "What could not be had:\n  plan: a\\u000ab\n" in contents
    assert "nodes.json" not in contents


def test_the_end_of_a_stream_begins_with_a_whole_line() -> None:
    assert told_log(b"one\ntwo\n", 8) == "one\ntwo\n"
    assert told_log(b"f a key\nwhole\n", 4096) == "[the last 14 bytes of 4.0 KB]\nwhole\n"
    assert told_log(b"k" * 1030, 4096) == "[the last 1.0 KB of 4.0 KB]\nkkkkkk"
    assert told_log(b"\x1b[31mred\x07\n##[error]x", 100).split("\n")[1:] == ["##[error]x".replace("##", "\\u0023#")]
    assert told_log(b"a\x1b]0;t\x07\xff", 7) == "a\\u001b]0;t\\u0007\ufffd"


def test_errors_are_told_as_the_service_says_them() -> None:
    scaling = ScalingSight(evaluated=NOON, error="bad")
    pool = PoolSight(
        id="p", state="active", allocation="steady", vm_size="s", resize_errors=("no quota",), scaling=scaling
    )
    job = JobSight(id="j", generation=1, state="completed", pool="p", why_ended="Timeout", scheduling_error="no pool")
    failed = FailureInfo(category="usererror", code="FailureExitCode", message="exited with 3")
    nodes = [NodeSight(id="n", state="unusable", errors=("disk full",), start_failure=failed)]
    assert list(error_lines(Status(pools=(pool,), jobs=(job,), failed=()), None, nodes)) == [
        "job j: no pool",
        "job j ended: Timeout",
        "pool p: no quota",
        "pool p: its formula failed: bad",
        "node n: disk full",
        "node n: its start task failed: FailureExitCode: exited with 3",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="such a limit is POSIX's")
def test_what_could_not_be_written_whole_is_not_there(tmp_path: Path) -> None:
    """As on a disk that is full: the same command can be given again."""
    code = f"""
import resource, signal
from datetime import datetime
from pathlib import Path
from batchctl.cli.dumping import _write_zip
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
_write_zip(Path({str(tmp_path / "a.zip")!r}), {{str(n): "x" * n for n in range(100)}}, datetime(2026, 1, 1))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MachineError: cannot write" in ran.stderr
    assert list(tmp_path.iterdir()) == []

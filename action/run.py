"""What the action does once batchctl is installed: `validate`, `plan` or `apply`, with what GitHub shows of it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from annotations import annotations, command, problems_of
from comment import write_comment

BATCHCTL = (sys.executable, "-m", "batchctl")
SUMMARY = 1_000_000
"""Bytes; GitHub drops a summary of more than 1 MiB."""


def main(environ: Mapping[str, str]) -> int:
    """The exit code of batchctl."""
    options = [line.strip() for line in environ["OPTIONS"].splitlines() if line.strip()]
    if environ["COMMAND"] == "plan" and environ["SPEC"]:
        return plan(environ["SPEC"], Path(environ["PLAN"]), options, environ)
    if environ["COMMAND"] == "validate" and environ["SPEC"]:
        return validate(environ["SPEC"].split("\n"), options, environ)
    if environ["COMMAND"] == "apply":
        return apply(Path(environ["PLAN"]), options, environ)
    print(command("error", "`command` is validate or plan, each with a `spec`, or apply", "batchctl", {}))
    return 64


def validate(specs: Sequence[str], options: Sequence[str], environ: Mapping[str, str]) -> int:
    """Needs no account, and so no secret: also for a pull request from a fork."""
    named = [spec.strip() for spec in specs if spec.strip()]
    done = subprocess.run(
        [*BATCHCTL, "validate", *named, *options], stderr=subprocess.PIPE, encoding="utf-8", check=False
    )
    problems = problems_of(done.stderr)
    print(done.stderr, end="")
    print("\n".join(annotations(problems, named[0], Path(environ["GITHUB_WORKSPACE"]))), flush=True)
    if done.returncode:
        told = "\n".join(f"{p['file']}:{p['line']}:{p['column']}: {p['message']}" for p in problems)
        _append(environ["GITHUB_STEP_SUMMARY"], f"### batchctl validate\n\n{_fenced(told or done.stderr.strip())}\n")
    return done.returncode


def plan(spec: str, kept: Path, options: Sequence[str], environ: Mapping[str, str]) -> int:
    kept.unlink(missing_ok=True)
    done = subprocess.run(
        [*BATCHCTL, "plan", spec, "--json", "--out", str(kept), *options],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    workspace = Path(environ["GITHUB_WORKSPACE"])
    print("\n".join(annotations(lines, spec, workspace)), flush=True)
    if done.returncode == 0:
        subprocess.run([*BATCHCTL, "show", str(kept)], check=True)
        shown = subprocess.run(
            [*BATCHCTL, "show", str(kept), "--markdown"], stdout=subprocess.PIPE, encoding="utf-8", check=True
        )
        text = shown.stdout
        _append(environ["GITHUB_OUTPUT"], f"plan={os.path.relpath(kept, workspace)}\n")
        _append(environ["GITHUB_OUTPUT"], f"changes={str(_does_something(lines)).lower()}\n")
    else:
        text = _refused(spec, lines)
    _append(environ["GITHUB_STEP_SUMMARY"], text)
    if environ["COMMENT"] == "true":
        _comment(text, spec, environ)
    return done.returncode


def apply(kept: Path, options: Sequence[str], environ: Mapping[str, str]) -> int:
    """Its lines go to the log; the report, which is there also where tasks failed, is the summary."""
    report = Path(environ["RUNNER_TEMP"]) / "batchctl-report"
    done = subprocess.run([*BATCHCTL, "apply", str(kept), "--report", str(report), *options], check=False)
    page = report / "report.md"
    _append(
        environ["GITHUB_STEP_SUMMARY"], page.read_text(encoding="utf-8") if page.is_file() else _ended(done.returncode)
    )
    return done.returncode


def _comment(text: str, spec: str, environ: Mapping[str, str]) -> None:
    """A plan that nobody could show is a plan all the same."""
    event = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    number = event.get("pull_request", {}).get("number")
    if number is None:
        print("No pull request: no comment is written.")
        return
    where = (environ["GITHUB_REPOSITORY"], environ["GITHUB_API_URL"], environ["COMMENT_TOKEN"])
    try:
        print(f"Comment: {write_comment(text, spec, number, *where)}")
    except OSError as error:
        print(command("warning", f"the plan could not be shown as a comment: {error}", "batchctl", {}))


def _does_something(lines: Sequence[Mapping[str, Any]]) -> bool:
    plans = [line["plan"] for line in lines if line["type"] == "plan"]
    return any(plan.get(part) for plan in plans for part in ("changes", "waits", "fetches"))


def _refused(spec: str, lines: Sequence[Mapping[str, Any]]) -> str:
    """Why there is no plan, in a fence that no text in it closes."""
    told = [line["message"] for line in lines if line["type"] == "error"] or ["batchctl said nothing"]
    return f"### batchctl plan of `{spec}`: none\n\n{_fenced(told[-1])}\n"


def _ended(code: int) -> str:
    return f"### batchctl apply ended with exit code {code}\n\nThe log says why.\n"


def _fenced(text: str) -> str:
    fence = "`" * 3
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"


def _append(file: str, text: str) -> None:
    with Path(file).open("a", encoding="utf-8") as stream:
        stream.write(text.encode()[:SUMMARY].decode(errors="ignore"))


if __name__ == "__main__":
    sys.exit(main(os.environ))

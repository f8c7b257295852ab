"""action.yml, by its scripts in the environment of a runner; scripts/test-pipeline has the rest."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.action.workflows import WRITTEN, shown
from tests.services import unique

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
SPEC = """
version: 1
name: {name}
storage: {{containers: {{{name}: {{}}}}}}
pool: {{id: {name}, vmSize: Standard_D2s_v5, image: {{publisher: canonical, offer: ubuntu-24_04-lts, sku: server}}}}
job: {{id: {name}, tasks: [{{id: say, commands: ['true']}}]}}
"""


class Runner:
    """A workspace, and the files that a runner reads after a step."""

    def __init__(self, folder: Path) -> None:
        self.workspace = folder / "work"
        self.project = self.workspace / "project"
        self.project.mkdir(parents=True)
        self.summary, self.output, self.event = (folder / name for name in ("summary", "output", "event"))
        self.event.write_text("{}")
        self.environ = os.environ | {
            **{name.upper().replace("-", "_"): str(said.get("default", "")) for name, said in ACTION["inputs"].items()},
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_EVENT_PATH": str(self.event),
            "GITHUB_REPOSITORY": "a/b",
            "RUNNER_TEMP": str(folder),
        }

    def run(self, **inputs: str) -> tuple[int, list[str]]:
        """(exit code, workflow commands)"""
        done = subprocess.run(
            [sys.executable, ROOT / "action" / "run.py"],
            cwd=self.project,
            env=self.environ | inputs,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        return done.returncode, [line for line in done.stdout.splitlines() if line.startswith("::")]


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_the_scripts_read_the_inputs_that_there_are() -> None:
    step = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "run")
    read = set(re.findall(r'environ\["([A-Z_]+)"\]', (ROOT / "action" / "run.py").read_text()))
    given = {name for name in read if not name.startswith(("GITHUB_", "RUNNER_"))}
    assert given == set(step["env"])
    asked = set(re.findall(r"inputs\.([a-z-]+)", (ROOT / "action.yml").read_text()))
    assert asked == set(ACTION["inputs"])
    assert not [step for step in ACTION["runs"]["steps"] if "${{" in step["run"]]  # it would be run as a script


def test_a_spec_that_is_wrong_is_marked_where_it_is(runner: Runner) -> None:
    (runner.project / "a.yaml").write_text(SPEC.format(name="one").replace("vmSize", "vmsize"))
    (runner.project / "b.yaml").write_text(SPEC.format(name="two"))
    code, commands = runner.run(COMMAND="validate", SPEC="a.yaml\nb.yaml\n")
    assert code == 65
    assert commands[0].startswith("::error file=project/a.yaml,line=5,col=17,title=unknown-key::unknown key 'vmsize'")
    assert "a.yaml:5:17: unknown key" in runner.summary.read_text()


def test_what_is_wrong_with_the_inputs_is_told(runner: Runner) -> None:
    assert runner.run(COMMAND="destroy")[0] == 64
    assert runner.run(COMMAND="plan")[0] == 64
    code, _ = runner.run(COMMAND="apply", PLAN="none.json")
    assert code != 0
    assert f"exit code {code}" in runner.summary.read_text()


@pytest.mark.usefixtures("services")
def test_a_plan_is_shown_and_kept(runner: Runner) -> None:
    (runner.project / "spec.yaml").write_text(SPEC.format(name=unique("action")))
    code, commands = runner.run(SPEC="spec.yaml", OPTIONS="--full\n\n--adopt")
    assert code == 0
    assert any(line.startswith("::notice file=project/spec.yaml,title=batchctl plan::create pool") for line in commands)
    assert runner.summary.read_text().startswith("### batchctl plan of `spec.yaml`")
    assert runner.output.read_text() == "plan=project/batchctl-plan.json\nchanges=true\n"
    assert json.loads((runner.project / "batchctl-plan.json").read_text())["choices"] == {"adopt": True}


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "action"))


@pytest.mark.usefixtures("scripts")
def test_no_level_has_more_than_github_shows() -> None:
    from annotations import MOST, annotations

    changes = [{"action": "create", "kind": f"kind{n}", "name": "a"} for n in range(30)]
    changes += [{"action": "delete", "kind": "pool", "name": f"p{n}"} for n in range(9)]
    plan = {"type": "plan", "plan": {"changes": changes}}
    errors = {"type": "error", "reasons": [f"reason {n}" for n in range(12)], "message": ""}
    found = annotations([plan, errors], "s.yaml", Path.cwd())
    levels = [line.split()[0] for line in found]
    assert [levels.count(level) for level in ("::error", "::warning", "::notice")] == [MOST, 1, MOST]
    assert "delete 9 pools: p0, p1, p2, p3, p4 and 4 more" in "".join(found)
    assert found[MOST - 1].endswith("::… and 3 more: the summary and the log have them all")


@pytest.mark.usefixtures("scripts")
def test_what_others_wrote_is_no_command() -> None:
    from annotations import command

    assert command("error", "50%\n::stop::", "a,b:c", {}) == "::error title=a%2Cb%3Ac::50%25%0A::stop::"


@contextmanager
def github(comments: list[dict[str, Any]], heard: list[tuple[str, str, Any]]) -> Iterator[str]:
    """Answers as GitHub's API does of comments, two a page."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            heard.append((self.command, self.path, json.loads(self.rfile.read(length)) if length else None))
            page = 1 if self.path.endswith("page=2") else 0
            self.send_response(200)
            if self.command == "GET" and not page and len(comments) > 2:
                self.send_header("Link", f'<{url}/repos/a/b/issues/7/comments?page=2>; rel="next"')
            self.end_headers()
            told: Any = comments[2 * page : 2 * page + 2] if self.command == "GET" else {"html_url": "seen"}
            self.wfile.write(json.dumps(told).encode())

        do_GET = do_POST = do_PATCH = answer  # noqa: N815 - names of http.server

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield url
        finally:
            server.shutdown()


@pytest.mark.usefixtures("scripts")
def test_the_comment_replaces_itself_and_nobody_elses() -> None:
    from comment import mark, write_comment

    ours, theirs = {"type": "Bot"}, {"type": "User"}
    other = {"body": f"{mark('t.yaml')} …", "user": ours, "url": "http://127.0.0.1:1/none"}
    forged = {"body": f"{mark('s.yaml')} …", "user": theirs, "url": "http://127.0.0.1:1/none"}
    heard: list[tuple[str, str, Any]] = []
    comments = [other, forged]
    with github(comments, heard) as api:
        assert write_comment("one", "s.yaml", 7, "a/b", api, "secret") == "seen"
        comments.append({"body": f"{mark('s.yaml')}\none", "user": ours, "url": f"{api}/repos/a/b/issues/comments/1"})
        assert write_comment("two", "s.yaml", 7, "a/b", api, "secret") == "seen"
    body = {"body": f"{mark('s.yaml')}\ntwo"}
    asked = [(verb, path) for verb, path, _ in heard]
    assert asked[:2] == [("GET", "/repos/a/b/issues/7/comments?per_page=100"), ("POST", "/repos/a/b/issues/7/comments")]
    assert heard[-1] == ("PATCH", "/repos/a/b/issues/comments/1", body)


def test_a_comment_that_may_not_be_written_is_no_failure(runner: Runner) -> None:
    (runner.project / "spec.yaml").write_text("version: 2\n")
    runner.event.write_text(json.dumps({"pull_request": {"number": 7}}))
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:  # refuses every method: 501
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        api = f"http://127.0.0.1:{server.server_port}"
        code, commands = runner.run(SPEC="spec.yaml", COMMENT="true", COMMENT_TOKEN="x", GITHUB_API_URL=api)
        server.shutdown()
    assert code == 65
    assert commands[-1].startswith("::warning title=batchctl::the plan could not be shown as a comment: GitHub refused")


def test_the_page_shows_what_init_writes() -> None:
    written = {file.name: file.read_text() for file in WRITTEN.glob("*.yml")}
    page = dict(shown())
    action = yaml.safe_load(page.pop("github-action.yml"))
    assert page == written
    steps = [step for job in action["jobs"].values() for step in job["steps"] if "batchctl" in step.get("uses", "")]
    assert all(set(step["with"]) <= set(ACTION["inputs"]) for step in steps)
    kept = ACTION["inputs"]["plan"]["default"]
    assert kept in str(action["jobs"]["plan"]["steps"])


def test_the_hook_is_for_what_init_writes_and_what_lies_among_specs() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    paths = [
        "spec.yaml",
        "a/spec.yml",
        "specs/hello.yaml",
        "a/specs/b.yaml",
        "specs/paired/x.yaml",
        "myspec.yaml",
        "a.yaml",
    ]
    assert [path for path in paths if re.search(hook["files"], path)] == paths[:4]
    assert hook["entry"] == "batchctl validate"

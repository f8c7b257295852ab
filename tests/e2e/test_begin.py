"""What somebody tries first: it works from anywhere, and leaves nothing behind in the services."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from batchctl.local import Services
from tests.e2e.conftest import Workbench
from tests.services import blob_service

pytestmark = pytest.mark.e2e


def test_a_demo_brings_outputs_and_a_report_and_takes_the_rest_away(
    workbench: Workbench, services: Services, tmp_path: Path
) -> None:
    place = tmp_path / "it is new"
    ran = workbench.run("demo", "--in", str(place))
    assert ran.code == 0, ran.said
    assert [path.name for path in sorted((place / "results").iterdir())] == [
        f"{stem}_OUTPUT.txt" for stem in ("lighthouse", "orchard", "railway")
    ]
    lines = ran.out.splitlines()
    assert lines[-2:] == [f"Outputs: {place / 'results'}", f"Report:  {place / 'report' / 'report.html'}"]
    assert (place / "report" / "report.html").is_file()
    with blob_service(services) as blobs:
        assert not {"application", "input", "output"} & {found.name for found in blobs.list_containers()}

    # What it says that it runs can be run.
    there, apply, destroy = (shlex.split(line)[1:] for line in lines if line.startswith("$ "))
    assert there == ["cd", str(place)]
    beside = replace(workbench, folder=place)
    assert "No changes." in beside.run(*destroy[1:]).out
    assert beside.run("validate", apply[2]).code == 0

    again = workbench.run("demo", "--in", str(place))
    assert again.code == 64
    assert "no empty directory" in again.err


def test_what_init_writes_plans_here(workbench: Workbench) -> None:
    assert workbench.run("init", "specs/word-count", "--from-command", "wc -w data/*.txt").code == 0
    planned = workbench.run("plan", "specs/word-count/spec.yaml", "--target", "local")
    assert planned.code == 0, planned.said
    assert "3 tasks to run" in planned.out
    assert "the same names" not in planned.out


def test_a_doctor_finds_the_services_well(workbench: Workbench, services: Services) -> None:
    ran = workbench.run("doctor", "specs/word-count.yaml")
    assert ran.code == 0, ran.said
    assert f"ok       batch endpoint: {services.batch_url}" in ran.out
    assert "ok       storage access" in ran.out


def test_a_doctor_tells_a_key_that_is_not_taken_and_not_the_key(workbench: Workbench, services: Services) -> None:
    wrong = "bm90LXRoZS1rZXk="
    environ = {**workbench.environ, **services.environment, "AZURE_BATCH_ACCESS_KEY": wrong}
    ran = replace(workbench, environ=environ).run("doctor")
    assert ran.code == 1
    assert "problem  batch access" in ran.out
    assert "AuthenticationFailed" in ran.out
    assert wrong not in ran.said
    assert services.storage_key not in ran.said

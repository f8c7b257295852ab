"""The pytest plugin, as whoever installed batchctl meets it."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from batchctl.local.processes import find_process
from tests.testing.guide import blocks

pytest_plugins = ["pytester"]

HOME = Path.home()
SUITE = """
    import os
    from pathlib import Path

    import pytest
    from azure.batch import models
    from batchctl.testing.account import AzureBatch


    def leave_something(account):
        pool = models.BatchPoolInfo(pool_id="p")
        with account.batch_client() as client:
            client.create_job(models.BatchJobCreateOptions(id="j", pool_info=pool))


    @pytest.mark.parametrize("number", (1, 2))
    def test_it_is_empty(azure_batch_account, number):
        leave_something(azure_batch_account)
        with azure_batch_account.batch_client() as client:
            assert [job.id for job in client.list_jobs()] == ["j"]


    def test_what_was_left_is_there_without_a_reset(azure_batch):
        with azure_batch.batch_client() as client:
            assert client.get_job("j").id == "j"


    def test_each_is_by_itself_and_has_no_blob_store_that_nobody_asked_for(azure_batch, tmp_path):
        other = AzureBatch(tmp_path / "home")  # as another worker of pytest-xdist makes it
        leave_something(other)
        azure_batch.reset()
        with other.batch_client() as client:
            assert client.get_job("j").id == "j"
        other.end()
        assert (other.endpoint, other.account_key) != (azure_batch.endpoint, azure_batch.account_key)
        assert not (tmp_path / "home" / "logs" / "azurite.log").exists()


    @pytest.mark.parametrize("number", (1, 2))
    def test_blobs_go_too(azure_batch_account, number):
        with azure_batch_account.blob_service_client() as blobs:
            blobs.create_container("one").upload_blob("a", b"b")
            assert [one.name for one in blobs.list_containers()] == ["one"]


    def test_programs_find_it(azure_batch, monkeypatch):
        for name, value in azure_batch.environment.items():
            monkeypatch.setenv(name, value)
        assert os.environ["AZURE_BATCH_ENDPOINT"] == azure_batch.endpoint
        assert f"BlobEndpoint={azure_batch.blob_endpoint}" in azure_batch.connection_string


    def test_what_it_was(azure_batch):
        own = azure_batch._own
        Path("pids").write_text(f"{own._emulator.pid} {own._azurite.pid}")
"""


def test_it_is_declared() -> None:
    (found,) = entry_points(group="pytest11", name="batchctl")
    assert found.value == "batchctl.testing.plugin"


def test_to_load_it_loads_nothing_else() -> None:
    code = (
        "import sys, pytest, typing; before = set(sys.modules); import batchctl.testing.plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["batchctl", "batchctl.testing", "batchctl.testing.plugin", "batchctl.version"]


def test_each_fixture_is_told_in_a_sentence(pytester: pytest.Pytester) -> None:
    told = pytester.runpytest_inprocess("--fixtures").stdout.str()
    for name in ("azure_batch [session scope]", "azure_batch_account"):
        assert f"\n{name} -- " in told
    assert "    A local Azure Batch for this test session: its endpoint" in told
    assert "    The `azure_batch` of this session, emptied for this test" in told


def test_who_has_no_part_of_the_services_is_told_what_to_install(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile("def test_it(azure_batch): pass")
    monkeypatch.setitem(sys.modules, "starlette", None)
    done = pytester.runpytest_inprocess("-p", "no:randomly")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*services of this machine need*starlette*run pip install 'batchctl?local?'"])


@pytest.mark.services
def test_a_suite_and_the_guide_have_an_account_of_their_own(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(HOME))  # pytester's own has no Azurite yet
    [guide] = blocks("python")
    pytester.makepyfile(test_1_guide=guide, test_2_suite=SUITE)
    done = pytester.runpytest_subprocess("-W", "error", "-p", "no:randomly", "-p", "no:xdist")
    done.assert_outcomes(passed=10)
    for pid in (pytester.path / "pids").read_text().split():
        assert find_process(int(pid)) is None

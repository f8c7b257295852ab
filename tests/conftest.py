"""No test reaches the user's own accounts or services; those that need services share one real pair a worker."""

import faulthandler
import os
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from azure.batch import BatchClient
from azure.storage.blob import BlobServiceClient
from hypothesis import HealthCheck, settings

from batchctl import local
from tests import leaks
from tests.services import batch_client as new_batch_client
from tests.services import blob_service as new_blob_service
from tests.services import started

# How long an example takes says how busy the machine is, not whether the property holds.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fast", settings.get_profile("any machine"), max_examples=20)
settings.load_profile("any machine")

# A run in the background of a shell ignores Ctrl-C, and whatever it starts inherits that: tests of Ctrl-C need it as
# people have it.
signal.signal(signal.SIGINT, signal.default_int_handler)

HERE = Path(__file__).parent
WITHOUT = "not services"
"""What `scripts/test --fast` chooses."""
SERVED = {"services", "service", "bench"}
"""Fixtures of tests that ask a service which runs: the local pair, or a stub of a blob store."""
SERVED_FOLDERS = ("clients", "e2e", "emulator", "local", "sweeps")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Imports nothing that will not run: half of the time of a fast run would go there."""
    return (config.option.markexpr == WITHOUT and _served(collection_path)) or None


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs a service."""
    for item in items:
        if _served(item.path) or SERVED.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("services")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """No test leaves a secret in what it printed, or in its folder."""
    report = yield
    if call.when == "teardown" and report.passed:
        found = [name for name, text in report.sections if leaks.leaked(text)]
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        found += [str(path.relative_to(folder)) for path in leaks.left_in(folder)] if folder else []
        if found:
            report.outcome, report.longrepr = "failed", f"{item.nodeid}: a secret stands in {', '.join(found)}"
    return report


def _served(path: Path) -> bool:
    return any(path.is_relative_to(HERE / name) for name in SERVED_FOLDERS)


def pytest_unconfigure() -> None:
    """A thread that nobody ended keeps no run from ending: it is shown, and left."""
    if "PYTEST_XDIST_WORKER" not in os.environ:  # a worker waits for the others, and is ended when all are done
        faulthandler.dump_traceback_later(60, exit=True, file=sys.__stderr__)


@pytest.fixture(scope="session", autouse=True)
def local_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of all local services that tests start, in this process or by the command line."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AZURE_") or name == "BATCHCTL_TARGET"]:
            patch.delenv(name)
        patch.setenv("UNASKED_PASSWORD", leaks.CANARY)
        home = tmp_path_factory.mktemp("local-services")
        patch.setenv("BATCHCTL_LOCAL_HOME", str(home))
        # No test wants an engine for containers: what would run in one runs beside it.
        patch.setenv("BATCHCTL_LOCAL_CONTAINERS", "host")
        yield home
        local.stop()


@pytest.fixture(scope="session")
def services(local_home: Path, pytestconfig: pytest.Config) -> local.Services:
    """Both real services, started once for all tests of a worker."""
    if pytestconfig.option.markexpr == WITHOUT:
        pytest.fail("a test without the marker `services` asks for them")
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled():
            os.write(2, f"{line}\n".encode())

    return started(say)


@pytest.fixture
def batch_client(services: local.Services) -> Iterator[BatchClient]:
    """The official Batch client on the real local service."""
    with new_batch_client(services) as client:
        yield client


@pytest.fixture
def blob_service(services: local.Services) -> Iterator[BlobServiceClient]:
    """The official Blob client on the real local service."""
    with new_blob_service(services) as client:
        yield client

"""The pytest plugin: fixtures with an Azure Batch of this test run behind them.

It is loaded in every run of whoever has batchctl installed: what it needs is imported when a fixture is asked for.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchctl.testing.account import AzureBatch


@pytest.fixture(scope="session")
def azure_batch(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> "Iterator[AzureBatch]":
    """A local Azure Batch for this test session: its endpoint and key, clients, and a blob store once you ask for one.

    It runs tasks as processes of this machine, listens on a free port of 127.0.0.1, and ends with the session. With
    pytest-xdist each worker has its own.
    """
    from batchctl.errors import MachineError
    from batchctl.testing.account import AzureBatch

    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    try:
        account = AzureBatch(tmp_path_factory.mktemp("azure_batch"), capture)
    except MachineError as error:
        pytest.fail(str(error), pytrace=False)
    yield account
    account.end()


@pytest.fixture
def azure_batch_account(azure_batch: "AzureBatch") -> "AzureBatch":
    """The `azure_batch` of this session, emptied for this test in milliseconds: no pool, job, task or blob is left."""
    azure_batch.reset()
    return azure_batch

"""Stands in for what Microsoft's tests of azure-batch need of Azure: accounts, pools and jobs of the local service.

A plugin of pytest, in an environment of its own (scripts/test-microsoft). The tests are those of the sdist.
"""

import functools
import inspect
import os
import sys
import time
from types import ModuleType, SimpleNamespace

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential

ENDPOINT, ACCOUNT = os.environ["AZURE_BATCH_ENDPOINT"], os.environ["AZURE_BATCH_ACCOUNT"]
CREDENTIAL = AzureNamedKeyCredential(ACCOUNT, os.environ["AZURE_BATCH_ACCESS_KEY"])
WITH_WINDOWS = "BATCHCTL_TEST_WINDOWS" in os.environ
LONGEST = 60.0  # seconds for a pool or an account to be as it is wanted

LINUX = models.VirtualMachineConfiguration(
    image_reference=models.BatchVmImageReference(
        publisher="Canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts"
    ),
    node_agent_sku_id="batch.node.ubuntu 22.04",
)
WINDOWS = models.VirtualMachineConfiguration(
    image_reference=models.BatchVmImageReference(
        publisher="MicrosoftWindowsServer", offer="WindowsServer", sku="2016-Datacenter-smalldisk"
    ),
    node_agent_sku_id="batch.node.windows amd64",
)


class Endpoint(str):
    """Microsoft's decorator writes https:// before what does not begin so; the local service is there by http too."""

    def startswith(self, start, *places):
        return start == "https://" or super().startswith(start, *places)


class Preparer:
    """What a test is given for its time; `make` and `remove` as those of azure-sdk-tools."""

    def __init__(self, *_, **options):
        self.options = options

    def __call__(self, test):
        @functools.wraps(test)
        async def prepared(case, BatchClient, **given):  # noqa: N803 - the tests have this name
            made = self.make(given)
            try:
                return await test(case, BatchClient, **given, **made)
            finally:
                self.remove({**given, **made})

        return prepared

    def make(self, given):
        return {}

    def remove(self, given):
        pass


class AccountPreparer(Preparer):
    """The one account, emptied."""

    def make(self, given):
        empty_account()
        account = SimpleNamespace(name=ACCOUNT, account_endpoint=Endpoint(ENDPOINT))
        return {"batch_account": account, "credential": CREDENTIAL}


class PoolPreparer(Preparer):
    """A pool as the one that Microsoft's preparer makes by Azure Resource Manager."""

    def make(self, given):
        name, size = self.options["pool_name"], self.options.get("size", 0)
        login = models.BatchInboundNatPool(
            name="ruleName",
            protocol="tcp",
            backend_port=3389,
            frontend_port_range_start=15000,
            frontend_port_range_end=15100,
        )
        user = models.UserAccount(name="task-user", password="kt#_gahr!@aGERDXA", elevation_level="admin")
        pool = models.BatchPoolCreateOptions(
            id=name,
            display_name="test_pool",
            vm_size="standard_d2_v2",
            target_dedicated_nodes=size,
            user_accounts=[user],
            virtual_machine_configuration=WINDOWS if self.options.get("os") == "Windows" else LINUX,
            network_configuration=models.NetworkConfiguration(
                endpoint_configuration=models.BatchPoolEndpointConfiguration(inbound_nat_pools=[login])
            ),
        )
        with client() as batch:
            batch.create_pool(pool)
            wait(lambda: batch.get_pool(name).allocation_state == "steady", f"pool {name} does not become steady")
        return {"batch_pool": SimpleNamespace(name=name, id=name)}


class JobPreparer(Preparer):
    """A job in the pool, or in one of its own."""

    def make(self, given):
        pool = given["batch_pool"].id if "batch_pool" in given else None
        own = models.BatchAutoPoolSpecification(
            pool_lifetime_option="job",
            pool=models.BatchPoolSpecification(vm_size="standard_d2_v2", virtual_machine_configuration=LINUX),
        )
        info = models.BatchPoolInfo(pool_id=pool, auto_pool_specification=None if pool else own)
        with client() as batch:
            batch.create_job(models.BatchJobCreateOptions(id="batch_job", pool_info=info, **self.options))
        return {"batch_job": SimpleNamespace(name="batch_job", id="batch_job")}

    def remove(self, given):
        with client() as batch:
            batch.begin_delete_job("batch_job")


class EnvironmentVariableLoader(Preparer):
    """Values that a test is given by name, as they are written beside it."""

    def __init__(self, directory, **values):
        super().__init__()
        self.values = values

    def make(self, given):
        return self.values


class RecordedCase:
    is_live = True

    def get_credential(self, _client):
        return CREDENTIAL


def client():
    return BatchClient(ENDPOINT, CREDENTIAL)


def wait(holds, what):
    end = time.monotonic() + LONGEST
    while not holds():
        if time.monotonic() > end:
            pytest.fail(what)
        time.sleep(0.1)


def empty_account():
    with client() as batch:
        for schedule in batch.list_job_schedules():
            if schedule.state != "deleting":
                batch.begin_delete_job_schedule(schedule.id)
        for job in batch.list_jobs():
            if job.state != "deleting":
                batch.begin_delete_job(job.id, force=True)
        for pool in batch.list_pools():
            if pool.state != "deleting":
                batch.begin_delete_pool(pool.id)
        kinds = (batch.list_job_schedules, batch.list_jobs, batch.list_pools)
        wait(lambda: not any(next(iter(kind()), None) for kind in kinds), "the account does not become empty")


def trim(test, given):
    """Leaves of what is given what a test takes."""
    parameters = inspect.signature(test).parameters
    if not any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        for name in set(given) - set(parameters):
            del given[name]


@pytest.fixture(scope="session")
def test_proxy():
    """Nothing is recorded or played back."""


def nothing(*_, **__):
    """Sanitizers and matchers are for recordings."""


def unused(*_, **__):
    raise AssertionError("nothing is recorded")


def _module(name, **names):
    sys.modules[name] = ModuleType(name)
    vars(sys.modules[name]).update(names)


_module(
    "devtools_testutils",
    AzureMgmtRecordedTestCase=RecordedCase,
    AzureRecordedTestCase=RecordedCase,
    CachedResourceGroupPreparer=Preparer,
    EnvironmentVariableLoader=EnvironmentVariableLoader,
    StorageAccountPreparer=Preparer,
    recorded_by_proxy=unused,
    remove_batch_sanitizers=nothing,
    set_custom_default_matcher=nothing,
    test_proxy=test_proxy,
    trim_kwargs_from_test_function=trim,
)
_module("devtools_testutils.helpers", is_live_and_not_recording=lambda: True)
_module(
    "devtools_testutils.proxy_testcase",
    get_test_id=unused,
    start_record_or_playback=unused,
    stop_record_or_playback=unused,
    transform_request=unused,
)
_module("batch_preparers", AccountPreparer=AccountPreparer, PoolPreparer=PoolPreparer, JobPreparer=JobPreparer)


def pytest_collection_modifyitems(items):
    for item in items:
        if "test_batch_files" in item.name and not WITH_WINDOWS:
            item.add_marker(pytest.mark.skip(reason="needs a Windows node: BATCHCTL_TEST_WINDOWS=1 tries"))

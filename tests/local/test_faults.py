"""batchctl local fault, from the command line to the running service."""

from collections.abc import Iterator

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from batchctl import local
from batchctl.cli import run
from tests.services import eventually, unique

IMAGE = models.BatchVmImageReference(publisher="canonical", offer="ubuntu-24_04-lts", sku="server")
MACHINE = models.VirtualMachineConfiguration(image_reference=IMAGE, node_agent_sku_id="batch.node.ubuntu 24.04")


@pytest.fixture
def fault(services: local.Services, capsys: pytest.CaptureFixture[str]) -> Iterator:
    """Runs `batchctl local fault …`; gives exit code, stdout and stderr."""

    def call(*words: str) -> tuple[int, str, str]:
        code = run(["local", "fault", *words])
        return code, *capsys.readouterr()

    yield call
    assert call("clear") == (0, "Cleared.\n", "")


@pytest.fixture
def pool(batch_client: BatchClient) -> Iterator[str]:
    """A pool of one spot node."""
    name = unique("faults")
    options = models.BatchPoolCreateOptions(
        id=name, vm_size="Standard_D2s_v5", virtual_machine_configuration=MACHINE, target_low_priority_nodes=1
    )
    batch_client.create_pool(options)
    eventually(lambda: [node.state for node in batch_client.list_nodes(name)] == ["idle"], "an idle node")
    yield name
    batch_client.begin_delete_pool(name)


def test_a_request_that_fails_once(fault, batch_client):
    code, said, _ = fault("fail", "--method", "GET", "--path", "/applications", "--code", "ServerBusy", "--times", "1")
    assert code == 0
    assert said.endswith(": request method=GET path=/applications code=ServerBusy times=1 status=503 (met 0, hit 0)\n")
    with pytest.raises(HttpResponseError) as caught:
        list(batch_client.list_applications())
    assert (caught.value.status_code, caught.value.error.code) == (503, "ServerBusy")
    assert list(batch_client.list_applications()) == []
    code, said, _ = fault("list")
    assert (code, said.strip().endswith("(met 2, hit 1)")) == (0, True)


@pytest.mark.parametrize(
    "words",
    [
        ("slow", "0.5", "--path", "/none"),
        ("drop", "--after", "--path", "/none"),
        ("delay", "deletingjob", "forever"),
        ("time-scale", "0.01"),
        ("quota", "jobs", "1000"),
        ("allocation", "--pool", "none", "--code", "AllocationTimedOut"),
        ("start-task", "--pool", "none", "--exit-code", "3"),
    ],
    ids=lambda words: words[0],
)
def test_each_command_makes_a_fault(fault, words):
    code, made, _ = fault(*words)
    assert (code, fault("list")) == (0, (0, made, ""))
    number = made.partition(":")[0]
    assert fault("clear", number)[0] == 0
    assert fault("list")[1] == "No fault is in force.\n"


def test_a_node_is_preempted_and_mended(fault, batch_client, pool):
    (node,) = batch_client.list_nodes(pool)
    assert fault("node", "preempt", pool) == (0, f"preempt: {node.id}\n", "")
    assert batch_client.get_node(pool, node.id).state == "preempted"
    assert fault("node", "mend", pool, node.id)[0] == 0
    eventually(lambda: batch_client.get_node(pool, node.id).state == "idle", "an idle node")


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("quota", "spoons", "1"), 64, "one of pools, jobs, dedicatedCores, spotCores is wanted"),
        (("fail",), 64, "one of seconds, status, code and drop is wanted"),
        (("fail", "--status", "200"), 64, "--status"),
        (("slow", "soon"), 64, "'soon' is no duration"),
        (("delay", "deletingjob", "2d"), 64, "seconds from 0 to 86400 are wanted, or 'forever'"),
        (("time-scale", "nan"), 64, "a number from 0 to 1000"),
        (("node", "break", "no-such-pool"), 1, "pool does not exist"),
        (("clear", "999"), 64, "there is no fault of this id"),
    ],
)
def test_what_cannot_be(fault, words, code, why):
    got, _, said = fault(*words)
    assert got == code
    assert why in " ".join(said.split())


def test_without_services(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BATCHCTL_LOCAL_HOME", str(tmp_path / "none"))
    assert run(["local", "fault", "list"]) == 1
    assert "batchctl local start" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("duration", "code", "said"),
    [
        ("0.1s", 0, "ahead"),
        ("PT0.1S", 0, "ahead"),
        ("soon", 64, "'soon' is no duration: write 90s, 10m, 1h30m or PT10M"),
        ("367d", 64, "the duration must be at most P366D"),
    ],
)
def test_the_clock_is_set_ahead(services, capsys, duration, code, said):
    assert run(["local", "advance", duration]) == code
    told = capsys.readouterr()
    assert said in (told.err if code else told.out)


def test_a_start_names_the_time_scale_and_status_tells_it(services, capsys):
    try:
        assert run(["local", "start", "--time-scale", "0.001"]) == 0
        assert run(["local", "status"]) == 0
        assert "its steps take 0.001 of their time on Azure (time scale)" in capsys.readouterr().out
    finally:
        assert run(["local", "start", "--time-scale", "0"]) == 0
    assert run(["local", "start", "--time-scale", "-1"]) == 64
    assert "a time scale is a number from 0 to 1000" in capsys.readouterr().err

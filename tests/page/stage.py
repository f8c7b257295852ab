"""What the page is looked at with: 200 nodes, some of them in trouble, and tasks that fail, grow and are hostile."""

import time

from azure.batch import BatchClient, models

from batchctl import local
from batchctl.local import faults
from batchctl.local.running import ask_running
from tests.emulator.conftest import new_job, pool_options
from tests.services import batch_client

HOSTILE = (
    'bash -c \'echo "<script>window.struck = 1</script>"; printf "\\342\\200\\256gnirts dna \\033[31mred\\n"; '
    'touch "<img src=y onerror=window.struck=1>"; echo "<b>told</b>" >&2; exit 3\''
)
GROWS = "bash -c 'for n in $(seq 100000); do echo \"line $n\"; sleep 0.05; done'"


def set_stage(client: BatchClient) -> None:
    client.create_pool(pool_options("many", target_dedicated_nodes=160, target_low_priority_nodes=40))
    _until(lambda: len(list(client.list_nodes("many"))) == 200)
    for accident in ("break", "break", "lose", "hold", "deallocate", "preempt", "preempt"):
        faults.cause_accident("many", None, {"accident": accident, "mendedAfter": 0, "code": "DiskFull"})
    faults.make_fault({"kind": "delay", "step": "starting", "seconds": 3600})
    for node in list(client.list_nodes("many", filter="state eq 'idle'"))[-12:]:
        ask_running("POST", f"/pools/many/nodes/{node.id}/reboot?api-version=2025-06-01", {})
    job = new_job(client, "mixed", "many")
    quick = [_task(f"ok-{n:04}", "true") for n in range(250)]
    failing = [_task(f"failing-{n}", f"bash -c 'echo cannot read part {n} >&2; exit {n + 1}'") for n in range(4)]
    busy = [_task(f"busy-{n:02}", "sleep 600") for n in range(40)]
    for tasks in (quick[:100], quick[100:200], quick[200:]):
        client.create_task_collection(job, models.BatchTaskGroup(task_values=tasks))
    client.create_task_collection(
        job, models.BatchTaskGroup(task_values=[*failing, *busy, _task("hostile", HOSTILE), _task("grows", GROWS)])
    )
    faults.make_fault({"kind": "request", "method": "POST", "path": "/jobs/<b>struck</b>", "status": 503})
    _until(lambda: client.get_task(job, "hostile").state == "completed")
    _until(lambda: client.get_job_task_counts(job).task_counts.succeeded >= 250)


def _task(task_id: str, command: str) -> models.BatchTaskCreateOptions:
    return models.BatchTaskCreateOptions(id=task_id, command_line=command)


def _until(condition: object) -> None:
    end = time.monotonic() + 120
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "the stage is not set"
        time.sleep(0.1)


if __name__ == "__main__":
    with batch_client(local.ensure_running(lambda line: None)) as client:
        set_stage(client)

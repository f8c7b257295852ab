"""What Snakemake's plugin for Azure Batch (snakemake-executor-plugin-azure-batch 0.3.0) says of tasks that ended.

The pool is made with azure-batch 14.2.0, for the plugin makes it by Azure Resource Manager; how a task went is told
by the plugin itself.
"""

import logging
from types import SimpleNamespace

from azure.batch import models
from drive_batch14 import connect, until
from snakemake_executor_plugin_azure_batch import Executor
from snakemake_executor_plugin_azure_batch.util import unpack_task_failure_information

ENDS = {"good": "true", "three": "/bin/sh -c 'exit 3'", "no-program": "no-such-program"}


def looked_at(client, task):
    """What the plugin reports of a task: its error, or None."""
    said = []
    plugin = SimpleNamespace(
        batch_client=client,
        job_id="Smk",
        logger=logging.getLogger("snakemake"),
        _get_task_output=lambda job, task, stream: "",
        report_job_error=lambda job, msg, **streams: said.append(msg),
        report_job_success=lambda job: said.append(None),
    )
    assert Executor._report_task_status(plugin, SimpleNamespace(external_jobid=task)) is False
    return said[0]


def main():
    client = connect()
    machine = models.VirtualMachineConfiguration(
        image_reference=models.ImageReference(publisher="canonical", offer="ubuntu-24_04-lts", sku="server"),
        node_agent_sku_id="batch.node.ubuntu 24.04",
    )
    client.pool.add(
        models.PoolAddParameter(
            id="Smk", vm_size="Standard_D2s_v5", target_dedicated_nodes=1, virtual_machine_configuration=machine
        )
    )
    client.job.add(models.JobAddParameter(id="Smk", pool_info=models.PoolInformation(pool_id="Smk")))
    for name, line in ENDS.items():
        client.task.add("Smk", models.TaskAddParameter(id=name, command_line=line))
    until(lambda: all(task.state == models.TaskState.completed for task in client.task.list("Smk")))

    assert looked_at(client, "good") is None
    for name, code in (("three", "FailureExitCode"), ("no-program", "CommandProgramNotFound")):
        failure = client.task.get("Smk", name).execution_info.failure_info
        found = unpack_task_failure_information(failure)
        assert (found["code"], bool(found["message"])) == (code, True), found
        assert "Message" in found["error_details"][0], found
        assert code in looked_at(client, name)


main()

"""`azurerm_batch_job`: a job without tasks."""

from batchctl.importing.found import Document
from batchctl.importing.names import plain_name
from batchctl.importing.report import Row, Verdict
from batchctl.importing.terraform.reading import Word, document, pairs, plain_text, rows, tell_others, text, whole
from batchctl.importing.terraform.resources import Resource

JOB = "azurerm_batch_job"

WORDS = (
    Word("display_name", "displayName", text),
    Word("priority", "priority", whole, usual=0),
    Word("task_retry_maximum", "constraints.maxTaskRetryCount", whole, usual=0),
    Word("common_environment_properties", "commonEnvironmentSettings", pairs),
)
STAND_IN = {"id": "yours", "command": ["echo", "put your tasks here"]}
NO_TASKS = "Terraform makes no tasks: put yours in the place of the one that is there"

OTHERS = (
    Row("batch_pool_id", Verdict.CARRIED, "pool", "of several pools this is taken"),
    Row("id", Verdict.DROPPED, "", "what Azure says of it"),
    Row("timeouts", Verdict.DROPPED, "", "how long Terraform waits"),
)
FIELDS = (
    Row(JOB, Verdict.CHANGED, "job.tasks", NO_TASKS),
    Row(f"{JOB}.name", Verdict.CARRIED, "job.id"),
    *rows(f"{JOB}.", WORDS, "job"),
    *(Row(f"{JOB}.{row.field}", row.verdict, row.to, row.why) for row in OTHERS),
)


def job_document(resource: Resource) -> Document:
    """Raises SpecError."""
    name = resource.values.need("name").carried("job.id")
    said: Document = {"id": plain_name(plain_text(name), "job"), **document(resource, WORDS, "job")}
    tell_others(resource, OTHERS)
    resource.whole.changed("job.tasks", NO_TASKS)
    return {**said, "tasks": [STAND_IN]}


def pool_of(resource: Resource) -> str:
    """The name of its pool; "" where nobody knows it yet."""
    found = resource.values.get("batch_pool_id")
    return found.text().rpartition("/")[2] if found is not None else ""

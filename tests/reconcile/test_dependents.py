"""Who may run once another has ended."""

import pytest

from batchctl.configurations import ExitCodeMapping, ExitCodeRangeMapping, ExitConditions, ExitOptions, TaskDependencies
from batchctl.reconcile.decide.dependents import blames, satisfies_dependents, stalled_tasks
from batchctl.resources import Task
from tests.reconcile.build import failed, run, waiting

SATISFY, BLOCK, SILENT = (
    ExitOptions(dependency_action="satisfy"),
    ExitOptions(dependency_action="block"),
    ExitOptions(job_action="terminate"),
)


def on_code(code: int, options: ExitOptions = SATISFY) -> ExitConditions:
    return ExitConditions(exit_codes=(ExitCodeMapping(code=code, exit_options=options),))


def on_range(start: int, end: int, options: ExitOptions = SATISFY) -> ExitConditions:
    return ExitConditions(exit_code_ranges=(ExitCodeRangeMapping(start=start, end=end, exit_options=options),))


EXITED = "FailureExitCode: The task exited with a failure code"
UPLOAD = "FileUploadContainerNotFound: The container is not there"


def ended_before(failure: str, **said: ExitOptions) -> Task:
    """A task that ended without a code."""
    return failed(exit_code=None, failure=failure, exit_conditions=ExitConditions(**said))


@pytest.mark.parametrize(
    ("ended", "satisfied"),
    [
        (waiting(), False),
        (run(), True),
        (failed(), False),
        (failed(code=7, exit_conditions=on_code(7)), True),
        (failed(code=5, exit_conditions=on_code(7)), False),
        (failed(code=-9, exit_conditions=on_code(-9)), True),
        (failed(code=5, exit_conditions=on_range(5, 9)), True),
        (failed(code=4, exit_conditions=on_range(5, 9)), False),
        (failed(code=7, exit_conditions=on_code(7, SILENT)), False),
        (run(exit_conditions=on_code(0, BLOCK)), False),
        (run(exit_conditions=on_range(0, 3, BLOCK)), False),
        (run(exit_conditions=ExitConditions(default=BLOCK)), True),
        (failed(failure=EXITED, exit_conditions=ExitConditions(default=SATISFY)), True),
        (failed(failure=EXITED, exit_conditions=ExitConditions(file_upload_error=SATISFY)), False),
        (failed(code=0, failure=UPLOAD, exit_conditions=ExitConditions(file_upload_error=SATISFY)), True),
        (failed(code=0, failure=UPLOAD, exit_conditions=on_code(0, BLOCK)), False),
        (ended_before("ResourceContainerMiscError: x", pre_processing_error=SATISFY), True),
        (ended_before("ResourceContainerMiscError: x", default=SATISFY), True),
        (ended_before("TaskEnded: x", pre_processing_error=SATISFY), False),
        (ended_before("TaskEnded: x", default=SATISFY), True),
    ],
)
def test_what_blocks_is_decided_by_the_end(ended: Task, satisfied: bool) -> None:
    assert satisfies_dependents(ended) is satisfied
    after = waiting("after", depends_on=TaskDependencies(task_ids=("A",)))
    in_vain = ended.state == "completed" and not satisfied
    assert {key: blame.culprit for key, blame in blames([ended, after]).items()} == ({"after": "a"} if in_vain else {})
    assert bool(stalled_tasks([ended, after])) is in_vain

"""What REST says of a run and of a node, as it is seen."""

from datetime import UTC, datetime

from batchctl.cloud.looks.reading import read_extension, read_run


def test_a_run_tells_where_it_lies_and_when_it_was_tried_again() -> None:
    said = {
        "id": "a",
        "state": "completed",
        "executionInfo": {
            "retryCount": 1,
            "lastRetryTime": "2026-01-01T12:00:00Z",
            "requeueCount": 2,
            "lastRequeueTime": "2026-01-01T11:00:00Z",
            "containerInfo": {"containerId": "4f5e", "state": "exited", "error": ""},
            "failureInfo": {"category": "UserError", "code": "FailureExitCode", "message": "it failed"},
        },
        "nodeInfo": {"poolId": "p", "nodeId": "n", "taskRootDirectory": "workitems/j/job-1/a"},
    }
    run = read_run("j", 1, said)
    assert (run.retried, run.requeued) == (datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 1, 11, tzinfo=UTC))
    assert (run.root, run.container) == ("workitems/j/job-1/a", "4f5e exited")
    assert run.failure is not None
    assert run.failure.category == "usererror"
    assert read_run("j", 1, {"id": "a", "state": "active"}).container is None


def test_an_extension_says_what_is_wrong_with_it() -> None:
    view = {"name": "monitor", "statuses": [{"message": "no route"}, {"code": "x"}, {"message": "gave up"}]}
    said = {"vmExtension": {"name": "monitor"}, "provisioningState": "Failed", "instanceView": view}
    assert read_extension(said) == "monitor failed: no route; gave up"
    assert read_extension({**said, "provisioningState": "Succeeded"}) == "monitor succeeded"
    assert read_extension({"vmExtension": {"name": "m"}, "provisioningState": "Creating"}) == "m creating"

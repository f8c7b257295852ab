"""Every refusal of the service by its code: HTTP status and message, and the body that carries it.

Codes and messages are those of recorded answers, and else of "Batch service REST API: error codes" (2025-06-01).
"""

from typing import Any

_AUTHENTICATION = (
    "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly "
    "including the signature."
)

REFUSALS: dict[str, tuple[int, str]] = {
    "InvalidRequestBody": (400, "The specified Request Body is not syntactically valid."),
    "MissingRequiredProperty": (400, "A required property was not specified in the request body."),
    "InvalidPropertyValue": (400, "The value provided for one of the properties in the request body is invalid."),
    "PropertyValueOutOfRange": (400, "The value of one of the properties in the request body is out of range."),
    "MutuallyExclusiveProperties": (400, "Properties that exclude each other were specified in the request body."),
    "MissingRequiredQueryParameter": (400, "A query parameter that's mandatory for this request is missing."),
    "InvalidQueryParameterValue": (
        400,
        "Value for one of the query parameters specified in the request URI is invalid.",
    ),
    "OutOfRangeQueryParameterValue": (
        400,
        "A query parameter in the request URI is outside the permissible range.",
    ),
    "UnsupportedQueryParameter": (400, "One of the query parameters specified in the request URI is not supported."),
    "InvalidHeaderValue": (400, "The value provided for one of the HTTP headers was not in the correct format."),
    "UnsupportedRequestVersion": (400, "The specified API version is not supported."),
    "InvalidUri": (400, "The requested URI does not represent any resource on the server."),
    "InvalidInput": (400, "One of the request inputs is not valid."),
    "InvalidAuthenticationInfo": (400, "The authentication information was not provided in the correct format."),
    "TaskDependenciesNotSpecifiedOnJob": (
        400,
        "The task has dependencies, but the job does not say that it uses task dependencies.",
    ),
    "TaskDependencyListTooLong": (400, "The list of task dependencies is too long."),
    "AutoScalingFormulaSyntaxError": (400, "The specified autoscale formula has a syntax error."),
    "AutoScaleFormulaTooLong": (400, "The autoscale formula is longer than 8192 characters."),
    "InvalidAutoScalingSettings": (400, "The automatic scaling settings are not valid."),
    "Unauthorized": (401, "The request has no Authorization header."),
    "AuthenticationFailed": (403, _AUTHENTICATION),
    "PoolNotFound": (404, "The specified pool does not exist."),
    "NodeNotFound": (404, "The specified node does not exist."),
    "JobNotFound": (404, "The specified job does not exist."),
    "JobScheduleNotFound": (404, "The specified job schedule does not exist."),
    "TaskNotFound": (404, "The specified task does not exist."),
    "FileNotFound": (404, "The specified file does not exist."),
    "NodeUserNotFound": (404, "The specified node user does not exist."),
    "ApplicationNotFound": (404, "The specified application does not exist."),
    "ExtensionNotFound": (404, "The specified extension does not exist on the node."),
    "UnsupportedHttpVerb": (405, "The resource doesn't support the specified HTTP verb."),
    "PoolExists": (409, "The specified pool already exists."),
    "PoolBeingDeleted": (409, "The specified pool has been marked for deletion and is being reclaimed."),
    "PoolBeingResized": (409, "The specified pool is being resized."),
    "JobExists": (409, "The specified job already exists."),
    "JobBeingDeleted": (409, "The specified job has been marked for deletion and is being garbage collected."),
    "JobBeingTerminated": (409, "The specified job is being terminated."),
    "JobCompleted": (409, "The specified job is already in a completed state."),
    "JobDisabled": (409, "The specified job is disabled."),
    "JobNotActive": (409, "The specified job is not in an active state."),
    "TaskExists": (409, "The specified task already exists."),
    "TaskCompleted": (409, "The specified task is already in a completed state."),
    "TaskNotCompleted": (409, "The specified task is not in a completed state."),
    "TaskSucceeded": (409, "The specified task has completed successfully and cannot be reactivated."),
    "TaskFilesUnavailable": (409, "The files of the specified task are not available."),
    "TaskFilesCleanedup": (409, "The files of the specified task have been cleaned up."),
    "JobScheduleExists": (409, "The specified job schedule already exists."),
    "JobScheduleBeingDeleted": (409, "The specified job schedule has been marked for deletion."),
    "JobScheduleBeingTerminated": (409, "The specified job schedule is being terminated."),
    "JobScheduleCompleted": (409, "The specified job schedule is already in a completed state."),
    "JobScheduleDisabled": (409, "The specified job schedule is disabled."),
    "JobScheduleNotDisabled": (409, "The specified job schedule is not disabled."),
    "JobWithSameIdExists": (409, "A job with the same id exists."),
    "NodeUserExists": (409, "The specified node user already exists."),
    "NodeStateUnusable": (409, "The specified node is in an unusable state."),
    "NodeBeingRebooted": (409, "The specified node is being rebooted."),
    "NodeBeingReimaged": (409, "The specified node is being reimaged."),
    "NodeAlreadyInTargetSchedulingState": (409, "The specified node is already in the target scheduling state."),
    "NodeNotReady": (409, "The specified node has not started yet."),
    "OperationInvalidForCurrentState": (409, "The operation is not valid for the current state of the resource."),
    "OperationNotValidOnPool": (409, "The operation is not valid on the specified pool."),
    "OperationNotValidOnNode": (409, "The operation is not valid on the specified node."),
    "JobPreparationTaskOrReleaseTaskNotSpecified": (
        409,
        "The specified job does not have either job preparation task or job release task.",
    ),
    "TaskIdSameAsJobPreparationTask": (409, "The task has the id of the job preparation task."),
    "TaskIdSameAsJobReleaseTask": (409, "The task has the id of the job release task."),
    "ActiveJobAndScheduleQuotaReached": (409, "The quota of active jobs and job schedules of the account is reached."),
    "PoolQuotaReached": (409, "The pool quota of the account is reached."),
    "InvalidApplicationPackageReferences": (
        409,
        "One or more of the specified application package references are invalid.",
    ),
    "InvalidCertificateReferences": (409, "One or more certificates specified for the pool are invalid"),
    "ConditionNotMet": (412, "The condition specified using HTTP conditional header(s) is not met."),
    "RequestBodyTooLarge": (413, "The request body is too large and exceeds the maximum permissible limit."),
    "InvalidRange": (416, "The range specified is invalid for the current size of the resource."),
    "TooManyRequests": (429, "Too many requests. Try again later."),
    "InternalError": (500, "Server encountered an internal error. Please try again after some time."),
    "OperationTimedOut": (500, "Operation could not be completed within the specified time."),
    "NotImplemented": (501, "The requested operation is not served by this local service."),
    "ServerBusy": (503, "Server is busy. Please try again later."),
    "TooManyEnableAutoScaleRequests": (503, "Automatic scaling was enabled too often. Try again later."),
}

Values = tuple[tuple[str, str | None], ...]


class Refusal(Exception):  # noqa: N818 - it is what the service answers, not an error of the service
    """A refusal: `code` from REFUSALS, and pairs that say what exactly is wrong. `headers` go out with it."""

    def __init__(self, code: str, values: Values = (), *, headers: dict[str, str] | None = None) -> None:
        self.code, self.values, self.headers = code, values, headers or {}
        self.status, self.message = REFUSALS[code]
        super().__init__(f"{code}: {self.message} {dict(values)}")

    def brief(self) -> dict[str, Any]:
        """Code, message and values, as they stand in a collection's result."""
        return self._error(self.message)

    def body(self, base: str, request_id: str, time: str) -> dict[str, Any]:
        """The error body: the message also says which request it was and when."""
        error = self._error(f"{self.message}\nRequestId:{request_id}\nTime:{time}")
        return {
            "odata.metadata": f"{base}/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element",
            **error,
        }

    def _error(self, message: str) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": {"lang": "en-US", "value": message}}
        if self.values:
            error["values"] = [
                {"key": key, **({} if value is None else {"value": value})} for key, value in self.values
            ]
        return error


def bad_body(reason: str) -> Refusal:
    """The body is not JSON, or says what nobody asked for."""
    return Refusal("InvalidRequestBody", (("Reason", reason),))


def bad_value(name: str, value: object, reason: str) -> Refusal:
    """A property with a value that it cannot have."""
    return Refusal("InvalidPropertyValue", (("PropertyName", name), ("PropertyValue", str(value)), ("Reason", reason)))


def bad_query(name: str, value: str, reason: str, code: str = "InvalidQueryParameterValue") -> Refusal:
    """A query parameter with a value that it cannot have."""
    return Refusal(code, (("QueryParameterName", name), ("QueryParameterValue", value), ("Reason", reason)))

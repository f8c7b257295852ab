"""An error names its culprit: what the service says beside its message is told, and no signature with it."""

import json

import pytest

from batchctl.cloud.clients.faults import LONGEST_VALUE, answer_fault, error_text

SAS = "sv=2025-05-05&se=2026-01-01&sr=c&sp=rl&sig=c2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0%3D"


def batch(values: list[dict[str, str]]) -> str:
    message = {"lang": "en-US", "value": "The value is invalid.\nRequestId:1\nTime:2026-01-01"}
    return json.dumps({"code": "InvalidPropertyValue", "message": message, "values": values})


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (  # as recorded
            [
                {"key": "PropertyName", "value": "subnetId"},
                {"key": "PropertyValue", "value": "/subscriptions/0/x"},
                {"key": "Reason", "value": "It is in a different subscription"},
            ],
            " (PropertyName: subnetId; PropertyValue: /subscriptions/0/x; Reason: It is in a different subscription)",
        ),
        ([{"key": "PropertyName", "value": "identity"}, {"key": "PropertyValue"}], " (PropertyName: identity)"),
        ([{"name": "Message", "value": "Line 1,  Col 1: x"}], " (Message: Line 1,  Col 1: x)"),
        (
            [{"key": "AuthenticationErrorDetail", "value": f"'{'a' * 43}=' is not it: 'GET\n\n\nx'."}],
            " (AuthenticationErrorDetail: '…' is not it: 'GET x'.)",
        ),
        ([{"key": "PropertyValue", "value": f"https://a.blob/c?{SAS}"}], " (PropertyValue: https://a.blob/c)"),
        ([{"key": "K", "value": f"'https://a/c?{SAS}' and http://b/d?{SAS}"}], " (K: 'https://a/c' and http://b/d)"),
        ([{"key": "K", "value": "x" * LONGEST_VALUE}], f" (K: {'x' * LONGEST_VALUE})"),
        ([{"key": "K", "value": "x" * 5000}], " (K: 5,000 characters)"),
        ([{"key": "CommandLine", "value": "tool --key secret"}], " (CommandLine: tool …)"),
        ([{"key": "CommandLine", "value": "'my tool'/x 'a b'"}], " (CommandLine: 'my tool'/x …)"),
        ([{"key": "CommandLine", "value": '"C:\\my tool" '}], ' (CommandLine: "C:\\my tool" )'),
        ([], ""),
    ],
)
def test_batch_details(values: list[dict[str, str]], told: str) -> None:
    fault = answer_fault("POST https://b/pools", 400, {}, batch(values))
    assert str(fault) == f"POST https://b/pools was answered 400 InvalidPropertyValue: The value is invalid.{told}"
    assert fault.code == "InvalidPropertyValue"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            "<HeaderName>x-ms-version</HeaderName><HeaderValue>1</HeaderValue>",
            " (HeaderName: x-ms-version; HeaderValue: 1)",
        ),
        (
            "<AuthenticationErrorDetail>The MAC signature found in the HTTP request "
            f"'{'a' * 43}=' is not it. String to sign: 'GET\n\nx'.</AuthenticationErrorDetail>",
            " (AuthenticationErrorDetail: The MAC signature found in the HTTP request '…' is not it. "
            "String to sign: 'GET)",
        ),
        ("", ""),
    ],
)
def test_storage_details(more: str, told: str) -> None:
    message = "<Message>It is odd.\nRequestId:1\nTime:2</Message>"
    body = f'<?xml version="1.0"?>\n<Error><Code>Odd</Code>{message}{more}</Error>'
    assert str(answer_fault("PUT /c", 400, {}, body)) == f"PUT /c was answered 400 Odd: It is odd.{told}"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (  # as recorded, 2017
            {
                "category": "UserError",
                "code": "CommandProgramNotFound",
                "message": "The specified command program is not found",
                "details": [
                    {"name": "CommandLine", "value": "ffmpegg -i a.mkv"},
                    {"name": "Message", "value": "The system cannot find the file specified"},
                ],
            },
            "CommandProgramNotFound: The specified command program is not found "
            "(CommandLine: ffmpegg …; Message: The system cannot find the file specified)",
        ),
        (  # as recorded, 2026: the same of every task
            {
                "code": "FailureExitCode",
                "message": "The task exited with an exit code representing a failure",
                "details": [
                    {"name": "Message", "value": "The task process exited with an unexpected exit code"},
                    {"name": "AdditionalErrorCode", "value": "FailureExitCode"},
                ],
            },
            "FailureExitCode: The task exited with an exit code representing a failure",
        ),
        (
            {
                "code": "BlobNotFound",
                "message": "One of the specified Azure Blob(s) is not found",
                "details": [{"name": "BlobSource", "value": f"https://a.blob.core.windows.net/c/x.csv?{SAS}"}],
            },
            "BlobNotFound: One of the specified Azure Blob(s) is not found "
            "(BlobSource: https://a.blob.core.windows.net/c/x.csv)",
        ),
        ({"code": "E", "message": "no", "errorDetails": [{"name": "n", "value": "v"}]}, "E: no (n: v)"),
        (
            {"code": "E", "message": {"value": "no\nRequestId:1"}, "values": [{"key": "k", "value": "v"}]},
            "E: no (k: v)",
        ),
        ({"message": "no"}, "no"),
        ({}, ""),
    ],
)
def test_errors_inside_answers(error: dict[str, object], told: str) -> None:
    assert error_text(error) == told

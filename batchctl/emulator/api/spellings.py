"""Words that Azure Batch spells otherwise than its REST pages and SDKs, each with a recording that shows it."""

_ASSETS = "Azure/azure-sdk-assets"
_JS = f"{_ASSETS}, js/sdk/batch/batch-rest/recordings/node"
_NEW_JS = f"{_ASSETS}, js/sdk/batch/batch/recordings/node"
_NET = f"{_ASSETS}, net/sdk/batch/Azure.Compute.Batch/tests/SessionRecords"
_PY = f"{_ASSETS}, python/sdk/batch/azure-batch/tests/recordings/test_batch.pyTestBatchtest_batch"

SPELLINGS: tuple[tuple[str, str, str], ...] = (
    (
        "`vmSize` of pools and nodes",
        "small letters, however it was asked",
        f"{_JS}/pool_operations_test, 2025-06-01, 2026-02-03",
    ),
    (
        "`nodeFillType`",
        "`Spread`, `Pack`",
        f"{_PY}_create_pools[sync].json, 2025-06-01, 2026-01-22; as it was in 2017-09-01",
    ),
    (
        "`nodePlacementConfiguration.policy`",
        "`Zonal`; `Regional` by the same rule",
        f"{_NET}/BatchPoolIntegrationTests/PatchPool.json, 2025-06-01, 2025-09-04",
    ),
    (
        "`osDisk.caching`",
        "`None`, `ReadWrite`; `ReadOnly` by the same rule",
        f"{_JS}/pool_operations_test, 2025-06-01, 2026-02-03",
    ),
    (
        "`dataDisks.caching`",
        "`none`; the others in small letters by the same rule",
        f"{_JS}/pool_operations_test, 2025-06-01, 2026-02-03",
    ),
    (
        "`securityProfile.securityType`",
        "`trustedlaunch`, `confidentialvm`",
        f"{_JS}/pool_operations_test, 2025-06-01, 2026-02-03",
    ),
    (
        "`publicIPAddressConfiguration.provision`",
        "`BatchManaged`; `UserManaged`, `NoPublicIPAddresses` by the same rule",
        f"{_NEW_JS}/pool_advanced_features_test, 2025-06-01, 2026-02-04",
    ),
    (
        "`uploadOptions.uploadCondition`",
        "`TaskSuccess`, `TaskFailure`, `TaskCompletion`",
        f"{_JS}/task_operations_test, 2025-06-01, 2026-02-03; `TaskSuccess`: Azure/azure-batch-cli-extensions, "
        "tests/recordings/test_batch_extensions_live.yaml, 2022-01-01, 2022-09-06",
    ),
    (
        "`category` of `failureInfo` and `schedulingError`",
        "`UserError`, `ServerError`",
        f"{_JS}/task_operations_test, 2025-06-01, 2026-02-03; `ServerError`: "
        f"{_NET}/BatchJobIntegrationTests/TerminateJob.json, 2025-06-01, 2025-09-03",
    ),
    (
        "`status` in the answer of `addtaskcollection`",
        "`Success`; `ClientError`, `ServerError` by the same rule",
        f"{_NET}/BatchTaskIntegrationTests/AddTaskCollection.json, 2025-06-01, 2025-09-04",
    ),
)
"""The property, its words, and where they were seen: repository, file, API version, day."""

WHAT_FOLLOWS = """\
Azure answers with these words in every version of the API that was recorded, and so does the local service. Requests
may use any case. Programs compare without regard to case, or miss them: `create_tasks` of azure-batch 15.1.0 compares
`status` with `clienterror` and `servererror`, so that a task that was refused is among its results and raises nothing,
and one that the service could not take just now is not sent again. That is as it is on Azure.
"""

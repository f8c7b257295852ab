"""The bodies of tasks and of the task-like parts of jobs and pools, property by property (API 2025-06-01)."""

from typing import Any

from batchctl.emulator.refusals import bad_value
from batchctl.emulator.times import UNLIMITED
from batchctl.emulator.wire.checks import Gone, Json, Need, Or, Shape, flag, ident, many, number, span, text, word

METADATA = many(Shape("MetadataItem", name=Need(text()), value=Need(text())))
ENVIRONMENT = many(Shape("EnvironmentSetting", name=Need(text(least=1)), value=text()))
IDENTITY = Shape("ComputeNodeIdentityReference", resourceId=text())
REGISTRY = Shape(
    "ContainerRegistry", username=text(), password=text(), registryServer=text(), identityReference=IDENTITY
)
TOKEN_SETTINGS = Shape("AuthenticationTokenSettings", access=many(word("job")))
PACKAGES = many(Shape("ApplicationPackageReference", applicationId=Need(text()), version=text()))

_SOURCES = ("httpUrl", "storageContainerUrl", "autoStorageContainerName")
_RESOURCE_FILE = Shape(
    "ResourceFile",
    autoStorageContainerName=text(),
    storageContainerUrl=text(),
    httpUrl=text(),
    blobPrefix=text(),
    filePath=text(),
    fileMode=text(),
    identityReference=IDENTITY,
)


def _resource_file(value: Any, path: str) -> Json:
    """Exactly one source; a URL needs a file name, a prefix needs a container."""
    given = _RESOURCE_FILE(value, path)
    sources = [source for source in _SOURCES if source in given]
    if len(sources) != 1:
        raise bad_value(path, ", ".join(sources), f"exactly one of {', '.join(_SOURCES)} is wanted")
    if "httpUrl" in given and "filePath" not in given:
        raise bad_value(f"{path}.filePath", "", "httpUrl needs a filePath")
    if "httpUrl" in given and "blobPrefix" in given:
        raise bad_value(f"{path}.blobPrefix", given["blobPrefix"], "httpUrl takes no blobPrefix")
    return given


RESOURCE_FILES = many(_resource_file)

UPLOAD_HEADER = Shape("HttpHeader", name=Need(text(least=1)), value=text())
OUTPUT_FILES = many(
    Shape(
        "OutputFile",
        filePattern=Need(text(least=1)),
        destination=Need(
            Shape(
                "OutputFileDestination",
                container=Need(
                    Shape(
                        "OutputFileBlobContainerDestination",
                        path=text(),
                        containerUrl=Need(text()),
                        identityReference=IDENTITY,
                        uploadHeaders=many(UPLOAD_HEADER),
                    )
                ),
            )
        ),
        uploadOptions=Need(
            Shape(
                "OutputFileUploadOptions",
                uploadCondition=Need(word("TaskSuccess", "TaskFailure", "TaskCompletion")),
            )
        ),
    )
)

ELEVATION = word("nonadmin", "admin")
DEFAULT_USER = {"autoUser": {"scope": "pool", "elevationLevel": "nonadmin"}}
_USER_IDENTITY = Shape(
    "UserIdentity",
    username=text(),
    autoUser=Shape(
        "AutoUserSpecification", scope=Or(word("task", "pool"), "pool"), elevationLevel=Or(ELEVATION, "nonadmin")
    ),
)


def USER_IDENTITY(value: Any, path: str) -> Json:  # noqa: N802 - a check, as its neighbours
    """A user by name or an automatic one."""
    given = _USER_IDENTITY(value, path)
    if len(given) != 1:
        raise bad_value(path, ", ".join(given), "exactly one of username, autoUser is wanted")
    return given


CONTAINER_SETTINGS = Shape(
    "TaskContainerSettings",
    containerRunOptions=text(),
    imageName=Need(text()),
    registry=REGISTRY,
    workingDirectory=word("taskWorkingDirectory", "containerImageDefault"),
    containerHostBatchBindMounts=many(
        Shape(
            "ContainerHostBatchBindMountEntry",
            source=word("Shared", "Startup", "VfsMounts", "Task", "JobPrep", "Applications"),
            isReadOnly=flag,
        )
    ),
)
CONSTRAINTS = Shape(
    "TaskConstraints",
    maxWallClockTime=Or(span("PT1S"), UNLIMITED),
    retentionTime=Or(span(), "P7D"),
    maxTaskRetryCount=number(-1, 2**31 - 1),
)
EXIT_OPTIONS = Shape(
    "ExitOptions", jobAction=word("none", "disable", "terminate"), dependencyAction=word("satisfy", "block")
)
EXIT_CONDITIONS = Shape(
    "ExitConditions",
    exitCodes=many(Shape("ExitCodeMapping", code=Need(number()), exitOptions=Need(EXIT_OPTIONS))),
    exitCodeRanges=many(
        Shape("ExitCodeRangeMapping", start=Need(number()), end=Need(number()), exitOptions=Need(EXIT_OPTIONS))
    ),
    preProcessingError=EXIT_OPTIONS,
    fileUploadError=EXIT_OPTIONS,
    default=EXIT_OPTIONS,
)


class _Command(Shape):
    """What has a command line. An empty one leaves the image its own, and wants a container."""

    def __call__(self, value: Any, path: str = "") -> Json:
        checked = super().__call__(value, path)
        if not checked["commandLine"] and "containerSettings" not in checked:
            raise bad_value(f"{path}.commandLine".lstrip("."), "", "only a task in a container goes without one")
        return checked


TASK = _Command(
    "CloudTask",
    id=Need(ident),
    commandLine=Need(text()),
    displayName=text(1024),
    exitConditions=EXIT_CONDITIONS,
    containerSettings=CONTAINER_SETTINGS,
    resourceFiles=RESOURCE_FILES,
    outputFiles=OUTPUT_FILES,
    environmentSettings=ENVIRONMENT,
    affinityInfo=Shape("AffinityInformation", affinityId=Need(text())),
    constraints=CONSTRAINTS,
    requiredSlots=Or(number(1), 1),
    userIdentity=Or(USER_IDENTITY, DEFAULT_USER),
    runElevated=Gone(flag),
    multiInstanceSettings=Shape(
        "MultiInstanceSettings",
        numberOfInstances=Or(number(1), 1),
        coordinationCommandLine=Need(text(least=1)),
        commonResourceFiles=RESOURCE_FILES,
    ),
    dependsOn=Shape(
        "TaskDependencies",
        taskIds=many(ident),
        taskIdRanges=many(Shape("TaskIdRange", start=Need(number(0)), end=Need(number(0)))),
    ),
    applicationPackageReferences=PACKAGES,
    authenticationTokenSettings=TOKEN_SETTINGS,
)
TASK_UPDATE = Shape("CloudTask", constraints=CONSTRAINTS)

START_TASK = _Command(
    "StartTask",
    commandLine=Need(text()),
    containerSettings=CONTAINER_SETTINGS,
    resourceFiles=RESOURCE_FILES,
    environmentSettings=ENVIRONMENT,
    userIdentity=Or(USER_IDENTITY, DEFAULT_USER),
    runElevated=Gone(flag),
    maxTaskRetryCount=Or(number(-1), 0),
    waitForSuccess=Or(flag, True),
)
JOB_MANAGER_TASK = _Command(
    "JobManagerTask",
    id=Need(ident),
    displayName=text(1024),
    commandLine=Need(text()),
    containerSettings=CONTAINER_SETTINGS,
    resourceFiles=RESOURCE_FILES,
    outputFiles=OUTPUT_FILES,
    environmentSettings=ENVIRONMENT,
    constraints=CONSTRAINTS,
    requiredSlots=Or(number(1), 1),
    killJobOnCompletion=Or(flag, True),
    userIdentity=Or(USER_IDENTITY, DEFAULT_USER),
    runElevated=Gone(flag),
    runExclusive=Or(flag, True),
    applicationPackageReferences=PACKAGES,
    allowLowPriorityNode=Or(flag, True),
    authenticationTokenSettings=TOKEN_SETTINGS,
)
PREPARATION_TASK = _Command(
    "JobPreparationTask",
    id=Or(ident, "jobpreparation"),
    commandLine=Need(text()),
    containerSettings=CONTAINER_SETTINGS,
    resourceFiles=RESOURCE_FILES,
    environmentSettings=ENVIRONMENT,
    constraints=CONSTRAINTS,
    waitForSuccess=Or(flag, True),
    userIdentity=Or(USER_IDENTITY, DEFAULT_USER),
    runElevated=Gone(flag),
    rerunOnNodeRebootAfterSuccess=Or(flag, True),
)
RELEASE_TASK = _Command(
    "JobReleaseTask",
    id=Or(ident, "jobrelease"),
    commandLine=Need(text()),
    containerSettings=CONTAINER_SETTINGS,
    resourceFiles=RESOURCE_FILES,
    environmentSettings=ENVIRONMENT,
    maxWallClockTime=Or(span("PT1S", "PT15M"), "PT15M"),
    retentionTime=Or(span(), "P7D"),
    userIdentity=Or(USER_IDENTITY, DEFAULT_USER),
    runElevated=Gone(flag),
)

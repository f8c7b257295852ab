"""The bodies of pools and nodes, property by property (API 2025-06-01)."""

from batchctl.emulator.shape import (
    Need,
    Or,
    Props,
    Shape,
    anything,
    flag,
    ident,
    many,
    moment,
    number,
    span,
    text,
    word,
)
from batchctl.emulator.task_shapes import ELEVATION, IDENTITY, METADATA, PACKAGES, REGISTRY, START_TASK

IMAGE = Shape(
    "ImageReference",
    publisher=text(),
    offer=text(),
    sku=text(),
    version=Or(text(), "latest"),
    virtualMachineImageId=text(),
    sharedGalleryImageId=text(),
    communityGalleryImageId=text(),
    exactVersion=text(),
)
VM_CONFIGURATION = Shape(
    "VirtualMachineConfiguration",
    imageReference=Need(IMAGE),
    nodeAgentSKUId=Need(text(least=1)),
    windowsConfiguration=Shape("WindowsConfiguration", enableAutomaticUpdates=flag),
    dataDisks=many(anything),
    licenseType=text(),
    containerConfiguration=Shape(
        "ContainerConfiguration",
        type=Need(word("dockerCompatible", "criCompatible")),
        containerImageNames=many(text()),
        containerRegistries=many(REGISTRY),
    ),
    diskEncryptionConfiguration=anything,
    nodePlacementConfiguration=Shape("NodePlacementConfiguration", policy=word("regional", "zonal")),
    extensions=many(
        Shape(
            "VMExtension",
            name=Need(text()),
            publisher=Need(text()),
            type=Need(text()),
            typeHandlerVersion=text(),
            autoUpgradeMinorVersion=flag,
            enableAutomaticUpgrade=flag,
            settings=anything,
            protectedSettings=anything,
            provisionAfterExtensions=many(text()),
        )
    ),
    osDisk=anything,
    securityProfile=anything,
    serviceArtifactReference=anything,
)
_NAT_POOL = Shape(
    "InboundNATPool",
    name=Need(text(77, 1)),
    protocol=Need(word("tcp", "udp")),
    backendPort=Need(number(1, 65535)),
    frontendPortRangeStart=Need(number(1, 65534)),
    frontendPortRangeEnd=Need(number(1, 65534)),
    networkSecurityGroupRules=many(
        Shape(
            "NetworkSecurityGroupRule",
            priority=Need(number(150, 4096)),
            access=Need(word("allow", "deny")),
            sourceAddressPrefix=Need(text()),
            sourcePortRanges=many(text()),
        )
    ),
)
NETWORK = Shape(
    "NetworkConfiguration",
    subnetId=text(),
    dynamicVNetAssignmentScope=word("none", "job"),
    endpointConfiguration=Shape("PoolEndpointConfiguration", inboundNATPools=Need(many(_NAT_POOL, 5))),
    publicIPAddressConfiguration=Shape(
        "PublicIPAddressConfiguration",
        provision=word("batchmanaged", "usermanaged", "nopublicipaddresses"),
        ipFamilies=many(word("IPv4", "IPv6")),
        ipAddressIds=many(text()),
        ipTags=many(anything),
    ),
    enableAcceleratedNetworking=flag,
)
SCHEDULING = Shape(
    "TaskSchedulingPolicy", jobDefaultOrder=word("none", "creationtime"), nodeFillType=Need(word("spread", "pack"))
)
USERS = many(
    Shape(
        "UserAccount",
        name=Need(text(20, 1)),
        password=Need(text(least=1)),
        elevationLevel=Or(ELEVATION, "nonadmin"),
        linuxUserConfiguration=Shape("LinuxUserConfiguration", uid=number(0), gid=number(0), sshPrivateKey=text()),
        windowsUserConfiguration=Shape("WindowsUserConfiguration", loginMode=word("batch", "interactive")),
    )
)
UPGRADE = Shape(
    "UpgradePolicy",
    mode=Need(word("automatic", "manual", "rolling")),
    automaticOSUpgradePolicy=anything,
    rollingUpgradePolicy=anything,
)
_SLOTS = number(1, 256)
_RESIZE_TIMEOUT = span("PT5M", "P7D")
_INTERVAL = span("PT5M", "PT168H")
_FORMULA = text(8192)

# Older versions of the API send these beside; they have no meaning any more.
_OLD: Props = {"certificateReferences": anything, "targetNodeCommunicationMode": anything, "resourceTags": anything}

_SPECIFICATION: Props = {
    "displayName": text(1024),
    "vmSize": Need(text(least=1)),
    "virtualMachineConfiguration": VM_CONFIGURATION,
    "resizeTimeout": Or(_RESIZE_TIMEOUT, "PT15M"),
    "targetDedicatedNodes": Or(number(0), 0),
    "targetLowPriorityNodes": Or(number(0), 0),
    "enableAutoScale": Or(flag, False),
    "autoScaleFormula": _FORMULA,
    "autoScaleEvaluationInterval": _INTERVAL,
    "enableInterNodeCommunication": Or(flag, False),
    "networkConfiguration": NETWORK,
    "startTask": START_TASK,
    "applicationPackageReferences": PACKAGES,
    "applicationLicenses": many(text()),
    "taskSlotsPerNode": Or(_SLOTS, 1),
    "taskSchedulingPolicy": Or(SCHEDULING, {"nodeFillType": "spread"}),
    "userAccounts": USERS,
    "metadata": METADATA,
    "mountConfiguration": many(anything),
    "upgradePolicy": UPGRADE,
    **_OLD,
}
POOL = Shape("Pool", id=Need(ident), **_SPECIFICATION)
POOL_SPECIFICATION = Shape("PoolSpecification", **_SPECIFICATION)
POOL_PATCH = Shape(
    "PoolPatchParameters",
    displayName=text(1024),
    vmSize=text(least=1),
    enableInterNodeCommunication=flag,
    startTask=START_TASK,
    applicationPackageReferences=PACKAGES,
    metadata=METADATA,
    virtualMachineConfiguration=VM_CONFIGURATION,
    taskSlotsPerNode=_SLOTS,
    taskSchedulingPolicy=SCHEDULING,
    networkConfiguration=NETWORK,
    userAccounts=USERS,
    mountConfiguration=many(anything),
    upgradePolicy=UPGRADE,
    **_OLD,
)
POOL_PROPERTIES = Shape(
    "PoolUpdatePropertiesParameters",
    startTask=START_TASK,
    applicationPackageReferences=Need(PACKAGES),
    metadata=Need(METADATA),
    **_OLD,
)
DEALLOCATION = word("requeue", "terminate", "taskcompletion", "retaineddata")
RESIZE = Shape(
    "PoolResizeParameters",
    targetDedicatedNodes=number(0),
    targetLowPriorityNodes=number(0),
    resizeTimeout=Or(_RESIZE_TIMEOUT, "PT15M"),
    nodeDeallocationOption=Or(DEALLOCATION, "requeue"),
)
REMOVE_NODES = Shape(
    "NodeRemoveParameters",
    nodeList=Need(many(text(), 100)),
    resizeTimeout=Or(_RESIZE_TIMEOUT, "PT15M"),
    nodeDeallocationOption=Or(DEALLOCATION, "requeue"),
)
ENABLE_AUTOSCALE = Shape(
    "PoolEnableAutoScaleParameters", autoScaleFormula=_FORMULA, autoScaleEvaluationInterval=_INTERVAL
)
EVALUATE_AUTOSCALE = Shape("PoolEvaluateAutoScaleParameters", autoScaleFormula=Need(_FORMULA))

REBOOT = Shape("NodeRebootParameters", nodeRebootOption=Or(DEALLOCATION, "requeue"))
REIMAGE = Shape("NodeReimageParameters", nodeReimageOption=Or(DEALLOCATION, "requeue"))
DEALLOCATE = Shape("NodeDeallocateParameters", nodeDeallocateOption=Or(DEALLOCATION, "requeue"))
DISABLE_SCHEDULING = Shape(
    "NodeDisableSchedulingParameters",
    nodeDisableSchedulingOption=Or(word("requeue", "terminate", "taskcompletion"), "requeue"),
)
NODE_USER = Shape(
    "ComputeNodeUser",
    name=Need(text(20, 1)),
    isAdmin=Or(flag, False),
    expiryTime=moment,
    password=text(),
    sshPublicKey=text(),
)
NODE_USER_UPDATE = Shape("NodeUpdateUserParameters", password=text(), expiryTime=moment, sshPublicKey=text())
UPLOAD_LOGS = Shape(
    "UploadBatchServiceLogsConfiguration",
    containerUrl=Need(text()),
    startTime=Need(moment),
    endTime=moment,
    identityReference=IDENTITY,
)

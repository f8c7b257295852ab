"""The bodies of the machines under a pool: images, disks, network, users, mounts.

API 2025-06-01, and what 2026-10-01 adds.
"""

from typing import Any

from batchctl.emulator.wire.checks import Json, Need, Or, Shape, dictionary, flag, many, number, span, text, word
from batchctl.emulator.wire.task_bodies import ELEVATION, IDENTITY, REGISTRY

_CACHING = word("none", "readonly", "readwrite")
_CACHING_OF_SYSTEM = word("None", "ReadOnly", "ReadWrite")
_STORAGE = word("standard_lrs", "premium_lrs", "standardssd_lrs")
_ENCRYPTION_SET = Shape("DiskEncryptionSetParameters", id=text())
_MANAGED_DISK = Shape(
    "ManagedDisk",
    diskEncryptionSet=_ENCRYPTION_SET,
    storageAccountType=_STORAGE,
    securityProfile=Shape(
        "VMDiskSecurityProfile",
        securityEncryptionType=word("DiskWithVMGuestState", "NonPersistedTPM", "VMGuestStateOnly"),
    ),
)
DATA_DISK = Shape(
    "DataDisk",
    lun=Need(number(0, 63)),
    caching=Or(_CACHING, "none"),
    diskSizeGB=Need(number(1)),
    managedDisk=_MANAGED_DISK,
    storageAccountType=_STORAGE,
)
_OS_DISK = Shape(
    "OSDisk",
    ephemeralOSDiskSettings=Shape("DiffDiskSettings", placement=word("cachedisk")),
    caching=_CACHING_OF_SYSTEM,
    diskSizeGB=number(1),
    managedDisk=_MANAGED_DISK,
    writeAcceleratorEnabled=flag,
)


def OS_DISK(value: Any, path: str) -> Json:  # noqa: N802 - a check, as its neighbours
    """A disk with what the service fills in (Azure/azure-sdk-assets, js/…/pool_operations_test, 2026-02-03)."""
    given = _OS_DISK(value, path)
    managed = {"storageAccountType": "standard_lrs", **given.get("managedDisk", {})}
    return {"ephemeralOSDiskSettings": {}, "caching": "None", **given, "managedDisk": managed}


ENCRYPTION = Shape(
    "DiskEncryptionConfiguration",
    customerManagedKey=Shape(
        "DiskCustomerManagedKey",
        identityReference=IDENTITY,
        keyUrl=text(),
        rotationToLatestKeyVersionEnabled=flag,
    ),
    targets=many(word("osdisk", "temporarydisk")),
)
_ENDPOINT_SETTINGS = Shape(
    "HostEndpointSettings", inVMAccessControlProfileReferenceId=text(), mode=word("Audit", "Enforce")
)
SECURITY = Shape(
    "SecurityProfile",
    encryptionAtHost=flag,
    proxyAgentSettings=Shape(
        "ProxyAgentSettings", enabled=flag, imds=_ENDPOINT_SETTINGS, wireServer=_ENDPOINT_SETTINGS
    ),
    securityType=word("trustedlaunch", "confidentialvm"),
    uefiSettings=Shape("UefiSettings", secureBootEnabled=flag, vTpmEnabled=flag),
)
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
    dataDisks=many(DATA_DISK),
    licenseType=text(),
    containerConfiguration=Shape(
        "ContainerConfiguration",
        type=Need(word("dockerCompatible", "criCompatible")),
        containerImageNames=many(text()),
        containerRegistries=many(REGISTRY),
    ),
    diskEncryptionConfiguration=ENCRYPTION,
    nodePlacementConfiguration=Shape("NodePlacementConfiguration", policy=word("Regional", "Zonal")),
    extensions=many(
        Shape(
            "VMExtension",
            name=Need(text()),
            publisher=Need(text()),
            type=Need(text()),
            typeHandlerVersion=text(),
            autoUpgradeMinorVersion=flag,
            enableAutomaticUpgrade=flag,
            settings=dictionary,
            protectedSettings=dictionary,
            provisionAfterExtensions=many(text()),
        )
    ),
    osDisk=OS_DISK,
    securityProfile=SECURITY,
    serviceArtifactReference=Shape("ServiceArtifactReference", id=Need(text(least=1))),
    # Since 2026-10-01.
    hardwareProfile=Shape(
        "HardwareProfile",
        vmSizeProperties=Shape("VMSizeProperties", vCPUsAvailable=number(1), vCPUsPerCore=number(1)),
    ),
    placement=Shape("Placement", zonePlacementPolicy=Need(word("Auto"))),
    resiliencyPolicy=Shape(
        "ResiliencyPolicy",
        zoneAllocationPolicy=Need(
            Shape(
                "ZoneAllocationPolicy",
                maxZoneCount=number(1),
                maxInstancePercentPerZonePolicy=Shape(
                    "MaxInstancePercentPerZonePolicy", enabled=flag, value=Need(number(1, 100))
                ),
            )
        ),
    ),
)
_FAMILIES = many(word("IPv4", "IPv6"))
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
            sourcePortRanges=Or(many(text()), ["*"]),
        )
    ),
)
NETWORK = Shape(
    "NetworkConfiguration",
    subnetId=text(),
    dynamicVNetAssignmentScope=Or(word("none", "job"), "none"),
    endpointConfiguration=Shape("PoolEndpointConfiguration", inboundNATPools=Need(many(_NAT_POOL, 5))),
    publicIPAddressConfiguration=Shape(
        "PublicIPAddressConfiguration",
        provision=word("BatchManaged", "UserManaged", "NoPublicIPAddresses"),
        ipFamilies=lambda value, path: sorted(_FAMILIES(value, path)),
        ipAddressIds=many(text()),
        ipTags=many(Shape("IPTag", ipTagType=text(), tag=text())),
    ),
    enableAcceleratedNetworking=Or(flag, False),
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
    automaticOSUpgradePolicy=Shape(
        "AutomaticOSUpgradePolicy",
        disableAutomaticRollback=flag,
        enableAutomaticOSUpgrade=flag,
        useRollingUpgradePolicy=flag,
        osRollingUpgradeDeferral=flag,
    ),
    rollingUpgradePolicy=Shape(
        "RollingUpgradePolicy",
        enableCrossZoneUpgrade=flag,
        maxBatchInstancePercent=number(5, 100),
        maxUnhealthyInstancePercent=number(5, 100),
        maxUnhealthyUpgradedInstancePercent=number(0, 100),
        pauseTimeBetweenBatches=span(),
        prioritizeUnhealthyInstances=flag,
        rollbackFailedInstancesOnPolicyBreach=flag,
    ),
)
MOUNTS = many(
    Shape(
        "MountConfiguration",
        azureBlobFileSystemConfiguration=Shape(
            "AzureBlobFileSystemConfiguration",
            accountName=Need(text()),
            containerName=Need(text()),
            accountKey=text(),
            sasKey=text(),
            blobfuseOptions=text(),
            relativeMountPath=Need(text()),
            identityReference=IDENTITY,
        ),
        nfsMountConfiguration=Shape(
            "NFSMountConfiguration", source=Need(text()), relativeMountPath=Need(text()), mountOptions=text()
        ),
        cifsMountConfiguration=Shape(
            "CIFSMountConfiguration",
            username=Need(text()),
            source=Need(text()),
            relativeMountPath=Need(text()),
            mountOptions=text(),
            password=Need(text()),
        ),
        azureFileShareConfiguration=Shape(
            "AzureFileShareConfiguration",
            accountName=Need(text()),
            azureFileUrl=Need(text()),
            accountKey=Need(text()),
            relativeMountPath=Need(text()),
            mountOptions=text(),
        ),
    )
)

# What older versions of the API know besides.
CERTIFICATES = many(
    Shape(
        "CertificateReference",
        thumbprint=Need(text()),
        thumbprintAlgorithm=Need(text()),
        storeLocation=word("currentuser", "localmachine"),
        storeName=text(),
        visibility=many(word("starttask", "task", "remoteuser")),
    )
)
SERVICE = Shape("CloudServiceConfiguration", osFamily=Need(text(least=1)), osVersion=Or(text(), "*"))

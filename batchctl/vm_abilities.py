"""What the VM sizes of a series can and cannot, as far as pages tell it for a whole series. Pure.

What no row says is unknown, and is left to Azure. Sources, read 2026-11-28: Learn's page of each series, "Feature
support" (MicrosoftDocs/azure-compute-docs, articles/virtual-machines/sizes), and "Support for Generation 2 VMs"; the
answers of Resource SKUs as they are kept in microsoft/ga4gh-tes (BatchSupportedVmSizeInformation: the generations of
338 sizes of Batch, none of which says otherwise), Azure/karpenter-provider-azure (zz_generated.sku) and
Azure/aks-engine (get-skus: accelerated networking).
"""

from batchctl.frozen import dataclass
from batchctl.vm_sizes import Size, cores_of_size, parts_of_size

FAMILIES = frozenset(
    (
        *("a", "b", "d", "dc", "ds", "e", "ec", "f", "fx", "g", "gs", "h", "hb", "hc", "hx", "l", "m"),
        *("nc", "ncc", "nd", "ng", "nm", "np", "nv", "pb"),
    )
)
"""All that Azure has had."""
NEWEST = 99


@dataclass(frozen=True, slots=True)
class Series:
    """Sizes by their names. `versions`: from and to; `having`: letters that each has; `lacking`: and has none of."""

    families: str
    versions: tuple[int, int] = (0, NEWEST)
    having: str = ""
    lacking: str = ""

    def has(self, size: Size) -> bool:
        first, last = self.versions
        letters = set(size.features)
        is_one = size.family in self.families.split() and first <= size.version <= last
        return is_one and letters >= set(self.having) and not letters & set(self.lacking)


GEN_2_ONLY = (
    Series("dc ec ncc"),
    Series("d e f l", (6, NEWEST)),
    Series("b d e", having="p"),
    Series("m nd", (2, NEWEST)),
    Series("nc hb", (4, NEWEST)),
    Series("fx", (0, 0)),
)
GEN_1_ONLY = (
    Series("a np"),
    Series("f g", (0, 0), lacking="s"),
    Series("d e", (0, 3), lacking="s"),
    Series("nc nv", (0, 0), lacking="s"),
)
NO_ACCELERATED_NETWORK = (
    Series("a np"),
    Series("d ds g gs l nc nv", (0, 0)),
)
SMALL_BURSTABLE, LEAST_CORES = Series("b", (0, 0)), 12
"""Learn, "Bv1 size series": B12ms, B16ms and B20ms alone have accelerated networking."""
NO_EPHEMERAL_DISK = (
    Series("a"),
    Series("d e", lacking="sd"),
    Series("d e", (5, NEWEST), lacking="d"),
    Series("dc", (3, 3), lacking="d"),
)
CACHE = (
    (Series("d e", (3, 3), having="s"), 25),
    (Series("f", (2, 2), having="s"), 16),
)
"""GiB of cache for each of the number in the name."""


def generation_of_size(vm_size: str) -> int | None:
    """1 or 2 where a size starts images of this generation alone."""
    return 2 if _is_among(GEN_2_ONLY, vm_size) else 1 if _is_among(GEN_1_ONLY, vm_size) else None


def is_arm(vm_size: str) -> bool:
    size = parts_of_size(vm_size)
    return size is not None and "p" in size.features and size.family in ("b", "d", "e")


def lacks_accelerated_network(vm_size: str) -> bool:
    size = parts_of_size(vm_size)
    if size is None:
        return False
    small = SMALL_BURSTABLE.has(size) and size.number < LEAST_CORES
    return small or cores_of_size(vm_size) == 1 or _is_among(NO_ACCELERATED_NETWORK, vm_size)


def lacks_ephemeral_disk(vm_size: str) -> bool:
    return _is_among(NO_EPHEMERAL_DISK, vm_size)


def cache_of_size(vm_size: str) -> int | None:
    """GiB; None where it is unknown."""
    size = parts_of_size(vm_size)
    return next((size.number * each for series, each in CACHE if size and series.has(size)), None)


def _is_among(rows: tuple[Series, ...], vm_size: str) -> bool:
    size = parts_of_size(vm_size)
    return size is not None and any(row.has(size) for row in rows)

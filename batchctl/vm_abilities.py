"""What the VM sizes of a series can and cannot, as far as pages tell it for a whole series; and which of them `needs`
chooses from. Pure.

What no row says is unknown, and is left to Azure. Sources, read 2026-11-28: Learn's page of each series, "Feature
support" (MicrosoftDocs/azure-compute-docs, articles/virtual-machines/sizes), and "Support for Generation 2 VMs"; the
answers of Resource SKUs as they are kept in microsoft/ga4gh-tes (BatchSupportedVmSizeInformation: the generations of
338 sizes of Batch, none of which says otherwise), Azure/karpenter-provider-azure (zz_generated.sku) and
Azure/aks-engine (get-skus: accelerated networking).
"""

from collections.abc import Iterator
from functools import cache

from batchctl.configurations import Needs
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


@dataclass(frozen=True, slots=True)
class Offer:
    """A size that `needs` may choose; `memory` in GiB."""

    name: str
    cores: int
    memory: float
    gpus: int = 0

    def meets(self, needs: Needs) -> bool:
        return self.cores >= needs.cpus and self.memory >= needs.memory and self.gpus >= needs.gpus


CORES = (2, 4, 8, 16, 32, 48, 64, 96)
LADDERS = (
    *((f"Standard_D{{}}{letters}_v5", 2, CORES) for letters in ("ls", "lds")),
    *((f"Standard_D{{}}{letters}_v5", 4, CORES) for letters in ("s", "as", "ds", "ads")),
    *((f"Standard_E{{}}{letters}_v5", 8, (*CORES[:4], 20, *CORES[4:7])) for letters in ("s", "as", "ds", "ads")),
)
"""Names, GiB for each core, and how many cores there are: series that start images of either generation. Of sizes
alike the first is taken. A row stays once it is here: who has its size keeps it."""
SINGLE = (
    *(Offer(f"Standard_E96{letters}_v5", 96, 672) for letters in ("s", "as", "ds", "ads")),
    Offer("Standard_NC4as_T4_v3", 4, 28, 1),
    Offer("Standard_NC8as_T4_v3", 8, 56, 1),
    Offer("Standard_NC16as_T4_v3", 16, 110, 1),
    Offer("Standard_NC24ads_A100_v4", 24, 220, 1),
    Offer("Standard_NC40ads_H100_v5", 40, 320, 1),
    Offer("Standard_NC48ads_A100_v4", 48, 440, 2),
    Offer("Standard_NC80adis_H100_v5", 80, 640, 2),
    Offer("Standard_NC64as_T4_v3", 64, 440, 4),
    Offer("Standard_NC96ads_A100_v4", 96, 880, 4),
)
SLOTS_OF_A_CORE = 4
"""REST: taskSlotsPerNode is at most so many times the cores of the size."""


@cache
def _offers() -> dict[str, Offer]:
    """All of them, the least first, by their names in small letters."""
    made = [Offer(name.format(n), n, n * each) for name, each, cores in LADDERS for n in cores]
    least_first = sorted((*made, *SINGLE), key=lambda offer: (offer.gpus, offer.cores, offer.memory))
    return {offer.name.lower(): offer for offer in least_first}


def meets_needs(vm_size: str, needs: Needs, slots: int = 1) -> bool:
    """Has a node of this size enough for so many slots? Not, as far as is known, if the table does not have it."""
    offer = _offers().get(vm_size.lower())
    return offer is not None and offer.meets(needs.times(slots)) and offer.cores * SLOTS_OF_A_CORE >= slots


def sizes_for(needs: Needs, slots: int = 1, *, ephemeral: bool = False) -> tuple[str, ...]:
    """The least size for so many slots of a node, and those that have as much; `ephemeral`: with room for such a disk.

    Empty where the table has none.
    """
    fit = [o for o in _fitting(needs, slots) if not (ephemeral and lacks_ephemeral_disk(o.name))]
    return tuple(o.name for o in fit if (o.gpus, o.cores, o.memory) == (fit[0].gpus, fit[0].cores, fit[0].memory))


def _fitting(needs: Needs, slots: int) -> Iterator[Offer]:
    return (offer for offer in _offers().values() if meets_needs(offer.name, needs, slots))

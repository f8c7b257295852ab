"""What Azure takes away: VM sizes, images and node agents with the day of their end. Pure.

Each row says where it was read and when; `scripts/retirements` shows those that want to be read again.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from batchctl.frozen import dataclass
from batchctl.vm_sizes import series_of_size

AHEAD = timedelta(days=180)
"""So long before its end something is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """`what`: how people know it; `ends`: its last day; `source`: where that is said; `checked`: when it was read.

    `series`: of VM sizes, those that it means (`vm_sizes.series_of_size`); `names`: in small letters, as they stand.
    """

    what: str
    ends: date
    source: str
    checked: date
    instead: str = ""
    names: tuple[str, ...] = ()
    series: frozenset[tuple[str, str]] = frozenset()

    def says(self, today: date) -> str:
        """`NVv4 sizes: retired on 2026-09-30 (https://…)`."""
        left = (self.ends - today).days
        when = f"retired on {self.ends}" if left < 0 else f"retired on {self.ends}, in {left} days"
        way_out = f"; take {self.instead}" if self.instead else ""
        return f"{self.what}: {when}{way_out} ({self.source})"


LIFECYCLE = "https://learn.microsoft.com/azure/virtual-machines/sizes/lifecycle/retirements-and-capacity-restrictions"

SIZES: tuple[Retirement, ...] = (
    Retirement(
        what="Basic_A and Standard_A sizes (Av1)",
        ends=date(2024, 8, 31),
        series=frozenset({("a", "")}),
        source="https://github.com/Azure/EOL/blob/main/service_list.json",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="H sizes (v1)",
        ends=date(2022, 8, 31),
        series=frozenset({("h", "")}),
        source="https://learn.microsoft.com/azure/virtual-machines/h-series-retirement",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="NC sizes (v1)",
        ends=date(2023, 9, 6),
        series=frozenset({("nc", "")}),
        source="https://learn.microsoft.com/azure/virtual-machines/sizes/migration-guides/nc-series-retirement",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="NCv2 sizes",
        ends=date(2023, 9, 6),
        series=frozenset({("nc", "v2")}),
        source="https://learn.microsoft.com/azure/virtual-machines/sizes/migration-guides/ncv2-series-retirement",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="ND sizes (v1)",
        ends=date(2023, 9, 6),
        series=frozenset({("nd", "")}),
        source="https://learn.microsoft.com/azure/virtual-machines/sizes/migration-guides/nd-series-retirement",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="NV sizes (v1)",
        ends=date(2023, 9, 6),
        series=frozenset({("nv", "")}),
        source="https://learn.microsoft.com/azure/virtual-machines/sizes/migration-guides/nv-series-retirement",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="HB sizes (v1)",
        ends=date(2024, 8, 31),
        series=frozenset({("hb", "")}),
        source="https://github.com/Azure/EOL/blob/main/service_list.json",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="Standard_NC24rs_v3",
        ends=date(2025, 3, 31),
        names=("standard_nc24rs_v3",),
        source="https://github.com/Azure/EOL/blob/main/service_list.json",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="NCv3 sizes",
        ends=date(2025, 9, 30),
        series=frozenset({("nc", "v3")}),
        instead="NC A100 v4 sizes",
        source="https://learn.microsoft.com/azure/virtual-machines/ncv3-nc6s-nc12s-nc24s-retirement",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="DCsv2 sizes",
        ends=date(2026, 6, 30),
        series=frozenset({("dc", "v2")}),
        source="https://azure.microsoft.com/updates/?id=496104",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="NVv3 sizes",
        ends=date(2026, 9, 30),
        series=frozenset({("nv", "v3")}),
        source="https://azure.microsoft.com/updates/?id=500573",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="NVv4 sizes",
        ends=date(2026, 9, 30),
        series=frozenset({("nv", "v4")}),
        source="https://azure.microsoft.com/updates/?id=500578",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="nested confidential sizes (cc_v5)",
        ends=date(2026, 9, 1),
        names=tuple(
            f"standard_{family}{number}{letters}_cc_v5"
            for family in ("dc", "ec")
            for number in (4, 8, 16, 20, 32, 48, 64, 96)
            for letters in ("as", "ads")
        ),
        source=LIFECYCLE,
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="sizes M192is, M192ims, M192ids and M192idms (v2)",
        ends=date(2027, 3, 31),
        names=("standard_m192idms_v2", "standard_m192ids_v2", "standard_m192ims_v2", "standard_m192is_v2"),
        source="https://github.com/Azure/EOL/blob/main/service_list.json",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="HBv2, HC and NP sizes",
        ends=date(2027, 5, 31),
        series=frozenset({("hb", "v2"), ("hc", ""), ("np", "")}),
        source=LIFECYCLE,
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="D, Ds, Dv2, Dsv2 and Ls sizes",
        ends=date(2028, 5, 1),
        series=frozenset({("d", ""), ("ds", ""), ("d", "v2"), ("ds", "v2"), ("l", "")}),
        source="https://azure.microsoft.com/updates/?id=485569",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="F, Fs, Fsv2, Lsv2, G, Gs, Av2, Amv2 and B sizes (v1)",
        ends=date(2028, 11, 15),
        series=frozenset({("f", ""), ("f", "v2"), ("l", "v2"), ("g", ""), ("gs", ""), ("a", "v2"), ("b", "")}),
        source="https://azure.microsoft.com/updates/?id=500682",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="DCsv3 and DCdsv3 sizes",
        ends=date(2029, 10, 31),
        series=frozenset({("dc", "v3")}),
        source=LIFECYCLE,
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="Dv3, Dsv3, Ev3 and Esv3 sizes",
        ends=date(2029, 11, 15),
        series=frozenset({("d", "v3"), ("e", "v3")}),
        source=LIFECYCLE,
        checked=date(2026, 11, 28),
    ),
)
"""VM sizes. A retired size gets no nodes any more."""

AGENTS: tuple[Retirement, ...] = (
    Retirement(
        what="this node agent",
        ends=date(2024, 12, 31),
        names=(
            "batch.node.centos 7",
            "batch.node.centos 8",
            "batch.node.debian 8",
            "batch.node.debian 9",
            "batch.node.debian 10",
            "batch.node.ubuntu 14.04",
            "batch.node.ubuntu 16.04",
            "batch.node.ubuntu 18.04",
        ),
        source="https://github.com/Azure/Batch/issues/180",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="this node agent",
        ends=date(2025, 4, 23),
        names=("batch.node.ubuntu 20.04",),
        instead="22.04 or 24.04",
        source="https://github.com/Azure/Batch/issues/174",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="this node agent",
        ends=date(2027, 6, 30),
        names=("batch.node.ubuntu 22.04",),
        instead="24.04",
        source="https://github.com/Azure/Batch/issues/200",
        checked=date(2026, 11, 28),
    ),
)
"""Node agents, and so all images that go with them."""

IMAGES: tuple[Retirement, ...] = (
    Retirement(
        what="Windows Server 2012 and 2012 R2",
        ends=date(2024, 12, 5),
        names=("microsoftwindowsserver/windowsserver/2012-",),
        source="https://github.com/Azure/Batch/issues/179",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="Windows Server 2016",
        ends=date(2027, 1, 12),
        names=("microsoftwindowsserver/windowsserver/2016-",),
        instead="a newer Windows Server",
        source="https://github.com/Azure/Batch/issues/197",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="AlmaLinux images of the offer almalinux",
        ends=date(2024, 12, 29),
        names=("almalinux/almalinux/",),
        instead="almalinux-x86_64",
        source="https://github.com/Azure/Batch/issues/181",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="Ubuntu 20.04",
        ends=date(2025, 4, 23),
        names=(
            "canonical/0001-com-ubuntu-server-focal/",
            "microsoft-dsvm/ubuntu-2004/",
            "microsoft-dsvm/ubuntu-hpc/2004",
            "microsoft-azure-batch/ubuntu-server-container/20-04-lts",
            "microsoft-azure-batch/ubuntu-server-container-rdma/20-04-lts",
        ),
        instead="22.04 or 24.04",
        source="https://github.com/Azure/Batch/issues/174",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="Ubuntu 22.04",
        ends=date(2027, 6, 30),
        names=("canonical/0001-com-ubuntu-server-jammy/", "microsoft-dsvm/ubuntu-hpc/2204"),
        instead="24.04",
        source="https://github.com/Azure/Batch/issues/200",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="Ubuntu 18.04 and 16.04",
        ends=date(2024, 12, 31),
        names=("canonical/ubuntuserver/",),
        instead="24.04",
        source="https://github.com/Azure/Batch/issues/180",
        checked=date(2026, 11, 28),
    ),
    Retirement(
        what="CentOS 7 and 8",
        ends=date(2024, 12, 31),
        names=("openlogic/centos", "microsoft-azure-batch/centos-container"),
        source="https://github.com/Azure/Batch/issues/180",
        checked=date(2026, 11, 28),
    ),
)
"""Images of the Marketplace, by how `publisher/offer/sku` begins."""

ALL = (*SIZES, *AGENTS, *IMAGES)


def end_of_size(vm_size: str, today: date) -> Retirement | None:
    """That of a VM size, if it is over or comes soon."""
    series = series_of_size(vm_size)
    found = (r for r in _soon(SIZES, today) if vm_size.lower() in r.names or series in r.series)
    return next(found, None)


def end_of_agent(node_agent: str, today: date) -> Retirement | None:
    """That of a node agent, if it is over or comes soon."""
    return next((r for r in _soon(AGENTS, today) if node_agent.lower() in r.names), None)


def end_of_image(image: str, today: date) -> Retirement | None:
    """That of an image, `publisher/offer/sku`, if it is over or comes soon."""
    return next((r for r in _soon(IMAGES, today) if image.lower().startswith(r.names)), None)


def _soon(rows: Iterable[Retirement], today: date) -> Iterator[Retirement]:
    return (row for row in rows if row.ends <= today + AHEAD)

"""What VM sizes can, against answers of Resource SKUs and Learn's pages of the series."""

import pytest

from batchctl.configurations import Needs
from batchctl.vm_abilities import (
    generation_of_size,
    lacks_accelerated_network,
    lacks_ephemeral_disk,
    meets_needs,
    sizes_for,
)
from batchctl.vm_sizes import cores_of_size


@pytest.mark.parametrize(
    ("size", "generation"),
    [
        # Learn, "Support for Generation 2 VMs", and HyperVGenerations of Resource SKUs.
        ("Standard_A2_v2", 1),
        ("Standard_F4", 1),
        ("Standard_F4s", None),
        ("Standard_F4s_v2", None),
        ("Standard_G3", 1),
        ("Standard_GS3", None),
        ("Standard_NP10s", 1),
        ("Standard_D2_v3", 1),
        ("Standard_D2s_v3", None),
        ("Standard_D2s_v5", None),
        ("Standard_D2as_v6", 2),
        ("Standard_E4s_v6", 2),
        ("Standard_F2as_v6", 2),
        ("Standard_FX4mds", 2),
        ("Standard_HB176rs_v4", 2),
        ("Standard_HB120rs_v3", None),
        ("Standard_HX176rs", None),
        ("Standard_EC4as_v5", 2),
        ("Standard_NCC40ads_H100_v5", 2),
        ("Standard_D16plds_v5", 2),
    ],
)
def test_generations(size: str, generation: int | None) -> None:
    assert generation_of_size(size) == generation


@pytest.mark.parametrize(
    ("size", "lacks"),
    [
        ("Standard_D3", True),
        ("Standard_DS11", True),
        ("Standard_G5", True),
        ("Standard_GS5-8", True),
        ("Standard_L8s", True),
        ("Standard_NP10s", True),
        ("Standard_B8ms", True),
        ("Standard_B12ms", False),
        ("Standard_D2_v2", False),
        ("Standard_L8s_v2", False),
        ("Standard_HB120rs_v3", False),
    ],
)
def test_accelerated_network(size: str, lacks: bool) -> None:
    assert lacks_accelerated_network(size) is lacks


@pytest.mark.parametrize(
    ("size", "lacks"),
    [
        ("Standard_D2s_v5", True),
        ("Standard_E4s_v5", True),
        ("Standard_D2_v5", True),
        ("Standard_D2as_v6", True),
        ("Standard_DC8s_v3", True),
        ("Standard_D2ds_v5", False),
        ("Standard_E4d_v5", False),
        ("Standard_D2s_v3", False),
    ],
)
def test_ephemeral_disk(size: str, lacks: bool) -> None:
    assert lacks_ephemeral_disk(size) is lacks


@pytest.mark.parametrize(
    ("needs", "slots", "size"),
    [
        (Needs(), 1, "Standard_D2ls_v5"),
        (Needs(cpus=2, memory=4), 1, "Standard_D2ls_v5"),
        (Needs(cpus=2, memory=4.5), 1, "Standard_D2s_v5"),
        (Needs(cpus=3, memory=12), 1, "Standard_D4s_v5"),
        (Needs(cpus=1, memory=12), 1, "Standard_E2s_v5"),
        (Needs(cpus=20), 1, "Standard_E20s_v5"),
        (Needs(memory=600), 1, "Standard_E96s_v5"),
        # For all slots of a node, and as many as Batch lets a core have.
        (Needs(cpus=2, memory=8), 4, "Standard_D8s_v5"),
        (Needs(cpus=0.1), 16, "Standard_D4ls_v5"),
        (Needs(gpus=1), 1, "Standard_NC4as_T4_v3"),
        (Needs(gpus=1, memory=100), 1, "Standard_NC16as_T4_v3"),
        (Needs(gpus=1, cpus=20), 1, "Standard_NC24ads_A100_v4"),
        (Needs(gpus=1), 4, "Standard_NC64as_T4_v3"),
        (Needs(gpus=5), 1, None),
        (Needs(cpus=97), 1, None),
    ],
)
def test_the_least_size_that_suffices(needs: Needs, slots: int, size: str | None) -> None:
    found = sizes_for(needs, slots)
    assert next(iter(found), None) == size
    assert all(meets_needs(one, needs, slots) for one in found)
    assert len({cores_of_size(one) for one in found}) == bool(found)


def test_sizes_alike_follow() -> None:
    assert sizes_for(Needs(cpus=2, memory=8)) == tuple(f"Standard_D2{x}_v5" for x in ("s", "as", "ds", "ads"))
    assert sizes_for(Needs(cpus=2), ephemeral=True) == ("Standard_D2lds_v5",)


def test_what_the_table_does_not_have_meets_nothing() -> None:
    assert meets_needs("standard_e16S_v5", Needs(cpus=4))
    assert not meets_needs("Standard_D16_v3", Needs(cpus=4))

"""What VM sizes can, against answers of Resource SKUs and Learn's pages of the series."""

import pytest

from batchctl.vm_abilities import generation_of_size, lacks_accelerated_network, lacks_ephemeral_disk


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

"""What Azure takes away is told in time, and what it does not take is not."""

from datetime import date, timedelta

import pytest

from batchctl.retirements import AGENTS, AHEAD, ALL, IMAGES, SIZES, end_of_agent, end_of_image, end_of_size
from batchctl.vm_sizes import series_of_size

TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("size", "ends"),
    [
        ("Standard_NV12s_v3", date(2026, 9, 30)),
        ("standard_nv4as_v4", date(2026, 9, 30)),
        ("Standard_NV6", date(2023, 9, 6)),
        ("Standard_NV6_Promo", date(2023, 9, 6)),
        ("Standard_NC24rs_v3", date(2025, 3, 31)),
        ("Standard_NC6s_v3", date(2025, 9, 30)),
        ("Standard_M192is_v2", date(2027, 3, 31)),
        ("Basic_A1", date(2024, 8, 31)),
        ("Standard_DC4as_cc_v5", date(2026, 9, 1)),
        ("Standard_EC8ads_cc_v5", date(2026, 9, 1)),
        # Named like those above, and others.
        ("Standard_DC4as_v5", None),
        ("Standard_NV6ads_A10_v5", None),
        ("Standard_NC4as_T4_v3", None),
        ("Standard_NC24ads_A100_v4", None),
        ("Standard_M192s_v2", None),
        ("Standard_D2s_v5", None),
        ("Standard_HB120rs_v3", None),
        ("nonsense", None),
        # Their day is years away.
        ("Standard_D2_v2", None),
        ("Standard_B2s", None),
    ],
)
def test_sizes(size: str, ends: date | None) -> None:
    found = end_of_size(size, TODAY)
    assert (found.ends if found else None) == ends


@pytest.mark.parametrize("size", ["Standard_NP10s", "Standard_HC44-16rs", "Standard_HB120rs_v2"])
def test_sizes_of_which_the_day_is_in_half_a_year(size: str) -> None:
    assert end_of_size(size, TODAY) is None
    assert end_of_size(size, date(2026, 12, 2)) is not None


@pytest.mark.parametrize("size", ["Standard_D3_v2", "Standard_DS3_v2", "Standard_L8s", "Standard_D2"])
def test_a_size_is_told_half_a_year_before_its_end(size: str) -> None:
    assert end_of_size(size, date(2028, 5, 1) - AHEAD - timedelta(days=1)) is None
    found = end_of_size(size, date(2028, 5, 1) - AHEAD)
    assert found is not None
    assert found.says(date(2028, 5, 1) - AHEAD).startswith(
        "D, Ds, Dv2, Dsv2 and Ls sizes: retired on 2028-05-01, in 180"
    )
    assert found.says(date(2028, 5, 2)).startswith("D, Ds, Dv2, Dsv2 and Ls sizes: retired on 2028-05-01 (https://")


@pytest.mark.parametrize(
    ("size", "ends"),
    [
        ("Standard_D2s_v3", date(2029, 11, 15)),
        ("Standard_D2_v3", date(2029, 11, 15)),
        ("Standard_E64is_v3", date(2029, 11, 15)),
        ("Standard_DC8ds_v3", date(2029, 10, 31)),
        ("Standard_D2s_v5", None),
    ],
)
def test_what_goes_in_years(size: str, ends: date | None) -> None:
    found = end_of_size(size, date(2029, 9, 1))
    assert (found.ends if found else None) == ends


def test_images_and_agents() -> None:
    assert end_of_image("MicrosoftWindowsServer/WindowsServer/2016-datacenter-smalldisk", TODAY)
    assert end_of_image("microsoftwindowsserver/windowsserver/2019-datacenter", TODAY) is None
    assert end_of_image("canonical/ubuntu-24_04-lts/server", TODAY) is None
    assert end_of_image("almalinux/almalinux-x86_64/9-gen2", TODAY) is None
    assert end_of_agent("batch.node.ubuntu 20.04", TODAY)
    assert end_of_agent("batch.node.ubuntu 22.04", TODAY) is None
    assert end_of_agent("batch.node.ubuntu 22.04", date(2027, 1, 15))


def test_each_row_says_where_and_when_it_was_read() -> None:
    for row in ALL:
        assert row.source.startswith("https://")
        assert row.checked >= date(2026, 11, 28)
        assert row.names or row.series
        assert all(name == name.lower() for name in row.names)
    assert len(ALL) == len(SIZES) + len(AGENTS) + len(IMAGES)


def test_no_series_stands_in_two_rows() -> None:
    told = [series for row in SIZES for series in row.series]
    assert len(told) == len(set(told))
    assert series_of_size("Standard_E16-4s_v5") == ("e", "v5")

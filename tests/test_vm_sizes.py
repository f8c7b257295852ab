"""Cores of a VM size: what the client reads off a name, and what the local service does, each by a table of its own."""

from pathlib import Path

import pytest
import yaml

from batchctl.emulator.wire import vm_sizes as of_the_service
from batchctl.vm_sizes import cores_of_size

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "vm_sizes.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("size", "cores"), CASES.items())
def test_cores(size: str, cores: int) -> None:
    assert (cores_of_size(size), of_the_service.cores_of_size(size)) == (cores, cores)
    assert (cores_of_size(size.upper()), of_the_service.cores_of_size(size.upper())) == (cores, cores)


@pytest.mark.parametrize("size", ["small", "Standard_", "D2s_v5", "Standard_Ds_v5", ""])
def test_a_name_of_another_form_tells_nothing(size: str) -> None:
    assert (cores_of_size(size), of_the_service.cores_of_size(size)) == (None, 1)


def test_sizes_of_cloud_services() -> None:
    assert [of_the_service.cores_of_size(size) for size in ("Small", "Medium", "Large", "ExtraLarge")] == [1, 2, 4, 8]

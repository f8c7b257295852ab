"""Programs that drive a client through all that it can do."""

from pathlib import Path

import pytest

from batchctl import local

from .conftest import folder

HERE = Path(__file__).parent
pytestmark = pytest.mark.clients


def test_azure_batch_14(drive):
    drive(folder() / "batch14/bin/python", HERE / "drive_batch14.py")


def test_npm(drive):
    drive("node", HERE / "drive_npm.js")


def test_published_samples(drive):
    drive(folder() / "batch14/bin/python", HERE / "drive_samples14.py")


def test_snakemake(drive):
    drive(folder() / "snakemake/bin/python", HERE / "drive_snakemake.py")


def test_blob_clients(drive, services: local.Services):
    drive(
        folder() / "blobs/bin/python", HERE / "drive_blobs.py", services.environment["AZURE_STORAGE_CONNECTION_STRING"]
    )

"""Programs that know nothing of the local service and have no key: DefaultAzureCredential signs them in."""

import shutil
import sys
from pathlib import Path

import pytest

from .conftest import BATCHCTL, folder

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
pytestmark = pytest.mark.clients


def test_no_key_is_told(environment):
    assert "AZURE_BATCH_ACCESS_KEY" not in environment
    assert not [value for value in environment.values() if "AccountKey" in value]


def test_the_word_count_in_python(drive):
    drive(sys.executable, HERE / "drive_word_count.py", "python-words")


def test_the_word_count_in_node(drive):
    drive("node", HERE / "drive_word_count.js", "node-words")


def test_other_ways_to_a_token(drive, environment, tmp_path):
    host = environment["AZURE_BATCH_ENDPOINT"]
    without = [
        word for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_TOKEN_CREDENTIALS") for word in ("-u", name)
    ]
    (tmp_path / "token").write_text("any")
    workload = {"AZURE_AUTHORITY_HOST": host, "AZURE_TENANT_ID": "any", "AZURE_CLIENT_ID": "an-app"}
    workload["AZURE_FEDERATED_TOKEN_FILE"] = str(tmp_path / "token")
    program = (sys.executable, HERE / "drive_token.py")
    other = ("env", *without, *program)
    drive(*program, "default", "aio")
    drive(*program, "default", "aio", AZURE_CLIENT_ID="an-app")
    drive(*other, "default", "aio", AZURE_POD_IDENTITY_AUTHORITY_HOST=host.replace("https:", "http:"))
    drive(*other, "default", "aio", **workload)
    drive(*other, "adfs", "undiscovered", AZURE_AUTHORITY_HOST=host)


def test_batchctl_itself(drive, tmp_path):
    for name in ("specs", "node_scripts"):
        shutil.copytree(ROOT / name, tmp_path / name)
    spec = "specs/word-count.yaml"
    azure = ("--target", "azure")
    assert "3 tasks to run" in drive(*BATCHCTL, "plan", spec, *azure)
    drive(*BATCHCTL, "apply", spec, "--yes", *azure)
    assert len(list((tmp_path / "results").iterdir())) == 3
    assert "No changes." in drive(*BATCHCTL, "plan", spec, *azure)
    assert "3 succeeded" in drive(*BATCHCTL, "status", spec, *azure)
    assert drive(*BATCHCTL, "logs", spec, "top-words-*", *azure)
    drive(*BATCHCTL, "destroy", spec, "--yes", *azure)
    assert "No changes." in drive(*BATCHCTL, "destroy", spec, "--yes", *azure)


@pytest.mark.parametrize(
    "words",
    ["login --identity", "login --service-principal -u an-app -p any-secret -t adfs --allow-no-subscriptions"],
)
def test_the_azure_cli(drive, environment, words):
    az = folder() / "az/bin/az"
    drive(az, "cloud", "register", "-n", "here", "--endpoint-resource-manager", environment["AZURE_BATCH_ENDPOINT"])
    drive(az, "cloud", "set", "-n", "here")
    drive(az, "config", "set", "core.instance_discovery=false")
    drive(az, *words.split())
    assert drive(az, "batch", "pool", "list").strip() == "[]"
    name = f"az-{words.split()[1].strip('-')}"
    drive(az, "storage", "container", "create", "-n", name)
    assert name in drive(az, "storage", "container", "list", "--query", "[].name")

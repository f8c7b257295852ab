"""Files as they are sent: who signs for them, and that they are read back as they were asked for."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from batchctl.clock import SystemClock
from batchctl.cloud.clients.sas import Sas
from batchctl.cloud.resources.bodies import output_file_body, read_resource_file, resource_file_body
from batchctl.configurations import IdentityReference
from batchctl.rules import differs
from batchctl.work import OutputFile, ResourceFile

if TYPE_CHECKING:
    from batchctl.cloud.clients.session import Session

STORE, OTHER = "https://store.blob.core.windows.net", "https://other.blob.core.windows.net"
READER = IdentityReference(resource_id="/subscriptions/0/reader")


class Desk:
    """What bodies need of a session."""

    def __init__(self, signs: bool) -> None:
        def signer(_start: object, _expiry: object) -> dict[str, Any]:
            assert signs, "nobody signs for what an identity opens"
            return {"account_key": "bm8ta2V5LWF0LWFsbA=="}

        self.sas = Sas(STORE, "store", signer, SystemClock())


def desk(*, signs: bool) -> "Session":
    return cast("Session", Desk(signs))


FILES = {
    "a blob": (ResourceFile(container="in", blob="a b", file_path="x", identity_reference=READER), f"{STORE}/in/a%20b"),
    "a container": (ResourceFile(container="in", blob_prefix="a/", identity_reference=READER), f"{STORE}/in"),
    "an address": (ResourceFile(http_url=f"{OTHER}/in/a", file_path="a", identity_reference=READER), f"{OTHER}/in/a"),
    "another account": (ResourceFile(storage_container_url=f"{OTHER}/in?sv=1&sig=abc"), f"{OTHER}/in?sv=1&sig=abc"),
    "an open address of ours": (ResourceFile(http_url=f"{STORE}/public/a", file_path="a"), f"{STORE}/public/a"),
    "auto storage": (ResourceFile(auto_storage_container_name="in", blob_prefix="a/"), None),
}


@pytest.mark.parametrize("case", FILES)
def test_what_nobody_signs_for(case: str) -> None:
    file, url = FILES[case]
    body = resource_file_body(desk(signs=False), file)
    assert body.get("httpUrl", body.get("storageContainerUrl")) == url
    assert body.get("identityReference") == ({"resourceId": READER.resource_id} if file.identity_reference else None)
    assert read_resource_file(desk(signs=False), body) == file


@pytest.mark.parametrize("file", [ResourceFile(container="in", blob="a"), ResourceFile(container="in")])
def test_what_is_signed_for(file: ResourceFile) -> None:
    body = resource_file_body(desk(signs=True), file)
    assert "sig=" in body.get("httpUrl", body.get("storageContainerUrl"))
    assert read_resource_file(desk(signs=False), body) == file


def test_where_outputs_go() -> None:
    ours = OutputFile(file_pattern="x", container="out", identity_reference=READER)
    theirs = OutputFile(file_pattern="x", container=f"{OTHER}/out", container_url=f"{OTHER}/out?sig=abc")
    bodies = [output_file_body(desk(signs=False), file, {}) for file in (ours, theirs)]
    places = [body["destination"]["container"] for body in bodies]
    assert [place["containerUrl"] for place in places] == [f"{STORE}/out", f"{OTHER}/out?sig=abc"]
    assert [place.get("identityReference") for place in places] == [{"resourceId": READER.resource_id}, None]
    signed = output_file_body(desk(signs=True), OutputFile(file_pattern="x", container="out"), {})
    assert "sig=" in signed["destination"]["container"]["containerUrl"]


@pytest.mark.parametrize(
    "file",
    [
        ResourceFile(http_url=f"{STORE}/in/a%20b?sv=1&sig=abc", file_path="x"),
        ResourceFile(http_url=f"{STORE}/in/a", file_path="x", identity_reference=READER),
        ResourceFile(storage_container_url=f"{STORE}/in?sv=1&sig=abc", blob_prefix="a/"),
        ResourceFile(storage_container_url=f"{STORE}/in", identity_reference=READER),
    ],
)
def test_what_a_spec_opens_itself_in_our_account_is_no_change(file: ResourceFile) -> None:
    held = read_resource_file(desk(signs=False), resource_file_body(desk(signs=False), file))
    assert held.container == "in"
    assert not differs((held,), (file,))
    for other in (
        replace(file, http_url=None, storage_container_url=f"{STORE}/out?sig=abc"),
        replace(file, file_mode="0700"),
    ):
        assert differs((held,), (other,))

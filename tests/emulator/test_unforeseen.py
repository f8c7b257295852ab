"""Runs and listings that go wrong in ways that nobody foresaw: they end, for a slot waits for each of them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from batchctl.emulator.node.blobs import BlobError, blob_names
from batchctl.emulator.node.outcome import Failed
from batchctl.emulator.node.resource_files import fetch_all
from batchctl.emulator.node.run import Order, Run

PAGE = b"<EnumerationResults><Blobs/><NextMarker>%s</NextMarker></EnumerationResults>"
NO_LISTS = {
    "no XML": [b"<html><p>Sign in"],
    "no text": [b"\xff\xfe\xfd"],
    "nothing": [b""],
    "the same page": [PAGE % b"a"],
    "two pages in turn": [PAGE % b"a", PAGE % b"b"],
}


@pytest.mark.parametrize("pages", NO_LISTS.values(), ids=NO_LISTS)
def test_what_is_no_list_of_blobs_is_told_and_ends(blobs, monkeypatch, tmp_path, pages):
    turns = [*pages] * 1000
    monkeypatch.setattr(blobs, "_list", lambda *_: turns.pop(0))
    with pytest.raises(BlobError):
        list(blob_names(blobs.container("c"), ""))
    with pytest.raises(Failed) as raised:
        fetch_all([{"storageContainerUrl": blobs.container("c")}], tmp_path, lambda: False)
    assert raised.value.failure.code == "BlobDownloadMiscError"
    assert "sig=" not in str(raised.value)


@pytest.mark.parametrize("what", ["resource_files", "output_files"])
def test_a_run_ends_whatever_goes_wrong(tmp_path, what):
    threads = ThreadPoolExecutor(1)
    threads.shutdown()
    order = Order(directory=tmp_path / "t", root=tmp_path, command_line="true", environment={}, **{what: ({},)})
    run = Run(order, threads, None)
    run.make_ready()
    outcome = asyncio.run(run.go())
    assert outcome.failure
    assert outcome.failure.code == "CommandLaunchFailed"
    assert "cannot schedule new futures" in dict(outcome.failure.details)["Message"]

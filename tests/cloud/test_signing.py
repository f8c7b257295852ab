"""Signatures over time: how long they are good, and when others take their place."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError
from azure.storage.blob import UserDelegationKey

from batchctl.cloud.clients.sas import LIFETIME, RENEWED_AFTER, Sas
from batchctl.errors import CloudError
from tests.clock import START, FakeClock

STORE = "https://store.blob.core.windows.net"


class Account:
    """Gives keys as Entra ID delegates them, for at most `longest`."""

    def __init__(self, longest: timedelta = timedelta(days=7)) -> None:
        self.longest, self.asked = longest, list[tuple[datetime, datetime]]()

    def delegate(self, start: datetime, expiry: datetime) -> dict[str, Any]:
        assert expiry - start <= timedelta(days=7), "Azure refuses a longer one"
        self.asked.append((start, expiry))
        key = UserDelegationKey()
        key.signed_oid = key.signed_tid = "11111111-2222-3333-4444-555555555555"
        key.signed_start, key.signed_expiry = (
            f"{start:%Y-%m-%dT%H:%M:%SZ}",
            f"{self._end(start, expiry):%Y-%m-%dT%H:%M:%SZ}",
        )
        key.signed_service, key.signed_version, key.value = "b", "2025-05-05", "a2V5"
        return {"user_delegation_key": key}

    def _end(self, start: datetime, expiry: datetime) -> datetime:
        return min(expiry, start + self.longest)


def end_of(url: str) -> datetime:
    return datetime.strptime(parse_qs(urlsplit(url).query)["se"][0], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def test_one_delegated_key_signs_all_of_a_while() -> None:
    account, clock = Account(), FakeClock()
    sas = Sas(STORE, "store", account.delegate, clock)
    first = sas.sink("out")
    clock.sleep(RENEWED_AFTER)
    assert (sas.sink("out"), len(account.asked)) == (first, 1)
    assert sas.source("in").partition("?")[0] == f"{STORE}/in"
    assert len(account.asked) == 1


def test_signatures_of_a_long_run_are_renewed() -> None:
    account, clock = Account(), FakeClock()
    sas = Sas(STORE, "store", account.delegate, clock)
    first = end_of(sas.sink("out"))
    for hours in range(1, 24 * 30):
        clock.sleep(3600.0)
        left = end_of(sas.sink("out")) - (START + timedelta(hours=hours))
        assert left > LIFETIME - timedelta(hours=2), hours
    assert end_of(sas.sink("out")) > first + timedelta(days=29)
    assert len(account.asked) < 24 * 30


def test_a_signature_ends_no_later_than_its_key() -> None:
    sas = Sas(STORE, "store", Account(timedelta(hours=6)).delegate, FakeClock())
    assert end_of(sas.sink("out")) == START - timedelta(minutes=15) + timedelta(hours=6)


class Faulty(Account):
    """Before it gives a key, it meets these."""

    def __init__(self, *faults: AzureError) -> None:
        super().__init__()
        self.faults = list(faults)

    def delegate(self, start: datetime, expiry: datetime) -> dict[str, Any]:
        if self.faults:
            raise self.faults.pop(0)
        return super().delegate(start, expiry)


def test_a_key_is_asked_for_again_after_a_passing_fault() -> None:
    account = Faulty(ServiceRequestError("reset"), ServiceRequestError("reset"))
    assert Sas(STORE, "store", account.delegate, FakeClock()).sink("out")
    assert not account.faults


def test_a_key_that_is_not_given_is_told_as_a_services_answer() -> None:
    account = Faulty(ClientAuthenticationError("nobody"))
    with pytest.raises(CloudError, match="not signed in"):
        Sas(STORE, "store", account.delegate, FakeClock()).sink("out")

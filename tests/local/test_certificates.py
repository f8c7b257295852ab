"""What https on this machine is signed by: made once, good for this machine alone, and anew before it ends."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from batchctl.local.authority import make_certificate
from batchctl.local.certificates import LIVES, ensure_certificates

FILES = ("server.key", "server.pem", "authority.pem")


def contents(directory: Path) -> list[bytes]:
    return [(directory / name).read_bytes() for name in FILES]


def test_they_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    ensure_certificates(tmp_path)
    made = contents(tmp_path)
    ensure_certificates(tmp_path)
    assert contents(tmp_path) == made
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(FILES)


def test_the_key_of_the_authority_is_nowhere(tmp_path: Path) -> None:
    ensure_certificates(tmp_path)
    assert b"".join(contents(tmp_path)).count(b"PRIVATE KEY") == 2  # the begin and the end of the server's


def test_the_server_is_this_machine_and_no_authority(tmp_path: Path) -> None:
    ensure_certificates(tmp_path)
    server, authority = x509.load_pem_x509_certificates((tmp_path / "server.pem").read_bytes())
    names = server.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    assert [str(name.value) for name in names] == ["localhost", "127.0.0.1", "::1"]
    assert [one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca for one in (server, authority)] == [
        False,
        True,
    ]
    server.verify_directly_issued_by(authority)
    assert [authority] == x509.load_pem_x509_certificates((tmp_path / "authority.pem").read_bytes())


def test_no_client_finds_it_too_long_or_not_yet_begun() -> None:
    now = datetime.now(UTC)
    (server, _) = x509.load_pem_x509_certificates(make_certificate(now, LIVES).chain.encode())
    assert server.not_valid_after_utc - server.not_valid_before_utc <= timedelta(days=825)
    assert server.not_valid_before_utc < now - timedelta(hours=1)


@pytest.mark.parametrize("left", [59, 0, -3])
def test_they_are_made_anew_before_they_end(tmp_path: Path, left: int) -> None:
    ensure_certificates(tmp_path)
    old = make_certificate(datetime.now(UTC) - timedelta(days=LIVES - left), LIVES)
    for name, text in zip(FILES, (old.key, old.chain, old.authority), strict=True):
        (tmp_path / name).write_text(text)
    ensure_certificates(tmp_path)
    assert all(
        new != was.encode() for new, was in zip(contents(tmp_path), (old.key, old.chain, old.authority), strict=True)
    )


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_is_made_with_all_others(tmp_path: Path, name: str) -> None:
    ensure_certificates(tmp_path)
    was = contents(tmp_path)
    (tmp_path / name).unlink()
    ensure_certificates(tmp_path)
    assert not set(contents(tmp_path)) & set(was)


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"])
def test_an_authority_that_cannot_be_read_is_made_anew(tmp_path: Path, text: str) -> None:
    ensure_certificates(tmp_path)
    (tmp_path / "authority.pem").write_text(text)
    ensure_certificates(tmp_path)
    assert b"BEGIN CERTIFICATE" in contents(tmp_path)[2]

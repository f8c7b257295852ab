"""What https on this machine is signed by: made once, good for this machine alone, and anew before it ends."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from batchctl.local.authority import make_certificate, names_of
from batchctl.local.certificates import LIVES, ensure_certificates, write_bundle

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
    assert [str(name.value) for name in names] == ["localhost", "127.0.0.1", "::1", "batchctl.blob.core.localhost"]
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


def blocks(path: Path) -> list[str]:
    return [f"-----BEGIN{block}".strip() for block in path.read_text().split("-----BEGIN")[1:]]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    ensure_certificates(tmp_path)
    return tmp_path


def other(path: Path) -> Path:
    """Somebody else's authority, in a file."""
    path.write_text(f"# ours alone\n{make_certificate(datetime.now(UTC), 10).authority}")
    return path


def test_a_bundle_has_the_authority_and_the_public_ones_once(made: Path) -> None:
    write_bundle(made, {})
    found = blocks(made / "bundle.pem")
    assert found[0] == blocks(made / "authority.pem")[0]
    assert len(found) == len(set(found)) > 100
    assert ssl.create_default_context(cafile=made / "bundle.pem").cert_store_stats()["x509_ca"] == len(found)


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"])
def test_whom_the_environment_names_is_trusted_on(made: Path, name: str) -> None:
    company = other(made / "company.pem")
    write_bundle(made, {name: str(company)})
    assert blocks(made / "bundle.pem") == [*blocks(made / "authority.pem"), *blocks(company)]


def test_it_may_name_a_directory(made: Path) -> None:
    (made / "roots" / "below").mkdir(parents=True)
    files = [other(made / "roots" / name) for name in ("a.0", "b.0")]
    write_bundle(made, {"REQUESTS_CA_BUNDLE": str(made / "roots")})
    assert blocks(made / "bundle.pem")[1:] == [blocks(file)[0] for file in files]


def test_in_a_shell_with_our_own_variables_the_others_stay(made: Path) -> None:
    company = other(made / "company.pem")
    write_bundle(made, {"REQUESTS_CA_BUNDLE": str(company)})
    (made / "authority.pem").unlink()
    ensure_certificates(made)
    write_bundle(made, {"REQUESTS_CA_BUNDLE": str(made / "bundle.pem")})
    assert blocks(made / "bundle.pem") == [*blocks(made / "authority.pem"), *blocks(company)]


@pytest.mark.parametrize("name", ["gone.pem", "bundle.pem"])
def test_a_file_that_is_not_there_is_no_reason_to_trust_nobody(made: Path, name: str) -> None:
    write_bundle(made, {"REQUESTS_CA_BUNDLE": str(made / name)})
    assert len(blocks(made / "bundle.pem")) > 100


def names(directory: Path) -> list[str]:
    return names_of((directory / "server.pem").read_bytes())


def test_a_server_that_is_called_by_other_names_is_certified_for_them(made: Path) -> None:
    was = contents(made)
    ensure_certificates(made, ("batch", "10.0.0.7"))
    assert names(made) == ["localhost", "127.0.0.1", "::1", "batchctl.blob.core.localhost", "batch", "10.0.0.7"]
    now = contents(made)
    assert not set(now) & set(was)
    ensure_certificates(made)
    ensure_certificates(made, ("batch",))
    assert contents(made) == now  # whoever trusts it need not be told again
    ensure_certificates(made, ("emulator.test",))
    assert names(made)[4:] == ["batch", "10.0.0.7", "emulator.test"]


def test_a_certificate_that_cannot_be_read_is_made_anew_where_names_are_wanted(made: Path) -> None:
    (made / "server.pem").write_text("nonsense")
    ensure_certificates(made, ("batch",))
    assert "batch" in names(made)

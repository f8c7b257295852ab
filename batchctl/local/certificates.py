"""The certificates of the local services, and whom programs trust: made when first wanted, and anew before they end.

The authority's key is never on disk: whoever trusts it trusts these services, and nothing that could be made later.
"""

import re
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from batchctl.local.home import write_whole

LIVES, RENEWED_BEFORE = 820, 60
"""Days: some clients take no certificate of more than 825, and a service may run for weeks until its next start."""
_DAY = 24 * 3600.0
_BUNDLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
"""Variables that name whom to trust in place of the public authorities: of them one is read by each kind of client."""


def ensure_certificates(directory: Path, names: tuple[str, ...] = ()) -> None:
    """`server.key`, `server.pem` and `authority.pem` in PEM, made where one is missing, they end soon or the server is
    not called by all of these `names`, as it is by those of loopback."""
    files = [directory / name for name in ("server.key", "server.pem", "authority.pem")]
    good = all(file.exists() for file in files) and _end_of(files[-1]) - time.time() > RENEWED_BEFORE * _DAY
    if good and not names:
        return
    from batchctl.local.authority import make_certificate, names_of  # 0.1 s that the first start alone needs

    known = names_of(files[1].read_bytes()) if good else ()
    if good and set(names) <= set(known):
        return
    made = make_certificate(datetime.now(UTC), LIVES, dict.fromkeys([*known, *names]))
    # The authority last: it is what the next start goes by, if this one is killed here.
    for file, text in zip(files, (made.key, made.chain, made.authority), strict=True):
        write_whole(file, text)


def trust(directory: Path) -> dict[str, str]:
    """The variables by which programs trust these services: that of node names who is trusted besides."""
    bundle = str(directory / "bundle.pem")
    return {**dict.fromkeys(_BUNDLES, bundle), "NODE_EXTRA_CA_CERTS": str(directory / "authority.pem")}


def write_bundle(directory: Path, environ: Mapping[str, str]) -> None:
    """`bundle.pem`: the authority, and whom programs trust anyway: as `environ` names them, else the public ones."""
    bundle = directory / "bundle.pem"
    named = [Path(environ[name]) for name in _BUNDLES if environ.get(name)]
    if bundle in named and bundle.exists():
        others = _certificates(bundle)[1:]  # a shell that has our variables: before them it may have had its own
    else:
        found = [path for path in named if path.exists()][:1] or _public()
        others = [one for path in found for one in _certificates(path)]
    write_whole(bundle, "\n".join(dict.fromkeys([*_certificates(directory / "authority.pem"), *others])) + "\n")


def _public() -> list[Path]:
    from certifi import where

    system = ssl.get_default_verify_paths()
    return [Path(path) for path in (where(), system.cafile or system.capath) if path]


def _certificates(path: Path) -> list[str]:
    """Those of a file, or of the files of a directory."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    texts = [file.read_text(encoding="ascii", errors="replace") for file in files if file.is_file()]
    return re.findall("-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----", "\n".join(texts))


def _end_of(authority: Path) -> float:
    """Seconds since the epoch; 0 for a file that holds no authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(authority)
    except ssl.SSLError:
        return 0.0
    return min((ssl.cert_time_to_seconds(str(found["notAfter"])) for found in context.get_ca_certs()), default=0.0)

"""The certificates of the local services: made when they are first wanted, and anew before they end.

The authority's key is never on disk: whoever trusts it trusts these services, and nothing that could be made later.
"""

import ssl
import time
from datetime import UTC, datetime
from pathlib import Path

from batchctl.local.home import write_whole

LIVES, RENEWED_BEFORE = 820, 60
"""Days: some clients take no certificate of more than 825, and a service may run for weeks until its next start."""
_DAY = 24 * 3600.0


def ensure_certificates(directory: Path) -> None:
    """`server.key`, `server.pem` and `authority.pem` in PEM, made where one is missing or they end soon."""
    files = [directory / name for name in ("server.key", "server.pem", "authority.pem")]
    if all(file.exists() for file in files) and _end_of(files[-1]) - time.time() > RENEWED_BEFORE * _DAY:
        return
    from batchctl.local.authority import make_certificate  # 0.1 s that the first start alone needs

    made = make_certificate(datetime.now(UTC), LIVES)
    # The authority last: it is what the next start goes by, if this one is killed here.
    for file, text in zip(files, (made.key, made.chain, made.authority), strict=True):
        write_whole(file, text)


def _end_of(authority: Path) -> float:
    """Seconds since the epoch; 0 for a file that holds no authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(authority)
    except ssl.SSLError:
        return 0.0
    return min((ssl.cert_time_to_seconds(str(found["notAfter"])) for found in context.get_ca_certs()), default=0.0)

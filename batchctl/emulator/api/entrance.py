"""Who may come in: under which host names, from which pages, and by which signature, token or session."""

import re
import time

from batchctl.emulator.api import auth, browsers
from batchctl.emulator.life.service import Service
from batchctl.emulator.refusals import Refusal

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::[0-9]{1,5})?")


class Entrance:
    """That of one service, under the host names of loopback at one port, and under those that were asked for."""

    def __init__(self, service: Service, port: int) -> None:
        self._service = service
        self._names = frozenset(service.settings.host_names)
        self._hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))

    def admit(self, method: str, path: str, headers: dict[str, str]) -> None:
        """Browsers are kept out, but for the page of the account: a foreign Host is DNS rebinding."""
        # Where such a request ends is read in two ways, and its second half could pass as one of its own (RFC 9112).
        if headers.keys() >= {"transfer-encoding", "content-length"}:
            raise Refusal(
                "InvalidHeaderValue",
                (("HeaderName", "Transfer-Encoding"), ("Reason", "there is a Content-Length beside it")),
                headers={"Connection": "close"},
            )
        host = headers.get("host", "").lower()
        if host not in self._hosts and _name_in(host) not in self._names:
            raise Refusal(
                "AuthenticationFailed", (("AuthenticationErrorDetail", "The Host header is not of this service."),)
            )
        browsers.check_origin(method, path, headers)

    def authenticate(
        self, method: str, raw_path: str, query: list[tuple[str, str]], headers: dict[str, str], base: str
    ) -> None:
        """By a token, or by a signature with the account's key; the page of the account by its session alone. Real time
        counts, as for whoever signed."""
        if raw_path.startswith(browsers.ITS_OWN):
            if not self._service.visitors.knows(browsers.bearer_of(headers), time.monotonic()):
                raise Refusal("Unauthorized", (("Reason", "the page was not let in, or not for as long"),))
            return
        settings, header = self._service.settings, headers.get("authorization", "")
        if header.partition(" ")[0].lower() == "bearer":
            auth.check_token(header, self._service.tokens.read, time.time(), base)
        else:
            auth.check_signature(settings.account, settings.key, time.time(), method, raw_path, query, headers)


def _name_in(host: str) -> str:
    """The name or address in a Host header, whatever its port: a container's is published under another one."""
    found = _HOST.fullmatch(host)
    return (found[1] or found[2]) if found else ""

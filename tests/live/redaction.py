"""What a report may not tell of an account has another word in its place, the same one each time.

The names of the account are known; GUIDs, nodes, addresses and signatures are told by their form. What is left of an
answer is of the service alone, so that answers of two accounts can be compared.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from batchctl.cloud.connect import Target
from batchctl.sensitive import SECRETS

ACCOUNT = "https://account.region.batch.azure.com"
STORAGE = "https://storage.blob.core.windows.net"
GUID = "00000000-0000-4000-8000-000000000000"
SECRET = "REDACTED"

_BEFORE = r"(?:(?<![0-9a-z])|(?<=%[0-9a-f]{2}))"
"""A name of an account is no part of a word; in a URL in a URL it may stand behind %2F."""
_NODE = re.compile(r"(?i)tvm(ps)?[-_][0-9a-z-]+(?=_[pd]\b)|tvm-[0-9]+_[0-9]+-[0-9a-z]+")
_GUID = re.compile(r"(?i)\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_FORMS = (
    (re.compile(r"(?i)(/subscriptions/)[^/\s\"]+(/resourcegroups/)[^/\s\"]+"), rf"\g<1>{GUID}\g<2>group"),
    (re.compile(r"(?i)([?&](?:skoid|sktid|saoid)=)[^&\s\"]+"), rf"\g<1>{SECRET}"),
    (re.compile(r"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9.])"), "10.0.0.1"),
    (re.compile(r"(?i)[0-9a-z-]+\.[0-9a-z-]+\.cloudapp\.azure\.com"), "node.region.cloudapp.azure.com"),
    (
        re.compile(r"(?i)\b[0-9a-z]+\.(blob|queue|table|file|dfs)\.core\.windows\.net"),
        r"storage.\g<1>.core.windows.net",
    ),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "somebody@example.com"),
)


@dataclass
class Redaction:
    """`names` are texts of one account and what stands for each. Nodes are numbered as they come."""

    names: dict[str, str]
    nodes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, target: Target, prefix: str) -> "Redaction":
        names = {
            target.batch_url: ACCOUNT,
            urlsplit(target.batch_url).netloc: urlsplit(ACCOUNT).netloc,
            target.storage_url: STORAGE,
            urlsplit(target.storage_url).netloc: urlsplit(STORAGE).netloc,
            target.batch_account: "account",
            target.storage_account: "storage",
            target.batch_key or "": SECRET,
            target.storage_key or "": SECRET,
            prefix: "live",
        }
        names |= {quote(name, safe=""): quote(stands, safe="") for name, stands in names.items()}
        return cls({name: names[name] for name in sorted(names, key=len, reverse=True) if name})

    def of_value(self, found: Any) -> Any:
        """A JSON value without what is the account's own."""
        match found:
            case str():
                return self.of_text(found)
            case list():
                return [self.of_value(one) for one in found]
            case dict():
                return {self.of_text(name): self.of_value(one) for name, one in found.items()}
        return found

    def of_text(self, text: str) -> str:
        for name, stands in self.names.items():
            text = re.sub(rf"{_BEFORE}{re.escape(name)}(?![0-9a-z])", stands, text, flags=re.IGNORECASE)
        text = _NODE.sub(self._node, text)
        for form, stands in _FORMS:
            text = form.sub(stands, text)
        text = _GUID.sub(GUID, text)
        for form in SECRETS.values():
            text = form.sub(SECRET, text)
        return text

    def _node(self, found: re.Match[str]) -> str:
        return self.nodes.setdefault(found[0].lower(), f"tvmps_{len(self.nodes) + 1:064x}")

    def leaks(self, text: str) -> Iterable[str]:
        """What stands for each of the account's names that are in a text all the same, wherever they stand."""
        return [stands for name, stands in self.names.items() if len(name) > 4 and name.lower() in text.lower()]

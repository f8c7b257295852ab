"""Bodies of Batch's REST API in a spec's words, field by field, as the values of the house say of themselves where
either has them."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any, get_type_hints
from urllib.parse import unquote

import isodate

from batchctl.frozen import dataclass
from batchctl.importing.found import Document, Found
from batchctl.importing.settings import is_secret, setting, variable_of
from batchctl.importing.signed import plain_url
from batchctl.importing.templates import UnsayableError, literal
from batchctl.resources import Image
from batchctl.rest import REST, SPEC, member_of, path_of, without_none
from batchctl.rules import NEVER_TOLD, JsonText, word
from batchctl.sensitive import masked
from batchctl.spec.reading.typed import INTEGER
from batchctl.work import OutputFile, ResourceFile, Settings

BLOB = re.compile(r"(?P<account>https?://[a-z0-9]{3,24}\.blob\.[^/?]+)/(?P<container>[a-z0-9$-]+)(?:/(?P<blob>[^?]+))?")
UNLIMITED = timedelta(days=10_000_000)
OURS = "batchctl_"
"""How names of settings and marks of ours begin, whatever their case."""

DEFAULT = "as by default"
USUAL = {
    "user_scope": "pool",
    "version": "latest",
    "node_fill_type": "spread",
    "job_default_order": "none",
    "resize_timeout": "PT15M",
}
"""What the service, or batchctl, takes where nothing is said, by the fields that say nothing then."""

Say = Callable[[Found], str]


def as_it_is(found: Found) -> str:
    """A text that means itself."""
    try:
        return literal(found.text())
    except UnsayableError:
        found.wrong("no text of a spec stands for this one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`say`: how a text is said in a spec. `account`: where the spec's blobs are, if that is known; `used` gathers it,
    and the containers."""

    say: Say = as_it_is
    account: str = ""
    used: dict[str, Any] = field(default_factory=dict)

    @property
    def containers(self) -> dict[str, Document]:
        found: dict[str, Document] = self.used.setdefault("containers", {})
        return found

    def of(self, found: Found, cls: Any, to: str) -> Document:
        """What of a body has a field in `cls` that a spec has as well; what becomes of it is told."""
        said: Document = {}
        hints = get_type_hints(cls)
        for entry in fields(cls):
            here, there = path_of(entry, REST), path_of(entry, SPEC)
            inner = found.get(*here) if here and there and "observed" not in entry.metadata else None
            if inner is None:
                continue
            value = self._value(inner, entry, without_none(hints[entry.name]), ".".join((to, *there)).lstrip("."))
            if value is not None:
                put(said, there, value)
        return said

    def _value(self, found: Found, entry: Any, kind: Any, to: str) -> Any:
        if kind == Settings:
            return self.settings(found, to) if found.is_list else None
        if (member := member_of(kind)) is not None:
            return self._members(found, member, to)
        if kind is Image:
            return self.of(found, Image, to)
        if kind is JsonText:
            return found.carried(to).plain() if found.at[-1] not in NEVER_TOLD else self._hidden_json(found, to)
        if is_dataclass(kind):
            return self.of(found, kind, to) or None
        if found.at[-1] in NEVER_TOLD:
            return self._hidden(found, to)
        is_word = entry.metadata.get("fold") is word
        value = self._scalar(found, kind, is_word=is_word)
        usual = USUAL.get(entry.name, _plain_default(entry))
        is_usual = value == usual and (kind is not str or is_word or entry.name in USUAL)
        if value is None or is_usual or (value == "" and entry.default is None):
            found.carried(to, DEFAULT)
            return None
        found.carried(to)
        return value

    def _hidden(self, found: Found, to: str) -> str:
        name = found.report.variable(id(found.node), variable_of(found.at))
        found.changed(to, f"a secret is not copied: set {name} in the environment")
        return f"${{env:{name}}}"

    def _hidden_json(self, found: Found, to: str) -> Any:
        """Each of its values."""
        if found.is_mapping:
            return {name: self._hidden_json(inner, to) for name, inner in found.entries()}
        if found.is_list:
            return [self._hidden_json(inner, to) for inner in found.members()]
        return self._hidden(found, to)

    def _members(self, found: Found, member: Any, to: str) -> Any:
        if member is ResourceFile:
            return self.resource_files(found, to)
        if member is OutputFile:
            return self.output_files(found, to)
        if is_dataclass(member):
            return [self.of(inner, member, to) for inner in found.members()] or None
        found.carried(to)
        return [self.say(inner) if member is str else inner.plain() for inner in found.members()] or None

    def _scalar(self, found: Found, kind: Any, *, is_word: bool) -> Any:
        if is_word:
            return found.text().lower()
        if kind is bool:
            return found.truth()
        if kind is int:
            # The SDK takes a number in quotes for one.
            return int(found.text()) if INTEGER.fullmatch(found.text()) else found.whole()
        if kind is timedelta:
            return duration(found)
        if kind is datetime:
            return found.text()
        return self.say(found) if kind is str else found.plain()

    def settings(self, found: Found, to: str) -> list[dict[str, str]]:
        made = []
        for item in found.members():
            name = item.need("name")
            value = item.get("value")
            if name.text().lower().startswith(OURS):
                item.dropped("batchctl's own, which it writes anew")
                continue
            name.covered()
            said = self.say(name)
            if value is None:
                item.carried(to)
                made.append({"name": said, "value": ""})
            else:
                made.append(self._setting(said, value, to))
        return made

    def _setting(self, name: str, value: Found, to: str) -> dict[str, str]:
        if is_secret(name, value.text()):
            return setting(name, value, to)
        value.carried(to)
        return {"name": name, "value": self.say(value)}

    # Files

    def resource_files(self, found: Found, to: str) -> list[Document]:
        return [self._resource_file(item, to, number) for number, item in enumerate(found.members(), 1)]

    def _resource_file(self, item: Found, to: str, number: int) -> Document:
        said = self.of(item, ResourceFileWords, to)
        if (identity := item.get("identityReference", "resourceId")) is not None:
            identity.carried(f"{to}.identityReference")
            said["identityReference"] = {"resourceId": self.say(identity)}
        url = item.get("httpUrl") or item.get("blobSource")
        whole = item.get("storageContainerUrl")
        if url is not None:
            place = self.place(url)
            if place is not None and place[1]:
                url.changed(f"{to}.blob", "batchctl signs what it reads, each time anew")
                return {"blob": f"{place[0]}/{place[1]}", **said}
            return {"httpUrl": plain_url(url, f"{to}.httpUrl", f"SAS_{number}"), **said}
        if whole is not None:
            place = self.place(whole)
            if place is not None:
                whole.changed(f"{to}.container", "batchctl signs what it reads, each time anew")
                return {"container": place[0], **said}
            return {"storageContainerUrl": plain_url(whole, f"{to}.storageContainerUrl", f"SAS_{number}"), **said}
        return said

    def place(self, url: Found) -> tuple[str, str] | None:
        """(container, blob) of an address of the spec's account that a signature opens."""
        text = self.say(url)
        known = self.account or self.used.get("account", "")
        if known and text.startswith(f"{known}/") and "?" in text:
            container, _, blob = text[len(known) + 1 :].partition("?")[0].partition("/")
        else:
            found = BLOB.match(text)
            if found is None or masked(text) == text or (known and found["account"] != known):
                return None
            self.used["account"] = found["account"]
            container, blob = found["container"], found["blob"] or ""
        self.containers.setdefault(container, {"external": True})
        return container, unquote(blob)

    def output_files(self, found: Found, to: str) -> list[Document]:
        return [self._output_file(item, to, number) for number, item in enumerate(found.members(), 1)]

    def _output_file(self, item: Found, to: str, number: int) -> Document:
        there = item.need("destination").need("container")
        url = there.need("containerUrl")
        pattern = item.need("filePattern")
        said: Document = {"filePattern": self.say(pattern.carried(f"{to}.filePattern"))}
        if (place := self.place(url)) is not None:
            url.changed(f"{to}.container", "batchctl signs what it writes, each time anew")
            said["container"] = place[0]
        else:
            said["containerUrl"] = plain_url(url, f"{to}.containerUrl", f"SAS_OUT_{number}")
        if (path := there.get("path")) is not None:
            said["path"] = self.say(path.carried(f"{to}.path"))
        if (identity := there.get("identityReference", "resourceId")) is not None:
            identity.carried(f"{to}.identityReference")
            said["identityReference"] = {"resourceId": identity.text()}
        if (headers := there.get("uploadHeaders")) is not None:
            headers.dropped("batchctl marks what it writes by headers of its own")
        return {**said, **self.upload_condition(item, to)}

    def upload_condition(self, item: Found, to: str) -> Document:
        condition = item.get("uploadOptions", "uploadCondition")
        if condition is None:
            return {}
        name = CONDITIONS.get(condition.text().lower()) or condition.wrong(f"one of {', '.join(CONDITIONS)}")
        condition.carried(f"{to}.uploadCondition")
        return {"uploadCondition": name} if name != "taskSuccess" else {}


CONDITIONS = {"tasksuccess": "taskSuccess", "taskfailure": "taskFailure", "taskcompletion": "taskCompletion"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFileWords:
    """What of a resource file is the same in a spec, wherever it comes from."""

    auto_storage_container_name: str | None = None
    blob_prefix: str | None = None
    file_path: str | None = None
    file_mode: str | None = None


def duration(found: Found) -> str | None:
    """The text of a duration; None for one without end."""
    try:
        length = isodate.parse_duration(found.text())
    except (ValueError, isodate.ISO8601Error):
        found.wrong("a duration is as ISO 8601 has it, such as PT1H30M")
    if not isinstance(length, timedelta) or length > UNLIMITED:
        return None
    return str(isodate.duration_isoformat(length))


def _plain_default(entry: Any) -> Any:
    return str(isodate.duration_isoformat(entry.default)) if isinstance(entry.default, timedelta) else entry.default


def put(document: Document, path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        document = document.setdefault(name, {})
    document[path[-1]] = value


def raw_of(found: Found, names: frozenset[str], top: Sequence[str] = ()) -> Document:
    """What Batch knows and no word of a spec says, in REST's words; `top`: where such things may be, () anywhere."""
    raw: Document = {}
    for left in _unsaid(found, names):
        path = left.at[len(found.at) :]
        if top and path[0] not in top:
            continue
        put(raw, [str(part) for part in path], left.carried("raw").plain())
    return raw


def _unsaid(found: Found, names: frozenset[str]) -> Iterator[Found]:
    for left in list(found.untold()):
        path = left.at[len(found.at) :]
        if all(isinstance(part, str) and part in names for part in path):
            yield left

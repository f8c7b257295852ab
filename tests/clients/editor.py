"""Asks yaml-language-server, as an editor does, what is wrong with files by a schema (LSP over stdio)."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

SERVER = "npm/node_modules/yaml-language-server/bin/yaml-language-server"


def diagnostics(clients: Path, schema: Path, texts: Mapping[str, str]) -> dict[str, list[str]]:
    """What the server says of each text, by its name."""
    command = ["node", str(clients / SERVER), "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin
        assert server.stdout
        try:
            return _asked(server.stdin, server.stdout, schema, texts)
        finally:
            server.kill()


def _asked(to: IO[bytes], of: IO[bytes], schema: Path, texts: Mapping[str, str]) -> dict[str, list[str]]:
    capabilities = {"workspace": {"configuration": True}}
    _say(to, id=0, method="initialize", params={"processId": None, "rootUri": None, "capabilities": capabilities})
    settings = {"validate": True, "schemas": {schema.as_uri(): "*.yaml"}, "schemaStore": {"enable": False}}
    names = {f"file:///corpus/{number}.yaml": name for number, name in enumerate(texts)}
    found: dict[str, list[str]] = {}
    while len(found) < len(texts):
        heard = _heard(of)
        match heard.get("method"):
            case None if heard.get("id") == 0:
                _say(to, method="initialized", params={})
                _say(to, method="workspace/didChangeConfiguration", params={"settings": {"yaml": settings}})
                for uri, name in names.items():
                    document = {"uri": uri, "languageId": "yaml", "version": 1, "text": texts[name]}
                    _say(to, method="textDocument/didOpen", params={"textDocument": document})
            case "workspace/configuration":
                wanted = [settings if one.get("section") == "yaml" else {} for one in heard["params"]["items"]]
                _say(to, id=heard["id"], result=wanted)
            case "textDocument/publishDiagnostics":
                said = [one["message"] for one in heard["params"]["diagnostics"]]
                found[names[heard["params"]["uri"]]] = said
            case str() if "id" in heard:
                _say(to, id=heard["id"], result=None)
    return found


def _say(to: IO[bytes], **message: Any) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    to.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    to.flush()


def _heard(of: IO[bytes]) -> dict[str, Any]:
    length = 0
    while (line := of.readline()) not in (b"\r\n", b""):
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    heard: dict[str, Any] = json.loads(of.read(length))
    return heard

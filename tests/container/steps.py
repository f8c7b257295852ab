"""The steps of the Containerfile, run as a script below a scratch directory: what copies, installs, starts and is asked
for its health, without an engine for containers. Run by scripts/test-container.

Paths of the image lie below the scratch directory, its Python is a virtual environment, and its ports are free ones.
"""

import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import venv
from pathlib import Path

from dockerfile_parse import DockerfileParser

SOURCE = Path(__file__).parents[2]
KEY = "YSBrZXkgdGhhdCBpcyB0b2xkIGJlZm9yZWhhbmQ="
USE = """
import sys
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.storage.blob import BlobServiceClient
key, port, blob_port = sys.argv[1:]
assert list(BatchClient(f"http://localhost:{port}", AzureNamedKeyCredential("batchctl", key)).list_pools()) == []
blobs = BlobServiceClient(f"http://127.0.0.1:{blob_port}/batchctl", credential=key)
blobs.create_container("greetings").upload_blob("b", b"text")
"""


class Image:
    """What stands for the image, as far as its steps have made it."""

    def __init__(self, root: Path) -> None:
        self.root, self.directory, self.paths = root, Path("/"), set[str]()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "BATCH", "PYTHON"))}
        mine = {
            "PIP_CONFIG_FILE": ".config/pip/pip.conf",
            "npm_config_userconfig": ".npmrc",
        }  # registries are the caller's
        found = {name: str(Path.home() / path) for name, path in mine.items() if (Path.home() / path).exists()}
        bins = os.pathsep.join([f"{root}/venv/bin", f"{root}/usr/local/bin", os.environ["PATH"]])
        self.environment = {**found, **kept, "PATH": bins, "HOME": f"{root}/home/batch", "XDG_CACHE_HOME": ""}

    def inside(self, path: str) -> Path:
        return self.root / str(self.directory / path).lstrip("/")

    def relocated(self, text: str) -> str:
        """The text with paths of the image below the scratch directory."""
        for path in sorted(self.paths, key=len, reverse=True):
            text = re.sub(rf"(?<![\w.-/]){re.escape(path)}", lambda _, path=path: f"{self.root}{path}", text)
        return text

    def run(self, words: list[str]) -> None:
        subprocess.run(words, cwd=self.inside("."), env=self.environment, check=True)


def begin(image: Image, value: str) -> None:
    assert "python:3" in value, f"no Python comes from {value}"
    venv.create(image.root / "venv", with_pip=True)


def run(image: Image, value: str) -> None:
    if value.startswith("useradd "):
        image.paths.add("/home/batch")
        image.inside("/home/batch").mkdir(parents=True)
        return
    image.run(["sh", "-c", image.relocated(value)])


def enter(image: Image, value: str) -> None:
    image.directory = image.directory / value
    image.paths.add(str(image.directory))
    image.inside(".").mkdir(parents=True, exist_ok=True)


def copy(image: Image, value: str) -> None:
    *sources, to = value.split()
    target = image.inside(to)
    for source in sources:
        assert f"!{Path(source).parts[0]}" in (SOURCE / ".dockerignore").read_text().split(), f"{source} is ignored"
        if (SOURCE / source).is_dir():
            shutil.copytree(SOURCE / source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            into = target / Path(source).name if to.endswith("/") or len(sources) > 1 else target
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SOURCE / source, into)
    if to.startswith("/"):
        image.paths.add(to)


def set_variable(image: Image, value: str) -> None:
    name, _, text = value.partition("=")
    image.paths.update([text] if text.startswith("/") else [])
    image.environment[name] = image.relocated(text)


STEPS = {"FROM": begin, "RUN": run, "WORKDIR": enter, "COPY": copy, "ENV": set_variable}
NOTED = ("COMMENT", "USER", "EXPOSE")


def serve(image: Image, entrypoint: str, health: str) -> None:
    """Starts it, asks for its health as an engine does, uses it, and ends it as an engine does."""
    port, blob_port = (str(free_port()) for _ in range(2))
    own = [
        "--bind",
        "127.0.0.1",
        "--port",
        port,
        "--blob-port",
        blob_port,
    ]  # of an option that is given twice the last counts
    words = [*json.loads(image.relocated(entrypoint)), *own]
    check = json.loads(health.partition(" CMD ")[2].replace(":10000/", f":{port}/"))
    with subprocess.Popen(words, cwd=image.inside("."), env={**image.environment, "BATCH_KEY": KEY}) as serving:
        try:
            began = time.monotonic()
            assert not healthy(image, check), "it is called healthy before it serves"
            while not healthy(image, check):
                assert serving.poll() is None, f"it ended with {serving.poll()}"
                assert time.monotonic() < began + 60, "it does not become healthy"
            print(f"Healthy after {time.monotonic() - began:.1f} s")
            image.run(["python", "-c", USE, KEY, port, blob_port])
        finally:
            serving.terminate()
    assert serving.returncode == 0, f"it ended with {serving.returncode}"
    assert not healthy(image, check)


def healthy(image: Image, check: list[str]) -> bool:
    return subprocess.run(check, env=image.environment, capture_output=True, check=False).returncode == 0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def main(root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    image, last = Image(root), dict[str, str]()
    text = io.BytesIO((SOURCE / "Containerfile").read_bytes())
    for step in DockerfileParser(fileobj=text).structure:
        name, value = step["instruction"], step["value"]
        print(f"{name} {value}"[:100], flush=True)
        if name in STEPS:
            STEPS[name](image, value)
        elif name in ("ENTRYPOINT", "HEALTHCHECK"):
            last[name] = value
        else:
            assert name in NOTED, f"nothing is known of {name}"
    serve(image, last["ENTRYPOINT"], last["HEALTHCHECK"])


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())

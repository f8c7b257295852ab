"""yaml-language-server marks what batchctl refuses of the corpus, and nothing else."""

from pathlib import Path

import pytest

from batchctl.spec.reading.schema import schema_text
from tests.spec.test_editors import NO_NAMES, refused_by_us, texts

from .conftest import folder
from .editor import diagnostics

pytestmark = pytest.mark.clients
LETS_THROUGH = {"yaml: B09 keys that are no text", "many: at most fifty are told", "version True", "version FALSE"}
"""A number as a key, a key without a value, and a boolean beside `const: 1`: the server says nothing of them."""


def test_the_language_server_and_batchctl_agree(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(schema_text(), encoding="utf-8")
    ours = {name: refused for name, text in texts().items() if (refused := refused_by_us(text)) is not None}
    # Without the line that names the schema where the specs lie.
    written = {name: text.replace("# yaml-language-server:", "#") for name, text in texts().items() if name in ours}
    theirs = diagnostics(folder(), tmp_path / "schema.json", written)
    milder = {name: said for name, said in theirs.items() if said and not ours[name]}
    assert milder == {}
    stricter = {name for name, said in theirs.items() if ours[name] and not said}
    assert stricter - LETS_THROUGH == {f"name {value}" for value in NO_NAMES if value != "-0x2"}

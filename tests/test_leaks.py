"""A test that leaves a secret behind fails, and says where without repeating it."""

import base64
from pathlib import Path

import pytest

from tests import leaks


@pytest.mark.parametrize("text", [leaks.CANARY, base64.b64encode(leaks.CANARY.encode()).decode()])
def test_a_secret_is_found_as_it_is_and_in_base64(text: str, tmp_path: Path) -> None:
    assert leaks.leaked(f"x={text}&y")
    assert not leaks.leaked(text[:-4])
    with pytest.raises(AssertionError, match="a secret stands in here") as caught:
        leaks.check(text, "here")
    assert text not in str(caught.value)
    there = tmp_path / "deep" / "report.html"
    there.parent.mkdir()
    there.write_text(text)
    assert list(leaks.left_in(tmp_path)) == [there]
    there.unlink()

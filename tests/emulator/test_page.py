"""The page that says what the local service serves is the one that the code writes."""

from pathlib import Path

from batchctl.emulator.api.surface import surface_page

PAGE = Path(__file__).parents[2] / "docs/local-service.md"


def test_the_page_is_true():
    assert PAGE.read_text() == surface_page(), "python -m batchctl.emulator.api.surface > docs/local-service.md"

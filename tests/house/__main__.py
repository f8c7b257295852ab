"""`python -m tests.house` writes anew what docs/design.md and CONTRIBUTING.md say of rooms, files and laws."""

from tests.house.code import PACKAGE, House
from tests.house.pages import PAGES, ROOT, written

house = House.at(ROOT / PACKAGE)
for name in PAGES:
    page = ROOT / name
    page.write_text(written(page.read_text(encoding="utf-8"), house), encoding="utf-8")

"""`python -m tests.house` writes anew what docs/design.md and CONTRIBUTING.md say of rooms, files and laws, and
docs/reference/, which says of schemas, commands and errors what they are."""

from tests.documents import reference
from tests.house.code import PACKAGE, House
from tests.house.pages import PAGES, ROOT, written

house = House.at(ROOT / PACKAGE)
for name in PAGES:
    page = ROOT / name
    page.write_text(written(page.read_text(encoding="utf-8"), house), encoding="utf-8")
reference.write()

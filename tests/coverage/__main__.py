"""Writes the definitions of `raw` into the schema, the names that Azure Batch has, and docs/coverage.md."""

import json
from pathlib import Path

from tests.coverage.names import MODULE, module
from tests.coverage.page import PAGE, page
from tests.coverage.tree import raw_definitions

SCHEMA = Path(__file__).parents[2] / "schemas" / "batchctl.schema.json"


def main() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    schema["definitions"] |= raw_definitions()
    SCHEMA.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    MODULE.write_text(module(), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Names of other tools as a spec takes them. Pure."""

import re

LONGEST = 64


def plain_name(text: str, otherwise: str = "imported", longest: int = LONGEST) -> str:
    """With letters, digits, hyphens and underscores alone."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-_")[:longest] or otherwise

"""Counts in words."""


def plural(count: int, word: str) -> str:
    """`1 blob`, `2 blobs`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"

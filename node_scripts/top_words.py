"""Writes the most frequent words of a text file to `<stem>_OUTPUT.txt`, and which task on which node counted them."""

import argparse
import os
import re
from collections import Counter
from pathlib import Path

WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
"""Letters and digits of any script; an apostrophe inside belongs to the word."""

PLACES = {
    "Node": "AZ_BATCH_NODE_ID",
    "Task": "AZ_BATCH_TASK_ID",
    "Job": "AZ_BATCH_JOB_ID",
    "Pool": "AZ_BATCH_POOL_ID",
}


def top_words(text: str, count: int) -> list[tuple[str, int]]:
    """The `count` most frequent words without regard to case; words of equal frequency in the order of the alphabet."""
    words = Counter(WORD.findall(text.casefold()))
    return sorted(words.items(), key=lambda item: (-item[1], item[0]))[:count]


def report(words: list[tuple[str, int]]) -> str:
    """One line for each word, then one for each place."""
    counts = [f"{word}: {count}" for word, count in words]
    places = [f"{place}: {os.environ.get(variable, '(none)')}" for place, variable in PLACES.items()]
    return "\n".join([*counts, "", *places, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--filepath", type=Path, required=True, help="the text, in UTF-8")
    parser.add_argument("--numwords", type=int, required=True, help="how many words")
    given = parser.parse_args()
    output = Path(f"{given.filepath.stem}_OUTPUT.txt")
    output.write_text(report(top_words(given.filepath.read_text(encoding="utf-8"), given.numwords)), encoding="utf-8")
    print(f"Wrote {output}")


if __name__ == "__main__":
    main()

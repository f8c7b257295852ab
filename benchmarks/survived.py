"""What docs/reliability.md says of who survives what, read back from RESULTS.md."""

from benchmarks.results import Results, found

TITLE = "Who survives what"
KINDS = {
    "kill": "SIGKILL before or after a request",
    "transient": "a fault in passing",
    "odd": "an answer that cannot be",
    "permanent": "a fault that stays",
    "race": "two at once",
}
OUTCOMES = {
    "right": "ended right",
    "next": "ended by an error, and the same command again went right",
    "hand": "the same command again ended by an error too",
    "wrong": "ended as if all were well, and it was not",
}
"""From the best to the worst."""
LEFT = "left something in the account"


def survival(results: Results) -> str:
    """Two columns of counts for each kind, ours and the tutorial's; where nothing was measured it says so."""
    if TITLE not in results:
        return "Not measured yet: `python -m benchmarks survival`."
    lines = ["| what befell a request | and it | batchctl | the tutorial's client |", "| --- | --- | --- | --- |"]
    for kind in KINDS.values():
        for outcome in (*OUTCOMES.values(), LEFT):
            if row := found(results, TITLE, f"{kind}: {outcome}"):
                tried, count = row.beside.rpartition("of ")[2].split(": ")
                lines.append(f"| {kind} | {outcome} | {row.ours} | {count} of {tried} |")
    return "\n".join(lines)

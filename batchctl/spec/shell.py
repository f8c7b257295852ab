"""Where in a shell line a value stands, and how it must be written there so that the program sees its exact bytes."""

import shlex

QUOTES = "'\""


def context(before: str) -> str:
    """What surrounds the end of a bash text: `'` or `"` inside quotes, "" outside."""
    stack = [""]
    i = 0
    while i < len(before):
        c, top = before[i], stack[-1]
        if c == "\\" and top != "'":
            i += 1
        elif top == "'":
            if c == "'":
                stack.pop()
        elif c == '"':
            stack.pop() if top == '"' else stack.append('"')
        elif c == "'" and top == "":
            stack.append("'")
        elif before.startswith("$(", i):
            stack.append("")
            i += 1
        elif c == ")" and top == "" and len(stack) > 1:
            stack.pop()
        elif c == "#" and top == "" and (i == 0 or before[i - 1] in " \t\n;&|("):
            i = before.find("\n", i)
            if i < 0:
                break
        i += 1
    return stack[-1]


def bash(value: str, before: str) -> str:
    """`value` as bash text that stands after `before`."""
    match context(before):
        case "'":
            return value.replace("'", "'\\''")
        case '"':
            return "".join(f"\\{c}" if c in '\\"$`' else c for c in value)
        case _:
            return shlex.quote(value)


def cmd(value: str, before: str) -> str:
    """`value` as cmd.exe text. Raises ValueError for what cmd has no way to quote."""
    if set(value) & set('"%\r\n'):
        raise ValueError(f"{value!r} cannot be quoted for cmd.exe")
    quoted = before.count('"') % 2 == 1
    return value if quoted or not set(value) & set(" &|<>^()") else f'"{value}"'

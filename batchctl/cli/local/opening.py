"""batchctl local open: the page of the account in a browser."""

import os
import sys
from typing import Annotated

import typer

from batchctl.cli.speaking import open_page

DISPLAYS = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")


def local_open(
    print_address: Annotated[bool, typer.Option("--print", help="Print the address, and open nothing.")] = False,
) -> None:
    """Look at pools, nodes, jobs, tasks, requests and faults on a page in the browser.

    The address opens the page once, within a minute.
    """
    from batchctl.local.page import page_address

    address, out = page_address(), open_page()
    if not print_address and _opened(address):
        out.result(f"Opened {address.partition('#')[0]} in the browser.")
        return
    if not print_address:
        out.say("No browser opens here. This address opens the page once, within a minute:")
    out.result(address)


def _opened(address: str) -> bool:
    """Whether a browser took it. Where nothing is displayed, one that draws in this terminal would be found."""
    import webbrowser

    shown = sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in DISPLAYS)
    return shown and webbrowser.open(address)

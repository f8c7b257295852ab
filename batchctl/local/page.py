"""The page of the account that the running emulator serves."""

from batchctl.local.running import ask_running


def page_address() -> str:
    """An address that opens the page once, within a minute. Raises CloudError if the services do not run."""
    address: str = ask_running("POST", "/_local/tokens")["address"]
    return address

"""Environment variables of other tools; what has the name of a secret is not copied."""

import re

from batchctl.importing.found import At, Found
from batchctl.importing.templates import UnsayableError, literal
from batchctl.sensitive import is_sensitive, masked

Settings = list[dict[str, str]]


def environment_settings(variables: Found, to: str) -> Settings:
    """Of a mapping of names to values. Raises SpecError."""
    return [setting(name, value, to) for name, value in variables.entries()]


def setting(name: str, value: Found, to: str, text: str | None = None) -> dict[str, str]:
    """One; `text`: its value where that is not what is written."""
    said = value.text() if text is None else text
    if is_secret(name, said):
        value.changed(to, f"a secret is not copied: set {variable_name(name)} in the environment")
        return {"name": name, "value": f"${{env:{variable_name(name)}}}"}
    value.carried(to)
    try:
        return {"name": name, "value": literal(said)}
    except UnsayableError:
        value.wrong("no text of a spec stands for this value")


def is_secret(name: str, text: str) -> bool:
    return is_sensitive(name) or masked(text) != text


def variable_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


def variable_of(at: At) -> str:
    """SUBNET_ID of `network_configuration[0].subnet_id`, COMMAND_TO_EXECUTE of `commandToExecute`."""
    name = next(part for part in reversed(at) if isinstance(part, str))
    return variable_name(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)).upper()

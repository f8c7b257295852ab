"""What is asked for without a signature, for it is how a client comes to one: method and path to handler."""

from batchctl.emulator.api.entra import azure_cli, tokens
from batchctl.emulator.api.entra.tokens import Handler
from batchctl.emulator.identity.principals import ENDPOINT

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/{tenant}/oauth2/v2.0/token", tokens.issue_token),
    ("POST", "/{tenant}/oauth2/token", tokens.issue_token),
    ("GET", "/{tenant}/v2.0/.well-known/openid-configuration", tokens.describe_authority),
    ("GET", "/{tenant}/.well-known/openid-configuration", tokens.describe_authority),
    ("GET", "/{tenant}/discovery/v2.0/keys", tokens.list_keys),
    ("GET", "/{tenant}/discovery/keys", tokens.list_keys),
    ("GET", "/metadata/identity/oauth2/token", tokens.ask_as_node),
    ("GET", ENDPOINT, tokens.ask_as_app_service),
    ("GET", "/metadata/endpoints", azure_cli.describe_cloud),
    ("GET", "/subscriptions", azure_cli.list_subscriptions),
)
_BY_REST = {(method, path.strip("/").partition("/")[2]): (path.split("/")[1], call) for method, path, call in ROUTES}


def find_handler(method: str, raw_path: str) -> tuple[Handler, str] | None:
    """The handler for a path that needs no signature, and the tenant in it; None for all other paths."""
    first, _, rest = raw_path.strip("/").partition("/")
    head, call = _BY_REST.get((method, rest.lower()), ("", None))
    return (call, first) if call and head in (first, "{tenant}") else None

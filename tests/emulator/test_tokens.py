"""Tokens of Entra ID: who gets one, what it says, and which ones the Batch door takes."""

import base64
import json
import socket
import stat
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest

from batchctl.emulator.identity import principals
from batchctl.emulator.identity.claims import BATCH, BATCH_APPLICATION, ISSUERS, claims_of
from batchctl.emulator.identity.peers import is_of_our_user
from batchctl.emulator.identity.principals import TENANT
from batchctl.emulator.identity.tokens import Tokens
from batchctl.local.identity import identity_variables

from .conftest import IMAGE, completed, new_job, text
from .raw import VERSION, Reply, send
from .stand import KEY, until

SECRET = principals.secret_of(base64.b64decode(KEY))
STORAGE = "https://storage.azure.com"
WRONG = "The access token has been obtained from wrong audience or resource"


def ask(local, tenant=TENANT, version="/v2.0", **form: str) -> Reply:
    given = {"grant_type": "client_credentials", "client_id": "an-app", "client_secret": SECRET, **form}
    return send(local.url, "POST", f"/{tenant}/oauth2{version}/token", urlencode(given).encode(), signed=False)


def ask_as_app(local, header=SECRET, **query: str) -> Reply:
    path = f"/_local/identity/token?{urlencode({'api-version': '2019-08-01', 'resource': BATCH, **query})}"
    return send(local.url, "GET", path, headers={"X-IDENTITY-HEADER": header}, signed=False)


def with_token(local, token: str, path=f"/pools?{VERSION}") -> Reply:
    return send(local.url, "GET", path, headers={"Authorization": f"Bearer {token}"}, signed=False)


def claims_in(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


@pytest.mark.parametrize("tenant", [TENANT, "adfs", "common", "11111111-2222-3333-4444-555555555555"])
def test_a_client_asks_for_a_token_and_the_door_takes_it(local, tenant):
    reply = ask(local, tenant, scope=f"{BATCH}/.default", claims="{}", client_info="1")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert (reply.json["token_type"], reply.json["expires_in"]) == ("Bearer", 3600)
    assert with_token(local, reply.json["access_token"]).status == 200


@pytest.mark.parametrize(
    ("form", "version", "audience"),
    [
        ({"scope": f"{BATCH}/.default"}, "/v2.0", BATCH),
        ({"scope": "https://batch.core.windows.net/.default"}, "/v2.0", "https://batch.core.windows.net"),
        ({"scope": f"openid {STORAGE}/.default offline_access"}, "/v2.0", STORAGE),
        ({"resource": BATCH}, "", BATCH),
        ({"scope": f"{BATCH_APPLICATION}/.default"}, "/v2.0", BATCH_APPLICATION),
    ],
)
def test_what_a_token_says(local, form, version, audience):
    before = int(time.time())
    token = ask(local, version=version, **form).json["access_token"]
    keys = send(local.url, "GET", f"/{TENANT}/discovery/v2.0/keys", signed=False).json["keys"]
    key = {key["kid"]: jwt.PyJWK(key) for key in keys}[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=audience)
    assert before <= claims["iat"] <= time.time()
    assert (claims["nbf"], claims["exp"]) == (claims["iat"] - 300, claims["iat"] + 3600)
    assert (claims["tid"], claims["iss"]) == (TENANT, ISSUERS[claims["ver"]])
    assert claims["oid"] == claims["sub"] == principals.principal_of("an-app").object
    assert claims["azp" if audience == BATCH_APPLICATION else "appid"] == "an-app"
    assert with_token(local, token).status == (401 if audience == STORAGE else 200)


def test_what_stands_beside_a_token(local):
    assert ask(local, scope=f"{BATCH}/.default").json.keys() == {
        *("token_type", "access_token", "expires_in", "ext_expires_in"),
    }
    for told in (ask(local, version="", resource=BATCH).json, ask_as_app(local).json):
        assert all(isinstance(value, str) for value in told.values())
        assert int(told["expires_on"]) - int(told["not_before"]) == 3900
        assert (told["resource"], told["expires_in"]) == (BATCH, "3600")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password", "scope": f"{BATCH}/.default"}, 400, "unsupported_grant_type"),
        ({}, 400, "invalid_request"),
        ({"scope": "openid"}, 400, "invalid_request"),
        ({"scope": f"{BATCH}/.default", "client_id": ""}, 400, "invalid_request"),
    ],
)
def test_what_the_token_endpoint_refuses(local, form, status, error):
    reply = ask(local, **form)
    assert (reply.status, reply.json["error"]) == (status, error)
    assert reply.json["error_description"].startswith("AADSTS")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose a connection is")
def test_strangers_of_this_machine_get_no_token(local, monkeypatch):
    assert ask(local, scope=f"{BATCH}/.default", client_secret="any").status == 200
    monkeypatch.setattr("os.getuid", lambda: 4711)
    assert ask(local, scope=f"{BATCH}/.default", client_secret="any").json["error"] == "invalid_client"
    assert ask(local, scope=f"{BATCH}/.default", client_secret="", client_assertion=SECRET).status == 200
    path = f"/metadata/identity/oauth2/token?api-version=2018-02-01&resource={BATCH}"
    assert send(local.url, "GET", path, headers={"Metadata": "true"}, signed=False).status == 403


def cut(local, **other) -> str:
    claims = {**claims_of(principals.DEVELOPER, BATCH, time.time()), **other}
    return signer(local.home).cut({name: value for name, value in claims.items() if value is not None})


@cache
def signer(home: Path) -> Tokens:
    """Cuts tokens as the service does."""
    return Tokens(home / "identity.pem")


@pytest.mark.parametrize(
    ("other", "detail"),
    [
        ({"aud": STORAGE}, f"{WRONG} '{STORAGE}'"),
        ({"aud": [BATCH]}, WRONG),
        ({"aud": None}, WRONG),
        ({"iss": f"https://sts.windows.net/{BATCH_APPLICATION}/"}, "The access token is from the wrong issuer"),
        ({"iss": None}, "The access token is from the wrong issuer"),
        ({"tid": BATCH_APPLICATION}, "The access token is from the wrong issuer"),
        ({"exp": int(time.time()) - 1}, "Lifetime validation failed. The token is expired."),
        ({"exp": None}, "The access token is invalid: it has no lifetime."),
        ({"exp": "soon"}, "The access token is invalid: it has no lifetime."),
        ({"nbf": int(time.time()) + 4000}, "Lifetime validation failed. The token is not yet valid."),
    ],
)
def test_claims_that_the_door_refuses(local, other, detail):
    ask(local, scope=f"{BATCH}/.default")  # the key is there
    assert with_token(local, cut(local)).status == 200
    reply = with_token(local, cut(local, **other))
    assert (reply.status, reply.code) == (401, "AuthenticationFailed")
    assert reply.json["values"][0]["key"] == "AuthenticationErrorDetail"
    assert reply.json["values"][0]["value"].startswith(detail)
    assert reply.json["message"]["value"].startswith(
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly.\n"
    )
    challenge = reply.headers["www-authenticate"]
    assert challenge.startswith(f'Bearer authorization_uri="{local.url}/{TENANT}", resource="{BATCH}"')


def test_tokens_that_were_not_signed_here(local, tmp_path):
    good = ask(local, scope=f"{BATCH}/.default").json["access_token"]
    claims = claims_in(good)
    head, body, signature = good.split(".")
    for bad in (
        Tokens(tmp_path / "key").cut(claims),
        jwt.encode(claims, None, "none"),
        jwt.encode(claims, "a secret that is long enough for it", "HS256"),
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-6]}AAAAAA",
        f"{head}.{jwt.encode({**claims, 'appid': 'other'}, None, 'none').split('.')[1]}.{signature}",
        "nonsense",
        "",
    ):
        reply = with_token(local, bad)
        assert (reply.status, reply.code) == (401, "AuthenticationFailed"), bad
        assert reply.json["values"][0]["value"] == "The access token is invalid."


def test_a_request_without_credentials_is_told_what_is_taken(local):
    reply = send(local.url, "GET", f"/pools?{VERSION}", signed=False)
    assert (reply.status, reply.headers["www-authenticate"]) == (401, f'SharedKey, Bearer resource="{BATCH}"')


def test_the_key_is_its_owners_alone_and_stays(local):
    first = ask(local, scope=f"{BATCH}/.default").json["access_token"]
    assert stat.S_IMODE((local.home / "identity.pem").stat().st_mode) == 0o600
    assert Tokens(local.home / "identity.pem").read(first) == claims_in(first)


@pytest.mark.parametrize("path", ["/adfs", f"/{TENANT}/v2.0", "/common/v2.0"])
def test_what_clients_look_up(local, path):
    found = send(local.url, "GET", f"{path}/.well-known/openid-configuration?x=1", signed=False).json
    tenant = path.split("/")[1]
    assert found["token_endpoint"] == f"{local.url}/{tenant}/oauth2/v2.0/token"
    assert {"authorization_endpoint", "issuer", "jwks_uri"} <= found.keys()


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_form_of_a_virtual_machine(local, slash):
    path = f"/metadata/identity/oauth2/token{slash}?api-version=2018-02-01&resource={BATCH}&client_id=mine"
    reply = send(local.url, "GET", path, headers={"Metadata": "true"}, signed=False)
    assert reply.json.keys() >= {"access_token", "expires_in", "expires_on", "resource", "token_type", "not_before"}
    assert claims_in(reply.json["access_token"])["appid"] == reply.json["client_id"] == "mine"
    assert send(local.url, "GET", path, signed=False).json["error"] == "bad_request_102"


def test_the_form_of_an_app_service(local):
    reply = ask_as_app(local)
    assert claims_in(reply.json["access_token"])["appid"] == principals.DEVELOPER.client
    assert with_token(local, reply.json["access_token"]).status == 200
    assert ask_as_app(local, mi_res_id="/subscriptions/s/x").json["client_id"] != reply.json["client_id"]
    assert ask_as_app(local, header="wrong").status == 401
    assert ask_as_app(local, header="").status == 401
    assert ask_as_app(local, resource="").json["error"] == "invalid_resource"


def test_web_pages_get_no_token(local):
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
        reply = send(
            local.url, "GET", "/_local/identity/token", headers={"X-IDENTITY-HEADER": SECRET, **headers}, signed=False
        )
        assert reply.status == 403


IDENTITY = "/subscriptions/s/resourceGroups/r/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
ASK = """
import json, os, sys, urllib.request
request = urllib.request.Request(os.environ["IDENTITY_ENDPOINT"] + "?api-version=2019-08-01&" + sys.argv[1])
request.add_header("X-IDENTITY-HEADER", os.environ["IDENTITY_HEADER"])
print(urllib.request.urlopen(request).read().decode())
"""


def pool_with(local, client, pool_id: str, *identities: dict[str, str]) -> list[dict[str, str]]:
    """A pool of one node with these identities, as they are shown."""
    asked = {
        "id": pool_id,
        "vmSize": "Standard_D2s_v5",
        "targetDedicatedNodes": 1,
        "virtualMachineConfiguration": {
            "imageReference": IMAGE.as_dict(),
            "nodeAgentSKUId": "batch.node.ubuntu 24.04",
        },
        **({"identity": {"type": "UserAssigned", "userAssignedIdentities": list(identities)}} if identities else {}),
    }
    assert send(local.url, "POST", f"/pools?{VERSION}", asked).status == 201
    until(lambda: [node.state for node in client.list_nodes(pool_id)] == ["idle"], "an idle pool")
    shown = send(local.url, "GET", f"/pools/{pool_id}?{VERSION}").json.get("identity", {})
    return shown.get("userAssignedIdentities", [])


def header_in(local, client, pool_id: str) -> str:
    """What the tasks of its node show."""
    return principals.header_of(base64.b64decode(KEY), pool_id, next(iter(client.list_nodes(pool_id))).id)


def test_a_task_is_its_pools_identity(local, client, name):
    [identity] = pool_with(local, client, name, {"resourceId": f"{IDENTITY}/one"})
    assert identity.keys() == {"resourceId", "clientId", "principalId"}
    job = new_job(client, name, name)
    command = f"{sys.executable} -c '{ASK}' resource={BATCH}"
    send(local.url, "POST", f"/jobs/{job}/tasks?{VERSION}", {"id": "t", "commandLine": command})
    found = json.loads(text(client, completed(client, job, "t")))
    claims = claims_in(found["access_token"])
    assert (claims["appid"], claims["oid"], claims["xms_mirid"]) == (
        identity["clientId"],
        identity["principalId"],
        identity["resourceId"],
    )
    assert with_token(local, found["access_token"]).status == 200


def test_a_pool_without_an_identity_has_none_to_ask(local, run, client):
    task = run("/bin/sh -c 'env | grep ^IDENTITY || echo none'")
    assert text(client, task) == "none\n"


def test_which_identity_a_task_means(local, client, name):
    two = {"resourceId": f"{IDENTITY}/two", "clientId": "the-client", "principalId": "the-principal"}
    one, other = pool_with(local, client, name, {"resourceId": f"{IDENTITY}/one"}, two)
    header = header_in(local, client, name)
    assert other == two
    for query, client_id in (
        ({"client_id": one["clientId"]}, one["clientId"]),
        ({"client_id": "THE-CLIENT"}, "the-client"),
        ({"principal_id": "the-principal"}, "the-client"),
        ({"mi_res_id": one["resourceId"].upper()}, one["clientId"]),
    ):
        assert ask_as_app(local, header, **query).json["client_id"] == client_id, query
    for query, why in (
        ({}, "Multiple user assigned identities exist"),
        ({"client_id": "stranger"}, "Identity not found"),
        ({"client_id": "the-client", "mi_res_id": one["resourceId"]}, "Identity not found"),
    ):
        reply = ask_as_app(local, header, **query)
        assert (reply.status, reply.json["error"]) == (400, "invalid_request")
        assert reply.json["error_description"].startswith(why)


def test_the_secret_of_a_node_is_good_for_that_node_alone(local, client, name):
    pool_with(local, client, name, {"resourceId": f"{IDENTITY}/one"})
    pool, node, mark = header_in(local, client, name).split("/")
    assert ask_as_app(local, f"{pool}/{node}/{mark}").status == 200
    for wrong in (f"{pool}/{node}x/{mark}", f"other/{node}/{mark}", f"{pool}/{node}/{mark[:-1]}", f"{pool}/{node}"):
        assert ask_as_app(local, wrong).status == 401
    send(local.url, "DELETE", f"/pools/{name}?{VERSION}")
    until(lambda: ask_as_app(local, f"{pool}/{node}/{mark}").status == 401, "the end of the pool")


def test_faults_of_batch_are_none_of_entra(local):
    send(local.url, "POST", "/_local/faults", {"kind": "request", "status": 503})
    assert ask(local, scope=f"{BATCH}/.default").status == 200
    assert send(local.url, "GET", f"/pools?{VERSION}").status == 503
    send(local.url, "DELETE", "/_local/faults")


def test_the_variables_of_the_developer_are_those_that_the_service_takes(local):
    given = identity_variables(local.url, KEY)
    assert given["IDENTITY_ENDPOINT"] == f"{local.url}/_local/identity/token"
    assert ask_as_app(local, given["IDENTITY_HEADER"]).status == 200


def test_what_the_azure_cli_asks_when_somebody_signs_in(local):
    cloud = send(local.url, "GET", "/metadata/endpoints?api-version=2022-09-01", signed=False).json
    assert (cloud["resourceManager"], cloud["authentication"]["loginEndpoint"]) == (local.url, local.url)
    assert cloud["batch"] == BATCH
    [found] = send(local.url, "GET", "/subscriptions?api-version=2022-12-01", signed=False).json["value"]
    assert (found["tenantId"], found["state"]) == (TENANT, "Enabled")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose a connection is")
@pytest.mark.parametrize(
    ("family", "address"),
    [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::ffff:127.0.0.1")],
    ids=["IPv4", "mapped"],
)
def test_whose_a_connection_is(family, address, monkeypatch):
    """Java's sockets are of the second kind."""
    with socket.socket() as listening, socket.socket(family) as asking:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1)
        port = listening.getsockname()[1]
        asking.connect((address, port))
        with listening.accept()[0] as served:
            peer = served.getpeername()
            assert is_of_our_user(peer, port)
            assert not is_of_our_user(("127.0.0.2", peer[1]), port)
            assert not is_of_our_user((peer[0], port), port)
            assert not is_of_our_user(("::1", peer[1]), port)
            assert not is_of_our_user(None, port)
            monkeypatch.setattr("os.getuid", lambda: 4711)
            assert not is_of_our_user(peer, port)

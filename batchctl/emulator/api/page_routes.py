"""The page of the account, below /_local: itself, the token and the session that open it, and what it asks for."""

import os
import time
from urllib.parse import urlsplit

from batchctl.emulator.api import browsers, jobs, pools, tasks
from batchctl.emulator.api.nodes import find_node
from batchctl.emulator.identity import peers
from batchctl.emulator.life.service import Service
from batchctl.emulator.page import document, glance
from batchctl.emulator.refusals import Refusal, bad_query
from batchctl.emulator.visitors import TOKEN_LIVES
from batchctl.emulator.wire.messages import Answer, Call, page_bounds


def show_page(service: Service, call: Call) -> Answer:  # noqa: ARG001 - a handler takes both
    """The document. Whoever asks learns no more than that a service is here."""
    content, headers = document.document()
    return Answer(200, headers=headers, content=content)


def create_token(service: Service, call: Call) -> Answer:
    """An address that opens the page once, for who has the account's key."""
    token = service.visitors.invite(time.monotonic())
    # Behind the #, which no browser sends to anybody: no log holds it.
    return Answer(201, {"address": f"{call.base}{browsers.PAGE}/#token={token}", "seconds": TOKEN_LIVES})


def open_session(service: Service, call: Call) -> Answer:
    """A token is traded for the session of one page, in a browser of the user who runs the service.

    The browser is started with the address, and what is started with what all users of a machine may see.
    """
    user = peers.user_of(call.peer, urlsplit(service.url).port or 0)
    if user not in (None, 0, os.getuid()):  # not told from a container; root relays for others, and may do all anyway
        raise Refusal("AuthenticationFailed", (("AuthenticationErrorDetail", "It is another user who asks."),))
    session = service.visitors.enter(browsers.bearer_of(call.headers), time.monotonic())
    if session is None:
        raise Refusal("Unauthorized", (("Reason", "the token was used, or is older than a minute"),))
    return Answer(201, {"session": session})


def show_account(service: Service, call: Call) -> Answer:
    return Answer(200, glance.account(service, page_bounds(call)[0]))


def show_job(service: Service, call: Call) -> Answer:
    look = call.query.get("look", "")
    if look and look not in glance.LOOKS:
        raise bad_query("look", look[:80], f"one of {', '.join(glance.LOOKS)} is wanted")
    return Answer(200, glance.tasks_of(service, jobs.find_job(service, call), look, page_bounds(call)[0]))


def show_task(service: Service, call: Call) -> Answer:
    return Answer(200, glance.task(service, *tasks.find_task(service, call)))


def show_node(service: Service, call: Call) -> Answer:
    return Answer(200, glance.node(service, pools.find_pool(service, call), find_node(service, call)))

"""What all doors of identity need: the parts, and how somebody comes in."""

from typing import cast

from flask import current_app, request

from services.chassis.caller import Caller
from services.chassis.web import Forbidden, caller, client_address
from services.identity.parts import Parts
from services.identity.usecases.sessions import Entry

WEB_MARK = "X-Portal-Web"
"""The gateway's portal sets it to ``1`` when it logs a browser in; the gateway takes it from any other request."""


DEVICE_NAME = "X-Portal-Device"
"""An opaque name by which the portal's cookie or an app knows its device again; says nothing of who may come in."""


def parts() -> Parts:
    """Give the service's parts."""
    return cast("Parts", current_app.extensions["parts"])


def entry() -> Entry:
    """Give how the caller of this request comes in."""
    return Entry(
        is_web=request.headers.get(WEB_MARK) == "1",
        address=client_address(),
        user_agent=request.headers.get("User-Agent"),
        device=request.headers.get(DEVICE_NAME, "")[:100] or None,
    )


def account_holder() -> Caller:
    """Give the account that makes this request. Raises Unauthenticated; Forbidden for every other kind of caller."""
    who = caller()
    if who.kind != "account":
        raise Forbidden
    return who

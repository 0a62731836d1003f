"""What all doors of identity need: the parts, and how somebody comes in."""

from typing import cast

from flask import current_app, request

from services.chassis.web import client_address
from services.identity.parts import Parts
from services.identity.usecases.sessions import Entry

WEB_MARK = "X-Portal-Web"
"""The gateway's portal sets it to ``1`` when it logs a browser in; the gateway takes it from any other request."""


def parts() -> Parts:
    """Give the service's parts."""
    return cast("Parts", current_app.extensions["parts"])


def entry() -> Entry:
    """Give how the caller of this request comes in."""
    return Entry(is_web=request.headers.get(WEB_MARK) == "1", address=client_address())

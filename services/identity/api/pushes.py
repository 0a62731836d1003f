"""Push notices to a device that one's own account is logged in on."""

import json
from typing import Annotated

from apiflask import APIBlueprint
from pydantic import Field, StringConstraints

from services.chassis.web import Ask
from services.identity.api.doors import account_holder, parts
from services.identity.domain.pushes import LONGEST_ADDRESS, Platform, PushAddressIncomplete
from services.identity.usecases import pushes

bp = APIBlueprint("pushes", __name__)

Base64Url = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,200}={0,2}$")]


class PushKeys(Ask):
    """What a browser's subscription is encrypted with (RFC 8291)."""

    p256dh: Base64Url
    auth: Base64Url


class PushAsk(Ask):
    """Where notices go; without a platform: nowhere any more."""

    platform: Platform | None = None
    token: Annotated[str, StringConstraints(pattern=rf"^[!-~]{{8,{LONGEST_ADDRESS}}}$")] | None = Field(
        None, repr=False
    )
    """Of an app on ``ios`` or ``android``."""
    endpoint: Annotated[str, StringConstraints(pattern=r"^https://[!-~]{1,2000}$")] | None = Field(None, repr=False)
    """Of a browser (``web``), with its *keys*."""
    keys: PushKeys | None = Field(None, repr=False)


@bp.put("/me/devices/<session>/push")
@bp.input(PushAsk, arg_name="ask")
def set_push(session: str, ask: PushAsk) -> tuple[str, int]:
    """Let a device get notices, or none any more."""
    who = account_holder()
    with parts().db.begin() as tx:
        pushes.set_push(tx, who, session, _destination(ask), parts().clock.now())
    return "", 204


def _destination(ask: PushAsk) -> pushes.Destination | None:
    if ask.platform is None:
        return None
    if ask.platform != "web":
        if ask.token is None:
            raise PushAddressIncomplete(field="token")
        return pushes.Destination(ask.platform, ask.token)
    if ask.endpoint is None or ask.keys is None:
        raise PushAddressIncomplete(field="endpoint" if ask.endpoint is None else "keys")
    subscription = {"endpoint": ask.endpoint, "keys": {"p256dh": ask.keys.p256dh, "auth": ask.keys.auth}}
    return pushes.Destination("web", json.dumps(subscription, sort_keys=True))

"""The devices that one's own account is logged in on."""

from datetime import datetime

from apiflask import APIBlueprint
from pydantic import Field

from services.chassis.devices import device_in
from services.chassis.web import Answer, answer_language
from services.identity.api.doors import account_holder, parts
from services.identity.usecases import devices

bp = APIBlueprint("devices", __name__)


class DeviceAnswer(Answer):
    """A log-in: kind of device in words, shortened address."""

    id: str
    device: str
    began_at: datetime
    last_used_at: datetime
    address: str | None
    is_current: bool = Field(serialization_alias="current")


class DevicesAnswer(Answer):
    """Open log-ins, the newest first."""

    devices: list[DeviceAnswer]


@bp.get("/me/devices")
@bp.output(DevicesAnswer)
def find() -> DevicesAnswer:
    """List the devices that are logged in."""
    who = account_holder()
    with parts().db.read() as tx:
        found = devices.find_devices(tx, who, parts().clock.now())
    language = answer_language()
    listed = [DeviceAnswer(**vars(one) | {"device": device_in(language, one.device)}) for one in found]
    return DevicesAnswer(devices=listed)


@bp.delete("/me/devices/<session>")
def end(session: str) -> tuple[str, int]:
    """Log a device out at once."""
    who = account_holder()
    with parts().db.begin() as tx:
        devices.end_device(tx, who, session, parts().clock.now())
    return "", 204

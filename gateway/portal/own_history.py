"""Who did and opened what in one's own account, and on which devices it is logged in."""

from typing import Any

from flask import Blueprint, render_template, request

from gateway.portal import calls, gates
from gateway.portal.calls import Refused
from gateway.portal.paging import page_of
from gateway.portal.refusals import app_redirect

blueprint = Blueprint("own_history", __name__)

PAGE = 50
DEVICES_SHOWN = 20


@blueprint.get("/me/activity")
@gates.open_to("account")
def activity() -> Any:
    """Show what happened, newest first."""
    cursor = request.args.get("cursor", "")
    query = f"?limit={PAGE}" + (f"&cursor={calls.at('{}', cursor)}" if cursor else "")
    found = calls.ask("identity", "GET", f"/me/activity{query}")
    return render_template("own_activity.html", activities=found.get("activities", []), next=found.get("next"))


def _devices() -> list[dict[str, Any]]:
    found = calls.ask("identity", "GET", "/me/devices").get("devices", [])
    return sorted(found, key=lambda one: not one["current"])


@blueprint.get("/me/devices")
@gates.open_to("account")
def devices() -> Any:
    """Show where the account is logged in, this device first."""
    page = page_of(_devices(), DEVICES_SHOWN, request.args.get("page"))
    return render_template("own_devices.html", page=page, is_done="done" in request.args)


@blueprint.post("/me/devices/end")
@gates.open_to("account")
def end() -> Any:
    """Log one device out."""
    _log_out(request.form.get("device", ""))
    return app_redirect("/me/devices?done=1")


@blueprint.post("/me/devices/end-others")
@gates.open_to("account")
def end_others() -> Any:
    """Log all devices out but this one."""
    for one in _devices():
        if not one["current"]:
            _log_out(str(one["id"]))
    return app_redirect("/me/devices?done=1")


def _log_out(device_id: str) -> None:
    """Log a device out; one that is logged out already stays so."""
    try:
        calls.ask("identity", "DELETE", calls.at("/me/devices/{}", device_id))
    except Refused as refused:
        if refused.slug != "device-not-found":
            raise

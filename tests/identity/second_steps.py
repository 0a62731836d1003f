"""Setting up second factors and answering challenges, as a client does."""

from datetime import datetime, timedelta
from typing import Any

import pyotp

from tests.identity.conftest import PASSWORD, House
from tests.identity.software_passkey import SoftwarePasskey

STEP = timedelta(seconds=30)


def app_code(secret: str, at: datetime) -> str:
    """Give what an authenticator app shows."""
    return pyotp.TOTP(secret).at(at)


def begin_factor(house: House, token: str, kind: str = "totp", status: int = 201, **more: Any) -> Any:
    """Begin to set up a second factor."""
    body = {"kind": kind, "name": "Mine", "password": PASSWORD} | more
    return house.call("POST", "/me/second-factors", status, token, json=body)


def confirm(house: House, token: str, factor_id: str, status: int = 200, **proof: Any) -> Any:
    """Put a factor into use."""
    return house.call("POST", f"/me/second-factors/{factor_id}/confirmation", status, token, json=proof)


def add_app(house: House, token: str) -> tuple[str, list[str]]:
    """Set up an authenticator app; give its secret and the recovery codes. The next code comes with the next step."""
    begun = begin_factor(house, token)
    codes = confirm(house, token, begun["id"], code=app_code(begun["secret"], house.clock.now()))["recoveryCodes"]
    house.clock.advance(STEP)
    return begun["secret"], codes


def add_passkey(house: House, token: str, passkey: SoftwarePasskey | None = None) -> SoftwarePasskey:
    """Set up a passkey."""
    passkey = passkey or SoftwarePasskey()
    begun = begin_factor(house, token, "passkey")
    confirm(house, token, begun["id"], credential=passkey.make(begun["options"]))
    return passkey


def challenged(house: House, **more: Any) -> Any:
    """Give the challenge that a right password brings."""
    return house.log_in(status=200, **more)


def answer(house: House, challenge: Any, status: int = 201, **proof: Any) -> Any:
    """Answer a challenge."""
    return house.call("POST", f"/sessions/challenges/{challenge['challengeId']}", status, json=proof)


def answer_by_app(house: House, challenge: Any, code: str, status: int = 201) -> Any:
    """Answer a challenge by an app's code."""
    return answer(house, challenge, status, method="totp", code=code)


def answer_by_recovery(house: House, challenge: Any, code: str, status: int = 201) -> Any:
    """Answer a challenge by a recovery code."""
    return answer(house, challenge, status, method="recovery-code", code=code)


def find_factors(house: House, token: str) -> Any:
    """Give the list of second factors."""
    return house.call("GET", "/me/second-factors", 200, token)


def remove_factor(house: House, token: str, factor_id: str, status: int = 204, password: str = PASSWORD) -> Any:
    """Remove a second factor."""
    return house.call("DELETE", f"/me/second-factors/{factor_id}", status, token, json={"password": password})

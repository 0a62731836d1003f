"""Accounts at identity as the gateway sees them: opening one, second steps, a forgotten password, and one's own."""

import secrets
from typing import Any

from flask import Flask, Response, request

from tests.gateway.upstreams.known import Services, problem

OPTIONS = {
    "challenge": "Y2hhbGxlbmdl",
    "rpId": "portal.example",
    "allowCredentials": [{"id": "a2V5", "type": "public-key"}],
}
LONG_ID = "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(1364))
CHALLENGE = {"challengeId": "ch1", "methods": ["totp", "passkey", "recovery-code"], "passkeyOptions": OPTIONS}
QUESTION = {
    "id": "k1",
    "text": "In which month was it?",
    "choices": [{"id": "c1", "label": "May"}, {"id": "c2", "label": "June"}],
}
SECRET = "JBSWY3DPEHPK3PXP"
CODES = [f"aaaa-bbb{number}" for number in range(10)]


def invalid(*fields: str, slug: str = "value-refused", **facts: int) -> Response:
    return problem(422, slug, errors=[{"field": one, "slug": slug} for one in fields], **facts)


def wrong_password() -> Response | None:
    return None if request.get_json().get("password") == "right" else problem(403, "wrong-password")


def add_accounts(app: Flask, kept: Services) -> None:
    _add_registration(app)
    _add_validation(app)
    _add_second_steps(app, kept)
    _add_forgotten(app)
    _add_own(app)
    _add_credentials(app)
    _add_devices(app)
    _add_second_factors(app)


def _add_registration(app: Flask) -> None:
    @app.post("/registrations")
    def begin() -> Any:
        asked = request.get_json()
        if asked["dateOfBirth"] > "2008-11-24":
            return problem(403, "minor-no-account")
        if asked["zip"] == "x":
            return invalid("zip")
        steps = {None: "questions", "GOOD": "credentials"}
        step = steps.get(asked.get("invitationCode"))
        return (
            ({"registrationId": "reg-1", "next": step}, 201)
            if step
            else invalid("invitationCode", slug="invitation-refused")
        )

    @app.get("/registrations/reg-1/questions")
    def questions() -> Any:
        return {"questions": [QUESTION, QUESTION | {"id": "k2", "text": "Which doctor?"}]}

    @app.post("/registrations/reg-1/answers")
    def answer() -> Any:
        chosen = {one["questionId"]: one["choice"] for one in request.get_json()["answers"]}
        return {"next": "credentials"} if chosen == {"k1": "c1", "k2": "c2"} else problem(403, "identity-not-verified")

    @app.post("/registrations/reg-1/credentials")
    def credentials() -> Any:
        asked = request.get_json()
        if asked["userId"] == "taken":
            return problem(409, "user-id-taken")
        if asked["userId"] == "late":
            return problem(410, "registration-over")
        return (
            invalid("password", slug="password-too-common") if asked["password"] == "short" else {"next": "validation"}
        )


def _add_validation(app: Flask) -> None:
    @app.post("/registrations/reg-1/validation")
    def validate() -> Any:
        if request.get_json()["code"] == "222222":
            return problem(409, "user-id-taken")
        is_right = request.get_json()["code"] == "123456"
        return ({"account": {"userId": "marisol"}}, 201) if is_right else problem(403, "validation-code-refused")

    @app.post("/registrations/reg-1/validation-codes")
    def send_again() -> Any:
        return {}, 202


def _add_second_steps(app: Flask, kept: Services) -> None:
    @app.post("/sessions/challenges/ch1")
    def challenge() -> Any:
        asked = request.get_json()
        if asked.get("code") == "000000":
            return problem(410, "challenge-over")
        is_right = asked in (
            {"method": "totp", "code": "123456"},
            {"method": "recovery-code", "code": "aaaa-bbb0"},
            {"method": "passkey", "credential": {"id": "a2V5"}},
        )
        return (kept.pair("identity", "account"), 201) if is_right else problem(401, "second-factor-wrong")

    @app.post("/passkey-sessions")
    def passkey() -> Any:
        asked = request.get_json()
        if not asked:
            return {"challengeId": "pk1", "options": OPTIONS}
        is_right = asked == {"challengeId": "pk1", "credential": {"id": "a2V5"}}
        return (kept.pair("identity", "account"), 201) if is_right else problem(401, "second-factor-wrong")


def _add_forgotten(app: Flask) -> None:
    @app.post("/password-resets")
    def reset() -> Any:
        return {"id": "reset-1"}, 202

    @app.post("/password-resets/reset-1")
    def finish() -> Any:
        asked = request.get_json()
        if asked["code"] != "123456":
            return problem(403, "validation-code-refused")
        if asked["password"] == "common":
            return invalid("password", slug="password-too-common")
        return invalid("password", slug="password-refused", least=15) if len(asked["password"]) < 15 else {}

    @app.post("/user-id-reminders")
    def remind() -> Any:
        return {}, 202


def _add_own(app: Flask) -> None:
    @app.patch("/me/preferences")
    def prefer() -> Any:
        return request.get_json()

    @app.get("/me/activity")
    def activity() -> Any:
        one = {
            "at": "2026-11-23T20:30:00Z", "who": "Dr. <b>Grey</b>", "action": "share.opened", "device": "Firefox",
            "text": "Opened the link", "examId": "e1", "address": "203.0.113.x",
        }  # fmt: skip
        return {"activities": [one], "next": "7" if "cursor" not in request.args else None}

    @app.post("/me/icodes")
    def add_visit() -> Any:
        asked = request.get_json()
        if asked["icode"] == "BORN" and "dateOfBirth" not in asked:
            return problem(422, "date-of-birth-needed")
        if asked["icode"] == "OTHER":
            return problem(409, "record-not-addable")
        is_right = asked["icode"] in {"7K2MQ-4XW9-P3TB", "BORN"}
        return ({"records": []}, 201) if is_right else problem(401, "icode-unknown")

    @app.get("/me/export")
    def export() -> Any:
        return Response(
            b'{"userId": "marisol"}',
            content_type="application/json",
            headers={"Content-Disposition": 'attachment; filename="account.json"'},
        )


def _add_credentials(app: Flask) -> None:
    @app.post("/me/email")
    def email() -> Any:
        if request.get_json()["email"] == "often@example.com":
            return problem(429, "too-many-code-mails")
        return wrong_password() or ({"id": "mail-1"}, 202)

    @app.post("/me/email/mail-1")
    def confirm_email() -> Any:
        is_right = request.get_json()["code"] == "123456"
        return {"email": "n•••w@example.com"} if is_right else problem(403, "validation-code-refused")

    @app.put("/me/password")
    def password() -> Any:
        is_short = len(request.get_json()["newPassword"]) < 15
        return wrong_password() or (
            invalid("newPassword", slug="password-refused", least=15) if is_short else ("", 204)
        )

    @app.delete("/me")
    def close() -> Any:
        return wrong_password() or ("", 204)


def _add_devices(app: Flask) -> None:
    @app.get("/me/devices")
    def devices() -> Any:
        here = {
            "id": "d1", "device": "Chrome on Windows", "beganAt": "2026-11-24T20:00:00Z", "current": True,
            "lastUsedAt": "2026-11-24T20:30:00Z", "address": "203.0.113.x",
        }  # fmt: skip
        return {"devices": [here, here | {"id": "d2", "device": "iPhone", "current": False}]}

    @app.delete("/me/devices/<device_id>")
    def end_device(device_id: str) -> Any:
        return problem(404, "device-not-found") if device_id == "gone" else ("", 204)


def _add_second_factors(app: Flask) -> None:
    @app.get("/me/second-factors")
    def factors() -> Any:
        app_factor = {
            "id": "f1",
            "kind": "totp",
            "name": "My phone",
            "addedAt": "2026-11-20T20:30:00Z",
            "lastUsedAt": None,
        }
        return {"secondFactors": [app_factor], "recoveryCodesLeft": 9}

    @app.post("/me/second-factors")
    def add() -> Any:
        url = f"otpauth://totp/RadNet:marisol?secret={SECRET}&issuer=RadNet"
        made: dict[str, dict[str, object]] = {
            "totp": {"secret": SECRET, "otpauthUrl": url},
            "passkey": {"options": OPTIONS},
        }
        return wrong_password() or (made[request.get_json()["kind"]] | {"id": "f2"}, 201)

    @app.post("/me/second-factors/f2/confirmation")
    def confirm() -> Any:
        asked = request.get_json()
        if asked == {"code": "123456"}:
            return {"recoveryCodes": CODES}
        if asked == {"code": "000000"}:
            return problem(404, "second-factor-not-found")
        return {"recoveryCodes": []} if "credential" in asked else problem(422, "second-factor-unproven")

    @app.post("/me/recovery-codes")
    def recovery_codes() -> Any:
        return wrong_password() or ({"recoveryCodes": CODES}, 201)

    @app.delete("/me/second-factors/<factor_id>")
    def remove(factor_id: str) -> Any:
        if request.get_json()["password"] == "short":
            return problem(409, "password-too-short-alone")
        return wrong_password() or ("", 204)

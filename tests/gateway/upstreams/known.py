"""What the four upstream services know and keep: one patient with three exams."""

import base64
import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Request, Response, jsonify, request

HOUSTON = {"id": "TX-HOU-01", "name": "Houston, Medical Center", "state": "TX", "timeZone": "America/Chicago"}
NOW = datetime(2026, 11, 24, 20, 30, tzinfo=UTC)
LAW = "Due to TX Law (SB922), reports are made available on the portal 4 days after they are signed and sent …"
READY = {
    "id": "p1", "examIds": ["e1"], "format": "zip", "state": "ready", "progress": 1.0, "size": 1000, "bytesSent": 0,
    "fileName": "H26118201-MRI-of-the-brain.zip", "expiresAt": "2026-11-25T20:00:00Z", "lastDownloadedAt": None,
}  # fmt: skip


def stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def token(issuer: str, number: int = 1, kind: str = "icode") -> str:
    """A JWT in shape alone: the gateway verifies none."""
    parts = ({"alg": "EdDSA"}, {"iss": issuer, "n": number, "grants": {"kind": kind}})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2ln"])


def kind_of(asked: Request) -> str:
    """Whose token came along."""
    claims = asked.headers["Authorization"].split(".")[1]
    facts: dict[str, Any] = json.loads(base64.urlsafe_b64decode(claims + "=="))
    return str(facts["grants"]["kind"])


def problem(status: int, slug: str, **more: Any) -> Response:
    response = jsonify({"type": f"/problems/{slug}", "title": slug, "status": status, **more})
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def exam(number: int, **more: Any) -> dict[str, Any]:
    facts = {
        "id": f"e{number}",
        "accession": f"H26-11820{number}",
        "description": "MR BRAIN WO CONTRAST",
        "plainName": "MRI of the brain",
        "patientName": "Marisol Vega",
        "modality": "MR",
        "date": "2026-11-23T15:40:00Z",
        "bytes": 138_400_000,
        "location": HOUSTON,
        "status": "completed",
        "imagesAvailable": True,
        "report": {"status": "available"},
    }
    return facts | more


def exams_known() -> list[dict[str, Any]]:
    held = {
        "status": "held",
        "availableAt": "2026-11-27T20:10:00Z",
        "why": {"slug": "state-law", "text": LAW, "citation": "SB922"},
    }
    coming = {"status": "scheduled", "imagesAvailable": False, "report": {"status": "none"}}
    return [
        exam(3, plainName="MRI of the lower back", date="2026-12-03T15:20:00Z", **coming),
        exam(1, report=held),
        exam(2, plainName="CT of the head", modality="CT", date="2026-11-09T15:40:00Z"),
    ]


SHARE_GRANTS = {
    "expiresAt": "2026-12-25T05:59:59Z",
    "mayDownload": True,
    "includeReport": False,
    "includeVisitSummary": False,
}


@dataclass
class Services:
    """What the four services keep, and what they were asked: ``(service, method, path, headers, body)``."""

    asked: list[tuple[str, str, str, dict[str, str], bytes]] = field(default_factory=list)
    packages: dict[str, dict[str, Any]] = field(default_factory=dict)
    shares: dict[str, dict[str, Any]] = field(default_factory=dict)
    exams: list[dict[str, Any]] = field(default_factory=exams_known)
    long: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What is answered in place of the usual, by path; a list is cut to the limit asked for."""
    share_grants: dict[str, Any] = field(default_factory=lambda: dict(SHARE_GRANTS))
    unwanted: set[str] = field(default_factory=set)
    is_address_refused: bool = False
    me: dict[str, Any] = field(default_factory=dict)
    staff: dict[str, Any] = field(default_factory=dict)
    valid: set[str] = field(default_factory=set)
    refreshed: int = 0
    expires_in: int = 300
    file: bytes = b"PK" + bytes(range(256)) * 4096
    urls: dict[str, str] = field(default_factory=dict)
    opened: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)

    def last(self, service: str, path: str) -> tuple[str, str, str, dict[str, str], bytes]:
        return next(one for one in reversed(self.asked) if one[0] == service and one[2].startswith(path))

    def pair(self, issuer: str, kind: str) -> dict[str, Any]:
        self.refreshed += 1
        access = token(issuer, self.refreshed, kind)
        self.valid.add(access)
        prefix = {"identity": "ri_", "sharing": "rs_"}[issuer]
        return {
            "accessToken": access,
            "refreshToken": f"{prefix}{self.refreshed}",
            "expiresIn": self.expires_in,
            "viewer": {"kind": kind},
        }


def _cut(answer: dict[str, Any]) -> dict[str, Any]:
    """Give the part of a long list that is asked for, of exams up to a day; where no limit is, all of the answer."""
    limit, start = int(request.args.get("limit", 0)), int(request.args.get("cursor", 0))
    if not limit:
        return answer
    ((noun, items),) = answer.items()
    items = [one for one in items if "to" not in request.args or one["date"] < request.args["to"]]
    return {noun: items[start : start + limit], "next": str(start + limit) if start + limit < len(items) else None}


def new_app(name: str, kept: Services, guarded: bool = True) -> Flask:
    app = Flask(__name__)

    @app.before_request
    def note() -> Response | None:
        kept.asked.append(
            (name, request.method, request.full_path.rstrip("?"), dict(request.headers), request.get_data())
        )
        open_paths = (
            "/regions",
            "/icode-sessions",
            "/help-requests",
            "/guest-appointments",
            "/sessions",
            "/passkey-sessions",
            "/registrations",
            "/password-resets",
            "/user-id-reminders",
            "/share-sessions",
            "/staff/sessions",
            "/signing-keys",
            "/downloads",
            "/unsubscriptions",
            "/echo",
        )
        if not guarded or request.path.startswith(open_paths):
            return None
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer not in kept.valid:
            return problem(401, "unauthenticated")
        is_long = request.method == "GET" and request.path in kept.long
        return jsonify(_cut(kept.long[request.path])) if is_long else None

    return app

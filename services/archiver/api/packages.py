"""``/packages``: ask, look, cancel, leave an address, get a download's address."""

import base64
import binascii
import threading
import time
from datetime import UTC, datetime
from typing import Any, ClassVar

from apiflask import APIBlueprint
from flask import current_app, request

from contracts.refusal import Refusal, RefusalKind
from services.archiver.api.models import (
    DownloadAnswer,
    NotificationBody,
    PackageAnswer,
    PackageAskBody,
    PackagesAnswer,
    answer_of,
)
from services.archiver.domain import TICKET_FIRST_USE, ExamNotFound, ImagesNotAvailable
from services.archiver.parts import Parts
from services.archiver.usecases import deliver, looking
from services.archiver.usecases import request as asking
from services.archiver.usecases.looking import PackageView
from services.archiver.usecases.request import PackageAsk
from services.chassis.caller import Caller
from services.chassis.idempotency import idempotent
from services.chassis.web import asked_language, viewer

bp = APIBlueprint("packages", __name__)

LOOK_EVERY_S = 0.1
PAGE = 50
PAGE_LIMIT = 200


class CursorMalformed(Refusal):
    """Raised when ``limit`` or ``cursor`` is not what was given out."""

    slug = "cursor-malformed"
    kind: ClassVar[RefusalKind] = "malformed"
    words = "This page of the list does not exist."


def parts() -> Parts:
    """Give this service's parts."""
    found: Parts = current_app.extensions["parts"]
    return found


@bp.post("/packages")
@bp.input(PackageAskBody, arg_name="body")
@bp.output(PackageAnswer, status_code=202)
@idempotent
def request_package(body: PackageAskBody) -> Any:
    """Ask for a package."""
    who = viewer()
    ask = PackageAsk(
        exam_ids=tuple(body.exam_ids),
        format=body.format,
        phi_acknowledged=body.phi_acknowledged,
        include_report=body.include_report,
        notify_email=body.notify_email,
        language=asked_language(),
    )
    view = _ask_patiently(who, ask)
    return answer_of(view), 202, {"Location": f"/api/v1/packages/{view.id}"}


def _ask_patiently(who: Caller, ask: PackageAsk) -> PackageView:
    """Ask again, for a while, as long as an exam is not found: no transaction is open meanwhile.

    Exams that are not the caller's are looked for as long, so that the time taken tells nothing.
    """
    began = time.monotonic()
    while True:
        try:
            with parts().db.begin() as tx:
                now, limit = parts().clock.now(), parts().settings.running_limit
                return looking.view_of(tx, asking.request_package(tx, who, ask, now, running_limit=limit))
        except (ExamNotFound, ImagesNotAvailable):
            if time.monotonic() - began >= parts().settings.copy_lag_s:
                raise
        threading.Event().wait(LOOK_EVERY_S)


@bp.get("/packages")
@bp.output(PackagesAnswer)
def list_packages() -> Any:
    """List one's packages, newest first."""
    who = viewer()
    limit, before = _page()
    with parts().db.read() as tx:
        views, following = looking.list_packages(tx, who, limit, before)
    return {"packages": [answer_of(view) for view in views], "next": following and _cursor(*following)}


def _page() -> tuple[int, tuple[datetime, str] | None]:
    try:
        limit = min(max(int(request.args.get("limit", PAGE)), 1), PAGE_LIMIT)
        cursor = request.args.get("cursor")
        if not cursor:
            return limit, None
        at, _, package_id = base64.urlsafe_b64decode(cursor).decode().partition(" ")
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None or not package_id:
            raise CursorMalformed
        return limit, (instant.astimezone(UTC), package_id)
    except (ValueError, OverflowError, binascii.Error) as error:
        raise CursorMalformed from error


def _cursor(at: datetime, package_id: str) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()} {package_id}".encode()).decode()


@bp.get("/packages/<package_id>")
@bp.output(PackageAnswer)
def look_at_package(package_id: str) -> Any:
    """Look at a package."""
    with parts().db.read() as tx:
        return answer_of(looking.look_at_package(tx, viewer(), package_id))


@bp.delete("/packages/<package_id>")
@bp.output({}, status_code=204)
def cancel_package(package_id: str) -> Any:
    """Cancel a package (O1)."""
    who = viewer()
    with parts().db.begin() as tx:
        asking.cancel_package(tx, who, package_id, parts().clock.now())
    return "", 204


@bp.put("/packages/<package_id>/notification")
@bp.input(NotificationBody, arg_name="body")
@bp.output({}, status_code=204)
def leave_address(package_id: str, body: NotificationBody) -> Any:
    """Say where to write when the package is ready (S35)."""
    who = viewer()
    with parts().db.begin() as tx:
        asking.leave_address(tx, who, package_id, body.email, parts().clock.now())
    return "", 204


@bp.post("/packages/<package_id>/downloads")
@bp.output(DownloadAnswer, status_code=201)
@idempotent
def make_ticket(package_id: str) -> Any:
    """Get a download's address (S40)."""
    who = viewer()
    with parts().db.begin() as tx:
        secret = deliver.make_ticket(tx, who, package_id, parts().clock.now())
    return {"url": f"/api/v1/downloads/{secret}", "expiresIn": int(TICKET_FIRST_USE.total_seconds())}, 201

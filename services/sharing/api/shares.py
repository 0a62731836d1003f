"""The owner's door: ``/shares``. Recipients, staff and systems are refused it whole; support ends shares by its own."""

import time
from typing import Any, cast

from apiflask import APIBlueprint
from flask import current_app

from services.chassis.caller import Caller
from services.chassis.devices import device_in
from services.chassis.idempotency import idempotent
from services.chassis.web import Forbidden, answer_language, asked_language, caller, staff_with
from services.sharing.api.bodies import (
    AccessAnswer,
    AccessesAnswer,
    PageAsk,
    ShareAnswer,
    ShareBody,
    ShareChangeBody,
    SharesAnswer,
    share_answer,
)
from services.sharing.domain.shares import ExamNotFound, Share, ShareAsk
from services.sharing.parts import Parts
from services.sharing.usecases import shares

LOOK_AGAIN_FOR_S = 2.0
LOOK_AGAIN_EVERY_S = 0.1

bp = APIBlueprint("shares", __name__)


def parts() -> Parts:
    """Give the service's parts."""
    return cast("Parts", current_app.extensions["parts"])


def owner() -> Caller:
    """Give the account or I-Code that makes this request. Raises Unauthenticated, Forbidden."""
    who = caller()
    if who.kind not in {"account", "icode"}:
        raise Forbidden
    return who


@bp.post("/shares")
@bp.input(ShareBody, arg_name="body")
@bp.output(ShareAnswer, status_code=201)
@idempotent
def create(body: ShareBody) -> Any:
    """Make a link to exams, protected by a password (S47–S53)."""
    who, ask = owner(), body.to_ask(asked_language())
    share = _create_patiently(who, ask)
    return share_answer(share, parts().links, parts().clock.now()), 201  # said here too: @idempotent keeps it


def _create_patiently(who: Caller, ask: ShareAsk) -> Share:
    """Make the share; an exam not known yet is looked for again for a while: the copy may lag behind the page."""
    give_up_at = time.monotonic() + LOOK_AGAIN_FOR_S
    while True:
        try:
            with parts().db.begin() as tx:
                return shares.create(tx, parts(), who, ask, parts().clock.now())
        except ExamNotFound:
            if time.monotonic() >= give_up_at:
                raise
        time.sleep(LOOK_AGAIN_EVERY_S)


@bp.get("/shares")
@bp.input(PageAsk, location="query", arg_name="page")
@bp.output(SharesAnswer)
def find_all(page: PageAsk) -> Any:
    """Give the Share History (O8), newest first."""
    who = owner()
    now = parts().clock.now()
    with parts().db.read() as tx:
        found = shares.find_all(tx, who, page.limit + 1, page.cursor)
    listed = [share_answer(share, parts().links, now) for share in found[: page.limit]]
    return SharesAnswer(shares=listed, next=listed[-1].id if len(found) > page.limit else None)


@bp.get("/shares/<share_id>")
@bp.output(ShareAnswer)
def find_one(share_id: str) -> Any:
    """Give one share."""
    who = owner()
    with parts().db.read() as tx:
        share = shares.find_one(tx, who, share_id)
    return share_answer(share, parts().links, parts().clock.now())


@bp.patch("/shares/<share_id>")
@bp.input(ShareChangeBody, arg_name="body")
@bp.output(ShareAnswer)
def change(share_id: str, body: ShareChangeBody) -> Any:
    """Change nickname, password, date or permissions, on open sessions too."""
    who = owner()
    now = parts().clock.now()
    with parts().db.begin() as tx:
        share = shares.change(tx, parts(), who, share_id, body.to_change(), now)
    return share_answer(share, parts().links, now)


@bp.delete("/shares/<share_id>")
def end(share_id: str) -> Any:
    """Expire now (O8)."""
    who = owner()
    with parts().db.begin() as tx:
        shares.end(tx, who, share_id, parts().clock.now())
    return "", 204


@bp.get("/shares/<share_id>/accesses")
@bp.output(AccessesAnswer)
def find_accesses(share_id: str) -> Any:
    """Give who opened the link, when, and from where (O8)."""
    who, language = owner(), answer_language()
    with parts().db.read() as tx:
        rows = shares.find_accesses(tx, who, share_id)
    return AccessesAnswer(
        accesses=[
            AccessAnswer(at=row.at, name=row.name, device=device_in(language, row.device), address=row.address)
            for row in rows
        ]
    )


@bp.delete("/staff/shares/<share_id>")
def end_by_staff(share_id: str) -> Any:
    """End any share, for support (``share-misused``)."""
    who = staff_with("support")
    with parts().db.begin() as tx:
        shares.end_by_staff(tx, who, share_id, parts().clock.now())
    return "", 204

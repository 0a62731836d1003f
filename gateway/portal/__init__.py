"""The web portal: server-rendered pages, a module per section of the patient guide; asks services as the caller."""

import hashlib
from pathlib import Path

from flask import Flask, url_for

from gateway.portal import (
    calls,
    csrf,
    desks,
    download,
    entering,
    exams,
    guest_pages,
    help_pages,
    images,
    installing,
    own_account,
    own_credentials,
    own_factors,
    own_history,
    packed,
    password_reset,
    places,
    portal_pass,
    recipient,
    refusals,
    registering,
    report,
    second_step,
    session,
    share_change,
    share_preview,
    sharing,
    staff,
    staff_accounts,
    staff_audit,
    staff_requests,
    staff_unmatched,
    unsubscribing,
    words,
)

HERE = Path(__file__).parent
SECTIONS = (
    entering, exams, report, images, download, sharing, share_preview, share_change, recipient, unsubscribing,
    help_pages, guest_pages, staff, staff_requests, staff_accounts, staff_unmatched, staff_audit,
    portal_pass, registering, second_step, password_reset, own_account, own_credentials, own_factors, own_history,
    installing,
)  # fmt: skip
A_DAY_S = 86400


def add_to(app: Flask) -> None:
    """Put the portal's pages, words and guards into *app*."""
    app.template_folder = "portal/templates"
    app.static_folder = "portal/static"
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = A_DAY_S
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(asset=_asset, session=session.current, desk_links=desks.links, has_role=desks.has_role)
    app.jinja_env.filters["place"] = places.name_of
    app.extensions[calls.RENEWALS] = calls.Renewals()
    words.add_to(app)
    csrf.add_to(app)
    session.add_to(app)
    refusals.add_to(app)
    packed.add_to(app)
    for section in SECTIONS:
        app.register_blueprint(section.blueprint)


def _stamp() -> str:
    digest = hashlib.sha256()
    for file in (*sorted((HERE / "static").iterdir()), images.SHARED_SCRIPT):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


STAMP = _stamp()


def _asset(name: str) -> str:
    """Give the address of a static file; it changes whenever a static file does, so browsers may keep it."""
    return url_for("static", filename=name, v=STAMP)

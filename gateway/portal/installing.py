"""What a phone needs to keep the portal beside its apps: the manifest. Nothing works offline, for nothing is kept."""

import json

from flask import Blueprint, Response, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from gateway.portal import words

blueprint = Blueprint("installing", __name__)

PAPER = "#f6f5f1"
"""``--paper`` of the stylesheet."""
ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-512.png", "512x512", "maskable"),
)


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """Give the manifest in the language that the page asks for."""
    asked = request.args.get("lang", "")
    with force_locale(asked if asked in words.LANGUAGES else "en"):
        told = {
            "id": "/",
            "name": "RadNet " + _("Patient Portal"),
            "short_name": "RadNet",
            "description": _("View, download and share your exams through the RadNet Patient Portal."),
            "lang": asked if asked in words.LANGUAGES else "en",
            "start_url": "/exams",
            "scope": "/",
            "display": "standalone",
            "background_color": PAPER,
            "theme_color": PAPER,
            "icons": [
                {"src": url_for("static", filename=name), "sizes": sizes, "type": "image/png", "purpose": purpose}
                for name, sizes, purpose in ICONS
            ],
        }
    answer = Response(json.dumps(told), content_type="application/manifest+json")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer

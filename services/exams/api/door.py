"""What the doors share: the service's parts, the language asked for."""

from flask import current_app

from services.chassis.web import asked_language
from services.exams.parts import Parts


def parts() -> Parts:
    """Give the service's parts."""
    found: Parts = current_app.extensions["parts"]
    return found


def language() -> str:
    """Give the language that the client reads: en or es."""
    return asked_language() or "en"

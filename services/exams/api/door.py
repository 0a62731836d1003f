"""What the doors share: the service's parts."""

from flask import current_app

from services.exams.parts import Parts


def parts() -> Parts:
    """Give the service's parts."""
    found: Parts = current_app.extensions["parts"]
    return found

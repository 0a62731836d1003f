"""Refusals of the gateway itself. Services' refusals pass through untouched."""

from typing import Any

from flask import Response

from services.chassis import web


def problem(status: int, slug: str, words: str, retry_after_s: int | None = None, **members: Any) -> Response:
    """Give a problem+json answer, with ``Retry-After`` where waiting helps."""
    response = web.problem(status, slug, words, **members)
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def service_down(retry_after_s: int) -> Response:
    """Give the 503 for a service that cannot be reached; which one is nobody's business outside."""
    return problem(503, "unavailable", "This part of the portal cannot be reached just now.", retry_after_s)

"""Static text goes out packed by gzip, packed once.

Pages never are: they hold secrets beside what was typed, and the length of what is packed tells of both (BREACH).
"""

import gzip

from flask import Flask, Response, request

PACKED_TYPES = frozenset({"text/css", "text/javascript", "image/svg+xml"})
"""What the static files are that shrink."""

_packed: dict[str, bytes] = {}
"""By path; only files that there are come here."""


def add_to(app: Flask) -> None:
    """Have *app*'s static files go out packed to whoever takes them so."""
    app.after_request(_pack)


def _pack(response: Response) -> Response:
    is_static = request.path.startswith("/static/") and response.mimetype in PACKED_TYPES
    if not is_static or response.status_code != 200:
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip") <= 0:
        return response
    etag, _ = response.get_etag()
    response.direct_passthrough = False
    if request.path not in _packed:
        _packed[request.path] = gzip.compress(response.get_data(), 9, mtime=0)
    response.set_data(_packed[request.path])
    response.headers["Content-Encoding"] = "gzip"
    if etag:
        response.set_etag(etag, weak=True)
    return response

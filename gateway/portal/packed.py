"""Static text goes out without comments and blanks, and packed by gzip; both are done once.

Pages never are: they hold secrets beside what was typed, and the length of what is packed tells of both (BREACH).
"""

import gzip
import re

from flask import Flask, Response, request

PACKED_TYPES = frozenset({"text/css", "text/javascript", "image/svg+xml"})
"""What the static files are that shrink."""

CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CSS_BLANKS = re.compile(r"(\"[^\"]*\")|\s*([{};])\s*|(?<=[:,])\s+")
"""Texts, which stay, and blanks that part nothing."""
JS_COMMENT, JS_BLANKS = re.compile(r"^\s*(?://.*|/\*[^*]*\*/\s*)$", re.MULTILINE), re.compile(r"^\s+", re.MULTILINE)
"""Lines of comments, indentation and empty lines; no text of ours goes over a line's end."""

_short: dict[str, bytes] = {}
_packed: dict[str, bytes] = {}
"""By path; only files that there are come here."""


def add_to(app: Flask) -> None:
    """Have *app*'s static files go out packed to whoever takes them so."""
    app.after_request(_pack)


def _pack(response: Response) -> Response:
    path = request.path
    if not path.startswith("/static/") or response.mimetype not in PACKED_TYPES or response.status_code != 200:
        return response
    response.vary.add("Accept-Encoding")
    etag, _ = response.get_etag()
    response.direct_passthrough = False
    if path not in _short:
        _short[path] = shortened(response.get_data(as_text=True), response.mimetype).encode()
    if request.accept_encodings.quality("gzip") > 0:
        if path not in _packed:
            _packed[path] = gzip.compress(_short[path], 9, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    response.set_data(_packed[path] if "Content-Encoding" in response.headers else _short[path])
    if etag:
        response.set_etag(etag, weak=True)
    return response


def shortened(text: str, mimetype: str) -> str:
    """Give what says the same to a browser in less: styles without comments and blanks, scripts without such lines."""
    if mimetype == "text/css":
        return CSS_BLANKS.sub(r"\1\2", CSS_COMMENT.sub("", text)).replace(";}", "}").strip()
    return JS_BLANKS.sub("", JS_COMMENT.sub("", text)) if mimetype == "text/javascript" else text

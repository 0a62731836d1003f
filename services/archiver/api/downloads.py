"""``/downloads/{ticket}``: the file, whole or in ranges (RFC 9110 §13, §14; Repr-Digest: RFC 9530)."""

import base64
from collections.abc import Iterator
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from services.archiver import byte_ranges
from services.archiver.api.packages import parts
from services.archiver.byte_ranges import RangeNotSatisfiable
from services.archiver.sending import CHUNK_BYTES, Sending
from services.archiver.usecases import deliver
from services.archiver.usecases.deliver import Download
from services.chassis.web import problem

bp = APIBlueprint("downloads", __name__)
TYPES = {"zip": "application/zip", "iso": "application/x-iso9660-image"}


@bp.get("/downloads/<ticket>")
@bp.doc(summary="Download a file", responses=[200, 206, 304, 404, 410, 416])
def download(ticket: str) -> Any:
    """Send the file that *ticket* opens; HEAD sends its head alone, and is no use of the ticket."""
    now = parts().clock.now()
    with parts().db.read() as tx:
        file = deliver.open_download(tx, ticket, now)
    etag = f'"{file.sha256}"'
    if _has_it(etag):
        return _with_head(Response(status=304), file)
    try:
        wanted = byte_ranges.choose(_range_header(etag), file.size_bytes)
    except RangeNotSatisfiable:
        refused = problem(416, "range-not-satisfiable", "The file is not that long.")
        refused.headers["Content-Range"] = f"bytes */{file.size_bytes}"
        return refused
    response = Response(_body(file, wanted), status=206 if wanted.is_partial else 200)
    response.content_length = wanted.length
    if wanted.is_partial:
        response.headers["Content-Range"] = f"bytes {wanted.start}-{wanted.end - 1}/{file.size_bytes}"
    return _with_head(response, file)


def _has_it(etag: str) -> bool:
    """Whether If-None-Match names this file."""
    return request.if_none_match.contains_weak(etag.strip('"'))


def _range_header(etag: str) -> str | None:
    """Give the Range header, unless If-Range names another file (then all of this one is sent)."""
    condition = request.headers.get("If-Range")
    return request.headers.get("Range") if condition is None or condition.strip() == etag else None


def _body(file: Download, wanted: byte_ranges.Answer) -> Iterator[bytes]:
    if request.method == "HEAD":
        return iter(())
    with parts().db.begin() as tx:
        deliver.note_used(tx, file.ticket_hash, parts().clock.now())
    pieces = parts().files.stream(file.object_key, wanted.start, wanted.length, CHUNK_BYTES)
    return Sending(parts(), file, wanted.start, wanted.end, pieces)


def _with_head(response: Response, file: Download) -> Response:
    kind = file.file_name.rpartition(".")[2]
    response.content_type = TYPES[kind]
    response.headers["ETag"] = f'"{file.sha256}"'
    response.headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(file.sha256)).decode()}:"
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Disposition"] = f'attachment; filename="{file.file_name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response

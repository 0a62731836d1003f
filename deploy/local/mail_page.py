"""A page of the local launcher that shows the mails the product has written (``.eml`` files in a folder)."""

import email
import html
from collections.abc import Iterable
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

_HEAD = (
    "<!doctype html><html lang='en'><meta charset='utf-8'><title>Mails</title>"
    "<meta name='viewport' content='width=device-width'><body>"
)


def mail_app(folder: Path) -> Any:
    """Give the WSGI app that lists the mails in *folder*, newest first, and shows one (``/<file name>``)."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        name = environ.get("PATH_INFO", "/").strip("/")
        path = folder / Path(name).name
        is_there = bool(name) and path.suffix == ".eml" and path.is_file()
        body = _one(path) if is_there else _list(folder)
        status = "200 OK" if is_there or not name else "404 Not Found"
        headers = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
            ("Cache-Control", "no-store"),
        ]
        start_response(status, headers)
        return [body.encode()]

    return app


def _list(folder: Path) -> str:
    paths = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True)
    rows = "".join(
        f"<li><a href='/{html.escape(path.name)}'>{html.escape(_read(path)['subject'] or path.name)}</a>"
        f" to {html.escape(str(_read(path)['to']))}</li>"
        for path in paths[:200]
    )
    return f"{_HEAD}<h1>Mails written here</h1><ul>{rows}</ul>"


def _one(path: Path) -> str:
    message = _read(path)
    part = message.get_body(preferencelist=("html", "plain"))
    content = str(part.get_content()) if part else ""
    if part is not None and part.get_content_type() == "text/plain":
        return f"{_HEAD}<pre>{html.escape(content)}</pre>"
    return content


def _read(path: Path) -> EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - the policy makes it so
    return message

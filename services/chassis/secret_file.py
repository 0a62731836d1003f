"""Secrets that a service makes for itself and keeps in a file, mode 0600: keys of HMACs, never in a database."""

import os
import secrets
from pathlib import Path

SECRET_BYTES = 32


def load_or_make_secret(path: Path) -> bytes:
    """Give the 32 bytes in *path*, making them first if need be; processes that begin together get the same ones."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        _make(path)
    secret = path.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"{path.name} does not hold {SECRET_BYTES} bytes")
    return secret


def _make(path: Path) -> None:
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "wb") as out:
            out.write(secrets.token_bytes(SECRET_BYTES))
            out.flush()
            os.fsync(out.fileno())
        os.link(part, path)  # whole or not at all, and only the first of several succeeds
    except FileExistsError:
        pass
    finally:
        part.unlink()

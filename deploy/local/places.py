"""Where the product lies on this machine: its folder, its ports and its secrets, kept from start to start."""

import base64
import fcntl
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from contracts.topology import SERVICES
from deploy.local.servers import ADDRESS, answers, free_ports, kept_ports

ROOT = Path(__file__).resolve().parents[2]
"""The project's folder."""
DEFAULT_PORT = 8080


class InUse(Exception):
    """Raised when another launcher uses the folder, or another program the port; says which."""


@dataclass(frozen=True)
class Places:
    """One installation's folder (mode 0700), ports and secrets."""

    folder: Path
    ports: dict[str, int]
    """By part: the five services, ``gateway`` and ``mail``."""
    secrets: dict[str, str]
    lock: IO[bytes]

    @property
    def portal_url(self) -> str:
        """Where people go."""
        return self.url("gateway")

    def url(self, part: str) -> str:
        """Give the address of *part*."""
        return f"http://{ADDRESS}:{self.ports[part]}"

    def bind(self, part: str) -> str:
        """Give what *part* listens on."""
        return f"{ADDRESS}:{self.ports[part]}"

    @property
    def mails(self) -> Path:
        """Where mails are written."""
        return self.folder / "mail"

    @property
    def demo_file(self) -> Path:
        """What a newcomer and acceptance runs need to know, mode 0600."""
        return self.folder / "demo.json"


def take(folder: Path, gateway_port: int) -> Places:
    """Take *folder* for this launcher, making it if need be; *gateway_port* 0: any free one. Raises InUse."""
    if gateway_port and answers(gateway_port):
        raise InUse(f"port {gateway_port} is in use; set PORTAL_PORT to another")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = (folder / "lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InUse(f"the portal is running already on {folder}") from error
    ports = kept_ports(folder / "ports.json", [*SERVICES, "mail"])
    return Places(
        folder, ports | {"gateway": gateway_port or free_ports(["gateway"])["gateway"]}, _secrets(folder), lock
    )


def _secrets(folder: Path) -> dict[str, str]:
    """Give the installation's secrets, made at its first start."""
    path = folder / "secrets.json"
    kept: dict[str, str] = json.loads(path.read_text("ascii")) if path.exists() else {}
    names = ["cookie", "operator", *SERVICES, "ris"]
    missing = [name for name in names if name not in kept]
    if missing:
        kept |= {name: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=") for name in missing}
        write_private(path, json.dumps(kept))
    return kept


def write_private(path: Path, text: str) -> None:
    """Write *text* to *path*, readable by its owner alone, whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as out:
        out.write(text)
    part.replace(path)

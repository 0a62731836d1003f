"""An Orthanc server of one's own, as the peer that makes the same study's media ZIP (Debian package ``orthanc``)."""

import json
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import urllib3

from deploy.local.servers import ADDRESS, ToolMissing, free_ports, start, stop, wait_until

START_WITHIN_S = 30.0


class Orthanc:
    """A context manager; its database and files lie in *folder*."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = free_ports(["http", "dicom"])
        self._pool = urllib3.PoolManager(retries=False, timeout=600)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        program = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
        if program is None:
            raise ToolMissing("Orthanc is not installed: apt-get install orthanc")
        self._folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "Name": "peer",
            "StorageDirectory": str(self._folder / "db"),
            "IndexDirectory": str(self._folder / "db"),
            "HttpPort": self._ports["http"],
            "DicomPort": self._ports["dicom"],
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "Plugins": [],
        }
        path = self._folder / "orthanc.json"
        path.write_text(json.dumps(settings), encoding="utf-8")
        log = self._folder / "orthanc.log"
        self._process = start([program, path], signal.SIGTERM, log, cwd=self._folder)
        wait_until(self._answers, self._process, log, START_WITHIN_S)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        stop(self._process, signal.SIGTERM)

    def store(self, paths: list[Path]) -> str:
        """Store the objects in *paths*; give Orthanc's id of their study."""
        answers = [self._ask("POST", "/instances", path.read_bytes()) for path in paths]
        return str(json.loads(answers[-1])["ParentStudy"])

    def save_media(self, study: str, path: Path) -> None:
        """Let Orthanc make the media ZIP of *study* (with DICOMDIR), into *path*."""
        url = self._url(f"/studies/{study}/media")
        with self._pool.request("GET", url, preload_content=False) as answer, path.open("wb") as out:
            if answer.status != 200:
                raise RuntimeError(f"Orthanc answered {answer.status}")
            shutil.copyfileobj(answer, out, 1 << 20)

    def _url(self, path: str) -> str:
        return f"http://{ADDRESS}:{self._ports['http']}{path}"

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        answer: Any = self._pool.request(method, self._url(path), body=body)
        if answer.status != 200:
            raise RuntimeError(f"Orthanc answered {answer.status}")
        return bytes(answer.data)

    def _answers(self) -> bool:
        try:
            self._ask("GET", "/system")
        except (urllib3.exceptions.HTTPError, RuntimeError):
            return False
        return True

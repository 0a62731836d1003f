"""A private S3 server (SeaweedFS) in a folder of its own; throw-away, for tests and trials."""

import json
import secrets
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from deploy.local.servers import ADDRESS, ServerFailed, ToolMissing, free_ports, start, stop, wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

START_S = 60.0
REGION = "us-east-1"
# A port left out would be another's plus 10000, which may pass 65535 and ends the server.
_PORTS = (
    "s3.port",
    "s3.port.grpc",
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
)
_OFF = ("-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false")
_ROOM = ("-volume.max=200", "-master.volumeSizeLimitMB=256")
"""Each bucket takes several volumes; the default of 8 is used up by the third bucket."""


@dataclass(frozen=True)
class Bucket:
    """Where objects may be put, and with which keys; the names are those of AWS' clients."""

    name: str
    endpoint: str
    access_key_id: str
    secret_access_key: str
    region: str = REGION


def binary() -> Path | None:
    """Give ``weed``, which a Python package brings into the virtual environment, or None."""
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    return Path(found) if found else None


class SeaweedFs:
    """An S3 server whose data lie in *data_dir*. A context manager; ``kill`` and ``start`` keep data and ports."""

    def __init__(self, data_dir: Path) -> None:
        self._dir = data_dir.resolve()
        self._log = self._dir / "server.log"
        self._ports: dict[str, int] = {}
        self._access_key_id = "portal"
        self._secret_access_key = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """The server's address; known once started."""
        return f"http://{ADDRESS}:{self._ports['s3.port']}"

    def start(self) -> Self:
        """Start the server and return when buckets can be listed. Raises ToolMissing, ServerFailed."""
        weed = binary()
        if weed is None:
            raise ToolMissing("SeaweedFS is not installed: pip install -r requirements-dev.lock")
        self._dir.mkdir(parents=True, exist_ok=True)
        (self._dir / "data").mkdir(exist_ok=True)
        self._ports = self._ports or free_ports(_PORTS)
        ports = [f"-{name}={port}" for name, port in self._ports.items()]
        where = [f"-dir={self._dir / 'data'}", f"-ip={ADDRESS}", f"-ip.bind={ADDRESS}"]
        command: list[str | Path] = [
            weed,
            f"-logdir={self._dir}",  # else they lie in /tmp
            "server",
            *where,
            "-s3",
            f"-s3.config={self._identities()}",
            *ports,
            *_OFF,
            *_ROOM,
        ]
        self._process = start(command, signal.SIGKILL, self._log, cwd=self._dir)
        try:
            wait_until(self._answers, self._process, self._log, START_S)
        except ServerFailed:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the server by SIGKILL: an orderly end takes up to 25 s, and nothing of it is kept."""
        stop(self._process, signal.SIGKILL)
        self._process = None
        for port in self._ports.values():
            for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108 - where weed puts them
                socket.unlink(missing_ok=True)

    def kill(self) -> None:
        """End the server as a crash would."""
        self.stop()

    def create_bucket(self, name: str) -> Bucket:
        """Make a bucket (its name has three characters at least) and say how to reach it."""
        self.client().create_bucket(Bucket=name)
        return Bucket(name, self.endpoint, self._access_key_id, self._secret_access_key)

    def client(self) -> "S3Client":
        """Give a client of the whole server, that no proxy of the environment stands before."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self._access_key_id,
            aws_secret_access_key=self._secret_access_key,
            config=Config(proxies={}, retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10),
        )

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _identities(self) -> Path:
        keys = {"accessKey": self._access_key_id, "secretKey": self._secret_access_key}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        path = self._dir / "s3.json"
        identities = [{"name": "portal", "credentials": [keys], "actions": actions}]
        path.write_text(json.dumps({"identities": identities}), encoding="ascii")
        return path

    def _answers(self) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.client().list_buckets()
        except (BotoCoreError, ClientError):
            return False
        return True

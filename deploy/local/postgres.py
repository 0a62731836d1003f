"""A private PostgreSQL server in a folder of its own, as root (through user postgres) or not."""

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from deploy.local.servers import ADDRESS, ServerFailed, ToolMissing, kept_ports, start, stop, wait_until

START_S = 30.0
OWNER = "portal"
_SYSTEM_USER = "postgres"  # initdb and postgres refuse root


def binaries() -> Path | None:
    """Give the folder of the newest ``initdb`` and ``postgres``, or None where PostgreSQL is not installed."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class PostgresServer:
    """A server whose data lie in *data_dir*, a folder its system user may reach (below a 0700 home it may not).

    A context manager. Durable as delivered: ``fsync`` stays on, so that kill -9 tests mean something.
    """

    def __init__(self, data_dir: Path) -> None:
        self._dir = data_dir.resolve()
        self._log = self._dir / "server.log"
        self._ports: dict[str, int] = {}
        self._user = _SYSTEM_USER if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Make the cluster if there is none, start it, and return when it answers. Raises ToolMissing, ServerFailed."""
        bin_dir = binaries()
        if bin_dir is None:
            raise ToolMissing("PostgreSQL is not installed: apt-get install postgresql")
        self._prepare()
        if not (self._cluster / "PG_VERSION").exists():
            self._make_cluster(bin_dir)
        self._ports = kept_ports(self._dir / "ports.json", ("sql",))
        options = ["-c", f"listen_addresses={ADDRESS}", "-c", "max_connections=200"]
        command: list[str | Path] = [
            bin_dir / "postgres",
            "-D",
            self._cluster,
            "-p",
            str(self._ports["sql"]),
            "-k",
            "",
            *options,
        ]
        self._process = start(command, signal.SIGTERM, self._log, user=self._user, cwd=self._cluster)
        try:
            wait_until(self._answers, self._process, self._log, START_S)
        except ServerFailed:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the server (fast shutdown: open connections are cut)."""
        stop(self._process, signal.SIGINT)
        self._process = None

    def kill(self) -> None:
        """End the server at once, as a crash would; its own children notice and follow."""
        stop(self._process, signal.SIGKILL)
        self._process = None

    def url(self, database: str) -> str:
        """Give SQLAlchemy's address of *database*."""
        return f"postgresql+psycopg://{OWNER}@{ADDRESS}:{self._ports['sql']}/{database}"

    def create_database(self, name: str) -> str:
        """Make an empty database and give its address."""
        with self._connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database with whatever is connected to it."""
        with self._connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def _cluster(self) -> Path:
        return self._dir / "cluster"

    def _prepare(self) -> None:
        self._dir.mkdir(parents=True, exist_ok=True)
        self._dir.chmod(0o755)
        self._cluster.mkdir(exist_ok=True)
        self._cluster.chmod(0o700)
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(self._cluster, owner.pw_uid, owner.pw_gid)

    def _make_cluster(self, bin_dir: Path) -> None:
        options = ["-U", OWNER, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        making = start([bin_dir / "initdb", "-D", self._cluster, *options], signal.SIGTERM, self._log, user=self._user)
        if making.wait() != 0:
            raise ServerFailed(f"initdb failed\n{self._log.read_text(encoding='utf-8', errors='replace')}")

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=ADDRESS, port=self._ports["sql"], user=OWNER, dbname="postgres", autocommit=True, connect_timeout=5
        )

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

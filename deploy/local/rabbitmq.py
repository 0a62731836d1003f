"""A private RabbitMQ node: its own folder, ports, cookie and epmd; as root or not, without systemd.

Debian's ``/usr/sbin/rabbitmq-server`` is a wrapper that refuses other users, so the script behind it is called. The
node finds the epmd that runs before it; left to itself it would start one on every interface that stays for ever.
"""

import fcntl
import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from deploy.local.servers import (
    ADDRESS,
    ServerFailed,
    ToolMissing,
    end_pid,
    kept_ports,
    start,
    stop,
    wait_until,
)

SCRIPT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
START_S = 60.0
_PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
_METHOD_FRAME = b"\x01"


def binary() -> Path | None:
    """Give the script that starts a node, or None where RabbitMQ is not installed (never run it with ``--help``)."""
    return SCRIPT if os.access(SCRIPT, os.X_OK) and shutil.which("epmd") else None


class RabbitMqNode:
    """A node in *data_dir* that holds what *definitions* (as RabbitMQ exports them) says; nothing else is in it.

    A context manager. ``kill`` is kill -9; ``start`` after it goes on with the same data and ports.
    """

    def __init__(self, data_dir: Path, definitions: dict[str, Any]) -> None:
        self._dir = data_dir.resolve()
        self._definitions = definitions
        self._ports: dict[str, int] = {}
        self._lock: IO[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None
        self._node: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """The AMQP port on 127.0.0.1; known once started."""
        return self._ports["amqp"]

    def url(self, user: str, password: str) -> str:
        """Give the address by which *user* reaches the node."""
        return f"amqp://{user}:{password}@{ADDRESS}:{self.port}/%2F"

    def start(self) -> Self:
        """Start epmd and the node; return when it takes connections, all definitions loaded.

        Raises ToolMissing, or ServerFailed, also when another launcher uses the folder.
        """
        script = binary()
        if script is None:
            raise ToolMissing("RabbitMQ is not installed: apt-get install rabbitmq-server")
        self._prepare()
        env = self._environment()
        epmd = shutil.which("epmd") or "epmd"
        command = [epmd, "-address", ADDRESS, "-port", str(self._ports["epmd"])]
        self._epmd = start(command, signal.SIGTERM, self._dir / "log" / "epmd.log", env)
        console = self._dir / "log" / "console.log"
        self._node = start([script], signal.SIGTERM, console, env, cwd=self._dir)
        try:
            wait_until(self._greets, self._node, console, START_S)
        except ServerFailed:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the node in an orderly way, then its epmd."""
        self._end_node(signal.SIGTERM)
        stop(self._epmd, signal.SIGTERM)
        self._release()

    def kill(self) -> None:
        """End the node as a power cut would: kill -9 of the Erlang machine."""
        self._end_node(signal.SIGKILL)
        stop(self._epmd, signal.SIGKILL)
        self._release()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _end_node(self, how: signal.Signals) -> None:
        pid = self._node_pid()
        if pid is not None:
            end_pid(pid, how)  # the pid file's: the process started is a shell in front of it
        if self._node is None:
            return
        try:
            self._node.wait(20)
        except subprocess.TimeoutExpired:
            if pid is not None:
                end_pid(pid, signal.SIGKILL)
            stop(self._node, signal.SIGTERM)
        self._node = None

    def _node_pid(self) -> int | None:
        """The Erlang machine's pid, if it is still ours (a pid file may outlive its process)."""
        try:
            pid = int((self._dir / "pid").read_text(encoding="ascii"))
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if bytes(self._dir) in command else None

    def _prepare(self) -> None:
        for name in ("home", "log", "mnesia"):
            (self._dir / name).mkdir(parents=True, exist_ok=True)
        self._take_lock()
        self._wait_for_the_last_one()
        self._ports = kept_ports(self._dir / "ports.json", ("amqp", "dist", "epmd"))
        (self._dir / "pid").unlink(missing_ok=True)
        cookie = self._dir / "home" / ".erlang.cookie"
        if not cookie.exists():
            cookie.write_text(secrets.token_hex(20), encoding="ascii")
            cookie.chmod(0o400)
        (self._dir / "plugins").write_text("[].\n", encoding="ascii")
        definitions = self._dir / "definitions.json"
        definitions.touch(mode=0o600)
        definitions.write_text(json.dumps(self._definitions), encoding="utf-8")
        (self._dir / "rabbitmq.conf").write_text(self._configuration(), encoding="utf-8")

    def _take_lock(self) -> None:
        self._lock = (self._dir / "lock").open("wb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._release()
            raise ServerFailed(f"another launcher uses {self._dir}") from error

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _wait_for_the_last_one(self) -> None:
        """A launcher that was killed leaves a node that is just ending: hurry it, and wait for its last thread."""
        pid = self._node_pid()
        if pid is None:
            return
        try:
            node = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            for how in (signal.SIGTERM, signal.SIGKILL):
                end_pid(pid, how)
                if select.select([node], [], [], 20)[0]:
                    return
        finally:
            os.close(node)

    def _configuration(self) -> str:
        return "\n".join(
            (
                f"listeners.tcp.1 = {ADDRESS}:{self._ports['amqp']}",
                f"load_definitions = {self._dir / 'definitions.json'}",
                "loopback_users = none",
                "vm_memory_high_watermark.absolute = 512MiB",
                "disk_free_limit.absolute = 200MB",
                "log.console = false",
                "log.file.level = info",
                "",
            )
        )

    def _environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR", "TZ") if name in os.environ}
        here = self._dir
        return inherited | {
            "HOME": str(here / "home"),  # where Erlang looks for its cookie
            "RABBITMQ_NODENAME": "portal@localhost",  # the data is bound to this name
            "RABBITMQ_MNESIA_BASE": str(here / "mnesia"),
            "RABBITMQ_LOG_BASE": str(here / "log"),
            "RABBITMQ_CONFIG_FILE": str(here / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(here / "none"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(here / "plugins"),
            "RABBITMQ_PID_FILE": str(here / "pid"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(here / "feature_flags"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(here / "generated"),
            "RABBITMQ_DIST_PORT": str(self._ports["dist"]),
            "ERL_EPMD_ADDRESS": ADDRESS,
            "ERL_EPMD_PORT": str(self._ports["epmd"]),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none",
        }

    def _greets(self) -> bool:
        """Whether the node answers AMQP's header; its listener opens after the definitions are loaded."""
        try:
            with socket.create_connection((ADDRESS, self.port), timeout=2) as client:
                client.sendall(_PROTOCOL_HEADER)
                return client.recv(1) == _METHOD_FRAME
        except OSError:
            return False

"""The whole product, started for a test: on one machine as ``./portal up`` does, or deployed on real servers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.places import ROOT
from deploy.local.servers import free_ports, start
from tests.flows.client import Client

READY_WITHIN_S = 90
POLL_S = 0.1


def wait_for(is_so: Callable[[], Any], within_s: float = 30) -> Any:
    """Give what *is_so* gives once it is true; fails after *within_s* seconds."""
    end = time.monotonic() + within_s
    while True:
        result = is_so()
        if result:
            return result
        assert time.monotonic() < end, "it did not come to be so in time"
        pause()


def pause() -> None:
    """Let other processes go on: what is waited for happens outside this one."""
    subprocess.run(["sleep", str(POLL_S)], check=True)


@dataclass
class Facts:
    """What a test needs to know of a running product."""

    api: str
    portal_url: str
    system_token: str
    staff: dict[str, str]
    services: dict[str, str]
    mails: Callable[[], list[Any]]
    more: dict[str, Any] = field(default_factory=dict)

    def system(self, service: str = "exams") -> Client:
        """Give another system's client of *service*, on the inner network."""
        return Client(self.services[service], self.system_token)

    def anyone(self) -> Client:
        """Give a client that has not logged in."""
        return Client(self.api)

    def staff_client(self) -> Client:
        """Give the front desk's client."""
        return self.anyone().log_in("/staff/sessions", self.staff)


class LocalProduct:
    """``./portal up`` in a folder of its own; ``kill`` is kill -9 of everything, ``start`` after it goes on."""

    def __init__(self, folder: Path, *, bus: str, demo: bool) -> None:
        self._folder, self._bus, self._demo = folder, bus, demo
        self._port = free_ports(["gateway"])["gateway"]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        """Where all of it lies."""
        return self._folder

    def database_url(self, service: str) -> str:
        """Give the address of *service*'s own database."""
        return f"sqlite:///{self._folder / service}.db"

    @property
    def environment(self) -> dict[str, str]:
        """What the archiver's own parts need to be wired once more."""
        return {
            "PORTAL_ARCHIVER_DATABASE_URL": self.database_url("archiver"),
            "PORTAL_OBJECTS_URL": f"file://{self._folder / 'objects'}",
            "PORTAL_ARCHIVER_FILES_URL": f"file://{self._folder / 'packages'}",
        }

    def kill_worker(self, pid: int) -> bool:
        """End the archiver's worker *pid* by kill -9 (the launcher begins it anew); False when it is none."""
        if pid not in self.worker_pids():
            return False
        os.kill(pid, signal.SIGKILL)
        return True

    def pids(self) -> list[int]:
        """Give the process ids of all of it, the launcher's first."""
        assert self._process is not None
        return [self._process.pid, *descendants(self._process.pid)]

    def start(self, clock_offset: str = "") -> Facts:
        """Start it and wait until it has said where to go."""
        self._folder.mkdir(parents=True, exist_ok=True)
        env = os.environ | {"PORTAL_DATA_DIR": str(self._folder), "PORTAL_PORT": str(self._port)}
        command = [sys.executable, "-m", "deploy.local", "up", "--bus", self._bus]
        command += ["--clock-offset", clock_offset] if clock_offset else []
        command += [] if self._demo else ["--no-demo"]
        demo_file = self._folder / "demo.json"
        demo_file.unlink(missing_ok=True)
        self._process = start(command, signal.SIGTERM, self._folder / "up.log", env, cwd=ROOT)
        process = self._process

        def is_up() -> bool:
            assert process.poll() is None, (self._folder / "up.log").read_text(encoding="utf-8")[-3000:]
            return demo_file.exists()

        wait_for(is_up, READY_WITHIN_S)
        return self._facts(json.loads(demo_file.read_text(encoding="utf-8")))

    def _facts(self, demo: dict[str, Any]) -> Facts:
        folder = Path(demo["mailDir"])
        return Facts(
            api=f"{demo['portalUrl']}/api/v1",
            portal_url=demo["portalUrl"],
            system_token=demo["systemToken"],
            staff=demo["staff"],
            services=demo["services"],
            mails=lambda: [path.read_bytes() for path in sorted(folder.glob("*.eml"))],
            more=demo,
        )

    def worker_pids(self) -> list[int]:
        """Give the archiver workers' process ids."""
        assert self._process is not None
        return [pid for pid in descendants(self._process.pid) if _is_worker(pid)]

    def stop(self) -> None:
        """End it as Ctrl-C would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(40)
            self._process = None

    def kill(self) -> None:
        """End every process of it by kill -9; none begins another one anew meanwhile."""
        assert self._process is not None
        kill_tree(self._process)
        self._process = None


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """End *process* and what it started by kill -9, all stopped first: none begins another one anew meanwhile."""
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in (process.pid, *descendants(process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
    process.wait(10)


def signal_all(pids: list[int], number: signal.Signals) -> None:
    """Send *number* to each of *pids*; fails where there are none."""
    assert pids
    for pid in pids:
        os.kill(pid, number)


def _is_worker(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"services.archiver" in command and b"worker" in command


def descendants(pid: int) -> list[int]:
    """Give the process ids of *pid*'s children and theirs."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        mine = children.get(todo.pop(), [])
        found += mine
        todo += mine
    return found

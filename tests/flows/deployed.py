"""The product deployed for a test: real servers, each service a process of its own, two archiver workers."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from contracts.topology import SERVICES
from deploy.local.places import ROOT
from deploy.local.servers import ADDRESS, free_ports, start
from tests.flows.client import Client
from tests.flows.product import READY_WITHIN_S, Facts, kill_tree, wait_for

WORKERS = ("worker-1", "worker-2")


class DeployedProduct:
    """The product on RabbitMQ, PostgreSQL, S3 and SMTP, each service a process of its own, two archiver workers."""

    def __init__(self, folder: Path, environment: dict[str, str], mails: Callable[[], list[Any]]) -> None:
        self._folder, self._env, self._mails = folder, os.environ | environment, mails
        self._ports = free_ports([*SERVICES, "gateway"])
        for name in SERVICES:
            self._env[f"PORTAL_{name.upper()}_BIND"] = f"{ADDRESS}:{self._ports[name]}"
            self._env[f"PORTAL_GATEWAY_{name.upper()}_URL"] = f"http://{ADDRESS}:{self._ports[name]}"
        self._env["PORTAL_GATEWAY_BIND"] = f"{ADDRESS}:{self._ports['gateway']}"
        self._env["PORTAL_PUBLIC_URL"] = self.url("gateway")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def url(self, part: str) -> str:
        """Give *part*'s address."""
        return f"http://{ADDRESS}:{self._ports[part]}"

    @property
    def folder(self) -> Path:
        """Where the logs lie."""
        return self._folder

    def database_url(self, service: str) -> str:
        """Give the address of *service*'s own database."""
        return self._env[f"PORTAL_{service.upper()}_DATABASE_URL"]

    @property
    def environment(self) -> dict[str, str]:
        """What every process of it is told."""
        return {name: value for name, value in self._env.items() if name.startswith(("PORTAL_", "AWS_"))}

    def worker_pids(self) -> list[int]:
        """Give the archiver workers' process ids."""
        return [self.processes[name].pid for name in WORKERS if self.processes[name].poll() is None]

    def kill_worker(self, pid: int) -> bool:
        """End the archiver's worker *pid* by kill -9 and begin it anew; False when it is none."""
        if pid not in self.worker_pids():
            return False
        name = next(name for name in WORKERS if self.processes[name].pid == pid)
        self.kill(name)
        self.begin(name, "services.archiver", "worker")
        return True

    def start(self) -> Facts:
        """Start every process and wait until all are ready."""
        for name in SERVICES:
            self.begin(name, f"services.{name}", "all")
        self.begin("gateway", "gateway", "api")
        for name in WORKERS:
            self.begin(name, "services.archiver", "worker")
        for part in [*SERVICES, "gateway"]:
            wait_for(partial(self._is_ready, part), READY_WITHIN_S)
        password = secrets.token_urlsafe(12)
        token = self.run("services.identity", "system-token", "--name", "test", "--scopes", *SCOPES).strip()
        self.run(
            "services.identity",
            "add-staff",
            "--user-id",
            "frontdesk",
            "--roles",
            *ROLES,
            given=password,
        )
        return Facts(
            api=f"{self.url('gateway')}/api/v1",
            portal_url=self.url("gateway"),
            system_token=token,
            staff={"userId": "frontdesk", "password": password},
            services={name: self.url(name) for name in SERVICES},
            mails=self._mails,
        )

    def begin(self, name: str, *arguments: str) -> None:
        """Start one process."""
        command = [sys.executable, "-m", *arguments]
        self.processes[name] = start(command, signal.SIGTERM, self._folder / f"{name}.log", self._env, cwd=ROOT)

    def run(self, *arguments: str, given: str | None = None) -> str:
        """Run a command of the product to its end; its output."""
        command = [sys.executable, "-m", *arguments]
        done = subprocess.run(
            command, env=self._env, cwd=ROOT, input=given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def kill(self, name: str) -> None:
        """End one process, and what it started, by kill -9."""
        kill_tree(self.processes[name])

    def stop(self) -> None:
        """End everything."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(40)

    def _is_ready(self, part: str) -> bool:
        process = self.processes[part]
        assert process.poll() is None, (self._folder / f"{part}.log").read_text(encoding="utf-8")[-3000:]
        try:
            return Client(self.url(part)).get("/readyz").status == 200
        except OSError:
            return False
        except Exception as error:  # urllib3's own faults while nothing listens yet
            if type(error).__module__.startswith("urllib3"):
                return False
            raise


SCOPES = ("images.store", "images.read", "hl7.send", "identifiers.read")
ROLES = ("front-desk", "support", "operator")

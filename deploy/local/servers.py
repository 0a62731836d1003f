"""What the private servers share: free ports, a process that dies with its parent, waiting until it answers.

Every server binds 127.0.0.1 by number (``localhost`` may not resolve), keeps to its own folder and is ended by its pid.
"""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

ADDRESS = "127.0.0.1"
POLL_S = 0.05
PORTS = range(10_000, 32_768)


class ServerFailed(Exception):
    """A private server could not be started, or died while it was; the message ends with its log's last lines."""


class ToolMissing(Exception):
    """A program that a private server needs is not on this machine; the message names Debian's package."""


def free_ports(names: Iterable[str]) -> dict[str, int]:
    """Give each of *names* a port of its own that was free a moment ago.

    They lie below those that the kernel gives to callers, none of whom thus takes one while its server rests.
    """
    candidates = iter(random.SystemRandom().sample(PORTS, len(PORTS)))
    ports: dict[str, int] = {}
    for name in names:
        ports[name] = next(port for port in candidates if _is_free(port))
    return ports


def kept_ports(path: Path, names: Sequence[str]) -> dict[str, int]:
    """Give the ports that *path* remembers for *names*, new ones where one is taken, and remember them."""
    try:
        ports: dict[str, int] = json.loads(path.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        ports = {}
    stale = [name for name in names if not _is_free(ports.get(name, 0))]
    ports = {name: port for name, port in ports.items() if name in names} | free_ports(stale)
    path.write_text(json.dumps(ports), encoding="ascii")
    return ports


def _is_free(port: int) -> bool:
    if not port:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what waits in TIME_WAIT is free
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True


def start(
    command: Sequence[str | Path],
    death_signal: signal.Signals,
    log: Path,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start *command* so that it gets *death_signal* when the thread that calls this ends, even by kill -9.

    It runs in a session of its own, so that Ctrl-C reaches it only through its owner. *user* is for root alone. Call
    it from a thread that lives as long as the server shall: the kernel looks at the thread, not the process.
    """
    guard: list[str] = []
    setpriv = shutil.which("setpriv")
    if setpriv:  # behind a change of user, which would clear the setting (prctl(2))
        guard = [setpriv, "--pdeathsig", death_signal.name.removeprefix("SIG"), "--"]
    with log.open("ab") as out:
        return subprocess.Popen(
            [*guard, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )


def wait_until(is_ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, within_s: float) -> None:
    """Return when *is_ready* says so. Raises ServerFailed when *process* ends first or *within_s* have passed."""
    end = time.monotonic() + within_s
    while not is_ready():
        if process.poll() is not None:
            raise ServerFailed(f"{process.args!r} ended with {process.returncode}\n{_tail(log)}")
        if time.monotonic() > end:
            raise ServerFailed(f"{process.args!r} did not answer within {within_s:.0f} s\n{_tail(log)}")
        time.sleep(POLL_S)


def _tail(log: Path, lines: int = 20) -> str:
    if not log.exists():
        return ""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def answers(port: int) -> bool:
    """Whether something accepts connections on *port* of this machine."""
    try:
        with socket.create_connection((ADDRESS, port), timeout=1):
            return True
    except OSError:
        return False


def stop(process: subprocess.Popen[bytes] | None, how: signal.Signals, within_s: float = 10) -> None:
    """End *process* by *how*, by SIGKILL when it has not gone *within_s*; None and what has ended are fine."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(how)
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def end_pid(pid: int, how: signal.Signals) -> bool:
    """Send *how* to *pid*; False when there is no such process (any more)."""
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return False
    return True

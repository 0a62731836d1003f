"""Makes ``.venv`` from lock files, once: ``python3 -m deploy.local.venv requirements.lock …`` from the project's root.

Runs on the system's own Python, so it may import nothing but the standard library. A stamp in ``.venv`` remembers which
locks are installed for which Python; when it fits, there is nothing to do.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

from deploy.local.apt import PackagesMissing, install

VENV = Path(".venv")
STAMP = VENV / "portal-stamp.json"
PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input")


def main(locks: list[str]) -> int:
    """Have everything that *locks* name installed; returns the exit status."""
    wanted = {lock: hashlib.sha256(Path(lock).read_bytes()).hexdigest() for lock in locks}
    if _is_ready(wanted):
        return 0
    root = os.open(".", os.O_RDONLY)
    fcntl.flock(root, fcntl.LOCK_EX)  # two at once: the second waits, and finds it done
    try:
        if not _is_ready(wanted):
            _make(wanted)
    except (PackagesMissing, subprocess.CalledProcessError) as error:
        print(f"portal: {error}", file=sys.stderr)
        return 1
    finally:
        os.close(root)
    return 0


def _base() -> str:
    """The interpreter behind this one, which may itself be that of ``.venv``."""
    return str(getattr(sys, "_base_executable", sys.executable))


def _python() -> str:
    """The stamp's word for the interpreter: with another one, compiled packages would not load."""
    return f"{sys.version} {_base()}"


def _stamp() -> dict[str, str]:
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return stamp


def _is_ready(wanted: dict[str, str]) -> bool:
    stamp = _stamp()
    return stamp.get("python") == _python() and all(stamp.get(lock) == digest for lock, digest in wanted.items())


def _make(wanted: dict[str, str]) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        install(["python3-venv"], "making the virtual environment")
        # The package may have brought another Python 3.11.x: begin again with it, before the stamp is made.
        os.execv(sys.executable, [sys.executable, "-B", "-m", "deploy.local.venv", *wanted])  # noqa: S606
    print(f"portal: filling .venv from {' and '.join(wanted)}; this takes about a minute", file=sys.stderr, flush=True)
    stamp = _stamp()
    if stamp.get("python") != _python():
        stamp = {"python": _python()}
        subprocess.run([_base(), "-m", "venv", "--clear", str(VENV)], check=True)
    sources = [word for lock in wanted for word in ("-r", lock)]
    pip = [str(VENV / "bin" / "python"), *PIP, "--require-hashes", "--only-binary", ":all:", *sources]
    subprocess.run(pip, check=True)
    STAMP.write_text(json.dumps(stamp | wanted), encoding="utf-8")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)

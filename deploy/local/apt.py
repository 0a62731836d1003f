"""Installs Debian packages for the person who runs ``./portal`` as root, without starting any daemon of theirs.

Runs on the system's own Python before there is a virtual environment: it imports the standard library alone.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")
NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/portal.conf")
UPDATE_TRIES = 6
OPTIONS = (
    "-qq",
    "-o",
    "DPkg::Lock::Timeout=600",
    "-o",
    "Dpkg::Use-Pty=0",
    "-o",
    "APT::Keep-Downloaded-Packages=false",
)


class PackagesMissing(Exception):
    """Debian packages are missing and could not be installed; the message says which and what to do."""


def install(packages: Sequence[str], reason: str) -> None:
    """Install *packages* (none: nothing happens). Raises PackagesMissing where that is not possible; says *reason*."""
    if not packages:
        return
    command = f"apt-get install --no-install-recommends {' '.join(packages)}"
    if os.geteuid() != 0:
        raise PackagesMissing(f"{reason} needs Debian packages that are not installed. As root:\n  {command}")
    if shutil.which("apt-get") is None:
        raise PackagesMissing(f"{reason} needs what Debian calls {' '.join(packages)}, and there is no apt-get here")
    print(f"portal: {command}", file=sys.stderr, flush=True)
    _update()
    with _no_daemons(), _no_cluster() if "postgresql" in packages else nullcontext():
        done = _apt_get("install", "-y", "--no-install-recommends", *packages)
    if done.returncode != 0:
        raise PackagesMissing(f"{command} failed:\n{done.stdout[-3000:]}")


def _update() -> None:
    """Fetch the package lists; the lists' lock knows no waiting, so another run of apt is waited for here."""
    for left in reversed(range(UPDATE_TRIES)):
        done = _apt_get("update")
        if done.returncode == 0:
            return
        if left:
            print("portal: apt-get update failed, once more in 10 s", file=sys.stderr, flush=True)
            time.sleep(10)
    raise PackagesMissing(f"apt-get update failed:\n{done.stdout[-3000:]}")


def _apt_get(*arguments: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        ["apt-get", *OPTIONS, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=env,
        check=False,
    )


@contextmanager
def _no_daemons() -> Iterator[None]:
    """While this lasts no package starts its daemon (policy-rc.d); what stood there before is put back."""
    before = (POLICY.read_bytes(), POLICY.stat().st_mode) if POLICY.exists() else None
    POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        if before is None:
            POLICY.unlink(missing_ok=True)
        else:
            POLICY.write_bytes(before[0])
            POLICY.chmod(before[1])


@contextmanager
def _no_cluster() -> Iterator[None]:
    """While this lasts the package postgresql makes no database cluster of its own."""
    NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
    NO_CLUSTER.write_text("create_main_cluster = false\n", encoding="ascii")
    try:
        yield
    finally:
        NO_CLUSTER.unlink(missing_ok=True)

"""``./portal test``: has every program that the tests need, then becomes pytest."""

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from deploy.local import postgres, rabbitmq
from deploy.local.apt import PackagesMissing, install


def _has(program: str) -> Callable[[], bool]:
    return lambda: shutil.which(program) is not None


def _holds(folder: str, pattern: str) -> Callable[[], bool]:
    return lambda: any(Path(folder).glob(pattern))


NEEDED: dict[str, Callable[[], bool]] = {
    "rabbitmq-server": lambda: rabbitmq.binary() is not None,
    "postgresql": lambda: postgres.binaries() is not None,
    "util-linux": _has("setpriv"),
    "dcmtk": _has("dcmdump"),
    "poppler-utils": _has("pdftotext"),
    "unzip": _has("unzip"),
    "p7zip-full": _has("7z"),
    "libarchive-tools": _has("bsdtar"),
    "xorriso": _has("xorriso"),
    "genisoimage": _has("isoinfo"),
    "chromium-headless-shell": _has("chromium-headless-shell"),
    "fonts-liberation": _holds("/usr/share/fonts/truetype", "liberation*"),
    "libatomic1": _holds("/usr/lib", "*/libatomic.so.1"),  # playwright's own node loads it
}
"""Debian's package, and whether what the tests want of it is there."""


STANDS_IN = {"chromium-headless-shell": "chromium"}
"""What does in a package's place where it cannot be installed: the whole browser, which takes half as long again."""
ALL_TESTS = ("-n", "2", "--dist", "loadscope", "--no-loadscope-reorder")
"""Two processes: one for the tests of the running product, which mostly wait, one for the parts (tests/conftest.py)."""


def wanted() -> list[str]:
    """Give the Debian packages whose programs are not on this machine."""
    return [package for package, is_there in NEEDED.items() if not is_there()]


def missing() -> list[str]:
    """Give those of them in whose place nothing does."""
    return [package for package in wanted() if shutil.which(STANDS_IN.get(package, "")) is None]


def main(arguments: Sequence[str]) -> NoReturn:
    """Install what is missing, then become pytest with *arguments*, so that Ctrl-C is pytest's own."""
    try:
        install(wanted(), "./portal test")
    except PackagesMissing as error:
        if missing():
            sys.exit(f"portal: {error}")
    still = missing()
    if still:
        sys.exit(f"portal: installed, yet not found: {' '.join(still)}")
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"  # every server of the tests is on this machine
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *(arguments or ALL_TESTS)])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])

"""Reads the list of passwords that everybody tries first; where it comes from stands in its head."""

from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("common_passwords.txt")


@cache
def load_common_passwords() -> frozenset[str]:
    """Give the listed passwords, lower case, of 8 or more characters."""
    lines = FILE.read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("# "))

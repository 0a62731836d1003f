"""What every test may ask for; the servers stand in ``tests/servers.py``, the whole product in ``tests/flows``."""

from pathlib import Path

import pytest

pytest_plugins = ["tests.servers", "tests.flows.running"]

TESTS = Path(__file__).parent
OF_THE_PRODUCT = ("faults", "flows", "security")
"""Folders whose tests share the running products."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a folder's tests stay together where two processes share a run: they share servers. Longest first."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=lambda item: _group(item) != "product")


def _group(item: pytest.Item) -> str:
    folder = item.path.relative_to(TESTS).parts[0]
    return "product" if folder in OF_THE_PRODUCT else folder

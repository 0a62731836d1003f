"""What every test may ask for; the servers stand in ``tests/servers.py``, the whole product in ``tests/flows``."""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["tests.servers", "tests.flows.running"]

OF_THE_PRODUCT = ("faults", "flows", "security")
"""Folders whose tests share the running products."""
OF_A_PART = ("identity", "tokens", "parallel", "same", "grants")
"""How those files of security begin that need no running product."""
FIRST = ("product", "browser", "identity")
"""The longest groups."""


class ByFolder(LoadScopeScheduling):  # type: ignore[misc]  # it ships no types
    """Keeps a folder's tests together where two processes share a run: they share servers."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolder:
    """Share a run of several processes out by folders (pytest-xdist's own groups need an older pytest)."""
    return ByFolder(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest groups come first."""
    items.sort(key=lambda item: FIRST.index(group) if (group := group_of(item.nodeid)) in FIRST else len(FIRST))


def group_of(nodeid: str) -> str:
    """Give what is run by one process: a folder's tests, or those of the running products."""
    _, folder, *names = nodeid.partition("::")[0].split("/")
    if folder == "security" and names and names[-1].startswith(tuple(f"test_{one}" for one in OF_A_PART)):
        return names[-1]
    return "product" if folder in OF_THE_PRODUCT else folder

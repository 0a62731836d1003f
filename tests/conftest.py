"""What every test may ask for; the servers stand in ``tests/servers.py``, the whole product in ``tests/flows``."""

from typing import Any

import pytest
import structlog
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["tests.servers", "tests.standing", "tests.flows.running"]

OF_THE_PRODUCT = ("faults", "flows", "security")
"""Folders whose tests share the running products."""
TOGETHER = ("browser", "bus")
"""Folders whose tests share what takes long to start; those of the others share nothing but their file."""
OF_A_PART = ("identity", "tokens", "parallel", "same", "grants")
"""How those files of security begin that need no running product."""
FIRST = ("product", "browser")
"""The longest groups."""


class ByServers(LoadScopeScheduling):  # type: ignore[misc]  # it ships no types
    """Keeps tests together that share servers, where two processes share a run."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByServers:
    """Share a run of several processes out by servers (pytest-xdist's own groups need an older pytest)."""
    return ByServers(config, log)


def pytest_configure() -> None:
    """Log in plain words: structlog's own way draws each fault with all that its functions held, for seconds."""
    structlog.configure(processors=[structlog.processors.KeyValueRenderer()])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest groups come first."""
    items.sort(key=lambda item: FIRST.index(group) if (group := group_of(item.nodeid)) in FIRST else len(FIRST))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End the running products when no test is left here that needs them."""
    if nextitem and group_of(item.nodeid) in FIRST and group_of(nextitem.nodeid) not in FIRST:
        running: Any = item.config.pluginmanager.get_plugin("tests.flows.running")
        running.stop_products()


def group_of(nodeid: str) -> str:
    """Give what is run by one process: those of the running products, of a folder, of a file."""
    file = nodeid.partition("::")[0]
    _, folder, name = file.split("/", 2)
    if folder == "security" and name.startswith(tuple(f"test_{one}" for one in OF_A_PART)):
        return file
    if folder in OF_THE_PRODUCT:
        return "product"
    return folder if folder in TOGETHER else file

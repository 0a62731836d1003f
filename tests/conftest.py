"""What every test may ask for; the servers stand in ``tests/servers.py``, the whole product in ``tests/flows``."""

from pathlib import Path

import pytest

pytest_plugins = ["tests.servers", "tests.flows.running"]

TESTS = Path(__file__).parent
RUNNING = {"local_product", "local_facts", "deployed_product", "deployed_facts", "facts"}
"""Fixtures by which a test meets the running products."""
LONGEST = ("product", "browser", "identity")


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups when its turn comes
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests that share servers stay together where two processes share a run. The longest groups come first."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=lambda item: LONGEST.index(_group(item)) if _group(item) in LONGEST else len(LONGEST))


def _group(item: pytest.Item) -> str:
    folder = item.path.relative_to(TESTS).parts[0]
    is_running = folder != "browser" and RUNNING & set(getattr(item, "fixturenames", ()))
    return "product" if is_running else folder

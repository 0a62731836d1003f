"""Walls that import-linter cannot draw: rooms for one foreign thing each; distributions bring what they use."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.architecture.project import ROOT, SERVICES, imports, modules

NAMED_ROOMS = {"domain", "store", "usecases", "api", "handlers", "settings", "app", "__main__", "migrations"}
DOORS_OF_TIME = {"chores", "worker", "lease", "sending"}
"""By these the clock and the job queue come in, and long answers go out: they may call use cases, as doors do."""
WITHIN = ["store", "api", "handlers", "app", "usecases"]
BEYOND_AN_OUTSIDE_ROOM = ("flask", "apiflask", "sqlalchemy", "alembic", "kombu", "pika")
OURS = {"contracts", "services", "gateway", "deploy", "tests", "benchmarks"}
DISTRIBUTIONS = {
    "contracts": "contracts",
    "services.chassis": "services/chassis",
    **{f"services.{service}": f"services/{service}" for service in SERVICES},
    "gateway": "gateway",
}


@pytest.mark.parametrize("service", SERVICES)
def test_a_room_for_one_foreign_thing_knows_neither_tables_nor_doors(service):
    wrong = []
    for name, tree, _ in modules(f"services/{service}"):
        room = [*name.split("."), "", ""][2]
        if room and room not in NAMED_ROOMS:
            closed = WITHIN[:-1] if room in DOORS_OF_TIME else WITHIN
            own = {f"services.{service}.{other}" for other in closed}
            beyond = {used for used in imports(tree) if used in own or _top(used) in BEYOND_AN_OUTSIDE_ROOM}
            wrong += [f"{name}: {used}" for used in beyond]
    assert wrong == []


def _top(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


@pytest.mark.parametrize(("package", "folder"), DISTRIBUTIONS.items())
def test_a_distribution_declares_every_library_that_it_imports(package, folder):
    known = packages_distributions()
    used = {_top(name) for _, tree, _ in modules(folder) for name in imports(tree)} - OURS - sys.stdlib_module_names
    providers = {name: {_plain(dist) for dist in known.get(name, [name])} for name in used}
    declared = _declared(folder)
    assert {name for name, dists in providers.items() if not dists & declared} == set()


@pytest.mark.parametrize(("package", "folder"), DISTRIBUTIONS.items())
def test_a_distribution_declares_those_of_ours_that_it_imports(package, folder):
    used = {name for _, tree, _ in modules(folder) for name in imports(tree) if _top(name) in OURS}
    needed = {
        f"portal-{other.rpartition('.')[2]}"
        for other in DISTRIBUTIONS
        if other != package and any(name == other or name.startswith(f"{other}.") for name in used)
    }
    assert needed <= _declared(folder)


@pytest.mark.parametrize("folder", DISTRIBUTIONS.values())
def test_what_a_distribution_declares_is_locked(folder):
    locked = {_plain(name) for name in re.findall(r"^([\w.-]+)", (ROOT / "requirements.lock").read_text(), re.M)}
    assert {name for name in _declared(folder) if not name.startswith("portal-")} <= locked


def _declared(folder: str) -> set[str]:
    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {_plain(re.split(r"[\[<>=~; ]", wanted, maxsplit=1)[0]) for wanted in project["dependencies"]}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

"""One running product for all that is tried against it."""

import pytest

from tests.flows.product import Facts, LocalProduct
from tests.security.callers import World, a_world


@pytest.fixture(scope="session")
def settled_world(local_product: LocalProduct, local_facts: Facts) -> World:
    """Anna's exam, image, report, package and share on it, and all who ask for them."""
    return a_world(local_product, local_facts)


@pytest.fixture
def world(settled_world: World) -> World:
    """It, with tokens of now."""
    settled_world.renew()
    return settled_world

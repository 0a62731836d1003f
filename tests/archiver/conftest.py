import pytest

from tests.archiver.house import a_house


@pytest.fixture
def house(tmp_path, sqlite_url, clock):
    """An archiver on SQLite."""
    house = a_house(tmp_path, sqlite_url, clock, copy_lag_s=0.6)
    yield house
    house.parts.db.close()


@pytest.fixture
def each_house(tmp_path, database_url, clock):
    """An archiver on SQLite, then on PostgreSQL."""
    house = a_house(tmp_path, database_url, clock)
    yield house
    house.parts.db.close()

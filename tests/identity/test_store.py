"""identity's tables on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.chassis.tables import ChassisBase
from services.identity.app import make
from services.identity.settings import IdentitySettings
from services.identity.store import accounts, audit, holders, icodes, patients, staff, tries, visits
from services.identity.store.base import Base

NOUNS = (accounts, audit, holders, icodes, patients, staff, tries, visits)


def test_the_migrations_make_exactly_the_tables_that_the_store_knows(database_url, tmp_path):
    service = make(IdentitySettings(database_url=database_url, keys_dir=tmp_path / "keys"))
    service.migrate()
    service.migrate()
    ours = set(Base.metadata.tables)
    assert {module.__name__.rpartition(".")[2] for module in NOUNS} >= {"icodes", "patients"}
    with service.db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: kind != "table" or name in ours, "compare_type": True},
        )
        assert compare_metadata(context, Base.metadata) == []
    assert not ours & set(ChassisBase.metadata.tables)
    service.db.close()

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select, update

from services.chassis import audit
from services.chassis.db import Database
from services.chassis.tables import Act, ChassisBase, OutboxRow

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def a_database(url):
    db = Database(url)
    ChassisBase.metadata.create_all(db.engine)
    return db


def test_acts_are_chained_and_told_in_the_same_transaction(database_url):
    db = a_database(database_url)
    for n in range(3):
        with db.begin() as tx:
            audit.record(tx, "exams", "report.open", NOW, actor=f"account:{n}", object="exam:e1")
    with db.read() as tx:
        assert audit.find_break(tx) is None
        assert [act.position for act in tx.scalars(select(Act).order_by(Act.position))] == [1, 2, 3]
        assert [row.routing_key for row in tx.scalars(select(OutboxRow))] == ["act.recorded.v1"] * 3
    db.close()


def test_a_changed_act_breaks_the_chain(database_url):
    db = a_database(database_url)
    for _ in range(3):
        with db.begin() as tx:
            audit.record(tx, "exams", "report.open", NOW, actor="account:a")
    with db.begin() as tx:
        tx.execute(update(Act).where(Act.position == 2).values(body="{}"))
    with db.read() as tx:
        assert audit.find_break(tx) == 2
    db.close()


@pytest.mark.parametrize("left", [0, 2])
def test_acts_missing_at_the_end_of_the_chain_show(database_url, left):
    db = a_database(database_url)
    for _ in range(3):
        with db.begin() as tx:
            audit.record(tx, "exams", "report.open", NOW, actor="account:a")
    with db.begin() as tx:
        tx.execute(delete(Act).where(Act.position > left))
    with db.read() as tx:
        assert audit.find_break(tx) == left + 1
    db.close()


def test_a_chain_that_was_never_begun_holds(database_url):
    db = a_database(database_url)
    with db.read() as tx:
        assert audit.find_break(tx) is None
    db.close()


def test_parallel_acts_make_one_chain(database_url):
    db = a_database(database_url)

    def act():
        for _ in range(10):
            with db.begin() as tx:
                audit.record(tx, "exams", "exam.open", NOW, actor="account:a")

    threads = [threading.Thread(target=act) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.read() as tx:
        assert audit.find_break(tx) is None
        assert len(tx.scalars(select(Act)).all()) == 40
    db.close()

"""The right to relay: one at a time, and given back whatever becomes of the relay that had it."""

import threading

import pytest
from sqlalchemy import text

from services.chassis.db import Database
from services.chassis.rabbit import BrokerDown
from services.chassis.relay import only_relay


@pytest.fixture
def db(database_url):
    db = Database(database_url)
    yield db
    db.close()


def begin(db, stop):
    """Begin a relay on a thread of its own; the event that says it has the right."""
    has_it = threading.Event()

    def run():
        with only_relay(db, stop):
            if not stop.is_set():
                has_it.set()
                stop.wait()

    threading.Thread(target=run).start()
    return has_it


def test_a_relay_that_lost_its_broker_can_begin_again(db):
    stop = threading.Event()
    with pytest.raises(BrokerDown), only_relay(db, stop):
        raise BrokerDown
    with db.read() as tx:
        tx.execute(text("SELECT 1"))  # takes the pool's topmost connection
        assert begin(db, stop).wait(5)
        stop.set()


def test_a_second_relay_waits_for_the_first(db):
    first, second = threading.Event(), threading.Event()
    assert begin(db, first).wait(5)
    waiting = begin(db, second)
    assert not waiting.wait(0.3)
    first.set()
    assert waiting.wait(5)
    second.set()

from datetime import timedelta

import pytest
from flask import jsonify
from sqlalchemy import select

from services.chassis import idempotency
from services.chassis.db import Database
from services.chassis.idempotency import AnswerKeeper, idempotent
from services.chassis.tables import ChassisBase, KeptAnswer
from services.chassis.web import create_app


@pytest.fixture
def made():
    return []


@pytest.fixture
def app(sqlite_url, clock, made):
    db = Database(sqlite_url)
    ChassisBase.metadata.create_all(db.engine)
    app = create_app("exams", "Test", verifier=None, ready=dict)
    app.extensions["answer_keeper"] = AnswerKeeper(db, clock)

    @app.post("/things")
    @idempotent
    def make_thing():
        made.append(1)
        response = jsonify({"secret": f"CODE-{len(made)}"})
        response.status_code = 201
        response.headers["Location"] = f"/things/{len(made)}"
        return response

    @app.post("/faults")
    @idempotent
    def fail():
        made.append(1)
        raise RuntimeError("PHI in an exception's text")

    yield app
    db.close()


def post(app, key=None, path="/things", body=b"{}"):
    headers = {} if key is None else {"Idempotency-Key": key}
    return app.test_client().post(path, data=body, headers=headers)


def test_the_same_key_gives_the_same_answer_and_makes_one_thing(app, made):
    first, second = post(app, "k1"), post(app, "k1")
    assert first.status_code == second.status_code == 201
    assert first.json == second.json == {"secret": "CODE-1"}
    assert second.headers["Location"] == "/things/1"
    assert len(made) == 1


def test_without_a_key_each_post_makes_a_thing(app, made):
    post(app)
    post(app)
    assert len(made) == 2


def test_the_same_key_with_another_body_is_refused(app, made):
    post(app, "k1")
    answer = post(app, "k1", body=b'{"other": 1}')
    assert answer.status_code == 422
    assert answer.json["type"].endswith("/idempotency-key-reused")
    assert len(made) == 1


def test_a_key_is_kept_for_24_hours_and_then_free(app, made, clock):
    post(app, "k1")
    clock.advance(timedelta(hours=24, seconds=-1))
    assert post(app, "k1").json == {"secret": "CODE-1"}
    clock.advance(timedelta(seconds=1))
    assert post(app, "k1").json == {"secret": "CODE-2"}
    assert len(made) == 2


def test_a_failed_request_frees_its_key_and_its_fault_is_not_told(app, made):
    first = post(app, "k1", path="/faults")
    assert first.status_code == 500
    assert b"PHI" not in first.data
    post(app, "k1", path="/faults")
    assert len(made) == 2


def test_the_database_holds_no_answer_in_clear(app, sqlite_url):
    post(app, "k1")
    db = Database(sqlite_url)
    with db.read() as tx:
        kept = tx.scalars(select(KeptAnswer)).one()
    assert b"CODE" not in kept.sealed
    assert "k1" not in kept.key_hash
    db.close()


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_malformed_key_is_refused(app, key):
    assert post(app, key).status_code == 400


def test_old_answers_are_deleted(app, sqlite_url, clock):
    post(app, "k1")
    db = Database(sqlite_url)
    with db.begin() as tx:
        idempotency.delete_old(tx, clock.now() + timedelta(hours=25))
    with db.read() as tx:
        assert tx.scalars(select(KeptAnswer)).all() == []
    db.close()

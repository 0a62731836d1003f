"""Asking for a reset costs the same for accounts that there are and that there are not, but for the letter itself."""

from difflib import unified_diff

import pytest

from services.identity.store.accounts import find_account
from tests.identity.conftest import a_patient
from tests.security.watching import watched, work_of
from tests.servers import NOON

NEW = "another quiet and long password"


@pytest.fixture
def house(any_house):
    """A house with a live account, and one that is frozen."""
    watched(any_house)
    any_house.hear(a_patient("bert"))
    any_house.open_account()
    frozen = any_house.open_account("bert", ("bert",))
    with any_house.parts.db.begin() as tx:
        find_account(tx, frozen).frozen_at = NOON
    return any_house


def more_of(known, unknown):
    """Give the statements that the one has and the other has not, with their sign."""
    lines = unified_diff(unknown.statements, known.statements, lineterm="", n=0)
    return [line for line in lines if line[:2] not in {"--", "++", "@@"} and line[:1] in "+-"]


@pytest.mark.parametrize("kind", ["userId", "email"])
def test_a_reset_that_mails_nothing_does_all_other_work(house, kind):
    names = ("anna80", "nobody", "bert")
    asks = [{kind: name if kind == "userId" else f"{name}@example.org"} for name in names]
    known, *others = (work_of(house, "POST", "/password-resets", json=ask) for ask in asks)
    for other in others:
        assert (other.status, other.hashing) == (known.status, known.hashing) == (202, [])
        (letter,) = more_of(known, other)
        assert letter.startswith("+INSERT INTO outbox")


def test_a_wrong_code_costs_the_same_for_every_reset(house):
    resets = [house.call("POST", "/password-resets", 202, json={"userId": name})["id"] for name in ("anna80", "nobody")]
    body = {"code": "not it", "password": NEW}
    known, unknown = (work_of(house, "POST", f"/password-resets/{one}", json=body) for one in resets)
    assert (known.status, known.slug) == (unknown.status, unknown.slug) == (403, "validation-code-refused")
    assert known.hashing == unknown.hashing
    assert len(known.hashing) == 1
    assert more_of(known, unknown) == []


def test_a_reminder_costs_the_same_but_for_the_letter(house):
    asks = [f"{name}@example.org" for name in ("anna80", "nobody", "bert")]
    known, *others = (work_of(house, "POST", "/user-id-reminders", json={"email": ask}) for ask in asks)
    for other in others:
        assert other.status == known.status == 202
        (letter,) = more_of(known, other)
        assert letter.startswith("+INSERT INTO outbox")

"""Exams that move, are corrected or go: they leave shares at once, however the events come."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.access import AccessEnded
from contracts.exams import ExamChanged, ExamMoved, ExamRemoved
from contracts.sharing import ShareChanged, ShareEnded
from tests.servers import NOON, SetClock
from tests.service_twin import enveloped
from tests.sharing.conftest import a_house, an_exam


def moved(reason, version=2, to="bob", exam_id="mri", kind=ExamMoved):
    return an_exam(
        exam_id, kind, version=version, patient_id=to, from_patient_id="anna", to_patient_id=to, reason=reason
    )


def exams_of(house):
    return house.client.get("/shares", headers=house.anna()).json["shares"][0]["examIds"]


def me(house, opened):
    return house.client.get("/me", headers={"Authorization": f"Bearer {opened['accessToken']}"}).status_code


@pytest.mark.parametrize("event", [moved("corrected"), moved("unmerged"), moved("cancelled", kind=ExamRemoved)])
def test_an_exam_that_never_was_the_owners_leaves_a_share_at_once(any_house, event):
    share = any_house.share(examIds=["mri", "ct"])
    opened = any_house.open(share)
    any_house.hear(event)
    assert exams_of(any_house) == ["ct"]
    assert me(any_house, opened) == 401
    renewed = any_house.client.post("/sessions/refresh", json={"refreshToken": opened["refreshToken"]}).json
    assert any_house.client.application.extensions["verifier"].verify(renewed["accessToken"]).grants.exams == ["ct"]
    assert any_house.told(ShareChanged)[-1].reason == "exam-left"
    assert any_house.told(AccessEnded)[-1].id == f"share:{share['id']}"


def test_a_share_with_nothing_left_ends(any_house):
    opened = any_house.open(any_house.share())
    any_house.hear(moved("corrected"))
    assert any_house.told(ShareEnded)[-1].reason == "nothing-left"
    assert me(any_house, opened) == 401
    assert any_house.client.post("/sessions/refresh", json={"refreshToken": opened["refreshToken"]}).status_code == 401


def test_a_merge_leaves_a_share_standing(any_house):
    opened = any_house.open(any_house.share())
    any_house.hear(moved("merged"))
    assert exams_of(any_house) == ["mri"]
    assert me(any_house, opened) == 200
    assert any_house.told(AccessEnded) == []


@pytest.mark.parametrize("first", ["moved", "changed"])
def test_a_correction_counts_even_when_something_newer_came_first(house, first):
    house.share(examIds=["mri", "ct"])
    newer = an_exam("mri", ExamChanged, version=3, patient_id="bob")
    house.hear(*([moved("corrected"), newer] if first == "moved" else [newer, moved("corrected")]))
    assert exams_of(house) == ["ct"]


def test_an_old_correction_leaves_a_share_alone_that_its_right_patient_made_later(house):
    house.hear(an_exam("mri", ExamChanged, version=3))
    house.share()
    house.hear(moved("corrected", version=2))
    assert exams_of(house) == ["mri"]


def test_a_removed_exam_cannot_be_shared_again(house, monkeypatch):
    monkeypatch.setattr("services.sharing.api.shares.LOOK_AGAIN_FOR_S", 0)
    house.hear(moved("cancelled", kind=ExamRemoved), an_exam("mri", ExamChanged, version=1))
    house.share(status=404)


HEARD = [
    an_exam("mri", ExamChanged, version=3, status="completed"),
    moved("merged", version=4, to="anna-2"),
    moved("corrected", version=5),
    an_exam("mri", ExamChanged, version=6, patient_id="bob"),
    moved("merged", version=2, to="anna-2", exam_id="ct"),
    an_exam("ct", ExamChanged, version=3, patient_id="anna-2", status="arrived"),
]


@settings(max_examples=10, deadline=timedelta(seconds=20))
@given(st.permutations(range(len(HEARD))), st.lists(st.integers(0, len(HEARD) - 1), max_size=6))
def test_any_order_and_any_duplication_of_what_is_heard_gives_the_same_shares(order, again):
    with TemporaryDirectory() as folder:
        house = a_house(f"sqlite:///{folder}/test.db", Path(folder), SetClock())
        house.hear(an_exam("mri"), an_exam("ct"))
        house.share(examIds=["mri", "ct"])
        for index in [*order, *again]:
            outcome = house.service.inbox.deliver(enveloped(HEARD[index], f"message-{index}"), 1)
            assert outcome.kind == "settled"
        assert exams_of(house) == ["ct"]
        assert [event.exams for event in house.told(ShareChanged)] == [["ct"]]
        assert len(house.told(AccessEnded)) == 1
        headers = house.token("account:bob", house_of("bob"))
        assert house.share(headers, examIds=["mri"])["examIds"] == ["mri"]
        house.service.db.close()


def house_of(*patients):
    from contracts.tokens import AccountGrants

    return AccountGrants(patients=list(patients))


def test_what_another_service_told_of_a_lost_access_is_kept(house):
    house.hear(AccessEnded(id="account:anna", version=2, at=NOON, reason="frozen"))
    assert house.client.get("/shares", headers=house.anna()).status_code == 401

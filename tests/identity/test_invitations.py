"""Invitations: after a photo ID, a code in place of the identity questions, once, for 30 days (rules: Accounts)."""

from datetime import date, timedelta

import pytest

from contracts.audit import ActRecorded
from services.identity.usecases.invitations import redeem
from tests.identity.conftest import a_patient

SEEN = {"verifiedBy": "photo-id"}


def invite(house, status=201, token=None, patient="anna", **more):
    token = token or house.add_staff(f"s{len(house.told())}", "support")
    return house.call("POST", f"/staff/patients/{patient}/invitations", status, token, json=SEEN | more)


def use(house, code, patient="anna"):
    with house.parts.db.begin() as tx:
        found = redeem(tx, house.parts, code, lambda invited: invited.patient_id == patient, house.clock.now())
    return found and found.patient_id


def slug(answer):
    return answer["type"].rsplit("/")[-1]


def test_an_invitation_is_shown_once_and_names_the_patient_once(any_house):
    made = invite(any_house, note="passport")
    code = made["invitationCode"]
    assert [len(part) for part in code.split("-")] == [5, 4, 4]
    assert code not in any_house.everything_stored() and code.replace("-", "") not in any_house.everything_stored()
    assert use(any_house, f" {code.lower()} ") == "anna"
    assert use(any_house, code) is None
    acts = {act.action: act for act in any_house.told(ActRecorded)}
    assert (acts["invitation.make"].reason, acts["invitation.make"].patient_id) == ("photo-id: passport", "anna")
    assert acts["invitation.use"].object == f"invitation:{made['id']}"


@pytest.mark.parametrize(("after", "whose"), [(timedelta(days=30, seconds=-1), "anna"), (timedelta(days=30), None)])
def test_an_invitation_is_good_for_30_days(house, clock, after, whose):
    code = invite(house)["invitationCode"]
    clock.advance(after)
    assert use(house, code) == whose


def test_an_invitation_made_for_another_is_as_wrong_as_none_and_stays_good(house):
    code = invite(house)["invitationCode"]
    assert use(house, code, patient="bert") is None
    assert use(house, "ZZZZZ-ZZZZ-ZZZZ") is None
    assert use(house, "nonsense") is None
    assert use(house, code) == "anna"


def test_a_new_invitation_ends_the_former_one(house):
    first, second = invite(house)["invitationCode"], invite(house)["invitationCode"]
    assert use(house, first) is None
    assert use(house, second) == "anna"


@pytest.mark.parametrize(
    ("more", "status", "why"),
    [
        ({"is_deceased": True}, 409, "invitation-not-possible"),
        ({"is_protected": True}, 422, "reason-needed"),
        ({"birth_date": date(2008, 3, 3)}, 403, "minor-no-account"),
    ],
)
def test_nobody_invites_the_deceased_minors_or_without_a_reason_the_protected_S62(house, more, status, why):
    house.hear(a_patient(version=2, **more))
    assert slug(invite(house, status)) == why


def test_a_protected_patient_is_invited_for_a_reason_on_record(house):
    house.hear(a_patient(version=2, is_protected=True))
    assert use(house, invite(house, note="asked for it in person")["invitationCode"]) == "anna"


def test_who_turned_18_today_is_invited_and_who_does_tomorrow_is_not_S62(house):
    house.hear(a_patient(version=2, birth_date=date(2008, 3, 2)))
    assert use(house, invite(house)["invitationCode"]) == "anna"


def test_an_invitation_needs_a_photo_id_and_a_known_patient(house):
    invite(house, 422, verifiedBy="callback-on-file")
    assert slug(invite(house, 404, patient="nobody")) == "patient-not-found"


def test_beyond_ones_locations_an_invitation_needs_a_note(house):
    far = house.add_staff("far", "support", locations=["NY-NYC-01"])
    assert slug(invite(house, 422, far)) == "reason-needed"
    invite(house, 201, far, note="Houston asked us to")


def test_whoever_has_an_account_is_not_invited_but_a_frozen_one_lets_go_of_the_record(house):
    account_id = house.open_account()
    assert slug(invite(house, 409)) == "account-exists"
    support = house.add_staff("freezer", "support")
    body = {"verifiedBy": "photo-id", "note": "not hers"}
    house.call("POST", f"/staff/accounts/{account_id}/freeze", 200, support, json=body)
    assert use(house, invite(house)["invitationCode"]) == "anna"
    thawed = house.call("POST", f"/staff/accounts/{account_id}/unfreeze", 200, support, json=body)
    assert thawed["patients"] == []


@pytest.mark.parametrize("role", ["front-desk", "operator"])
def test_invitations_are_for_support_alone(house, role):
    invite(house, 403, house.add_staff("someone", role))

"""An account that is not its patient's, frozen by staff: out at once everywhere, and the rightful patient gets in."""

from dataclasses import replace

from tests.flows.product import wait_for
from tests.flows.registering import begin
from tests.flows.test_registration import a_person, opened

CHECK = {"verifiedBy": "photo-id", "note": "the patient stands here and knows of no account"}


def invited(facts, staff, person, patient_id):
    """Let *person* open an account after a photo ID; gives their client."""
    made = staff.post(f"/staff/patients/{patient_id}/invitations", {"verifiedBy": "photo-id", "note": "passport"})
    assert made.status == 201, made.body
    begun = begin(facts.anyone(), person.typed, invitationCode=made.json["invitationCode"])
    return opened(facts, f"/registrations/{begun.json['registrationId']}", person)


def test_a_frozen_account_and_its_shares_end_at_once_and_the_patient_gets_one_of_their_own(facts):
    person, staff = a_person(facts), facts.staff_client()
    (visit,) = staff.get(f"/staff/visits?accession={person.exam.accession}").json["visits"]
    patient_id = visit["patient"]["id"]
    wrong = invited(facts, staff, person, patient_id)
    (exam,) = wrong.get("/exams").json["exams"]
    ask = {
        "examIds": [exam["id"]], "nickname": "mine", "password": "a long password", "expiresAt": "2099-12-31",
        "phiAcknowledged": True,
    }  # fmt: skip
    link = {"token": wrong.post("/shares", ask).json["url"].partition("#")[2], "password": "a long password"}
    recipient = facts.anyone().log_in("/share-sessions", link)
    (account,) = staff.get(f"/staff/accounts?patient={patient_id}").json["accounts"]
    frozen = staff.post(f"/staff/accounts/{account['id']}/freeze", CHECK)
    assert (frozen.status, frozen.json["state"]) == (200, "frozen")
    wait_for(lambda: {one.get("/exams").status for one in (wrong, recipient)} == {401}, within_s=5)
    assert facts.anyone().post("/sessions", person.login).status == 401
    assert facts.anyone().post("/share-sessions", link).slug == "share-closed"
    own = replace(person, user_id=f"own-{person.user_id}", email=f"own-{person.email}")
    rightful = invited(facts, staff, own, patient_id)
    assert [row["accession"] for row in rightful.get("/exams").json["exams"]] == [person.exam.accession]
    wait_for(lambda: "account.freeze" in acts_on(staff, patient_id))


def acts_on(staff, patient_id):
    entries = staff.get(f"/staff/audit?patient={patient_id}&limit=100").json["entries"]
    return {one["action"] for one in entries}

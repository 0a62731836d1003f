"""Create an account (guide, 03) over HTTP alone, on one machine and deployed; the code comes from the mail itself."""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.flows.product import Facts, wait_for
from tests.flows.registering import PASSWORD, answer, begin, code_mailed, mails_to
from tests.flows.ris import FeedExam, Ris, an_exam

KNOWS = {"location": "Lexington Imaging Center", "kind": "CT scan", "physician": "Maren Lindqvist"}


@dataclass
class Person:
    """A patient whom the RIS knows, and what they type."""

    exam: FeedExam
    typed: dict[str, str]
    knows: dict[str, str]
    user_id: str
    email: str

    @property
    def login(self) -> dict[str, str]:
        """What they choose to log in with."""
        return {"userId": self.user_id, "password": PASSWORD}


def a_person(facts: Facts, **more: str) -> Person:
    """Give an adult with one exam that is over."""
    mark = secrets.token_hex(4)
    exam = an_exam(family=f"Canary{mark}", phone="+1 212 555 0199", email=f"file-{mark}@example.org", **more)
    ris = Ris(facts)
    ris.order(exam)
    ris.complete(exam)
    ris.issue_icode(exam)  # identity has heard of the visit
    born = f"{exam.born[:4]}-{exam.born[4:6]}-{exam.born[6:]}"
    typed = {
        "firstName": exam.given, "lastName": exam.family, "dateOfBirth": born, "sex": "F", "zip": "10016-1234",
        "phone": "(212) 555-0199", "locationId": exam.location,
    }  # fmt: skip
    there = (ris.now() - timedelta(hours=1)).astimezone(ZoneInfo("America/New_York"))
    return Person(exam, typed, KNOWS | {"month": f"{there:%B %Y}"}, f"user-{mark}", f"new-{mark}@example.net")


@pytest.fixture
def person(facts: Facts) -> Person:
    return a_person(facts)


def opened(facts: Facts, path: str, person: Person):
    """Do steps 3 and 4; the client of whoever logs in then."""
    anyone = facts.anyone()
    chosen = anyone.post(f"{path}/credentials", person.login | {"email": person.email})
    assert (chosen.status, chosen.json) == (200, {"next": "validation"})
    assert anyone.post("/sessions", person.login).status == 401  # not before the code
    code = code_mailed(facts, person.email)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert anyone.post(f"{path}/validation", {"code": wrong}).slug == "validation-code-refused"
    entered = anyone.post(f"{path}/validation", {"code": code})
    assert (entered.status, entered.json) == (201, {"account": {"userId": person.user_id}})
    assert anyone.post(f"{path}/validation", {"code": code}).slug == "registration-over"
    return anyone.log_in("/sessions", person.login)


def test_a_patient_opens_an_account_in_four_steps_and_sees_the_exam_S13_S18_S19_S20_S21_S22(facts, person):
    anyone = facts.anyone()
    begun = begin(anyone, person.typed)
    assert (begun.status, begun.json["next"]) == (201, "questions")
    path = f"/registrations/{begun.json['registrationId']}"
    answered = answer(anyone, path, person.knows)
    assert (answered.status, answered.json) == (200, {"next": "credentials"})
    patient = opened(facts, path, person)
    assert [row["accession"] for row in patient.get("/exams").json["exams"]] == [person.exam.accession]
    (news,) = wait_for(lambda: mails_to(facts, person.exam.email))
    assert news["Subject"] == "A Patient Portal account was opened"
    for told in (news.as_string(), mails_to(facts, person.email)[0].as_string()):
        assert person.exam.family not in told
        assert "/registrations" not in told


def test_a_second_registration_opens_nothing_and_mails_the_first_S22(facts, person):
    anyone, second = facts.anyone(), replace(person, user_id=f"2-{person.user_id}", email=f"2-{person.email}")
    for one in (person, second):
        path = f"/registrations/{begin(anyone, person.typed).json['registrationId']}"
        assert answer(anyone, path, person.knows).status == 200
        assert anyone.post(f"{path}/credentials", one.login | {"email": one.email}).status == 200
        code = code_mailed(facts, one.email)
        assert anyone.post(f"{path}/validation", {"code": code}).json == {"account": {"userId": one.user_id}}
    assert anyone.post("/sessions", second.login).status == 401
    subjects = wait_for(lambda: told_beside_codes(facts, person.email))
    assert subjects == ["Somebody tried to open a second account"]


def told_beside_codes(facts: Facts, address: str) -> list[str]:
    mails = [one for one in mails_to(facts, address) if str(one["To"]) == address]
    return [str(one["Subject"]) for one in mails if "code" not in str(one["Subject"])]


def test_nobody_is_asked_as_somebody_is_and_refused_in_the_same_words_S19(facts, person):
    anyone, refusals, texts = facts.anyone(), [], []
    for typed, knows in ((person.typed, {}), (person.typed | {"lastName": "Nobody"}, person.knows)):
        path = f"/registrations/{begin(anyone, typed).json['registrationId']}"
        texts.append([one["text"] for one in anyone.get(f"{path}/questions").json["questions"]])
        refusals.append(answer(anyone, path, knows))
    assert texts[0] == texts[1]
    assert [one.status for one in refusals] == [403, 403]
    assert refusals[0].body == refusals[1].body


def test_staff_invite_after_a_photo_id_and_no_question_is_asked_S20_S21_S22(facts, person):
    staff = facts.staff_client()
    (visit,) = staff.get(f"/staff/visits?accession={person.exam.accession}").json["visits"]
    invitations = f"/staff/patients/{visit['patient']['id']}/invitations"
    invited = staff.post(invitations, {"verifiedBy": "photo-id", "note": "passport"})
    assert invited.status == 201, invited.body
    anyone = facts.anyone()
    begun = begin(anyone, person.typed, invitationCode=invited.json["invitationCode"])
    assert (begun.status, begun.json["next"]) == (201, "credentials")
    patient = opened(facts, f"/registrations/{begun.json['registrationId']}", person)
    assert [row["accession"] for row in patient.get("/exams").json["exams"]] == [person.exam.accession]
    assert staff.post(invitations, {"verifiedBy": "photo-id"}).slug == "account-exists"


def test_a_minor_is_sent_to_the_i_code_S62(facts):
    minor = a_person(facts, born=f"{Ris(facts).now().year - 9}0211")
    refused = begin(facts.anyone(), minor.typed)
    assert (refused.status, refused.slug) == (403, "minor-no-account")
    assert "I-Code" in refused.json["title"]

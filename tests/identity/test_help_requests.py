"""Get Help: the same answer to all, a staff's check on record, 90 days from the grant (S69, S70)."""

from datetime import timedelta

import pytest

from contracts.audit import ActRecorded
from contracts.identity import HelpRequestGranted, HelpRequestMade, HelpRequestRefused, ICodeReactivated
from contracts.messages import MessageRequested
from services.identity.usecases.tidying import tidy
from tests.identity.conftest import a_patient
from tests.servers import NOON

ASKED = {"name": "Anna Doe", "contact": "asker@example.org", "message": "It does not open.", "language": "es"}
CHECKED = {"verifiedBy": "callback-on-file"}


def ask(house, icode=None, reason="code-expired", **more):
    body = ASKED | {"reason": reason} | more | ({"icode": icode} if icode else {})
    return house.call("POST", "/help-requests", 202, json=body)


def support(house, **more):
    return house.add_staff(f"help-{house.clock.now():%j%H%M%S}-{len(house.told())}", "support", **more)


def queue(house, **asked):
    return house.call("GET", "/staff/help-requests", 200, support(house), query_string=asked)["helpRequests"]


def grant(house, request_id, status=200, token=None, **more):
    path = f"/staff/help-requests/{request_id}/grant"
    return house.call("POST", path, status, token or support(house), json=CHECKED | more)


def slug(answer):
    return answer["type"].rsplit("/")[-1]


@pytest.fixture
def expired(any_house, clock):
    """A code of Anna's, 90 days after its issue, as it is printed."""
    icode = any_house.issue()["icode"]
    clock.advance(timedelta(days=90))
    return icode


def test_a_code_opens_on_day_89_and_not_after_90_days_and_then_names_get_help_S69(any_house, clock):
    icode = any_house.issue()["icode"]
    clock.advance(timedelta(days=89))
    any_house.enter(icode)
    clock.advance(timedelta(days=1) - timedelta(seconds=1))
    any_house.enter(icode)
    clock.advance(timedelta(seconds=1))
    refused = any_house.enter(icode, 410)
    assert (slug(refused), refused["getHelp"]) == ("icode-expired", "/get-help")


def test_a_granted_request_opens_the_code_for_90_days_from_the_grant_S70(any_house, expired, clock):
    ask(any_house, expired)
    any_house.enter(expired, 410)
    clock.advance(timedelta(days=3))
    (request,) = queue(any_house)
    answer = grant(any_house, request["id"], note="called the number on file")
    assert answer == {
        "state": "granted",
        "expiresAt": (clock.now() + timedelta(days=90)).isoformat().replace("+00:00", "Z"),
    }
    any_house.enter(expired)
    clock.advance(timedelta(days=90) - timedelta(seconds=1))
    any_house.enter(expired)
    clock.advance(timedelta(seconds=1))
    any_house.enter(expired, 410)


def test_a_code_is_reactivated_more_than_once_for_the_same_holder_and_tells_its_end_anew_S70(any_house, expired, clock):
    holders = set()
    for _ in range(2):
        ask(any_house, expired)
        grant(any_house, queue(any_house)[0]["id"])
        holders.add(any_house.claims(any_house.enter(expired)["accessToken"]).sub)
        clock.advance(timedelta(days=90))
        any_house.enter(expired, 410)
    assert len(holders) == 1
    versions = [event.version for event in any_house.told(ICodeReactivated)]
    assert versions == sorted(set(versions)) and len(versions) == 2


def test_every_grant_is_on_record_with_the_check_S70(any_house, expired):
    ask(any_house, expired)
    request = queue(any_house)[0]["id"]
    grant(any_house, request, note="seen at the desk", verifiedBy="photo-id")
    acts = {act.action: act for act in any_house.told(ActRecorded)}
    assert acts["icode.reactivate"].reason == acts["help-request.grant"].reason == "photo-id: seen at the desk"
    assert acts["icode.reactivate"].patient_id == "anna"
    assert acts["help-request.grant"].actor.startswith("staff:")
    (shown,) = queue(any_house, state="granted")
    assert (shown["verifiedBy"], shown["note"], shown["state"]) == ("photo-id", "seen at the desk", "granted")
    assert slug(grant(any_house, request, 409)) == "help-request-answered"


@pytest.mark.parametrize("body", [{}, {"verifiedBy": "they sounded honest"}])
def test_nothing_is_granted_without_a_check_S70(house, body):
    ask(house, house.issue()["icode"])
    (request,) = queue(house)
    house.call("POST", f"/staff/help-requests/{request['id']}/grant", 422, support(house), json=body)
    assert house.told(ICodeReactivated) == []


def test_the_asker_and_the_contact_on_file_are_told_of_a_grant_S70(any_house, expired):
    ask(any_house, expired)
    grant(any_house, queue(any_house)[0]["id"])
    told = [
        (one.template, one.about and one.about.id, one.email, one.language) for one in any_house.told(MessageRequested)
    ]
    assert told == [
        ("icode-reactivated", "anna", None, None), ("icode-reactivated", None, "asker@example.org", "es"),
    ]  # fmt: skip
    assert all(one.facts == {} for one in any_house.told(MessageRequested))


@pytest.mark.parametrize("contact", ["Anna@Example.org", "713-555-0000"])
def test_nobody_is_written_to_twice_or_by_phone(house, contact):
    ask(house, house.issue()["icode"], contact=contact)
    grant(house, queue(house)[0]["id"])
    assert [one.about is None for one in house.told(MessageRequested)] == [False]


def test_a_refused_request_is_told_to_the_asker_and_opens_nothing_S70(any_house, expired):
    ask(any_house, expired)
    request = queue(any_house)[0]["id"]
    path = f"/staff/help-requests/{request}/refusal"
    assert slug(any_house.call("POST", path, 422, support(any_house), json={"note": " "})) == "reason-needed"
    any_house.call("POST", path, 200, support(any_house), json={"note": "nobody answers"})
    any_house.enter(expired, 410)
    assert [(one.template, one.email) for one in any_house.told(MessageRequested)] == [
        ("icode-refused", "asker@example.org")
    ]
    assert [event.kind for event in any_house.told(HelpRequestRefused)] == ["code-expired"]
    assert [act.reason for act in any_house.told(ActRecorded) if act.action == "help-request.refuse"] == [
        "nobody answers"
    ]
    assert slug(grant(any_house, request, 409)) == "help-request-answered"


def test_a_known_an_unknown_a_wrong_and_a_malformed_code_are_answered_alike(any_house, expired, clock):
    wrong = expired[:-1] + ("0" if expired[-1] != "0" else "1")
    answers = []
    for code in (expired, wrong, "ZZZZZ-ZZZZ-ZZZZ", "nonsense", None):
        answers.append(ask(any_house, code))
        clock.advance(timedelta(seconds=1))
    assert answers == [answers[0]] * 5
    assert [one["icode"] is not None for one in queue(any_house)] == [True, False, False, False, False]
    assert slug(grant(any_house, queue(any_house)[1]["id"], 409)) == "icode-not-proven"


def test_tries_at_a_code_by_get_help_count_as_those_at_the_door(any_house, clock):
    icode = any_house.issue()["icode"]
    wrong = icode[:-1] + ("0" if icode[-1] != "0" else "1")
    for _ in range(9):
        ask(any_house, wrong)
        clock.advance(timedelta(hours=1))
    any_house.enter(wrong, 401)
    clock.advance(timedelta(hours=1))
    any_house.enter(icode, 429)
    ask(any_house, icode)
    assert queue(any_house)[-1]["icode"] is None


def test_a_granted_request_about_a_locked_code_clears_its_wrong_tries_S70(any_house, clock):
    icode = any_house.issue()["icode"]
    wrong = icode[:-1] + ("0" if icode[-1] != "0" else "1")
    for _ in range(10):
        any_house.enter(wrong, 401)
        clock.advance(timedelta(hours=1))
    any_house.enter(icode, 429)
    ask(any_house, icode, reason="code-locked")
    grant(any_house, queue(any_house)[0]["id"])
    any_house.enter(icode)


@pytest.mark.parametrize("end", ["reprint", "lost"])
def test_a_code_that_was_replaced_or_lost_is_not_reactivated(any_house, end):
    issued = any_house.issue()
    ask(any_house, issued["icode"])
    if end == "reprint":
        any_house.issue()
    else:
        any_house.call("DELETE", f"/staff/icodes/{issued['id']}", 204, any_house.desk(), json={"reason": "lost"})
    assert slug(grant(any_house, queue(any_house)[0]["id"], 409)) == "icode-ended"
    assert [one["state"] for one in queue(any_house)] == ["open"]
    any_house.enter(issued["icode"], 401)


def test_granting_that_an_exam_is_not_ones_own_reactivates_nothing(house, clock):
    icode = house.issue()["icode"]
    clock.advance(timedelta(days=90))
    ask(house, icode, reason="not-my-exam")
    assert grant(house, queue(house)[0]["id"])["expiresAt"] is None
    house.enter(icode, 410)


def test_the_queue_has_anothers_exam_first_then_the_oldest_by_pages_with_contacts_unmasked(any_house, clock):
    for number, reason in enumerate(("other", "code-lost", "not-my-exam")):
        ask(any_house, reason=reason, contact=f"+1 713 555 000{number}", dateOfBirth="1980-05-17")
        clock.advance(timedelta(minutes=1))
    assert [(one["reason"], one["contact"][-1]) for one in queue(any_house)] == [
        ("not-my-exam", "2"), ("other", "0"), ("code-lost", "1"),
    ]  # fmt: skip
    token = support(any_house)
    first = any_house.call("GET", "/staff/help-requests", 200, token, query_string={"limit": 2})
    rest = any_house.call("GET", "/staff/help-requests", 200, token, query_string={"limit": 2, "cursor": first["next"]})
    assert [one["reason"] for one in rest["helpRequests"]] == ["code-lost"]
    assert rest["next"] is None


def test_beyond_ones_locations_no_patient_is_shown_and_a_grant_needs_a_note(any_house, expired):
    ask(any_house, expired)
    far = support(any_house, locations=["NY-NYC-01"])
    (request,) = any_house.call("GET", "/staff/help-requests", 200, far)["helpRequests"]
    assert (request["icode"]["patientName"], request["icode"]["dateOfBirth"]) == (None, None)
    assert slug(grant(any_house, request["id"], 422, far)) == "reason-needed"
    grant(any_house, request["id"], 200, far, note="Houston asked us to")
    assert queue(any_house, state="granted")[0]["icode"]["patientName"] == "Anna Doe"


def test_a_deceased_patients_contacts_and_asker_get_no_message(house):
    icode = house.issue()["icode"]
    house.hear(a_patient(version=2, is_deceased=True))
    ask(house, icode)
    grant(house, queue(house)[0]["id"])
    assert [one.email for one in house.told(MessageRequested)] == [None]


@pytest.mark.parametrize("role", ["front-desk", "operator", None])
def test_help_requests_are_for_support_alone(house, role):
    token = house.add_staff("someone", role) if role else house.enter(house.issue()["icode"])["accessToken"]
    house.call("GET", "/staff/help-requests", 403, token)
    house.call("POST", "/staff/help-requests/none/grant", 403, token, json=CHECKED)
    house.call("POST", "/staff/help-requests/none/refusal", 403, token, json={"note": "no"})


def test_a_request_that_does_not_exist_is_not_found(house):
    assert slug(grant(house, "none", 404)) == "help-request-not-found"


@pytest.mark.parametrize(
    "more", [{"name": " "}, {"contact": ""}, {"reason": "bored"}, {"message": "x" * 2001}, {"dateOfBirth": "soon"}]
)
def test_a_request_that_cannot_be_read_is_refused_by_field(house, more):
    refused = house.call("POST", "/help-requests", 422, json=ASKED | {"reason": "other"} | more)
    assert [one["field"] for one in refused["errors"]] == list(more)


def test_events_and_the_record_tell_the_kind_alone_and_the_code_is_kept_nowhere(any_house, expired):
    ask(any_house, expired)
    grant(any_house, queue(any_house)[0]["id"])
    told = "\n".join(str(event.to_json()) for event in any_house.told(HelpRequestMade, HelpRequestGranted, ActRecorded))
    assert told.count("code-expired") == 2
    for secret in ("Anna Doe", "asker@example.org", "does not open", expired):
        assert secret not in told
    assert expired not in any_house.everything_stored()
    assert expired.replace("-", "") not in any_house.everything_stored()


def test_a_request_is_kept_for_two_years_S70(any_house):
    ask(any_house)
    for days, left in ((730, 1), (731, 0)):
        with any_house.parts.db.begin() as tx:
            tidy(tx, NOON + timedelta(days=days))
        assert len(queue(any_house)) == left
